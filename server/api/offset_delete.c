/*
 * OffsetDelete v0 (KIP-496): offsets that a group has committed and nobody needs any more
 * (server/coordinator/group_offsets, kafka-apis 11.3). Blocks until that is on stable storage.
 */
#include "protocol/messages/offset_delete.h"
#include "server/api/handlers.h"
#include "server/broker.h"
#include "server/coordinator/group_coordinator.h"
#include "server/security/authorize.h"

static void check_topic(struct call *call, const struct image *image,
                        struct offset_delete_response_topic *topic)
{
    bool may_read = authorize_topic(call, ACL_READ, topic->name);
    const struct topic *known = image_find_topic(image, topic->name);
    for (int32_t i = 0; i < topic->partitions.count; i++) {
        struct offset_delete_response_partition *partition = &topic->partitions.items[i];
        if (!may_read)
            partition->error_code = KERR_TOPIC_AUTHORIZATION_FAILED;
        else if (known == NULL || image_find_partition(known, partition->partition_index) == NULL)
            partition->error_code = KERR_UNKNOWN_TOPIC_OR_PARTITION;
    }
}

static void lay_out(struct call *call)
{
    const struct offset_delete_request *request = call->request;
    struct offset_delete_response *response = call->response;
    array_init(&response->topics, offset_delete_response_topic, call->arena, request->topics.count);
    const struct image *image = cluster_read(call->broker->cluster);
    for (int32_t i = 0; i < request->topics.count; i++) {
        const struct offset_delete_request_topic *topic = &request->topics.items[i];
        struct offset_delete_response_topic *answer = &response->topics.items[i];
        answer->name = topic->name;
        array_init(&answer->partitions, offset_delete_response_partition, call->arena,
                   topic->partitions.count);
        for (int32_t j = 0; j < topic->partitions.count; j++)
            answer->partitions.items[j].partition_index = topic->partitions.items[j].partition_index;
        check_topic(call, image, answer);
    }
    cluster_read_done(call->broker->cluster);
}

static enum kerr delete_offsets(struct call *call, const struct offset_delete_request *request)
{
    if (!authorize(call, ACL_DELETE, ACL_GROUP, request->group_id))
        return KERR_GROUP_AUTHORIZATION_FAILED;
    if (request->group_id.len == 0)
        return KERR_INVALID_GROUP_ID;
    lay_out(call);
    return group_coordinator_ask(call, GROUP_OFFSET_DELETE, request->group_id, request, call->response);
}

void handle_offset_delete(struct call *call)
{
    struct offset_delete_response *response = call->response;
    enum kerr error = delete_offsets(call, call->request);
    if (error == KERR_NONE)
        return;
    response->error_code = (int16_t)error;
    response->topics.count = 0;
}
