/*
 * DescribeClientQuotas v0-1 (KIP-546). The limits that a filter matches: metadata/controller/
 * describe_client_quotas (kafka-apis 15.5). Nothing here blocks.
 */
#include "metadata/controller/client_quotas.h"
#include "server/api/handlers.h"
#include "server/broker.h"
#include "server/security/authorize.h"

void handle_describe_client_quotas(struct call *call)
{
    struct describe_client_quotas_response *response = call->response;
    if (!authorize_cluster(call, ACL_DESCRIBE_CONFIGS)) {
        response->error_code = KERR_CLUSTER_AUTHORIZATION_FAILED;
        response->error_message = SLICE_NULL;
        response->entries.count = -1;
        return;
    }
    const struct image *image = cluster_read(call->broker->cluster);
    describe_client_quotas(&image->quotas, call->request, call->arena, response);
    cluster_read_done(call->broker->cluster);
}
