/*
 * batch_file: a file of record batches (a segment, a snapshot of the cluster log), read from front to back by
 * somebody who wants to see all of it, damaged places too. It is not changed, and nothing is believed: not
 * its name, not its neighbours, not a length.
 *
 * One thread. Memory is bounded by the largest batch, and by BATCH_FILE_BYTES_MAX.
 */
#ifndef STORAGE_BATCH_FILE_H
#define STORAGE_BATCH_FILE_H

#include "protocol/base/note.h"
#include "protocol/batch.h"
#include "storage/os/file.h"

enum { BATCH_FILE_BYTES_MAX = 128 << 20 };

struct batch_file {
    struct file_system *fs;
    int file;
    int64_t size;        /* bytes when it was opened, or less if it has become shorter */
    int64_t at;          /* where the next batch begins */
    int64_t next_offset; /* one past the last batch that was whole: what a search behind damage expects */
    int64_t search_left; /* bytes of checksums that searches may still cost */
    uint8_t *buffer;     /* holds [buffer_at, buffer_at + buffer_len) of the file */
    size_t buffer_len;
    size_t capacity;
    int64_t buffer_at;
};

struct found_batch {
    int64_t position; /* in the file */
    int64_t size; /* bytes; of a damaged place: up to where the next whole batch begins, or the file ends */
    struct batch_header header;
    struct slice
        bytes; /* the whole batch, until the next call; null if it has more than BATCH_FILE_BYTES_MAX */
    bool crc_right;
    struct note why; /* of damage: what is wrong */
};

/* `first_offset`: no batch begins below it (a segment's base; else 0). 0 or -errno. */
int batch_file_open(struct batch_file *reader, struct file_system *fs, const char *path,
                    int64_t first_offset);
void batch_file_close(struct batch_file *reader);

/*
 * The next batch, or the next place that holds none: 1; 0 at the end; -EBADMSG for a damaged place (position,
 * size and why are set), behind which the next call goes on; -errno. A batch whose checksum is wrong is a
 * batch if another one, or the end, follows where its length says.
 */
int batch_file_next(struct batch_file *reader, struct found_batch *found);

#endif
