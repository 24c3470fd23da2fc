/*
 * FindCoordinator v0-6: which broker looks after a group, a transactional id or a share partition: the leader
 * of its partition of the coordinators' topic (kafka-apis 8). The first one to ask makes that topic, and is
 * told at once where Apache Kafka would let it ask again. Blocks for the cluster log's sync then.
 *
 * v1: key_type, error_message; v4: several keys (KIP-699); v6: share coordinators (KIP-932).
 */
#include "protocol/messages/find_coordinator.h"

#include "metadata/internal_topics.h"
#include "server/api/create_topics.h"
#include "server/api/handlers.h"
#include "server/api/topic_listing.h"
#include "server/broker.h"
#include "server/coordinator/internal_topic.h"
#include "server/security/authorize.h"
#include "storage/os/diag.h"

#define DIAG_AREA DIAG_SERVER_API

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

/* ---- where a key's partition is led ---- */

static const struct listed_broker nobody = {.id = -1, .host = {(const uint8_t *)"", 0}, .port = -1};

static struct slice topic_of(int8_t key_type)
{
    return key_type == KEY_GROUP         ? SLICE(CONSUMER_OFFSETS_TOPIC)
           : key_type == KEY_TRANSACTION ? SLICE(TRANSACTION_STATE_TOPIC)
                                         : SLICE(SHARE_GROUP_STATE_TOPIC);
}

/* False: the topic is not there. */
static bool find_leader(struct call *call, struct slice name, struct slice key, struct listed_broker *leader)
{
    const struct image *image = cluster_read(call->broker->cluster);
    const struct topic *topic = image_find_topic(image, name);
    *leader = nobody;
    if (topic != NULL) {
        int32_t index = coordinator_partition(key, topic->partition_count);
        const struct broker_state *broker = image_find_broker(image, topic->partitions[index].leader);
        if (broker != NULL && (!list_broker(call, broker, leader) || leader->fenced))
            *leader = nobody;
    }
    cluster_read_done(call->broker->cluster);
    return topic != NULL;
}

/* Not said for each request: a client asks again and again. */
static void complain(struct broker *broker, struct slice topic, struct slice why)
{
    if (!atomic_exchange(&broker->has_complained_of_topic, true))
        diag_warn("%.*s cannot be made, and without it there is no coordinator: %.*s", SLICE_ARGS(topic),
                  SLICE_ARGS(why));
}

static enum kerr find_coordinator(struct call *call, struct slice topic, struct slice key,
                                  struct listed_broker *leader)
{
    if (!find_leader(call, topic, key, leader)) {
        struct slice why = auto_create_topics(call, &topic, 1);
        if (!find_leader(call, topic, key, leader))
            complain(call->broker, topic, why);
    }
    return leader->id < 0 ? KERR_COORDINATOR_NOT_AVAILABLE : KERR_NONE;
}

/* ---- one key ---- */

static bool makes_sense(const struct call *call, int8_t key_type, struct slice key)
{
    if (key_type == KEY_SHARE)
        return call->version >= VERSION_SHARE && is_share_key(key);
    return key_type == KEY_GROUP || key_type == KEY_TRANSACTION;
}

static enum kerr find(struct call *call, int8_t key_type, struct slice key, struct listed_broker *coordinator)
{
    *coordinator = nobody;
    enum kerr error = check_rights(call, key_type, key);
    if (error != KERR_NONE)
        return error;
    if (!makes_sense(call, key_type, key))
        return KERR_INVALID_REQUEST;
    return find_coordinator(call, topic_of(key_type), key, coordinator);
}

/* Kafka says something only of kinds of keys that it does not know. */
static struct slice message_for(int8_t key_type, enum kerr error)
{
    if (error == KERR_INVALID_REQUEST && key_type != KEY_SHARE)
        return slice_str(kerr_message(error));
    return error == KERR_CLUSTER_AUTHORIZATION_FAILED ? slice_str(kerr_message(error)) : SLICE("");
}

static void answer_one(struct call *call, const struct find_coordinator_request *request,
                       struct find_coordinator_response *response)
{
    struct listed_broker coordinator;
    enum kerr error = find(call, request->key_type, request->key, &coordinator);
    response->error_code = (int16_t)error;
    response->error_message = error == KERR_NONE ? SLICE("NONE") : slice_str(kerr_message(error));
    response->node_id = coordinator.id;
    response->host = coordinator.host;
    response->port = coordinator.port;
}

static void answer_key(struct call *call, int8_t key_type,
                       struct find_coordinator_response_coordinator *answer)
{
    struct listed_broker coordinator;
    enum kerr error = find(call, key_type, answer->key, &coordinator);
    answer->error_code = (int16_t)error;
    answer->error_message = message_for(key_type, error);
    answer->node_id = coordinator.id;
    answer->host = coordinator.host;
    answer->port = coordinator.port;
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
        response->coordinators.items[i].key = request->coordinator_keys.items[i];
        answer_key(call, request->key_type, &response->coordinators.items[i]);
    }
}
