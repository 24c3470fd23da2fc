/*
 * DescribeProducers v0. Which producers a partition knows (KIP-664): kafka-apis 16. Whoever leads the
 * partition: every replica knows them. Nothing here blocks.
 */
#include "protocol/messages/describe_producers.h"

#include "metadata/controller/topic_name.h"
#include "server/api/handlers.h"
#include "server/broker.h"
#include "server/security/authorize.h"

static bool topic_exists(struct call *call, struct slice name)
{
    const struct image *image = cluster_read(call->broker->cluster);
    bool exists = image_find_topic(image, name) != NULL;
    cluster_read_done(call->broker->cluster);
    return exists;
}

/* What is wrong with a topic as a whole, with its text. */
static enum kerr check_topic(struct call *call, struct slice name, struct slice *message)
{
    struct note why = {{0}};
    if (!topic_name_is_valid(name, &why)) {
        *message = call_printf(call, "%s", why.text);
        return KERR_INVALID_TOPIC_EXCEPTION;
    }
    enum kerr error = KERR_NONE;
    if (!authorize_topic(call, ACL_READ, name))
        error = KERR_TOPIC_AUTHORIZATION_FAILED;
    else if (!topic_exists(call, name))
        error = KERR_UNKNOWN_TOPIC_OR_PARTITION;
    if (error != KERR_NONE)
        *message = slice_str(kerr_message(error));
    return error;
}

static void list_producers(struct call *call, struct partition *partition,
                           struct describe_producers_response_partition *answer)
{
    int32_t count;
    const struct partition_producer *producers = partition_list_producers(partition, call->arena, &count);
    array_init(&answer->active_producers, describe_producers_response_producer, call->arena, count);
    for (int32_t i = 0; i < count; i++) {
        struct describe_producers_response_producer *to = &answer->active_producers.items[i];
        to->producer_id = producers[i].id;
        to->producer_epoch = producers[i].epoch;
        to->last_sequence = producers[i].last_sequence;
        to->last_timestamp = producers[i].last_timestamp;
        to->coordinator_epoch = producers[i].coordinator_epoch;
        to->current_txn_start_offset = producers[i].transaction_start;
    }
}

static enum kerr describe_partition(struct call *call, struct slice topic,
                                    struct describe_producers_response_partition *answer)
{
    enum kerr error = KERR_NONE;
    struct partition *partition =
        broker_find_partition(call->broker, NULL, topic, answer->partition_index, &error);
    if (partition == NULL)
        return error;
    error = partition_check_leader(partition, -1, false);
    if (error == KERR_NONE)
        list_producers(call, partition, answer);
    partition_unref(partition);
    return error;
}

static void describe_topic(struct call *call, const struct describe_producers_topic *wanted,
                           struct describe_producers_response_topic *answer)
{
    struct slice message = SLICE_NULL;
    enum kerr error = check_topic(call, wanted->name, &message);
    answer->name = wanted->name;
    array_init(&answer->partitions, describe_producers_response_partition, call->arena,
               wanted->partition_indexes.count);
    for (int32_t i = 0; i < wanted->partition_indexes.count && call->verdict != CALL_CLOSE; i++) {
        struct describe_producers_response_partition *partition = &answer->partitions.items[i];
        partition->partition_index = wanted->partition_indexes.items[i];
        partition->error_message = message;
        partition->error_code =
            (int16_t)(error != KERR_NONE ? error : describe_partition(call, wanted->name, partition));
        if (arena_is_full(call->arena)) /* each may have thousands, and may be named again and again */
            call->verdict = CALL_CLOSE;
    }
}

void handle_describe_producers(struct call *call)
{
    const struct describe_producers_request *request = call->request;
    struct describe_producers_response *response = call->response;
    array_init(&response->topics, describe_producers_response_topic, call->arena, request->topics.count);
    for (int32_t i = 0; i < request->topics.count; i++)
        describe_topic(call, &request->topics.items[i], &response->topics.items[i]);
}
