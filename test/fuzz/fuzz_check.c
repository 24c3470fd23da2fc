/*
 * Hostile directories for `odradek check`: the input is cut in two. The first part is what stands in every
 * log and snapshot, the second in every other file, of a log directory with one partition and a cluster log.
 * The checksum of the first batch is made right when the first byte says so, and the marker is there when it
 * says that.
 */
#include "metadata/check_cluster.h"
#include "protocol/base/big_endian.h"
#include "protocol/base/ensure.h"
#include "protocol/batch.h"
#include "storage/check/check_log.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

enum { CHOICE_BYTES = 3, FIRST_FILE = 10 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *const files[] = {
    "/d/meta.properties",
    "/d/recovery-point-offset-checkpoint",
    "/d/log-start-offset-checkpoint",
    "/d/replication-offset-checkpoint",
    "/d/cleaner-offset-checkpoint",
    "/d/bootstrap.checkpoint",
    "/d/t-0/00000000000000000000.log",
    "/d/t-0/00000000000000000000.index",
    "/d/t-0/00000000000000000000.timeindex",
    "/d/t-0/00000000000000000000.txnindex",
    "/d/t-0/00000000000000000005.log",
    "/d/t-0/00000000000000000005.index",
    "/d/t-0/00000000000000000005.snapshot",
    "/d/t-0/leader-epoch-checkpoint",
    "/d/t-0/partition.metadata",
    "/d/__cluster_metadata-0/00000000000000000000.log",
    "/d/__cluster_metadata-0/00000000000000000000-0000000000.checkpoint",
    "/d/__cluster_metadata-0/00000000000000000003-0000000001.checkpoint",
    "/d/__cluster_metadata-0/quorum-state",
    "/d/.kafka_cleanshutdown",
};
enum { FILE_COUNT = sizeof files / sizeof files[0] };

static struct slice logs, others;
static bool is_clean;

/* ---- a file system of these ---- */

static bool ends_with(const char *text, const char *end)
{
    size_t len = strlen(text), tail = strlen(end);
    return len >= tail && strcmp(text + len - tail, end) == 0;
}

static struct slice content_of(int i)
{
    return ends_with(files[i], ".log") || (ends_with(files[i], ".checkpoint")) ? logs : others;
}

static int find(const char *path)
{
    for (int i = 0; i < FILE_COUNT - !is_clean; i++)
        if (strcmp(files[i], path) == 0)
            return i;
    return -1;
}

static int open_file(struct file_system *fs, const char *path, int flags, unsigned mode)
{
    (void)fs, (void)mode;
    int i = find(path);
    ensure(flags == FILE_READ); /* nothing else is allowed to a check */
    return i < 0 ? -ENOENT : FIRST_FILE + i;
}

static int close_file(struct file_system *fs, int file)
{
    (void)fs, (void)file;
    return 0;
}

static ssize_t read_file(struct file_system *fs, int file, void *bytes, size_t len, int64_t at)
{
    (void)fs;
    struct slice content = content_of(file - FIRST_FILE);
    if (at >= (int64_t)content.len)
        return 0;
    size_t left = content.len - (size_t)at;
    size_t got = len < left ? len : left;
    memcpy(bytes, content.data + at, got);
    return (ssize_t)got;
}

static int status_of_file(struct file_system *fs, int file, struct file_status *status)
{
    (void)fs;
    *status = (struct file_status){.size = (int64_t)content_of(file - FIRST_FILE).len};
    return 0;
}

static int status_of_path(struct file_system *fs, const char *path, struct file_status *status)
{
    int i = find(path);
    if (i >= 0)
        return status_of_file(fs, FIRST_FILE + i, status);
    *status = (struct file_status){.is_directory = true};
    return strcmp(path, "/d/t-0") == 0 || strcmp(path, "/d/__cluster_metadata-0") == 0 ? 0 : -ENOENT;
}

static int list(struct file_system *fs, const char *path, void (*each)(void *context, const char *name),
                void *context)
{
    (void)fs;
    size_t len = strlen(path);
    for (int i = 0; i < FILE_COUNT - !is_clean; i++)
        if (strncmp(files[i], path, len) == 0 && strchr(files[i] + len + 1, '/') == NULL)
            each(context, files[i] + len + 1);
    if (strcmp(path, "/d") == 0) {
        each(context, "t-0");
        each(context, "__cluster_metadata-0");
    }
    return 0;
}

static struct file_system fs = {
    .open = open_file,
    .close = close_file,
    .pread = read_file,
    .status = status_of_file,
    .path_status = status_of_path,
    .list = list,
};

/* ---- as check_command does it ---- */

static void check_all(void)
{
    struct dir_check dir;
    struct cluster_check cluster;
    check_dir(&dir, &fs, "/d");
    check_bootstrap(&fs, "/d", &dir.findings);
    check_dirs_together(&dir, 1);
    check_cluster(&cluster, &fs, "/d/__cluster_metadata-0", dir.meta.node_id);
    if (cluster.has_image)
        check_missing_logs(&cluster, &dir, 1, dir.meta.node_id, &cluster.findings);
    for (size_t i = 0; i < dir.log_count; i++) {
        char path[300];
        snprintf(path, sizeof path, "/d/%s", dir.logs[i].name);
        struct log_check check = {
            .fs = &fs,
            .path = path,
            .clean = dir.clean,
            .is_cluster_log = dir.logs[i].topic.data[0] == '_',
            .recovery_point = dir.logs[i].recovery_point,
            .log_start = dir.logs[i].log_start,
            .high_watermark = dir.logs[i].high_watermark,
        };
        check_log(&check);
        if (cluster.has_image)
            check_log_in_cluster(&cluster, &dir, 1, &dir, &dir.logs[i], &check.topic_id, &check.findings);
        findings_fini(&check.findings);
    }
    cluster_check_fini(&cluster);
    dir_check_fini(&dir);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < CHOICE_BYTES)
        return 0;
    size_t len = size - CHOICE_BYTES, cut = load_u16(data + 1);
    uint8_t *bytes = malloc(len + 1);
    ensure(bytes != NULL);
    memcpy(bytes, data + CHOICE_BYTES, len);
    cut = cut < len ? cut : len;
    logs = slice_of(bytes, cut);
    others = slice_of(bytes + cut, len - cut);
    is_clean = data[0] & 1;
    struct batch_header header;
    size_t batch;
    if ((data[0] & 2) && batch_next(logs, &header, &batch, NULL) == BATCH_WHOLE)
        store_u32(bytes + BATCH_CRC_AT, batch_compute_crc(slice_of(bytes, batch)));
    check_all();
    free(bytes);
    return 0;
}
