/*
 * log: one partition's segments, oldest first; the last one is active. Also the cluster log's, whose batches
 * come with their offsets and epochs.
 *
 * Not locked: whoever owns the log serialises its calls (a partition by its mutex), except where a comment
 * says "no lock". Results are 0 or more, or -errno; -EBADMSG for bytes that are no batch. Nothing here syncs
 * but the functions that say so.
 */
#ifndef STORAGE_LOG_H
#define STORAGE_LOG_H

#include "protocol/base/note.h"
#include "protocol/batch.h"
#include "storage/epochs.h"
#include "storage/log_config.h"
#include "storage/producers.h"
#include "storage/segment.h"
#include "storage/txn_index.h"

enum { LOG_RECENT = 8, LOG_STAGE_MAX = 32, LOG_SYNC_OWN = 4 };

/* Where a batch begins. `segment` is a base offset. */
struct log_position {
    int64_t offset;
    int64_t segment;
    int64_t position;
};

/* Its files and its producer snapshot are called *.deleted. */
struct deleted_segment {
    struct segment *segment;
    int64_t due_ms; /* monotonic */
};

struct log {
    struct open_files *files;
    char *path;        /* of its directory */
    char *former_path; /* before log_moved; NULL: never renamed */
    struct log_config config;
    struct segment **segments; /* at least one; base offsets increase */
    int32_t count;
    int32_t capacity;
    int64_t start_offset;
    int64_t durable_start; /* what the checkpoint file surely says of it: the next start finds no less */
    int64_t end_offset;
    int64_t synced_offset;  /* records below it are on stable storage */
    int64_t recovery_point; /* as synced_offset, but with the indexes: for the checkpoint file */
    int64_t closed_offset;  /* the end at the last clean stop while nothing has changed since; else -1 */
    bool directory_changed; /* names in the directory are not yet on stable storage */
    int directory_syncs;    /* that run: the names are not yet there either */
    bool parent_changed;    /* ... nor is the directory's own */
    bool epochs_unsynced;   /* ... nor what leader-epoch-checkpoint says */
    bool is_unmade;         /* neither its directory nor a file of it is there: log_make */
    bool is_untouched; /* its directory was made by this process, and nothing was ever written to a segment */
    struct producers producers;
    struct epochs epochs;
    /* batches appended last, for readers at the tail; offset -1: none */
    struct log_position recent[LOG_RECENT];
    uint32_t recent_next;
    struct index_page *page;         /* a piece of an index that a reader needed last; may be NULL */
    struct deleted_segment *deleted; /* renamed, waiting to be unlinked, oldest first */
    int32_t deleted_count;
    uint32_t cuts; /* truncations so far: a sync that one overtook says nothing */
    uint32_t
        renames; /* of segments, by compaction: who reads a file by its name looks whether it was overtaken */
};

struct recovery_progress; /* storage/recovery_progress.h */

struct log_options {
    struct open_files *files;
    const char *path;
    struct log_config config;
    bool clean;                         /* the last stop was: checkpoints and indexes are trusted */
    bool create;                        /* the directory was made just now and is empty */
    bool unmade;                        /* ... or will be: nothing is made before log_make */
    bool suspect;                       /* a sync failed: memory may hold what the disk does not */
    int64_t recovery_point;             /* as checkpointed; 0 if unknown */
    int64_t start_offset;               /* as checkpointed; 0 if unknown */
    struct recovery_progress *progress; /* told what is recovered; may be NULL */
};

/* Loads the segments and recovers what needs it (log_recover.c). NULL with *error (-errno) and the reason. */
struct log *log_open(const struct log_options *options, int *error, struct note *why);

/* The files of an unmade log, once its directory is there. After a failure, which may leave some of them, it
 * is unmade still. */
int log_make(struct log *log);

/* Clean: final index entries, producer snapshot at the end, everything synced. 0 or -errno. */
int log_close_cleanly(struct log *log);

/* Frees it, writing nothing. */
void log_free(struct log *log);

/* For a log that takes another's place with the same records in its own files: what only memory knows of them
 * comes over. */
void log_succeed(struct log *log, struct log *from);

/* Its directory has been renamed; once in its life. */
void log_moved(struct log *log, const char *path);

/* ---- appending ---- */

static inline struct segment *log_active(const struct log *log)
{
    return log->segments[log->count - 1];
}

/* Whether a new segment must begin before `len` bytes behind `staged` ones are appended (kafka-storage 16).
 */
bool log_must_roll(struct log *log, size_t staged, size_t len, const struct batch_header *header,
                   int64_t now_ms);
int log_roll(struct log *log, int64_t base_offset, int64_t now_ms);

/* Batches on their way into the active segment, written together. Lives on the writer's stack. */
struct log_stage {
    struct log *log;
    int count;
    size_t bytes;
    int64_t end_offset; /* with what is staged */
    struct ended_transaction ended;
    bool has_ended; /* write at once: a stage takes one ended transaction */
    struct iovec parts[LOG_STAGE_MAX];
    const struct batch_header *headers[LOG_STAGE_MAX];
};

void log_stage_init(struct log_stage *stage, struct log *log);

/* Adds a batch whose offsets and epoch are final and takes it into the producers' state. `header` and `bytes`
 * are borrowed until the write. The stage must have room (count < LOG_STAGE_MAX, !has_ended). `marker`: NULL
 * for data. */
void log_stage_add(struct log_stage *stage, uint8_t *bytes, size_t len, const struct batch_header *header,
                   const struct marker *marker, int64_t now_ms);

/* One write. On failure everything staged is forgotten again, the producers' state too. */
int log_stage_write(struct log_stage *stage);

/* Rolls if needed and appends whole batches that carry their offsets and epochs. */
int log_append_batches(struct log *log, uint8_t *bytes, size_t len, int64_t now_ms, struct note *why);

/* ---- cutting ---- */

/* Drops everything at and beyond `offset`. */
int log_truncate(struct log *log, int64_t offset);

/* Drops everything; the log goes on at `offset`. */
int log_restart_at(struct log *log, int64_t offset);

/* Moves the start up to `offset` (at most the end). Segments below it stay: log_delete_below. */
int log_advance_start(struct log *log, int64_t offset);

/* Deletes the oldest segments all of whose offsets are below `offset` (at most the start), `max` of them:
 * how many, or -errno. Files are renamed now and unlinked file.delete.delay.ms after now_ms (monotonic). The
 * names may be gone for good in any order: `offset` is one that the next start will not look below. */
int log_delete_below(struct log *log, int64_t offset, int32_t max, int64_t now_ms);

/* Takes deleted segments whose delay is over off the list, at most `capacity`: how many. The owner unlinks
 * them without its lock, as a large file takes its time. */
int32_t log_take_deleted(struct log *log, int64_t now_ms, struct segment **taken, int32_t capacity);
void log_unlink_deleted(struct segment *segment); /* no lock */

/* Whether no segment below `offset` is there, and those that were are gone for good: no checkpoint file need
 * say the log start then. */
bool log_is_named_from(const struct log *log, int64_t offset);

/* Writes leader-epoch-checkpoint if the cache changed. */
int log_store_epochs(struct log *log);

/* ---- syncing ---- */

struct log_sync {
    struct segment **segments; /* referenced; `own`, or malloc'ed if there are many */
    struct segment *own[LOG_SYNC_OWN];
    int count;
    const char *directory; /* to sync, or NULL */
    bool parent;
    int64_t end_offset; /* what will be synced */
    uint32_t cuts;
};

/* All three at once, for a log that nobody else knows yet. */
int log_sync_now(struct log *log);

/* The indexes too, of every segment, and the small files. */
int log_sync_everything(struct log *log);

/* What the checkpoint file says: below it everything is on stable storage, but for the indexes of the segment
 * that holds it, which are made anew after a crash anyway. */
int64_t log_recovery_point(const struct log *log);

/* begin under the owner's lock, run without it, end under it again (also after a failure). run may begin
 * where another began and did not end: then it syncs too much, which is harmless. */
int log_sync_begin(struct log *log, struct log_sync *sync);
int log_sync_run(struct log_sync *sync); /* no lock */
void log_sync_end(struct log *log, struct log_sync *sync, bool done);

/* Whether a closed segment waits for a full sync, which moves the recovery point: begin references it. */
struct segment *log_flush_begin(struct log *log);
int log_flush_run(struct segment *segment); /* no lock */
void log_flush_end(struct log *log, struct segment *segment, bool done);

#endif
