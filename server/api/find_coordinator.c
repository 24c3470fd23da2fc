/*
 * FindCoordinator v0-6. There are no coordinators yet: a well-formed request is told
 * COORDINATOR_NOT_AVAILABLE (node -1, host "", port -1), which clients try again after, and no internal topic
 * is made. Malformed ones get Kafka's errors (kafka-apis 8).
 *
 * v1: key_type, error_message; v4: several keys (KIP-699); v6: share coordinators (KIP-932).
 */
#include "protocol/messages/find_coordinator.h"
#include "server/api/handlers.h"
#include "server/broker.h"
#include "server/security/authorize.h"

enum { KEY_GROUP = 0, KEY_TRANSACTION = 1, KEY_SHARE = 2 };

enum { VERSION_MANY_KEYS = 4, VERSION_SHARE = 6 };

static bool is_number(struct slice text)
{
    if (text.len == 0 || text.len > 10)
        return false;
    for (size_t i = 0; i < text.len; i++)
        if (text.data[i] < '0' || text.data[i] > '9')
            return false;
    return true;
}

/* "group:topic id:partition"; the group may hold colons itself. */
static bool is_share_key(struct slice key)
{
    size_t colons[2] = {0, 0};
    int found = 0;
    for (size_t i = key.len; i > 0 && found < 2; i--)
        if (key.data[i - 1] == ':')
            colons[found++] = i - 1;
    if (found < 2 || colons[1] == 0)
        return false;
    struct uuid id;
    return is_number(slice_from(key, colons[0] + 1))
           && uuid_parse(slice_of(key.data + colons[1] + 1, colons[0] - colons[1] - 1), &id);
}

static enum kerr check_rights(const struct call *call, int8_t key_type, struct slice key)
{
    if (key_type == KEY_GROUP && !authorize(call, ACL_DESCRIBE, ACL_GROUP, key))
        return KERR_GROUP_AUTHORIZATION_FAILED;
    if (key_type == KEY_TRANSACTION && !authorize(call, ACL_DESCRIBE, ACL_TRANSACTIONAL_ID, key))
        return KERR_TRANSACTIONAL_ID_AUTHORIZATION_FAILED;
    if (key_type == KEY_SHARE && call->version >= VERSION_SHARE
        && !authorize_cluster(call, ACL_CLUSTER_ACTION))
        return KERR_CLUSTER_AUTHORIZATION_FAILED;
    return KERR_NONE;
}

static enum kerr find(const struct call *call, int8_t key_type, struct slice key)
{
    enum kerr error = check_rights(call, key_type, key);
    if (error != KERR_NONE)
        return error;
    if (key_type == KEY_SHARE && call->version >= VERSION_SHARE)
        return is_share_key(key) ? KERR_COORDINATOR_NOT_AVAILABLE : KERR_INVALID_REQUEST;
    bool known = key_type == KEY_GROUP || key_type == KEY_TRANSACTION;
    return known ? KERR_COORDINATOR_NOT_AVAILABLE : KERR_INVALID_REQUEST;
}

/* Kafka's texts: stock where the error is made from its code, empty where the key is a share coordinator's,
 * and where the client may not know. */
static struct slice message_for(int8_t key_type, enum kerr error)
{
    bool is_authorization =
        error == KERR_GROUP_AUTHORIZATION_FAILED || error == KERR_TRANSACTIONAL_ID_AUTHORIZATION_FAILED;
    if (is_authorization || (key_type == KEY_SHARE && error == KERR_INVALID_REQUEST))
        return SLICE("");
    return slice_str(kerr_message(error));
}

static void answer_one(struct call *call, const struct find_coordinator_request *request,
                       struct find_coordinator_response *response)
{
    enum kerr error = find(call, request->key_type, request->key);
    response->error_code = (int16_t)error;
    response->error_message = slice_str(kerr_message(error));
    response->node_id = -1;
    response->host = SLICE("");
    response->port = -1;
}

void handle_find_coordinator(struct call *call)
{
    const struct find_coordinator_request *request = call->request;
    struct find_coordinator_response *response = call->response;
    if (call->version < VERSION_MANY_KEYS) {
        answer_one(call, request, response);
        return;
    }
    array_init(&response->coordinators, find_coordinator_response_coordinator, call->arena,
               request->coordinator_keys.count);
    for (int32_t i = 0; i < request->coordinator_keys.count; i++) {
        struct find_coordinator_response_coordinator *answer = &response->coordinators.items[i];
        answer->key = request->coordinator_keys.items[i];
        enum kerr error = find(call, request->key_type, answer->key);
        answer->error_code = (int16_t)error;
        answer->error_message = message_for(request->key_type, error);
        answer->node_id = -1;
        answer->host = SLICE("");
        answer->port = -1;
    }
}
