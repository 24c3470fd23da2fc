/*
 * ListOffsets v1-11. Offsets by timestamp, and the marks -1 (end), -2 (start), -3 (largest timestamp), -4
 * (local start), -5 (last tiered), -6 (earliest pending upload): kafka-apis 6.1.
 *
 * v2: isolation level; v4: leader epochs; v7: -3 (KIP-734); v8: -4 (KIP-405); v9: -5 (KIP-1005); v10:
 * timeout; v11: -6. Reads the log where a timestamp is looked for; else nothing here blocks.
 */
#include "protocol/messages/list_offsets.h"
#include "server/api/handlers.h"
#include "server/broker.h"
#include "server/security/authorize.h"

enum {
    LATEST = -1,
    EARLIEST = -2,
    MAX_TIMESTAMP = -3,
    EARLIEST_LOCAL = -4,
    LATEST_TIERED = -5,
    EARLIEST_PENDING_UPLOAD = -6,
};

static bool is_known_mark(int64_t timestamp, int version)
{
    static const int since[] = {[1] = 1, [2] = 1, [3] = 7, [4] = 8, [5] = 9, [6] = 11};
    return timestamp >= EARLIEST_PENDING_UPLOAD && version >= since[-timestamp];
}

static void answer_offset(struct list_offsets_response_partition *answer, int64_t timestamp, int64_t offset,
                          int32_t epoch)
{
    answer->timestamp = timestamp;
    answer->offset = offset;
    answer->leader_epoch = epoch;
}

/* Where this client may read to. */
static int64_t last_fetchable(const struct list_offsets_request *request,
                              const struct partition_offsets *offsets)
{
    if (request->replica_id != -1)
        return offsets->log_end_offset;
    return request->isolation_level == READ_COMMITTED ? offsets->last_stable_offset : offsets->high_watermark;
}

static enum kerr look_up(struct partition *partition, int64_t timestamp, int64_t end,
                         struct list_offsets_response_partition *answer)
{
    struct offset_and_timestamp found = {.found = false};
    enum kerr error = timestamp == MAX_TIMESTAMP ? partition_find_max_timestamp(partition, &found)
                                                 : partition_find_timestamp(partition, timestamp, &found);
    if (error == KERR_NONE && found.found && found.offset < end)
        answer_offset(answer, found.timestamp_ms, found.offset, found.leader_epoch);
    return error;
}

static enum kerr find_offset(struct partition *partition, const struct list_offsets_request *request,
                             const struct list_offsets_partition *wanted,
                             struct list_offsets_response_partition *answer)
{
    struct partition_offsets offsets;
    partition_get_offsets(partition, &offsets);
    int64_t start = offsets.log_start_offset;
    switch (wanted->timestamp) {
    case LATEST:
        answer_offset(answer, -1, last_fetchable(request, &offsets), offsets.leader_epoch);
        return KERR_NONE;
    case EARLIEST:
    case EARLIEST_LOCAL:
        answer_offset(answer, -1, start, partition_epoch_of_offset(partition, start));
        return KERR_NONE;
    case LATEST_TIERED:
    case EARLIEST_PENDING_UPLOAD:
        answer_offset(answer, -1, -1, -1);
        return KERR_NONE;
    default:
        return look_up(partition, wanted->timestamp, last_fetchable(request, &offsets), answer);
    }
}

static enum kerr answer_partition(struct call *call, const struct list_offsets_topic *topic,
                                  const struct list_offsets_partition *wanted,
                                  struct list_offsets_response_partition *answer)
{
    const struct list_offsets_request *request = call->request;
    if (wanted->timestamp < 0 && !is_known_mark(wanted->timestamp, call->version))
        return KERR_UNSUPPORTED_VERSION;
    enum kerr error = KERR_NONE;
    struct partition *partition =
        broker_find_partition(call->broker, NULL, topic->name, wanted->partition_index, &error);
    if (partition == NULL)
        return error;
    error = partition_check_leader(partition, wanted->current_leader_epoch, request->replica_id != -2);
    if (error == KERR_NONE && request->isolation_level != READ_UNCOMMITTED
        && request->isolation_level != READ_COMMITTED)
        error = KERR_UNKNOWN_SERVER_ERROR;
    if (error == KERR_NONE)
        error = find_offset(partition, request, wanted, answer);
    partition_unref(partition);
    return error;
}

/* One entry per partition index, in the order of the first mention; an index that is named twice is an
 * error. */
static void answer_topic(struct call *call, const struct list_offsets_topic *topic,
                         struct list_offsets_response_topic *answer)
{
    int32_t count = topic->partitions.count > 0 ? topic->partitions.count : 0;
    answer->name = topic->name;
    array_init(&answer->partitions, list_offsets_response_partition, call->arena, count);
    answer->partitions.count = 0;
    struct map seen;
    map_init(&seen, call->broker->hash_seed);
    for (int32_t i = 0; i < count; i++) {
        const struct list_offsets_partition *wanted = &topic->partitions.items[i];
        struct slice key = slice_of(&wanted->partition_index, sizeof wanted->partition_index);
        struct list_offsets_response_partition *entry = map_find(&seen, key);
        if (entry != NULL) {
            entry->error_code = KERR_INVALID_REQUEST;
            answer_offset(entry, -1, -1, -1);
            continue;
        }
        entry = &answer->partitions.items[answer->partitions.count++];
        entry->partition_index = wanted->partition_index;
        entry->error_code = (int16_t)answer_partition(call, topic, wanted, entry);
        map_put(&seen, key, entry);
    }
    map_fini(&seen);
}

static void refuse_topic(struct call *call, const struct list_offsets_topic *topic,
                         struct list_offsets_response_topic *answer)
{
    int32_t count = topic->partitions.count > 0 ? topic->partitions.count : 0;
    answer->name = topic->name;
    array_init(&answer->partitions, list_offsets_response_partition, call->arena, count);
    for (int32_t i = 0; i < count; i++) {
        answer->partitions.items[i].partition_index = topic->partitions.items[i].partition_index;
        answer->partitions.items[i].error_code = KERR_TOPIC_AUTHORIZATION_FAILED;
    }
}

/* Kafka answers the topics that it has before those that it has not, and refuses last. */
enum place { KNOWN, UNKNOWN, REFUSED };

static bool is_known(struct call *call, struct slice name)
{
    const struct image *image = cluster_read(call->broker->cluster);
    bool known = image_find_topic(image, name) != NULL;
    cluster_read_done(call->broker->cluster);
    return known;
}

static enum place place_of(struct call *call, struct slice name)
{
    if (!authorize_topic(call, ACL_DESCRIBE, name))
        return REFUSED;
    return is_known(call, name) ? KNOWN : UNKNOWN;
}

void handle_list_offsets(struct call *call)
{
    const struct list_offsets_request *request = call->request;
    struct list_offsets_response *response = call->response;
    enum place *places = arena_new_array(call->arena, enum place, request->topics.count);
    for (int32_t i = 0; i < request->topics.count; i++)
        places[i] = place_of(call, request->topics.items[i].name);
    array_init(&response->topics, list_offsets_response_topic, call->arena, request->topics.count);
    int32_t used = 0;
    for (enum place place = KNOWN; place <= REFUSED; place++)
        for (int32_t i = 0; i < request->topics.count; i++)
            if (places[i] == place)
                (place == REFUSED ? refuse_topic : answer_topic)(call, &request->topics.items[i],
                                                                 &response->topics.items[used++]);
}
