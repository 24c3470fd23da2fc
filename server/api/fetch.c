/*
 * Fetch v4-18. Reads below the high watermark, or waits for records, as long as the client said.
 * Checks and rules: kafka-apis 5.2 (order), 5.3 (sizes), 5.4 (long poll), 5.6 (sessions, KIP-227).
 *
 * v4: isolation level; v5: log_start_offset; v7: sessions; v9: leader epochs (KIP-320); v11: rack; v12:
 * flexible, diverging epochs; v13: topic ids (KIP-516); v15: replica_state; v16: node_endpoints (KIP-951);
 * v18: high watermark of followers.
 *
 * Invariants:
 *   1. A partition is looked at and watched under one hold of its lock (partition_watch), so that no append
 *      is missed.
 *   2. Every watch is taken back before this returns; every segment that the answer names is held by the run.
 */
#include "protocol/messages/fetch.h"
#include "server/api/handlers.h"
#include "server/broker.h"
#include "server/connection.h"
#include "server/security/authorize.h"
#include "server/throttle/throttle_call.h"
#include "storage/os/clock.h"
#include "storage/segment.h"

#include <stdlib.h>

enum { PEER_CHECK_MS = 1000 }; /* how often a long wait looks whether its client is still there */

/* One partition of this fetch. */
struct fetch_slot {
    const struct fetch_target *target;
    struct partition *partition; /* referenced while the fetch runs; NULL: refused before its log was asked */
    enum kerr refused;           /* kafka-apis 5.2 steps 1 to 4 */
    struct partition_read read;
    struct partition_watch watch;
    bool watching;
};

struct fetch {
    struct call *call;
    const struct fetch_request *request;
    struct fetch_context context;
    struct fetch_slot *slots;
    int32_t slot_count;
    int32_t found_count; /* slots with a partition */
    enum isolation isolation;
    int32_t replica_id;
    int64_t max_bytes;
    int64_t min_bytes;
    int64_t read_bytes; /* of the last read */
    bool answer_now;    /* an error or a diverging epoch ends the wait */
};

/* ---- finding ---- */

static bool is_same_topic(const struct fetch *fetch, const struct fetch_target *a,
                          const struct fetch_target *b)
{
    return fetch->call->version >= 13 ? uuid_equal(a->topic_id, b->topic_id)
                                      : slice_equal(a->topic, b->topic);
}

/* Neighbours of one topic are asked about once. */
static bool may_read(const struct fetch *fetch, int32_t at, bool before)
{
    const struct fetch_target *target = &fetch->context.targets[at];
    if (at > 0 && is_same_topic(fetch, target, target - 1))
        return before;
    if (fetch->replica_id >= 0)
        return authorize_cluster(fetch->call, ACL_CLUSTER_ACTION);
    return authorize_topic_by(fetch->call, ACL_READ, fetch->call->version >= 13 ? &target->topic_id : NULL,
                              target->topic);
}

static void find_all(struct fetch *fetch)
{
    bool allowed = true;
    fetch->slot_count = fetch->context.target_count;
    fetch->slots = arena_new_array(fetch->call->arena, struct fetch_slot, fetch->slot_count);
    for (int32_t i = 0; i < fetch->slot_count; i++) {
        struct fetch_slot *slot = &fetch->slots[i];
        slot->target = &fetch->context.targets[i];
        allowed = may_read(fetch, i, allowed);
        if (!allowed) {
            slot->refused = KERR_TOPIC_AUTHORIZATION_FAILED;
            continue;
        }
        slot->partition = broker_find_partition(fetch->call->broker,
                                                fetch->call->version >= 13 ? &slot->target->topic_id : NULL,
                                                slot->target->topic, slot->target->partition, &slot->refused);
        fetch->found_count += slot->partition != NULL;
        fetch->answer_now |= slot->refused == KERR_NOT_LEADER_OR_FOLLOWER;
    }
}

/* ---- reading ---- */

static void forget_read(struct fetch_slot *slot)
{
    if (slot->read.records.segment != NULL)
        segment_unref(slot->read.records.segment);
    free(slot->read.aborted);
    slot->read = (struct partition_read){.error = KERR_NONE};
}

static void refuse_read(struct partition_read *read, enum kerr error)
{
    *read = (struct partition_read){
        .error = error, .high_watermark = -1, .last_stable_offset = -1, .log_start_offset = -1};
}

/* Why a partition that is here is not read for this client, beyond what its log says: the checks of one in a
 * follower's name come last, since we lead alone and nobody else is a replica. */
static enum kerr check_reader(struct fetch *fetch, struct fetch_slot *slot)
{
    if (slot->target->max_bytes < 0 || fetch->isolation > READ_REPLICA)
        return KERR_UNKNOWN_SERVER_ERROR;
    if (fetch->replica_id < 0)
        return KERR_NONE;
    enum kerr error = partition_check_leader(slot->partition, slot->target->current_leader_epoch, true);
    return error == KERR_NONE ? KERR_NOT_LEADER_OR_FOLLOWER : error;
}

static void read_slot(struct fetch *fetch, struct fetch_slot *slot, int64_t bytes_left)
{
    const struct fetch_target *target = slot->target;
    enum kerr error = check_reader(fetch, slot);
    if (error != KERR_NONE) {
        refuse_read(&slot->read, error);
        return;
    }
    int64_t max_bytes = target->max_bytes < bytes_left ? target->max_bytes : bytes_left;
    slot->read = (struct partition_read){
        .fetch_offset = target->fetch_offset,
        .max_bytes = (int32_t)(max_bytes > 0 ? max_bytes : 0),
        .at_least_one = fetch->read_bytes == 0,
        .isolation = fetch->isolation,
        .current_leader_epoch = target->current_leader_epoch,
        .last_fetched_epoch = target->last_fetched_epoch,
    };
    partition_read(slot->partition, &slot->read);
}

static void read_all(struct fetch *fetch)
{
    fetch->read_bytes = 0;
    for (int32_t i = 0; i < fetch->slot_count; i++) {
        struct fetch_slot *slot = &fetch->slots[i];
        if (slot->partition == NULL)
            continue;
        forget_read(slot);
        read_slot(fetch, slot, fetch->max_bytes - fetch->read_bytes);
        fetch->read_bytes += (int64_t)records_len(&slot->read.records);
        fetch->answer_now |= slot->read.error != KERR_NONE || slot->read.diverging;
    }
}

/* ---- waiting ---- */

static void wake_waiter(struct partition_watch *watch)
{
    struct fetch_slot *slot = list_entry(watch, struct fetch_slot, watch);
    waiter_wake(&((struct fetch *)slot->watch.context)->call->connection->waiter);
}

/* False if a partition moved since it was read: read again instead of waiting. */
static bool watch_all(struct fetch *fetch)
{
    for (int32_t i = 0; i < fetch->slot_count; i++) {
        struct fetch_slot *slot = &fetch->slots[i];
        if (slot->partition == NULL)
            continue;
        int64_t seen =
            fetch->isolation == READ_COMMITTED ? slot->read.last_stable_offset : slot->read.high_watermark;
        slot->watch.wake = wake_waiter;
        slot->watch.context = fetch;
        slot->watch.fetch_offset = slot->target->fetch_offset;
        slot->watching =
            partition_watch(slot->partition, &slot->watch, fetch->isolation, seen, slot->read.leader_epoch);
        if (!slot->watching)
            return false;
    }
    return true;
}

static void unwatch_all(struct fetch *fetch)
{
    for (int32_t i = 0; i < fetch->slot_count; i++) {
        if (fetch->slots[i].watching)
            partition_unwatch(&fetch->slots[i].watch);
        fetch->slots[i].watching = false;
    }
}

/* Waits for a wake, in pieces, so that a client that has gone does not keep its thread until its own
 * deadline. */
static enum waiter_result wait_for_wake(struct connection *connection, int64_t deadline_ms)
{
    for (;;) {
        int64_t check_ms = clock_monotonic_ms() + PEER_CHECK_MS;
        bool last = deadline_ms <= check_ms;
        enum waiter_result result = waiter_wait(&connection->waiter, last ? deadline_ms : check_ms);
        if (result != WAITER_TIMED_OUT || last || net_peer_is_gone(connection->fd))
            return result;
    }
}

static bool is_enough(const struct fetch *fetch)
{
    return fetch->answer_now || fetch->read_bytes >= fetch->min_bytes;
}

static void read_or_wait(struct fetch *fetch)
{
    struct waiter *waiter = &fetch->call->connection->waiter;
    int64_t deadline_ms = clock_monotonic_ms() + fetch->request->max_wait_ms;
    read_all(fetch);
    if (fetch->request->max_wait_ms <= 0 || fetch->found_count == 0)
        return; /* partitions that nobody knows are not waited for */
    while (!is_enough(fetch)) {
        waiter_arm(waiter);
        enum waiter_result result =
            watch_all(fetch) ? wait_for_wake(fetch->call->connection, deadline_ms) : WAITER_WOKEN;
        unwatch_all(fetch);
        read_all(fetch);
        if (result != WAITER_WOKEN || clock_monotonic_ms() >= deadline_ms)
            return;
    }
}

/* ---- answering ---- */

static void answer_refused(const struct fetch_slot *slot, struct fetch_response_partition *answer)
{
    answer->error_code = (int16_t)slot->refused;
    answer->high_watermark = answer->last_stable_offset = answer->log_start_offset = -1;
    answer->records.bytes = SLICE("");
}

static void answer_aborted(struct call *call, const struct partition_read *read,
                           struct fetch_response_partition *answer)
{
    array_init(&answer->aborted_transactions, fetch_response_aborted_transaction, call->arena,
               read->aborted_count);
    for (int32_t i = 0; i < read->aborted_count; i++) {
        answer->aborted_transactions.items[i].producer_id = read->aborted[i].producer_id;
        answer->aborted_transactions.items[i].first_offset = read->aborted[i].first_offset;
    }
}

static void answer_read(struct fetch *fetch, struct fetch_slot *slot, struct fetch_response_partition *answer)
{
    struct partition_read *read = &slot->read;
    answer->error_code = (int16_t)read->error;
    answer->high_watermark = read->high_watermark;
    answer->last_stable_offset = read->last_stable_offset;
    answer->log_start_offset = read->log_start_offset;
    answer->records = read->records;
    if (records_are_null(&answer->records))
        answer->records.bytes = SLICE("");
    else if (read->records.segment != NULL)
        call_hold_segment(fetch->call, read->records.segment);
    read->records = (struct records){.segment = NULL}; /* the run holds it now */
    if (fetch->isolation == READ_COMMITTED && read->error == KERR_NONE)
        answer_aborted(fetch->call, read, answer);
    else if (fetch->isolation <= READ_REPLICA)
        answer->aborted_transactions.count = -1;
    if (read->diverging) {
        answer->diverging_epoch.epoch = read->diverging_epoch;
        answer->diverging_epoch.end_offset = read->diverging_end_offset;
    }
    if (fetch->call->version >= 16
        && (read->error == KERR_NOT_LEADER_OR_FOLLOWER || read->error == KERR_FENCED_LEADER_EPOCH))
        broker_find_leader(fetch->call->broker, slot->partition, &answer->current_leader.leader_id,
                           &answer->current_leader.leader_epoch);
}

/* In a session only what the client does not know yet is said. */
static bool is_news(const struct fetch_target *target, const struct fetch_response_partition *answer)
{
    return answer->error_code != KERR_NONE || records_len(&answer->records) > 0
           || answer->high_watermark != target->told_high_watermark
           || answer->log_start_offset != target->told_log_start_offset
           || answer->diverging_epoch.epoch != -1;
}

/* The answer's topic for the next partition: neighbours of one topic share an entry. */
static struct fetch_response_topic *topic_for(struct fetch *fetch, const struct fetch_target *target)
{
    struct fetch_response *response = fetch->call->response;
    if (response->responses.count > 0) {
        struct fetch_response_topic *last = &response->responses.items[response->responses.count - 1];
        if (fetch->call->version >= 13 ? uuid_equal(last->topic_id, target->topic_id)
                                       : slice_equal(last->topic, target->topic))
            return last;
    }
    struct fetch_response_topic *topic = &response->responses.items[response->responses.count++];
    topic->topic = target->topic;
    topic->topic_id = target->topic_id;
    return topic;
}

static struct fetch_told told_by(const struct fetch_response_partition *answer)
{
    return (struct fetch_told){
        .high_watermark = answer->error_code == KERR_NONE ? answer->high_watermark : -1,
        .log_start_offset = answer->log_start_offset,
        .has_records = records_len(&answer->records) > 0,
    };
}

/* True if the answer takes its place; false if the session knows it all. */
static bool answer_slot(struct fetch *fetch, struct fetch_slot *slot, struct fetch_response_partition *answer,
                        struct fetch_told *told)
{
    schema_set_defaults(fetch_response_partition_schema(), answer);
    answer->partition_index = slot->target->partition;
    if (slot->partition == NULL)
        answer_refused(slot, answer);
    else
        answer_read(fetch, slot, answer);
    *told = told_by(answer);
    if (fetch->context.incremental && !is_news(slot->target, answer))
        return false;
    struct fetch_response_topic *topic = topic_for(fetch, slot->target);
    if (topic->partitions.count == 0)
        topic->partitions.items = answer;
    topic->partitions.count++;
    return true;
}

/* Above its quota: the client is told to come back for it, in the session that it has. */
static void answer_nothing(struct fetch *fetch)
{
    struct fetch_response *response = fetch->call->response;
    response->responses.count = 0;
    if (fetch->context.incremental)
        return;
    fetch_sessions_cancel(fetch->call->broker->fetch_sessions, &fetch->context);
    response->session_id = 0;
}

static void answer_all(struct fetch *fetch)
{
    struct call *call = fetch->call;
    struct fetch_response *response = call->response;
    struct fetch_response_partition *answers =
        schema_new_array(fetch_response_partition_schema(), call->arena, fetch->slot_count);
    struct fetch_told *told = arena_new_array(call->arena, struct fetch_told, fetch->slot_count);
    array_init(&response->responses, fetch_response_topic, call->arena, fetch->slot_count);
    response->responses.count = 0;
    int32_t used = 0;
    for (int refused = 0; refused < 2; refused++) /* Kafka puts those that it did not read last */
        for (int32_t i = 0; i < fetch->slot_count; i++)
            if ((fetch->slots[i].partition == NULL) == refused)
                used += answer_slot(fetch, &fetch->slots[i], &answers[used], &told[i]);
    response->session_id = fetch->context.session_id;
    if (throttle_call_fetch(call))
        answer_nothing(fetch);
    else
        fetch_sessions_end(call->broker->fetch_sessions, &fetch->context, told);
}

/* ---- the act ---- */

static void release(struct fetch *fetch)
{
    for (int32_t i = 0; i < fetch->slot_count; i++) {
        if (fetch->slots[i].partition == NULL)
            continue;
        forget_read(&fetch->slots[i]);
        partition_unref(fetch->slots[i].partition);
    }
}

/* An isolation level that nobody knows fails the request and every partition in it. */
static bool has_bad_isolation(const struct fetch_request *request)
{
    return request->isolation_level != READ_UNCOMMITTED && request->isolation_level != READ_COMMITTED;
}

void handle_fetch(struct call *call)
{
    const struct fetch_request *request = call->request;
    struct fetch_response *response = call->response;
    struct fetch fetch = {.call = call, .request = request};
    fetch_sessions_begin(call->broker->fetch_sessions, request, call->version, call->arena, &fetch.context);
    if (fetch.context.error != KERR_NONE) {
        response->error_code = (int16_t)fetch.context.error;
        return;
    }
    fetch.replica_id = call->version >= 15 ? request->replica_state.replica_id : request->replica_id;
    int32_t broker_max = call->broker->config.fetch_max_bytes;
    fetch.max_bytes = request->max_bytes < broker_max ? request->max_bytes : broker_max;
    int32_t quota_max = throttle_call_fetch_max_bytes(call);
    fetch.max_bytes = fetch.max_bytes < quota_max ? fetch.max_bytes : quota_max;
    fetch.min_bytes = request->min_bytes < fetch.max_bytes ? request->min_bytes : fetch.max_bytes;
    fetch.isolation = fetch.replica_id >= 0 ? READ_REPLICA : (enum isolation)request->isolation_level;
    if (has_bad_isolation(request)) {
        response->error_code = KERR_UNKNOWN_SERVER_ERROR;
        fetch.isolation = READ_REPLICA + 1;
    }
    find_all(&fetch);
    read_or_wait(&fetch);
    answer_all(&fetch);
    release(&fetch);
}
