/*
 * limit_log: what the minimal broker keeps: topics, partitions, a file each, and where in it each batch
 * begins. Any thread may call anything; a partition's own mutex guards it. Nothing is recovered, checked
 * for hostile input, or ever given back but files.
 */
#ifndef TEST_BENCH_LIMIT_LOG_H
#define TEST_BENCH_LIMIT_LOG_H

#include "protocol/base/slice.h"

#include <pthread.h>

enum { LIMIT_NAME_SIZE = 256 };

struct limit_mark {
    int64_t offset, position;
};

struct limit_partition {
    pthread_mutex_t mutex; /* guards all below; held over the write, not over a sync */
    pthread_cond_t grown;
    int waiters;
    int fd;                           /* -1: deleted */
    int64_t end_offset, end_position; /* what readers see */
    int64_t next_offset,
        next_position;        /* where the next batch goes: beyond the end while a sync is under way */
    struct limit_mark *marks; /* of batches */
    size_t mark_count, mark_capacity;
};

struct limit_topic {
    char name[LIMIT_NAME_SIZE];
    int partition_count;
    struct limit_partition *partitions;
    struct limit_topic *next;
};

struct limit_log {
    const char *folder;
    bool sync; /* acks=all is answered after an fdatasync */
    uint16_t port;
    pthread_mutex_t mutex; /* guards the list */
    struct limit_topic *topics;
};

/* False if it exists. */
bool limit_create(struct limit_log *log, struct slice name, int partitions);
void limit_delete(struct limit_log *log, struct slice name);

/* NULL: none. Topics live until the process ends; those deleted take no more. */
struct limit_topic *limit_find(struct limit_log *log, struct slice name);

/*
 * Checks the CRC, sets the offset in the bytes, and writes them; with `sync` it is on stable storage
 * before readers see it. -1: refused.
 */
int64_t limit_append(struct limit_partition *partition, uint8_t *batch, size_t len, bool sync);

/*
 * A range of the file with the batch that holds `offset` and what follows, at most `max_bytes`. Waits up
 * to `wait_ms` for something to be there. False if the offset is beyond the end or the topic is deleted.
 */
struct limit_range {
    int fd;
    int64_t position, end_offset;
    size_t len;
};

bool limit_read(struct limit_partition *partition, int64_t offset, size_t max_bytes, int wait_ms,
                struct limit_range *range);

#endif
