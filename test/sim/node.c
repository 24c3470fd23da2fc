/* node: see node.h. */
#include "test/sim/node.h"

#include "metadata/format.h"
#include "protocol/base/ensure.h"
#include "protocol/records/partition_record.h"
#include "protocol/records/topic_record.h"
#include "storage/os/clock.h"

#include <stdlib.h>

struct log_config node_log_config(struct slice topic)
{
    char first = topic.len > 0 ? (char)topic.data[0] : ' ';
    bool compact = first == 'c';
    return (struct log_config){
        .segment_bytes = 1800,
        .segment_ms = 604800000,
        .segment_index_bytes = 160,
        .index_interval_bytes = 200,
        .flush_messages = INT64_MAX,
        .flush_ms = INT64_MAX,
        .retention_bytes = first == 'p' ? 5000 : -1,
        .retention_ms = first == 'a' ? 20000 : -1,
        .file_delete_delay_ms = 2000,
        .delete_retention_ms = 1000,
        .max_compaction_lag_ms = INT64_MAX,
        .min_cleanable_dirty_ratio = 0.1,
        .message_timestamp_before_max_ms = INT64_MAX,
        .message_timestamp_after_max_ms = INT64_MAX,
        .max_message_bytes = 1048588,
        .min_insync_replicas = 1,
        .compression_type = COMPRESSION_PRODUCER,
        .cleanup_delete = !compact,
        .cleanup_compact = compact,
        .sync_acks_all = true,
        .producer_id_expiration_ms = 86400000,
    };
}

static struct storage_config storage_settings(void)
{
    struct storage_config config = storage_config_default();
    config.high_watermark_checkpoint_interval_ms = 1000;
    config.recovery_point_checkpoint_interval_ms = 3000;
    config.log_start_checkpoint_interval_ms = 3000;
    config.retention_check_interval_ms = 2000;
    config.initial_task_delay_ms = 2000;
    config.partitions_at_once = 1;       /* some are, others are not */
    config.recovery_threads_per_dir = 0; /* none beside ours: sim_fs knows one thread */
    config.cleaner.enable = false;       /* ... and the cleaner has its own */
    return config;
}

static struct uuid directory_of(const struct node *node, const struct partition_state *state)
{
    return state->directories != NULL ? state->directories[0] : node->directory_ids[0];
}

/* The partitions of one topic, as the image has them; names borrow from it. */
static size_t hosted_of(const struct node *node, const struct topic *topic, struct hosted_partition *hosted)
{
    for (int32_t i = 0; i < topic->partition_count; i++)
        hosted[i] = (struct hosted_partition){
            .topic = topic->name,
            .topic_id = topic->id,
            .index = i,
            .leader_epoch = topic->partitions[i].leader_epoch,
            .is_leader = topic->partitions[i].leader == node->self.node_id,
            .directory_id = directory_of(node, &topic->partitions[i]),
            .config = node_log_config(topic->name),
        };
    return (size_t)topic->partition_count;
}

static bool load_partitions(struct node *node, struct note *why)
{
    struct storage_config config = storage_settings();
    node->partitions = partitions_new(node->dirs, node->dir_count, &config);
    const struct image *image = cluster_read(node->cluster);
    struct hosted_partition *hosted = calloc((size_t)image->partition_count + 1, sizeof *hosted);
    ensure(hosted != NULL);
    size_t count = 0;
    size_t cursor = 0;
    for (struct map_entry *entry; (entry = map_next(&image->topics_by_name, &cursor)) != NULL;)
        count += hosted_of(node, entry->value, hosted + count);
    enum kerr error = partitions_load(node->partitions, hosted, count, why);
    cluster_read_done(node->cluster);
    free(hosted);
    return error == KERR_NONE;
}

/* The first one must be in order; the other one may be one that the disk refuses. */
static bool open_dirs(struct node *node, struct note *why)
{
    struct sim_fs *const disks[NODE_DIRS] = {node->fs, node->other};
    static const char *const paths[NODE_DIRS] = {NODE_PATH, NODE_OTHER_PATH};
    enum data_dir_state states[NODE_DIRS];
    while (node->dir_count < (node->other != NULL ? 2 : 1)) {
        int32_t at = node->dir_count++;
        node->dirs[at] = data_dir_open(&disks[at]->table, paths[at], &states[at], why);
        if (node->dirs[at] == NULL || (at == 0 && states[at] == DATA_DIR_FAILED))
            return false;
    }
    return states[0] != DATA_DIR_EMPTY
           || format_dirs(node->dirs, node->dir_count, SLICE_NULL, 1, METADATA_VERSION_MAX, why) == KERR_NONE;
}

static void begin_dirs(struct node *node)
{
    int64_t epochs[NODE_DIRS] = {-1, -1};
    data_dir_introduce(node->dirs, node->dir_count);
    node->was_clean = true;
    for (int32_t i = 0; i < node->dir_count; i++) {
        bool in_order = !data_dir_is_offline(node->dirs[i]);
        node->was_clean &= in_order && data_dir_begin(node->dirs[i], &epochs[i]) && epochs[i] == epochs[0];
        if (in_order)
            node->directory_ids[node->directory_id_count++] = data_dir_meta(node->dirs[i])->directory_id;
    }
    node->self.previous_broker_epoch = node->was_clean ? epochs[0] : -1;
    node->self.log_dir_count = node->directory_id_count;
}

static bool open_stages(struct node *node, struct note *why)
{
    if (!open_dirs(node, why))
        return false;
    begin_dirs(node);
    node->cluster = cluster_open(node->dirs[0], &node->self, why);
    return node->cluster != NULL && load_partitions(node, why);
}

bool node_start_on_two(struct node *node, struct sim_fs *fs, struct sim_fs *other, struct note *why)
{
    *node = (struct node){
        .fs = fs,
        .other = other,
        .endpoint = {SLICE("PLAINTEXT"), SLICE("127.0.0.1"), 9092, 0},
    };
    node->self = (struct cluster_node){
        .node_id = 1,
        .endpoints = &node->endpoint,
        .endpoint_count = 1,
        .log_dirs = node->directory_ids,
    };
    if (open_stages(node, why))
        return true;
    node_kill(node);
    return false;
}

bool node_start(struct node *node, struct sim_fs *fs, struct note *why)
{
    return node_start_on_two(node, fs, NULL, why);
}

bool node_other_is_offline(const struct node *node)
{
    return node->other != NULL && data_dir_is_offline(node->dirs[1]);
}

bool node_has_on_other(const struct node *node, struct uuid topic_id, int32_t index)
{
    const struct image *image = cluster_read(node->cluster);
    const struct topic *topic = image_find_topic_by_id(image, topic_id);
    bool has = topic != NULL && index < topic->partition_count
               && !uuid_equal(directory_of(node, &topic->partitions[index]), node->directory_ids[0]);
    cluster_read_done(node->cluster);
    return has;
}

bool node_stop(struct node *node)
{
    bool clean = true;
    if (node->cluster != NULL)
        cluster_shut_down(node->cluster);
    if (node->partitions != NULL)
        clean = partitions_close(node->partitions, cluster_broker_epoch(node->cluster));
    if (node->cluster != NULL)
        cluster_close(node->cluster);
    for (int32_t i = 0; i < node->dir_count; i++)
        data_dir_close(node->dirs[i]);
    *node = (struct node){0};
    return clean;
}

void node_kill(struct node *node)
{
    struct sim_fs *const disks[NODE_DIRS] = {node->fs, node->other};
    for (int32_t i = 0; i < NODE_DIRS; i++)
        if (disks[i] != NULL)
            disks[i]->is_off = true;
    for (int32_t i = 0; i < node->dir_count; i++)
        if (node->dirs[i] != NULL)
            data_dir_fail(node->dirs[i], "killed");
    (void)node_stop(node);
    for (int32_t i = 0; i < NODE_DIRS; i++)
        if (disks[i] != NULL)
            disks[i]->is_off = false;
}

/* ---- topics ---- */

/* As the controller would: no new partition for a directory that has failed. */
static struct uuid place_of(const struct node *node, struct uuid topic_id, int32_t index)
{
    bool on_other = (topic_id.bytes[sizeof topic_id.bytes - 1] + index) % 2 != 0;
    return on_other && node->directory_id_count > 1 && !node_other_is_offline(node) ? node->directory_ids[1]
                                                                                    : node->directory_ids[0];
}

static void add_records_of_topic(const struct node *node, struct record_list *list, const char *name,
                                 struct uuid id, int32_t partitions)
{
    struct topic_record topic;
    schema_set_defaults(topic_record_schema(), &topic);
    topic.name = slice_str(name);
    topic.topic_id = id;
    record_list_add(list, &topic_record_message, &topic);
    for (int32_t i = 0; i < partitions; i++) {
        struct partition_record partition;
        struct uuid directory = place_of(node, id, i);
        int32_t broker = node->self.node_id;
        schema_set_defaults(partition_record_schema(), &partition);
        partition.partition_id = i;
        partition.topic_id = id;
        partition.replicas.items = partition.isr.items = &broker;
        partition.replicas.count = partition.isr.count = 1;
        partition.leader = broker;
        partition.leader_epoch = partition.partition_epoch = 0;
        partition.directories.items = &directory;
        partition.directories.count = 1;
        record_list_add(list, &partition_record_message, &partition);
    }
}

/* Follows the image: false if a directory could not be made. The topic is there all the same. */
static enum kerr host(struct node *node, struct uuid id)
{
    enum kerr result = KERR_NONE;
    const struct image *image = cluster_read(node->cluster);
    const struct topic *topic = image_find_topic_by_id(image, id);
    ensure(topic != NULL);
    struct hosted_partition *hosted = calloc((size_t)topic->partition_count, sizeof *hosted);
    char *name = strndup((const char *)topic->name.data, topic->name.len);
    ensure(hosted != NULL && name != NULL);
    size_t count = hosted_of(node, topic, hosted);
    cluster_read_done(node->cluster);
    for (size_t i = 0; i < count; i++) {
        enum kerr error = KERR_NONE;
        struct note why = {""};
        hosted[i].topic = slice_str(name);
        struct partition *partition = partitions_create(node->partitions, &hosted[i], &error, &why);
        if (partition != NULL)
            partition_unref(partition);
        else
            result = error;
    }
    free(hosted);
    free(name);
    return result;
}

enum kerr node_create_topic(struct node *node, const char *name, struct uuid id, int32_t partitions)
{
    struct arena arena;
    struct record_list list;
    struct note why = {""};
    arena_init(&arena, SIZE_MAX);
    const struct image *image = cluster_change_begin(node->cluster);
    record_list_init(&list, &arena, image_feature_level(image, SLICE(METADATA_VERSION)));
    add_records_of_topic(node, &list, name, id, partitions);
    enum kerr error = partitions_forget_deleted(node->partitions)
                          ? cluster_change_commit(node->cluster, &list, &why)
                          : KERR_KAFKA_STORAGE_ERROR;
    cluster_change_end(node->cluster);
    arena_fini(&arena);
    if (error == KERR_NONE)
        (void)host(node, id);
    return error;
}

enum kerr node_delete_topic(struct node *node, struct uuid id, int32_t partitions)
{
    struct arena arena;
    struct record_list list;
    struct remove_topic_record removal;
    struct note why = {""};
    arena_init(&arena, SIZE_MAX);
    const struct image *image = cluster_change_begin(node->cluster);
    record_list_init(&list, &arena, image_feature_level(image, SLICE(METADATA_VERSION)));
    schema_set_defaults(remove_topic_record_schema(), &removal);
    removal.topic_id = id;
    record_list_add(&list, &remove_topic_record_message, &removal);
    enum kerr error = cluster_change_commit(node->cluster, &list, &why);
    cluster_change_end(node->cluster);
    arena_fini(&arena);
    for (int32_t i = 0; i < partitions && error == KERR_NONE; i++)
        partitions_delete(node->partitions, id, i);
    return error;
}
