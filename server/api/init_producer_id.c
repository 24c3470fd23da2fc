/*
 * InitProducerId v0-5. A producer id for an idempotent producer (KIP-98). Transactional ids wait for the
 * transaction coordinator: they are told COORDINATOR_NOT_AVAILABLE, which clients try again after. Takes
 * RANK_CONTROLLER and syncs the cluster log once in a thousand ids.
 */
#include "protocol/messages/init_producer_id.h"
#include "server/api/handlers.h"
#include "server/broker.h"
#include "server/security/authorize.h"

static enum kerr check_rights(const struct call *call, struct slice transactional_id)
{
    if (!slice_is_null(transactional_id))
        return authorize(call, ACL_WRITE, ACL_TRANSACTIONAL_ID, transactional_id)
                   ? KERR_NONE
                   : KERR_TRANSACTIONAL_ID_AUTHORIZATION_FAILED;
    return authorize_cluster(call, ACL_IDEMPOTENT_WRITE) || authorize_somewhere(call, ACL_WRITE, ACL_TOPIC)
               ? KERR_NONE
               : KERR_CLUSTER_AUTHORIZATION_FAILED;
}

/* kafka-apis 12.2, steps 1 to 4; without a transactional id the present id and epoch are ignored (step 2). */
static enum kerr check(const struct call *call, const struct init_producer_id_request *request)
{
    enum kerr error = check_rights(call, request->transactional_id);
    if (error != KERR_NONE)
        return error;
    if (call->version >= 3 && (request->producer_id == -1) != (request->producer_epoch == -1))
        return KERR_INVALID_REQUEST;
    if (slice_is_null(request->transactional_id))
        return KERR_NONE;
    return request->transactional_id.len == 0 ? KERR_INVALID_REQUEST : KERR_COORDINATOR_NOT_AVAILABLE;
}

void handle_init_producer_id(struct call *call)
{
    struct init_producer_id_response *response = call->response;
    enum kerr error = check(call, call->request);
    int64_t producer_id = -1;
    if (error == KERR_NONE)
        error = cluster_next_producer_id(call->broker->cluster, &producer_id);
    response->error_code = (int16_t)error;
    response->producer_id = error == KERR_NONE ? producer_id : -1;
    response->producer_epoch = error == KERR_NONE ? 0 : -1;
}
