/*
 * LeaveGroup v0-5: members leave a classic group, or are made to (server/coordinator/classic_leave,
 * kafka-apis 9.6). Blocks for the group's record where they were the last. v3: several members (KIP-345);
 * v5: reasons.
 */
#include "protocol/messages/leave_group.h"
#include "server/api/handlers.h"
#include "server/coordinator/group_coordinator.h"
#include "server/security/authorize.h"

static enum kerr leave(struct call *call, const struct leave_group_request *request)
{
    if (!authorize(call, ACL_READ, ACL_GROUP, request->group_id))
        return KERR_GROUP_AUTHORIZATION_FAILED;
    if (request->group_id.len == 0)
        return KERR_INVALID_GROUP_ID;
    return group_coordinator_ask(call, GROUP_LEAVE, request->group_id, request, call->response);
}

void handle_leave_group(struct call *call)
{
    struct leave_group_response *response = call->response;
    enum kerr error = leave(call, call->request);
    if (error == KERR_NONE)
        return;
    schema_set_defaults(leave_group_response_schema(), response);
    response->error_code = (int16_t)error;
}
