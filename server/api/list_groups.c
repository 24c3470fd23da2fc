/*
 * ListGroups v0-5: the groups that this broker coordinates, of all kinds (kafka-apis 9.8). Does not block.
 * v4: states (KIP-518); v5: types (KIP-848). Who may not describe the cluster sees the groups that it may
 * describe.
 */
#include "protocol/messages/list_groups.h"
#include "server/api/handlers.h"
#include "server/coordinator/group_coordinator.h"
#include "server/security/authorize.h"

static void hide(struct call *call, struct list_groups_response *response)
{
    int32_t shown = 0;
    for (int32_t i = 0; i < response->groups.count; i++)
        if (authorize(call, ACL_DESCRIBE, ACL_GROUP, response->groups.items[i].group_id))
            response->groups.items[shown++] = response->groups.items[i];
    response->groups.count = shown;
}

void handle_list_groups(struct call *call)
{
    struct list_groups_response *response = call->response;
    enum kerr error = group_coordinator_ask_all(call, GROUP_LIST, call->request, response);
    if (error != KERR_NONE)
        response->error_code = (int16_t)error;
    else if (!authorize_cluster(call, ACL_DESCRIBE))
        hide(call, response);
}
