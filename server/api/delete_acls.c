/*
 * DeleteAcls v1-3. Decided by metadata/controller/change_acls (kafka-apis 15.2); in force when this answers.
 * Blocks for the cluster log's sync.
 */
#include "metadata/controller/change_acls.h"

#include "server/api/change.h"
#include "server/api/handlers.h"
#include "server/security/authorize.h"

/* Codes of 0: Kafka takes such a request for a malformed one. */
static bool is_malformed(const struct delete_acls_request *request)
{
    for (int32_t i = 0; i < request->filters.count; i++) {
        const struct delete_acls_filter *filter = &request->filters.items[i];
        if (filter->resource_type_filter == 0 || filter->pattern_type_filter == 0 || filter->operation == 0
            || filter->permission_type == 0)
            return true;
    }
    return false;
}

static void refuse_all(struct call *call, enum kerr error, struct slice message)
{
    const struct delete_acls_request *request = call->request;
    struct delete_acls_response *response = call->response;
    array_init(&response->filter_results, delete_acls_response_filter, call->arena, request->filters.count);
    for (int32_t i = 0; i < response->filter_results.count; i++) {
        response->filter_results.items[i].error_code = (int16_t)error;
        response->filter_results.items[i].error_message = message;
    }
}

static void delete (struct call *call)
{
    struct change change;
    change_begin(&change, call);
    controller_delete_acls(&change.controller, call->request, call->response, &change.records);
    enum kerr error = change_commit(&change);
    change_end(&change);
    if (error != KERR_NONE)
        refuse_all(call, error, SLICE_NULL);
}

void handle_delete_acls(struct call *call)
{
    if (is_malformed(call->request))
        call->verdict = CALL_CLOSE;
    else if (!authorizer_is_configured(call))
        refuse_all(call, KERR_SECURITY_DISABLED, SLICE("No Authorizer is configured."));
    else if (!authorize_cluster(call, ACL_ALTER))
        refuse_all(call, KERR_CLUSTER_AUTHORIZATION_FAILED, SLICE("DeleteAcls needs ALTER permission."));
    else
        delete (call);
}
