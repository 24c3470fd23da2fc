/* producers: sequences, epochs, transactions, snapshots, and taking changes back. */
#include "storage/producers.h"
#include "test/unit/storage/storage_test.h"

#include <errno.h>

static struct producers producers;

static void set_up(void)
{
    make_test_directory();
    producers_init(&producers);
}

static void tear_down(void)
{
    producers_fini(&producers);
    remove_test_directory();
}

static struct batch_header batch(int64_t id, int16_t epoch, int32_t sequence, int32_t records, int64_t offset)
{
    return (struct batch_header){
        .producer_id = id,
        .producer_epoch = epoch,
        .base_sequence = sequence,
        .last_offset_delta = records - 1,
        .base_offset = offset,
        .max_timestamp = offset < 0 ? 0 : offset * 10,
    };
}

static enum kerr check(const struct batch_header *header)
{
    const struct producer_batch *duplicate;
    enum kerr error = producers_check(&producers, header, NULL, true, &duplicate);
    return error == KERR_NONE && duplicate != NULL ? KERR_DUPLICATE_SEQUENCE_NUMBER : error;
}

static enum kerr check_next(int64_t id, int16_t epoch, int32_t sequence)
{
    struct batch_header header = batch(id, epoch, sequence, 1, 1000);
    return check(&header);
}

static void update(int64_t id, int16_t epoch, int32_t sequence, int32_t records, int64_t offset)
{
    struct batch_header header = batch(id, epoch, sequence, records, offset);
    producers_update(&producers, &header, 5000);
}

START_TEST(an_unknown_producer_may_begin_anywhere_and_then_goes_on_in_order)
{
    ck_assert_int_eq(check_next(1, 0, 17), KERR_NONE);
    update(1, 0, 17, 3, 0);
    ck_assert_int_eq(check_next(1, 0, 20), KERR_NONE);
    ck_assert_int_eq(check_next(1, 0, 21), KERR_OUT_OF_ORDER_SEQUENCE_NUMBER);
    ck_assert_int_eq(check_next(1, 0, 19), KERR_OUT_OF_ORDER_SEQUENCE_NUMBER);
    ck_assert_int_eq(check_next(2, 0, 3), KERR_NONE);
    ck_assert_int_eq(check_next(-1, -1, -1), KERR_NONE);
}
END_TEST

START_TEST(after_the_highest_sequence_comes_zero)
{
    update(1, 0, INT32_MAX - 1, 2, 0);
    ck_assert_int_eq(check_next(1, 0, 0), KERR_NONE);
    ck_assert_int_eq(check_next(1, 0, 1), KERR_OUT_OF_ORDER_SEQUENCE_NUMBER);
    update(1, 0, 0, 1, 2);
    struct batch_header across = batch(1, 0, INT32_MAX, 3, 3);
    update(1, 1, 0, 1, 3);
    update(2, 0, INT32_MAX, 3, 4);
    across.producer_id = 2;
    ck_assert_int_eq(check(&across), KERR_DUPLICATE_SEQUENCE_NUMBER);
    ck_assert_int_eq(check_next(2, 0, 2), KERR_NONE);
}
END_TEST

START_TEST(epochs_only_grow_and_a_new_one_begins_at_zero)
{
    update(1, 3, 0, 5, 0);
    ck_assert_int_eq(check_next(1, 2, 5), KERR_INVALID_PRODUCER_EPOCH);
    ck_assert_int_eq(check_next(1, 4, 5), KERR_OUT_OF_ORDER_SEQUENCE_NUMBER);
    ck_assert_int_eq(check_next(1, 4, 0), KERR_NONE);
    update(1, 4, 0, 1, 5);
    struct batch_header old = batch(1, 3, 0, 5, 0);
    ck_assert_int_eq(check(&old), KERR_INVALID_PRODUCER_EPOCH);
}
END_TEST

START_TEST(five_batches_are_known_again_and_the_sixth_oldest_is_not)
{
    for (int i = 0; i < 7; i++)
        update(1, 0, i * 2, 2, i * 2);
    for (int i = 0; i < 7; i++) {
        struct batch_header again = batch(1, 0, i * 2, 2, 500);
        ck_assert_int_eq(check(&again),
                         i < 2 ? KERR_OUT_OF_ORDER_SEQUENCE_NUMBER : KERR_DUPLICATE_SEQUENCE_NUMBER);
    }
    struct batch_header other_end = batch(1, 0, 12, 1, 500);
    ck_assert_int_eq(check(&other_end), KERR_OUT_OF_ORDER_SEQUENCE_NUMBER);
}
END_TEST

START_TEST(coordinators_write_the_same_sequence_again_and_again)
{
    const struct producer_batch *duplicate;
    update(1, 0, 0, 1, 0);
    struct batch_header again = batch(1, 0, 0, 1, 1);
    ck_assert_int_eq(producers_check(&producers, &again, NULL, false, &duplicate), KERR_NONE);
    ck_assert_ptr_null(duplicate);
}
END_TEST

static void update_transactional(int64_t id, int32_t sequence, int64_t offset)
{
    struct batch_header header = batch(id, 0, sequence, 1, offset);
    header.attributes = BATCH_TRANSACTIONAL;
    producers_update(&producers, &header, 5000);
}

static bool end(int64_t id, int16_t epoch, int64_t offset, bool aborted, struct ended_transaction *ended)
{
    struct batch_header header = batch(id, epoch, -1, 1, offset);
    header.attributes = BATCH_TRANSACTIONAL | BATCH_CONTROL;
    const struct marker marker = {.is_marker = true, .aborted = aborted, .coordinator_epoch = 3};
    return producers_end_transaction(&producers, &header, &marker, 5000, ended);
}

/* No log has one, but a file may say so. Opened twice, a transaction would close the list to a circle. */
START_TEST(a_batch_below_offset_zero_opens_no_transaction)
{
    update_transactional(1, 0, -5);
    update_transactional(1, 1, -4);
    update_transactional(2, 0, INT64_MIN);
    ck_assert_uint_eq(producers_count(&producers), 0);
    ck_assert_int_eq(producers_first_unstable(&producers, 100), INT64_MAX);
    update_transactional(1, 0, 3);
    ck_assert_int_eq(producers_first_unstable(&producers, 100), 3);
}
END_TEST

START_TEST(the_oldest_undecided_transaction_is_the_first_unstable_offset)
{
    struct ended_transaction ended;
    ck_assert_int_eq(producers_first_unstable(&producers, 100), INT64_MAX);
    update_transactional(1, 0, 10);
    update_transactional(2, 0, 12);
    update_transactional(1, 1, 14);
    ck_assert_int_eq(producers_first_unstable(&producers, 100), 10);
    ck_assert(end(1, 0, 20, true, &ended));
    ck_assert_int_eq(ended.first_offset, 10);
    ck_assert_int_eq(ended.last_offset, 20);
    ck_assert_int_eq(ended.last_stable_offset, 12);
    ck_assert_int_eq(producers_first_unstable(&producers, 20), 10);
    ck_assert_int_eq(producers_first_unstable(&producers, 21), 12);
    ck_assert(end(2, 0, 21, false, &ended));
    ck_assert_int_eq(ended.last_stable_offset, 22);
    ck_assert(!end(2, 0, 22, false, &ended));
    ck_assert_int_eq(producers_first_unstable(&producers, 22), INT64_MAX);
}
END_TEST

START_TEST(an_open_transaction_takes_no_plain_batch_and_an_old_coordinator_no_marker)
{
    update_transactional(1, 0, 10);
    ck_assert_int_eq(check_next(1, 0, 1), KERR_INVALID_TXN_STATE);
    struct ended_transaction ended;
    end(1, 1, 11, false, &ended);
    ck_assert_int_eq(check_next(1, 1, 5), KERR_OUT_OF_ORDER_SEQUENCE_NUMBER);
    ck_assert_int_eq(check_next(1, 1, 0), KERR_NONE);
    const struct producer_batch *duplicate;
    struct batch_header header = batch(1, 1, -1, 1, 12);
    header.attributes = BATCH_TRANSACTIONAL | BATCH_CONTROL;
    struct marker marker = {.is_marker = true, .coordinator_epoch = 2};
    ck_assert_int_eq(producers_check(&producers, &header, &marker, true, &duplicate),
                     KERR_TRANSACTION_COORDINATOR_FENCED);
    marker.coordinator_epoch = 3;
    ck_assert_int_eq(producers_check(&producers, &header, &marker, true, &duplicate), KERR_NONE);
    header.producer_epoch = 0;
    ck_assert_int_eq(producers_check(&producers, &header, &marker, true, &duplicate),
                     KERR_INVALID_PRODUCER_EPOCH);
}
END_TEST

START_TEST(changes_are_taken_back_in_order)
{
    struct ended_transaction ended;
    update(1, 0, 0, 1, 0);
    update_transactional(5, 0, 1);
    producers_begin(&producers);
    update(1, 0, 1, 1, 2);
    update(1, 0, 2, 1, 3);
    update(9, 0, 0, 1, 4);
    update_transactional(6, 0, 5);
    end(5, 0, 6, true, &ended);
    producers_rollback(&producers);
    ck_assert_uint_eq(producers_count(&producers), 2);
    ck_assert_ptr_null(producers_find(&producers, 9));
    ck_assert_int_eq(check_next(1, 0, 1), KERR_NONE);
    ck_assert_int_eq(producers_first_unstable(&producers, 0), 1);
    ck_assert_int_eq(producers_find(&producers, 5)->transaction_start, 1);
    producers_begin(&producers);
    update(1, 0, 1, 1, 2);
    producers_commit(&producers);
    ck_assert_int_eq(check_next(1, 0, 2), KERR_NONE);
}
END_TEST

START_TEST(expiry_goes_by_when_a_producer_was_seen)
{
    update(1, 0, 0, 1, 0);
    update_transactional(2, 0, 1);
    producers_expire(&producers, 5000);
    ck_assert_uint_eq(producers_count(&producers), 2);
    producers_expire(&producers, 5001);
    ck_assert_ptr_null(producers_find(&producers, 1));
    ck_assert_ptr_nonnull(producers_find(&producers, 2));
}
END_TEST

START_TEST(a_snapshot_keeps_the_last_batch_and_the_open_transaction)
{
    struct note why = {""};
    struct ended_transaction ended;
    const char *path = test_path("00000000000000000030.snapshot");
    for (int i = 0; i < 7; i++)
        update(1, 2, i, 1, i);
    update_transactional(2, 0, 8);
    update_transactional(2, 1, 9);
    update_transactional(3, 0, 10);
    end(3, 1, 11, false, &ended);
    ck_assert_int_eq(producers_write_snapshot(&producers, file_system_os(), path, 30), 0);
    struct file_status status;
    ck_assert_int_eq(file_path_status(file_system_os(), path, &status), 0);
    ck_assert_int_eq(status.size, 10 + 3 * 46);

    producers_clear(&producers);
    ck_assert_int_eq(producers_read_snapshot(&producers, file_system_os(), path, &why), 0);
    ck_assert_uint_eq(producers_count(&producers), 3);
    struct batch_header again = batch(1, 2, 6, 1, 99);
    ck_assert_int_eq(check(&again), KERR_DUPLICATE_SEQUENCE_NUMBER);
    ck_assert_int_eq(check_next(1, 2, 7), KERR_NONE);
    ck_assert_int_eq(producers_first_unstable(&producers, 100), 8);
    ck_assert_int_eq(producers_find(&producers, 3)->coordinator_epoch, 3);
    ck_assert_int_eq(check_next(3, 1, 0), KERR_NONE);
}
END_TEST

START_TEST(every_flipped_byte_of_a_snapshot_is_noticed)
{
    const char *path = test_path("snapshot");
    update(1, 0, 0, 1, 0);
    ck_assert_int_eq(producers_write_snapshot(&producers, file_system_os(), path, 1), 0);
    char *bytes;
    ssize_t len = file_read_all(file_system_os(), path, 1000, &bytes);
    ck_assert_int_eq(len, 56);
    for (ssize_t i = 0; i <= len; i++) {
        struct note why = {""};
        int file = file_open(file_system_os(), path, FILE_CREATE | FILE_TRUNCATE);
        bytes[i] ^= (char)(i < len ? 4 : 0);
        ck_assert_int_eq(file_write(file_system_os(), file, bytes, (size_t)(i < len ? len : len - 1), 0), 0);
        bytes[i] ^= (char)(i < len ? 4 : 0);
        file_close(file_system_os(), file);
        producers_clear(&producers);
        ck_assert_int_eq(producers_read_snapshot(&producers, file_system_os(), path, &why), -EBADMSG);
        ck_assert_uint_eq(producers_count(&producers), 0);
    }
    free(bytes);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("producers");
    TCase *tests = tcase_create("producers");
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, an_unknown_producer_may_begin_anywhere_and_then_goes_on_in_order);
    tcase_add_test(tests, after_the_highest_sequence_comes_zero);
    tcase_add_test(tests, epochs_only_grow_and_a_new_one_begins_at_zero);
    tcase_add_test(tests, five_batches_are_known_again_and_the_sixth_oldest_is_not);
    tcase_add_test(tests, coordinators_write_the_same_sequence_again_and_again);
    tcase_add_test(tests, a_batch_below_offset_zero_opens_no_transaction);
    tcase_add_test(tests, the_oldest_undecided_transaction_is_the_first_unstable_offset);
    tcase_add_test(tests, an_open_transaction_takes_no_plain_batch_and_an_old_coordinator_no_marker);
    tcase_add_test(tests, changes_are_taken_back_in_order);
    tcase_add_test(tests, expiry_goes_by_when_a_producer_was_seen);
    tcase_add_test(tests, a_snapshot_keeps_the_last_batch_and_the_open_transaction);
    tcase_add_test(tests, every_flipped_byte_of_a_snapshot_is_noticed);
    suite_add_tcase(suite, tests);
    return run_suite(suite);
}
