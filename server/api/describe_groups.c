/*
 * DescribeGroups v0-6: groups of the classic protocol with their members (kafka-apis 9.8). Does not block.
 * v3: authorized operations (KIP-430); v6: an error where there is no such group (KIP-1043).
 */
#include "protocol/messages/describe_groups.h"
#include "server/api/handlers.h"
#include "server/api/named_groups.h"
#include "server/coordinator/group_coordinator.h"
#include "server/security/authorize.h"

static enum kerr describe(struct call *call, struct describe_groups_response_group *answer)
{
    if (!authorize(call, ACL_DESCRIBE, ACL_GROUP, answer->group_id))
        return KERR_GROUP_AUTHORIZATION_FAILED;
    return group_coordinator_ask(call, GROUP_DESCRIBE, answer->group_id, NULL, answer);
}

void handle_describe_groups(struct call *call)
{
    const struct describe_groups_request *request = call->request;
    struct describe_groups_response *response = call->response;
    struct named_groups named;
    named_groups_init(&named, call);
    array_init(&response->groups, describe_groups_response_group, call->arena, request->groups.count);
    for (int32_t i = 0; i < request->groups.count && named_groups_take(&named, request->groups.items[i]);
         i++) {
        struct describe_groups_response_group *answer = &response->groups.items[i];
        answer->group_id = request->groups.items[i];
        enum kerr error = describe(call, answer);
        if (error != KERR_NONE)
            answer->error_code = (int16_t)error;
        else if (request->include_authorized_operations && answer->error_code == KERR_NONE)
            answer->authorized_operations = authorized_operations(call, ACL_GROUP, answer->group_id);
    }
    named_groups_fini(&named);
}
