/*
 * replay: batches of the cluster log, or of a snapshot of it, into an image: control records, data records,
 * and metadata transactions, whose records count together or not at all (KIP-868).
 */
#ifndef METADATA_REPLAY_H
#define METADATA_REPLAY_H

#include "metadata/image.h"
#include "metadata/quorum_state.h"
#include "protocol/batch.h"
#include "protocol/record.h"

struct replay {
    struct image *image; /* borrowed */
    int64_t from_offset; /* records below are in the image already */

    /* What the control records said. */
    int16_t kraft_version;
    int32_t voter_count; /* -1: nobody said */
    int32_t voters[QUORUM_VOTERS_MAX];
    struct uuid voter_directory_ids[QUORUM_VOTERS_MAX]; /* zero: not said */
    struct buf voters_record;  /* the last KRaftVoters record as it came; empty: there was none */
    bool had_leader;           /* a leader opened an epoch: a quorum ran on this log */
    bool had_header;           /* a snapshot's first record */
    bool had_footer;           /* a snapshot's last one */
    int64_t log_bytes;         /* of the log's batches, a snapshot's apart */
    int64_t last_timestamp_ms; /* append time of the log's last batch; -1: there is none */

    /* Records of a transaction that has not ended: frames back to back, and where each ends. */
    bool in_transaction;
    struct buf held;
    struct held_record *held_records;
    size_t held_count;
    size_t held_capacity;
};

void replay_init(struct replay *replay, struct image *image);
void replay_fini(struct replay *replay);

/* One whole batch, whose CRC is right. A batch_fn of snapshot.h: `replay` is a struct replay. False with
 * the reason. */
bool replay_batch(void *replay, struct slice batch, struct note *why);

#endif
