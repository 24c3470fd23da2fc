/*
 * DescribeCluster v0-2. Who is in the cluster: on the broker's listeners the brokers, on the controller's the
 * controllers. v1: endpoint_type (KIP-919); v2: fenced brokers. Nothing here blocks.
 */
#include "protocol/messages/describe_cluster.h"
#include "server/api/handlers.h"
#include "server/api/topic_listing.h"
#include "server/broker.h"
#include "server/connection.h"
#include "server/security/authorize.h"

enum { ENDPOINT_BROKERS = 1, ENDPOINT_CONTROLLERS = 2 };

enum { LEVEL_3_7_IV0 = 15 }; /* from which on the cluster log says where controllers are */

static void refuse(struct describe_cluster_response *response, enum kerr error, struct slice message)
{
    response->error_code = (int16_t)error;
    response->error_message = message;
    response->endpoint_type = ENDPOINT_BROKERS;
    response->cluster_id = SLICE("");
    response->controller_id = -1;
}

/* Whether the client wants what is to be had here; refused if not. */
static bool check_type(struct call *call, int8_t here)
{
    const struct describe_cluster_request *request = call->request;
    struct describe_cluster_response *response = call->response;
    int8_t wanted = request->endpoint_type;
    if (wanted == here)
        return true;
    bool is_known = wanted == ENDPOINT_BROKERS || wanted == ENDPOINT_CONTROLLERS;
    if (is_known)
        refuse(response, call->version == 0 ? KERR_INVALID_REQUEST : KERR_MISMATCHED_ENDPOINT_TYPE,
               call_printf(
                   call,
                   "The request was sent to an endpoint of type %s, but we wanted an endpoint of type %s",
                   here == ENDPOINT_BROKERS ? "BROKER" : "CONTROLLER",
                   here == ENDPOINT_BROKERS ? "CONTROLLER" : "BROKER"));
    else
        refuse(response, KERR_UNSUPPORTED_ENDPOINT_TYPE,
               call_printf(call, "Unsupported endpoint type %d", wanted));
    return false;
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
    if (!check_type(call, ENDPOINT_BROKERS))
        return;
    response->endpoint_type = ENDPOINT_BROKERS;
    if (request->include_cluster_authorized_operations)
        response->cluster_authorized_operations = cluster_operations(call);
    describe(call, request->include_fenced_brokers);
}

/* Where the cluster log says that we are, under the name of the listener that the client came through. */
static const struct endpoint *find_own_endpoint(const struct call *call)
{
    const struct config *config = &call->broker->config;
    struct slice name = listener_name(call->connection->listener);
    const struct image *image = cluster_read(call->broker->cluster);
    bool is_registered = image_feature_level(image, SLICE(METADATA_VERSION)) >= LEVEL_3_7_IV0;
    cluster_read_done(call->broker->cluster);
    for (int32_t i = 0; i < config->controller_listener_count && is_registered; i++)
        if (slice_equal(config->advertised_controller_listeners[i].name, name))
            return &config->advertised_controller_listeners[i];
    return NULL;
}

static void describe_controllers(struct call *call)
{
    struct describe_cluster_response *response = call->response;
    const struct endpoint *own = find_own_endpoint(call);
    response->cluster_id = call->broker->cluster_id;
    response->controller_id = call->broker->config.node_id;
    array_init(&response->brokers, describe_cluster_response_broker, call->arena, own != NULL ? 1 : 0);
    if (own == NULL)
        return;
    response->brokers.items[0].broker_id = call->broker->config.node_id;
    response->brokers.items[0].host = own->host;
    response->brokers.items[0].port = own->port;
    response->brokers.items[0].rack = SLICE_NULL;
}

void handle_describe_controllers(struct call *call)
{
    const struct describe_cluster_request *request = call->request;
    struct describe_cluster_response *response = call->response;
    if (!authorize_cluster(call, ACL_ALTER)) {
        refuse(response, KERR_CLUSTER_AUTHORIZATION_FAILED,
               slice_str(kerr_message(KERR_CLUSTER_AUTHORIZATION_FAILED)));
        return;
    }
    if (!check_type(call, ENDPOINT_CONTROLLERS))
        return;
    response->endpoint_type = ENDPOINT_CONTROLLERS;
    if (request->include_cluster_authorized_operations)
        response->cluster_authorized_operations = cluster_operations(call);
    describe_controllers(call);
}
