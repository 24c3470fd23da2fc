/* offset_map: the keys of one cleaning. */
#include "storage/offset_map.h"
#include "test/unit/storage/storage_test.h"

static const uint64_t secret[2] = {0x0706050403020100U, 0x0f0e0d0c0b0a0908U};

static struct slice key_of(int number)
{
    static char text[32];
    return slice_of(text, (size_t)snprintf(text, sizeof text, "key %d", number));
}

static bool put(struct offset_map *map, struct slice key, int64_t offset)
{
    struct offset_map_probe probe = offset_map_probe(map, key);
    return offset_map_put(map, &probe, offset);
}

static int64_t get(const struct offset_map *map, struct slice key)
{
    struct offset_map_probe probe = offset_map_probe(map, key);
    return offset_map_get(map, &probe);
}

static void check_hash(struct slice key, uint64_t low, uint64_t high)
{
    struct offset_map map;
    ck_assert_int_eq(offset_map_init(&map, 1, 1 << 20, 0.9, secret), 0);
    ck_assert(put(&map, key, 5));
    bool found = false;
    for (size_t i = 0; i < map.slots; i++)
        found |= map.entries[i].hash[0] == low && map.entries[i].hash[1] == high;
    ck_assert(found);
    offset_map_fini(&map);
}

START_TEST(keys_are_hashed_as_the_authors_of_siphash_do)
{
    check_hash(SLICE(""), 0xe6a825ba047f81a3U, 0x930255c71472f66dU);
    check_hash(slice_of("\0", 1), 0x44af996bd8c187daU, 0x45fc229b11597634U);
}
END_TEST

START_TEST(the_last_offset_of_each_key_is_found)
{
    struct offset_map map;
    ck_assert_int_eq(offset_map_init(&map, 1000, 1 << 20, 0.9, secret), 0);
    ck_assert_int_eq(get(&map, SLICE("key 1")), -1);
    for (int i = 0; i < 3000; i++)
        ck_assert(put(&map, key_of(i % 1000), i));
    for (int i = 0; i < 1000; i++)
        ck_assert_int_eq(get(&map, key_of(i)), i + 2000);
    ck_assert_int_eq(get(&map, key_of(1000)), -1);
    ck_assert_uint_eq(map.count, 1000);
    offset_map_fini(&map);
}
END_TEST

START_TEST(a_full_map_takes_no_new_key_but_new_offsets)
{
    struct offset_map map;
    ck_assert_int_eq(offset_map_init(&map, 1000000, 240, 0.5, secret), 0);
    ck_assert_uint_eq(map.most, 5);
    for (int i = 0; i < 5; i++)
        ck_assert(put(&map, key_of(i), i));
    ck_assert(!put(&map, key_of(5), 5));
    ck_assert(put(&map, key_of(4), 6));
    ck_assert_int_eq(get(&map, key_of(4)), 6);
    ck_assert_int_eq(get(&map, key_of(5)), -1);
    offset_map_fini(&map);
}
END_TEST

START_TEST(memory_follows_the_keys_and_ends_at_the_buffer)
{
    struct offset_map map;
    ck_assert_int_eq(offset_map_init(&map, 100, INT64_C(1) << 40, 0.9, secret), 0);
    ck_assert_uint_le(map.slots, 130);
    ck_assert_uint_eq(map.most, 100);
    offset_map_fini(&map);
    for (int buffer = 0; buffer < 500; buffer++) {
        for (int load = 0; load <= 12; load++) {
            ck_assert_int_eq(offset_map_init(&map, 1000, buffer, load / 10.0, secret), 0);
            ck_assert_int_le((int64_t)map.slots * OFFSET_MAP_ENTRY_BYTES, buffer);
            ck_assert(map.most < map.slots || map.most == 0);
            for (size_t i = 0; i < map.most; i++)
                ck_assert(put(&map, key_of((int)i), 1));
            ck_assert(!put(&map, key_of(1000), 1));
            ck_assert_int_eq(get(&map, key_of(1000)), -1);
            offset_map_fini(&map);
        }
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("offset_map");
    TCase *tcase = tcase_create("all");
    tcase_add_test(tcase, keys_are_hashed_as_the_authors_of_siphash_do);
    tcase_add_test(tcase, the_last_offset_of_each_key_is_found);
    tcase_add_test(tcase, a_full_map_takes_no_new_key_but_new_offsets);
    tcase_add_test(tcase, memory_follows_the_keys_and_ends_at_the_buffer);
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
