/*
 * check_dir: see check_dir.h.
 *
 * 1. Nothing is opened but for reading; the lock is looked at, and not taken.
 */
#include "storage/check/check_dir.h"

#include "protocol/base/ensure.h"
#include "protocol/base/map.h"
#include "storage/checkpoint.h"
#include "storage/data_file.h"
#include "storage/partition_dir.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define REMOTE_CACHE_DIRECTORY "remote-log-index-cache" /* Apache Kafka's own, with tiered storage */

static void add(struct dir_check *check, enum severity severity, const char *rule, const char *name,
                const char *what)
{
    char path[FILE_PATH_MAX];
    file_path(path, "%s/%s", check->path, name);
    findings_add(&check->findings, severity, rule, path, -1, "%s", what);
}

/* ---- meta.properties, lock, marker ---- */

static void check_meta(struct dir_check *check)
{
    struct note why = {""};
    int result = meta_properties_read(check->fs, check->path, &check->meta, &why);
    check->has_meta = result == 0;
    if (result == -ENOENT)
        add(check, FINDING_ERROR, "meta-missing", "meta.properties", "the directory is not formatted");
    else if (result < 0)
        findings_add(&check->findings, FINDING_ERROR, "meta-damaged", check->path, -1, "%s", why.text);
    else if (uuid_is_zero(check->meta.directory_id))
        add(check, FINDING_WARNING, "directory-id-missing", "meta.properties",
            "directory.id is missing: Apache Kafka draws one and writes it");
    else if (directory_id_is_reserved(check->meta.directory_id))
        add(check, FINDING_ERROR, "directory-id-reserved", "meta.properties",
            "directory.id is one of those that stand for something else");
}

static void check_lock(struct dir_check *check)
{
    char path[FILE_PATH_MAX];
    file_path(path, "%s/.lock", check->path);
    int file = file_open(check->fs, path, FILE_READ);
    if (file < 0)
        return;
    check->running = file_is_locked(check->fs, file) == 1;
    file_close(check->fs, file);
    if (check->running)
        add(check, FINDING_NOTE, "running", ".lock",
            "a broker runs on this directory: what is found may be over already");
}

static void check_marker(struct dir_check *check)
{
    char path[FILE_PATH_MAX];
    file_path(path, "%s/.kafka_cleanshutdown", check->path);
    check->clean = file_exists(check->fs, path);
    if (!check->clean && !check->running && check->has_meta)
        findings_add(&check->findings, FINDING_NOTE, "not-clean", check->path, -1,
                     "not closed cleanly: logs are recovered from their recovery points on");
}

/* ---- what is in it ---- */

static bool ends_with(const char *name, const char *suffix)
{
    size_t len = strlen(name), tail = strlen(suffix);
    return len > tail && strcmp(name + len - tail, suffix) == 0;
}

/* "<topic>-<partition>.<id><suffix>": Apache Kafka stops at a name with the suffix and without the rest. */
static bool is_marked(const char *name, const char *suffix)
{
    const char *dot = strrchr(name, '.');
    if (!ends_with(name, suffix) || dot == NULL || dot == name)
        return false;
    const char *dash = memchr(name + 1, '-', (size_t)(dot - name - 1));
    return dash != NULL && strlen(dot) > strlen(suffix) + 1;
}

static void add_log(struct dir_check *check, const char *name, bool is_future)
{
    struct slice topic;
    int32_t partition;
    char *copy = strdup(name);
    ensure(copy != NULL);
    char *end = is_future ? strrchr(copy, '.') : NULL;
    if (end != NULL)
        *end = '\0'; /* what is behind it is put back below */
    bool is_log = partition_dir_parse(copy, &topic, &partition) == PARTITION_DIR_LIVE;
    if (end != NULL)
        *end = '.';
    if (!is_log) {
        add(check, FINDING_ERROR, "directory-name", name,
            "no partition is called so: Apache Kafka does not start with it");
        free(copy);
        return;
    }
    if (check->log_count == check->log_capacity) {
        check->log_capacity = check->log_capacity == 0 ? 64 : check->log_capacity * 2;
        check->logs = realloc(check->logs, check->log_capacity * sizeof *check->logs);
        ensure(check->logs != NULL);
    }
    check->logs[check->log_count++] = (struct found_log){copy, topic, partition, is_future, -1, -1, -1};
}

static void take_directory(struct dir_check *check, const char *name)
{
    if (is_marked(name, "-delete"))
        add(check, FINDING_NOTE, "directory-delete", name, "it is on its way out");
    else if (is_marked(name, "-stray"))
        add(check, FINDING_NOTE, "directory-stray", name, "it was found once and belonged to nobody");
    else if (strcmp(name, REMOTE_CACHE_DIRECTORY) != 0)
        add_log(check, name, is_marked(name, "-future"));
}

static void take_name(void *context, const char *name)
{
    struct dir_check *check = context;
    char path[FILE_PATH_MAX];
    struct file_status status;
    struct data_file_name parsed;
    if (strlen(check->path) + strlen(name) + 2 > sizeof path)
        return;
    file_path(path, "%s/%s", check->path, name);
    if (file_path_status(check->fs, path, &status) == 0 && status.is_directory) {
        take_directory(check, name);
        return;
    }
    data_file_parse(name, &parsed);
    if (parsed.suffix == DATA_FILE_TMP || parsed.suffix == DATA_FILE_PART)
        add(check, FINDING_NOTE, "leftover-tmp", name, "a file that was not written to its end");
}

static int compare_logs(const void *a, const void *b)
{
    const struct found_log *left = a, *right = b;
    int order = slice_compare(left->topic, right->topic);
    if (order != 0)
        return order;
    if (left->partition != right->partition)
        return left->partition < right->partition ? -1 : 1;
    return strcmp(left->name, right->name);
}

/* ---- the checkpoint files ---- */

struct checkpoint_kind {
    const char *name;
    size_t member; /* of struct found_log; SIZE_MAX: it is not kept */
};

static void take_entry(struct dir_check *check, const struct map *by_name, const struct checkpoint_kind *kind,
                       struct slice topic, int32_t partition, int64_t offset)
{
    char name[PARTITION_DIR_NAME_MAX + 1];
    if (topic.len > PARTITION_DIR_NAME_MAX - 12) {
        add(check, FINDING_NOTE, "checkpoint-unknown", kind->name,
            "an entry of a topic whose name is too long");
        return;
    }
    partition_dir_name(name, topic, partition);
    struct found_log *log = map_find(by_name, slice_str(name));
    char path[FILE_PATH_MAX];
    file_path(path, "%s/%s", check->path, kind->name);
    if (offset < 0)
        findings_add(&check->findings, FINDING_WARNING, "checkpoint-offset", path, -1,
                     "%s has the offset %" PRId64, name, offset);
    else if (log == NULL)
        findings_add(&check->findings, FINDING_NOTE, "checkpoint-unknown", path, -1,
                     "%s is not in this directory", name);
    else if (kind->member != SIZE_MAX)
        memcpy((char *)log + kind->member, &offset, sizeof offset);
}

static void check_checkpoint(struct dir_check *check, const struct map *by_name,
                             const struct checkpoint_kind *kind)
{
    struct checkpoint checkpoint;
    struct note why = {""};
    char path[FILE_PATH_MAX];
    struct slice topic;
    int32_t partition;
    int64_t offset;
    file_path(path, "%s/%s", check->path, kind->name);
    int result = checkpoint_open(&checkpoint, check->fs, path, &why);
    if (result == 0)
        while ((result = checkpoint_next_offset(&checkpoint, &topic, &partition, &offset, &why)) == 1)
            take_entry(check, by_name, kind, topic, partition, offset);
    if (result == -EBADMSG)
        findings_add(&check->findings, FINDING_ERROR, "checkpoint-damaged", path, -1,
                     "%s: Apache Kafka takes the directory offline", why.text);
    else if (result < 0)
        findings_add(&check->findings, FINDING_ERROR, "unreadable", path, -1, "%s", strerror(-result));
    checkpoint_close(&checkpoint);
}

static void check_checkpoints(struct dir_check *check)
{
    static const struct checkpoint_kind kinds[] = {
        {"recovery-point-offset-checkpoint", offsetof(struct found_log, recovery_point)},
        {"log-start-offset-checkpoint", offsetof(struct found_log, log_start)},
        {"replication-offset-checkpoint", offsetof(struct found_log, high_watermark)},
        {"cleaner-offset-checkpoint", SIZE_MAX},
    };
    struct map by_name = {0};
    for (size_t i = 0; i < check->log_count; i++)
        if (!check->logs[i].is_future)
            map_put(&by_name, slice_str(check->logs[i].name), &check->logs[i]);
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
        check_checkpoint(check, &by_name, &kinds[i]);
    map_fini(&by_name);
}

/* ---- all of it ---- */

void check_dir(struct dir_check *check, struct file_system *fs, const char *path)
{
    *check = (struct dir_check){.fs = fs, .path = path};
    check_meta(check);
    check_lock(check);
    check_marker(check);
    int result = file_list(fs, path, take_name, check);
    if (result < 0)
        findings_add(&check->findings, FINDING_ERROR, "unreadable", path, -1, "%s", strerror(-result));
    if (check->log_count > 0)
        qsort(check->logs, check->log_count, sizeof *check->logs, compare_logs);
    check_checkpoints(check);
}

void dir_check_fini(struct dir_check *check)
{
    for (size_t i = 0; i < check->log_count; i++)
        free(check->logs[i].name);
    free(check->logs);
    meta_properties_fini(&check->meta);
    findings_fini(&check->findings);
}

static void compare_metas(const struct dir_check *first, struct dir_check *second)
{
    const struct meta_properties *a = &first->meta, *b = &second->meta;
    if (!slice_equal(a->cluster_id, b->cluster_id))
        findings_add(&second->findings, FINDING_ERROR, "cluster-id-differs", second->path, -1,
                     "cluster.id is %.*s, and %.*s in %s", SLICE_ARGS(b->cluster_id),
                     SLICE_ARGS(a->cluster_id), first->path);
    if (a->node_id != b->node_id)
        findings_add(&second->findings, FINDING_ERROR, "node-id-differs", second->path, -1,
                     "node.id is %" PRId32 ", and %" PRId32 " in %s", b->node_id, a->node_id, first->path);
    if (!uuid_is_zero(a->directory_id) && uuid_equal(a->directory_id, b->directory_id))
        findings_add(&second->findings, FINDING_ERROR, "directory-id-twice", second->path, -1,
                     "directory.id is that of %s too", first->path);
}

/* A partition may lie in one directory, and be on its way into another. */
static void find_twins(struct dir_check *checks, int32_t count)
{
    struct map seen = {0};
    for (int32_t i = 0; i < count; i++)
        for (size_t j = 0; j < checks[i].log_count; j++) {
            struct found_log *log = &checks[i].logs[j];
            struct dir_check *other = log->is_future ? NULL : map_find(&seen, slice_str(log->name));
            if (other != NULL)
                findings_add(&checks[i].findings, FINDING_ERROR, "log-twice", checks[i].path, -1,
                             "%s is in %s too: Apache Kafka does not start", log->name, other->path);
            else if (!log->is_future)
                map_put(&seen, slice_str(log->name), &checks[i]);
        }
    map_fini(&seen);
}

void check_dirs_together(struct dir_check *checks, int32_t count)
{
    for (int32_t i = 1; i < count; i++)
        for (int32_t j = 0; j < i; j++)
            if (checks[i].has_meta && checks[j].has_meta)
                compare_metas(&checks[j], &checks[i]);
    find_twins(checks, count);
    for (int32_t i = 1; i < count; i++)
        if (checks[i].clean != checks[0].clean)
            findings_add(&checks[i].findings, FINDING_NOTE, "clean-differs", checks[i].path, -1,
                         "closed %s, other than %s", checks[i].clean ? "cleanly" : "uncleanly",
                         checks[0].path);
}
