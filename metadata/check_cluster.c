/*
 * check_cluster: see check_cluster.h. Called by `odradek check`, by one thread.
 *
 * 1. Read only: the newest whole snapshot and the batches behind it make the image, as at a start; nothing is
 *    mended on the way.
 * 2. Damaged batches are check_log's to tell; here the reading ends at the first.
 */
#include "metadata/check_cluster.h"

#include "metadata/format.h"
#include "metadata/java_number.h"
#include "metadata/quorum_state.h"
#include "metadata/replay.h"
#include "metadata/snapshot.h"
#include "storage/batch_file.h"
#include "storage/check/segment_list.h"
#include "storage/partition_dir.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

enum { TOPIC_NAME_MAX = 243 }; /* a hostile record's must not be too long for a directory's name */

static void add(struct cluster_check *check, enum severity severity, const char *rule, const char *name,
                const char *what)
{
    char path[FILE_PATH_MAX];
    file_path(path, "%s/%s", check->path, name);
    findings_add(&check->findings, severity, rule, path, -1, "%s", what);
}

/* ---- snapshots ---- */

struct snapshot_reading {
    struct replay replay;
    int32_t epoch; /* of the name; -1: any */
    int64_t batches;
    bool other_epoch; /* a batch has another */
    bool headless;    /* the first batch is no header */
};

static bool take_snapshot_batch(struct snapshot_reading *reading, const struct found_batch *batch,
                                struct note *why)
{
    if (reading->epoch >= 0 && batch->header.partition_leader_epoch != reading->epoch)
        reading->other_epoch = true;
    if (slice_is_null(batch->bytes) || !batch->crc_right) {
        note_set(why, batch->crc_right ? "a batch that is too large" : "a checksum is wrong");
        return false;
    }
    bool taken = replay_batch(&reading->replay, batch->bytes, why);
    if (reading->batches++ == 0 && taken)
        reading->headless = !reading->replay.had_header;
    return taken;
}

/* All of a snapshot into the replay. False with the reason, and where. */
static bool read_snapshot(struct file_system *fs, const char *path, struct snapshot_reading *reading,
                          int64_t *position, struct note *why)
{
    struct batch_file reader;
    struct found_batch batch;
    *position = -1;
    int result = batch_file_open(&reader, fs, path, 0);
    if (result < 0) {
        note_set(why, "%s", strerror(-result));
        return false;
    }
    bool good = true;
    while (good && (result = batch_file_next(&reader, &batch)) == 1) {
        good = take_snapshot_batch(reading, &batch, why);
        *position = batch.position;
    }
    if (good && result < 0) {
        note_set(why, "%s", result == -EBADMSG ? batch.why.text : strerror(-result));
        *position = result == -EBADMSG ? batch.position : -1;
        good = false;
    }
    batch_file_close(&reader);
    if (good && (reading->headless || !reading->replay.had_footer)) {
        note_set(why, "it has no %s", reading->headless ? "header" : "footer: it is not complete");
        good = false;
    }
    return good;
}

static bool check_snapshot(struct file_system *fs, const char *path, struct image *image,
                           struct snapshot_id id, struct findings *findings, int16_t *kraft_version)
{
    struct snapshot_reading reading = {.epoch = id.epoch};
    struct note why = {""};
    int64_t position;
    replay_init(&reading.replay, image);
    bool good = read_snapshot(fs, path, &reading, &position, &why);
    if (!good)
        findings_add(findings, FINDING_ERROR, "cluster-snapshot", path, position, "%s", why.text);
    else if (reading.other_epoch)
        findings_add(findings, FINDING_WARNING, "cluster-snapshot", path, -1,
                     "a batch has another epoch than its name");
    *kraft_version = reading.replay.kraft_version;
    replay_fini(&reading.replay);
    return good;
}

struct checked_snapshots {
    struct cluster_check *check;
    struct snapshot_id newest;
};

static void take_snapshot(void *context, const char *name)
{
    struct checked_snapshots *list = context;
    struct cluster_check *check = list->check;
    struct snapshot_id id;
    char path[FILE_PATH_MAX];
    struct image image;
    int16_t kraft_version;
    if (!snapshot_parse_name(name, &id) || strlen(check->path) + strlen(name) + 2 > sizeof path)
        return;
    file_path(path, "%s/%s", check->path, name);
    image_init(&image, 0);
    check_snapshot(check->fs, path, &image, id, &check->findings, &kraft_version);
    image_fini(&image);
    if (id.end_offset > list->newest.end_offset)
        list->newest = id;
}

/* ---- the log ---- */

/* The batches of one segment; those behind `from` into the image. False: the reading ends here. */
static bool replay_segment(struct cluster_check *check, struct replay *replay, int64_t base)
{
    struct batch_file reader;
    struct found_batch batch;
    struct note why = {""};
    char path[FILE_PATH_MAX];
    file_path(path, "%s/%020" PRId64 ".log", check->path, base);
    if (batch_file_open(&reader, check->fs, path, base) < 0)
        return false; /* check_log says so */
    int result;
    bool good = true;
    while (good && (result = batch_file_next(&reader, &batch)) == 1) {
        good = batch.crc_right && !slice_is_null(batch.bytes);
        if (!good)
            break;
        check->end_offset = batch_next_offset(&batch.header);
        check->last_epoch = batch.header.partition_leader_epoch;
        if (batch_next_offset(&batch.header) <= replay->from_offset)
            continue;
        if (!replay_batch(replay, batch.bytes, &why)) {
            findings_add(&check->findings, FINDING_ERROR, "cluster-record", path, batch.position, "%s",
                         why.text);
            check->has_image = good = false;
        }
    }
    good = good && result == 0;
    batch_file_close(&reader);
    return good;
}

static void replay_log(struct cluster_check *check, struct replay *replay)
{
    struct segment_list segments;
    int64_t from = replay->from_offset;
    int result = segment_list_read(&segments, check->fs, check->path);
    if (result < 0)
        findings_add(&check->findings, FINDING_ERROR, "unreadable", check->path, -1, "%s", strerror(-result));
    if (segments.count == 0)
        findings_add(&check->findings, FINDING_NOTE, "cluster-log-empty", check->path, -1,
                     "it has no segment");
    else if (segments.bases[0] > from) {
        findings_add(&check->findings, FINDING_ERROR, "cluster-gap", check->path, -1,
                     "the log begins at %" PRId64 ", and no snapshot tells what was before",
                     segments.bases[0]);
        check->has_image = false;
    }
    for (size_t i = 0; i < segments.count; i++)
        if (!replay_segment(check, replay, segments.bases[i]))
            break;
    segment_list_fini(&segments);
    if (check->end_offset < from && segments.count > 0)
        findings_add(&check->findings, FINDING_WARNING, "cluster-behind", check->path, -1,
                     "the log ends before its snapshot at %" PRId64 ": it begins anew there", from);
}

static bool load_newest(struct cluster_check *check, struct replay *replay, struct snapshot_id newest)
{
    struct snapshot_reading reading = {.epoch = -1};
    struct note why = {""};
    char name[SNAPSHOT_NAME_SIZE], path[FILE_PATH_MAX];
    int64_t position;
    if (newest.end_offset < 0)
        return true;
    snapshot_format_name(newest, name);
    file_path(path, "%s/%s", check->path, name);
    reading.replay = *replay;
    bool good =
        read_snapshot(check->fs, path, &reading, &position, &why); /* its findings are listed already */
    *replay = reading.replay;
    replay->from_offset = newest.end_offset;
    check->last_epoch = newest.epoch;
    return good;
}

/* ---- quorum-state ---- */

static bool is_voter(const struct quorum_state *state, int32_t node_id)
{
    for (int32_t i = 0; i < state->voter_count; i++)
        if (state->voters[i] == node_id)
            return true;
    return state->data_version != 0 || state->voter_count == 0;
}

static void check_quorum_state(struct cluster_check *check, int32_t node_id)
{
    struct quorum_state state;
    struct note why = {""};
    bool found;
    int result = quorum_state_read(check->fs, check->path, &state, &found, &why);
    if (result < 0)
        add(check, FINDING_ERROR, "quorum-state", "quorum-state",
            result == -EBADMSG ? why.text : strerror(-result));
    else if (!found && check->last_epoch >= 0)
        add(check, FINDING_WARNING, "quorum-state-missing", "quorum-state",
            "it is missing: the log's last epoch is taken");
    else if (found && state.leader_epoch < check->last_epoch)
        add(check, FINDING_WARNING, "quorum-state-old", "quorum-state",
            "its epoch is lower than the log's last one, which is taken");
    if (found && node_id >= 0 && !is_voter(&state, node_id))
        add(check, FINDING_NOTE, "quorum-observer", "quorum-state", "this node is none of the voters");
    if (found && state.data_version != (check->kraft_version > 0))
        add(check, FINDING_WARNING, "quorum-state-version", "quorum-state",
            "its data_version does not fit the cluster's kraft.version");
}

/* ---- what the cluster is ---- */

/* The oldest release that knows a feature level. */
static const struct {
    const char *name;
    int16_t level;
    const char *release;
} feature_releases[] = {
    {"eligible.leader.replicas.version", 1, "4.0"},
    {"group.version", 1, "4.0"},
    {"transaction.version", 2, "4.0"},
    {"share.version", 1, "4.1"},
    {"streams.version", 1, "4.2"},
    {"kraft.version", 1, "3.9"},
};

static void check_features(struct cluster_check *check)
{
    char release[RELEASE_NAME_SIZE];
    int16_t level = image_feature_level(&check->image, SLICE(METADATA_VERSION));
    if (level == 0 && check->image.offset < 0)
        return;
    if (level < METADATA_VERSION_MIN || level > METADATA_VERSION_MAX) {
        findings_add(&check->findings, FINDING_ERROR, "metadata-version", check->path, -1,
                     "metadata.version %d: only %d to %d are known", level, METADATA_VERSION_MIN,
                     METADATA_VERSION_MAX);
        return;
    }
    format_release_name(level, release);
    release[strcspn(release, "-")] = '\0';
    for (size_t i = 0; i < sizeof feature_releases / sizeof feature_releases[0]; i++)
        if (image_feature_level(&check->image, slice_str(feature_releases[i].name))
                >= feature_releases[i].level
            && strcmp(feature_releases[i].release, release) > 0)
            snprintf(release, sizeof release, "%s", feature_releases[i].release);
    findings_add(&check->findings, FINDING_NOTE, "release", check->path, -1,
                 "metadata.version %d: Apache Kafka %s or newer", level, release);
}

enum { SEGMENT_BYTES_MIN = 1 << 20 };

/* Apache Kafka 4 stops at its start when a topic has such a segment.bytes; 3.9 took it. */
static void check_segment_bytes(struct cluster_check *check)
{
    size_t cursor = 0;
    struct map_entry *entry;
    while ((entry = map_next(&check->image.configs, &cursor)) != NULL) {
        const struct config_set *set = entry->value;
        const struct config_entry *config =
            set->resource_type == RESOURCE_TOPIC ? config_set_find(set, SLICE("segment.bytes")) : NULL;
        int64_t bytes;
        if (config != NULL && java_parse_long(config->value, INT64_MIN, INT64_MAX, &bytes)
            && bytes < SEGMENT_BYTES_MIN)
            findings_add(
                &check->findings, FINDING_NOTE, "release", check->path, -1,
                "topic %.*s has segment.bytes %.*s: Apache Kafka 4 does not start with less than 1048576",
                SLICE_ARGS(set->resource_name), SLICE_ARGS(config->value));
    }
}

void check_cluster(struct cluster_check *check, struct file_system *fs, const char *path, int32_t node_id)
{
    *check = (struct cluster_check){.fs = fs, .path = path, .has_image = true, .last_epoch = -1};
    struct checked_snapshots snapshots = {.check = check, .newest = {-1, 0}};
    struct replay replay;
    image_init(&check->image, 0);
    replay_init(&replay, &check->image);
    file_list(fs, path, take_snapshot, &snapshots);
    check->has_image = load_newest(check, &replay, snapshots.newest);
    if (check->has_image)
        replay_log(check, &replay);
    check->kraft_version = replay.kraft_version;
    replay_fini(&replay);
    check_quorum_state(check, node_id);
    if (!check->has_image)
        return;
    check_features(check);
    check_segment_bytes(check);
}

void cluster_check_fini(struct cluster_check *check)
{
    image_fini(&check->image);
    findings_fini(&check->findings);
}

void check_bootstrap(struct file_system *fs, const char *directory, struct findings *findings)
{
    char path[FILE_PATH_MAX];
    struct image image;
    int16_t kraft_version;
    file_path(path, "%s/" BOOTSTRAP_CHECKPOINT, directory);
    if (!file_exists(fs, path))
        return;
    image_init(&image, 0);
    check_snapshot(fs, path, &image, (struct snapshot_id){0, 0}, findings, &kraft_version);
    image_fini(&image);
}

/* ---- partitions against the image ---- */

static int32_t replica_of(const struct partition_state *partition, int32_t node_id)
{
    for (int32_t i = 0; i < partition->replicas.count; i++)
        if (partition->replicas.items[i] == node_id)
            return i;
    return -1;
}

/* Ids that stand for something else than a directory. */
static bool is_directory(struct uuid id)
{
    for (size_t i = 0; i + 1 < sizeof id.bytes; i++)
        if (id.bytes[i] != 0)
            return true;
    return id.bytes[sizeof id.bytes - 1] >= 100;
}

/* Whether the replica lies in one of the directories, as far as the image tells. */
static bool is_expected(const struct partition_state *partition, int32_t replica,
                        const struct dir_check *dirs, int32_t count)
{
    if (partition->directories == NULL || !is_directory(partition->directories[replica]))
        return true;
    for (int32_t i = 0; i < count; i++)
        if (uuid_equal(partition->directories[replica], dirs[i].meta.directory_id))
            return true;
    return false;
}

/* The cluster has another directory for it: one that is here too, or none that a broker would have then. */
static void directory_differs(const struct uuid *directory, const char *path, bool is_here,
                              struct findings *findings)
{
    char there[UUID_TEXT_LEN + 1];
    uuid_format(*directory, there);
    findings_add(findings, is_here ? FINDING_WARNING : FINDING_ERROR, "directory-differs", path, -1,
                 "the cluster believes it in the directory %s%s", there,
                 is_here ? ": Apache Kafka tells it otherwise"
                         : ", which is not here: Apache Kafka has no leader for it");
}

/* Whether the topic with this id has a replica of such an index here, whatever it is called. */
static bool has_replica(const struct image *image, const struct dir_check *dir, const struct found_log *log,
                        const struct uuid *topic_id)
{
    const struct topic *topic = topic_id == NULL ? NULL : image_find_topic_by_id(image, *topic_id);
    const struct partition_state *partition =
        topic == NULL ? NULL : image_find_partition(topic, log->partition);
    return partition != NULL && replica_of(partition, dir->meta.node_id) >= 0;
}

void check_log_in_cluster(const struct cluster_check *check, const struct dir_check *dirs, int32_t count,
                          const struct dir_check *dir, const struct found_log *log,
                          const struct uuid *topic_id, struct findings *findings)
{
    char path[FILE_PATH_MAX];
    file_path(path, "%s/%s", dir->path, log->name);
    const struct topic *topic = image_find_topic(&check->image, log->topic);
    const struct partition_state *partition =
        topic == NULL ? NULL : image_find_partition(topic, log->partition);
    int32_t replica = partition == NULL ? -1 : replica_of(partition, dir->meta.node_id);
    if (topic != NULL && topic_id != NULL && !uuid_equal(topic->id, *topic_id)) {
        char here[UUID_TEXT_LEN + 1], there[UUID_TEXT_LEN + 1];
        uuid_format(*topic_id, here);
        uuid_format(topic->id, there);
        findings_add(findings, FINDING_ERROR, "topic-id-differs", path, -1,
                     "its topic id is %s, and the cluster's %s: Apache Kafka %s", here, there,
                     has_replica(&check->image, dir, log, topic_id) ? "does not serve it"
                                                                    : "renames it to -stray");
    } else if (replica < 0)
        findings_add(findings, FINDING_WARNING, "not-in-cluster", path, -1,
                     "the cluster has %s here: Apache Kafka %s",
                     topic == NULL       ? "no such topic"
                     : partition == NULL ? "no such partition"
                                         : "no replica of it",
                     topic == NULL && has_replica(&check->image, dir, log, topic_id)
                         ? "lets it lie, as another topic has its id"
                         : "renames it to -stray");
    else if (!log->is_future && partition->directories != NULL
             && is_directory(partition->directories[replica])
             && !uuid_equal(partition->directories[replica], dir->meta.directory_id))
        directory_differs(&partition->directories[replica], path,
                          is_expected(partition, replica, dirs, count), findings);
}

static void collect_names(const struct dir_check *dirs, int32_t count, struct map *names)
{
    for (int32_t i = 0; i < count; i++)
        for (size_t j = 0; j < dirs[i].log_count; j++)
            map_put(names, slice_str(dirs[i].logs[j].name), &dirs[i].logs[j]);
}

/* A copy on its way into the directory in which the cluster has the partition already: it becomes the log. */
static bool find_future(const struct topic *topic, int32_t index, const struct uuid *directory,
                        const struct dir_check *dirs, int32_t count, struct findings *findings)
{
    for (int32_t i = 0; i < count; i++)
        for (size_t j = 0; j < dirs[i].log_count && uuid_equal(*directory, dirs[i].meta.directory_id); j++) {
            const struct found_log *log = &dirs[i].logs[j];
            if (!log->is_future || log->partition != index || !slice_equal(log->topic, topic->name))
                continue;
            char path[FILE_PATH_MAX];
            file_path(path, "%s/%s", dirs[i].path, log->name);
            findings_add(findings, FINDING_WARNING, "log-future", path, -1,
                         "the only copy of the partition: Apache Kafka takes it for the log");
            return true;
        }
    return false;
}

void check_missing_logs(const struct cluster_check *check, const struct dir_check *dirs, int32_t count,
                        int32_t node_id, struct findings *findings)
{
    struct topic **topics = image_sorted_topics(&check->image);
    struct map names = {0};
    char name[PARTITION_DIR_NAME_MAX + 1];
    collect_names(dirs, count, &names);
    for (size_t i = 0; i < check->image.topics_by_name.count; i++)
        for (int32_t index = 0; index < topics[i]->partition_count; index++) {
            const struct partition_state *partition = image_find_partition(topics[i], index);
            int32_t replica = partition == NULL ? -1 : replica_of(partition, node_id);
            if (replica < 0 || topics[i]->name.len > TOPIC_NAME_MAX
                || !is_expected(partition, replica, dirs, count))
                continue;
            partition_dir_name(name, topics[i]->name, index);
            if (map_find(&names, slice_str(name)) != NULL
                || (partition->directories != NULL
                    && find_future(topics[i], index, &partition->directories[replica], dirs, count,
                                   findings)))
                continue;
            bool is_new = partition->leader_epoch <= 0;
            findings_add(findings, is_new ? FINDING_WARNING : FINDING_ERROR, "log-missing", dirs[0].path, -1,
                         "%s has no directory%s: Apache Kafka makes an empty one", name,
                         is_new ? " yet" : " any more");
        }
    map_fini(&names);
    free(topics);
}
