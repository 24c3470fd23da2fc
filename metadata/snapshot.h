/*
 * snapshot: files `<end offset>-<epoch>.checkpoint` in __cluster_metadata-0, which hold the state of all
 * records below that offset; and bootstrap.checkpoint beside it, which holds the first records of a new
 * cluster in the same form (kafka-storage 11.5, 11.6; KIP-630).
 */
#ifndef METADATA_SNAPSHOT_H
#define METADATA_SNAPSHOT_H

#include "metadata/image.h"
#include "metadata/record_list.h"
#include "protocol/base/note.h"
#include "storage/data_file.h"
#include "storage/os/file.h"

#define BOOTSTRAP_CHECKPOINT "bootstrap.checkpoint"
#define SNAPSHOT_PART        ".part"    /* behind the name: not whole yet */
#define SNAPSHOT_DELETED     ".deleted" /* behind the name: to be removed */

enum { SNAPSHOT_NAME_SIZE = DATA_FILE_NAME_MAX };

struct snapshot_id {
    int64_t end_offset; /* one past the last record that it stands for; -1: there is no snapshot */
    int32_t epoch;      /* of that record */
};

/* What a snapshot says besides the image. */
struct snapshot_head {
    struct snapshot_id id;
    int64_t last_timestamp_ms; /* append time of the last batch that it stands for */
    int16_t kraft_version;
    struct slice voters_record; /* KRaftVoters as it stands in the log; empty: there is none */
    int64_t now_ms;             /* append time of its own batches */
};

/* Takes a batch, whole and with the right CRC, borrowed for the call. False with the reason: no more. */
typedef bool batch_fn(void *context, struct slice batch, struct note *why);

/* True if the name is a snapshot's. */
bool snapshot_parse_name(const char *name, struct snapshot_id *id);
void snapshot_format_name(struct snapshot_id id, char name[SNAPSHOT_NAME_SIZE]);

/* The snapshots of a directory, oldest first. */
struct snapshot_list {
    struct snapshot_id *ids; /* malloc'ed */
    size_t count;
    size_t capacity;
};

/* 0 or -errno; in any case to be given back. */
int snapshot_list(struct file_system *fs, const char *directory, struct snapshot_list *list);
void snapshot_list_fini(struct snapshot_list *list);

/* Gives `each` every batch of the file in order. 0, -errno (-ENOENT: no such file), or -EBADMSG with the
 * reason in `why`: the file breaks off, a checksum is wrong, or `each` stopped it. */
int snapshot_read(struct file_system *fs, const char *path, batch_fn *each, void *context, struct note *why);

/* The whole file in memory, into the empty `out`: header, the image's records in batches of at most 1024,
 * footer. The image must not change meanwhile (NULL: there are no records yet): 10,000 partitions take
 * about 5 ms. */
void snapshot_encode(const struct snapshot_head *head, const struct image *image, struct buf *out);

/* Writes a snapshot's bytes under another name, syncs, renames, syncs the directory. Then it is there,
 * whatever comes; with an error (-errno) it is not, as far as can be done, and after any but -ENOSPC and
 * its like the disk is not to be trusted. */
int snapshot_store(struct file_system *fs, const char *directory, struct snapshot_id id, struct slice bytes);

/* Append time of the last batch that a snapshot stands for, from its header. 0, -errno, or -EBADMSG. */
int snapshot_read_timestamp(struct file_system *fs, const char *directory, struct snapshot_id id,
                            int64_t *timestamp_ms);

/* Deletes a snapshot: renamed first, as Apache Kafka does, so that what is half gone is never taken for
 * one. 0 or -errno. */
int snapshot_delete(struct file_system *fs, const char *directory, struct snapshot_id id);

/* At start: removes what writing and deleting left behind, and snapshots that end below `from` (the log's
 * start: the log has nothing that follows them) or beyond `to` (they could not be read). */
void snapshot_sweep(struct file_system *fs, const char *directory, int64_t from, int64_t to);

/* Reads the records of a bootstrap.checkpoint, as frames, into `records`. As snapshot_read. */
int bootstrap_read(struct file_system *fs, const char *directory, struct record_list *records,
                   struct note *why);

/* Writes `directory`/bootstrap.checkpoint: header, one batch of the records, footer. The file is synced, the
 * directory is not. 0 or -errno. */
int bootstrap_write(struct file_system *fs, const char *directory, const struct record_list *records,
                    int64_t now_ms);

#endif
