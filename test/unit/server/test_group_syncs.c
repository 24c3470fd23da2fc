/*
 * What groups write, on its way to stable storage: OffsetCommit requests that arrive together are stored one
 * by one, synced together and answered each, in order, whatever comes between or behind them. And what
 * clients are told of what did not get there.
 */
#include "metadata/internal_topics.h"
#include "protocol/messages/consumer_group_heartbeat.h"
#include "protocol/messages/find_coordinator.h"
#include "protocol/messages/join_group.h"
#include "protocol/messages/leave_group.h"
#include "protocol/messages/offset_commit.h"
#include "protocol/messages/offset_fetch.h"
#include "protocol/messages/sync_group.h"
#include "server/coordinator/internal_topic.h"
#include "test/unit/server/client_fixture.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

enum {
    KEY_OFFSET_COMMIT = 8,
    KEY_OFFSET_FETCH = 9,
    KEY_FIND_COORDINATOR = 10,
    KEY_JOIN_GROUP = 11,
    KEY_LEAVE_GROUP = 13,
    KEY_SYNC_GROUP = 14,
    KEY_CONSUMER_GROUP_HEARTBEAT = 68,
    COMMIT_VERSION = 8,
    FETCH_ONE_VERSION = 7,
    JOIN_VERSION = 3, /* without MEMBER_ID_REQUIRED */
    SYNC_VERSION = 3,
    LEAVE_VERSION = 3,
    PARTITIONS = 4, /* of __consumer_offsets, and of the topic */
    MANY = 15,      /* of which a run takes 16 */
};

enum { SMALL_BATCHES = 3 }; /* where one more setting has room */
static const char *settings[] = {"offsets.topic.replication.factor=1", "offsets.topic.num.partitions=4",
                                 "group.initial.rebalance.delay.ms=0", NULL, NULL};

static struct broker_fixture fixture;
static struct client client;
static struct arena arena;
static struct buf out;

/* ---- the disk ---- */

/* What becomes of syncs of __consumer_offsets. */
static struct {
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    int syncs;
    bool is_held; /* they last until it is let go */
    bool is_broken;
} disk = {.mutex = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER};

static bool holds_offsets(int file)
{
    char link[64], path[512] = "";
    snprintf(link, sizeof link, "/proc/self/fd/%d", file);
    return readlink(link, path, sizeof path - 1) > 0 && strstr(path, CONSUMER_OFFSETS_TOPIC) != NULL;
}

/* In the place of the C library's. */
int fdatasync(int file)
{
    bool is_broken = false;
    if (holds_offsets(file)) {
        pthread_mutex_lock(&disk.mutex);
        disk.syncs++;
        pthread_cond_broadcast(&disk.changed);
        while (disk.is_held)
            pthread_cond_wait(&disk.changed, &disk.mutex);
        is_broken = disk.is_broken;
        pthread_mutex_unlock(&disk.mutex);
    }
    if (is_broken)
        errno = EIO;
    return is_broken ? -1 : (int)syscall(SYS_fdatasync, file);
}

static void set_disk(bool is_held, bool is_broken)
{
    pthread_mutex_lock(&disk.mutex);
    disk.is_held = is_held;
    disk.is_broken = is_broken;
    pthread_cond_broadcast(&disk.changed);
    pthread_mutex_unlock(&disk.mutex);
}

static int syncs(void)
{
    pthread_mutex_lock(&disk.mutex);
    int count = disk.syncs;
    pthread_mutex_unlock(&disk.mutex);
    return count;
}

static void wait_for_syncs(int count)
{
    pthread_mutex_lock(&disk.mutex);
    while (disk.syncs < count)
        pthread_cond_wait(&disk.changed, &disk.mutex);
    pthread_mutex_unlock(&disk.mutex);
}

/* ---- requests ---- */

struct commit_wish {
    const char *group; /* "g" if NULL */
    const char *topic; /* "t" if NULL */
    int32_t partition;
    int32_t generation; /* 0: -1, of who is no member */
    int64_t offset;
    size_t metadata_len;
};

static struct slice text_of(size_t len)
{
    char *text = arena_alloc(&arena, len);
    memset(text, 'm', len);
    return slice_of(text, len);
}

static void append_commit(int32_t correlation_id, const struct commit_wish *wish)
{
    struct offset_commit_request_partition partition = {wish->partition, wish->offset, -1,
                                                        text_of(wish->metadata_len)};
    struct offset_commit_request_topic topic = {.name = slice_str(wish->topic == NULL ? "t" : wish->topic)};
    topic.partitions.items = &partition;
    topic.partitions.count = 1;
    struct offset_commit_request request = {
        .group_id = slice_str(wish->group == NULL ? "g" : wish->group),
        .generation_id_or_member_epoch = wish->generation == 0 ? -1 : wish->generation,
        .member_id = SLICE(""),
    };
    request.topics.items = &topic;
    request.topics.count = 1;
    append_request(&out, KEY_OFFSET_COMMIT, COMMIT_VERSION, correlation_id, &request);
}

static void expect_commit(int32_t correlation_id, enum kerr error)
{
    const struct offset_commit_response *response =
        read_answer(&client, &arena, KEY_OFFSET_COMMIT, COMMIT_VERSION, correlation_id);
    ck_assert_int_eq(response->topics.items[0].partitions.items[0].error_code, error);
}

static void append_offset_fetch(int32_t correlation_id, const char *group, int32_t partition)
{
    struct offset_fetch_request_topic topic = {.name = SLICE("t")};
    topic.partition_indexes.items = arena_new(&arena, int32_t);
    *topic.partition_indexes.items = partition;
    topic.partition_indexes.count = 1;
    struct offset_fetch_request request = {.group_id = slice_str(group)};
    request.topics.items = &topic;
    request.topics.count = 1;
    append_request(&out, KEY_OFFSET_FETCH, FETCH_ONE_VERSION, correlation_id, &request);
}

static void expect_offset(int32_t correlation_id, int64_t offset)
{
    const struct offset_fetch_response *response =
        read_answer(&client, &arena, KEY_OFFSET_FETCH, FETCH_ONE_VERSION, correlation_id);
    ck_assert_int_eq(response->error_code, KERR_NONE);
    ck_assert_int_eq(response->topics.items[0].partitions.items[0].committed_offset, offset);
}

static void send_out(void)
{
    send_all(&client, &out);
    out.len = 0;
}

static void expect_in_force(const char *group, int32_t partition, int64_t offset)
{
    append_offset_fetch(1000, group, partition);
    send_out();
    expect_offset(1000, offset);
}

/* ---- a broker ---- */

static void make_coordinator(void)
{
    struct find_coordinator_request request = {.key = SLICE("g")};
    const struct find_coordinator_response *response =
        ask(&client, &arena, KEY_FIND_COORDINATOR, 3, &request);
    ck_assert_int_eq(response->error_code, KERR_NONE);
}

static const char *group_name(int i)
{
    return (const char *)arena_printf(&arena, "g%d%c", i, '\0').data;
}

/* Every shard has been written to, so that its files are there. */
static void set_up(void)
{
    arena_init(&arena, SIZE_MAX);
    out = (struct buf){0};
    fixture_open(&fixture, settings);
    connect_client(&client, fixture.port);
    create_topic(&client, "t", PARTITIONS);
    make_coordinator();
    for (int i = 0; i < MANY; i++)
        append_commit(i, &(struct commit_wish){.group = group_name(i)});
    send_out();
    for (int i = 0; i < MANY; i++)
        expect_commit(i, KERR_NONE);
    disk.syncs = 0;
}

static void tear_down(void)
{
    set_disk(false, false);
    client_close(&client);
    buf_fini(&out);
    fixture_close(&fixture);
    arena_fini(&arena);
}

/* The broker is kept busy with a commit of "first" until many more have arrived, which are then one run. */
static void send_behind_a_first(void)
{
    struct buf many = out;
    int before = syncs();
    out = (struct buf){0};
    append_commit(0, &(struct commit_wish){.group = "first"});
    set_disk(true, false);
    send_out();
    wait_for_syncs(before + 1);
    buf_append_slice(&out, buf_slice(&many));
    buf_fini(&many);
    send_out();
    set_disk(false, false);
    expect_commit(0, KERR_NONE);
}

/* ---- one sync ---- */

START_TEST(commits_that_arrive_together_are_synced_once)
{
    for (int i = 1; i <= MANY; i++)
        append_commit(i, &(struct commit_wish){.offset = i});
    send_behind_a_first();
    for (int i = 1; i <= MANY; i++)
        expect_commit(i, KERR_NONE);
    ck_assert_int_eq(syncs(), 2); /* the first one's, and theirs */
    expect_in_force("g", 0, MANY);
}
END_TEST

START_TEST(commits_of_several_groups_are_synced_once_for_each_partition_of_the_log)
{
    bool is_used[PARTITIONS] = {false};
    int expected = 1;
    for (int i = 0; i < MANY; i++) {
        const char *group = group_name(i);
        bool *used = &is_used[coordinator_partition(slice_str(group), PARTITIONS)];
        expected += !*used;
        *used = true;
        append_commit(i + 1, &(struct commit_wish){.group = group, .partition = 1, .offset = i});
    }
    send_behind_a_first();
    for (int i = 0; i < MANY; i++)
        expect_commit(i + 1, KERR_NONE);
    ck_assert_int_eq(syncs(), expected);
    for (int i = 0; i < MANY; i++)
        expect_in_force(group_name(i), 1, i);
}
END_TEST

START_TEST(no_answer_leaves_before_its_commit_is_on_stable_storage)
{
    set_disk(true, false);
    for (int i = 0; i < 3; i++)
        append_commit(i, &(struct commit_wish){.offset = i});
    send_out();
    wait_for_syncs(1);
    expect_silence(&client, 50);
    set_disk(false, false);
    for (int i = 0; i < 3; i++)
        expect_commit(i, KERR_NONE);
}
END_TEST

/* ---- each for itself ---- */

static const int counts[] = {1, 15, 16, 17, 40, 100};

START_TEST(pipelined_commits_are_answered_in_order_and_the_last_is_in_force)
{
    int count = counts[_i];
    for (int i = 0; i < count; i++)
        append_commit(100 + i, &(struct commit_wish){.partition = i % PARTITIONS, .offset = i});
    send_out();
    for (int i = 0; i < count; i++)
        expect_commit(100 + i, KERR_NONE);
    expect_in_force("g", (count - 1) % PARTITIONS, count - 1);
}
END_TEST

START_TEST(one_that_is_refused_leaves_the_others_alone)
{
    append_commit(1, &(struct commit_wish){.offset = 5});
    append_commit(2, &(struct commit_wish){.topic = "unknown", .offset = 6});
    append_commit(3, &(struct commit_wish){.partition = PARTITIONS, .offset = 7});
    append_commit(4, &(struct commit_wish){.generation = 3, .offset = 8});
    append_commit(5, &(struct commit_wish){.partition = 1, .offset = 9});
    send_behind_a_first();
    expect_commit(1, KERR_NONE);
    expect_commit(2, KERR_UNKNOWN_TOPIC_OR_PARTITION);
    expect_commit(3, KERR_UNKNOWN_TOPIC_OR_PARTITION);
    expect_commit(4, KERR_UNKNOWN_MEMBER_ID);
    expect_commit(5, KERR_NONE);
    expect_in_force("g", 0, 5);
    expect_in_force("g", 1, 9);
}
END_TEST

START_TEST(other_requests_among_them_keep_their_place_and_see_what_was_committed_before)
{
    for (int i = 0; i < 30; i += 3) {
        append_commit(i, &(struct commit_wish){.offset = i});
        append_offset_fetch(i + 1, "g", 0);
        append_produce(&out, i + 2, &(struct produce_wish){.topic = "t", .acks = 1});
    }
    send_out();
    for (int i = 0; i < 30; i += 3) {
        expect_commit(i, KERR_NONE);
        expect_offset(i + 1, i);
        ck_assert_int_eq(read_produced(&client, i + 2).base_offset, i / 3);
    }
}
END_TEST

START_TEST(a_bad_frame_behind_them_ends_the_connection_after_their_answers)
{
    static const char bad[] =
        "\0\0\0\x0a\0\x08\0\x08\0\0\0\x01\0\0"; /* an OffsetCommit that ends in its header */
    for (int i = 0; i < 3; i++)
        append_commit(i + 1, &(struct commit_wish){.offset = i});
    buf_append(&out, bad, sizeof bad - 1);
    send_behind_a_first();
    for (int i = 0; i < 3; i++)
        expect_commit(i + 1, KERR_NONE);
    expect_closed(&client);
    client_close(&client);
    connect_client(&client, fixture.port);
    expect_in_force("g", 0, 2);
}
END_TEST

/* ---- a disk that fails: of what it did not take nothing is told ---- */

START_TEST(a_disk_that_fails_is_told_to_all_commits_of_a_run)
{
    set_disk(false, true);
    for (int i = 0; i < 3; i++)
        append_commit(i, &(struct commit_wish){.offset = i});
    send_out();
    for (int i = 0; i < 3; i++)
        expect_commit(i, KERR_NOT_COORDINATOR);
}
END_TEST

static const struct join_group_response *join(void)
{
    struct join_group_protocol protocol = {SLICE("range"), SLICE("")};
    struct join_group_request request = {
        .group_id = SLICE("joined"),
        .session_timeout_ms = PATIENCE_MS,
        .rebalance_timeout_ms = PATIENCE_MS,
        .member_id = SLICE(""),
        .protocol_type = SLICE("consumer"),
        .protocols = {&protocol, 1},
    };
    return ask(&client, &arena, KEY_JOIN_GROUP, JOIN_VERSION, &request);
}

static const struct sync_group_response *sync_leader(struct slice member, size_t assigned_len)
{
    struct sync_group_assignment assignment = {member, text_of(assigned_len)};
    struct sync_group_request request = {.group_id = SLICE("joined"),
                                         .generation_id = 1,
                                         .member_id = member,
                                         .assignments = {&assignment, 1}};
    return ask(&client, &arena, KEY_SYNC_GROUP, SYNC_VERSION, &request);
}

START_TEST(a_member_that_the_disk_did_not_take_has_no_id)
{
    set_disk(false, true);
    const struct join_group_response *response = join();
    ck_assert_int_eq(response->error_code, KERR_NOT_COORDINATOR);
    ck_assert_int_eq(response->generation_id, -1);
    ck_assert_uint_eq(response->member_id.len, 0);
    ck_assert_int_eq(response->members.count, 0);
}
END_TEST

START_TEST(an_assignment_that_the_disk_did_not_take_is_nobodys)
{
    struct slice member = arena_dup(&arena, join()->member_id);
    set_disk(false, true);
    const struct sync_group_response *response = sync_leader(member, 10);
    ck_assert_int_eq(response->error_code, KERR_NOT_COORDINATOR);
    ck_assert_uint_eq(response->assignment.len, 0);
}
END_TEST

START_TEST(a_goodbye_that_the_disk_did_not_take_is_refused_as_a_whole)
{
    struct slice member = arena_dup(&arena, join()->member_id);
    ck_assert_int_eq(sync_leader(member, 10)->error_code, KERR_NONE);
    set_disk(false, true);
    struct leave_group_member leaving = {.member_id = member};
    struct leave_group_request request = {.group_id = SLICE("joined"), .members = {&leaving, 1}};
    const struct leave_group_response *response =
        ask(&client, &arena, KEY_LEAVE_GROUP, LEAVE_VERSION, &request);
    ck_assert_int_eq(response->error_code, KERR_NOT_COORDINATOR);
    ck_assert_int_eq(response->members.count, 0);
}
END_TEST

/* A first heartbeat, of who is subscribed to so many topics. */
static const struct consumer_group_heartbeat_response *beat(int32_t topics)
{
    struct consumer_group_heartbeat_request request;
    schema_set_defaults(consumer_group_heartbeat_request_schema(), &request);
    request.group_id = SLICE("consumers");
    request.member_id = SLICE("m");
    request.rebalance_timeout_ms = PATIENCE_MS;
    request.topic_partitions.count = 0;
    request.subscribed_topic_names.items = arena_new_array(&arena, struct slice, topics);
    request.subscribed_topic_names.count = topics;
    for (int32_t i = 0; i < topics; i++)
        request.subscribed_topic_names.items[i] = arena_printf(&arena, "%0100d", (int)i);
    return ask(&client, &arena, KEY_CONSUMER_GROUP_HEARTBEAT, 1, &request);
}

static void expect_refused(const struct consumer_group_heartbeat_response *response, enum kerr error)
{
    ck_assert_int_eq(response->error_code, error);
    ck_assert(slice_is_null(response->error_message));
    ck_assert(slice_is_null(response->member_id));
    ck_assert_int_eq(response->member_epoch, 0);
    ck_assert_ptr_null(response->assignment);
}

START_TEST(a_member_of_a_consumer_group_that_the_disk_did_not_take_is_assigned_nothing)
{
    set_disk(false, true);
    expect_refused(beat(1), KERR_NOT_COORDINATOR);
}
END_TEST

/* ---- a log that takes no large batch: as Apache Kafka 4.3.1 answers with message.max.bytes=1000 ---- */

static void set_up_small(void)
{
    settings[SMALL_BATCHES] = "message.max.bytes=1000";
    set_up();
}

START_TEST(a_commit_that_is_too_large_is_refused_and_its_neighbours_are_not)
{
    append_commit(1, &(struct commit_wish){.offset = 5});
    append_commit(2, &(struct commit_wish){.offset = 6, .metadata_len = 1500});
    append_commit(3, &(struct commit_wish){.partition = 1, .offset = 7});
    send_behind_a_first();
    expect_commit(1, KERR_NONE);
    expect_commit(2, KERR_UNKNOWN_SERVER_ERROR);
    expect_commit(3, KERR_NONE);
    expect_in_force("g", 0, 5);
    expect_in_force("g", 1, 7);
}
END_TEST

START_TEST(a_member_of_a_consumer_group_with_too_much_to_say_is_refused)
{
    expect_refused(beat(20), KERR_UNKNOWN_SERVER_ERROR);
    ck_assert_int_eq(beat(1)->error_code, KERR_NONE);
}
END_TEST

START_TEST(an_assignment_that_is_too_large_is_nobodys_and_the_group_rebalances)
{
    struct slice member = arena_dup(&arena, join()->member_id);
    const struct sync_group_response *response = sync_leader(member, 1500);
    ck_assert_int_eq(response->error_code, KERR_UNKNOWN_SERVER_ERROR);
    ck_assert_uint_eq(response->assignment.len, 0);
    ck_assert_int_eq(sync_leader(member, 10)->error_code, KERR_REBALANCE_IN_PROGRESS);
}
END_TEST

static void tear_down_broken(void)
{
    client_close(&client);
    buf_fini(&out);
    ck_assert(!broker_close(fixture.broker));
    remove_directory(fixture.directory);
    arena_fini(&arena);
}

int main(void)
{
    Suite *suite = suite_create("group_syncs");
    add_tests(suite, "one sync", set_up, tear_down,
              (const TTest *const[]){
                  commits_that_arrive_together_are_synced_once,
                  commits_of_several_groups_are_synced_once_for_each_partition_of_the_log,
                  no_answer_leaves_before_its_commit_is_on_stable_storage,
                  NULL,
              });
    add_loop(suite, set_up, tear_down, pipelined_commits_are_answered_in_order_and_the_last_is_in_force,
             sizeof counts / sizeof counts[0]);
    add_tests(suite, "each for itself", set_up, tear_down,
              (const TTest *const[]){
                  one_that_is_refused_leaves_the_others_alone,
                  other_requests_among_them_keep_their_place_and_see_what_was_committed_before,
                  a_bad_frame_behind_them_ends_the_connection_after_their_answers,
                  NULL,
              });
    add_tests(suite, "a broken disk", set_up, tear_down_broken,
              (const TTest *const[]){
                  a_disk_that_fails_is_told_to_all_commits_of_a_run,
                  a_member_that_the_disk_did_not_take_has_no_id,
                  an_assignment_that_the_disk_did_not_take_is_nobodys,
                  a_goodbye_that_the_disk_did_not_take_is_refused_as_a_whole,
                  a_member_of_a_consumer_group_that_the_disk_did_not_take_is_assigned_nothing,
                  NULL,
              });
    add_tests(suite, "small batches", set_up_small, tear_down,
              (const TTest *const[]){
                  a_commit_that_is_too_large_is_refused_and_its_neighbours_are_not,
                  a_member_of_a_consumer_group_with_too_much_to_say_is_refused,
                  an_assignment_that_is_too_large_is_nobodys_and_the_group_rebalances,
                  NULL,
              });
    return run_suite(suite);
}
