/*
 * check_dir: a log directory (an entry of log.dirs), looked at without changing it: what stands in it beside
 * its partitions, and which of those there are. The partitions themselves are check_log's.
 */
#ifndef STORAGE_CHECK_CHECK_DIR_H
#define STORAGE_CHECK_CHECK_DIR_H

#include "storage/check/findings.h"
#include "storage/data_dir.h"
#include "storage/os/file.h"

/* One partition's directory. */
struct found_log {
    char *name; /* owned */
    struct slice topic;
    int32_t partition;
    bool is_future;         /* on its way from another directory */
    int64_t recovery_point; /* of the checkpoint files; -1: not there */
    int64_t log_start;
    int64_t high_watermark;
};

struct dir_check {
    struct file_system *fs;
    const char *path;
    struct findings findings;
    bool has_meta;
    struct meta_properties meta;
    bool clean;   /* the clean-shutdown marker is there */
    bool running; /* somebody holds the lock */
    struct found_log *logs;
    size_t log_count;
    size_t log_capacity;
};

/* The caller frees with dir_check_fini, whatever was found. */
void check_dir(struct dir_check *check, struct file_system *fs, const char *path);
void dir_check_fini(struct dir_check *check);

/* What several directories of one broker say of each other: the findings go to the later one. */
void check_dirs_together(struct dir_check *checks, int32_t count);

#endif
