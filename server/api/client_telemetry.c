/*
 * GetTelemetrySubscriptions v0 and PushTelemetry v0 (KIP-714): which metrics a client is to push, and the
 * push. ApiVersions lists neither, since nobody here receives metrics (docs/decisions/0009). No right is
 * asked for, as in Apache Kafka. Nothing here blocks.
 */
#include "protocol/compress.h"
#include "protocol/messages/get_telemetry_subscriptions.h"
#include "protocol/messages/push_telemetry.h"
#include "server/api/handlers.h"
#include "server/broker.h"
#include "server/connection.h"
#include "server/telemetry/telemetry.h"
#include "storage/os/clock.h"

static struct metrics_client client_of(struct call *call, struct uuid instance_id)
{
    struct connection *connection = call->connection;
    connection->metrics_instance = instance_id;
    return (struct metrics_client){
        .instance_id = instance_id,
        .client_id = call->client_id,
        .software_name = connection->software_name,
        .software_version = connection->software_version,
        .address = slice_str(connection->peer),
        .port = connection->peer_port,
    };
}

static void follow_image(struct broker *broker)
{
    struct config_view view = broker_config_view(broker, cluster_read(broker->cluster));
    telemetry_follow(broker->telemetry, &view);
    cluster_read_done(broker->cluster);
}

static struct uuid new_id(void)
{
    struct uuid id;
    uint64_t random[2];
    do {
        random[0] = broker_random(NULL);
        random[1] = broker_random(NULL);
    } while (!uuid_from_random((const uint8_t *)random, &id));
    return id;
}

static void list_codecs(struct call *call, struct get_telemetry_subscriptions_response *response)
{
    static const int8_t best_first[] = {CODEC_ZSTD, CODEC_LZ4, CODEC_GZIP, CODEC_SNAPPY};
    int8_t *codecs = arena_new_array(call->arena, int8_t, sizeof best_first);
    memcpy(codecs, best_first, sizeof best_first);
    response->accepted_compression_types.items = codecs;
    response->accepted_compression_types.count = sizeof best_first;
}

void handle_get_telemetry_subscriptions(struct call *call)
{
    const struct get_telemetry_subscriptions_request *request = call->request;
    struct get_telemetry_subscriptions_response *response = call->response;
    struct uuid id = uuid_is_zero(request->client_instance_id) ? new_id() : request->client_instance_id;
    struct metrics_client client = client_of(call, id);
    struct wanted_metrics wanted;
    follow_image(call->broker);
    response->error_code = (int16_t)telemetry_subscribe(call->broker->telemetry, &client,
                                                        clock_monotonic_ms(), call->arena, &wanted);
    if (response->error_code != KERR_NONE)
        return;
    response->client_instance_id = id;
    response->subscription_id = wanted.id;
    response->push_interval_ms = wanted.interval_ms;
    response->telemetry_max_bytes = call->broker->config.telemetry_max_bytes;
    response->delta_temporality = true;
    response->requested_metrics.items = wanted.metrics;
    response->requested_metrics.count = wanted.count;
    list_codecs(call, response);
}

void handle_push_telemetry(struct call *call)
{
    const struct push_telemetry_request *request = call->request;
    struct push_telemetry_response *response = call->response;
    struct uuid id = request->client_instance_id;
    if (uuid_is_zero(id) || uuid_equal(id, UUID_ONE)) {
        response->error_code = KERR_INVALID_REQUEST;
        return;
    }
    struct metrics_client client = client_of(call, id);
    struct metrics_push push = {
        .subscription_id = request->subscription_id,
        .terminating = request->terminating,
        .compression_type = request->compression_type,
        .metrics = request->metrics,
        .max_bytes = (size_t)call->broker->config.telemetry_max_bytes,
    };
    follow_image(call->broker);
    response->error_code =
        (int16_t)telemetry_push(call->broker->telemetry, &client, &push, clock_monotonic_ms());
}
