/* index: entries in memory and in the file, searched and cut. */
#include "storage/index.h"
#include "test/unit/storage/storage_test.h"

#include <errno.h>

enum { ENTRIES = 2000 };

static struct file_system *fs;
static const char *path;

static void set_up(void)
{
    make_test_directory();
    fs = file_system_os();
    path = test_path("index");
}

static void tear_down(void)
{
    remove_test_directory();
}

/* Keys 10, 20, ..; values 1, 2, .. */
static void fill(struct index *index, enum index_kind kind, int count)
{
    index_init(index, kind);
    for (int i = 1; i <= count; i++) {
        if (index_tail_is_full(index))
            ck_assert_int_eq(index_write(index, fs, path), 0);
        index_add(index, i * 10, i);
    }
}

static int find(const struct index *index, int64_t key, struct index_entry *found)
{
    if (index_find_in_tail(index, key, found))
        return 1;
    return index_find_in_file(fs, path, index->kind, index->in_file, key, found, NULL);
}

START_TEST(the_last_entry_not_above_a_key_is_found_in_memory_and_in_the_file)
{
    struct index index;
    struct index_entry found;
    fill(&index, _i == 0 ? OFFSET_INDEX : TIME_INDEX, ENTRIES);
    ck_assert_int_gt(index.in_file, 0);
    ck_assert_int_gt(index.count, index.in_file);
    ck_assert_int_eq(find(&index, 9, &found), 0);
    for (int64_t key = 10; key <= ENTRIES * 10 + 15; key += 3) {
        int64_t wanted = key / 10 > ENTRIES ? ENTRIES : key / 10;
        ck_assert_int_eq(find(&index, key, &found), 1);
        ck_assert_int_eq(found.key, wanted * 10);
        ck_assert_int_eq(found.value, wanted);
    }
    index_fini(&index);
}
END_TEST

START_TEST(a_page_answers_what_follows_and_nothing_it_does_not_know)
{
    struct index index;
    struct index_entry found;
    struct index_page page = {.segment = 5};
    fill(&index, OFFSET_INDEX, ENTRIES);
    ck_assert_int_eq(index_finish(&index, fs, path, false), 0);
    ck_assert_int_eq(index_find_in_file(fs, path, OFFSET_INDEX, ENTRIES, 5000, &found, &page), 1);
    ck_assert(index_find_in_page(&page, 5, OFFSET_INDEX, 5017, &found));
    ck_assert_int_eq(found.key, 5010);
    ck_assert(!index_find_in_page(&page, 6, OFFSET_INDEX, 5017, &found));
    ck_assert(!index_find_in_page(&page, 5, OFFSET_INDEX, 100, &found));
    ck_assert(!index_find_in_page(&page, 5, OFFSET_INDEX, 19990, &found));
    ck_assert_int_eq(index_find_in_file(fs, path, OFFSET_INDEX, ENTRIES, 19990, &found, &page), 1);
    ck_assert(index_find_in_page(&page, 5, OFFSET_INDEX, 1000000, &found));
    ck_assert_int_eq(found.key, ENTRIES * 10);
    index_fini(&index);
}
END_TEST

START_TEST(a_finished_index_is_exactly_its_entries_and_loads_again)
{
    struct index index;
    struct file_status status;
    fill(&index, OFFSET_INDEX, 700);
    ck_assert_int_eq(index_finish(&index, fs, path, true), 0);
    ck_assert_int_eq(file_path_status(fs, path, &status), 0);
    ck_assert_int_eq(status.size, 700 * 8);
    index_fini(&index);
    index_init(&index, OFFSET_INDEX);
    ck_assert_int_eq(index_load(&index, fs, path), 0);
    ck_assert_int_eq(index.count, 700);
    ck_assert_int_eq(index.last.key, 7000);
    ck_assert_int_eq(index.last.value, 700);
    index_fini(&index);
}
END_TEST

START_TEST(the_zeros_of_a_preallocated_index_are_not_taken_for_entries)
{
    struct index index;
    fill(&index, _i == 0 ? OFFSET_INDEX : TIME_INDEX, 10);
    ck_assert_int_eq(index_finish(&index, fs, path, false), 0);
    int file = file_open(fs, path, FILE_WRITE);
    ck_assert_int_eq(file_truncate(fs, file, 4092), 0);
    file_close(fs, file);
    ck_assert_int_eq(index_load(&index, fs, path), -EBADMSG);
    remove(path);
    ck_assert_int_eq(index_load(&index, fs, path), -ENOENT);
    index_fini(&index);
}
END_TEST

START_TEST(truncation_drops_the_entries_at_and_beyond_an_offset)
{
    static const int64_t cuts[] = {20000, 19995, 12345, 10000, 15, 10, 0};
    for (size_t i = 0; i < sizeof cuts / sizeof cuts[0]; i++) {
        struct index index;
        remove(path);
        fill(&index, OFFSET_INDEX, ENTRIES);
        ck_assert_int_eq(index_truncate(&index, fs, path, cuts[i]), 0);
        int64_t kept = (cuts[i] + 9) / 10 - 1;
        kept = kept < 0 ? 0 : kept;
        ck_assert_int_eq(index.count, kept);
        ck_assert_int_eq(index.last.key, kept * 10);
        struct index_entry found;
        ck_assert_int_eq(find(&index, 1000000, &found), kept > 0);
        index_add(&index, kept * 10 + 5, 7);
        ck_assert_int_eq(index_finish(&index, fs, path, false), 0);
        struct file_status status;
        ck_assert_int_eq(file_path_status(fs, path, &status), 0);
        ck_assert_int_eq(status.size, (kept + 1) * 8);
        index_fini(&index);
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("index");
    TCase *tests = tcase_create("index");
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_loop_test(tests, the_last_entry_not_above_a_key_is_found_in_memory_and_in_the_file, 0, 2);
    tcase_add_test(tests, a_page_answers_what_follows_and_nothing_it_does_not_know);
    tcase_add_test(tests, a_finished_index_is_exactly_its_entries_and_loads_again);
    tcase_add_loop_test(tests, the_zeros_of_a_preallocated_index_are_not_taken_for_entries, 0, 2);
    tcase_add_test(tests, truncation_drops_the_entries_at_and_beyond_an_offset);
    suite_add_tcase(suite, tests);
    return run_suite(suite);
}
