/*
 * Produce v3-13. Order of checks: kafka-apis 4.1 (request), 4.2 (shape), 4.3 (append). What depends on the
 * partition's state (leadership, in-sync replicas, producer sequences) is checked under its lock by
 * partition_append.
 *
 * v3: transactional id; v5: log_start_offset; v7: zstd; v8: record_errors and error_message; v9: flexible;
 * v10: current_leader (KIP-951); v12: transactions v2 (KIP-890); v13: topic ids (KIP-516).
 */
#include "protocol/messages/produce.h"
#include "metadata/internal_topics.h"
#include "protocol/base/ensure.h"
#include "protocol/batch_validate.h"
#include "server/api/handlers.h"
#include "server/broker.h"
#include "server/run.h"
#include "server/security/authorize.h"
#include "storage/os/clock.h"

/* What became of one partition of the request, between the two steps. */
struct produce_slot {
    struct produce_response_partition *answer;
    struct append *append;       /* NULL: refused before */
    struct partition *partition; /* referenced by the run's chain */
};

struct produce_topic_state {
    struct produce_response_topic *answer; /* NULL: the topic names no partitions */
    const bool *repeated;                  /* see find_repeated */
};

/* Remembered in call->request's place between the steps. */
struct produce_state {
    const struct produce_request *request;
    struct produce_topic_state *topics; /* as in the request */
    struct produce_slot *slots;
    int32_t slot_count;
};

static void refuse(struct produce_response_partition *answer, enum kerr error)
{
    answer->error_code = (int16_t)error;
    answer->base_offset = -1;
    answer->log_append_time_ms = -1;
    answer->log_start_offset = -1;
}

/* ---- the whole request ---- */

static int32_t count_partitions(const struct produce_request *request)
{
    int32_t count = 0;
    for (int32_t i = 0; i < request->topic_data.count; i++)
        count += request->topic_data.items[i].partition_data.count > 0
                     ? request->topic_data.items[i].partition_data.count
                     : 0;
    return count;
}

static struct slice index_key(const struct produce_partition *partition)
{
    return slice_of(&partition->index, sizeof partition->index);
}

/* Partitions that are listed again further on: Kafka appends the last and answers once. NULL if there is
 * none. A request may name a hundred thousand, so this is a hash and not a walk per partition. */
static bool *find_repeated(struct call *call, const struct produce_topic *topic)
{
    if (topic->partition_data.count < 2)
        return NULL;
    bool *repeated = NULL;
    struct map seen;
    map_init(&seen, call->broker->hash_seed);
    for (int32_t i = topic->partition_data.count - 1; i >= 0; i--) {
        struct produce_partition *partition = &topic->partition_data.items[i];
        if (map_find(&seen, index_key(partition)) == NULL) {
            map_put(&seen, index_key(partition), partition);
            continue;
        }
        if (repeated == NULL)
            repeated = arena_new_array(call->arena, bool, topic->partition_data.count);
        repeated[i] = true;
    }
    map_fini(&seen);
    return repeated;
}

static void lay_out_topic(struct call *call, const struct produce_topic *topic, const bool *repeated,
                          struct produce_response_topic *answer)
{
    answer->name = topic->name;
    answer->topic_id = topic->topic_id;
    int32_t count = topic->partition_data.count > 0 ? topic->partition_data.count : 0;
    array_init(&answer->partition_responses, produce_response_partition, call->arena, count);
    int32_t used = 0;
    for (int32_t i = 0; i < count; i++)
        if (repeated == NULL || !repeated[i])
            answer->partition_responses.items[used++].index = topic->partition_data.items[i].index;
    answer->partition_responses.count = used;
}

static void lay_out_answer(struct call *call, struct produce_state *state)
{
    const struct produce_request *request = state->request;
    struct produce_response *response = call->response;
    array_init(&response->responses, produce_response_topic, call->arena, request->topic_data.count);
    response->responses.count = 0; /* a topic without partitions is not answered */
    state->topics = arena_new_array(call->arena, struct produce_topic_state, request->topic_data.count);
    for (int32_t i = 0; i < request->topic_data.count; i++) {
        const struct produce_topic *topic = &request->topic_data.items[i];
        if (topic->partition_data.count <= 0)
            continue;
        state->topics[i].answer = &response->responses.items[response->responses.count++];
        state->topics[i].repeated = find_repeated(call, topic);
        lay_out_topic(call, topic, state->topics[i].repeated, state->topics[i].answer);
    }
}

static void refuse_all(struct call *call, enum kerr error, const char *message)
{
    struct produce_response *response = call->response;
    struct slice text =
        message == NULL || message[0] == '\0' ? SLICE_NULL : arena_dup(call->arena, slice_str(message));
    for (int32_t i = 0; i < response->responses.count; i++) {
        struct produce_response_topic *topic = &response->responses.items[i];
        for (int32_t j = 0; j < topic->partition_responses.count; j++) {
            refuse(&topic->partition_responses.items[j], error);
            topic->partition_responses.items[j].error_message = text;
        }
    }
}

/* Looks at the first batch of every partition before anything is believed (Kafka's transactional scan). */
static bool scan_request(struct call *call, const struct produce_request *request)
{
    bool transactional = false;
    for (int32_t i = 0; i < request->topic_data.count; i++) {
        const struct produce_topic *topic = &request->topic_data.items[i];
        for (int32_t j = 0; j < topic->partition_data.count; j++) {
            struct batch_scan scan;
            struct note why = {""};
            enum kerr error = batch_scan(topic->partition_data.items[j].records.bytes, &scan, &why);
            if (error != KERR_NONE) {
                refuse_all(call, error, why.text);
                return false;
            }
            transactional |= scan.transactional;
        }
    }
    if (transactional
        && (slice_is_null(request->transactional_id)
            || !authorize(call, ACL_WRITE, ACL_TRANSACTIONAL_ID, request->transactional_id))) {
        refuse_all(call, KERR_TRANSACTIONAL_ID_AUTHORIZATION_FAILED, NULL);
        return false;
    }
    return true;
}

/* ---- one partition ---- */

static void take_verdict(struct call *call, const struct batch_verdict *verdict, struct partition *partition,
                         struct produce_response_partition *answer)
{
    refuse(answer, verdict->error);
    answer->error_message = verdict->error_message;
    if (verdict->has_log_start_offset) {
        struct partition_offsets offsets;
        partition_get_offsets(partition, &offsets);
        answer->log_start_offset = offsets.log_start_offset;
    }
    if (verdict->record_error_count == 0)
        return;
    array_init(&answer->record_errors, produce_response_record_error, call->arena,
               verdict->record_error_count);
    for (int32_t i = 0; i < verdict->record_error_count; i++) {
        answer->record_errors.items[i].batch_index = verdict->record_errors[i].batch_index;
        answer->record_errors.items[i].batch_index_error_message = verdict->record_errors[i].message;
    }
}

static struct batch_rules rules_of(const struct call *call, const struct log_config *config,
                                   struct partition *partition, int64_t now_ms)
{
    return (struct batch_rules){
        .now_ms = now_ms,
        .compacted = config->cleanup_compact,
        .log_append_time = config->message_timestamp_type == LOG_APPEND_TIME,
        .before_max_ms = config->message_timestamp_before_max_ms,
        .after_max_ms = config->message_timestamp_after_max_ms,
        .max_message_bytes = config->max_message_bytes,
        .compression = config->compression_type,
        .gzip_level = config->compression_gzip_level,
        .lz4_level = config->compression_lz4_level,
        .zstd_level = config->compression_zstd_level,
        .topic = partition_topic(partition),
        .partition = partition_index(partition),
        .api_version = call->version,
    };
}

static struct append *new_append(struct call *call, const struct batch_verdict *verdict, int16_t acks)
{
    struct append *append = arena_new(call->arena, struct append);
    append->batch = verdict->batch;
    append->len = verdict->len;
    append->header = verdict->header;
    append->acks = acks;
    return append;
}

/* The checks that need no partition, in Kafka's order: shape, acks, internal topics. */
static enum kerr check_early(const struct call *call, const struct produce_request *request,
                             const struct records *records, struct slice topic)
{
    struct batch_verdict shape;
    batch_check_shape(records->bytes, call->version, &shape);
    if (shape.error != KERR_NONE)
        return shape.error;
    if (request->acks < -1 || request->acks > 1)
        return KERR_INVALID_REQUIRED_ACKS;
    if (is_internal_topic(topic) && !slice_equal_str(call->client_id, "__admin_client"))
        return KERR_INVALID_TOPIC_EXCEPTION;
    return KERR_NONE;
}

static void begin_partition(struct call *call, const struct produce_topic *topic,
                            const struct produce_partition *from, struct produce_slot *slot, int64_t now_ms)
{
    const struct produce_request *request = ((struct produce_state *)call->request)->request;
    enum kerr error = KERR_NONE;
    struct partition *partition = broker_find_partition(
        call->broker, call->version >= 13 ? &topic->topic_id : NULL, topic->name, from->index, &error);
    if (partition == NULL) {
        refuse(slot->answer, error);
        return;
    }
    error = check_early(call, request, &from->records, partition_topic(partition));
    struct batch_verdict verdict = {.error = error};
    if (error == KERR_NONE) {
        struct log_config config;
        partition_get_config(partition, &config);
        struct batch_rules rules = rules_of(call, &config, partition, now_ms);
        /* The bytes are the frame's own: the connection's buffer, which is ours to patch. */
        batch_validate((uint8_t *)(uintptr_t)from->records.bytes.data, from->records.bytes.len, &rules,
                       call->arena, &verdict);
    }
    if (verdict.error == KERR_NONE && batch_is_transactional(&verdict.header))
        verdict =
            (struct batch_verdict){.error = KERR_INVALID_TXN_STATE}; /* no transaction can have begun here */
    if (verdict.error != KERR_NONE) {
        take_verdict(call, &verdict, partition, slot->answer);
        partition_unref(partition);
        return;
    }
    slot->append = new_append(call, &verdict, request->acks);
    slot->partition = partition;
    appends_add(&call->run->appends, call->arena, partition, slot->append, request->timeout_ms);
}

static void refuse_topic(struct produce_response_topic *answer)
{
    for (int32_t i = 0; i < answer->partition_responses.count; i++)
        refuse(&answer->partition_responses.items[i], KERR_TOPIC_AUTHORIZATION_FAILED);
}

static void begin_topic(struct call *call, struct produce_state *state, int32_t at, int64_t now_ms)
{
    const struct produce_topic *topic = &state->request->topic_data.items[at];
    struct produce_response_topic *answer = state->topics[at].answer;
    const bool *repeated = state->topics[at].repeated;
    int32_t next = 0;
    if (answer == NULL)
        return;
    if (!authorize_topic_by(call, ACL_WRITE, call->version >= 13 ? &topic->topic_id : NULL, topic->name)) {
        refuse_topic(answer);
        return;
    }
    for (int32_t i = 0; i < topic->partition_data.count; i++) {
        if (repeated != NULL && repeated[i])
            continue;
        struct produce_slot *slot = &state->slots[state->slot_count++];
        slot->answer = &answer->partition_responses.items[next++];
        begin_partition(call, topic, &topic->partition_data.items[i], slot, now_ms);
    }
    if (call->version >= 13 && answer->partition_responses.items[0].error_code == KERR_UNKNOWN_TOPIC_ID)
        answer->name = SLICE("");
}

void produce_begin(struct call *call)
{
    const struct produce_request *request = call->request;
    struct produce_state *state = arena_new(call->arena, struct produce_state);
    state->request = request;
    call->request = state;
    lay_out_answer(call, state);
    if (!scan_request(call, request))
        return;
    state->slots = arena_new_array(call->arena, struct produce_slot, count_partitions(request));
    int64_t now_ms = clock_wall_ms();
    for (int32_t i = 0; i < request->topic_data.count; i++)
        begin_topic(call, state, i, now_ms);
}

/* ---- after the appends ---- */

/* As in Kafka, errors of the producer's state come with the log start, those of the partition without. */
static int64_t log_start_with(struct produce_slot *slot, enum kerr error)
{
    if (error == KERR_NONE)
        return slot->append->log_start_offset;
    if (error != KERR_OUT_OF_ORDER_SEQUENCE_NUMBER && error != KERR_INVALID_PRODUCER_EPOCH
        && error != KERR_INVALID_TXN_STATE)
        return -1;
    struct partition_offsets offsets;
    partition_get_offsets(slot->partition, &offsets);
    return offsets.log_start_offset;
}

static void finish_slot(struct call *call, struct produce_slot *slot)
{
    if (slot->append == NULL)
        return;
    const struct append *append = slot->append;
    slot->answer->error_code = (int16_t)append->error;
    slot->answer->base_offset = append->error == KERR_NONE ? append->base_offset : -1;
    slot->answer->log_append_time_ms = append->error == KERR_NONE ? append->log_append_time_ms : -1;
    slot->answer->log_start_offset = log_start_with(slot, append->error);
    if (append->error == KERR_NOT_LEADER_OR_FOLLOWER && call->version >= 10)
        broker_find_leader(call->broker, slot->partition, &slot->answer->current_leader.leader_id,
                           &slot->answer->current_leader.leader_epoch);
}

/* acks=0: silence if all is well, else the connection ends: the only way to tell. */
static enum call_verdict verdict_without_acks(const struct produce_response *response)
{
    for (int32_t i = 0; i < response->responses.count; i++)
        for (int32_t j = 0; j < response->responses.items[i].partition_responses.count; j++)
            if (response->responses.items[i].partition_responses.items[j].error_code != KERR_NONE)
                return CALL_CLOSE;
    return CALL_SILENT;
}

void produce_finish(struct call *call)
{
    const struct produce_state *state = call->request;
    for (int32_t i = 0; i < state->slot_count; i++)
        finish_slot(call, &state->slots[i]);
    if (state->request->acks == 0)
        call->verdict = verdict_without_acks(call->response);
}
