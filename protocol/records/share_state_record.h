/*
 * share_state_record: how far a share group has come in a partition (KIP-932; __share_group_state types 0 and
 * 1): a snapshot, then what changed since. Version 0. A record without a value removes what its key names.
 */
#ifndef PROTOCOL_RECORDS_SHARE_STATE_RECORD_H
#define PROTOCOL_RECORDS_SHARE_STATE_RECORD_H

#include "protocol/schema/schema.h"

struct share_state_key {
    struct slice group_id;
    struct uuid topic_id;
    int32_t partition;
};

/* Offsets that share a state. */
struct share_state_batch {
    int64_t first_offset;
    int64_t last_offset;
    int8_t delivery_state;  /* 0 available, 2 acknowledged, 4 archived */
    int16_t delivery_count; /* how often they were handed out */
    struct slice unknown_tags;
};

struct share_snapshot_value {
    int32_t snapshot_epoch;
    int32_t state_epoch;
    int32_t leader_epoch;
    int64_t start_offset;            /* what lies below is done with */
    int32_t delivery_complete_count; /* -1: not known */
    int64_t create_timestamp;        /* ms */
    int64_t write_timestamp;         /* ms */
    ARRAY_OF(struct share_state_batch) state_batches;
    struct slice unknown_tags;
};

struct share_update_value {
    int32_t snapshot_epoch; /* of the snapshot that it changes */
    int32_t leader_epoch;
    int64_t start_offset;            /* -1: unchanged */
    int32_t delivery_complete_count; /* -1: not known */
    ARRAY_OF(struct share_state_batch) state_batches;
    struct slice unknown_tags;
};

DECLARE_SCHEMA(share_state_key);
DECLARE_SCHEMA(share_state_batch);
DECLARE_SCHEMA(share_snapshot_value);
DECLARE_SCHEMA(share_update_value);

extern const struct message share_snapshot_key_message;
extern const struct message share_snapshot_value_message;
extern const struct message share_update_key_message;
extern const struct message share_update_value_message;

#endif
