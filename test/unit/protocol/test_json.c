/* JSON: the reader, single values as Kafka's converters write them, and messages of a table of its own. */
#include "protocol/schema/json.h"
#include "protocol/schema/json_reader.h"
#include "protocol/schema/json_records.h"
#include "protocol/schema/json_text.h"

#include <check.h>
#include <math.h>
#include <stdlib.h>

enum { ARENA_CAP = 1 << 20 };

/* ---- tables ---- */

DECLARE_SCHEMA(seat);
DECLARE_SCHEMA(hall);

struct seat {
    int32_t row_number;
    struct slice guest_name;
};

SCHEMA(seat, I32(row_number), STRING(guest_name, NULLABLE(1)))

struct hall {
    bool open;
    int8_t small;
    uint16_t port;
    uint32_t area;
    int64_t large;
    double share;
    struct uuid hall_id;
    struct slice name;
    struct slice secret;
    struct records records;
    ARRAY_OF(struct seat) seats;
    ARRAY_OF(int64_t) numbers;
    ARRAY_OF(struct slice) labels;
    ARRAY_OF(struct uuid) ids;
    struct seat throne;
    struct seat *stool;
    struct slice motto;
    struct slice unknown_tags;
};

SCHEMA(hall, BOOL(open), I8(small, UNTIL(0)), U16(port), U32(area), I64(large, DEFAULT(-1)), F64(share),
       UUID(hall_id), STRING(name, NULLABLE(1)), BYTES(secret, NULLABLE(1)), RECORDS(records, NULLABLE(0)),
       ARRAY(seats, seat, NULLABLE(1)), I64S(numbers), STRINGS(labels), UUIDS(ids), STRUCT(throne, seat),
       STRUCT_OR_NULL(stool, seat, NULLABLE(0), DEFAULT_NULL), STRING(motto, SINCE(1), TAG(0)),
       UNKNOWN_TAGS(unknown_tags))

static const struct message hall_message = {"Hall", hall_schema, 1, 0, 1, 1};

/* ---- what the tests share ---- */

static struct arena arena;
static struct buf out;
static struct note why;
static struct hall hall;

static void set_up(void)
{
    arena_init(&arena, ARENA_CAP);
    why = (struct note){""};
}

static void tear_down(void)
{
    arena_fini(&arena);
    buf_fini(&out);
}

static void expect_out(const char *expected)
{
    ck_assert_msg(slice_equal_str(buf_slice(&out), expected), "wanted %s\nhere   %.*s", expected,
                  SLICE_ARGS(buf_slice(&out)));
    out.len = 0;
}

static struct json_value *expect_json(const char *text)
{
    struct json_value *value = json_read(slice_str(text), &arena, &why);
    ck_assert_msg(value != NULL, "%s", why.text);
    return value;
}

static void expect_no_json(struct slice text, const char *error)
{
    why = (struct note){""};
    ck_assert_ptr_null(json_read(text, &arena, &why));
    ck_assert_str_eq(why.text, error);
}

static void expect_printed(int version, const char *expected)
{
    message_print_json(&hall_message, version, &hall, JSON_RECORDS_BASE64, &out);
    expect_out(expected);
}

static void expect_parsed(int version, const char *json)
{
    why = (struct note){""};
    ck_assert_msg(message_parse_json(&hall_message, version, slice_str(json), &arena, &hall, &why), "%s",
                  why.text);
}

static void expect_unparsed(int version, const char *json, const char *error)
{
    why = (struct note){""};
    ck_assert(!message_parse_json(&hall_message, version, slice_str(json), &arena, &hall, &why));
    ck_assert_str_eq(why.text, error);
}

/* ---- the reader ---- */

START_TEST(values_of_every_kind_are_read)
{
    struct json_value *value =
        expect_json(" {\"a\" : [1, -2.5e+3,true ,false,null,\"x\",[],{}], \"b\":\"\"}\r\n\t ");
    ck_assert_int_eq(value->kind, JSON_OBJECT);
    ck_assert_int_eq(value->count, 2);
    const struct json_value *element = json_find(value, "a")->first;
    static const enum json_kind kinds[] = {JSON_NUMBER, JSON_NUMBER, JSON_TRUE,  JSON_FALSE,
                                           JSON_NULL,   JSON_STRING, JSON_ARRAY, JSON_OBJECT};
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++, element = element->next)
        ck_assert_int_eq(element->kind, kinds[i]);
    ck_assert_ptr_null(element);
    ck_assert(slice_equal_str(json_find(value, "a")->first->next->text, "-2.5e+3"));
    ck_assert(slice_equal(json_find(value, "b")->text, SLICE("")));
    ck_assert_ptr_null(json_find(value, "c"));
    ck_assert_ptr_null(json_find(element = json_find(value, "a"), "a"));
}
END_TEST

START_TEST(escapes_stand_for_their_characters)
{
    struct json_value *value =
        expect_json("\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u0001\\u00e9\\u65E5\\ud83d\\ude00 \xc3\xa9\"");
    ck_assert(
        slice_equal(value->text, SLICE("\"\\/\b\f\n\r\t\x01\xc3\xa9\xe6\x97\xa5\xf0\x9f\x98\x80 \xc3\xa9")));
    value = expect_json("{\"\\u0061b\":1}");
    ck_assert_ptr_nonnull(json_find(value, "ab"));
    value = expect_json("\"a\\u0000b\"");
    ck_assert_uint_eq(value->text.len, 3);
}
END_TEST

START_TEST(what_is_not_json_is_refused_with_its_place)
{
    expect_no_json(SLICE(""), "not JSON: no value at byte 0");
    expect_no_json(SLICE("{\"a\":1,}"), "not JSON: no name at byte 7");
    expect_no_json(SLICE("[1 2]"), "not JSON: no comma and no end at byte 3");
    expect_no_json(SLICE("[1,]"), "not JSON: no value at byte 3");
    expect_no_json(SLICE("[1"), "not JSON: no comma and no end at byte 2");
    expect_no_json(SLICE("{\"a\" 1}"), "not JSON: no colon behind the name at byte 5");
    expect_no_json(SLICE("{a:1}"), "not JSON: no name at byte 1");
    expect_no_json(SLICE("1 2"), "not JSON: more behind the value at byte 2");
    expect_no_json(SLICE("01"), "not JSON: more behind the value at byte 1");
    expect_no_json(SLICE("1."), "not JSON: no digits behind the point at byte 2");
    expect_no_json(SLICE("1e"), "not JSON: no digits in the exponent at byte 2");
    expect_no_json(SLICE("+1"), "not JSON: no value at byte 0");
    expect_no_json(SLICE("nul"), "not JSON: no value at byte 0");
    expect_no_json(SLICE("NaN"), "not JSON: no value at byte 0");
    expect_no_json(SLICE("\"a"), "not JSON: a string without an end at byte 1");
    expect_no_json(SLICE("\"a\\"), "not JSON: a string without an end at byte 1");
    expect_no_json(SLICE("\"\n\""), "not JSON: a string without an end at byte 1");
    expect_no_json(SLICE("\"\\x\""), "not JSON: an unknown escape at byte 3");
    expect_no_json(SLICE("\"\\u12\""), "not JSON: four hexadecimal digits are missing at byte 5");
    expect_no_json(SLICE("\"\\ud800x\""), "not JSON: half a surrogate pair at byte 7");
    expect_no_json(SLICE("\"\\ude00\""), "not JSON: half a surrogate pair at byte 7");
    expect_no_json(SLICE("\"\xff\""), "not JSON: a string that is not UTF-8 at byte 1");
}
END_TEST

START_TEST(depth_and_memory_are_bounded)
{
    char deep[2 * JSON_DEPTH_MAX + 2];
    memset(deep, '[', JSON_DEPTH_MAX);
    memset(deep + JSON_DEPTH_MAX, ']', JSON_DEPTH_MAX);
    ck_assert_ptr_nonnull(json_read(slice_of(deep, 2 * JSON_DEPTH_MAX), &arena, &why));
    memset(deep, '[', JSON_DEPTH_MAX + 1);
    expect_no_json(slice_of(deep, sizeof deep), "not JSON: nested too deep at byte 65");
    struct arena small;
    arena_init(&small, 500);
    why = (struct note){""};
    ck_assert_ptr_null(json_read(SLICE("[0,0,0,0,0,0,0,0,0,0,0,0,0,0]"), &small, &why));
    ck_assert_ptr_nonnull(strstr(why.text, "more than may be held in memory"));
    arena_fini(&small);
}
END_TEST

START_TEST(every_prefix_of_json_is_refused)
{
    static const char text[] = "{\"a\":[1.5e-3,true,null,\"x\\u00e9\\n\"],\"b\":{\"c\":\"\xc3\xa9\"}}";
    for (size_t len = 0; len < sizeof text - 1; len++) {
        char *copy = malloc(len + 1);
        memcpy(copy, text, len);
        ck_assert_ptr_null(json_read(slice_of(copy, len), &arena, &why));
        free(copy);
    }
    expect_json(text);
}
END_TEST

START_TEST(integers_keep_all_64_bits_and_their_range)
{
    int64_t number;
    ck_assert(json_integer(expect_json("9223372036854775807"), INT64_MIN, INT64_MAX, &number));
    ck_assert_int_eq(number, INT64_MAX);
    ck_assert(json_integer(expect_json("-9223372036854775808"), INT64_MIN, INT64_MAX, &number));
    ck_assert_int_eq(number, INT64_MIN);
    ck_assert(!json_integer(expect_json("9223372036854775808"), INT64_MIN, INT64_MAX, &number));
    ck_assert(!json_integer(expect_json("-9223372036854775809"), INT64_MIN, INT64_MAX, &number));
    ck_assert(!json_integer(expect_json("1.0"), 0, 9, &number));
    ck_assert(!json_integer(expect_json("\"1\""), 0, 9, &number));
    ck_assert(!json_integer(expect_json("10"), 0, 9, &number));
}
END_TEST

/* ---- single values ---- */

START_TEST(strings_are_escaped_as_jackson_does)
{
    json_print_string(&out, SLICE("\"\\/\b\t\n\v\f\r\x01\x1f\x7f\xc3\xa9\xf0\x9f\x98\x80"));
    expect_out("\"\\\"\\\\/\\b\\t\\n\\u000B\\f\\r\\u0001\\u001F\x7f\xc3\xa9\xf0\x9f\x98\x80\"");
}
END_TEST

START_TEST(what_is_not_utf8_is_replaced)
{
#define U_FFFD "\xef\xbf\xbd"
    json_print_string(&out, SLICE("a\xff"
                                  "b\xc3"));
    expect_out("\"a" U_FFFD "b" U_FFFD "\"");
    json_print_string(&out, SLICE("\xc0\xaf|\xe6\x97|\xf0\x9f\x98|\xf5\x80|\x80"));
    expect_out("\"" U_FFFD U_FFFD "|" U_FFFD "|" U_FFFD "|" U_FFFD U_FFFD "|" U_FFFD "\"");
}
END_TEST

START_TEST(doubles_look_as_in_java)
{
    static const struct {
        double value;
        const char *text;
    } cases[] = {
        {0, "0.0"},
        {-0.0, "-0.0"},
        {1, "1.0"},
        {-1.25, "-1.25"},
        {100, "100.0"},
        {1234567, "1234567.0"},
        {9999999, "9999999.0"},
        {1e7, "1.0E7"},
        {12345678, "1.2345678E7"},
        {0.001, "0.001"},
        {0.00125, "0.00125"},
        {0.012, "0.012"},
        {0.0009, "9.0E-4"},
        {1e300, "1.0E300"},
        {4.9e-324, "4.9E-324"},
        {0.1, "0.1"},
        {1.0 / 3, "0.3333333333333333"},
        {2e23, "2.0E23"},
        {1.7976931348623157e308, "1.7976931348623157E308"},
        {0.22600948251750896, "0.22600948251750896"},
        {NAN, "\"NaN\""},
        {INFINITY, "\"Infinity\""},
        {-INFINITY, "\"-Infinity\""},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        json_print_double(&out, cases[i].value);
        expect_out(cases[i].text);
    }
}
END_TEST

START_TEST(base64_is_padded_and_reads_back)
{
    static const struct {
        const char *plain, *text;
    } cases[] = {{"", ""},        {"f", "Zg=="},        {"fo", "Zm8="},
                 {"foo", "Zm9v"}, {"foob", "Zm9vYg=="}, {"\xfb\xff\xfe", "+//+"}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct slice bytes, text = slice_str(cases[i].text);
        json_print_base64(&out, slice_str(cases[i].plain));
        ck_assert(slice_equal(slice_of(out.data + 1, out.len - 2), text));
        out.len = 0;
        ck_assert(json_parse_base64(text, &arena, &bytes));
        ck_assert(slice_equal_str(bytes, cases[i].plain));
    }
    struct slice bytes;
    ck_assert(json_parse_base64(SLICE("Zg"), &arena, &bytes));
    ck_assert(!json_parse_base64(SLICE("Z"), &arena, &bytes));
    ck_assert(!json_parse_base64(SLICE("Zg=a"), &arena, &bytes));
    ck_assert(!json_parse_base64(SLICE("-_=="), &arena, &bytes));
}
END_TEST

START_TEST(names_are_in_camel_case)
{
    json_print_camel_case(&out, "k_raft_version_feature");
    expect_out("kRaftVersionFeature");
    ck_assert(json_is_name(SLICE("throttleTimeMs"), "throttle_time_ms"));
    ck_assert(!json_is_name(SLICE("throttleTimeM"), "throttle_time_ms"));
    ck_assert(!json_is_name(SLICE("throttleTimeMsx"), "throttle_time_ms"));
    ck_assert(!json_is_name(SLICE("throttle_time_ms"), "throttle_time_ms"));
    ck_assert(!json_is_name(SLICE(""), "a"));
}
END_TEST

/* ---- messages ---- */

#define DEFAULTS_V1                                                                                        \
    "{\"open\":false,\"port\":0,\"area\":0,\"large\":-1,\"share\":0.0,\"hallId\":"                         \
    "\"AAAAAAAAAAAAAAAAAAAAAA\","                                                                          \
    "\"name\":\"\",\"secret\":\"\",\"records\":\"\",\"seats\":[],\"numbers\":[],\"labels\":[],\"ids\":[]," \
    "\"throne\":{\"rowNumber\":0,\"guestName\":\"\"},\"stool\":null}"

#define FULL_V1                                                                                          \
    "{\"open\":true,\"port\":65535,\"area\":4294967295,\"large\":9223372036854775807,\"share\":-1.5,"    \
    "\"hallId\":\"AAAAAAAAAAAAAAAAAAAAAQ\",\"name\":null,\"secret\":\"AQI=\",\"records\":null,"          \
    "\"seats\":[{\"rowNumber\":-2147483648,\"guestName\":null},{\"rowNumber\":7,\"guestName\":"          \
    "\"\\\"x\\\"\"}],"                                                                                   \
    "\"numbers\":[-9223372036854775808,0],\"labels\":[\"\",\"b\"],\"ids\":[\"AAAAAAAAAAAAAAAAAAAAAA\"]," \
    "\"throne\":{\"rowNumber\":1,\"guestName\":\"k\"},\"stool\":{\"rowNumber\":2,\"guestName\":\"\"},"   \
    "\"motto\":\"m\"}"

START_TEST(a_message_prints_in_the_order_of_its_rows)
{
    schema_set_defaults(hall_schema(), &hall);
    hall.unknown_tags = SLICE("\x63\x00");
    expect_printed(1, DEFAULTS_V1);
    expect_parsed(1, FULL_V1);
    expect_printed(1, FULL_V1);
    ck_assert_int_eq(hall.seats.items[1].row_number, 7);
    ck_assert(slice_is_null(hall.name));
}
END_TEST

START_TEST(what_is_left_out_has_its_default_and_other_versions_fields_are_dropped)
{
    expect_parsed(1, "{}");
    expect_printed(1, DEFAULTS_V1);
    expect_parsed(1, "{\"small\":1000,\"large\":5}");
    ck_assert_int_eq(hall.small, 0);
    ck_assert_int_eq(hall.large, 5);
    expect_parsed(0, "{\"small\":-128,\"motto\":\"m\"}");
    ck_assert_int_eq(hall.small, -128);
    ck_assert(slice_equal(hall.motto, SLICE("")));
}
END_TEST

START_TEST(an_error_names_its_path)
{
    expect_unparsed(1, "{\"hall\":1}", "Hall v1: no version has a field 'hall'");
    expect_unparsed(1, "{\"seats\":[{},{\"rows\":1}]}", "Hall v1: seats[1]: no version has a field 'rows'");
    expect_unparsed(1, "{\"seats\":[{},{\"rowNumber\":\"1\"}]}",
                    "Hall v1: seats[1].rowNumber: a number is wanted, not a string");
    expect_unparsed(1, "{\"throne\":{\"rowNumber\":2147483648}}",
                    "Hall v1: throne.rowNumber: 2147483648 is no integer from -2147483648 to 2147483647");
    expect_unparsed(1, "{\"port\":-1}", "Hall v1: port: -1 is no integer from 0 to 65535");
    expect_unparsed(1, "{\"port\":1.5}", "Hall v1: port: 1.5 is no integer from 0 to 65535");
    expect_unparsed(1, "{\"open\":1}", "Hall v1: open: a boolean is wanted, not a number");
    expect_unparsed(1, "{\"hallId\":\"x\"}", "Hall v1: hallId: not an id of 22 characters");
    expect_unparsed(1, "{\"secret\":\"!\"}", "Hall v1: secret: not base64");
    expect_unparsed(1, "{\"seats\":{}}", "Hall v1: seats: an array is wanted, not an object");
    expect_unparsed(1, "{\"throne\":[]}", "Hall v1: throne: an object is wanted, not an array");
    expect_unparsed(1, "{\"labels\":[\"a\",null]}", "Hall v1: labels[1]: a string is wanted, not null");
    expect_unparsed(0, "{\"name\":null}", "Hall v0: name: null is not allowed");
    expect_unparsed(0, "{\"open\":null}", "Hall v0: open: null is not allowed");
    expect_unparsed(1, "{\"share\":\"x\"}", "Hall v1: share: a number is wanted, not a string");
    expect_unparsed(1, "{", "Hall v1: not JSON: no name at byte 1");
    expect_unparsed(1, "[]", "Hall v1: an object is wanted, not an array");
}
END_TEST

START_TEST(a_string_that_could_not_be_written_is_refused)
{
    struct buf json = {0};
    buf_append_str(&json, "{\"name\":\"");
    memset(buf_reserve(&json, 32768), 'x', 32768);
    json.len += 32768;
    buf_append_str(&json, "\"}");
    ck_assert(!message_parse_json(&hall_message, 1, buf_slice(&json), &arena, &hall, &why));
    ck_assert_str_eq(why.text, "Hall v1: name: a string of 32768 bytes, at most 32767 are allowed");
    buf_fini(&json);
}
END_TEST

START_TEST(nothing_parsed_points_into_the_text)
{
    char *json = malloc(sizeof FULL_V1);
    memcpy(json, FULL_V1, sizeof FULL_V1);
    ck_assert(message_parse_json(&hall_message, 1, slice_of(json, sizeof FULL_V1 - 1), &arena, &hall, &why));
    free(json);
    expect_printed(1, FULL_V1);
}
END_TEST

START_TEST(infinities_and_nan_are_names)
{
    expect_parsed(1, "{\"share\":\"-Infinity\"}");
    ck_assert(isinf(hall.share) && hall.share < 0);
    expect_parsed(1, "{\"share\":\"NaN\"}");
    ck_assert(isnan(hall.share));
    expect_parsed(1, "{\"share\":12}");
    ck_assert_double_eq(hall.share, 12);
}
END_TEST

/* ---- records ---- */

/* The batches of the recorded conversations' form, printed from what was parsed from them. */
static void expect_records_round_trip(const char *json)
{
    struct slice bytes;
    why = (struct note){""};
    ck_assert_msg(json_parse_records(expect_json(json), &arena, &bytes, &why), "%s", why.text);
    json_print_records(&out, bytes);
    expect_out(json);
}

#define HEAD(base, last, size, codec, type, max)                                                        \
    "{\"baseOffset\":" base ",\"lastOffset\":" last ",\"size\":" size ",\"leaderEpoch\":0,\"magic\":2," \
    "\"crc\":\"right\",\"codec\":\"" codec "\",\"timestampType\":\"" type "\",\"maxTimestamp\":" max

START_TEST(batches_print_and_parse_as_in_the_recorded_conversations)
{
    expect_records_round_trip("[" HEAD(
        "5", "6", "83", "none", "CreateTime",
        "1001") ",\"producerId\":-1,\"epoch\":-1,\"sequence\":-1,\"transactional\":false,\"control\":false,"
                "\"count\":2,"
                "\"records\":[{\"offset\":5,\"timestamp\":1000,\"key\":\"k0\",\"value\":\"v0\"},"
                "{\"offset\":6,\"timestamp\":1001,\"key\":\"k1\",\"value\":\"v1\"}]}," HEAD(
                    "7", "9", "92", "none", "CreateTime",
                    "1000") ",\"producerId\":4000,\"epoch\":3,\"sequence\":17,\"transactional\":true,"
                            "\"control\":false,\"count\":2,"
                            "\"records\":[{\"offset\":7,\"timestamp\":1000,\"key\":null,\"value\":\"\","
                            "\"headers\":[[\"name\",\"value\"],[\"n\",null]]},"
                            "{\"offset\":9,\"timestamp\":900,\"key\":\"0x00ff\",\"value\":null}]}]");
}
END_TEST

START_TEST(markers_horizons_and_append_times_print_and_parse)
{
    expect_records_round_trip("[" HEAD(
        "5", "5", "78", "none", "CreateTime",
        "1000") ",\"producerId\":1,\"epoch\":0,\"sequence\":-1,\"transactional\":true,\"control\":true,"
                "\"count\":1,"
                "\"records\":[{\"offset\":5,\"timestamp\":1000,\"control\":\"COMMIT\",\"coordinatorEpoch\":7}"
                "]}," HEAD("6", "6", "72", "none", "LogAppendTime",
                           "2000") ",\"producerId\":-1,\"epoch\":-1,\"sequence\":-1,\"transactional\":false,"
                                   "\"control\":false,\"count\":1,"
                                   "\"records\":[{\"offset\":6,\"timestamp\":2000,\"key\":\"k0\",\"value\":"
                                   "\"v0\"}]}," HEAD(
                                       "7", "9", "72", "none", "CreateTime",
                                       "1005") ",\"producerId\":-1,\"epoch\":-1,\"sequence\":-1,"
                                               "\"transactional\":false,\"control\":false,\"count\":1,"
                                               "\"deleteHorizon\":1000,"
                                               "\"records\":[{\"offset\":8,\"timestamp\":1005,\"key\":\"k0\","
                                               "\"value\":\"v0\"}]}]");
}
END_TEST

START_TEST(every_codec_prints_and_parses)
{
    static const char *const codecs[] = {"none", "gzip", "snappy", "lz4", "zstd"};
    for (size_t i = 0; i < sizeof codecs / sizeof codecs[0]; i++) {
        struct slice bytes;
        struct slice json =
            arena_printf(&arena, "{\"codec\":\"%s\",\"records\":[{\"value\":\"hello\"}]}", codecs[i]);
        struct json_value *value = json_read(json, &arena, &why);
        ck_assert_msg(json_parse_records(value, &arena, &bytes, &why), "%s", why.text);
        json_print_records(&out, bytes);
        buf_append_char(&out, '\0');
        ck_assert_ptr_nonnull(strstr((char *)out.data, codecs[i]));
        ck_assert_ptr_nonnull(strstr((char *)out.data, "\"key\":null,\"value\":\"hello\"}]}]"));
        out.len = 0;
    }
}
END_TEST

START_TEST(cut_and_broken_batches_are_shown_as_such)
{
    struct slice bytes;
    ck_assert(json_parse_records(
        expect_json("[{\"records\":[{\"value\":\"x\"}]},{\"crc\":\"wrong\",\"records\":[]}]"), &arena, &bytes,
        &why));
    json_print_records(&out, slice_of(bytes.data, bytes.len - 1));
    buf_append_char(&out, '\0');
    ck_assert_ptr_nonnull(strstr((char *)out.data, "\"value\":\"x\"}]},{\"cut batch\":60}]"));
    out.len = 0;
    json_print_records(&out, bytes);
    buf_append_char(&out, '\0');
    ck_assert_ptr_nonnull(strstr((char *)out.data, "\"crc\":\"wrong\""));
    out.len = 0;
    json_print_records(&out, SLICE("\0\0\0\0\0\0\0\0\0\0\0\1\0\0\0\0\2\0\0\0\0\0"));
    ck_assert(slice_starts_with(buf_slice(&out), SLICE("[{\"unreadable\":\"")));
    buf_append_char(&out, '\0');
    ck_assert_ptr_nonnull(strstr((char *)out.data, "\"},{\"cut batch\":22}]"));
    out.len = 0;
    json_print_records(&out, SLICE("abc"));
    expect_out("[{\"cut batch\":3}]");
    json_print_records(&out, SLICE(""));
    expect_out("[]");
}
END_TEST

START_TEST(long_values_are_cut)
{
    struct slice bytes;
    struct slice json =
        arena_printf(&arena, "[{\"records\":[{\"value\":\"%0201d\"},{\"value\":\"%0200d\"}]}]", 0, 0);
    ck_assert(json_parse_records(json_read(json, &arena, &why), &arena, &bytes, &why));
    json_print_records(&out, bytes);
    buf_append_char(&out, '\0');
    ck_assert_ptr_nonnull(
        strstr((char *)out.data, "\"value\":\"0000000000000000000000000000000000000000... 201 bytes\"}"));
    struct slice whole = arena_printf(&arena, "\"value\":\"%0200d\"}", 0);
    ck_assert_ptr_nonnull(strstr((char *)out.data, (const char *)whole.data));
}
END_TEST

START_TEST(batches_that_cannot_be_made_are_refused_with_the_reason)
{
    expect_unparsed(1, "{\"records\":[{}]}", "Hall v1: records: a batch has an array of records");
    expect_unparsed(1, "{\"records\":{\"codec\":\"rar\",\"records\":[]}}",
                    "Hall v1: records: codec: there is no such codec");
    expect_unparsed(1, "{\"records\":[{\"records\":[7]}]}",
                    "Hall v1: records: records: a record is an object, not a number");
    expect_unparsed(1, "{\"records\":[{\"baseOffset\":5,\"records\":[{\"offset\":4}]}]}",
                    "Hall v1: records: offset: not an integer, or out of range");
    expect_unparsed(1, "{\"records\":[{\"records\":[{\"value\":7}]}]}",
                    "Hall v1: records: a key, a value or a header is a number, not a string");
    expect_unparsed(1, "{\"records\":[{\"records\":[{\"headers\":[[\"a\"]]}]}]}",
                    "Hall v1: records: headers: each is [\"name\",\"value\"]");
    expect_unparsed(1, "{\"records\":[{\"records\":[{\"control\":\"X\"}]}]}",
                    "Hall v1: records: control: only ABORT and COMMIT can be made");
    expect_unparsed(1, "{\"records\":7}", "Hall v1: records: a string is wanted, not a number");
    expect_unparsed(1, "{\"records\":[7]}", "Hall v1: records: a batch has an array of records");
}
END_TEST

START_TEST(a_message_prints_its_records_decoded)
{
    expect_parsed(1, "{\"records\":[{\"records\":[{\"value\":\"x\"}]}]}");
    message_print_json(&hall_message, 1, &hall, JSON_RECORDS_DECODED, &out);
    buf_append_char(&out, '\0');
    ck_assert_ptr_nonnull(
        strstr((char *)out.data, "\"records\":[{\"baseOffset\":0,\"lastOffset\":0,\"size\":69,"));
    out.len = 0;
    expect_parsed(1, "{\"records\":null}");
    message_print_json(&hall_message, 1, &hall, JSON_RECORDS_DECODED, &out);
    buf_append_char(&out, '\0');
    ck_assert_ptr_nonnull(strstr((char *)out.data, "\"records\":null"));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("json");
    TCase *tcase = tcase_create("all");
    tcase_add_checked_fixture(tcase, set_up, tear_down);
    tcase_add_test(tcase, values_of_every_kind_are_read);
    tcase_add_test(tcase, escapes_stand_for_their_characters);
    tcase_add_test(tcase, what_is_not_json_is_refused_with_its_place);
    tcase_add_test(tcase, depth_and_memory_are_bounded);
    tcase_add_test(tcase, every_prefix_of_json_is_refused);
    tcase_add_test(tcase, integers_keep_all_64_bits_and_their_range);
    tcase_add_test(tcase, strings_are_escaped_as_jackson_does);
    tcase_add_test(tcase, what_is_not_utf8_is_replaced);
    tcase_add_test(tcase, doubles_look_as_in_java);
    tcase_add_test(tcase, base64_is_padded_and_reads_back);
    tcase_add_test(tcase, names_are_in_camel_case);
    tcase_add_test(tcase, a_message_prints_in_the_order_of_its_rows);
    tcase_add_test(tcase, what_is_left_out_has_its_default_and_other_versions_fields_are_dropped);
    tcase_add_test(tcase, an_error_names_its_path);
    tcase_add_test(tcase, a_string_that_could_not_be_written_is_refused);
    tcase_add_test(tcase, nothing_parsed_points_into_the_text);
    tcase_add_test(tcase, infinities_and_nan_are_names);
    tcase_add_test(tcase, batches_print_and_parse_as_in_the_recorded_conversations);
    tcase_add_test(tcase, markers_horizons_and_append_times_print_and_parse);
    tcase_add_test(tcase, every_codec_prints_and_parses);
    tcase_add_test(tcase, cut_and_broken_batches_are_shown_as_such);
    tcase_add_test(tcase, long_values_are_cut);
    tcase_add_test(tcase, batches_that_cannot_be_made_are_refused_with_the_reason);
    tcase_add_test(tcase, a_message_prints_its_records_decoded);
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
