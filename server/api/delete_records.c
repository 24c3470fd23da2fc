/*
 * DeleteRecords v0-2. Moves log starts up (KIP-107): kafka-apis 6.3. The segments below go with the next
 * retention pass.
 *
 * Blocks for one small durable write, log-start-offset-checkpoint, in each log directory: Apache Kafka
 * answers at once and writes it within a minute, so that a crash brings deleted records back. Here what was
 * answered stays deleted. The timeout is not needed: there are no other replicas to wait for.
 */
#include "protocol/messages/delete_records.h"
#include "metadata/internal_topics.h"
#include "server/api/handlers.h"
#include "server/broker.h"
#include "server/security/authorize.h"

/* What is deleted in one partition; a partition that is named twice counts once, with the later offset. */
struct deletion {
    int32_t key[2]; /* which topic of the answer, and the partition's index */
    int64_t offset;
    struct partition *partition; /* referenced once it was found */
    struct delete_records_response_partition *answer;
};

struct deletions {
    struct call *call;
    struct deletion *items; /* in the order of the answer's topics */
    int32_t count;
};

/* The answer's topics, each once and only those with partitions, with room for all that the request says of
 * them. *total: of all. */
static void list_topics(struct call *call, int32_t *topic_of, int32_t *total)
{
    const struct delete_records_request *request = call->request;
    struct delete_records_response *response = call->response;
    struct map seen;
    map_init(&seen, call->broker->hash_seed);
    array_init(&response->topics, delete_records_response_topic, call->arena, request->topics.count);
    response->topics.count = 0;
    *total = 0;
    for (int32_t i = 0; i < request->topics.count; i++) {
        const struct delete_records_topic *wanted = &request->topics.items[i];
        if (wanted->partitions.count <= 0)
            continue;
        struct delete_records_response_topic *topic = map_find(&seen, wanted->name);
        if (topic == NULL) {
            topic = &response->topics.items[response->topics.count++];
            topic->name = wanted->name;
            map_put(&seen, topic->name, topic);
        }
        topic_of[i] = (int32_t)(topic - response->topics.items);
        topic->partitions.count += wanted->partitions.count;
        *total += wanted->partitions.count;
    }
    map_fini(&seen);
    for (int32_t i = 0; i < response->topics.count; i++) {
        struct delete_records_response_topic *topic = &response->topics.items[i];
        array_init(&topic->partitions, delete_records_response_partition, call->arena,
                   topic->partitions.count);
        topic->partitions.count = 0;
    }
}

static void add_deletion(struct deletions *deletions, struct map *seen, int32_t at,
                         const struct delete_records_partition *wanted)
{
    struct delete_records_response *response = deletions->call->response;
    struct deletion *item = &deletions->items[deletions->count];
    *item = (struct deletion){.key = {at, wanted->partition_index}, .offset = wanted->offset};
    struct slice key = slice_of(item->key, sizeof item->key);
    struct deletion *earlier = map_find(seen, key);
    if (earlier != NULL) {
        earlier->offset = wanted->offset;
        return;
    }
    struct delete_records_response_topic *topic = &response->topics.items[at];
    item->answer = &topic->partitions.items[topic->partitions.count++];
    item->answer->partition_index = wanted->partition_index;
    map_put(seen, key, item);
    deletions->count++;
}

static void list_deletions(struct deletions *deletions)
{
    struct call *call = deletions->call;
    const struct delete_records_request *request = call->request;
    int32_t total;
    int32_t *topic_of = arena_new_array(call->arena, int32_t, request->topics.count);
    list_topics(call, topic_of, &total);
    deletions->items = arena_new_array(call->arena, struct deletion, total);
    struct map seen;
    map_init(&seen, call->broker->hash_seed);
    for (int32_t i = 0; i < request->topics.count; i++)
        for (int32_t j = 0; j < request->topics.items[i].partitions.count; j++)
            add_deletion(deletions, &seen, topic_of[i], &request->topics.items[i].partitions.items[j]);
    map_fini(&seen);
}

static enum kerr move_start(struct call *call, struct deletion *item)
{
    const struct delete_records_response *response = call->response;
    struct slice name = response->topics.items[item->key[0]].name;
    enum kerr error = KERR_NONE;
    if (!authorize_topic(call, ACL_DELETE, name))
        return KERR_TOPIC_AUTHORIZATION_FAILED;
    item->partition = broker_find_partition(call->broker, NULL, name, item->key[1], &error);
    if (error == KERR_UNKNOWN_TOPIC_OR_PARTITION)
        return error;
    if (is_internal_topic(name))
        return KERR_INVALID_TOPIC_EXCEPTION;
    if (item->partition == NULL)
        return error;
    return partition_delete_records(item->partition, item->offset, &item->answer->low_watermark);
}

/* The new start is on stable storage, if its directory is still in order: that another one is not is nothing
 * to this partition. */
static void finish(struct deletion *item)
{
    if (item->answer->error_code == KERR_NONE
        && !partition_start_is_stored(item->partition, item->answer->low_watermark))
        item->answer->error_code = KERR_KAFKA_STORAGE_ERROR;
    if (item->answer->error_code == KERR_NONE)
        item->answer->error_code = (int16_t)partition_check_leader(item->partition, -1, true);
    if (item->answer->error_code != KERR_NONE)
        item->answer->low_watermark = -1;
    if (item->partition != NULL)
        partition_unref(item->partition);
}

void handle_delete_records(struct call *call)
{
    struct deletions deletions = {.call = call};
    bool any = false;
    list_deletions(&deletions);
    for (int32_t i = 0; i < deletions.count; i++) {
        struct deletion *item = &deletions.items[i];
        item->answer->error_code = (int16_t)move_start(call, item);
        any |= item->answer->error_code == KERR_NONE;
    }
    if (any)
        (void)partitions_store_log_starts(
            call->broker->partitions); /* each partition knows what became of it */
    for (int32_t i = 0; i < deletions.count; i++)
        finish(&deletions.items[i]);
}
