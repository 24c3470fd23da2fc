/*
 * producers: see producers.h.
 *
 * 1. A producer has at most five batches, oldest first, all of its current epoch; an empty set means that
 * only a marker was written in this epoch.
 * 2. `open` holds exactly the producers with transaction_start >= 0, in order of it. A batch below offset 0,
 * which no log has, changes nothing: its transaction would count as none.
 * 3. Expiry goes by when the producer was seen, not by its records' timestamps: a producer that sends old
 * timestamps keeps its state, and a resend after a restart is not appended twice.
 *
 * Called by partition (check, begin, commit, rollback), log and log_recover.
 */
#include "storage/producers.h"

#include "protocol/base/big_endian.h"
#include "protocol/base/ensure.h"
#include "protocol/record.h"

#include <stdlib.h>

void producers_init(struct producers *producers)
{
    *producers = (struct producers){.snapshot_offset = -1};
    map_init(&producers->by_id, 0);
    list_init(&producers->open);
}

static struct slice key_of(const int64_t *producer_id)
{
    return slice_of(producer_id, sizeof *producer_id);
}

void producers_clear(struct producers *producers)
{
    ensure(!producers->recording);
    size_t cursor = 0;
    struct map_entry *entry;
    while ((entry = map_next(&producers->by_id, &cursor)) != NULL)
        free(entry->value);
    map_fini(&producers->by_id);
    list_init(&producers->open);
    producers->ended_count = 0;
    producers->snapshot_offset = -1;
}

void producers_fini(struct producers *producers)
{
    producers->recording = false;
    producers_clear(producers);
    free(producers->ended);
    free(producers->undo);
    *producers = (struct producers){0};
}

void producers_take(struct producers *producers, struct producers *from)
{
    ensure(!from->recording);
    producers_fini(producers);
    *producers = *from;
    list_init(&producers->open);
    list_for_each(node, &from->open) {
        list_remove(node);
        list_append(&producers->open, node);
    }
    producers_init(from);
}

struct producer *producers_find(const struct producers *producers, int64_t producer_id)
{
    return map_find(&producers->by_id, key_of(&producer_id));
}

size_t producers_count(const struct producers *producers)
{
    return producers->by_id.count;
}

static struct producer *add(struct producers *producers, int64_t producer_id)
{
    struct producer *producer = calloc(1, sizeof *producer);
    ensure(producer != NULL);
    producer->id = producer_id;
    producer->epoch = NO_PRODUCER_EPOCH;
    producer->coordinator_epoch = -1;
    producer->last_timestamp = NO_TIMESTAMP;
    producer->transaction_start = -1;
    list_init(&producer->open_node);
    map_put(&producers->by_id, key_of(&producer->id), producer);
    return producer;
}

static void remove_producer(struct producers *producers, struct producer *producer)
{
    list_remove(&producer->open_node);
    map_remove(&producers->by_id, key_of(&producer->id));
    free(producer);
}

static void open_transaction(struct producers *producers, struct producer *producer, int64_t first_offset)
{
    producer->transaction_start = first_offset;
    struct list_node *before = producers->open.prev;
    while (before != &producers->open
           && list_entry(before, struct producer, open_node)->transaction_start > first_offset)
        before = before->prev;
    list_append(before->next, &producer->open_node);
}

static void close_transaction(struct producer *producer)
{
    producer->transaction_start = -1;
    list_remove(&producer->open_node);
}

/* ---- undo ---- */

void producers_begin(struct producers *producers)
{
    ensure(!producers->recording);
    producers->recording = true;
    producers->undo_count = 0;
    producers->undo_ended_count = producers->ended_count;
}

void producers_commit(struct producers *producers)
{
    ensure(producers->recording);
    producers->recording = false;
}

/* Keeps the state before a change. `before` NULL: there is no such producer yet. */
static void record(struct producers *producers, const struct producer *before, int64_t producer_id)
{
    if (!producers->recording)
        return;
    if (producers->undo_count == producers->undo_capacity) {
        producers->undo_capacity = producers->undo_capacity == 0 ? 8 : producers->undo_capacity * 2;
        producers->undo =
            realloc(producers->undo, sizeof *producers->undo * (size_t)producers->undo_capacity);
        ensure(producers->undo != NULL);
    }
    struct producer *kept = &producers->undo[producers->undo_count++];
    if (before != NULL)
        *kept = *before;
    else
        *kept = (struct producer){.id = producer_id, .batch_count = -1};
}

void producers_rollback(struct producers *producers)
{
    ensure(producers->recording);
    producers->recording = false;
    producers->ended_count = producers->undo_ended_count;
    while (producers->undo_count > 0) {
        const struct producer *kept = &producers->undo[--producers->undo_count];
        struct producer *producer = producers_find(producers, kept->id);
        ensure(producer != NULL);
        if (kept->batch_count < 0) {
            remove_producer(producers, producer);
            continue;
        }
        close_transaction(producer);
        struct list_node node = producer->open_node;
        *producer = *kept;
        producer->open_node = node;
        list_init(&producer->open_node);
        if (kept->transaction_start >= 0)
            open_transaction(producers, producer, kept->transaction_start);
    }
}

/* ---- checks ---- */

static int32_t first_sequence(const struct producer_batch *batch)
{
    return batch_sequence_add(batch->last_sequence, -batch->offset_delta);
}

static const struct producer_batch *find_duplicate(const struct producer *producer,
                                                   const struct batch_header *header)
{
    if (producer->epoch != header->producer_epoch || batch_is_control(header))
        return NULL;
    for (int i = producer->batch_count - 1; i >= 0; i--) {
        const struct producer_batch *batch = &producer->batches[i];
        if (batch->last_sequence == batch_last_sequence(header)
            && first_sequence(batch) == header->base_sequence)
            return batch;
    }
    return NULL;
}

static enum kerr check_marker(const struct producer *producer, const struct batch_header *header,
                              const struct marker *marker)
{
    if (header->producer_epoch < producer->epoch)
        return KERR_INVALID_PRODUCER_EPOCH;
    if (marker->is_marker && marker->coordinator_epoch < producer->coordinator_epoch)
        return KERR_TRANSACTION_COORDINATOR_FENCED;
    return KERR_NONE;
}

/* A newer epoch begins at 0; the same one goes on where it was. */
static bool is_in_sequence(const struct producer *producer, const struct batch_header *header)
{
    if (producer->epoch == NO_PRODUCER_EPOCH)
        return true;
    int newest = producer->batch_count - 1; /* -1: only a marker was written in this epoch */
    if (header->producer_epoch > producer->epoch || newest < 0)
        return header->base_sequence == 0;
    return header->base_sequence == batch_sequence_add(producer->batches[newest].last_sequence, 1);
}

enum kerr producers_check(const struct producers *producers, const struct batch_header *header,
                          const struct marker *marker, bool from_client,
                          const struct producer_batch **duplicate)
{
    *duplicate = NULL;
    if (!batch_has_producer_id(header))
        return KERR_NONE;
    const struct producer *producer = producers_find(producers, header->producer_id);
    if (producer == NULL)
        return KERR_NONE;
    if (marker != NULL)
        return check_marker(producer, header, marker);
    if (from_client)
        *duplicate = find_duplicate(producer, header);
    if (*duplicate != NULL)
        return KERR_NONE;
    if (header->producer_epoch < producer->epoch)
        return KERR_INVALID_PRODUCER_EPOCH;
    if (from_client && !is_in_sequence(producer, header))
        return KERR_OUT_OF_ORDER_SEQUENCE_NUMBER;
    if (producer->transaction_start >= 0 && !batch_is_transactional(header))
        return KERR_INVALID_TXN_STATE;
    return KERR_NONE;
}

/* ---- changes ---- */

static struct producer *touch(struct producers *producers, const struct batch_header *header, int64_t now_ms)
{
    struct producer *producer = producers_find(producers, header->producer_id);
    record(producers, producer, header->producer_id);
    if (producer == NULL)
        producer = add(producers, header->producer_id);
    if (producer->epoch != header->producer_epoch) {
        producer->epoch = header->producer_epoch;
        producer->batch_count = 0;
    }
    producer->last_timestamp = header->max_timestamp;
    producer->seen_ms = now_ms;
    return producer;
}

void producers_restore(struct producers *producers, const struct producer *state)
{
    ensure(!producers->recording && producers_find(producers, state->id) == NULL);
    struct producer *producer = add(producers, state->id);
    *producer = *state;
    list_init(&producer->open_node);
    if (state->transaction_start >= 0)
        open_transaction(producers, producer, state->transaction_start);
}

void producers_update(struct producers *producers, const struct batch_header *header, int64_t now_ms)
{
    if (!batch_has_producer_id(header) || batch_is_control(header) || header->base_offset < 0)
        return;
    struct producer *producer = touch(producers, header, now_ms);
    if (producer->batch_count == PRODUCER_BATCHES) {
        memmove(producer->batches, producer->batches + 1,
                sizeof producer->batches[0] * (PRODUCER_BATCHES - 1));
        producer->batch_count--;
    }
    producer->batches[producer->batch_count++] = (struct producer_batch){
        .last_offset = batch_last_offset(header),
        .timestamp = header->max_timestamp,
        .last_sequence = batch_last_sequence(header),
        .offset_delta = header->last_offset_delta,
    };
    if (batch_is_transactional(header) && producer->transaction_start < 0)
        open_transaction(producers, producer, header->base_offset);
}

static void add_ended(struct producers *producers, const struct ended_transaction *ended)
{
    if (producers->ended_count == producers->ended_capacity) {
        producers->ended_capacity = producers->ended_capacity == 0 ? 4 : producers->ended_capacity * 2;
        producers->ended =
            realloc(producers->ended, sizeof *producers->ended * (size_t)producers->ended_capacity);
        ensure(producers->ended != NULL);
    }
    producers->ended[producers->ended_count++] = *ended;
}

bool producers_end_transaction(struct producers *producers, const struct batch_header *header,
                               const struct marker *marker, int64_t now_ms, struct ended_transaction *ended)
{
    if (!marker->is_marker || !batch_has_producer_id(header))
        return false;
    struct producer *producer = touch(producers, header, now_ms);
    producer->coordinator_epoch = marker->coordinator_epoch;
    if (producer->transaction_start < 0)
        return false;
    *ended = (struct ended_transaction){
        .producer_id = producer->id,
        .first_offset = producer->transaction_start,
        .last_offset = header->base_offset,
        .aborted = marker->aborted,
    };
    close_transaction(producer);
    ended->last_stable_offset =
        list_is_empty(&producers->open)
            ? header->base_offset + 1
            : list_entry(producers->open.next, struct producer, open_node)->transaction_start;
    add_ended(producers, ended);
    return true;
}

void marker_read(struct slice batch, struct marker *marker)
{
    *marker = (struct marker){.coordinator_epoch = -1};
    struct record_iterator it;
    struct record found;
    record_iterator_init(&it, batch, NULL);
    if (record_iterator_next(&it, &found, NULL) == RECORD_READ && found.key.len >= 4
        && found.value.len >= 6) {
        int type = load_i16(found.key.data + 2);
        marker->is_marker = type == 0 || type == 1;
        marker->aborted = type == 0;
        marker->coordinator_epoch = load_i32(found.value.data + 2);
    }
    record_iterator_fini(&it);
}

int64_t producers_first_unstable(struct producers *producers, int64_t high_watermark)
{
    int64_t first = INT64_MAX;
    if (!list_is_empty(&producers->open))
        first = list_entry(producers->open.next, struct producer, open_node)->transaction_start;
    int32_t kept = 0;
    for (int32_t i = 0; i < producers->ended_count; i++) {
        if (producers->ended[i].last_offset < high_watermark)
            continue;
        if (producers->ended[i].first_offset < first)
            first = producers->ended[i].first_offset;
        producers->ended[kept++] = producers->ended[i];
    }
    producers->ended_count = kept;
    return first;
}

void producers_expire(struct producers *producers, int64_t before_ms)
{
    size_t cursor = 0;
    struct map_entry *entry;
    while ((entry = map_next(&producers->by_id, &cursor)) != NULL) {
        struct producer *producer = entry->value;
        if (producer->transaction_start < 0 && producer->seen_ms < before_ms)
            remove_producer(producers, producer);
    }
}
