/* cluster: starting on a directory that others wrote: taken over as it is, mended, or refused. */
#include "metadata/batch_writer.h"
#include "metadata/snapshot.h"
#include "protocol/records/kraft_version_record.h"
#include "protocol/records/leader_change.h"
#include "protocol/records/metadata_transaction_record.h"
#include "protocol/records/snapshot_record.h"
#include "protocol/records/voters_record.h"
#include "storage/os/clock.h"
#include "test/unit/metadata/cluster_fixture.h"

static char directory[256];
static struct node_fixture fixture;

static void set_up(void)
{
    make_scratch(directory);
    char path[300];
    snprintf(path, sizeof path, "%s/data", directory);
    node_init(&fixture, path);
}

static void tear_down(void)
{
    remove_tree(directory);
}

/* ---- directories that others wrote ---- */

/* The course's log (acceptance 1.2), byte for byte: it begins at offset 1, at level 20, and nobody is
 * registered. */
static const uint8_t course_log[] =
    "\0\0\0\0\0\0\0\1\0\0\0\x4f\0\0\0\1\2\xb0\x69\x45\x7c\0\0\0\0\0\0\0\0\x01\x91\xe0\x5a\xf8\x18\0\0\x01\x91"
    "\xe0\x5a\xf8\x18"
    "\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\0\0\0\1\x3a\0\0\0\1\x2e\1\x0c\0\x11metadata."
    "version\0\x14\0\0"
    "\0\0\0\0\0\0\0\2\0\0\0\x9c\0\0\0\1\2\x74\x91\x4e\xbc\0\0\0\0\0\1\0\0\x01\x91\xe0\x5b\x2d\x15\0\0\x01\x91"
    "\xe0\x5b\x2d\x15"
    "\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\0\0\0\2\x40\0\0\0\1\x34\1\2\0\6"
    "apple\x71\xa5\x9a\x51\x89\x68\x4f\x8b\x93\x7e\x36\xd1\xd2\x92\x86\x4e\0\0\x90\1\0\0\2\1\x82\1\1\3\1\0\0"
    "\0\0"
    "\x71\xa5\x9a\x51\x89\x68\x4f\x8b\x93\x7e\x36\xd1\xd2\x92\x86\x4e\2\0\0\0\1\2\0\0\0\1\1\1\0\0\0\1\0\0\0\0"
    "\0\0\0\0"
    "\2\x10\0\0\0\0\0\x40\0\x80\0\0\0\0\0\0\1\0";

static void write_course_directory(void)
{
    node_write_meta(&fixture);
    write_file(fixture.path, LOG_NAME, course_log,
               sizeof course_log); /* the text's own zero is the last byte */
}

/* A log of one's own making: add batches, then finish. */
static struct batch_writer log_writer;
static struct arena arena;
static struct record_list list;

static void begin_log(int16_t level)
{
    node_write_meta(&fixture);
    arena_init(&arena, SIZE_MAX);
    record_list_init(&list, &arena, level);
    batch_writer_init(&log_writer, 0, 1, clock_wall_ms()); /* not old enough for a new segment */
}

static void end_batch(void)
{
    for (int32_t i = 0; i < list.count; i++)
        batch_writer_add(&log_writer, list.records[i]);
    list.count = 0;
    batch_writer_end(&log_writer);
}

static void add_leader_change(int32_t voters)
{
    struct leader_change_voter all[3] = {{.voter_id = 1}, {.voter_id = 2}, {.voter_id = 3}};
    struct leader_change change = {.leader_id = 1};
    change.voters.items = change.granting_voters.items = all;
    change.voters.count = change.granting_voters.count = voters;
    batch_writer_add_control(&log_writer, CONTROL_LEADER_CHANGE, &leader_change_message, &change);
    batch_writer_end(&log_writer);
}

static void finish_log(void)
{
    end_batch();
    struct slice bytes = buf_slice(&log_writer.bytes);
    write_file(fixture.path, LOG_NAME, bytes.data, bytes.len);
    batch_writer_fini(&log_writer);
    arena_fini(&arena);
}

/* ---- what an earlier life left ---- */

/* As 4.3.1 stops: ISR empty, ELR [1]; as 3.9.2: leader only. */
START_TEST(partitions_without_a_leader_are_led_again)
{
    int32_t one = 1;
    begin_log(30);
    add_leader_change(1);
    add_feature(&list, METADATA_VERSION, 30);
    add_broker(&list, 1, 2, "old");
    add_topic(&list, "t", make_id(1));
    for (int32_t i = 0; i < 4; i++)
        add_partition(&list, make_id(1), i);
    struct partition_change_record change = change_of(make_id(1), 0);
    change.leader = NO_LEADER;
    record_list_add(&list, &partition_change_record_message, &change);
    struct uuid lost = make_id(0x77); /* a log directory that is not there any more */
    change.partition_id = 3;
    change.directories.items = &lost;
    change.directories.count = 1;
    record_list_add(&list, &partition_change_record_message, &change);
    change.directories.count = -1;
    change.partition_id = 1;
    change.isr.count = 0;
    change.eligible_leader_replicas.items = change.last_known_elr.items = &one;
    change.eligible_leader_replicas.count = change.last_known_elr.count = 1;
    record_list_add(&list, &partition_change_record_message, &change);
    finish_log();
    fixture.node.previous_broker_epoch = 2;
    node_open(&fixture);
    for (int32_t i = 0; i < 3; i++) {
        struct partition_state partition = node_partition(&fixture, "t", i);
        ck_assert_int_eq(partition.leader, 1);
        ck_assert_int_eq(partition.isr.count, 1);
        ck_assert_int_eq(partition.eligible_leader_replicas.count, 0);
        ck_assert_int_eq(partition.last_known_elr.count, 0);
        ck_assert_int_eq(partition.leader_epoch, i == 2 ? 0 : 2);
        ck_assert_int_eq(partition.partition_epoch, i == 2 ? 0 : 2);
    }
    ck_assert_int_eq(node_partition(&fixture, "t", 3).leader, NO_LEADER);
    node_close(&fixture);
}
END_TEST

/* Not in the ISR and not eligible: others may have what we have not. */
START_TEST(a_partition_that_others_may_have_more_of_stays_without_a_leader)
{
    int32_t replicas[] = {1, 2}, two = 2;
    begin_log(30);
    add_leader_change(1);
    add_feature(&list, METADATA_VERSION, 30);
    add_broker(&list, 1, 2, "old");
    add_topic(&list, "t", make_id(1));
    add_partition(&list, make_id(1), 0);
    add_partition(&list, make_id(1), 1);
    struct partition_change_record change = change_of(make_id(1), 0);
    change.leader = NO_LEADER;
    change.replicas.items = replicas;
    change.replicas.count = 2;
    change.isr.items = &two;
    change.isr.count = 1;
    record_list_add(&list, &partition_change_record_message, &change);
    change.partition_id = 1;
    change.isr.items = replicas;
    change.isr.count = 2;
    record_list_add(&list, &partition_change_record_message, &change);
    finish_log();
    node_open(&fixture);
    ck_assert_int_eq(node_partition(&fixture, "t", 0).leader, NO_LEADER);
    ck_assert_int_eq(node_partition(&fixture, "t", 1).leader, 1);
    ck_assert_int_eq(node_partition(&fixture, "t", 1).isr.count, 1);
    node_close(&fixture);
}
END_TEST

START_TEST(a_metadata_transaction_that_was_left_open_is_aborted)
{
    begin_log(30);
    add_leader_change(1);
    add_feature(&list, METADATA_VERSION, 30);
    add_topic(&list, "before", make_id(1));
    record_list_add(&list, &begin_transaction_record_message,
                    &(struct begin_transaction_record){.name = SLICE("x")});
    add_topic(&list, "within", make_id(2));
    end_batch();
    add_partition(&list, make_id(2), 0);
    finish_log();
    node_open(&fixture);
    struct slice bytes = read_file(fixture.path, LOG_NAME);
    ck_assert_ptr_nonnull(memmem(bytes.data, bytes.len, "Controller failover", 19));
    free_file(bytes);
    ck_assert_int_eq(node_create(&fixture, "within", make_id(3), 1), KERR_NONE);
    node_close(&fixture);
    node_open(&fixture);
    const struct image *image = cluster_read(fixture.cluster);
    ck_assert_uint_eq(image->topics_by_name.count, 2);
    ck_assert(uuid_equal(image_find_topic(image, SLICE("within"))->id, make_id(3)));
    cluster_read_done(fixture.cluster);
    node_close(&fixture);
}
END_TEST

START_TEST(aborted_records_never_were_and_ended_ones_count)
{
    begin_log(30);
    add_leader_change(1);
    add_feature(&list, METADATA_VERSION, 30);
    record_list_add(&list, &begin_transaction_record_message,
                    &(struct begin_transaction_record){.name = SLICE_NULL});
    add_topic(&list, "aborted", make_id(1));
    record_list_add(&list, &abort_transaction_record_message,
                    &(struct abort_transaction_record){.reason = SLICE_NULL});
    record_list_add(&list, &begin_transaction_record_message,
                    &(struct begin_transaction_record){.name = SLICE_NULL});
    add_topic(&list, "ended", make_id(2));
    end_batch();
    add_partition(&list, make_id(2), 0);
    record_list_add(&list, &end_transaction_record_message,
                    &(struct end_transaction_record){.unknown_tags = SLICE_NULL});
    finish_log();
    node_open(&fixture);
    ck_assert_int_eq(node_partition(&fixture, "ended", 0).leader, 1);
    const struct image *image = cluster_read(fixture.cluster);
    ck_assert_uint_eq(image->topics_by_name.count, 1);
    cluster_read_done(fixture.cluster);
    node_close(&fixture);
}
END_TEST

/* A crash between the bootstrap's batches, were they several: Apache Kafka aborts and bootstraps again. */
START_TEST(a_bootstrap_that_was_cut_short_is_done_again)
{
    begin_log(30);
    add_leader_change(1);
    record_list_add(&list, &begin_transaction_record_message,
                    &(struct begin_transaction_record){.name = SLICE("Bootstrap records")});
    add_feature(&list, METADATA_VERSION, 30);
    finish_log();
    node_open(&fixture);
    ck_assert_int_eq(node_epoch(&fixture), 2);
    ck_assert_int_eq(node_create(&fixture, "t", make_id(1), 1), KERR_NONE);
    node_close(&fixture);
    node_open(&fixture);
    ck_assert_int_eq(node_partition(&fixture, "t", 0).leader, 1);
    node_close(&fixture);
}
END_TEST

/* ---- the course's directory ---- */

START_TEST(a_log_without_registrations_is_left_as_it_is)
{
    write_course_directory();
    node_open(&fixture);
    const struct image *image = cluster_read(fixture.cluster);
    ck_assert_int_eq(image_feature_level(image, SLICE(METADATA_VERSION)), 20);
    ck_assert_int_eq(image->offset, 3);
    ck_assert_int_eq(image->epoch, 1);
    ck_assert_int_eq(image->broker_count, 1); /* we, though no record says so */
    ck_assert_int_eq(image->brokers[0].epoch, -1);
    ck_assert(!image->brokers[0].fenced);
    cluster_read_done(fixture.cluster);
    ck_assert_int_eq(cluster_broker_epoch(fixture.cluster), -1);
    ck_assert_int_eq(node_partition(&fixture, "apple", 0).leader, 1);
    cluster_tick(fixture.cluster, 1);
    cluster_tick(fixture.cluster, INT64_C(1) << 40); /* not even a no-op, or a snapshot, in 35 years */
    node_close(&fixture);
    struct slice bytes = read_file(fixture.path, LOG_NAME);
    ck_assert(slice_equal(bytes, slice_of(course_log, sizeof course_log)));
    free_file(bytes);
    char path[700];
    snprintf(path, sizeof path, "%s/__cluster_metadata-0/quorum-state", fixture.path);
    ck_assert_int_ne(access(path, F_OK), 0);
}
END_TEST

START_TEST(its_first_change_follows_the_last_record_in_the_same_epoch)
{
    int64_t id = -1;
    write_course_directory();
    node_open(&fixture);
    ck_assert_int_eq(node_create(&fixture, "pear", make_id(2), 2), KERR_NONE);
    ck_assert_int_eq(cluster_next_producer_id(fixture.cluster, &id), KERR_NONE);
    ck_assert_int_eq(id, 0);
    node_close(&fixture);
    struct slice bytes = read_file(fixture.path, LOG_NAME);
    struct batch_header header;
    batch_header_read(bytes.data + sizeof course_log, &header);
    ck_assert_int_eq(header.base_offset, 4);
    ck_assert_int_eq(header.partition_leader_epoch, 1);
    ck_assert_int_eq(header.record_count, 3);
    free_file(bytes);
    node_open(&fixture);
    ck_assert_int_eq(node_partition(&fixture, "pear", 1).leader, 1);
    ck_assert_int_eq(cluster_next_producer_id(fixture.cluster, &id), KERR_NONE);
    ck_assert_int_eq(id, 1000);
    node_close(&fixture);
}
END_TEST

/* Somebody may have been told what stood at this offset. */
START_TEST(behind_a_lost_end_its_next_change_takes_the_next_epoch)
{
    write_course_directory();
    node_open(&fixture);
    ck_assert_int_eq(node_create(&fixture, "pear", make_id(2), 2), KERR_NONE);
    node_close(&fixture);
    struct slice bytes = read_file(fixture.path, LOG_NAME);
    ((uint8_t *)(uintptr_t)bytes.data)[bytes.len - 1] ^= 1;
    write_file(fixture.path, LOG_NAME, bytes.data, bytes.len);
    free_file(bytes);
    node_open(&fixture);
    ck_assert_int_eq(node_create(&fixture, "fig", make_id(3), 2), KERR_NONE);
    node_close(&fixture);
    bytes = read_file(fixture.path, LOG_NAME);
    struct batch_header header;
    batch_header_read(bytes.data + sizeof course_log, &header);
    ck_assert_int_eq(header.base_offset, 4);
    ck_assert_int_eq(header.partition_leader_epoch, 2);
    free_file(bytes);
}
END_TEST

START_TEST(a_formatted_directory_without_a_log_starts_as_a_new_cluster)
{
    node_write_meta(&fixture);
    char path[700];
    snprintf(path, sizeof path, "%s/__cluster_metadata-0", fixture.path);
    ck_assert_int_eq(rmdir(path), 0); /* as in the course's first stages */
    node_open(&fixture);
    const struct image *image = cluster_read(fixture.cluster);
    ck_assert_int_eq(image_feature_level(image, SLICE(METADATA_VERSION)), 30);
    cluster_read_done(fixture.cluster);
    node_close(&fixture);
}
END_TEST

/* ---- what is refused ---- */

START_TEST(a_quorum_of_several_is_refused)
{
    static const char state[] = "{\"leaderId\":1,\"leaderEpoch\":4,\"votedId\":-1,"
                                "\"currentVoters\":[{\"voterId\":1},{\"voterId\":7}],\"data_version\":0}";
    begin_log(30);
    add_leader_change(3);
    add_feature(&list, METADATA_VERSION, 30);
    finish_log();
    node_refuse(&fixture, "voters of this directory's cluster are [1,2,3], but node 1");
    begin_log(30);
    add_leader_change(1);
    add_feature(&list, METADATA_VERSION, 30);
    finish_log();
    write_file(fixture.path, "__cluster_metadata-0/quorum-state", state, sizeof state - 1);
    node_refuse(&fixture, "[1,7]");
}
END_TEST

START_TEST(a_voter_that_is_another_node_is_refused)
{
    fixture.node.node_id = 2;
    begin_log(30);
    add_leader_change(1);
    add_feature(&list, METADATA_VERSION, 30);
    finish_log();
    node_refuse(&fixture, "[1], but node 2");
}
END_TEST

START_TEST(records_without_a_metadata_version_are_refused)
{
    begin_log(30);
    add_leader_change(1);
    add_topic(&list, "t", make_id(1));
    finish_log();
    node_refuse(&fixture, "there is no metadata.version");
}
END_TEST

START_TEST(an_unknown_metadata_version_is_refused)
{
    begin_log(30);
    add_leader_change(1);
    add_feature(&list, METADATA_VERSION, 31);
    finish_log();
    node_refuse(&fixture, "offset 1: FeatureLevelRecord: metadata.version 31");
}
END_TEST

START_TEST(an_unreadable_quorum_state_is_refused)
{
    write_course_directory();
    write_file(fixture.path, "__cluster_metadata-0/quorum-state", "{}", 2);
    node_refuse(&fixture, "quorum-state cannot be read");
}
END_TEST

/* ---- snapshots and voters in the log (KIP-853) ---- */

static const struct uuid voter_directory = {{0x10, 0, 0, 0, 0, 0, 0x40, 0, 0x80, 0, 0, 0, 0, 0, 0, 1}};

/* The snapshot that `kafka-storage format --standalone` writes, or a later one with what `list` holds. */
static void write_snapshot(const char *name, int32_t voter_id, struct uuid voter_directory_id,
                           bool with_footer)
{
    struct batch_writer snapshot;
    struct voters_voter voter = {.voter_id = voter_id, .voter_directory_id = voter_directory_id};
    struct voters_record voters = {0};
    voters.voters.items = &voter;
    voters.voters.count = 1;
    batch_writer_init(&snapshot, 0, 0, 1700000000000);
    batch_writer_add_control(&snapshot, CONTROL_SNAPSHOT_HEADER, &snapshot_header_record_message,
                             &(struct snapshot_header_record){0});
    if (voter_id > 0) {
        batch_writer_add_control(&snapshot, CONTROL_KRAFT_VERSION, &kraft_version_record_message,
                                 &(struct kraft_version_record){.k_raft_version = 1});
        batch_writer_add_control(&snapshot, CONTROL_KRAFT_VOTERS, &voters_record_message, &voters);
    }
    batch_writer_end(&snapshot);
    for (int32_t i = 0; i < list.count; i++)
        batch_writer_add(&snapshot, list.records[i]);
    batch_writer_end(&snapshot);
    if (with_footer)
        batch_writer_add_control(&snapshot, CONTROL_SNAPSHOT_FOOTER, &snapshot_footer_record_message,
                                 &(struct snapshot_footer_record){0});
    batch_writer_end(&snapshot);
    char path[128];
    snprintf(path, sizeof path, "__cluster_metadata-0/%s", name);
    write_file(fixture.path, path, snapshot.bytes.data, snapshot.bytes.len);
    batch_writer_fini(&snapshot);
    list.count = 0;
}

#define STANDALONE_SNAPSHOT "00000000000000000000-0000000000.checkpoint"

START_TEST(a_standalone_directory_puts_its_voters_into_the_log)
{
    list.count = 0;
    node_write_meta(&fixture);
    write_snapshot(STANDALONE_SNAPSHOT, 1, voter_directory, true);
    node_open(&fixture);
    ck_assert_int_eq(cluster_broker_epoch(fixture.cluster), 13);
    node_close(&fixture);
    struct slice bytes = read_file(fixture.path, LOG_NAME);
    struct batch_header header;
    batch_header_read(bytes.data, &header);
    ck_assert(batch_is_control(&header));
    ck_assert_int_eq(header.record_count, 3);
    struct slice state = read_file(fixture.path, "__cluster_metadata-0/quorum-state");
    ck_assert(slice_equal_str(state, "{\"leaderId\":1,\"leaderEpoch\":1,\"votedId\":-1,"
                                     "\"votedDirectoryId\":\"AAAAAAAAAAAAAAAAAAAAAA\",\"data_version\":1}"));
    free_file(state);
    size_t len = bytes.len;
    free_file(bytes);
    node_open(&fixture);
    node_close(&fixture);
    bytes = read_file(fixture.path, LOG_NAME);
    batch_header_read(bytes.data + len, &header); /* they are there already */
    ck_assert_int_eq(header.record_count, 1);
    free_file(bytes);
}
END_TEST

START_TEST(a_voter_in_another_directory_or_node_is_refused)
{
    list.count = 0;
    node_write_meta(&fixture);
    write_snapshot(STANDALONE_SNAPSHOT, 1, make_id(77), true);
    node_refuse(&fixture, "another directory of node 1");
    write_snapshot(STANDALONE_SNAPSHOT, 3, voter_directory, true);
    node_refuse(&fixture, "[3], but node 1");
}
END_TEST

START_TEST(the_newest_snapshot_and_what_follows_it_make_the_image)
{
    begin_log(30);
    write_snapshot("00000000000000000003-0000000001.checkpoint", 0, UUID_ZERO,
                   false); /* older and broken: not looked at */
    add_feature(&list, METADATA_VERSION, 30);
    add_broker(&list, 1, 2, "old");
    add_topic(&list, "snapped", make_id(1));
    add_partition(&list, make_id(1), 0);
    write_snapshot("00000000000000000006-0000000001.checkpoint", 0, UUID_ZERO, true);
    add_leader_change(1);
    add_topic(&list, "snapped", make_id(1)); /* below the snapshot's end: not again */
    for (int i = 0; i < 4; i++)
        record_list_add(&list, &begin_transaction_record_message,
                        &(struct begin_transaction_record){.name = SLICE_NULL});
    end_batch();
    add_topic(&list, "after", make_id(2));
    add_partition(&list, make_id(2), 0);
    finish_log();
    node_open(&fixture);
    ck_assert_int_eq(node_partition(&fixture, "snapped", 0).leader, 1);
    ck_assert_int_eq(node_partition(&fixture, "after", 0).leader, 1);
    node_close(&fixture);
}
END_TEST

START_TEST(a_snapshot_without_an_end_is_refused)
{
    begin_log(30);
    add_feature(&list, METADATA_VERSION, 30);
    write_snapshot("00000000000000000002-0000000001.checkpoint", 0, UUID_ZERO, false);
    node_refuse(&fixture, "checkpoint is not complete");
    write_file(fixture.path, "__cluster_metadata-0/00000000000000000002-0000000001.checkpoint", "short", 5);
    node_refuse(&fixture, "breaks off");
    batch_writer_fini(&log_writer);
    arena_fini(&arena);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("cluster_inherited");
    TCase *tcase = tcase_create("cluster_inherited");
    tcase_add_checked_fixture(tcase, set_up, tear_down);
    tcase_set_timeout(tcase, 250);
    tcase_add_test(tcase, partitions_without_a_leader_are_led_again);
    tcase_add_test(tcase, a_partition_that_others_may_have_more_of_stays_without_a_leader);
    tcase_add_test(tcase, a_metadata_transaction_that_was_left_open_is_aborted);
    tcase_add_test(tcase, aborted_records_never_were_and_ended_ones_count);
    tcase_add_test(tcase, a_bootstrap_that_was_cut_short_is_done_again);
    tcase_add_test(tcase, a_log_without_registrations_is_left_as_it_is);
    tcase_add_test(tcase, its_first_change_follows_the_last_record_in_the_same_epoch);
    tcase_add_test(tcase, behind_a_lost_end_its_next_change_takes_the_next_epoch);
    tcase_add_test(tcase, a_formatted_directory_without_a_log_starts_as_a_new_cluster);
    tcase_add_test(tcase, a_quorum_of_several_is_refused);
    tcase_add_test(tcase, a_voter_that_is_another_node_is_refused);
    tcase_add_test(tcase, records_without_a_metadata_version_are_refused);
    tcase_add_test(tcase, an_unknown_metadata_version_is_refused);
    tcase_add_test(tcase, an_unreadable_quorum_state_is_refused);
    tcase_add_test(tcase, a_standalone_directory_puts_its_voters_into_the_log);
    tcase_add_test(tcase, a_voter_in_another_directory_or_node_is_refused);
    tcase_add_test(tcase, the_newest_snapshot_and_what_follows_it_make_the_image);
    tcase_add_test(tcase, a_snapshot_without_an_end_is_refused);
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
