/*
 * ElectLeaders v0-2. Decided by metadata/controller/elect_leaders (kafka-apis 16.3). v1: unclean elections
 * (KIP-460); v0 has preferred ones only (KIP-183). Blocks for the cluster log's sync.
 */
#include "metadata/controller/elect_leaders.h"

#include "server/api/change.h"
#include "server/api/handlers.h"
#include "server/security/authorize.h"

void handle_elect_leaders(struct call *call)
{
    const struct elect_leaders_request *request = call->request;
    struct elect_leaders_response *response = call->response;
    struct change change;
    change_begin(&change, call);
    enum kerr error = KERR_CLUSTER_AUTHORIZATION_FAILED;
    if (authorize_cluster(call, ACL_ALTER)) {
        controller_elect_leaders(&change.controller, request, response, &change.records);
        error = change_commit_leaders(&change);
    }
    if (error != KERR_NONE)
        controller_refuse_elections(&change.controller, request, error, slice_str(kerr_message(error)),
                                    response);
    change_end(&change);
}
