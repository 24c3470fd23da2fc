/* What everything stands on: slice, arena, buf, list, map, uuid, varint, crc32c, note. */
#include "protocol/base/arena.h"
#include "protocol/base/big_endian.h"
#include "protocol/base/buf.h"
#include "protocol/base/crc32c.h"
#include "protocol/base/list.h"
#include "protocol/base/map.h"
#include "protocol/base/note.h"
#include "protocol/base/uuid.h"
#include "protocol/base/varint.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>

/* ---- slice ---- */

START_TEST(null_and_empty_slices_differ)
{
    ck_assert(slice_is_null(SLICE_NULL));
    ck_assert(!slice_is_null(SLICE("")));
    ck_assert(!slice_equal(SLICE_NULL, SLICE("")));
    ck_assert(slice_equal(SLICE_NULL, slice_str(NULL)));
    ck_assert(slice_equal(SLICE(""), slice_str("")));
}
END_TEST

START_TEST(slices_are_ordered_by_bytes_and_then_by_length)
{
    ck_assert_int_lt(slice_compare(SLICE("a"), SLICE("b")), 0);
    ck_assert_int_lt(slice_compare(SLICE("a"), SLICE("aa")), 0);
    ck_assert_int_gt(slice_compare(SLICE("\xff"), SLICE("a")), 0);
    ck_assert_int_eq(slice_compare(SLICE("ab"), SLICE("ab")), 0);
    ck_assert_int_lt(slice_compare(SLICE(""), SLICE("a")), 0);
    ck_assert(slice_starts_with(SLICE("topic"), SLICE("top")));
    ck_assert(slice_starts_with(SLICE("topic"), SLICE("")));
    ck_assert(!slice_starts_with(SLICE("to"), SLICE("top")));
    ck_assert(slice_equal_str(slice_from(SLICE("topic"), 3), "ic"));
}
END_TEST

/* ---- arena ---- */

START_TEST(an_arena_gives_zeroed_aligned_memory_that_does_not_overlap)
{
    struct arena arena;
    arena_init(&arena, 1 << 20);
    for (int round = 0; round < 2; round++) {
        uint8_t *before = NULL;
        for (size_t size = 0; size < 3000; size += 37) {
            uint8_t *memory = arena_alloc(&arena, size);
            ck_assert_uint_eq((uintptr_t)memory % 16, 0);
            for (size_t i = 0; i < size; i++)
                ck_assert_uint_eq(memory[i], 0);
            memset(memory, 0xee, size);
            ck_assert_ptr_ne(memory, before);
            before = memory;
        }
        arena_reset(&arena);
        ck_assert_uint_eq(arena.used, 0);
    }
    arena_fini(&arena);
}
END_TEST

START_TEST(an_arena_refuses_what_its_cap_does_not_hold)
{
    struct arena arena;
    arena_init(&arena, 1000);
    ck_assert_ptr_nonnull(arena_try_alloc(&arena, 600));
    ck_assert_ptr_null(arena_try_alloc(&arena, 600));
    ck_assert_ptr_null(arena_try_alloc(&arena, SIZE_MAX));
    ck_assert_ptr_null(arena_try_alloc(&arena, SIZE_MAX - 8));
    ck_assert_ptr_nonnull(arena_try_alloc(&arena, 300));
    ck_assert_ptr_nonnull(arena_alloc(&arena, 5000));
    ck_assert_ptr_null(arena_try_alloc(&arena, 1));
    arena_reset(&arena);
    ck_assert_ptr_nonnull(arena_try_alloc(&arena, 900));
    arena_fini(&arena);
}
END_TEST

START_TEST(an_arena_copies_and_prints)
{
    struct arena arena;
    arena_init(&arena, 1 << 20);
    struct slice text = SLICE("abc"), copy = arena_dup(&arena, text);
    ck_assert(slice_equal(copy, text));
    ck_assert_ptr_ne(copy.data, text.data);
    ck_assert(slice_is_null(arena_dup(&arena, SLICE_NULL)));
    ck_assert(!slice_is_null(arena_dup(&arena, SLICE(""))));
    ck_assert(slice_equal_str(arena_printf(&arena, "%s-%d", "topic", 7), "topic-7"));
    arena_fini(&arena);
}
END_TEST

/* ---- buf ---- */

START_TEST(a_buf_grows_with_what_is_appended)
{
    struct buf buf = {0};
    ck_assert(slice_equal(buf_slice(&buf), SLICE("")));
    for (int i = 0; i < 1000; i++) {
        buf_append_str(&buf, "ab");
        buf_append_char(&buf, 'c');
    }
    ck_assert_uint_eq(buf.len, 3000);
    ck_assert_mem_eq(buf.data + 2997, "abc", 3);
    buf_append(&buf, NULL, 0);
    buf_printf(&buf, "%0500d", 1);
    ck_assert_uint_eq(buf.len, 3500);
    buf_clear(&buf, 100);
    ck_assert_uint_eq(buf.capacity, 0);
    buf_append_slice(&buf, SLICE("x"));
    buf_clear(&buf, 1000);
    ck_assert_uint_gt(buf.capacity, 0);
    ck_assert_uint_eq(buf.len, 0);
    buf_fini(&buf);
}
END_TEST

/* ---- list ---- */

struct item {
    int number;
    struct list_node node;
};

START_TEST(a_list_keeps_the_order_and_lets_the_current_node_go)
{
    struct list_node head;
    struct item items[4];
    list_init(&head);
    ck_assert(list_is_empty(&head));
    for (int i = 0; i < 4; i++) {
        items[i].number = i;
        list_append(&head, &items[i].node);
    }
    int expected = 0;
    list_for_each(node, &head) {
        ck_assert_int_eq(list_entry(node, struct item, node)->number, expected++);
        if (expected % 2 == 0)
            list_remove(node);
    }
    ck_assert_int_eq(expected, 4);
    ck_assert_ptr_eq(head.next, &items[0].node);
    ck_assert_ptr_eq(head.prev, &items[2].node);
    list_remove(&items[1].node);
    ck_assert(list_is_empty(&items[1].node));
}
END_TEST

/* ---- map ---- */

enum { KEY_COUNT = 2000 };

START_TEST(a_map_finds_what_was_put_and_not_removed)
{
    static char keys[KEY_COUNT][8];
    static int values[KEY_COUNT];
    struct map map;
    map_init(&map, 42);
    for (int i = 0; i < KEY_COUNT; i++) {
        int len = snprintf(keys[i], sizeof keys[i], "k%d", i);
        ck_assert_ptr_null(map_put(&map, slice_of(keys[i], (size_t)len), &values[i]));
    }
    for (int i = 0; i < KEY_COUNT; i += 2)
        ck_assert_ptr_eq(map_remove(&map, slice_str(keys[i])), &values[i]);
    ck_assert_uint_eq(map.count, KEY_COUNT / 2);
    for (int i = 0; i < KEY_COUNT; i++)
        ck_assert_ptr_eq(map_find(&map, slice_str(keys[i])), i % 2 ? &values[i] : NULL);
    ck_assert_ptr_eq(map_put(&map, slice_str(keys[1]), &values[0]), &values[1]);
    ck_assert_ptr_eq(map_find(&map, slice_str(keys[1])), &values[0]);
    ck_assert_ptr_null(map_remove(&map, SLICE("nobody")));
    map_fini(&map);
    ck_assert_ptr_null(map_find(&map, SLICE("k1")));
}
END_TEST

START_TEST(a_map_that_is_filled_and_emptied_for_ever_stays_small)
{
    static int value;
    char key[16];
    struct map map = {0};
    for (int i = 0; i < 100000; i++) {
        int len = snprintf(key, sizeof key, "%d", i);
        map_put(&map, slice_of(key, (size_t)len), &value);
        ck_assert_ptr_eq(map_remove(&map, slice_of(key, (size_t)len)), &value);
    }
    ck_assert_uint_le(map.capacity, 16);
    map_fini(&map);
}
END_TEST

static int compare_words(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

START_TEST(a_map_gives_its_values_in_order)
{
    static const char *const words[] = {"b", "", "abc", "c", "ab"};
    static const char *const in_order[] = {"", "ab", "abc", "b", "c"};
    struct map map = {0};
    for (size_t i = 0; i < 5; i++) {
        map_put(&map, slice_str(words[i]), (void *)(uintptr_t)words[i]);
        map_put(&map, SLICE("gone"), (void *)(uintptr_t) "gone");
    }
    map_remove(&map, SLICE("gone"));
    const char **sorted = map_sorted(&map, compare_words);
    for (size_t i = 0; i < 5; i++)
        ck_assert_str_eq(sorted[i], in_order[i]);
    free(sorted);
    map_fini(&map);
    sorted = map_sorted(&(struct map){0}, compare_words);
    ck_assert_ptr_nonnull(sorted);
    free(sorted);
}
END_TEST

START_TEST(a_map_shows_every_entry_once_while_they_are_removed)
{
    static const char *const keys[] = {"a", "b", "", "dd", "long enough for several words"};
    static int values[5];
    struct map map = {0};
    size_t cursor = 0, seen = 0;
    for (size_t i = 0; i < 5; i++)
        map_put(&map, slice_str(keys[i]), &values[i]);
    for (struct map_entry *entry; (entry = map_next(&map, &cursor)) != NULL; seen++)
        map_remove(&map, entry->key);
    ck_assert_uint_eq(seen, 5);
    ck_assert_uint_eq(map.count, 0);
    map_fini(&map);
}
END_TEST

/* ---- uuid ---- */

START_TEST(an_id_has_22_characters_and_reads_back)
{
    char text[UUID_TEXT_LEN + 1];
    struct uuid id, again;
    for (size_t i = 0; i < sizeof id.bytes; i++)
        id.bytes[i] = (uint8_t)(0xfb - i * 17);
    uuid_format(id, text);
    ck_assert_uint_eq(strlen(text), UUID_TEXT_LEN);
    ck_assert(uuid_parse(slice_str(text), &again));
    ck_assert(uuid_equal(id, again));
    uuid_format(UUID_ZERO, text);
    ck_assert_str_eq(text, "AAAAAAAAAAAAAAAAAAAAAA");
    uuid_format(UUID_ONE, text);
    ck_assert_str_eq(text, "AAAAAAAAAAAAAAAAAAAAAQ");
}
END_TEST

START_TEST(both_alphabets_and_padding_are_read_and_nothing_else)
{
    struct uuid a, b;
    ck_assert(uuid_parse(SLICE("-_AAAAAAAAAAAAAAAAAAAA"), &a));
    ck_assert(uuid_parse(SLICE("+/AAAAAAAAAAAAAAAAAAAA=="), &b));
    ck_assert(uuid_equal(a, b));
    ck_assert_uint_eq(a.bytes[0], 0xfb);
    ck_assert(!uuid_parse(SLICE("AAAAAAAAAAAAAAAAAAAAA"), &a));
    ck_assert(!uuid_parse(SLICE("AAAAAAAAAAAAAAAAAAAAA!"), &a));
    ck_assert(!uuid_parse(SLICE_NULL, &a));
}
END_TEST

START_TEST(random_bytes_become_a_version_4_id)
{
    uint8_t random[16];
    struct uuid id;
    memset(random, 0xf8, sizeof random);
    ck_assert(!uuid_from_random(random, &id)); /* its text begins with '-' */
    memset(random, 0x11, sizeof random);
    ck_assert(uuid_from_random(random, &id));
    ck_assert_uint_eq(id.bytes[6], 0x41);
    ck_assert_uint_eq(id.bytes[8], 0x91);
}
END_TEST

/* ---- varint ---- */

START_TEST(varints_of_every_length_read_back)
{
    for (int shift = 0; shift < 64; shift++) {
        for (int64_t near = -1; near <= 1; near++) {
            int64_t value = (int64_t)((1ULL << shift) + (uint64_t)near), read = 0;
            uint8_t bytes[VARLONG_MAX];
            size_t len = varlong_write(bytes, value);
            ck_assert_uint_eq(len, varlong_size(value));
            ck_assert_uint_eq(varlong_read(bytes, len, &read), len);
            ck_assert_int_eq(read, value);
            ck_assert_uint_eq(varlong_read(bytes, len - 1, &read), 0);
        }
    }
}
END_TEST

START_TEST(varints_that_do_not_fit_are_refused)
{
    uint32_t u32;
    uint64_t u64;
    int32_t i32;
    ck_assert_uint_eq(uvarint_read((const uint8_t *)"\xff\xff\xff\xff\x0f", 5, &u32), 5);
    ck_assert_uint_eq(u32, UINT32_MAX);
    ck_assert_uint_eq(uvarint_read((const uint8_t *)"\xff\xff\xff\xff\x10", 5, &u32), 0);
    ck_assert_uint_eq(uvarint_read((const uint8_t *)"\x80\x80\x80\x80\x80\x00", 6, &u32), 0);
    ck_assert_uint_eq(uvarlong_read((const uint8_t *)"\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02", 10, &u64),
                      0);
    ck_assert_uint_eq(varint_read((const uint8_t *)"\x01", 1, &i32), 1);
    ck_assert_int_eq(i32, -1);
}
END_TEST

/* ---- crc32c ---- */

/* The definition, a bit at a time. */
static uint32_t slow_crc(const uint8_t *bytes, size_t len)
{
    uint32_t crc = UINT32_MAX;
    for (size_t i = 0; i < len; i++) {
        crc ^= bytes[i];
        for (int bit = 0; bit < 8; bit++)
            crc = crc & 1 ? crc >> 1 ^ 0x82f63b78U : crc >> 1;
    }
    return ~crc;
}

START_TEST(the_checksum_is_that_of_the_published_vectors)
{
    uint8_t bytes[32]; /* RFC 3720, B.4 */
    ck_assert_uint_eq(crc32c("123456789", 9), 0xe3069283U);
    ck_assert_uint_eq(crc32c("", 0), 0);
    memset(bytes, 0, sizeof bytes);
    ck_assert_uint_eq(crc32c(bytes, sizeof bytes), 0x8a9136aaU);
    memset(bytes, 0xff, sizeof bytes);
    ck_assert_uint_eq(crc32c(bytes, sizeof bytes), 0x62a8ab43U);
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (uint8_t)i;
    ck_assert_uint_eq(crc32c(bytes, sizeof bytes), 0x46dd794eU);
    ck_assert_uint_eq(crc32c_portable(0, bytes, sizeof bytes), 0x46dd794eU);
}
END_TEST

/* Around every length at which the way of computing changes. */
START_TEST(fast_and_portable_checksums_agree_at_every_length_and_alignment)
{
    enum { SIZE = 60000 };
    static uint8_t bytes[SIZE + 16];
    uint32_t state = 1;
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (uint8_t)((state = state * 1664525U + 1013904223U) >> 24);
    for (size_t len = 0; len <= SIZE; len += len < 3200 ? 1 : 509) {
        const uint8_t *from = bytes + len % 16;
        ck_assert_uint_eq(crc32c(from, len), crc32c_portable(0, from, len));
        if (len < 300)
            ck_assert_uint_eq(crc32c(from, len), slow_crc(from, len));
    }
    ck_assert_uint_eq(crc32c(bytes, SIZE), slow_crc(bytes, SIZE));
}
END_TEST

START_TEST(a_checksum_can_be_taken_in_pieces)
{
    uint8_t bytes[5000];
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (uint8_t)(i * 7);
    uint32_t whole = crc32c(bytes, sizeof bytes);
    for (size_t cut = 0; cut <= sizeof bytes; cut += 333) {
        ck_assert_uint_eq(crc32c_update(crc32c(bytes, cut), bytes + cut, sizeof bytes - cut), whole);
        ck_assert_uint_eq(crc32c_portable(crc32c(bytes, cut), bytes + cut, sizeof bytes - cut), whole);
    }
    ck_assert_uint_gt(strlen(crc32c_kind()), 0);
}
END_TEST

/* ---- note ---- */

START_TEST(a_note_keeps_its_first_word_and_takes_prefixes)
{
    struct note why = {""};
    note_set(&why, "%d bytes", 7);
    note_set(&why, "something else");
    note_prefix(&why, "topic %s", "t");
    ck_assert_str_eq(why.text, "topic t: 7 bytes");
    note_set(NULL, "nobody hears it");
    note_prefix(NULL, "nobody hears it");
}
END_TEST

START_TEST(a_note_that_is_too_long_is_cut)
{
    struct note why = {""};
    note_set(&why, "%02000d", 1);
    ck_assert_uint_eq(strlen(why.text), NOTE_SIZE - 1);
    note_prefix(&why, "p");
    ck_assert_uint_lt(strlen(why.text), NOTE_SIZE);
    ck_assert(slice_starts_with(slice_str(why.text), SLICE("p: 000")));
}
END_TEST

START_TEST(integers_are_stored_in_network_order_at_any_alignment)
{
    uint8_t bytes[12] = {0};
    store_i32(bytes + 1, -2);
    store_u16(bytes + 5, 0x1234);
    ck_assert_mem_eq(bytes, "\0\xff\xff\xff\xfe\x12\x34\0", 8);
    ck_assert_int_eq(load_i32(bytes + 1), -2);
    store_i64(bytes + 3, INT64_MIN + 5);
    ck_assert_int_eq(load_i64(bytes + 3), INT64_MIN + 5);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("base");
    TCase *tcase = tcase_create("all");
    tcase_set_timeout(tcase, 250);
    tcase_add_test(tcase, null_and_empty_slices_differ);
    tcase_add_test(tcase, slices_are_ordered_by_bytes_and_then_by_length);
    tcase_add_test(tcase, an_arena_gives_zeroed_aligned_memory_that_does_not_overlap);
    tcase_add_test(tcase, an_arena_refuses_what_its_cap_does_not_hold);
    tcase_add_test(tcase, an_arena_copies_and_prints);
    tcase_add_test(tcase, a_buf_grows_with_what_is_appended);
    tcase_add_test(tcase, a_list_keeps_the_order_and_lets_the_current_node_go);
    tcase_add_test(tcase, a_map_finds_what_was_put_and_not_removed);
    tcase_add_test(tcase, a_map_that_is_filled_and_emptied_for_ever_stays_small);
    tcase_add_test(tcase, a_map_shows_every_entry_once_while_they_are_removed);
    tcase_add_test(tcase, a_map_gives_its_values_in_order);
    tcase_add_test(tcase, an_id_has_22_characters_and_reads_back);
    tcase_add_test(tcase, both_alphabets_and_padding_are_read_and_nothing_else);
    tcase_add_test(tcase, random_bytes_become_a_version_4_id);
    tcase_add_test(tcase, varints_of_every_length_read_back);
    tcase_add_test(tcase, varints_that_do_not_fit_are_refused);
    tcase_add_test(tcase, the_checksum_is_that_of_the_published_vectors);
    tcase_add_test(tcase, fast_and_portable_checksums_agree_at_every_length_and_alignment);
    tcase_add_test(tcase, a_checksum_can_be_taken_in_pieces);
    tcase_add_test(tcase, a_note_keeps_its_first_word_and_takes_prefixes);
    tcase_add_test(tcase, a_note_that_is_too_long_is_cut);
    tcase_add_test(tcase, integers_are_stored_in_network_order_at_any_alignment);
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
