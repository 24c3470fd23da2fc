/*
 * See limit_log.h. Called by limit_serve.c.
 *
 * Invariants:
 * 1. marks are in the order of offsets and positions; the last batch ends at next_offset and next_position.
 * 2. A reader looks at the end and waits under the one mutex under which a writer moves the end: no wake-up
 * is lost.
 */
#include "test/bench/limit_log.h"

#include "protocol/base/big_endian.h"
#include "protocol/batch.h"
#include "test/bench/die.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

enum { FIRST_MARKS = 64 };

static void open_partition(struct limit_partition *partition, const char *folder, const char *topic,
                           int index)
{
    char path[4096];
    pthread_condattr_t attributes;
    snprintf(path, sizeof path, "%s/%s-%d", folder, topic, index);
    partition->fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (partition->fd < 0)
        die("%s:", path);
    unlink(path); /* its space is free once it is closed */
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_mutex_init(&partition->mutex, NULL);
    pthread_cond_init(&partition->grown, &attributes);
    pthread_condattr_destroy(&attributes);
}

static struct limit_topic *find_locked(const struct limit_log *log, struct slice name)
{
    struct limit_topic *topic = log->topics;
    while (topic != NULL && !slice_equal_str(name, topic->name))
        topic = topic->next;
    return topic;
}

bool limit_create(struct limit_log *log, struct slice name, int partitions)
{
    pthread_mutex_lock(&log->mutex);
    bool fresh = name.len < LIMIT_NAME_SIZE && partitions > 0 && find_locked(log, name) == NULL;
    if (fresh) {
        struct limit_topic *topic = calloc(1, sizeof *topic);
        struct limit_partition *all = calloc((size_t)partitions, sizeof *all);
        if (topic == NULL || all == NULL)
            die("calloc:");
        memcpy(topic->name, name.data, name.len);
        topic->partitions = all;
        topic->partition_count = partitions;
        for (int i = 0; i < partitions; i++)
            open_partition(&all[i], log->folder, topic->name, i);
        topic->next = log->topics;
        log->topics = topic;
    }
    pthread_mutex_unlock(&log->mutex);
    return fresh;
}

static void close_partition(struct limit_partition *partition)
{
    pthread_mutex_lock(&partition->mutex);
    close(partition->fd);
    partition->fd = -1;
    free(partition->marks);
    partition->marks = NULL;
    partition->mark_count = partition->mark_capacity = 0;
    pthread_cond_broadcast(&partition->grown);
    pthread_mutex_unlock(&partition->mutex);
}

void limit_delete(struct limit_log *log, struct slice name)
{
    pthread_mutex_lock(&log->mutex);
    struct limit_topic **link = &log->topics;
    while (*link != NULL && !slice_equal_str(name, (*link)->name))
        link = &(*link)->next;
    struct limit_topic *topic = *link;
    if (topic != NULL)
        *link = topic->next;
    pthread_mutex_unlock(&log->mutex);
    for (int i = 0; topic != NULL && i < topic->partition_count; i++)
        close_partition(&topic->partitions[i]);
}

struct limit_topic *limit_find(struct limit_log *log, struct slice name)
{
    pthread_mutex_lock(&log->mutex);
    struct limit_topic *topic = find_locked(log, name);
    pthread_mutex_unlock(&log->mutex);
    return topic;
}

static void add_mark(struct limit_partition *partition)
{
    if (partition->mark_count == partition->mark_capacity) {
        partition->mark_capacity = partition->mark_capacity == 0 ? FIRST_MARKS : partition->mark_capacity * 2;
        partition->marks = realloc(partition->marks, partition->mark_capacity * sizeof *partition->marks);
        if (partition->marks == NULL)
            die("realloc:");
    }
    partition->marks[partition->mark_count++] =
        (struct limit_mark){partition->next_offset, partition->next_position};
}

/* Behind what is already written. */
static int64_t write_locked(struct limit_partition *partition, uint8_t *batch, size_t len)
{
    int64_t base_offset = partition->next_offset;
    if (partition->fd < 0)
        return -1;
    batch_set_base_offset(batch, base_offset);
    batch_set_leader_epoch(batch, 0);
    if (pwrite(partition->fd, batch, len, partition->next_position) != (ssize_t)len)
        die("pwrite:");
    add_mark(partition);
    partition->next_offset += load_i32(batch + BATCH_LAST_OFFSET_DELTA_AT) + 1;
    partition->next_position += (int64_t)len;
    return base_offset;
}

static void show_locked(struct limit_partition *partition, int64_t end_offset, int64_t end_position)
{
    if (end_offset <= partition->end_offset)
        return;
    partition->end_offset = end_offset;
    partition->end_position = end_position;
    if (partition->waiters > 0)
        pthread_cond_broadcast(&partition->grown);
}

int64_t limit_append(struct limit_partition *partition, uint8_t *batch, size_t len, bool sync)
{
    if (len < BATCH_HEADER_SIZE || (size_t)load_u32(batch + BATCH_LENGTH_AT) + BATCH_LOG_OVERHEAD != len
        || !batch_check_crc(slice_of(batch, len)))
        return -1;
    pthread_mutex_lock(&partition->mutex);
    int64_t base_offset = write_locked(partition, batch, len);
    int64_t end_offset = partition->next_offset, end_position = partition->next_position;
    if (sync && base_offset >= 0) {
        pthread_mutex_unlock(&partition->mutex);
        if (fdatasync(partition->fd) != 0)
            die("fdatasync:");
        pthread_mutex_lock(&partition->mutex);
    }
    if (base_offset >= 0)
        show_locked(partition, end_offset, end_position);
    pthread_mutex_unlock(&partition->mutex);
    return base_offset;
}

static bool wait_locked(struct limit_partition *partition, int64_t offset, int wait_ms)
{
    struct timespec until;
    bool in_time = wait_ms > 0;
    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += wait_ms / 1000;
    until.tv_nsec += wait_ms % 1000 * 1000000L;
    until.tv_sec += until.tv_nsec / 1000000000;
    until.tv_nsec %= 1000000000;
    partition->waiters++;
    while (in_time && partition->fd >= 0 && partition->end_offset <= offset)
        in_time = pthread_cond_timedwait(&partition->grown, &partition->mutex, &until) == 0;
    partition->waiters--;
    return partition->fd >= 0 && offset <= partition->end_offset;
}

/* Where the batch with this offset begins. */
static int64_t position_of(const struct limit_partition *partition, int64_t offset)
{
    size_t low = 0, high = partition->mark_count;
    while (high - low > 1) {
        size_t middle = low + (high - low) / 2;
        if (partition->marks[middle].offset <= offset)
            low = middle;
        else
            high = middle;
    }
    return partition->marks[low].position;
}

bool limit_read(struct limit_partition *partition, int64_t offset, size_t max_bytes, int wait_ms,
                struct limit_range *range)
{
    pthread_mutex_lock(&partition->mutex);
    bool found = partition->end_offset > offset || wait_locked(partition, offset, wait_ms);
    *range = (struct limit_range){.fd = partition->fd, .end_offset = partition->end_offset};
    if (found && partition->end_offset > offset && partition->mark_count > 0) {
        range->position = position_of(partition, offset);
        range->len = (size_t)(partition->end_position - range->position);
    }
    pthread_mutex_unlock(&partition->mutex);
    if (range->len > max_bytes)
        range->len = max_bytes;
    return found;
}
