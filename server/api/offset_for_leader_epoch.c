/*
 * OffsetForLeaderEpoch v2-4. Where an epoch ends in our log, so that a consumer or follower can tell whether
 * its log has left ours (KIP-101, KIP-279, KIP-320): kafka-apis 6.2. Nothing here blocks.
 */
#include "protocol/messages/offset_for_leader_epoch.h"
#include "server/api/handlers.h"
#include "server/broker.h"
#include "server/security/authorize.h"

static enum kerr answer_partition(struct call *call, struct slice topic,
                                  const struct offset_for_leader_epoch_partition *wanted,
                                  struct offset_for_leader_epoch_response_partition *answer)
{
    enum kerr error = KERR_NONE;
    struct partition *partition = broker_find_partition(call->broker, NULL, topic, wanted->partition, &error);
    if (partition == NULL)
        return error;
    error = partition_check_leader(partition, wanted->current_leader_epoch, true);
    if (error == KERR_NONE)
        partition_end_of_epoch(partition, wanted->leader_epoch, &answer->leader_epoch, &answer->end_offset);
    partition_unref(partition);
    return error;
}

void handle_offset_for_leader_epoch(struct call *call)
{
    const struct offset_for_leader_epoch_request *request = call->request;
    struct offset_for_leader_epoch_response *response = call->response;
    bool is_broker = authorize_cluster(call, ACL_CLUSTER_ACTION); /* may know of every topic */
    array_init(&response->topics, offset_for_leader_epoch_response_topic, call->arena, request->topics.count);
    for (int32_t i = 0; i < request->topics.count; i++) {
        const struct offset_for_leader_epoch_topic *topic = &request->topics.items[i];
        bool allowed = is_broker || authorize_topic(call, ACL_DESCRIBE, topic->topic);
        struct offset_for_leader_epoch_response_topic *answer = &response->topics.items[i];
        answer->topic = topic->topic;
        array_init(&answer->partitions, offset_for_leader_epoch_response_partition, call->arena,
                   topic->partitions.count);
        for (int32_t j = 0; j < topic->partitions.count; j++) {
            answer->partitions.items[j].partition = topic->partitions.items[j].partition;
            answer->partitions.items[j].error_code =
                allowed ? (int16_t)answer_partition(call, topic->topic, &topic->partitions.items[j],
                                                    &answer->partitions.items[j])
                        : KERR_TOPIC_AUTHORIZATION_FAILED;
        }
    }
}
