/*
 * DescribeUserScramCredentials v0 and AlterUserScramCredentials v0 (KIP-554). Decided by
 * metadata/controller/alter_user_scram_credentials (kafka-apis 15.4). Altering blocks for the cluster log's
 * sync.
 *
 * Apache Kafka's controller lists describing and cannot do it: whoever asks there is told so.
 */
#include "metadata/controller/user_scram_credentials.h"
#include "server/api/change.h"
#include "server/api/handlers.h"
#include "server/broker.h"
#include "server/security/authorize.h"

/* As Kafka does: one for each user that was asked for, and none of them named. */
static void refuse_to_describe(struct call *call, enum kerr error)
{
    const struct describe_user_scram_credentials_request *request = call->request;
    struct describe_user_scram_credentials_response *response = call->response;
    response->error_code = (int16_t)error;
    response->error_message = SLICE_NULL;
    array_init(&response->results, describe_user_scram_credentials_response_result, call->arena,
               request->users.count < 0 ? 0 : request->users.count);
    for (int32_t i = 0; i < response->results.count; i++) {
        response->results.items[i].error_code = (int16_t)error;
        response->results.items[i].error_message = SLICE_NULL;
    }
}

void handle_describe_user_scram_credentials(struct call *call)
{
    struct describe_user_scram_credentials_response *response = call->response;
    if (call->role == LISTENER_OF_CONTROLLER) {
        refuse_to_describe(call, KERR_UNKNOWN_SERVER_ERROR);
        return;
    }
    if (!authorize_cluster(call, ACL_DESCRIBE)) {
        refuse_to_describe(call, KERR_CLUSTER_AUTHORIZATION_FAILED);
        return;
    }
    const struct image *image = cluster_read(call->broker->cluster);
    describe_user_scram_credentials(&image->scram, call->request, call->arena, response);
    cluster_read_done(call->broker->cluster);
}

/* Every user that the request names, once. */
static void refuse_all(struct call *call)
{
    const struct alter_user_scram_credentials_request *request = call->request;
    struct alter_user_scram_credentials_response *response = call->response;
    int32_t deletions = request->deletions.count, count = deletions + request->upsertions.count;
    struct map named;
    map_init(&named, broker_random(NULL));
    array_init(&response->results, alter_user_scram_credentials_response_result, call->arena, count);
    response->results.count = 0;
    for (int32_t i = 0; i < count; i++) {
        struct alter_user_scram_credentials_response_result *result =
            &response->results.items[response->results.count];
        result->user =
            i < deletions ? request->deletions.items[i].name : request->upsertions.items[i - deletions].name;
        result->error_code = KERR_CLUSTER_AUTHORIZATION_FAILED;
        result->error_message = slice_str(kerr_message(KERR_CLUSTER_AUTHORIZATION_FAILED));
        if (map_put(&named, result->user, result) == NULL)
            response->results.count++;
    }
    map_fini(&named);
}

void handle_alter_user_scram_credentials(struct call *call)
{
    struct alter_user_scram_credentials_response *response = call->response;
    if (!authorize_cluster(call, ACL_ALTER)) {
        refuse_all(call);
        return;
    }
    struct change change;
    change_begin(&change, call);
    controller_alter_user_scram_credentials(&change.controller, call->request, response, &change.records);
    enum kerr error = change_commit(&change);
    change_end(&change);
    for (int32_t i = 0; i < response->results.count && error != KERR_NONE; i++)
        if (response->results.items[i].error_code == KERR_NONE)
            response->results.items[i].error_code = (int16_t)error;
}
