/*
 * DeleteTopics v1-6. Decided by metadata/controller/delete_topics (kafka-apis 13.3). The directories are
 * renamed before this is answered and removed later. Blocks for the cluster log's sync. v5: error messages;
 * v6: topic ids.
 */
#include "metadata/controller/delete_topics.h"

#include "protocol/messages/delete_topics.h"
#include "server/api/change.h"
#include "server/api/handlers.h"
#include "server/broker.h"
#include "server/coordinator/group_coordinator.h"
#include "server/throttle/throttle_call.h"

enum { STRICT_SINCE = 5 }; /* version that knows THROTTLING_QUOTA_EXCEEDED (KIP-599) */

/* How many partitions each topic of the answer had, taken before they leave the image. */
static int32_t *count_partitions(struct call *call, const struct image *image,
                                 const struct delete_topics_response *response)
{
    int32_t *counts = arena_new_array(call->arena, int32_t, response->responses.count);
    for (int32_t i = 0; i < response->responses.count; i++) {
        const struct topic *topic = image_find_topic_by_id(image, response->responses.items[i].topic_id);
        counts[i] = topic == NULL ? 0 : topic->partition_count;
    }
    return counts;
}

/* Without the change's lock: each shard of the groups has its own, and writes. */
static void forget_offsets(struct call *call, const struct delete_topics_response *response)
{
    for (int32_t i = 0; i < response->responses.count; i++)
        if (response->responses.items[i].error_code == KERR_NONE)
            group_coordinator_topic_deleted(call->broker->group_coordinator,
                                            response->responses.items[i].name);
}

void handle_delete_topics(struct call *call)
{
    struct delete_topics_response *response = call->response;
    struct change change;
    struct mutation_quota quota;
    change_begin(&change, call);
    throttle_call_mutations(call, STRICT_SINCE, &quota, &change.controller);
    controller_delete_topics(&change.controller, call->request, call->version, response, &change.records);
    int32_t *counts = count_partitions(call, change.controller.image, response);
    enum kerr error = change_commit(&change);
    for (int32_t i = 0; i < response->responses.count; i++) {
        struct delete_topics_response_topic *result = &response->responses.items[i];
        if (result->error_code != KERR_NONE)
            continue;
        if (error == KERR_NONE)
            broker_drop_topic(call->broker, result->topic_id, counts[i]);
        result->error_code = (int16_t)error;
    }
    change_end(&change);
    forget_offsets(call, response);
}
