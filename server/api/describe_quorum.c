/*
 * DescribeQuorum v0-2. Who leads the cluster log, who votes and how far each is (KIP-595): kafka-apis 16.
 * v1: when a replica was heard of last (KIP-836); v2: directories, and where the voters are (KIP-853).
 *
 * Only the cluster log may be asked for, and nothing beside it. Blocks for a change of the cluster that is
 * under way.
 */
#include "protocol/messages/describe_quorum.h"

#include "metadata/internal_topics.h"
#include "server/api/handlers.h"
#include "server/broker.h"
#include "server/security/authorize.h"
#include "storage/os/clock.h"

static bool asks_for_cluster_log(const struct describe_quorum_request *request)
{
    if (request->topics.count != 1)
        return false;
    const struct describe_quorum_topic *topic = &request->topics.items[0];
    return slice_equal_str(topic->topic_name, CLUSTER_METADATA_TOPIC) && topic->partitions.count == 1
           && topic->partitions.items[0].partition_index == 0;
}

/* The answer's slots, in the order of the request, each with this error. */
static void list_topics(struct call *call, enum kerr error)
{
    const struct describe_quorum_request *request = call->request;
    struct describe_quorum_response *response = call->response;
    array_init(&response->topics, describe_quorum_response_topic, call->arena, request->topics.count);
    for (int32_t i = 0; i < request->topics.count; i++) {
        const struct describe_quorum_topic *topic = &request->topics.items[i];
        struct describe_quorum_response_topic *answer = &response->topics.items[i];
        answer->topic_name = topic->topic_name;
        array_init(&answer->partitions, describe_quorum_response_partition, call->arena,
                   topic->partitions.count);
        for (int32_t j = 0; j < topic->partitions.count; j++) {
            answer->partitions.items[j].partition_index = topic->partitions.items[j].partition_index;
            answer->partitions.items[j].error_code = (int16_t)error;
            if (error != KERR_NONE)
                answer->partitions.items[j].error_message = slice_str(kerr_message(error));
        }
    }
}

/* The leader has always just heard of itself. */
static void fill_partition(struct call *call, const struct cluster_quorum *quorum,
                           struct describe_quorum_response_partition *partition)
{
    int64_t now_ms = clock_wall_ms();
    partition->leader_id = quorum->leader_id;
    partition->leader_epoch = quorum->leader_epoch;
    partition->high_watermark = quorum->high_watermark;
    array_init(&partition->current_voters, describe_quorum_response_replica, call->arena, 1);
    struct describe_quorum_response_replica *voter = &partition->current_voters.items[0];
    voter->replica_id = quorum->leader_id;
    voter->replica_directory_id = quorum->directory_id;
    voter->log_end_offset = quorum->high_watermark;
    voter->last_fetch_timestamp = now_ms;
    voter->last_caught_up_timestamp = now_ms;
}

static void list_nodes(struct call *call, const struct cluster_quorum *quorum)
{
    struct describe_quorum_response *response = call->response;
    array_init(&response->nodes, describe_quorum_response_node, call->arena, 1);
    struct describe_quorum_response_node *node = &response->nodes.items[0];
    node->node_id = quorum->leader_id;
    if (quorum->endpoint == NULL)
        return;
    array_init(&node->listeners, describe_quorum_response_listener, call->arena, 1);
    node->listeners.items[0].name = quorum->endpoint->name;
    node->listeners.items[0].host = quorum->endpoint->host;
    node->listeners.items[0].port = quorum->endpoint->port;
}

void handle_describe_quorum(struct call *call)
{
    struct describe_quorum_response *response = call->response;
    struct cluster_quorum quorum;
    if (!authorize_cluster(call, ACL_DESCRIBE)) {
        response->error_code = KERR_CLUSTER_AUTHORIZATION_FAILED;
        response->error_message = slice_str(kerr_message(KERR_CLUSTER_AUTHORIZATION_FAILED));
        return;
    }
    if (!asks_for_cluster_log(call->request)) {
        list_topics(call, KERR_UNKNOWN_TOPIC_OR_PARTITION);
        return;
    }
    list_topics(call, KERR_NONE);
    cluster_describe_quorum(call->broker->cluster, &quorum);
    fill_partition(call, &quorum, &response->topics.items[0].partitions.items[0]);
    list_nodes(call, &quorum);
}
