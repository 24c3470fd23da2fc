/*
 * Groups in a broker: what it writes is there after a restart, who waits is told, and what an
 * Apache Kafka has left of transactions comes into force.
 */
#include "server/coordinator/internal_topic.h"

#include "metadata/internal_topics.h"
#include "protocol/batch_build.h"
#include "protocol/messages/delete_topics.h"
#include "protocol/messages/describe_groups.h"
#include "protocol/messages/find_coordinator.h"
#include "protocol/messages/heartbeat.h"
#include "protocol/messages/join_group.h"
#include "protocol/messages/list_groups.h"
#include "protocol/messages/offset_commit.h"
#include "protocol/messages/offset_fetch.h"
#include "protocol/messages/sync_group.h"
#include "protocol/records/end_txn_marker.h"
#include "protocol/records/offset_commit_record.h"
#include "storage/os/clock.h"
#include "storage/partitions.h"
#include "test/unit/server/client_fixture.h"

#include <stdio.h>

enum {
    KEY_OFFSET_COMMIT = 8,
    KEY_OFFSET_FETCH = 9,
    KEY_FIND_COORDINATOR = 10,
    KEY_JOIN_GROUP = 11,
    KEY_HEARTBEAT = 12,
    KEY_SYNC_GROUP = 14,
    KEY_DESCRIBE_GROUPS = 15,
    KEY_LIST_GROUPS = 16,

    COMMIT_VERSION = 8,
    FETCH_ONE_VERSION = 7,
    JOIN_VERSION = 3, /* without MEMBER_ID_REQUIRED */
    PARTITIONS = 4,
};

static const char *const settings[] = {"offsets.topic.replication.factor=1", "offsets.topic.num.partitions=4",
                                       "group.initial.rebalance.delay.ms=0",
                                       "group.min.session.timeout.ms=100", NULL};

static struct broker_fixture fixture;
static struct client client;
static struct arena arena;

static void set_up(void)
{
    arena_init(&arena, SIZE_MAX);
    fixture_open(&fixture, settings);
    connect_client(&client, fixture.port);
    create_topic(&client, "t", 2);
}

static void tear_down(void)
{
    client_close(&client);
    fixture_close(&fixture);
    arena_fini(&arena);
}

static void restart(void)
{
    client_close(&client);
    fixture_restart(&fixture, settings);
    connect_client(&client, fixture.port);
}

/* ---- requests ---- */

static int16_t find_coordinator(const char *group)
{
    struct find_coordinator_request request = {.key = slice_str(group)};
    struct find_coordinator_response *response = ask(&client, &arena, KEY_FIND_COORDINATOR, 3, &request);
    if (response->error_code == KERR_NONE)
        ck_assert_int_eq(response->port, fixture.port);
    return response->error_code;
}

static int16_t commit(const char *group, const char *topic, int32_t partition, int64_t offset)
{
    struct offset_commit_request_partition one = {partition, offset, -1, SLICE("m")};
    struct offset_commit_request_topic of = {.name = slice_str(topic)};
    of.partitions.items = &one;
    of.partitions.count = 1;
    struct offset_commit_request request = {
        .group_id = slice_str(group), .generation_id_or_member_epoch = -1, .member_id = SLICE("")};
    request.topics.items = &of;
    request.topics.count = 1;
    struct offset_commit_response *response =
        ask(&client, &arena, KEY_OFFSET_COMMIT, COMMIT_VERSION, &request);
    return response->topics.items[0].partitions.items[0].error_code;
}

/* -1: none; or minus the error. */
static int64_t committed(const char *group, const char *topic, int32_t partition)
{
    struct offset_fetch_request_topic of = {.name = slice_str(topic)};
    of.partition_indexes.items = &partition;
    of.partition_indexes.count = 1;
    struct offset_fetch_request request = {.group_id = slice_str(group)};
    request.topics.items = &of;
    request.topics.count = 1;
    struct offset_fetch_response *response =
        ask(&client, &arena, KEY_OFFSET_FETCH, FETCH_ONE_VERSION, &request);
    return response->error_code == KERR_NONE ? response->topics.items[0].partitions.items[0].committed_offset
                                             : -response->error_code;
}

static struct join_group_request join_request(const char *group, struct slice member)
{
    struct join_group_protocol *protocol = arena_new(&arena, struct join_group_protocol);
    protocol->name = SLICE("range");
    protocol->metadata = SLICE("");
    struct join_group_request request = {
        .group_id = slice_str(group),
        .session_timeout_ms = 4 * PATIENCE_MS,
        .rebalance_timeout_ms = 4 * PATIENCE_MS,
        .member_id = member,
        .protocol_type = SLICE("consumer"),
    };
    request.protocols.items = protocol;
    request.protocols.count = 1;
    return request;
}

static const struct join_group_response *join(const char *group, struct slice member)
{
    struct join_group_request request = join_request(group, member);
    return ask(&client, &arena, KEY_JOIN_GROUP, JOIN_VERSION, &request);
}

static int16_t heartbeat(const char *group, struct slice member, int32_t generation)
{
    struct heartbeat_request request = {
        .group_id = slice_str(group), .generation_id = generation, .member_id = member};
    struct heartbeat_response *response = ask(&client, &arena, KEY_HEARTBEAT, 2, &request);
    return response->error_code;
}

static struct slice make_stable(const char *group)
{
    const struct join_group_response *joined = join(group, SLICE(""));
    ck_assert_int_eq(joined->error_code, KERR_NONE);
    struct slice member =
        arena_dup(&arena, joined->member_id); /* what an answer says is the client's buffer's */
    struct sync_group_assignment assignment = {member, SLICE("mine")};
    struct sync_group_request request = {
        .group_id = slice_str(group), .generation_id = joined->generation_id, .member_id = member};
    request.assignments.items = &assignment;
    request.assignments.count = 1;
    struct sync_group_response *response = ask(&client, &arena, KEY_SYNC_GROUP, 2, &request);
    ck_assert_int_eq(response->error_code, KERR_NONE);
    return member;
}

/* Sends a join that waits: the group's other member is told, and does not come. */
static void send_join(struct client *waiting, const char *group, struct slice other)
{
    struct join_group_request request = join_request(group, SLICE(""));
    struct buf out = {0};
    connect_client(waiting, fixture.port);
    append_request(&out, KEY_JOIN_GROUP, JOIN_VERSION, 7, &request);
    send_all(waiting, &out);
    buf_fini(&out);
    while (heartbeat(group, other, 1) != KERR_REBALANCE_IN_PROGRESS)
        sleep_ms(1);
}

static void delete_topic(const char *name)
{
    struct slice names[] = {slice_str(name)};
    struct delete_topics_request request = {.timeout_ms = 1000};
    request.topic_names.items = names;
    request.topic_names.count = 1;
    struct delete_topics_response *response = ask(&client, &arena, KEY_DELETE_TOPICS, 5, &request);
    ck_assert_int_eq(response->responses.items[0].error_code, KERR_NONE);
}

/* A group of one member, who has half a megabyte to say. */
static void make_large(const char *group)
{
    static const char metadata[500000];
    struct join_group_request request = join_request(group, SLICE(""));
    request.protocols.items[0].metadata = slice_of(metadata, sizeof metadata);
    const struct join_group_response *joined = ask(&client, &arena, KEY_JOIN_GROUP, JOIN_VERSION, &request);
    ck_assert_int_eq(joined->error_code, KERR_NONE);
    struct sync_group_request sync = {
        .group_id = slice_str(group), .generation_id = 1, .member_id = arena_dup(&arena, joined->member_id)};
    const struct sync_group_response *synced = ask(&client, &arena, KEY_SYNC_GROUP, 2, &sync);
    ck_assert_int_eq(synced->error_code, KERR_NONE);
}

static void append_describe(struct buf *out, struct slice *groups, int32_t count)
{
    struct describe_groups_request request = {.groups = {groups, count}};
    append_request(out, KEY_DESCRIBE_GROUPS, 5, 3, &request);
}

/* ---- tests ---- */

START_TEST(a_group_belongs_to_the_partition_that_kafka_gives_it)
{
    ck_assert_int_eq(coordinator_partition(SLICE(""), 50), 0);
    ck_assert_int_eq(coordinator_partition(SLICE("console-consumer-12345"), 50), 6);
    ck_assert_int_eq(coordinator_partition(SLICE("polygenelubricants"), 50),
                     0); /* the hash that has no abs() */
}
END_TEST

START_TEST(there_is_no_coordinator_before_somebody_looks_for_one)
{
    ck_assert_int_eq(commit("g", "t", 0, 5), KERR_NOT_COORDINATOR);
    ck_assert_int_eq(committed("g", "t", 0), -KERR_NOT_COORDINATOR);
    ck_assert_int_eq(find_coordinator("g"), KERR_NONE);
    ck_assert_int_eq(commit("g", "t", 0, 5), KERR_NONE);
    ck_assert_int_eq(committed("g", "t", 0), 5);
}
END_TEST

START_TEST(what_was_committed_outlives_a_restart)
{
    char group[16];
    find_coordinator("g");
    for (int i = 0; i < 20; i++) { /* in every partition */
        snprintf(group, sizeof group, "g%d", i);
        ck_assert_int_eq(commit(group, "t", 1, i), KERR_NONE);
        ck_assert_int_eq(commit(group, "t", 1, i + 100), KERR_NONE);
    }
    restart();
    for (int i = 0; i < 20; i++) {
        snprintf(group, sizeof group, "g%d", i);
        ck_assert_int_eq(committed(group, "t", 1), i + 100);
        ck_assert_int_eq(committed(group, "t", 0), -1);
    }
    struct list_groups_request request = {0};
    struct list_groups_response *response = ask(&client, &arena, KEY_LIST_GROUPS, 3, &request);
    ck_assert_int_eq(response->groups.count, 20);
}
END_TEST

START_TEST(a_member_goes_on_after_a_restart)
{
    find_coordinator("g");
    struct slice member = make_stable("g");
    restart();
    ck_assert_int_eq(heartbeat("g", member, 1), KERR_NONE);
    ck_assert_int_eq(heartbeat("g", member, 2), KERR_ILLEGAL_GENERATION);
}
END_TEST

START_TEST(a_member_that_falls_silent_is_missed_after_a_restart_too)
{
    find_coordinator("g");
    struct join_group_request request = join_request("g", SLICE(""));
    request.session_timeout_ms = 500;
    struct join_group_response *joined = ask(&client, &arena, KEY_JOIN_GROUP, JOIN_VERSION, &request);
    struct sync_group_request sync = {
        .group_id = SLICE("g"), .generation_id = 1, .member_id = joined->member_id};
    ask(&client, &arena, KEY_SYNC_GROUP, 2, &sync);
    restart(); /* and nobody asks for the group: the coordinator's own thread has to look */
    int64_t deadline_ms = clock_monotonic_ms() + PATIENCE_MS;
    struct list_groups_request list = {0};
    struct list_groups_response *listed = NULL;
    bool empty = false;
    while (!empty && clock_monotonic_ms() < deadline_ms) {
        sleep_ms(200);
        listed = ask(&client, &arena, KEY_LIST_GROUPS, 4, &list);
        ck_assert_int_eq(listed->groups.count, 1);
        empty = slice_equal_str(listed->groups.items[0].group_state, "Empty");
    }
    ck_assert(empty);
}
END_TEST

START_TEST(who_waits_when_the_broker_stops_is_let_go)
{
    struct client waiting;
    find_coordinator("g");
    send_join(&waiting, "g", make_stable("g"));
    restart(); /* within its grace */
    expect_closed(&waiting);
    client_close(&waiting);
}
END_TEST

START_TEST(who_waits_when_the_topic_goes_is_told)
{
    struct client waiting;
    find_coordinator("g");
    send_join(&waiting, "g", make_stable("g"));
    delete_topic(CONSUMER_OFFSETS_TOPIC);
    const struct join_group_response *answer = read_answer(&waiting, &arena, KEY_JOIN_GROUP, JOIN_VERSION, 7);
    ck_assert_int_eq(answer->error_code, KERR_NOT_COORDINATOR);
    client_close(&waiting);
    ck_assert_int_eq(commit("g", "t", 0, 5), KERR_NOT_COORDINATOR);
    ck_assert_int_eq(find_coordinator("g"), KERR_NONE);
    ck_assert_int_eq(committed("g", "t", 0), -1);
    ck_assert_int_eq(commit("g", "t", 0, 5), KERR_NONE);
}
END_TEST

START_TEST(offsets_of_a_deleted_topic_are_forgotten)
{
    find_coordinator("g");
    create_topic(&client, "u", 1);
    commit("g", "t", 0, 5);
    commit("g", "u", 0, 6);
    delete_topic("u");
    ck_assert_int_eq(committed("g", "u", 0), -1);
    restart();
    ck_assert_int_eq(committed("g", "u", 0), -1);
    ck_assert_int_eq(committed("g", "t", 0), 5);
}
END_TEST

/* ---- transactions ---- */

static struct slice encode(const struct message *message, int16_t first, int version, const void *from)
{
    struct buf buf = {0};
    struct writer writer;
    writer_init(&writer, &buf, NULL);
    write_i16(&writer, first);
    message_write(message, version, &writer, from);
    struct slice bytes = arena_dup(&arena, buf_slice(&buf));
    buf_fini(&buf);
    return bytes;
}

static void append_to_log(const char *group, struct batch_builder *builder)
{
    struct partition *partition = partitions_find(fixture.broker->partitions, SLICE(CONSUMER_OFFSETS_TOPIC),
                                                  coordinator_partition(slice_str(group), PARTITIONS));
    ck_assert_ptr_nonnull(partition);
    struct slice batch = batch_builder_finish(builder);
    struct append append = {
        .batch = (uint8_t *)(uintptr_t)batch.data, .len = batch.len, .acks = -1, .is_coordinators = true};
    batch_header_read(append.batch, &append.header);
    partition_append(partition, &append, clock_wall_ms());
    ck_assert_int_eq(append.error, KERR_NONE);
    partition_unref(partition);
    batch_builder_fini(builder);
}

/* As Apache Kafka stores what a transaction commits. */
static void commit_in_transaction(int64_t producer_id, const char *group, int32_t partition, int64_t offset)
{
    struct offset_commit_key key = {slice_str(group), SLICE("t"), partition};
    struct offset_commit_value value = {
        .offset = offset, .leader_epoch = -1, .metadata = SLICE(""), .expire_timestamp = -1};
    struct batch_builder builder;
    batch_builder_init(&builder, CODEC_NONE, 0);
    batch_builder_append(&builder, clock_wall_ms(), encode(&offset_commit_key_message, 1, 0, &key),
                         encode(&offset_commit_value_message, 3, 3, &value), NULL, 0);
    builder.header.attributes |= BATCH_TRANSACTIONAL;
    builder.header.producer_id = producer_id;
    builder.header.producer_epoch = 0;
    builder.header.base_sequence = 0;
    append_to_log(group, &builder);
}

static void end_transaction(int64_t producer_id, const char *group, enum control_type type)
{
    struct end_txn_marker marker = {0};
    struct batch_builder builder;
    batch_builder_init(&builder, CODEC_NONE, 0);
    batch_builder_append_control(&builder, clock_wall_ms(), type,
                                 encode(&end_txn_marker_message, 0, 0, &marker));
    builder.header.attributes |= BATCH_TRANSACTIONAL;
    builder.header.producer_id = producer_id;
    builder.header.producer_epoch = 0;
    append_to_log(group, &builder);
}

START_TEST(transactions_come_into_force_when_they_are_committed)
{
    find_coordinator("g");
    commit("g", "t", 0, 5);
    commit_in_transaction(100, "g", 0, 50);
    commit_in_transaction(101, "g", 1, 60);
    end_transaction(100, "g", CONTROL_COMMIT);
    end_transaction(101, "g", CONTROL_ABORT);
    commit_in_transaction(102, "h", 0, 70);
    restart();
    ck_assert_int_eq(committed("g", "t", 0), 50);
    ck_assert_int_eq(committed("g", "t", 1), -1);
    ck_assert_int_eq(committed("h", "t", 0), -1); /* it was never ended */
}
END_TEST

START_TEST(a_transaction_does_not_undo_what_was_committed_since)
{
    find_coordinator("g");
    commit_in_transaction(100, "g", 0, 50);
    commit("g", "t", 0, 55);
    end_transaction(100, "g", CONTROL_COMMIT);
    restart();
    ck_assert_int_eq(committed("g", "t", 0), 55);
}
END_TEST

START_TEST(a_group_that_is_named_again_is_told_again_within_bounds)
{
    enum { NAMED = 200, WITHIN = 20 };
    struct slice groups[NAMED];
    struct buf out = {0};
    for (int i = 0; i < NAMED; i++)
        groups[i] = SLICE("g");
    find_coordinator("g");
    make_large("g");
    append_describe(&out, groups, WITHIN);
    send_all(&client, &out);
    const struct describe_groups_response *response = read_answer(&client, &arena, KEY_DESCRIBE_GROUPS, 5, 3);
    ck_assert_int_eq(response->groups.count, WITHIN);
    ck_assert_uint_eq(response->groups.items[WITHIN - 1].members.items[0].member_metadata.len, 500000);
    buf_clear(&out, 0);
    append_describe(&out, groups, NAMED);
    send_all(&client, &out);
    expect_closed(&client);
    buf_fini(&out);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("group_coordinator");
    add_tests(suite, "life", set_up, tear_down,
              (const TTest *const[]){
                  a_group_belongs_to_the_partition_that_kafka_gives_it,
                  there_is_no_coordinator_before_somebody_looks_for_one,
                  what_was_committed_outlives_a_restart,
                  a_member_goes_on_after_a_restart,
                  a_member_that_falls_silent_is_missed_after_a_restart_too,
                  who_waits_when_the_broker_stops_is_let_go,
                  who_waits_when_the_topic_goes_is_told,
                  offsets_of_a_deleted_topic_are_forgotten,
                  a_group_that_is_named_again_is_told_again_within_bounds,
                  NULL,
              });
    add_tests(suite, "transactions", set_up, tear_down,
              (const TTest *const[]){
                  transactions_come_into_force_when_they_are_committed,
                  a_transaction_does_not_undo_what_was_committed_since,
                  NULL,
              });
    return run_suite(suite);
}
