/*
 * Heartbeat v0-4: a member of a classic group is alive, and hears of a rebalance (server/coordinator/
 * classic_sync, kafka-apis 9.6). Does not block. While its group is loaded every member is told that all is
 * well, as Apache Kafka does: it would only come again.
 */
#include "protocol/messages/heartbeat.h"
#include "server/api/handlers.h"
#include "server/coordinator/group_coordinator.h"
#include "server/security/authorize.h"

static enum kerr beat(struct call *call, const struct heartbeat_request *request)
{
    if (!authorize(call, ACL_READ, ACL_GROUP, request->group_id))
        return KERR_GROUP_AUTHORIZATION_FAILED;
    if (request->group_id.len == 0)
        return KERR_INVALID_GROUP_ID;
    enum kerr error =
        group_coordinator_ask(call, GROUP_HEARTBEAT, request->group_id, request, call->response);
    return error == KERR_COORDINATOR_LOAD_IN_PROGRESS ? KERR_NONE : error;
}

void handle_heartbeat(struct call *call)
{
    struct heartbeat_response *response = call->response;
    enum kerr error = beat(call, call->request);
    if (error != KERR_NONE)
        response->error_code = (int16_t)error;
}
