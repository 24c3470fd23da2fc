/*
 * See log_dirs.h.
 *
 * 1. What a failed directory means for the cluster is written by the tick thread (at start, by the thread
 *    that opens): whoever meets the failure holds a partition's lock and may not wait for a sync.
 * 2. A directory that could not be told of is told of at the next tick.
 */
#include "server/log_dirs.h"

#include "metadata/cluster_log.h"
#include "metadata/cordoned_dirs.h"
#include "metadata/format.h"
#include "protocol/base/ensure.h"
#include "server/broker.h"
#include "storage/os/diag.h"
#include "storage/os/file.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define DIAG_AREA DIAG_SERVER

/* ---- opening ---- */

/* As Java makes a path absolute: nothing is resolved but the working directory, and slashes that say
 * nothing. */
static const char *absolute(struct arena *arena, const char *path)
{
    char directory[PATH_MAX] = "";
    if (path[0] != '/' && getcwd(directory, sizeof directory) == NULL)
        directory[0] = '\0';
    char *text = arena_alloc(arena, strlen(directory) + strlen(path) + 2);
    sprintf(text, "%s%s%s", directory, path[0] == '/' ? "" : "/", path);
    char *to = text;
    for (const char *from = text; *from != '\0'; from++)
        if (*from != '/' || (from[1] != '/' && from[1] != '\0') || from == text)
            *to++ = *from;
    *to = '\0';
    return text;
}

static bool open_dirs(struct broker *broker, bool *any_empty, struct note *why)
{
    const struct config *config = &broker->config;
    broker->dirs = arena_new_array(&broker->arena, struct data_dir *, config->log_dir_count);
    broker->dir_names = arena_new_array(&broker->arena, const char *, config->log_dir_count);
    for (int32_t i = 0; i < config->log_dir_count; i++) {
        enum data_dir_state state;
        broker->dir_names[i] = absolute(&broker->arena, config->log_dirs[i]);
        broker->dirs[i] = data_dir_open(file_system_os(), config->log_dirs[i], &state, why);
        if (broker->dirs[i] == NULL)
            return false;
        broker->dir_count++;
        *any_empty |= state == DATA_DIR_EMPTY;
        if (state != DATA_DIR_FAILED)
            continue;
        if (strcmp(config->log_dirs[i], config->metadata_log_dir) == 0 || config->log_dir_count == 1)
            return false;
        diag_error("log directory %s is offline: %s", data_dir_path(broker->dirs[i]), why->text);
        why->text[0] = '\0';
    }
    return true;
}

static struct data_dir **dirs_in_order(struct broker *broker, int32_t *count)
{
    struct data_dir **dirs = arena_new_array(&broker->arena, struct data_dir *, broker->dir_count);
    *count = 0;
    for (int32_t i = 0; i < broker->dir_count; i++)
        if (!data_dir_is_offline(broker->dirs[i]))
            dirs[(*count)++] = broker->dirs[i];
    return dirs;
}

/* An empty directory beside formatted ones joins their cluster. */
static bool format_empty_dirs(struct broker *broker, struct data_dir **dirs, int32_t count, struct note *why)
{
    if (format_dirs(dirs, count, SLICE_NULL, broker->config.node_id, METADATA_VERSION_MAX, why) != KERR_NONE)
        return false;
    for (int32_t i = 0; i < count; i++)
        diag_info("formatted %s (cluster %.*s)", data_dir_path(dirs[i]),
                  SLICE_ARGS(data_dir_meta(dirs[i])->cluster_id));
    return true;
}

static bool check_dirs(const struct broker *broker, struct data_dir **dirs, int32_t count, struct note *why)
{
    const struct meta_properties *first = data_dir_meta(dirs[0]);
    for (int32_t i = 0; i < count; i++) {
        const struct meta_properties *meta = data_dir_meta(dirs[i]);
        const char *path = data_dir_path(dirs[i]);
        if (meta->node_id != broker->config.node_id)
            note_set(why, "%s belongs to node %d, but node.id is %d", path, meta->node_id,
                     broker->config.node_id);
        else if (!slice_equal(meta->cluster_id, first->cluster_id))
            note_set(why, "%s belongs to cluster %.*s, but %s to %.*s", path, SLICE_ARGS(meta->cluster_id),
                     data_dir_path(dirs[0]), SLICE_ARGS(first->cluster_id));
        for (int32_t j = 0; j < i; j++)
            if (!uuid_is_zero(meta->directory_id)
                && uuid_equal(meta->directory_id, data_dir_meta(dirs[j])->directory_id))
                note_set(why, "%s and %s have the same directory.id", data_dir_path(dirs[j]), path);
    }
    return why->text[0] == '\0';
}

/* Whoever names the directories in another order, and no metadata.log.dir, would begin a new cluster. */
static bool check_cluster_place(const struct broker *broker, struct data_dir **dirs, int32_t count,
                                struct note *why)
{
    const struct data_dir *place = log_dirs_metadata(broker);
    for (int32_t i = 0; i < count; i++) {
        char path[FILE_PATH_MAX];
        file_path(path, "%s/" CLUSTER_DIRECTORY, data_dir_path(dirs[i]));
        if (dirs[i] == place || !file_exists(file_system_os(), path))
            continue;
        note_set(why, "the cluster log lies in %s, but metadata.log.dir, or the first of log.dirs, is %s",
                 data_dir_path(dirs[i]), data_dir_path(place));
        return false;
    }
    return true;
}

bool log_dirs_open(struct broker *broker, struct note *why)
{
    bool any_empty = false;
    if (!open_dirs(broker, &any_empty, why))
        return false;
    int32_t count;
    struct data_dir **dirs = dirs_in_order(broker, &count);
    if (count == 0) {
        note_set(why, "none of the log directories is in order");
        return false;
    }
    if (any_empty && !format_empty_dirs(broker, dirs, count, why))
        return false;
    broker->cluster_id = data_dir_meta(dirs[0])->cluster_id;
    return check_dirs(broker, dirs, count, why) && check_cluster_place(broker, dirs, count, why);
}

int64_t log_dirs_begin(struct broker *broker)
{
    int64_t common = -1;
    bool agree = true;
    for (int32_t i = 0; i < broker->dir_count; i++) {
        int64_t epoch = -1;
        bool was_clean = !data_dir_is_offline(broker->dirs[i]) && data_dir_begin(broker->dirs[i], &epoch);
        agree = agree && was_clean && (i == 0 || epoch == common);
        common = epoch;
    }
    return agree ? common : -1;
}

struct data_dir *log_dirs_metadata(const struct broker *broker)
{
    for (int32_t i = 0; i < broker->dir_count; i++)
        if (strcmp(broker->config.log_dirs[i], broker->config.metadata_log_dir) == 0)
            return broker->dirs[i];
    return broker->dirs[0];
}

struct data_dir *log_dirs_find(const struct broker *broker, struct slice path)
{
    for (int32_t i = 0; i < broker->dir_count; i++)
        if (slice_equal_str(path, broker->dir_names[i]))
            return broker->dirs[i];
    return NULL;
}

static bool is_in_order(const struct data_dir *dir)
{
    return !data_dir_is_offline(dir) && !uuid_is_zero(data_dir_meta(dir)->directory_id);
}

struct uuid *log_dirs_in_order(const struct broker *broker, struct arena *arena, int32_t *count)
{
    struct uuid *ids = arena_new_array(arena, struct uuid, broker->dir_count);
    *count = 0;
    for (int32_t i = 0; i < broker->dir_count; i++)
        if (is_in_order(broker->dirs[i]))
            ids[(*count)++] = data_dir_meta(broker->dirs[i])->directory_id;
    return ids;
}

const char *const *log_dirs_paths_in_order(const struct broker *broker, struct arena *arena)
{
    const char **paths = arena_new_array(arena, const char *, broker->dir_count);
    int32_t count = 0;
    for (int32_t i = 0; i < broker->dir_count; i++)
        if (is_in_order(broker->dirs[i]))
            paths[count++] = broker->config.log_dirs[i];
    return paths;
}

/* ---- cordoned ones ---- */

void log_dirs_cordon(struct broker *broker)
{
    struct arena arena;
    arena_init(&arena, SIZE_MAX);
    struct config_view view = broker_config_view(broker, cluster_read(broker->cluster));
    struct slice value = cordoned_dirs_value(&view, &arena);
    for (int32_t i = 0; i < broker->dir_count; i++)
        data_dir_set_cordoned(broker->dirs[i], cordoned_dirs_have(value, broker->config.log_dirs[i]));
    cluster_read_done(broker->cluster);
    arena_fini(&arena);
}

/* ---- telling the cluster ---- */

static bool find_replica(void *context, const struct topic *topic, int32_t index, struct uuid *directory)
{
    struct broker *broker = context;
    struct partition *partition = partitions_find_by_id(broker->partitions, topic->id, index);
    if (partition == NULL)
        return false;
    const struct data_dir *dir = partition_dir(partition);
    *directory = data_dir_meta(dir)->directory_id;
    partition_unref(partition);
    return !data_dir_is_offline(dir);
}

struct replica_places log_dirs_places(struct broker *broker, struct arena *arena)
{
    struct replica_places places = {.find = find_replica, .context = broker};
    places.log_dirs = log_dirs_in_order(broker, arena, &places.log_dir_count);
    return places;
}

/* What the image says now, for a partition that is hosted. */
static void follow(struct broker *broker, const struct topic *topic, int32_t index)
{
    const struct partition_state *state = &topic->partitions[index];
    struct partition *partition = partitions_find_by_id(broker->partitions, topic->id, index);
    if (partition == NULL)
        return;
    struct partition_offsets now;
    partition_get_offsets(partition, &now);
    bool leads = state->leader == broker->config.node_id;
    if (leads)
        partition_become_leader(partition, state->leader_epoch);
    else if (now.is_leader)
        partition_resign(partition, state->leader_epoch);
    partition_unref(partition);
}

void log_dirs_follow(struct broker *broker, const struct image *image)
{
    size_t cursor = 0;
    struct map_entry *entry;
    while ((entry = map_next(&image->topics_by_name, &cursor)) != NULL) {
        const struct topic *topic = entry->value;
        for (int32_t i = 0; i < topic->partition_count; i++)
            follow(broker, topic, i);
    }
}

static bool commit(struct broker *broker, const struct image *image, struct arena *arena)
{
    struct record_list records;
    struct note why = {""};
    struct controller controller = {.image = image, .node_id = broker->config.node_id, .arena = arena};
    struct replica_places places = log_dirs_places(broker, arena);
    record_list_init(&records, arena, image_feature_level(image, SLICE(METADATA_VERSION)));
    controller_settle_replicas(&controller, &places, &records);
    if (cluster_change_commit(broker->cluster, &records, &why) != KERR_NONE) {
        diag_error("the cluster cannot be told where replicas lie: %s", why.text);
        return false;
    }
    if (records.count > 0)
        log_dirs_follow(broker, image);
    return true;
}

static bool settle(struct broker *broker)
{
    struct arena arena;
    if (cluster_broker_epoch(broker->cluster) < 0)
        return true; /* nobody registered, and nobody asks */
    arena_init(&arena, SIZE_MAX);
    const struct image *image = cluster_change_begin(broker->cluster);
    bool done = commit(broker, image, &arena);
    cluster_change_end(broker->cluster);
    arena_fini(&arena);
    return done;
}

/* ---- watching ---- */

static int32_t count_offline(const struct broker *broker)
{
    int32_t count = 0;
    for (int32_t i = 0; i < broker->dir_count; i++)
        count += data_dir_is_offline(broker->dirs[i]);
    return count;
}

/* One that fails between the counting and the settling is settled again, for nothing. */
static void tell_of_offline(struct broker *broker, int32_t offline)
{
    if (settle(broker))
        broker->offline_dirs_told = offline;
}

bool log_dirs_start(struct broker *broker, struct note *why)
{
    struct data_dir *metadata = log_dirs_metadata(broker);
    if (!data_dir_is_offline(metadata))
        tell_of_offline(broker, count_offline(broker));
    if (data_dir_is_offline(metadata))
        note_set(why, "%s, which holds the cluster log, is offline", data_dir_path(metadata));
    return !data_dir_is_offline(metadata);
}

void log_dirs_tick(struct broker *broker)
{
    int32_t offline = count_offline(broker);
    if (!partitions_take_places_changed(broker->partitions) && offline == broker->offline_dirs_told)
        return;
    if (offline == broker->dir_count)
        broker_give_up(broker, "every log directory has failed");
    else if (data_dir_is_offline(log_dirs_metadata(broker)))
        broker_give_up(broker, "the log directory with the cluster log has failed");
    else
        tell_of_offline(broker, offline);
}
