/*
 * JoinGroup v0-9: a member of a classic group asks for its place in the next generation
 * (server/coordinator/classic_join, kafka-apis 9.4). Blocks until its group's join phase ends. v4: a new
 * member is told its id first (KIP-394); v5: static members (KIP-345); v7: the protocol's name may be null.
 */
#include "protocol/messages/join_group.h"
#include "server/api/handlers.h"
#include "server/coordinator/group_coordinator.h"
#include "server/security/authorize.h"

enum { VERSION_NULL_NAME = 7 };

/* Also of what was decided and could not be made durable: nothing of it is told. */
static void fail(struct join_group_response *response, struct slice member_id, enum kerr error)
{
    schema_set_defaults(join_group_response_schema(), response);
    response->error_code = (int16_t)error;
    response->member_id = member_id;
}

static void join(struct call *call, const struct join_group_request *request,
                 struct join_group_response *response)
{
    if (!authorize(call, ACL_READ, ACL_GROUP, request->group_id)) {
        fail(response, SLICE(""), KERR_GROUP_AUTHORIZATION_FAILED);
        return;
    }
    if (request->group_id.len == 0) {
        fail(response, request->member_id, KERR_INVALID_GROUP_ID);
        return;
    }
    enum kerr error = group_coordinator_ask(call, GROUP_JOIN, request->group_id, request, response);
    if (error != KERR_NONE)
        fail(response, SLICE(""), error);
}

/* No name is an empty one at first, and null from v7 on. */
void handle_join_group(struct call *call)
{
    struct join_group_response *response = call->response;
    join(call, call->request, response);
    if (call->version >= VERSION_NULL_NAME && response->protocol_name.len == 0)
        response->protocol_name = SLICE_NULL;
}
