/* The interpreter on tables of its own, byte for byte as the protocol guide and Kafka's generated classes
 * have it. */
#include "protocol/schema/schema.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>

enum { ARENA_CAP = 1 << 20 };

/* ---- tables ---- */

DECLARE_SCHEMA(shop_item);
DECLARE_SCHEMA(shop_owner);
DECLARE_SCHEMA(shop);
DECLARE_SCHEMA(nothing);
DECLARE_SCHEMA(parcel);
DECLARE_SCHEMA(letter);

struct shop_item {
    int32_t id;
    struct slice label;
    int64_t price;
    struct slice unknown_tags;
};

SCHEMA(shop_item, I32(id), STRING(label, SINCE(1)), I64(price, TAG(2), TAG_SINCE(2), DEFAULT(-1)),
       UNKNOWN_TAGS(unknown_tags))

struct shop_owner {
    struct slice name;
    int16_t age;
};

SCHEMA(shop_owner, STRING(name), I16(age, DEFAULT(18)))

/* v0-1 plain, v2-3 flexible. */
struct shop {
    bool open;
    int8_t kind;
    uint16_t port;
    uint32_t area;
    double rating;
    struct uuid id;
    struct slice client;
    struct slice remark;
    struct slice logo;
    ARRAY_OF(struct shop_item) items;
    ARRAY_OF(int32_t) numbers;
    ARRAY_OF(struct slice) names;
    struct shop_owner owner;
    struct shop_owner *deputy;
    struct slice motto;
    ARRAY_OF(int16_t) days;
    struct shop_owner heir;
    struct shop_owner *guest;
    struct slice unknown_tags;
};

SCHEMA(shop, BOOL(open, DEFAULT(true)), I8(kind, UNTIL(0), DEFAULT(7)), U16(port, SINCE(1)),
       U32(area, SINCE(3)), F64(rating, SINCE(3), DEFAULT(5)), UUID(id, SINCE(3)),
       STRING(client, SINCE(2), NULLABLE(2), NOT_FLEXIBLE), STRING(remark, NULLABLE(1)),
       BYTES(logo, SINCE(3), NULLABLE(3), DEFAULT_NULL), ARRAY(items, shop_item, NULLABLE(1)),
       I32S(numbers, SINCE(1)), STRINGS(names, SINCE(3)), STRUCT(owner, shop_owner, SINCE(3)),
       STRUCT_OR_NULL(deputy, shop_owner, SINCE(3), NULLABLE(3), DEFAULT_NULL),
       STRING(motto, SINCE(3), NULLABLE(3), TAG(5), DEFAULT_NULL), I16S(days, SINCE(3), TAG(3)),
       STRUCT(heir, shop_owner, SINCE(3), TAG(0)),
       STRUCT_OR_NULL(guest, shop_owner, SINCE(3), NULLABLE(3), TAG(4), DEFAULT_NULL),
       UNKNOWN_TAGS(unknown_tags))

static const struct message shop_message = {"Shop", shop_schema, 1, 0, 3, 2};

struct nothing {
    char unused;
};

SCHEMA_EMPTY(nothing)

static const struct message nothing_message = {"Nothing", nothing_schema, 2, 0, 1, 1};

struct parcel {
    int32_t number;
    struct records records;
    int8_t end;
};

SCHEMA(parcel, I32(number), RECORDS(records, NULLABLE(0)), I8(end))

static const struct message parcel_message = {"Parcel", parcel_schema, 3, 0, 1, 1};

/* A struct that is a pointer in every version, but may be null only from v1 on. */
struct letter {
    struct shop_owner *to;
};

SCHEMA(letter, STRUCT_OR_NULL(to, shop_owner, NULLABLE(1)))

static const struct message letter_message = {"Letter", letter_schema, 4, 0, 1, NEVER_FLEXIBLE};

/* ---- what the tests share ---- */

static struct arena arena;
static struct reader reader;
static struct shop shop;
static struct buf out;

static void set_up(void)
{
    arena_init(&arena, ARENA_CAP);
}

static void tear_down(void)
{
    arena_fini(&arena);
    buf_fini(&out);
}

static struct slice from_hex(const char *hex)
{
    size_t len = 0;
    uint8_t *bytes = arena_alloc(&arena, strlen(hex) / 2 + 1);
    for (; *hex != '\0'; hex++) {
        if (*hex == ' ')
            continue;
        char pair[3] = {hex[0], hex[1], '\0'};
        bytes[len++] = (uint8_t)strtoul(pair, NULL, 16);
        hex++;
    }
    return slice_of(bytes, len);
}

static bool read_message(const struct message *message, int version, const char *hex, void *to)
{
    reader_init(&reader, from_hex(hex), &arena);
    return message_read(message, version, &reader, to);
}

static void expect_read(int version, const char *hex)
{
    ck_assert_msg(read_message(&shop_message, version, hex, &shop), "%s", reader.error);
    ck_assert_uint_eq(reader_left(&reader), 0);
}

static void expect_refused(int version, const char *hex, const char *error)
{
    ck_assert(!read_message(&shop_message, version, hex, &shop));
    ck_assert_str_eq(reader.error, error);
}

static void expect_written(const struct message *message, int version, const void *from, const char *hex)
{
    struct slice expected = from_hex(hex);
    struct writer writer;
    char text[4096] = "";
    out.len = 0;
    writer_init(&writer, &out, &arena);
    message_write(message, version, &writer, from);
    for (size_t i = 0; i < out.len; i++)
        snprintf(text + 2 * i, 3, "%02x", out.data[i]);
    ck_assert_msg(slice_equal(buf_slice(&out), expected), "wanted %s\nhere   %s", hex, text);
}

/* v3 with defaults, but for the count of tags at its end. */
#define START_V3 "01 0000 00000000 4014000000000000 00000000000000000000000000000000 0000 "
#define EMPTY_V3 START_V3 "01 00 01 01 01 01 0012 00 ff "

/* ---- plain versions ---- */

#define PLAIN_V1                                                                  \
    "00 fffe 0002 6869 00000002 00000007 0001 61 0000000000000009 ffffffff 0000 " \
    "ffffffffffffffff 00000002 00000001 80000000"

START_TEST(a_plain_version_reads_field_after_field)
{
    expect_read(1, PLAIN_V1);
    ck_assert(!shop.open);
    ck_assert_int_eq(shop.kind, 7); /* v1 has it no more */
    ck_assert_uint_eq(shop.port, 65534);
    ck_assert(slice_equal_str(shop.remark, "hi"));
    ck_assert_int_eq(shop.items.count, 2);
    ck_assert_int_eq(shop.items.items[0].id, 7);
    ck_assert(slice_equal_str(shop.items.items[0].label, "a"));
    ck_assert_int_eq(shop.items.items[0].price, 9); /* a tag only from v2 on */
    ck_assert_int_eq(shop.items.items[1].id, -1);
    ck_assert(!slice_is_null(shop.items.items[1].label));
    ck_assert_int_eq(shop.items.items[1].price, -1);
    ck_assert_int_eq(shop.numbers.count, 2);
    ck_assert_int_eq(shop.numbers.items[1], INT32_MIN);
    ck_assert(slice_is_null(shop.logo));
    ck_assert_int_eq(shop.names.count, 0);
    ck_assert_int_eq(shop.owner.age, 18);
}
END_TEST

START_TEST(a_plain_version_writes_what_it_reads)
{
    expect_read(1, PLAIN_V1);
    expect_written(&shop_message, 1, &shop, PLAIN_V1);
    expect_read(0, "01 ff 0000 00000000");
    ck_assert_int_eq(shop.kind, -1);
    expect_written(&shop_message, 0, &shop, "01 ff 0000 00000000");
}
END_TEST

START_TEST(bytes_behind_the_message_are_left)
{
    ck_assert(read_message(&shop_message, 0, "01 ff 0000 00000000 abcd", &shop));
    ck_assert_uint_eq(reader_left(&reader), 2);
}
END_TEST

START_TEST(null_is_minus_one_or_less_where_the_version_allows_it)
{
    expect_read(1, "01 0001 ffff ffffffff 00000000");
    ck_assert(slice_is_null(shop.remark));
    ck_assert_int_eq(shop.items.count, -1);
    expect_written(&shop_message, 1, &shop, "01 0001 ffff ffffffff 00000000");
    expect_read(1, "01 0001 fff0 80000000 00000000");
    ck_assert(slice_is_null(shop.remark));
    ck_assert_int_eq(shop.items.count, -1);
}
END_TEST

START_TEST(null_is_refused_where_the_version_does_not_allow_it)
{
    expect_refused(0, "01 ff ffff 00000000", "Shop v0: remark: null is not allowed");
    expect_refused(0, "01 ff 0000 ffffffff", "Shop v0: items: null is not allowed");
    expect_refused(1, "01 0001 0000 00000000 ffffffff", "Shop v1: numbers: null is not allowed");
    expect_refused(3, START_V3 "01 00 01 01 02 00", "Shop v3: names: null is not allowed");
}
END_TEST

START_TEST(null_where_it_is_not_allowed_is_written_as_empty)
{
    schema_set_defaults(shop_schema(), &shop);
    shop.remark = SLICE_NULL;
    shop.items.count = -1;
    expect_written(&shop_message, 0, &shop, "01 07 0000 00000000");
    shop.names.count = -1;
    shop.days.count = -1;
    shop.owner.name = SLICE_NULL;
    expect_written(&shop_message, 3, &shop, START_V3 "00 00 00 01 01 01 0012 00 ff 00");
}
END_TEST

START_TEST(an_error_names_its_path)
{
    expect_refused(1, "01 0001 0000 00000002 00000007 0001 61 0000000000000009 ffffff",
                   "Shop v1: items[1].id: 3 bytes left, 4 needed");
    expect_refused(1, "01 0001 0005 616263", "Shop v1: remark: 3 bytes left, 5 needed");
    expect_refused(1, "01 00", "Shop v1: port: 1 bytes left, 2 needed");
    expect_refused(1, "", "Shop v1: open: 0 bytes left, 1 needed");
    expect_refused(3, START_V3 "01 00 01 01 01 05", "Shop v3: owner.name: 0 bytes left, 4 needed");
    expect_refused(3, START_V3 "01 00 02 00000001 01",
                   "Shop v3: items[0].tagged fields: 0 bytes left, which end within a number");
}
END_TEST

START_TEST(any_byte_but_zero_is_true)
{
    expect_read(0, "80 ff 0000 00000000");
    ck_assert(shop.open);
    expect_written(&shop_message, 0, &shop, "01 ff 0000 00000000");
}
END_TEST

/* ---- counts and memory ---- */

START_TEST(a_count_that_the_bytes_cannot_hold_is_refused_before_anything_is_allocated)
{
    expect_refused(1, "01 0001 0000 7fffffff 00000000", "Shop v1: items: 2147483647 elements, 4 bytes left");
    expect_refused(1, "01 0001 0000 00000000 00000002 00000001 000000",
                   "Shop v1: numbers: 2 elements, 7 bytes left");
    expect_refused(3, EMPTY_V3 "01 03 02 05 0001", "Shop v3: days: 4 elements, 1 bytes left");
}
END_TEST

START_TEST(many_structs_must_have_room_for_their_smallest_form)
{
    /* 5,000 items of 32 bytes each, which take at least 14 on the wire, in 5,000 bytes */
    char hex[11000] = "01 0001 0000 00001388";
    memset(hex + strlen(hex), '0', 10000);
    reader_init(&reader, from_hex(hex), &arena);
    size_t used = arena.used;
    ck_assert(!message_read(&shop_message, 1, &reader, &shop));
    ck_assert_str_eq(reader.error, "Shop v1: items: 5000 elements, 5000 bytes left");
    ck_assert_uint_eq(arena.used, used);
}
END_TEST

START_TEST(the_arena_s_cap_bounds_what_bytes_can_ask_for)
{
    struct arena small;
    char hex[400] = "01 0001 0000 00000000 00000020";
    memset(hex + strlen(hex), '0', 256);
    reader_init(&reader, from_hex(hex), &small);
    arena_init(&small, 100);
    ck_assert(!message_read(&shop_message, 1, &reader, &shop));
    ck_assert_str_eq(reader.error, "Shop v1: numbers: 32 elements need more memory than a request may have");
    arena_fini(&small);
    arena_init(&small, 128);
    reader_init(&reader, from_hex(hex), &small);
    ck_assert(message_read(&shop_message, 1, &reader, &shop));
    arena_fini(&small);
}
END_TEST

START_TEST(a_string_of_more_than_32767_bytes_is_refused)
{
    struct buf bytes = {0};
    struct slice start = from_hex("01 0000 0000 818002"); /* v2: open, port, client, a length of 32768 */
    buf_append_slice(&bytes, start);
    memset(buf_reserve(&bytes, 40000), 'x', 40000);
    bytes.len += 40000;
    reader_init(&reader, buf_slice(&bytes), &arena);
    ck_assert(!message_read(&shop_message, 2, &reader, &shop));
    ck_assert_str_eq(reader.error, "Shop v2: remark: a string of 32768 bytes, at most 32767 are allowed");
    bytes.data[start.len - 3] = 0x80;
    memset(bytes.data + start.len + 32767, 0, 5);
    memcpy(bytes.data + start.len + 32767, "\x01\x01", 2);
    reader_init(&reader, buf_slice(&bytes), &arena);
    ck_assert_msg(message_read(&shop_message, 2, &reader, &shop), "%s", reader.error);
    ck_assert_uint_eq(shop.remark.len, 32767);
    buf_fini(&bytes);
}
END_TEST

/* ---- flexible versions ---- */

START_TEST(a_flexible_version_has_compact_lengths_and_tags_after_every_struct)
{
    const char *hex =
        "00 2328 ffffffff 3ff8000000000000 000102030405060708090a0b0c0d0e0f 0003 616263 03 6869 03 beef "
        "02 00000007 02 61 02 02 08 0000000000000009 63 01 41 03 00000001 00000002 03 02 62 01 "
        "02 6f 0020 00 01 02 70 0021 00 "
        "05 00 05 02 68 0022 00 03 05 03 0001 0002 04 06 01 02 67 0023 00 05 02 02 6d 63 00";
    expect_read(3, hex);
    ck_assert_uint_eq(shop.area, UINT32_MAX);
    ck_assert_double_eq(shop.rating, 1.5);
    ck_assert_uint_eq(shop.id.bytes[15], 15);
    ck_assert(slice_equal_str(shop.client, "abc"));
    ck_assert_uint_eq(shop.logo.len, 2);
    ck_assert_int_eq(shop.items.items[0].price, 9);
    ck_assert(slice_equal(shop.items.items[0].unknown_tags, SLICE("\x63\x01\x41")));
    ck_assert_int_eq(shop.names.count, 2);
    ck_assert(slice_equal(shop.names.items[1], SLICE("")));
    ck_assert_int_eq(shop.owner.age, 0x20);
    ck_assert_int_eq(shop.deputy->age, 0x21);
    ck_assert_int_eq(shop.heir.age, 0x22);
    ck_assert_int_eq(shop.guest->age, 0x23);
    ck_assert_int_eq(shop.days.items[1], 2);
    ck_assert(slice_equal_str(shop.motto, "m"));
    ck_assert(slice_equal(shop.unknown_tags, SLICE("\x63\x00")));
    expect_written(&shop_message, 3, &shop, hex);
}
END_TEST

START_TEST(defaults_are_read_and_written_without_tags)
{
    struct shop defaults;
    schema_set_defaults(shop_schema(), &defaults);
    expect_written(&shop_message, 3, &defaults, EMPTY_V3 "00");
    expect_read(3, EMPTY_V3 "00");
    ck_assert(message_equal(&shop_message, 3, &shop, &defaults));
    ck_assert(shop.open);
    ck_assert_double_eq(shop.rating, 5);
    ck_assert(slice_is_null(shop.motto));
    ck_assert(!slice_is_null(shop.remark));
    ck_assert_ptr_null(shop.deputy);
    ck_assert_int_eq(shop.heir.age, 18);
}
END_TEST

START_TEST(a_tagged_struct_is_written_if_any_member_differs)
{
    schema_set_defaults(shop_schema(), &shop);
    shop.heir.age = 19;
    expect_written(&shop_message, 3, &shop, EMPTY_V3 "01 00 04 01 0013 00");
}
END_TEST

START_TEST(a_null_or_default_member_inside_a_tag_keeps_its_marks)
{
    struct shop_owner nobody;
    schema_set_defaults(shop_schema(), &shop);
    schema_set_defaults(shop_owner_schema(), &nobody);
    shop.guest = &nobody;
    shop.motto = SLICE("");
    expect_written(&shop_message, 3, &shop, EMPTY_V3 "02 04 05 01 01 0012 00 05 01 01");
    expect_read(3, EMPTY_V3 "02 04 01 ff 05 01 00");
    ck_assert_ptr_null(shop.guest);
    ck_assert(slice_is_null(shop.motto));
}
END_TEST

START_TEST(a_tag_larger_than_127_bytes_has_a_longer_size)
{
    static const char text[200] = {'x'};
    schema_set_defaults(shop_schema(), &shop);
    shop.motto = slice_of(text, sizeof text);
    struct writer writer;
    writer_init(&writer, &out, NULL);
    message_write(&shop_message, 3, &writer, &shop);
    struct slice start = from_hex(EMPTY_V3 "01 05 ca01 c901 78");
    ck_assert_mem_eq(out.data, start.data, start.len);
    ck_assert_uint_eq(out.len, start.len + 199);
    reader_init(&reader, buf_slice(&out), &arena);
    struct shop again;
    ck_assert(message_read(&shop_message, 3, &reader, &again));
    ck_assert(message_equal(&shop_message, 3, &shop, &again));
}
END_TEST

START_TEST(tags_may_come_in_any_order_and_the_last_of_two_counts)
{
    expect_read(3, EMPTY_V3 "03 05 02 02 61 03 03 02 0007 05 02 02 62");
    ck_assert(slice_equal_str(shop.motto, "b"));
    ck_assert_int_eq(shop.days.items[0], 7);
    expect_written(&shop_message, 3, &shop, EMPTY_V3 "02 03 03 02 0007 05 02 02 62");
}
END_TEST

START_TEST(unknown_tags_are_kept_wherever_they_stand_and_written_in_order)
{
    expect_read(3, EMPTY_V3 "05 01 01 aa 03 03 02 0007 63 02 bbbb 05 02 02 62 64 00");
    ck_assert(slice_equal(shop.unknown_tags, SLICE("\x01\x01\xaa\x63\x02\xbb\xbb\x64\x00")));
    expect_written(&shop_message, 3, &shop,
                   EMPTY_V3 "05 01 01 aa 03 03 02 0007 05 02 02 62 63 02 bbbb 64 00");
}
END_TEST

START_TEST(a_tag_that_the_version_does_not_know_is_unknown)
{
    expect_read(2, "01 0000 ffff 01 01 01 01 00 03 010203"); /* v2 has no heir */
    ck_assert(slice_equal(shop.unknown_tags, SLICE("\x00\x03\x01\x02\x03")));
    ck_assert_int_eq(shop.heir.age, 18);
    expect_written(&shop_message, 2, &shop, "01 0000 ffff 01 01 01 01 00 03 010203");
}
END_TEST

START_TEST(unknown_tags_without_a_place_are_skipped)
{
    expect_read(3, START_V3 "01 00 01 01 01 "
                            "01 0012 02 63 03 010203 64 00 ff 00");
    ck_assert_int_eq(shop.owner.age, 18);
}
END_TEST

START_TEST(a_tag_may_not_reach_beyond_its_size_or_the_bytes)
{
    expect_refused(3, EMPTY_V3 "01 03 02 02 0007", "Shop v3: days: 1 elements, 1 bytes left");
    expect_refused(3, EMPTY_V3 "01 00 01 01 0012 00", "Shop v3: heir.age: 0 bytes left, 2 needed");
    expect_refused(3, EMPTY_V3 "01 05 00 02 61", "Shop v3: motto: 0 bytes left, which end within a number");
    expect_refused(3, EMPTY_V3 "01 63 05 01", "Shop v3: tag 99: 1 bytes left, 5 needed");
    expect_refused(3, EMPTY_V3 "02 63 00", "Shop v3: tagged fields: 0 bytes left, which end within a number");
}
END_TEST

/* As Kafka 4.3.1 does: FetchRequest v12 with "02 00 04 02 61 63 01 41" has a cluster id and an unknown
 * tag 99. */
START_TEST(what_follows_a_known_tag_s_value_is_the_next_tag_whatever_the_size_says)
{
    expect_read(3, EMPTY_V3 "02 05 04 02 61 63 01 41");
    ck_assert(slice_equal_str(shop.motto, "a"));
    ck_assert(slice_equal(shop.unknown_tags, SLICE("\x63\x01\x41")));
}
END_TEST

START_TEST(compact_lengths_of_more_than_31_bits_are_null)
{
    expect_read(2, "01 0000 ffff 808080800f 01 01 00");
    ck_assert(slice_is_null(shop.remark));
    expect_refused(2, "01 0000 ffff 8080808008 01 01 00",
                   "Shop v2: remark: a string of 2147483647 bytes, at most 32767 are allowed");
}
END_TEST

/* ---- other kinds of messages ---- */

START_TEST(a_message_without_fields_has_only_its_tags)
{
    struct nothing nothing;
    ck_assert(read_message(&nothing_message, 0, "", &nothing));
    ck_assert(read_message(&nothing_message, 1, "01 07 02 abcd", &nothing));
    ck_assert(!read_message(&nothing_message, 1, "", &nothing));
    expect_written(&nothing_message, 0, &nothing, "");
    expect_written(&nothing_message, 1, &nothing, "00");
}
END_TEST

START_TEST(records_borrow_the_bytes_and_ranges_are_only_counted)
{
    static char file; /* only its address counts */
    struct parcel parcel;
    ck_assert(read_message(&parcel_message, 0, "00000001 00000003 010203 09", &parcel));
    ck_assert_uint_eq(records_len(&parcel.records), 3);
    expect_written(&parcel_message, 1, &parcel, "00000001 04 010203 09 00");
    parcel.records =
        (struct records){.segment = (struct segment *)(void *)&file, .position = 5, .range_len = 300};
    expect_written(&parcel_message, 1, &parcel, "00000001 ad02 09 00");
    parcel.records = (struct records){0};
    expect_written(&parcel_message, 0, &parcel, "00000001 ffffffff 09");
    ck_assert(read_message(&parcel_message, 1, "00000001 00 09 00", &parcel));
    ck_assert(records_are_null(&parcel.records));
}
END_TEST

START_TEST(a_struct_that_may_not_yet_be_null_has_no_mark)
{
    struct letter letter;
    ck_assert(read_message(&letter_message, 0, "0001 61 0005", &letter));
    ck_assert_int_eq(letter.to->age, 5);
    expect_written(&letter_message, 0, &letter, "0001 61 0005");
    expect_written(&letter_message, 1, &letter, "01 0001 61 0005");
    ck_assert(read_message(&letter_message, 1, "ff", &letter));
    ck_assert_ptr_null(letter.to);
    expect_written(&letter_message, 1, &letter, "ff");
    expect_written(&letter_message, 0, &letter, "0000 0012");
}
END_TEST

START_TEST(a_new_array_has_defaults)
{
    struct shop made;
    schema_set_defaults(shop_schema(), &made);
    array_init(&made.items, shop_item, &arena, 3);
    ck_assert_int_eq(made.items.count, 3);
    ck_assert_int_eq(made.items.items[2].price, -1);
    ck_assert(slice_equal(made.items.items[2].label, SLICE("")));
    ck_assert_ptr_nonnull(schema_new_array(shop_item_schema(), &arena, 0));
}
END_TEST

START_TEST(equality_is_of_what_the_version_can_say)
{
    struct shop a, b;
    schema_set_defaults(shop_schema(), &a);
    schema_set_defaults(shop_schema(), &b);
    a.rating = 1;
    ck_assert(message_equal(&shop_message, 2, &a, &b));
    ck_assert(!message_equal(&shop_message, 3, &a, &b));
    b.rating = 1;
    a.remark = SLICE_NULL;
    ck_assert(message_equal(&shop_message, 0, &a, &b));
    ck_assert(!message_equal(&shop_message, 1, &a, &b));
    a.remark = SLICE("");
    array_init(&a.items, shop_item, &arena, 1);
    array_init(&b.items, shop_item, &arena, 1);
    ck_assert(message_equal(&shop_message, 3, &a, &b));
    b.items.items[0].id = 1;
    ck_assert(!message_equal(&shop_message, 3, &a, &b));
    b.items.items[0].id = 0;
    a.guest = &a.owner;
    ck_assert(!message_equal(&shop_message, 3, &a, &b));
    b.guest = &b.owner;
    ck_assert(message_equal(&shop_message, 3, &a, &b));
    b.unknown_tags = SLICE("\x63\x00");
    ck_assert(!message_equal(&shop_message, 3, &a, &b));
}
END_TEST

START_TEST(a_failed_reader_reads_no_message)
{
    reader_init(&reader, SLICE("\x01\x00\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"), &arena);
    reader_fail(&reader, "before");
    ck_assert(!message_read(&shop_message, 1, &reader, &shop));
    ck_assert_str_eq(reader.error, "before");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("schema");
    TCase *tcase = tcase_create("all");
    tcase_add_checked_fixture(tcase, set_up, tear_down);
    tcase_add_test(tcase, a_plain_version_reads_field_after_field);
    tcase_add_test(tcase, a_plain_version_writes_what_it_reads);
    tcase_add_test(tcase, bytes_behind_the_message_are_left);
    tcase_add_test(tcase, null_is_minus_one_or_less_where_the_version_allows_it);
    tcase_add_test(tcase, null_is_refused_where_the_version_does_not_allow_it);
    tcase_add_test(tcase, null_where_it_is_not_allowed_is_written_as_empty);
    tcase_add_test(tcase, an_error_names_its_path);
    tcase_add_test(tcase, any_byte_but_zero_is_true);
    tcase_add_test(tcase, a_count_that_the_bytes_cannot_hold_is_refused_before_anything_is_allocated);
    tcase_add_test(tcase, many_structs_must_have_room_for_their_smallest_form);
    tcase_add_test(tcase, the_arena_s_cap_bounds_what_bytes_can_ask_for);
    tcase_add_test(tcase, a_string_of_more_than_32767_bytes_is_refused);
    tcase_add_test(tcase, a_flexible_version_has_compact_lengths_and_tags_after_every_struct);
    tcase_add_test(tcase, defaults_are_read_and_written_without_tags);
    tcase_add_test(tcase, a_tagged_struct_is_written_if_any_member_differs);
    tcase_add_test(tcase, a_null_or_default_member_inside_a_tag_keeps_its_marks);
    tcase_add_test(tcase, a_tag_larger_than_127_bytes_has_a_longer_size);
    tcase_add_test(tcase, tags_may_come_in_any_order_and_the_last_of_two_counts);
    tcase_add_test(tcase, unknown_tags_are_kept_wherever_they_stand_and_written_in_order);
    tcase_add_test(tcase, a_tag_that_the_version_does_not_know_is_unknown);
    tcase_add_test(tcase, unknown_tags_without_a_place_are_skipped);
    tcase_add_test(tcase, a_tag_may_not_reach_beyond_its_size_or_the_bytes);
    tcase_add_test(tcase, what_follows_a_known_tag_s_value_is_the_next_tag_whatever_the_size_says);
    tcase_add_test(tcase, compact_lengths_of_more_than_31_bits_are_null);
    tcase_add_test(tcase, a_message_without_fields_has_only_its_tags);
    tcase_add_test(tcase, records_borrow_the_bytes_and_ranges_are_only_counted);
    tcase_add_test(tcase, a_struct_that_may_not_yet_be_null_has_no_mark);
    tcase_add_test(tcase, a_new_array_has_defaults);
    tcase_add_test(tcase, equality_is_of_what_the_version_can_say);
    tcase_add_test(tcase, a_failed_reader_reads_no_message);
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
