/*
 * The scenarios of consumer groups: offsets committed (X3), a group of many members (G1), heartbeats of many
 * (G3), and consumers that wait for records that do not come (C4).
 */
#include "protocol/base/big_endian.h"
#include "protocol/errors.h"
#include "protocol/messages/heartbeat.h"
#include "protocol/messages/join_group.h"
#include "protocol/messages/offset_commit.h"
#include "protocol/messages/sync_group.h"
#include "test/bench/calls.h"
#include "test/bench/die.h"
#include "test/bench/measure.h"
#include "test/bench/pipeline.h"
#include "test/bench/process.h"
#include "test/bench/requests.h"
#include "test/bench/scenarios.h"
#include "test/bench/topics.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum {
    API_OFFSET_COMMIT = 8,
    API_JOIN_GROUP = 11,
    API_HEARTBEAT = 12,
    API_SYNC_GROUP = 14,
    OFFSET_COMMIT_VERSION = 8,
    JOIN_GROUP_VERSION = 3, /* the last one that takes a new member at once */
    HEARTBEAT_VERSION = 3,
    SYNC_GROUP_VERSION = 3,
    SESSION_MS = 300000,
    FETCH_WAIT_MS = 500, /* as consumers do it */
    PAUSE_US = 20000,
    LOOK_US = 2000,
    ARENA_CAP = 16 * 1024 * 1024,
};

#define CLIENT_ID SLICE("bench")

/* ---- commits ---- */

static void fill_commit(struct offset_commit_request *request, const struct load *load, struct slice group,
                        struct arena *arena)
{
    *request = (struct offset_commit_request){
        .group_id = group, .generation_id_or_member_epoch = -1, .member_id = SLICE("")};
    array_init(&request->topics, offset_commit_request_topic, arena, 1);
    struct offset_commit_request_topic *topic = &request->topics.items[0];
    topic->name = slice_str(load->topic);
    array_init(&topic->partitions, offset_commit_request_partition, arena, load->batches);
    for (int i = 0; i < load->batches; i++)
        topic->partitions.items[i] = (struct offset_commit_request_partition){i, 12345, -1, SLICE("")};
}

/* correlation id 4, tags 1, throttle 4, topics 1, name 1 + n, partitions 1 and index 4, then the error */
static bool commit_succeeded(struct slice frame, int *error)
{
    size_t at = 10;
    at += frame.data[at] + 5U;
    if (at + 2 > frame.len)
        die("an answer to OffsetCommit is too short");
    *error = load_i16(frame.data + at);
    return *error == KERR_NONE;
}

/* A first commit of the group, which may have to wait until its partition is led. */
static void commit_once(struct client *client, const struct offset_commit_request *request)
{
    struct arena arena;
    arena_init(&arena, ARENA_CAP);
    int error;
    do {
        const struct offset_commit_response *answer =
            call(client, API_OFFSET_COMMIT, OFFSET_COMMIT_VERSION, request, &arena);
        error =
            answer == NULL ? KERR_NETWORK_EXCEPTION : answer->topics.items[0].partitions.items[0].error_code;
        if (error != KERR_NONE && !call_is_too_early(error))
            die("OffsetCommit: error %d", error);
    } while (error != KERR_NONE && usleep(PAUSE_US) == 0);
    arena_fini(&arena);
}

void commit_scenario(const struct load *load)
{
    struct prepared prepared;
    struct client client;
    struct arena arena;
    arena_init(&arena, ARENA_CAP);
    topic_create(load);
    call_open(&client, load->port);
    prepared_init(&prepared, "OffsetCommit", load->connections, commit_succeeded);
    for (int i = 0; i < load->connections; i++) {
        struct slice group = arena_printf(&arena, "%s-%d", load->topic, i);
        struct offset_commit_request request;
        fill_commit(&request, load, group, &arena);
        call_until_coordinated(&client, group);
        commit_once(&client, &request);
        client_append_request(&prepared.requests[i], find_api(API_OFFSET_COMMIT), OFFSET_COMMIT_VERSION, 0,
                              CLIENT_ID, &request);
    }
    client_close(&client);
    pipeline_run(load, &prepared);
    if (!load->keep)
        topic_delete(load->port, load->topic);
    prepared_fini(&prepared);
    arena_fini(&arena);
}

/* ---- joining ---- */

static const struct join_group_response *join(struct client *client, struct slice group, struct slice member,
                                              struct arena *arena)
{
    struct join_group_protocol protocol = {SLICE("range"), SLICE("")};
    struct join_group_request request = {
        .group_id = group,
        .session_timeout_ms = SESSION_MS,
        .rebalance_timeout_ms = SESSION_MS,
        .member_id = member,
        .protocol_type = SLICE("consumer"),
        .protocols = {&protocol, 1},
    };
    for (;;) {
        const struct join_group_response *answer =
            call(client, API_JOIN_GROUP, JOIN_GROUP_VERSION, &request, arena);
        if (answer == NULL || (answer->error_code != KERR_NONE && !call_is_too_early(answer->error_code)))
            die("JoinGroup: error %d", answer == NULL ? -1 : answer->error_code);
        if (answer->error_code == KERR_NONE)
            return answer;
        usleep(PAUSE_US);
    }
}

static int sync_member(struct client *client, struct slice group, const struct join_group_response *joined,
                       struct arena *arena)
{
    struct sync_group_request request = {
        .group_id = group, .generation_id = joined->generation_id, .member_id = joined->member_id};
    array_init(&request.assignments, sync_group_assignment, arena, joined->members.count);
    for (int32_t i = 0; i < joined->members.count; i++)
        request.assignments.items[i] =
            (struct sync_group_assignment){joined->members.items[i].member_id, SLICE("assigned")};
    const struct sync_group_response *answer =
        call(client, API_SYNC_GROUP, SYNC_GROUP_VERSION, &request, arena);
    return answer == NULL ? KERR_NETWORK_EXCEPTION : answer->error_code;
}

static struct heartbeat_request heartbeat_of(struct slice group, const struct join_group_response *joined)
{
    return (struct heartbeat_request){
        .group_id = group, .generation_id = joined->generation_id, .member_id = joined->member_id};
}

/* ---- a group of many ---- */

struct gathering {
    const struct load *load;
    struct slice group;
    _Atomic int generation; /* of the newest that had all of them */
    _Atomic int arrived;    /* that are in it with their assignment */
};

/* Whether the leader, or whoever hears of it, saw all of them in this generation. */
static void note_generation(struct gathering *gathering, const struct join_group_response *joined)
{
    if (joined->members.count == gathering->load->connections)
        atomic_store(&gathering->generation, joined->generation_id);
}

/* False: there is a rebalance. */
static bool is_still_stable(struct client *client, struct slice group,
                            const struct join_group_response *joined, struct arena *arena)
{
    struct heartbeat_request request = heartbeat_of(group, joined);
    const struct heartbeat_response *answer = call(client, API_HEARTBEAT, HEARTBEAT_VERSION, &request, arena);
    if (answer == NULL
        || (answer->error_code != KERR_NONE && answer->error_code != KERR_REBALANCE_IN_PROGRESS))
        die("Heartbeat: error %d", answer == NULL ? -1 : answer->error_code);
    return answer->error_code == KERR_NONE;
}

/* A member: joins, takes its assignment, and looks whether there is a rebalance until all are there. */
static void *gather(void *context)
{
    struct gathering *gathering = context;
    struct client client;
    struct arena arena;
    arena_init(&arena, ARENA_CAP);
    call_open(&client, gathering->load->port);
    const struct join_group_response *joined = join(&client, gathering->group, SLICE(""), &arena);
    for (;;) {
        note_generation(gathering, joined);
        int error = sync_member(&client, gathering->group, joined, &arena);
        if (error != KERR_NONE && error != KERR_REBALANCE_IN_PROGRESS)
            die("SyncGroup: error %d", error);
        while (error == KERR_NONE && atomic_load(&gathering->generation) != joined->generation_id
               && is_still_stable(&client, gathering->group, joined, &arena))
            usleep(LOOK_US);
        if (error == KERR_NONE && atomic_load(&gathering->generation) == joined->generation_id)
            break;
        joined = join(&client, gathering->group, joined->member_id, &arena);
    }
    atomic_fetch_add(&gathering->arrived, 1);
    client_close(&client);
    arena_fini(&arena);
    return NULL;
}

void gather_scenario(const struct load *load)
{
    struct gathering gathering = {.load = load, .group = slice_str(load->topic)};
    struct client client;
    pthread_t threads[LOAD_MAX_CONNECTIONS];
    call_open(&client, load->port);
    call_until_coordinated(&client, gathering.group);
    client_close(&client);
    struct cpu_mark mark = cpu_mark(load);
    int64_t from_ns = now_ns();
    for (int i = 0; i < load->connections; i++)
        if (pthread_create(&threads[i], NULL, gather, &gathering) != 0)
            die("cannot start a thread");
    for (int i = 0; i < load->connections; i++)
        pthread_join(threads[i], NULL);
    struct measure measure = {.load = load};
    measure_cpu_since(&measure, load, &mark);
    printf("ms=%.2f cpu_ms=%.2f others=%.2f\n", (double)(now_ns() - from_ns) / 1e6, measure.cpu_s * 1e3,
           measure.others_s);
}

/* ---- heartbeats ---- */

/* correlation id 4, throttle 4, then the error: v3 is not flexible */
static bool heartbeat_succeeded(struct slice frame, int *error)
{
    if (frame.len != 10)
        die("an answer to Heartbeat is not as expected");
    *error = load_i16(frame.data + 8);
    return *error == KERR_NONE;
}

void heartbeat_scenario(const struct load *load)
{
    struct prepared prepared;
    struct client client;
    struct arena arena;
    arena_init(&arena, SIZE_MAX);
    call_open(&client, load->port);
    prepared_init(&prepared, "Heartbeat", load->topics, heartbeat_succeeded);
    call_until_coordinated(&client, slice_str(load->topic));
    for (int i = 0; i < load->topics; i++) {
        struct slice group = arena_printf(&arena, "%s-%d", load->topic, i);
        const struct join_group_response *joined = join(&client, group, SLICE(""), &arena);
        if (sync_member(&client, group, joined, &arena) != KERR_NONE)
            die("SyncGroup failed");
        struct heartbeat_request request = heartbeat_of(group, joined);
        client_append_request(&prepared.requests[i], find_api(API_HEARTBEAT), HEARTBEAT_VERSION, 0, CLIENT_ID,
                              &request);
    }
    client_close(&client);
    pipeline_run(load, &prepared);
    prepared_fini(&prepared);
    arena_fini(&arena);
}

/* ---- consumers that wait ---- */

static bool fetch_is_empty(struct slice frame, int *error)
{
    *error = load_i16(frame.data + 9);
    return *error == KERR_NONE;
}

/* New partitions cost a broker something for a while: until it uses less than a fiftieth of a core. */
static void wait_until_idle(const struct load *load)
{
    enum { IDLE_NS = 20 * 1000 * 1000 };
    for (int waited_ms = 0; load->pid != 0 && waited_ms < CALL_PATIENCE_MS; waited_ms += 1000) {
        int64_t before_ns = process_cpu_ns(load->pid);
        sleep(1);
        if (process_cpu_ns(load->pid) - before_ns < IDLE_NS)
            return;
    }
}

void wait_scenario(const struct load *load)
{
    struct prepared prepared;
    size_t offset_at;
    topic_create(load);
    wait_until_idle(load);
    prepared_init(&prepared, "Fetch", load->partitions, fetch_is_empty);
    for (int i = 0; i < load->partitions; i++) {
        append_fetch(&prepared.requests[i], load, i, FETCH_WAIT_MS, &offset_at);
        store_i64(prepared.requests[i].data + offset_at, 0);
    }
    pipeline_run(load, &prepared);
    topic_delete(load->port, load->topic);
    prepared_fini(&prepared);
}
