/*
 * UnregisterBroker v0. Decided by metadata/controller/unregister_broker (kafka-apis 16). A broker that
 * unregisters itself leads nothing any more, and nobody is told of it, until it starts anew. Blocks for the
 * cluster log's sync.
 */
#include "metadata/controller/unregister_broker.h"

#include "server/api/change.h"
#include "server/api/handlers.h"
#include "server/security/authorize.h"

void handle_unregister_broker(struct call *call)
{
    struct unregister_broker_response *response = call->response;
    struct change change;
    if (!authorize_cluster(call, ACL_ALTER)) {
        response->error_code = KERR_CLUSTER_AUTHORIZATION_FAILED;
        response->error_message = slice_str(kerr_message(KERR_CLUSTER_AUTHORIZATION_FAILED));
        return;
    }
    change_begin(&change, call);
    controller_unregister_broker(&change.controller, call->request, response, &change.records);
    enum kerr error = change_commit_leaders(&change);
    change_end(&change);
    if (error != KERR_NONE) {
        response->error_code = (int16_t)error;
        response->error_message = slice_str(kerr_message(error));
    }
}
