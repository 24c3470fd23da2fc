/*
 * ConsumerGroupHeartbeat v0-1: a member of a consumer group is alive, and is told what it may own
 * (KIP-848; server/coordinator/consumer_heartbeat, kafka-apis 10). Blocks for the records that say what has
 * changed. v1: regular expressions; members make their ids (KIP-1082).
 */
#include "protocol/messages/consumer_group_heartbeat.h"
#include "server/api/handlers.h"
#include "server/broker.h"
#include "server/coordinator/group_coordinator.h"
#include "server/security/authorize.h"

static enum kerr beat(struct call *call, const struct consumer_group_heartbeat_request *request)
{
    if (!group_coordinator_has_consumer_protocol(call->broker))
        return KERR_UNSUPPORTED_VERSION;
    if (!authorize(call, ACL_READ, ACL_GROUP, request->group_id))
        return KERR_GROUP_AUTHORIZATION_FAILED;
    if (request->subscribed_topic_names.count > 0
        && !authorize_all(call, ACL_DESCRIBE, ACL_TOPIC, request->subscribed_topic_names.items,
                          request->subscribed_topic_names.count))
        return KERR_TOPIC_AUTHORIZATION_FAILED;
    return group_coordinator_ask(call, GROUP_CONSUMER_HEARTBEAT, request->group_id, request, call->response);
}

void handle_consumer_group_heartbeat(struct call *call)
{
    struct consumer_group_heartbeat_response *response = call->response;
    enum kerr error = beat(call, call->request);
    if (error == KERR_NONE)
        return;
    schema_set_defaults(consumer_group_heartbeat_response_schema(), response);
    response->error_code = (int16_t)error;
}
