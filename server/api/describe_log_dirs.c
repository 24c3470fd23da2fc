/*
 * DescribeLogDirs v1-5. The broker's log directories, and the replicas in them: kafka-apis 16. What is in
 * memory is answered from memory: a partition's lock is taken for a moment, and one statvfs a directory is
 * all the I/O. The cluster log is no partition of a topic and is not among them.
 *
 * v3: error code of the whole; v4: the volume's size and room (KIP-827); v5: cordoned directories (KIP-1066).
 */
#include "protocol/messages/describe_log_dirs.h"

#include "metadata/cordoned_dirs.h"
#include "protocol/base/map.h"
#include "server/api/handlers.h"
#include "server/broker.h"
#include "server/security/authorize.h"
#include "storage/os/file.h"

#include <stdlib.h>
#include <string.h>

struct listing {
    struct call *call;
    bool knows_cordons; /* the cluster's metadata.version does (KIP-1066) */
    struct map wanted;  /* topic, zero byte, index; not looked at when all are */
    bool all;
    struct replica *replicas; /* by directory, topic and index */
    int32_t count;
};

/* One log in one directory. */
struct replica {
    const struct data_dir *dir;
    const struct partition *partition;
    int64_t size;
    int64_t offset_lag;
    bool is_future;
};

static struct slice wanted_key(struct arena *arena, struct slice topic, int32_t index)
{
    uint8_t *key = arena_alloc(arena, topic.len + 1 + sizeof index);
    memcpy(key, topic.data, topic.len);
    key[topic.len] = 0;
    memcpy(key + topic.len + 1, &index, sizeof index);
    return slice_of(key, topic.len + 1 + sizeof index);
}

static void read_wishes(struct listing *listing, struct describe_log_dirs_request *request)
{
    listing->all = request->topics.count < 0;
    for (int32_t i = 0; i < request->topics.count; i++) {
        struct describe_log_dirs_topic *topic = &request->topics.items[i];
        for (int32_t j = 0; j < topic->partitions.count; j++)
            map_put(&listing->wanted,
                    wanted_key(listing->call->arena, topic->topic, topic->partitions.items[j]), topic);
    }
}

static bool is_wanted(const struct listing *listing, const struct partition *partition)
{
    struct arena *arena = listing->call->arena;
    return listing->all
           || map_find(&listing->wanted,
                       wanted_key(arena, partition_topic(partition), partition_index(partition)))
                  != NULL;
}

static int compare_replicas(const void *a, const void *b)
{
    const struct replica *left = a;
    const struct replica *right = b;
    if (left->dir != right->dir)
        return (uintptr_t)left->dir < (uintptr_t)right->dir ? -1 : 1;
    int order = slice_compare(partition_topic(left->partition), partition_topic(right->partition));
    int32_t left_index = partition_index(left->partition);
    int32_t right_index = partition_index(right->partition);
    return order != 0 ? order : (left_index > right_index) - (left_index < right_index);
}

static void collect_replicas(struct listing *listing, struct partition **found, size_t count)
{
    listing->replicas = arena_new_array(listing->call->arena, struct replica, 2 * count);
    for (size_t i = 0; i < count; i++) {
        struct partition_extent extent;
        if (!is_wanted(listing, found[i]))
            continue;
        partition_get_extent(found[i], &extent);
        listing->replicas[listing->count++] =
            (struct replica){extent.dir, found[i], extent.size, extent.offset_lag, false};
        if (extent.future_dir != NULL)
            listing->replicas[listing->count++] = (struct replica){
                extent.future_dir, found[i], extent.future_size, extent.future_offset_lag, true};
    }
    if (listing->count > 0)
        qsort(listing->replicas, (size_t)listing->count, sizeof *listing->replicas, compare_replicas);
}

/* Fills a topic from the replicas that begin at `at`; returns where the next topic begins. */
static int32_t describe_topic(struct listing *listing, int32_t at, int32_t end,
                              struct describe_log_dirs_response_topic *topic)
{
    struct slice name = partition_topic(listing->replicas[at].partition);
    int32_t next = at;
    while (next < end && slice_equal(partition_topic(listing->replicas[next].partition), name))
        next++;
    topic->name = arena_dup(listing->call->arena, name);
    array_init(&topic->partitions, describe_log_dirs_response_partition, listing->call->arena, next - at);
    for (int32_t i = 0; at < next; i++, at++) {
        topic->partitions.items[i].partition_index = partition_index(listing->replicas[at].partition);
        topic->partitions.items[i].partition_size = listing->replicas[at].size;
        topic->partitions.items[i].offset_lag = listing->replicas[at].offset_lag;
        topic->partitions.items[i].is_future_key = listing->replicas[at].is_future;
    }
    return next;
}

static void describe_replicas(struct listing *listing, const struct data_dir *dir,
                              struct describe_log_dirs_response_result *result)
{
    int32_t at = 0;
    while (at < listing->count && listing->replicas[at].dir != dir)
        at++;
    int32_t end = at;
    while (end < listing->count && listing->replicas[end].dir == dir)
        end++;
    array_init(&result->topics, describe_log_dirs_response_topic, listing->call->arena, end - at);
    result->topics.count = 0;
    while (at < end)
        at = describe_topic(listing, at, end, &result->topics.items[result->topics.count++]);
}

static void describe_dir(struct listing *listing, int32_t at,
                         struct describe_log_dirs_response_result *result)
{
    struct file_space space;
    struct data_dir *dir = listing->call->broker->dirs[at];
    result->log_dir = slice_str(listing->call->broker->dir_names[at]);
    if (data_dir_is_offline(dir) || file_space(data_dir_fs(dir), data_dir_path(dir), &space) < 0) {
        result->error_code = KERR_KAFKA_STORAGE_ERROR;
        return;
    }
    result->total_bytes = space.total_bytes;
    result->usable_bytes = space.usable_bytes;
    result->is_cordoned = listing->knows_cordons && data_dir_is_cordoned(dir);
    describe_replicas(listing, dir, result);
}

static bool knows_cordons(struct cluster *cluster)
{
    const struct image *image = cluster_read(cluster);
    bool knows = image_feature_level(image, SLICE(METADATA_VERSION)) >= CORDONED_DIRS_LEVEL;
    cluster_read_done(cluster);
    return knows;
}

void handle_describe_log_dirs(struct call *call)
{
    struct describe_log_dirs_response *response = call->response;
    struct broker *broker = call->broker;
    struct listing listing = {.call = call};
    size_t count;
    if (!authorize_cluster(call, ACL_DESCRIBE)) {
        response->error_code = KERR_CLUSTER_AUTHORIZATION_FAILED;
        return;
    }
    struct partition **found = partitions_all(broker->partitions, &count);
    listing.knows_cordons = knows_cordons(broker->cluster);
    map_init(&listing.wanted, broker->hash_seed);
    read_wishes(&listing, call->request);
    collect_replicas(&listing, found, count);
    array_init(&response->results, describe_log_dirs_response_result, call->arena, broker->dir_count);
    for (int32_t i = 0; i < broker->dir_count; i++)
        describe_dir(&listing, i, &response->results.items[i]);
    map_fini(&listing.wanted);
    partitions_unref_all(found, count);
}
