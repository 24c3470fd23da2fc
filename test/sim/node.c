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
    config.recovery_threads_per_dir = 1; /* sim_fs knows one thread */
    config.cleaner.enable = false;       /* ... and the cleaner has its own */
    return config;
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
            .directory_id = node->directory_id,
            .config = node_log_config(topic->name),
        };
    return (size_t)topic->partition_count;
}

static bool load_partitions(struct node *node, struct note *why)
{
    struct storage_config config = storage_settings();
    node->partitions = partitions_new(&node->dir, 1, &config);
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

static bool open_stages(struct node *node, struct note *why)
{
    enum data_dir_state state;
    node->dir = data_dir_open(&node->fs->table, NODE_PATH, &state, why);
    if (node->dir == NULL || state == DATA_DIR_FAILED)
        return false;
    if (state == DATA_DIR_EMPTY
        && format_dirs(&node->dir, 1, SLICE_NULL, 1, METADATA_VERSION_MAX, why) != KERR_NONE)
        return false;
    int64_t broker_epoch;
    data_dir_introduce(&node->dir, 1);
    node->was_clean = data_dir_begin(node->dir, &broker_epoch);
    node->self.previous_broker_epoch = node->was_clean ? broker_epoch : -1;
    node->directory_id = data_dir_meta(node->dir)->directory_id;
    node->cluster = cluster_open(node->dir, &node->self, why);
    return node->cluster != NULL && load_partitions(node, why);
}

bool node_start(struct node *node, struct sim_fs *fs, struct note *why)
{
    *node = (struct node){
        .fs = fs,
        .endpoint = {SLICE("PLAINTEXT"), SLICE("127.0.0.1"), 9092, 0},
    };
    node->self = (struct cluster_node){
        .node_id = 1,
        .endpoints = &node->endpoint,
        .endpoint_count = 1,
        .log_dirs = &node->directory_id,
        .log_dir_count = 1,
    };
    if (open_stages(node, why))
        return true;
    node_kill(node);
    return false;
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
    data_dir_close(node->dir);
    *node = (struct node){0};
    return clean;
}

void node_kill(struct node *node)
{
    struct sim_fs *fs = node->fs;
    fs->is_off = true;
    if (node->dir != NULL)
        data_dir_fail(node->dir, "killed");
    (void)node_stop(node);
    fs->is_off = false;
}

/* ---- topics ---- */

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
        struct uuid directory = node->directory_id;
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
