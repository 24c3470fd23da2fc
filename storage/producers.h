/*
 * producers: what a log knows of its idempotent and transactional producers (KIP-98; kafka-apis 4.4,
 * kafka-storage 10): the last five batches of each, for duplicates and sequence gaps, and the open
 * transactions, for the last stable offset. Guarded by the log's owner.
 */
#ifndef STORAGE_PRODUCERS_H
#define STORAGE_PRODUCERS_H

#include "protocol/base/list.h"
#include "protocol/base/map.h"
#include "protocol/base/note.h"
#include "protocol/batch.h"
#include "protocol/errors.h"
#include "storage/os/file.h"

enum { PRODUCER_BATCHES = 5 };

struct producer_batch {
    int64_t last_offset;
    int64_t timestamp;
    int32_t last_sequence;
    int32_t offset_delta; /* last offset - first offset */
};

struct producer {
    int64_t id; /* also the map's key */
    int64_t last_timestamp;
    int64_t transaction_start; /* first offset of the open transaction, or -1 */
    int64_t seen_ms;           /* wall clock: when it wrote last, as far as is known; for expiry */
    int32_t coordinator_epoch;
    int16_t epoch;
    int8_t batch_count;
    struct producer_batch batches[PRODUCER_BATCHES]; /* oldest first */
    struct list_node open_node;                      /* in producers.open while a transaction is open */
};

/* A transaction that a marker has ended. */
struct ended_transaction {
    int64_t producer_id;
    int64_t first_offset;
    int64_t last_offset; /* the marker's */
    int64_t last_stable_offset;
    bool aborted;
};

struct producers {
    struct map by_id;
    struct list_node open;           /* open transactions by first offset, lowest first */
    struct ended_transaction *ended; /* whose marker the high watermark has not passed */
    int32_t ended_count;
    int32_t ended_capacity;
    int64_t snapshot_offset; /* of the newest snapshot; -1: none */
    /* states before the changes since producers_begin, in order; batch_count -1: there was none */
    struct producer *undo;
    int32_t undo_count;
    int32_t undo_capacity;
    int32_t undo_ended_count; /* ended_count at producers_begin */
    bool recording;
};

/* What a control batch of a transaction says. */
struct marker {
    bool is_marker; /* false for other control batches: they change no producer */
    bool aborted;
    int32_t coordinator_epoch;
};

void producers_init(struct producers *producers);
void producers_fini(struct producers *producers);
void producers_clear(struct producers *producers); /* forgets everybody */

/* Moves everything over; what was there is forgotten, and `from` is left empty. Both are between changes. */
void producers_take(struct producers *producers, struct producers *from);

struct producer *producers_find(const struct producers *producers, int64_t producer_id);
size_t producers_count(const struct producers *producers);

/*
 * Whether a client's batch may be appended: NONE, INVALID_PRODUCER_EPOCH, OUT_OF_ORDER_SEQUENCE_NUMBER,
 * INVALID_TXN_STATE, and for markers TRANSACTION_COORDINATOR_FENCED. A repeated batch is NONE with *duplicate
 * set to the original's. `marker` is NULL for data. With `from_client` false sequences are not looked at
 * (coordinators write 0 in all of them).
 */
enum kerr producers_check(const struct producers *producers, const struct batch_header *header,
                          const struct marker *marker, bool from_client,
                          const struct producer_batch **duplicate);

/* Takes an appended (or replayed) data batch into account; header->base_offset is final. */
void producers_update(struct producers *producers, const struct batch_header *header, int64_t now_ms);

/* Puts a producer in as a snapshot has it; nothing is known of its id yet. */
void producers_restore(struct producers *producers, const struct producer *state);

/* The same as update for a marker; true if it ended a transaction. */
bool producers_end_transaction(struct producers *producers, const struct batch_header *header,
                               const struct marker *marker, int64_t now_ms, struct ended_transaction *ended);

/* Reads the marker out of a whole control batch. */
void marker_read(struct slice batch, struct marker *marker);

/* Changes between begin and commit can be taken back: for a write that fails. */
void producers_begin(struct producers *producers);
void producers_commit(struct producers *producers);
void producers_rollback(struct producers *producers);

/* The lowest offset that READ_COMMITTED must not reach: INT64_MAX if no transaction is undecided. Forgets
 * ended transactions whose marker lies below the high watermark. */
int64_t producers_first_unstable(struct producers *producers, int64_t high_watermark);

/* Forgets producers that wrote nothing since `before_ms` and have no open transaction. */
void producers_expire(struct producers *producers, int64_t before_ms);

/* Snapshots. Reading adds to what is there: 0, -errno, -EBADMSG. Writing does nothing if the newest snapshot
 * is at `offset` already. */
int producers_read_snapshot(struct producers *producers, struct file_system *fs, const char *path,
                            struct note *why);
int producers_write_snapshot(struct producers *producers, struct file_system *fs, const char *path,
                             int64_t offset);

#endif
