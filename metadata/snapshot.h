/*
 * snapshot: files `<end offset>-<epoch>.checkpoint` in __cluster_metadata-0, which hold the state of all
 * records below that offset; and bootstrap.checkpoint beside it, which holds the first records of a new
 * cluster in the same form (kafka-storage 11.5, 11.6; KIP-630).
 */
#ifndef METADATA_SNAPSHOT_H
#define METADATA_SNAPSHOT_H

#include "metadata/record_list.h"
#include "protocol/base/note.h"
#include "storage/os/file.h"

#define BOOTSTRAP_CHECKPOINT "bootstrap.checkpoint"

enum { SNAPSHOT_NAME_SIZE = 48 };

struct snapshot_id {
    int64_t end_offset; /* one past the last record that it stands for; -1: there is no snapshot */
    int32_t epoch;      /* of that record */
};

/* Takes a batch, whole and with the right CRC, borrowed for the call. False with the reason: no more. */
typedef bool batch_fn(void *context, struct slice batch, struct note *why);

/* True if the name is a snapshot's. */
bool snapshot_parse_name(const char *name, struct snapshot_id *id);
void snapshot_format_name(struct snapshot_id id, char name[SNAPSHOT_NAME_SIZE]);

/* The newest in the directory; end_offset -1 if there is none. 0 or -errno. */
int snapshot_find_newest(struct file_system *fs, const char *directory, struct snapshot_id *newest);

/* Gives `each` every batch of the file in order. 0, -errno (-ENOENT: no such file), or -EBADMSG with the
 * reason in `why`: the file breaks off, a checksum is wrong, or `each` stopped it. */
int snapshot_read(struct file_system *fs, const char *path, batch_fn *each, void *context, struct note *why);

/* Reads the records of a bootstrap.checkpoint, as frames, into `records`. As snapshot_read. */
int bootstrap_read(struct file_system *fs, const char *directory, struct record_list *records,
                   struct note *why);

/* Writes `directory`/bootstrap.checkpoint: header, one batch of the records, footer. The file is synced, the
 * directory is not. 0 or -errno. */
int bootstrap_write(struct file_system *fs, const char *directory, const struct record_list *records,
                    int64_t now_ms);

#endif
