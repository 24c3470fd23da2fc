/*
 * SyncGroup v0-5: the leader of a classic group gives the assignment of a generation, and every member gets
 * its own (server/coordinator/classic_sync, kafka-apis 9.6). Blocks until the leader has given it and it is
 * stored. v5: the protocol that was chosen is named, and must be (KIP-559).
 */
#include "protocol/messages/sync_group.h"
#include "server/api/handlers.h"
#include "server/coordinator/group_coordinator.h"
#include "server/security/authorize.h"

enum { VERSION_PROTOCOL = 5 };

static enum kerr sync_member(struct call *call, const struct sync_group_request *request)
{
    if (call->version >= VERSION_PROTOCOL
        && (slice_is_null(request->protocol_type) || slice_is_null(request->protocol_name)))
        return KERR_INCONSISTENT_GROUP_PROTOCOL;
    if (!authorize(call, ACL_READ, ACL_GROUP, request->group_id))
        return KERR_GROUP_AUTHORIZATION_FAILED;
    if (request->group_id.len == 0)
        return KERR_INVALID_GROUP_ID;
    return group_coordinator_ask(call, GROUP_SYNC, request->group_id, request, call->response);
}

void handle_sync_group(struct call *call)
{
    struct sync_group_response *response = call->response;
    enum kerr error = sync_member(call, call->request);
    if (error == KERR_NONE)
        return;
    schema_set_defaults(sync_group_response_schema(), response);
    response->error_code = (int16_t)error;
}
