/*
 * checkpoint: the small text files of a log directory, replaced as a whole: `<name>.tmp`, fsync, rename,
 * fsync of the directory. Format (kafka-storage section 4): "0", the number of entries, one entry a line.
 */
#ifndef STORAGE_CHECKPOINT_H
#define STORAGE_CHECKPOINT_H

#include "protocol/base/buf.h"
#include "protocol/base/note.h"
#include "storage/os/file.h"

enum { CHECKPOINT_BYTES_MAX = 64 << 20 };

/* Replaces `directory`/`name`. With durable false nothing is synced: for what recovery can find again. 0 or
 * -errno. */
int checkpoint_replace(struct file_system *fs, const char *directory, const char *name, struct slice content,
                       bool durable);

/* Writes `directory`/`name` where no such file is yet, and whose reader takes an empty one for a missing
 * one. Not synced. 0 or -errno. */
int checkpoint_create(struct file_system *fs, const char *directory, const char *name, struct slice content);

/* One file being read. Fields are separated by any run of blanks. */
struct checkpoint {
    char *content; /* owned; NULL: no file, or an empty one */
    char *next;
    int64_t entries; /* as the second line says */
    int64_t line;
};

/* 0 (also for a missing or an empty file: no entries), -errno, or -EBADMSG with the reason in `why`. */
int checkpoint_open(struct checkpoint *checkpoint, struct file_system *fs, const char *path,
                    struct note *why);
void checkpoint_close(struct checkpoint *checkpoint);

/* "<topic> <partition> <offset>" and "<epoch> <start offset>": 1, 0 at the end, -EBADMSG for a malformed line
 * or when there are more or fewer than promised. The topic borrows the content. */
int checkpoint_next_offset(struct checkpoint *checkpoint, struct slice *topic, int32_t *partition,
                           int64_t *offset, struct note *why);
int checkpoint_next_epoch(struct checkpoint *checkpoint, int32_t *epoch, int64_t *start_offset,
                          struct note *why);

#endif
