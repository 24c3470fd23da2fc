/*
 * partitions_loading: what the parts of a start share (partitions_load.c, partitions_copies.c,
 * partitions_twice.c): each partition that the image wants here, and what was found of it.
 */
#ifndef STORAGE_PARTITIONS_LOADING_H
#define STORAGE_PARTITIONS_LOADING_H

#include "storage/partition_dir.h"
#include "storage/partitions_private.h"
#include "storage/recovery_progress.h"

enum { LOADING_KEY_ROOM = 300 };

/* A copy on its way to another directory. */
struct future {
    struct future *next;
    struct data_dir *dir;
    int64_t end_offset; /* -1: it cannot be opened, or does not begin where the partition does */
    char path[];
};

/* One partition that the image wants here. */
struct wanted {
    const struct hosted_partition *hosted;
    struct data_dir *dir; /* where its directory is; NULL: nowhere yet */
    bool id_is_there;
    bool is_stray; /* the directory is another topic's */
    struct log_options options;
    int64_t first_dirty; /* as cleaner-offset-checkpoint says; -1: it does not */
    struct partition *partition;
    struct future *futures;   /* copies of it that were being made */
    int64_t highest_start;    /* of the log, as checkpointed in any directory */
    struct data_dir *move_to; /* what the copying is to be begun anew for */
    enum kerr error;
    struct note why;
    uint8_t key[LOADING_KEY_ROOM];
};

/* A directory of a partition that another log directory has too. */
struct found_again {
    struct wanted *wanted;
    char name[PARTITION_DIR_NAME_MAX + 1];
};

struct loading {
    struct partitions *partitions;
    struct wanted *wanted;
    size_t count;
    struct map by_name;   /* key -> wanted */
    struct data_dir *dir; /* being listed */
    char **stray;         /* names in dir */
    char **doomed;
    size_t stray_count;
    size_t doomed_count;
    struct found_again *again; /* in dir */
    size_t again_count;
    struct note why; /* the start is refused */
    struct recovery_progress progress;
};

/* How a log of this directory is to be opened. */
struct log_options partitions_options_in(struct loading *loading, const struct wanted *wanted,
                                         const struct data_dir *dir);

/* "<directory>/<topic>-<index>" */
void partitions_live_path(const struct wanted *wanted, const struct data_dir *dir, char path[FILE_PATH_MAX]);

/* Opens the partition where it is; what cannot be opened takes its directory offline. */
void partitions_open_live(struct loading *loading, struct wanted *wanted);

/* What partition.metadata in a directory of loading->dir says: 1, 0 or -errno, which is said; -ENOTDIR: it is
 * a file. */
int partitions_read_id(const struct loading *loading, const char *name, struct uuid *id);

/* Renames a directory of loading->dir to *-stray. */
void partitions_set_stray_aside(struct loading *loading, const char *name);

/* Adds a name to be set aside, to those of loading->dir. */
void partitions_add_stray(struct loading *loading, const char *name);

/* partitions_copies.c: of a partition that is nowhere, the longest copy becomes it. */
void partitions_take_copy(struct loading *loading, struct wanted *wanted);

/* Of one that is here, and open: a longer copy becomes it, the others are begun anew. */
void partitions_settle_copies(struct loading *loading, struct wanted *wanted);

/* partitions_twice.c: notes a directory of a partition that was found before. */
void partitions_note_again(struct loading *loading, struct wanted *wanted, const char *name);

/* Once loading->dir is listed: decides of each which one is the partition. Where nobody can tell, the
 * start is refused: loading->why. */
void partitions_settle_again(struct loading *loading);

#endif
