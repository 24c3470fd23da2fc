/*
 * CreateAcls v1-3. Decided by metadata/controller/change_acls (kafka-apis 15.2); in force when this answers.
 * Blocks for the cluster log's sync.
 */
#include "metadata/controller/change_acls.h"

#include "server/api/change.h"
#include "server/api/handlers.h"
#include "server/security/authorize.h"

/* Codes of 0: Kafka takes such a request for a malformed one. */
static bool is_malformed(const struct create_acls_request *request)
{
    for (int32_t i = 0; i < request->creations.count; i++) {
        const struct create_acls_creation *creation = &request->creations.items[i];
        if (creation->resource_type == 0 || creation->resource_pattern_type == 0 || creation->operation == 0
            || creation->permission_type == 0)
            return true;
    }
    return false;
}

static void refuse_all(struct call *call, enum kerr error, struct slice message)
{
    const struct create_acls_request *request = call->request;
    struct create_acls_response *response = call->response;
    array_init(&response->results, create_acls_response_result, call->arena, request->creations.count);
    for (int32_t i = 0; i < response->results.count; i++) {
        response->results.items[i].error_code = (int16_t)error;
        response->results.items[i].error_message = message;
    }
}

static void create(struct call *call)
{
    struct create_acls_response *response = call->response;
    struct change change;
    change_begin(&change, call);
    controller_create_acls(&change.controller, call->request, response, &change.records);
    enum kerr error = change_commit(&change);
    change_end(&change);
    for (int32_t i = 0; error != KERR_NONE && i < response->results.count; i++)
        if (response->results.items[i].error_code == KERR_NONE) {
            response->results.items[i].error_code = (int16_t)error;
            response->results.items[i].error_message = SLICE_NULL;
        }
}

void handle_create_acls(struct call *call)
{
    if (is_malformed(call->request))
        call->verdict = CALL_CLOSE;
    else if (!authorizer_is_configured(call))
        refuse_all(call, KERR_SECURITY_DISABLED, SLICE("No Authorizer is configured."));
    else if (!authorize_cluster(call, ACL_ALTER))
        refuse_all(call, KERR_CLUSTER_AUTHORIZATION_FAILED, SLICE("CreateAcls needs ALTER permission."));
    else
        create(call);
}
