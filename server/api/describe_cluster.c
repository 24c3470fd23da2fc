/*
 * DescribeCluster v0-2. Who is in the cluster. v1: endpoint_type (KIP-919); v2: fenced brokers. Nothing here
 * blocks.
 */
#include "protocol/messages/describe_cluster.h"
#include "server/api/handlers.h"
#include "server/api/topic_listing.h"
#include "server/broker.h"

enum { ENDPOINT_BROKERS = 1, ENDPOINT_CONTROLLERS = 2 };

static void refuse(struct describe_cluster_response *response, enum kerr error, struct slice message)
{
    response->error_code = (int16_t)error;
    response->error_message = message;
    response->endpoint_type = ENDPOINT_BROKERS;
    response->cluster_id = SLICE("");
    response->controller_id = -1;
}

static void describe(struct call *call, bool with_fenced)
{
    struct describe_cluster_response *response = call->response;
    const struct image *image = cluster_read(call->broker->cluster);
    int32_t count = 0;
    const struct listed_broker *brokers = list_brokers(call, image, with_fenced, &count);
    cluster_read_done(call->broker->cluster);
    array_init(&response->brokers, describe_cluster_response_broker, call->arena, count);
    for (int32_t i = 0; i < count; i++) {
        struct describe_cluster_response_broker *broker = &response->brokers.items[i];
        broker->broker_id = brokers[i].id;
        broker->host = brokers[i].host;
        broker->port = brokers[i].port;
        broker->rack = brokers[i].rack;
        broker->is_fenced = brokers[i].fenced;
    }
    response->cluster_id = call->broker->cluster_id;
    response->controller_id = any_live_broker(call, brokers, count);
}

void handle_describe_cluster(struct call *call)
{
    const struct describe_cluster_request *request = call->request;
    struct describe_cluster_response *response = call->response;
    if (request->endpoint_type == ENDPOINT_CONTROLLERS) {
        refuse(response, KERR_MISMATCHED_ENDPOINT_TYPE,
               SLICE("The request was sent to an endpoint of type BROKER, "
                     "but we wanted an endpoint of type CONTROLLER"));
        return;
    }
    if (request->endpoint_type != ENDPOINT_BROKERS) {
        refuse(response, KERR_UNSUPPORTED_ENDPOINT_TYPE,
               call_printf(call, "Unsupported endpoint type %d", request->endpoint_type));
        return;
    }
    response->endpoint_type = ENDPOINT_BROKERS;
    if (request->include_cluster_authorized_operations)
        response->cluster_authorized_operations = cluster_operations(call);
    describe(call, request->include_fenced_brokers);
}
