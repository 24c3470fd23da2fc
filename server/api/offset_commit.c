/*
 * OffsetCommit v2-10: how far a group has come (server/coordinator/group_offsets, kafka-apis 11.1). Two
 * steps: the first stores the offsets, the second blocks until they are on stable storage. v7: static members
 * (KIP-345); v9: members of consumer groups (KIP-848); v10: topic ids.
 */
#include "protocol/messages/offset_commit.h"
#include "server/api/handlers.h"
#include "server/broker.h"
#include "server/coordinator/group_coordinator.h"
#include "server/security/authorize.h"

enum { VERSION_IDS = 10 };

/* Those that nothing was found to be wrong with so far. */
static void refuse_rest(struct offset_commit_response_topic *topic, enum kerr error)
{
    for (int32_t i = 0; i < topic->partitions.count; i++)
        if (topic->partitions.items[i].error_code == KERR_NONE)
            topic->partitions.items[i].error_code = (int16_t)error;
}

static void refuse_all(struct offset_commit_response *response, enum kerr error)
{
    for (int32_t i = 0; i < response->topics.count; i++)
        refuse_rest(&response->topics.items[i], error);
}

static bool is_anything_left(const struct offset_commit_response *response)
{
    for (int32_t i = 0; i < response->topics.count; i++)
        for (int32_t j = 0; j < response->topics.items[i].partitions.count; j++)
            if (response->topics.items[i].partitions.items[j].error_code == KERR_NONE)
                return true;
    return false;
}

/* The topics of the request without those that name no partitions, which are not answered either; and the
 * answer, topic for topic. */
static struct offset_commit_request *lay_out(struct call *call)
{
    const struct offset_commit_request *request = call->request;
    struct offset_commit_response *response = call->response;
    struct offset_commit_request *rest = arena_new(call->arena, struct offset_commit_request);
    *rest = *request;
    array_init(&rest->topics, offset_commit_request_topic, call->arena, request->topics.count);
    array_init(&response->topics, offset_commit_response_topic, call->arena, request->topics.count);
    rest->topics.count = response->topics.count = 0;
    for (int32_t i = 0; i < request->topics.count; i++) {
        const struct offset_commit_request_topic *topic = &request->topics.items[i];
        if (topic->partitions.count <= 0)
            continue;
        rest->topics.items[rest->topics.count++] = *topic;
        struct offset_commit_response_topic *answer = &response->topics.items[response->topics.count++];
        answer->name = topic->name;
        answer->topic_id = topic->topic_id;
        array_init(&answer->partitions, offset_commit_response_partition, call->arena,
                   topic->partitions.count);
        for (int32_t j = 0; j < topic->partitions.count; j++)
            answer->partitions.items[j].partition_index = topic->partitions.items[j].partition_index;
    }
    return rest;
}

/* Records name topics; their ids are for whoever asks later whether it is still the same one. */
static void check_topic(struct call *call, const struct image *image,
                        struct offset_commit_request_topic *topic,
                        struct offset_commit_response_topic *answer)
{
    bool by_id = call->version >= VERSION_IDS;
    const struct topic *known =
        by_id ? image_find_topic_by_id(image, topic->topic_id) : image_find_topic(image, topic->name);
    if (by_id && known == NULL) {
        refuse_rest(answer, KERR_UNKNOWN_TOPIC_ID);
        return;
    }
    if (by_id)
        topic->name = arena_dup(call->arena, known->name);
    if (!authorize_topic(call, ACL_READ, topic->name)) {
        refuse_rest(answer, KERR_TOPIC_AUTHORIZATION_FAILED);
        return;
    }
    if (known != NULL)
        topic->topic_id = known->id;
    for (int32_t i = 0; i < answer->partitions.count; i++)
        if (known == NULL || image_find_partition(known, answer->partitions.items[i].partition_index) == NULL)
            answer->partitions.items[i].error_code = KERR_UNKNOWN_TOPIC_OR_PARTITION;
}

static void check_topics(struct call *call, struct offset_commit_request *request)
{
    struct offset_commit_response *response = call->response;
    const struct image *image = cluster_read(call->broker->cluster);
    for (int32_t i = 0; i < response->topics.count; i++)
        check_topic(call, image, &request->topics.items[i], &response->topics.items[i]);
    cluster_read_done(call->broker->cluster);
}

/* The error that is all partitions' for which nothing else was found. */
static enum kerr begin(struct call *call, struct group_sync *sync)
{
    struct offset_commit_request *request = lay_out(call);
    if (!authorize(call, ACL_READ, ACL_GROUP, request->group_id))
        return KERR_GROUP_AUTHORIZATION_FAILED;
    check_topics(call, request);
    if (!is_anything_left(call->response))
        return KERR_NONE;
    return group_coordinator_begin(call, GROUP_OFFSET_COMMIT, request->group_id, request, call->response,
                                   sync);
}

void offset_commit_begin(struct call *call)
{
    struct group_sync *sync = arena_new(call->arena, struct group_sync);
    enum kerr error = begin(call, sync);
    if (error != KERR_NONE)
        refuse_all(call->response, error);
    call->request = sync; /* remembered in its place between the steps */
}

void offset_commit_finish(struct call *call)
{
    enum kerr error = group_coordinator_sync(call->request);
    if (error != KERR_NONE)
        refuse_all(call->response, error);
}
