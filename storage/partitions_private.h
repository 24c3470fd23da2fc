/* partitions_private: what the files partitions*.c share. */
#ifndef STORAGE_PARTITIONS_PRIVATE_H
#define STORAGE_PARTITIONS_PRIVATE_H

#include "protocol/base/buf.h"
#include "protocol/base/map.h"
#include "storage/os/mutex.h"
#include "storage/partition_private.h"
#include "storage/partitions.h"

#include <stdatomic.h>

struct mover; /* storage/mover.h */

enum {
    CHECKPOINT_RECOVERY,
    CHECKPOINT_HIGH_WATERMARK,
    CHECKPOINT_START,
    CHECKPOINT_CLEANER,
    CHECKPOINT_COUNT
};

/* A directory that is renamed and waits to be removed. */
struct doomed_dir {
    struct data_dir *dir;
    char *path;
    int64_t due_ms; /* monotonic */
};

/* A partition that is being made; on its maker's stack. */
struct creation {
    struct list_node node;
    const struct hosted_partition *hosted;
};

struct cleaner; /* storage/cleaner.h */

struct partitions {
    struct data_dir **dirs; /* borrowed, constant */
    int32_t dir_count;
    struct storage_config config; /* constant */
    struct rwlock lock;           /* RANK_PARTITIONS: guards the maps and the doomed */
    struct map by_name;           /* topic, zero byte, index */
    struct map by_id;             /* topic id, zero byte, index */
    struct cleaner *cleaner;
    struct map preferences; /* topic, zero byte, index -> where it shall be made (partitions_dirs) */
    struct doomed_dir *doomed;
    size_t doomed_count;
    struct mover *mover;        /* constant */
    bool is_refused;            /* by partitions_load: what is known here is not what there is */
    atomic_bool places_changed; /* a move has ended since partitions_take_places_changed */

    struct mutex creation_mutex; /* RANK_CREATIONS */
    struct condition created;    /* one is no longer being made */
    struct list_node creations GUARDED_BY(creation_mutex);
    atomic_llong at_once;     /* how many may still be made before their creation is answered */
    struct list_node to_make; /* the others, referenced, in order; guarded by `lock` */

    struct mutex checkpoint_mutex; /* RANK_CHECKPOINTS: one writer of the checkpoint files */
    struct buf *written GUARDED_BY(checkpoint_mutex); /* per directory and kind: what the file holds */
    atomic_bool outdated; /* on stable storage is what speaks of partitions that are gone */

    /* Only the thread that ticks, and afterwards the one that closes, touches what follows. */
    int64_t checkpoint_due_ms[CHECKPOINT_COUNT];
    int64_t idle_files_due_ms;
    int64_t housekeeping_due_ms;
    int64_t expiry_due_ms;
    int64_t retention_due_ms;
    bool making_waits; /* for want of space: said once */
};

/* Opens or creates the log in `path` and wraps it; *error and why on NULL. `id_is_checked`:
 * partition.metadata was looked at. */
struct partition *partitions_open_one(struct data_dir *dir, const char *path,
                                      const struct hosted_partition *hosted,
                                      const struct log_options *options, bool id_is_checked, enum kerr *error,
                                      struct note *why);

/* Puts a new partition into the maps. */
void partitions_add_locked(struct partitions *partitions, struct partition *partition)
    NEEDS(partitions->lock);

/* The log directory for a new replica, which counts there from now on: what was said of it
 * (AlterReplicaLogDirs), what the image names, else one in order that is not cordoned: with room if there is
 * one, of those with the fewest replicas. NULL: none, or not the named one. Asks the file systems. */
struct data_dir *partitions_choose_dir(struct partitions *partitions, const struct hosted_partition *hosted);

/* Returns once nobody is making this partition, which is told by its topic's name or its id (or NULL). */
void partitions_wait_for_creation(struct partitions *partitions, const struct slice *topic,
                                  const struct uuid *topic_id, int32_t index);

/* Makes directories that wait for it, as far as the tick's time reaches; lets a few new ones be made at
 * once. */
void partitions_make_some(struct partitions *partitions, int64_t now_ms);

/* At the end. */
void partitions_forget_unmade(struct partitions *partitions);
void partitions_free_preferences(struct partitions *partitions);

/* Writes the checkpoint files that have changed, in all directories. */
void partitions_store_checkpoints(struct partitions *partitions);

/* Those of one kind; false: not all could be written. stored[i] is whether directory i has its own, or is
 * offline; NULL: nobody asks. */
bool partitions_write_checkpoints(struct partitions *partitions, int kind, bool *stored);

/* One kind for one directory, if it has changed; with `must` on a full disk too, if it can be helped. */
bool partitions_write_checkpoint(struct partitions *partitions, int32_t at, int kind, bool must,
                                 struct partition **found, size_t count) NEEDS(partitions->checkpoint_mutex);

/* How often one kind is written; 0: when there is something to write. */
int64_t partitions_checkpoint_interval_ms(const struct partitions *partitions, int kind);

/* Queues a renamed directory for removal. */
void partitions_doom(struct partitions *partitions, struct data_dir *dir, const char *path, int64_t delay_ms);

/* The same. */
void partitions_doom_locked(struct partitions *partitions, struct data_dir *dir, const char *path,
                            int64_t due_ms) NEEDS(partitions->lock);

/* Runs work(context, i) for every i below count, on up to `threads` threads. */
void partitions_in_parallel(size_t count, size_t threads, void (*work)(void *context, size_t i),
                            void *context);

/* How many threads small pieces of work, so many of them, are worth. */
size_t partitions_threads_for(size_t count);

/* The key of the maps, built in `room` (at least head.len + 5 bytes). */
struct slice partitions_key(uint8_t *room, struct slice head, int32_t index);

#endif
