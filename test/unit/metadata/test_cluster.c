/* cluster: starting, changing, stopping, dying anywhere, and starting again, on a directory of its own. */
#include "protocol/record.h"
#include "protocol/records/unregister_broker_record.h"
#include "test/unit/metadata/cluster_fixture.h"
#include "test/unit/metadata/mortal_fixture.h"

#include <errno.h>
#include <pthread.h>

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

/* ---- a fresh directory ---- */

START_TEST(a_fresh_directory_gets_what_kafka_would_give_it)
{
    node_open(&fixture);
    const struct image *image = cluster_read(fixture.cluster);
    ck_assert_int_eq(image_feature_level(image, SLICE(METADATA_VERSION)), 30);
    ck_assert_int_eq(image_feature_level(image, SLICE("eligible.leader.replicas.version")), 1);
    ck_assert_int_eq(image_feature_level(image, SLICE("group.version")), 1);
    ck_assert_int_eq(image_feature_level(image, SLICE("share.version")), 1);
    ck_assert_int_eq(image_feature_level(image, SLICE("streams.version")), 1);
    ck_assert_int_eq(image_feature_level(image, SLICE("transaction.version")), 2);
    const struct config_set *defaults = image_find_configs(image, RESOURCE_BROKER, SLICE(""));
    ck_assert(slice_equal_str(config_set_find(defaults, SLICE("min.insync.replicas"))->value, "1"));
    const struct broker_state *self = image_find_broker(image, 1);
    ck_assert(!self->fenced);
    ck_assert_int_eq(self->epoch,
                     11); /* its record's offset: LeaderChange, 9 bootstrap records, RegisterController */
    ck_assert_int_eq(self->endpoints[0].port, 9092);
    ck_assert(uuid_equal(self->log_dirs[0], fixture.directory_id));
    ck_assert_int_eq(self->cordoned_log_dir_count, 0); /* told: none */
    ck_assert_int_eq(image->offset, 13);
    ck_assert_int_eq(image->epoch, 1);
    cluster_read_done(fixture.cluster);
    ck_assert_int_eq(cluster_broker_epoch(fixture.cluster), 11);
    ck_assert_int_eq(cluster_node_id(fixture.cluster), 1);
    node_close(&fixture);
    struct slice state = read_file(fixture.path, "__cluster_metadata-0/quorum-state");
    ck_assert(slice_equal_str(
        state, "{\"clusterId\":\"\",\"leaderId\":1,\"leaderEpoch\":1,\"votedId\":-1,\"appliedOffset\":0,"
               "\"currentVoters\":[{\"voterId\":1}],\"data_version\":0}"));
    free_file(state);
    struct slice topic_id = read_file(fixture.path, "__cluster_metadata-0/partition.metadata");
    ck_assert(slice_equal_str(topic_id, "version: 0\ntopic_id: AAAAAAAAAAAAAAAAAAAAAQ"));
    free_file(topic_id);
}
END_TEST

START_TEST(the_static_min_insync_replicas_becomes_the_cluster_s_default)
{
    struct config_entry entries[] = {{SLICE("log.dirs"), SLICE("x")},
                                     {SLICE("min.insync.replicas"), SLICE("2")}};
    fixture.node.static_configs = entries;
    fixture.node.static_config_count = 2;
    node_open(&fixture);
    const struct image *image = cluster_read(fixture.cluster);
    const struct config_set *defaults = image_find_configs(image, RESOURCE_BROKER, SLICE(""));
    ck_assert(slice_equal_str(config_set_find(defaults, SLICE("min.insync.replicas"))->value, "2"));
    cluster_read_done(fixture.cluster);
    node_close(&fixture);
}
END_TEST

START_TEST(an_older_release_gets_its_own_features_and_no_newer_records)
{
    struct note why;
    ck_assert(node_try_open(&fixture, 7, &why));
    const struct image *image = cluster_read(fixture.cluster);
    ck_assert_int_eq(image_feature_level(image, SLICE(METADATA_VERSION)), 7);
    ck_assert_uint_eq(image->features.count, 1);
    ck_assert_uint_eq(image->configs.count, 0);
    ck_assert_int_eq(image_find_broker(image, 1)->epoch,
                     2); /* no transaction, no controller record at this level */
    cluster_read_done(fixture.cluster);
    ck_assert_int_eq(node_create(&fixture, "t", make_id(1), 2), KERR_NONE);
    node_close(&fixture);
    node_open(&fixture);
    ck_assert_int_eq(node_partition(&fixture, "t", 1).leader, 1);
    node_close(&fixture);
}
END_TEST

/* ---- changes ---- */

START_TEST(a_change_is_in_force_at_once_and_after_a_restart)
{
    node_open(&fixture);
    int64_t before = node_offset(&fixture);
    ck_assert_int_eq(node_create(&fixture, "t", make_id(1), 3), KERR_NONE);
    ck_assert_int_eq(node_partition(&fixture, "t", 2).leader, 1);
    ck_assert_int_eq(node_offset(&fixture), before + 4);
    node_close(&fixture);
    node_open(&fixture);
    struct partition_state partition = node_partition(&fixture, "t", 2);
    ck_assert_int_eq(partition.leader, 1);
    ck_assert_int_eq(partition.leader_epoch, 2); /* the stop's, and the start's */
    ck_assert_int_eq(node_epoch(&fixture), 2);
    node_close(&fixture);
}
END_TEST

START_TEST(a_change_is_one_batch)
{
    node_open(&fixture);
    struct slice before = read_file(fixture.path, LOG_NAME);
    node_create(&fixture, "t", make_id(1), 5);
    struct slice after = read_file(fixture.path, LOG_NAME);
    struct batch_header header;
    batch_header_read(after.data + before.len, &header);
    ck_assert_int_eq(header.record_count, 6);
    ck_assert_int_eq(header.partition_leader_epoch, 1);
    ck_assert_int_eq(header.attributes, 0);
    ck_assert_int_eq(header.producer_id, NO_PRODUCER_ID);
    ck_assert_uint_eq((size_t)batch_size(&header), after.len - before.len);
    ck_assert_int_eq(header.base_timestamp, header.max_timestamp);
    free_file(before);
    free_file(after);
    node_close(&fixture);
}
END_TEST

START_TEST(a_change_of_nothing_writes_nothing)
{
    struct arena arena;
    struct record_list empty;
    node_open(&fixture);
    int64_t before = node_offset(&fixture);
    arena_init(&arena, SIZE_MAX);
    record_list_init(&empty, &arena, 30);
    (void)cluster_change_begin(fixture.cluster);
    ck_assert_int_eq(cluster_change_commit(fixture.cluster, &empty, NULL), KERR_NONE);
    cluster_change_end(fixture.cluster);
    ck_assert_int_eq(node_offset(&fixture), before);
    arena_fini(&arena);
    node_close(&fixture);
}
END_TEST

/* 8 MiB is what Apache Kafka takes for a batch; more is a metadata transaction. */
START_TEST(a_change_too_large_for_a_batch_becomes_a_transaction)
{
    enum { PARTITIONS = 130000 };
    node_open(&fixture);
    ck_assert_int_eq(node_create(&fixture, "huge", make_id(1), PARTITIONS), KERR_NONE);
    ck_assert_int_eq(node_partition(&fixture, "huge", PARTITIONS - 1).leader, 1);
    struct slice bytes = read_file(fixture.path, LOG_NAME);
    node_close(&fixture);
    node_open(&fixture);
    ck_assert_int_eq(node_partition(&fixture, "huge", PARTITIONS - 1).leader, 1);
    node_close(&fixture);
    char path[700];
    snprintf(path, sizeof path, "%s/" LOG_NAME, fixture.path);
    ck_assert_int_eq(truncate(path, (off_t)(bytes.len / 2)), 0); /* without its end it never was */
    free_file(bytes);
    node_open(&fixture);
    ck_assert_int_eq(node_partition(&fixture, "huge", 0).leader, -9);
    ck_assert_int_eq(node_create(&fixture, "huge", make_id(1), 1), KERR_NONE);
    node_close(&fixture);
    node_open(&fixture);
    ck_assert_int_eq(node_partition(&fixture, "huge", 0).leader, 1);
    node_close(&fixture);
}
END_TEST

START_TEST(a_change_too_large_for_an_old_level_is_refused)
{
    struct note why;
    ck_assert(node_try_open(&fixture, 8, &why));
    ck_assert_int_eq(node_create(&fixture, "huge", make_id(1), 130000), KERR_INVALID_REQUEST);
    ck_assert_int_eq(node_partition(&fixture, "huge", 0).leader, -9);
    ck_assert_int_eq(node_create(&fixture, "small", make_id(1), 1), KERR_NONE);
    node_close(&fixture);
}
END_TEST

static void *create_many(void *context)
{
    int worker = *(int *)context;
    for (int i = 0; i < 50; i++) {
        char name[32];
        snprintf(name, sizeof name, "t-%d-%d", worker, i);
        if (node_create(&fixture, name, make_id((uint8_t)(worker * 50 + i)), 1) != KERR_NONE)
            return context;
    }
    return NULL;
}

START_TEST(many_threads_may_change_and_read)
{
    enum { WORKERS = 4 };
    pthread_t threads[WORKERS];
    int workers[WORKERS];
    void *failed;
    node_open(&fixture);
    for (int i = 0; i < WORKERS; i++) {
        workers[i] = i;
        ck_assert_int_eq(pthread_create(&threads[i], NULL, create_many, &workers[i]), 0);
    }
    while (node_offset(&fixture) < 12 + 2 * 50 * WORKERS)
        (void)node_partition(&fixture, "t-0-0", 0);
    for (int i = 0; i < WORKERS; i++) {
        pthread_join(threads[i], &failed);
        ck_assert_ptr_null(failed);
    }
    node_close(&fixture);
    node_open(&fixture);
    const struct image *image = cluster_read(fixture.cluster);
    ck_assert_uint_eq(image->topics_by_name.count, 50 * WORKERS);
    cluster_read_done(fixture.cluster);
    node_close(&fixture);
}
END_TEST

START_TEST(producer_ids_come_in_blocks_and_never_twice)
{
    int64_t id = -1;
    node_open(&fixture);
    int64_t before = node_offset(&fixture);
    for (int64_t i = 0; i < 1000; i++) {
        ck_assert_int_eq(cluster_next_producer_id(fixture.cluster, &id), KERR_NONE);
        ck_assert_int_eq(id, i);
    }
    ck_assert_int_eq(node_offset(&fixture), before + 1);
    ck_assert_int_eq(cluster_next_producer_id(fixture.cluster, &id), KERR_NONE);
    ck_assert_int_eq(id, 1000);
    node_close(&fixture);
    node_open(&fixture);
    ck_assert_int_eq(cluster_next_producer_id(fixture.cluster, &id), KERR_NONE);
    ck_assert_int_eq(id, 2000);
    node_close(&fixture);
}
END_TEST

/* ---- failing disks ---- */

static struct file_system faulty;
static int fail_syncs_from, syncs, write_error;

static int faulty_sync(struct file_system *fs, int file, bool data_only)
{
    return ++syncs >= fail_syncs_from ? -EIO : file_system_os()->sync(fs, file, data_only);
}

static ssize_t faulty_pwritev(struct file_system *fs, int file, const struct iovec *parts, int count,
                              int64_t at)
{
    return write_error != 0 ? write_error : file_system_os()->pwritev(fs, file, parts, count, at);
}

static void use_faulty_disk(void)
{
    faulty = *file_system_os();
    faulty.sync = faulty_sync;
    faulty.pwritev = faulty_pwritev;
    fail_syncs_from = INT32_MAX;
    write_error = syncs = 0;
    fixture.fs = &faulty;
}

START_TEST(a_failed_sync_takes_the_directory_offline_and_applies_nothing)
{
    int64_t id;
    use_faulty_disk();
    node_open(&fixture);
    fail_syncs_from = syncs + 1;
    ck_assert_int_eq(node_create(&fixture, "t", make_id(1), 1), KERR_KAFKA_STORAGE_ERROR);
    ck_assert_int_eq(node_partition(&fixture, "t", 0).leader, -9);
    ck_assert(data_dir_is_offline(fixture.dir));
    fail_syncs_from = INT32_MAX; /* it would succeed, and lie */
    ck_assert_int_eq(node_create(&fixture, "t", make_id(1), 1), KERR_KAFKA_STORAGE_ERROR);
    ck_assert_int_eq(cluster_next_producer_id(fixture.cluster, &id), KERR_KAFKA_STORAGE_ERROR);
    node_close(&fixture);
}
END_TEST

START_TEST(a_full_disk_refuses_a_change_and_takes_the_next)
{
    use_faulty_disk();
    node_open(&fixture);
    write_error = -ENOSPC;
    ck_assert_int_eq(node_create(&fixture, "t", make_id(1), 1), KERR_KAFKA_STORAGE_ERROR);
    ck_assert(!data_dir_is_offline(fixture.dir));
    write_error = 0;
    ck_assert_int_eq(node_create(&fixture, "t", make_id(1), 1), KERR_NONE);
    node_close(&fixture);
    node_open(&fixture);
    ck_assert_int_eq(node_partition(&fixture, "t", 0).leader, 1);
    node_close(&fixture);
}
END_TEST

START_TEST(a_start_costs_few_syncs)
{
    use_faulty_disk();
    node_open(
        &fixture); /* bootstrap.checkpoint, meta.properties, partition.metadata, quorum-state, the log */
    ck_assert_int_eq(syncs, 5);
    syncs = 0;
    node_create(&fixture, "t", make_id(1), 3);
    ck_assert_int_eq(syncs, 1);
    node_close(&fixture);
    ck_assert_int_eq(syncs, 2);
    syncs = 0;
    node_open(&fixture);
    ck_assert_int_eq(syncs, 2);
    node_close(&fixture);
}
END_TEST

START_TEST(a_start_that_cannot_write_says_why)
{
    use_faulty_disk();
    node_open(&fixture);
    node_close(&fixture);
    fail_syncs_from = syncs + 1;
    node_refuse(&fixture, "quorum-state");
    fail_syncs_from = syncs + 2;
    node_refuse(&fixture, "cannot sync");
    fail_syncs_from = INT32_MAX;
    node_open(&fixture);
    node_close(&fixture);
}
END_TEST

/* ---- a process that dies ---- */

/* One life: a start, three topics, a stop, which ends after so many steps. Returns how many topics were
 * acknowledged, -1 if it did not come to serve. */
static int live_and_die(int allowed, int16_t level)
{
    struct note why = {""};
    int acknowledged = 0;
    mortal_begin(&fixture, allowed);
    if (!node_try_open(&fixture, level, &why))
        return -1;
    for (uint8_t i = 1; i <= 3; i++) {
        char name[8];
        snprintf(name, sizeof name, "t%d", i);
        if (node_create(&fixture, name, make_id(i), 2) == KERR_NONE)
            acknowledged = i;
    }
    node_close(&fixture);
    return acknowledged;
}

/* With eligible leader replicas, without, and without directories in the records. */
static const int16_t lives_at[] = {30, 21, 7};

START_TEST(wherever_a_life_ends_the_next_one_has_all_that_was_acknowledged)
{
    int allowed = 0, acknowledged;
    do {
        remove_tree(fixture.path);
        node_write_meta(&fixture);
        acknowledged = live_and_die(allowed, lives_at[_i]);
        fixture.fs = file_system_os();
        node_open(&fixture);
        for (int i = 1; i <= acknowledged; i++) {
            char name[16];
            snprintf(name, sizeof name, "t%d", i);
            ck_assert_int_eq(node_partition(&fixture, name, 1).leader, 1);
        }
        const struct image *image = cluster_read(fixture.cluster);
        bool is_newest = image_feature_level(image, SLICE(METADATA_VERSION)) == 30;
        ck_assert_uint_eq(image->features.count, (is_newest ? 6 : 1));
        ck_assert(!image_find_broker(image, 1)->fenced);
        cluster_read_done(fixture.cluster);
        node_close(&fixture);
        allowed++;
    } while (mortal_has_died());
    ck_assert_int_eq(acknowledged, 3);
    ck_assert_int_gt(allowed, 15);
}
END_TEST

/* ---- starting again ---- */

START_TEST(every_start_takes_the_next_epoch_and_registers_anew)
{
    node_open(&fixture);
    int64_t first = cluster_broker_epoch(fixture.cluster);
    node_close(&fixture);
    fixture.endpoint.port = 19092;
    node_open(&fixture);
    ck_assert_int_gt(cluster_broker_epoch(fixture.cluster), first);
    ck_assert_int_eq(node_epoch(&fixture), 2);
    const struct image *image = cluster_read(fixture.cluster);
    ck_assert_int_eq(image->broker_count, 1);
    ck_assert_int_eq(image->brokers[0].endpoints[0].port, 19092);
    ck_assert_int_eq(image->brokers[0].epoch, cluster_broker_epoch(fixture.cluster));
    ck_assert(!image->brokers[0].fenced);
    cluster_read_done(fixture.cluster);
    node_close(&fixture);
}
END_TEST

START_TEST(a_lost_quorum_state_is_no_loss_and_a_later_one_counts)
{
    static const char later[] = "{\"leaderId\":1,\"leaderEpoch\":40,\"votedId\":-1,\"data_version\":0}";
    char path[700];
    node_open(&fixture);
    node_close(&fixture);
    snprintf(path, sizeof path, "%s/__cluster_metadata-0/quorum-state", fixture.path);
    ck_assert_int_eq(unlink(path), 0);
    node_open(&fixture);
    ck_assert_int_eq(node_epoch(&fixture), 2);
    node_close(&fixture);
    write_file(fixture.path, "__cluster_metadata-0/quorum-state", later, sizeof later - 1);
    node_open(&fixture);
    ck_assert_int_eq(node_epoch(&fixture), 41);
    node_close(&fixture);
}
END_TEST

START_TEST(behind_the_last_epoch_there_is_none)
{
    static const char last[] =
        "{\"leaderId\":1,\"leaderEpoch\":2147483647,\"votedId\":-1,\"data_version\":0}";
    node_open(&fixture);
    node_close(&fixture);
    write_file(fixture.path, "__cluster_metadata-0/quorum-state", last, sizeof last - 1);
    node_refuse(&fixture, "there is no epoch behind 2147483647");
}
END_TEST

/* ---- a lost end ---- */

/* Of the last batch. */
static void rot(void)
{
    struct slice bytes = read_file(fixture.path, LOG_NAME);
    ((uint8_t *)(uintptr_t)bytes.data)[bytes.len - 1] ^= 1;
    write_file(fixture.path, LOG_NAME, bytes.data, bytes.len);
    free_file(bytes);
}

/* The start's own word: that it leads in the leader epoch 2. Records may have been written in that, and be
 * lost. */
START_TEST(no_leader_epoch_is_given_twice_where_the_log_s_end_is_lost)
{
    node_open(&fixture);
    node_create(&fixture, "t", make_id(1), 2);
    node_kill(&fixture);
    node_open(&fixture);
    ck_assert_int_eq(node_partition(&fixture, "t", 1).leader_epoch, 2);
    int32_t epoch = node_epoch(&fixture);
    int64_t offset = node_offset(&fixture);
    node_kill(&fixture);
    rot();
    node_open(&fixture);
    ck_assert_int_eq(node_partition(&fixture, "t", 1).leader_epoch, 4);
    ck_assert_int_eq(node_epoch(&fixture), epoch + 2);
    ck_assert_int_gt(node_offset(&fixture), offset);
    node_close(&fixture);
    node_open(&fixture); /* once */
    ck_assert_int_eq(node_partition(&fixture, "t", 1).leader_epoch, 6);
    node_close(&fixture);
}
END_TEST

/* On a full disk quorum-state says nothing of it. */
START_TEST(no_epoch_is_given_twice_where_the_log_s_end_is_lost)
{
    node_open(&fixture);
    node_kill(&fixture);
    struct slice quorum = read_file(fixture.path, "__cluster_metadata-0/quorum-state");
    node_open(&fixture);
    int32_t epoch = node_epoch(&fixture);
    node_kill(&fixture);
    write_file(fixture.path, "__cluster_metadata-0/quorum-state", quorum.data, quorum.len);
    free_file(quorum);
    struct slice log = read_file(fixture.path, LOG_NAME);
    size_t at = 0;
    struct batch_header header;
    while (batch_header_read(log.data + at, &header), header.partition_leader_epoch < epoch)
        at += (size_t)batch_size(&header);
    for (size_t i = at + BATCH_ATTRIBUTES_AT; i < log.len; i++) /* all that it has said */
        ((uint8_t *)(uintptr_t)log.data)[i] ^= 1;
    write_file(fixture.path, LOG_NAME, log.data, log.len);
    free_file(log);
    node_open(&fixture);
    ck_assert_int_gt(node_epoch(&fixture), epoch);
    node_close(&fixture);
}
END_TEST

START_TEST(no_producer_id_is_given_twice_where_the_log_s_end_is_lost)
{
    int64_t first, second;
    node_open(&fixture);
    ck_assert_int_eq(cluster_next_producer_id(fixture.cluster, &first), KERR_NONE);
    node_kill(&fixture);
    rot();
    node_open(&fixture);
    ck_assert_int_eq(cluster_next_producer_id(fixture.cluster, &second), KERR_NONE);
    ck_assert_int_ge(second, first + 1000);
    node_close(&fixture);
}
END_TEST

/* ---- stopping ---- */

static int64_t log_size(void)
{
    struct slice bytes = read_file(fixture.path, LOG_NAME);
    int64_t size = (int64_t)bytes.len;
    free_file(bytes);
    return size;
}

/* Batches from a position on, and what all of them end with. */
static int32_t batches_from(int64_t position, int64_t *first_end)
{
    int32_t count = 0;
    struct slice bytes = read_file(fixture.path, LOG_NAME);
    for (size_t at = (size_t)position; at < bytes.len; count++) {
        struct batch_header header;
        batch_header_read(bytes.data + at, &header);
        at += (size_t)batch_size(&header);
        if (count == 0)
            *first_end = (int64_t)at;
    }
    free_file(bytes);
    return count;
}

START_TEST(a_clean_stop_leaves_nobody_who_leads_and_a_broker_that_is_fenced)
{
    int64_t end;
    node_open(&fixture);
    node_create(&fixture, "t", make_id(1), 2);
    int64_t before = log_size(), offset = node_offset(&fixture);
    cluster_shut_down(fixture.cluster);
    ck_assert_int_eq(batches_from(before, &end), 1);
    ck_assert_int_eq(node_offset(&fixture), offset + 4);
    ck_assert_int_eq(node_partition(&fixture, "t", 1).leader, NO_LEADER);
    const struct image *image = cluster_read(fixture.cluster);
    ck_assert(image->brokers[0].fenced);
    ck_assert(image->brokers[0].in_controlled_shutdown);
    cluster_read_done(fixture.cluster);
    fixture.node.previous_broker_epoch = cluster_broker_epoch(fixture.cluster);
    cluster_close(fixture.cluster);
    data_dir_close(fixture.dir);
    node_open(&fixture);
    image = cluster_read(fixture.cluster);
    ck_assert(!image->brokers[0].fenced);
    ck_assert(!image->brokers[0].in_controlled_shutdown);
    cluster_read_done(fixture.cluster);
    ck_assert_int_eq(node_partition(&fixture, "t", 1).leader, 1);
    ck_assert_int_eq(node_partition(&fixture, "t", 1).leader_epoch, 2);
    ck_assert_int_eq(node_partition(&fixture, "t", 1).leader_recovery_state, 0);
    node_close(&fixture);
}
END_TEST

static void expect_all_lead(const char *topic, int32_t partitions, int32_t leader_epoch,
                            int8_t recovery_state)
{
    for (int32_t i = 0; i < partitions; i++) {
        struct partition_state state = node_partition(&fixture, topic, i);
        ck_assert_int_eq(state.leader, 1);
        ck_assert_int_eq(state.leader_epoch, leader_epoch);
        ck_assert_int_eq(state.leader_recovery_state, recovery_state);
        ck_assert_int_eq(state.isr.count, 1);
        ck_assert_int_eq(state.eligible_leader_replicas.count, 0);
    }
}

/* A power cut between its batches, and so before the markers: a stop like any other that was not clean. */
START_TEST(a_stop_of_which_only_a_part_is_there_is_as_good_as_a_kill)
{
    enum { PARTITIONS = 6000 };
    char path[700];
    int64_t first_end = 0;
    node_open(&fixture);
    node_create(&fixture, "t", make_id(1), PARTITIONS);
    int64_t before = log_size();
    node_close(&fixture);
    ck_assert_int_eq(batches_from(before, &first_end), 2);
    snprintf(path, sizeof path, "%s/" LOG_NAME, fixture.path);
    ck_assert_int_eq(truncate(path, first_end), 0);
    fixture.node.previous_broker_epoch = -1;
    node_open(&fixture);
    expect_all_lead("t", PARTITIONS, 2, 1);
    node_close(&fixture);
    node_open(&fixture);
    expect_all_lead("t", PARTITIONS, 4, 1);
    node_close(&fixture);
}
END_TEST

START_TEST(a_stop_that_cannot_be_written_leaves_leaders_as_they_are)
{
    use_faulty_disk();
    node_open(&fixture);
    node_create(&fixture, "t", make_id(1), 2);
    write_error = -ENOSPC;
    node_close(&fixture);
    write_error = 0;
    node_open(&fixture);
    expect_all_lead("t", 2, 0, 0);
    node_close(&fixture);
}
END_TEST

START_TEST(who_was_unregistered_says_nothing_at_a_stop)
{
    struct arena arena;
    struct record_list list;
    struct note why = {""};
    node_open(&fixture);
    node_create(&fixture, "t", make_id(1), 2);
    arena_init(&arena, SIZE_MAX);
    record_list_init(&list, &arena, METADATA_VERSION_MAX);
    struct unregister_broker_record gone = {.broker_id = 1,
                                            .broker_epoch = cluster_broker_epoch(fixture.cluster)};
    record_list_add(&list, &unregister_broker_record_message, &gone);
    cluster_change_begin(fixture.cluster);
    ck_assert_int_eq(cluster_change_commit(fixture.cluster, &list, &why), KERR_NONE);
    cluster_change_end(fixture.cluster);
    arena_fini(&arena);
    int64_t before = log_size();
    node_close(&fixture);
    ck_assert_int_eq(log_size(), before);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("cluster");
    TCase *tcase = tcase_create("cluster");
    tcase_add_checked_fixture(tcase, set_up, tear_down);
    tcase_set_timeout(tcase, 250);
    tcase_add_test(tcase, a_fresh_directory_gets_what_kafka_would_give_it);
    tcase_add_test(tcase, the_static_min_insync_replicas_becomes_the_cluster_s_default);
    tcase_add_test(tcase, an_older_release_gets_its_own_features_and_no_newer_records);
    tcase_add_test(tcase, a_change_is_in_force_at_once_and_after_a_restart);
    tcase_add_test(tcase, a_change_is_one_batch);
    tcase_add_test(tcase, a_change_of_nothing_writes_nothing);
    tcase_add_test(tcase, a_change_too_large_for_a_batch_becomes_a_transaction);
    tcase_add_test(tcase, a_change_too_large_for_an_old_level_is_refused);
    tcase_add_test(tcase, many_threads_may_change_and_read);
    tcase_add_test(tcase, producer_ids_come_in_blocks_and_never_twice);
    tcase_add_test(tcase, a_failed_sync_takes_the_directory_offline_and_applies_nothing);
    tcase_add_test(tcase, a_full_disk_refuses_a_change_and_takes_the_next);
    tcase_add_test(tcase, a_start_costs_few_syncs);
    tcase_add_test(tcase, a_start_that_cannot_write_says_why);
    tcase_add_loop_test(tcase, wherever_a_life_ends_the_next_one_has_all_that_was_acknowledged, 0,
                        sizeof lives_at / sizeof lives_at[0]);
    tcase_add_test(tcase, every_start_takes_the_next_epoch_and_registers_anew);
    tcase_add_test(tcase, a_lost_quorum_state_is_no_loss_and_a_later_one_counts);
    tcase_add_test(tcase, behind_the_last_epoch_there_is_none);
    tcase_add_test(tcase, no_leader_epoch_is_given_twice_where_the_log_s_end_is_lost);
    tcase_add_test(tcase, no_epoch_is_given_twice_where_the_log_s_end_is_lost);
    tcase_add_test(tcase, no_producer_id_is_given_twice_where_the_log_s_end_is_lost);
    tcase_add_test(tcase, a_clean_stop_leaves_nobody_who_leads_and_a_broker_that_is_fenced);
    tcase_add_test(tcase, a_stop_of_which_only_a_part_is_there_is_as_good_as_a_kill);
    tcase_add_test(tcase, a_stop_that_cannot_be_written_leaves_leaders_as_they_are);
    tcase_add_test(tcase, who_was_unregistered_says_nothing_at_a_stop);
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
