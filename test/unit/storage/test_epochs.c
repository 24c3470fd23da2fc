/* epochs and checkpoint: the leader-epoch cache and the text files of a log directory. */
#include "storage/checkpoint.h"
#include "storage/epochs.h"
#include "test/unit/storage/storage_test.h"

#include <errno.h>

static struct epochs epochs;

static void set_up(void)
{
    make_test_directory();
    epochs_init(&epochs);
}

static void tear_down(void)
{
    epochs_fini(&epochs);
    remove_test_directory();
}

static void check_end_of(int32_t asked, int32_t epoch, int64_t end)
{
    int32_t found_epoch;
    int64_t found_end;
    epochs_end_of(&epochs, asked, 100, &found_epoch, &found_end);
    ck_assert_int_eq(found_epoch, epoch);
    ck_assert_int_eq(found_end, end);
}

START_TEST(the_end_of_an_epoch_is_the_start_of_the_next)
{
    check_end_of(0, -1, -1);
    epochs_assign(&epochs, 2, 10);
    epochs_assign(&epochs, 4, 20);
    epochs_assign(&epochs, 7, 50);
    check_end_of(7, 7, 100);
    check_end_of(8, -1, -1);
    check_end_of(-1, -1, -1);
    check_end_of(6, 4, 50);
    check_end_of(4, 4, 50);
    check_end_of(3, 2, 20);
    check_end_of(2, 2, 20);
    check_end_of(1, 1, 10);
    ck_assert_int_eq(epochs_of_offset(&epochs, 9), -1);
    ck_assert_int_eq(epochs_of_offset(&epochs, 10), 2);
    ck_assert_int_eq(epochs_of_offset(&epochs, 49), 4);
    ck_assert_int_eq(epochs_of_offset(&epochs, 99), 7);
}
END_TEST

START_TEST(a_new_epoch_drops_what_it_contradicts)
{
    epochs_assign(&epochs, 1, 10);
    epochs_assign(&epochs, 2, 20);
    epochs_assign(&epochs, 3, 30);
    epochs_assign(&epochs, 4, 20);
    ck_assert_int_eq(epochs.count, 2);
    ck_assert_int_eq(epochs.entries[0].epoch, 1);
    ck_assert_int_eq(epochs.entries[1].epoch, 4);
    epochs.changed = false;
    epochs_assign(&epochs, 4, 25);
    ck_assert(!epochs.changed);
    ck_assert_int_eq(epochs.count, 2);
    epochs_assign(&epochs, 3, 40);
    ck_assert_int_eq(epochs_latest(&epochs), 3);
}
END_TEST

START_TEST(both_ends_can_be_cut_off)
{
    for (int32_t i = 0; i < 5; i++)
        epochs_assign(&epochs, i, i * 10);
    epochs_truncate_end(&epochs, 40);
    ck_assert_int_eq(epochs_latest(&epochs), 3);
    epochs_truncate_start(&epochs, 25);
    ck_assert_int_eq(epochs.count, 2);
    ck_assert_int_eq(epochs.entries[0].epoch, 2);
    ck_assert_int_eq(epochs.entries[0].start_offset, 25);
    epochs_truncate_start(&epochs, 0);
    ck_assert_int_eq(epochs.entries[0].start_offset, 25);
}
END_TEST

START_TEST(the_first_file_of_a_new_directory_is_written_in_place_and_the_next_one_replaces_it)
{
    char *text;
    epochs.is_new = true;
    epochs_assign(&epochs, 0, 0);
    ck_assert_int_eq(file_mkdir(file_system_os(), test_path("leader-epoch-checkpoint.tmp")), 0);
    ck_assert_int_eq(epochs_store(&epochs, file_system_os(), test_directory), 0);
    ck_assert(!epochs.is_new && !epochs.changed);
    ck_assert_int_gt(file_read_all(file_system_os(), test_path("leader-epoch-checkpoint"), 100, &text), 0);
    ck_assert_str_eq(text, "0\n1\n0 0\n");
    free(text);
    epochs_assign(&epochs, 1, 9);
    ck_assert_int_eq(epochs_store(&epochs, file_system_os(), test_directory), -EISDIR);
    ck_assert(epochs.changed);
}
END_TEST

START_TEST(a_leader_s_entry_is_in_the_file_once_it_has_a_record)
{
    char *text;
    epochs_assign(&epochs, 0, 0);
    ck_assert_int_eq(epochs_store(&epochs, file_system_os(), test_directory), 0);
    epochs_lead(&epochs, 2, 5);
    ck_assert_int_eq(epochs_latest(&epochs), 2);
    ck_assert(!epochs.changed);
    epochs_lead(&epochs, 4, 5);
    epochs_lead(&epochs, 4, 5);
    epochs_lead(&epochs, 3, 5);
    ck_assert(!epochs.changed);
    ck_assert_int_eq(epochs.count, 2);
    epochs_assign(&epochs, 4, 5);
    ck_assert(epochs.changed);
    ck_assert_int_eq(epochs_store(&epochs, file_system_os(), test_directory), 0);
    ck_assert_int_gt(file_read_all(file_system_os(), test_path("leader-epoch-checkpoint"), 100, &text), 0);
    ck_assert_str_eq(text, "0\n2\n0 0\n4 5\n");
    free(text);
    epochs_assign(&epochs, 4, 6);
    ck_assert(!epochs.changed);
}
END_TEST

START_TEST(what_else_has_changed_is_stored_with_a_leader_s_entry)
{
    epochs_assign(&epochs, 0, 0);
    epochs_lead(&epochs, 2, 5);
    ck_assert(epochs.changed);
    ck_assert_int_eq(epochs_store(&epochs, file_system_os(), test_directory), 0);
    epochs_assign(&epochs, 2, 5);
    ck_assert(!epochs.changed);
}
END_TEST

START_TEST(the_file_is_kafkas_and_is_read_back)
{
    struct note why = {""};
    char *text;
    epochs_assign(&epochs, 0, 0);
    epochs_assign(&epochs, 3, 17);
    ck_assert_int_eq(epochs_store(&epochs, file_system_os(), test_directory), 0);
    ck_assert_int_gt(file_read_all(file_system_os(), test_path("leader-epoch-checkpoint"), 100, &text), 0);
    ck_assert_str_eq(text, "0\n2\n0 0\n3 17\n");
    free(text);
    struct epochs again;
    epochs_init(&again);
    ck_assert_int_eq(epochs_load(&again, file_system_os(), test_directory, &why), 0);
    ck_assert_int_eq(again.count, 2);
    ck_assert_int_eq(again.entries[1].start_offset, 17);
    ck_assert(!again.changed);
    epochs_fini(&again);
}
END_TEST

static int load_text(const char *text)
{
    struct note why = {""};
    int file = file_open(file_system_os(), test_path("leader-epoch-checkpoint"), FILE_CREATE | FILE_TRUNCATE);
    ck_assert_int_eq(file_write(file_system_os(), file, text, strlen(text), 0), 0);
    file_close(file_system_os(), file);
    int result = epochs_load(&epochs, file_system_os(), test_directory, &why);
    ck_assert_int_eq(result < 0, why.text[0] != '\0');
    return result;
}

START_TEST(empty_files_are_empty_and_broken_ones_are_refused)
{
    struct note why = {""};
    ck_assert_int_eq(epochs_load(&epochs, file_system_os(), test_directory, &why), 0);
    ck_assert_int_eq(load_text(""), 0);
    ck_assert_int_eq(load_text("0\n"), 0);
    ck_assert_int_eq(load_text("0\n0\n"), 0);
    ck_assert_int_eq(load_text("0\n1\n  3 \t 7  \n"), 0);
    ck_assert_int_eq(epochs.entries[0].start_offset, 7);
    static const char *const broken[] = {"1\n0\n",
                                         "x\n",
                                         "0\nx\n",
                                         "0\n2\n1 2\n",
                                         "0\n1\n1 2\n3 4\n",
                                         "0\n1\n1\n",
                                         "0\n1\n1 2 3\n",
                                         "0\n1\n1 x\n",
                                         "0\n1\n-1 2\n",
                                         "0\n-1\n",
                                         "0\n1\n1 99999999999999999999\n"};
    for (size_t i = 0; i < sizeof broken / sizeof broken[0]; i++)
        ck_assert_msg(load_text(broken[i]) == -EBADMSG, "%s", broken[i]);
}
END_TEST

START_TEST(a_replaced_file_leaves_no_temporary_one)
{
    ck_assert_int_eq(
        checkpoint_replace(file_system_os(), test_directory, "file", SLICE("0\n1\ntopic 3 12\n"), true), 0);
    ck_assert_int_eq(
        checkpoint_replace(file_system_os(), test_directory, "file", SLICE("0\n1\nother-topic 4 13\n"), true),
        0);
    ck_assert(!file_exists(file_system_os(), test_path("file.tmp")));
    struct checkpoint checkpoint;
    struct note why = {""};
    struct slice topic;
    int32_t partition;
    int64_t offset;
    ck_assert_int_eq(checkpoint_open(&checkpoint, file_system_os(), test_path("file"), &why), 0);
    ck_assert_int_eq(checkpoint_next_offset(&checkpoint, &topic, &partition, &offset, &why), 1);
    ck_assert(slice_equal_str(topic, "other-topic"));
    ck_assert_int_eq(partition, 4);
    ck_assert_int_eq(offset, 13);
    ck_assert_int_eq(checkpoint_next_offset(&checkpoint, &topic, &partition, &offset, &why), 0);
    checkpoint_close(&checkpoint);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("epochs");
    TCase *tests = tcase_create("epochs");
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, the_end_of_an_epoch_is_the_start_of_the_next);
    tcase_add_test(tests, a_new_epoch_drops_what_it_contradicts);
    tcase_add_test(tests, both_ends_can_be_cut_off);
    tcase_add_test(tests, the_first_file_of_a_new_directory_is_written_in_place_and_the_next_one_replaces_it);
    tcase_add_test(tests, a_leader_s_entry_is_in_the_file_once_it_has_a_record);
    tcase_add_test(tests, what_else_has_changed_is_stored_with_a_leader_s_entry);
    tcase_add_test(tests, the_file_is_kafkas_and_is_read_back);
    tcase_add_test(tests, empty_files_are_empty_and_broken_ones_are_refused);
    tcase_add_test(tests, a_replaced_file_leaves_no_temporary_one);
    suite_add_tcase(suite, tests);
    return run_suite(suite);
}
