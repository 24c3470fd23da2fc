/* See throttle_call.h. The time of a request is what its thread has computed, in percent of a second. */
#include "server/throttle/throttle_call.h"

#include "metadata/controller/controller.h"
#include "protocol/schema/schema.h"
#include "server/broker.h"
#include "server/connection.h"
#include "server/throttle/throttle.h"
#include "storage/os/clock.h"

enum { KEY_PRODUCE = 0 };

#define USER_PREFIX "User:"

static struct throttle_asker asker_of(struct call *call)
{
    struct slice principal = call->connection->principal;
    bool is_user = slice_starts_with(principal, SLICE(USER_PREFIX));
    return (struct throttle_asker){
        .client = &call->connection->throttle,
        .user = is_user ? slice_from(principal, sizeof USER_PREFIX - 1) : principal,
        .client_id = call->client_id,
        .now_ms = clock_monotonic_ms(),
    };
}

void throttle_call_begin(struct connection *connection)
{
    if (throttle_is_on(connection->broker->throttle, QUOTA_REQUEST) && connection->cpu_us == 0)
        connection->cpu_us = clock_thread_cpu_us();
}

static void be_quiet_for(struct call *call, int32_t throttle_ms)
{
    if (throttle_ms > call->throttle_ms)
        call->throttle_ms = throttle_ms;
}

static void record_time(struct call *call, const struct throttle_asker *asker)
{
    struct connection *connection = call->connection;
    if (call->is_time_recorded || !throttle_is_on(call->broker->throttle, QUOTA_REQUEST))
        return;
    int64_t now_us = clock_thread_cpu_us();
    double percent = (double)(now_us - connection->cpu_us) * 100 / 1e6;
    connection->cpu_us = now_us;
    call->is_time_recorded = true;
    be_quiet_for(call, throttle_record(call->broker->throttle, asker, QUOTA_REQUEST, percent));
}

/* Most answers have the field, each somewhere else. */
static void tell(struct call *call)
{
    const struct schema *schema = call->api->response->schema();
    for (int i = 0; i < schema->field_count; i++)
        if (strcmp(schema->fields[i].name, "throttle_time_ms") == 0)
            memcpy((char *)call->response + schema->fields[i].offset, &call->throttle_ms,
                   sizeof call->throttle_ms);
}

void throttle_call_finish(struct call *call)
{
    struct throttle *throttle = call->broker->throttle;
    if (!throttle_is_on_at_all(throttle))
        return;
    struct throttle_asker asker = asker_of(call);
    if (call->api->key == KEY_PRODUCE)
        be_quiet_for(call, throttle_record(throttle, &asker, QUOTA_PRODUCE, (double)call->frame_len));
    if (call->verdict == CALL_ANSWER)
        record_time(call, &asker);
    if (call->throttle_ms == 0)
        return;
    tell(call);
    if (call->throttle_ms > call->connection->mute_ms)
        call->connection->mute_ms = call->throttle_ms;
}

int32_t throttle_call_fetch_max_bytes(struct call *call)
{
    if (!throttle_is_on(call->broker->throttle, QUOTA_FETCH))
        return INT32_MAX;
    struct throttle_asker asker = asker_of(call);
    return throttle_fetch_max_bytes(call->broker->throttle, &asker);
}

/* As Apache Kafka counts it: the answer without its header, with its length. */
static double answer_bytes(struct call *call)
{
    struct buf out = {0};
    struct writer writer;
    writer_init(&writer, &out, call->arena);
    message_write(call->api->response, call->response_version, &writer, call->response);
    size_t bytes = writer_len(&writer) + 4;
    buf_fini(&out);
    return (double)bytes;
}

bool throttle_call_fetch(struct call *call)
{
    struct throttle *throttle = call->broker->throttle;
    if (!throttle_is_on(throttle, QUOTA_FETCH) && !throttle_is_on(throttle, QUOTA_REQUEST))
        return false;
    struct throttle_asker asker = asker_of(call);
    double bytes = throttle_is_on(throttle, QUOTA_FETCH) ? answer_bytes(call) : 0;
    record_time(call, &asker);
    be_quiet_for(call, throttle_record(throttle, &asker, QUOTA_FETCH, bytes));
    if (call->throttle_ms > 0)
        throttle_unrecord(throttle, &asker, QUOTA_FETCH, bytes);
    return call->throttle_ms > 0;
}

static bool take_mutations(void *quota, int32_t partitions)
{
    struct mutation_quota *asked = quota;
    struct throttle_asker asker = asker_of(asked->call);
    return throttle_take_mutations(asked->call->broker->throttle, &asker, partitions, asked->strict,
                                   &asked->call->throttle_ms);
}

void throttle_call_mutations(struct call *call, int strict_since, struct mutation_quota *quota,
                             struct controller *controller)
{
    if (!throttle_is_on(call->broker->throttle, QUOTA_CONTROLLER))
        return;
    *quota = (struct mutation_quota){.call = call, .strict = call->version >= strict_since};
    controller->take_mutations = take_mutations;
    controller->quota = quota;
}
