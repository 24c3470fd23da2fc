/*
 * offset_commit_record: how far a group has come in a partition (__consumer_offsets types 0 and 1). Type 0 is
 * read only: no release that writes it is left. A record without a value takes the offset back.
 */
#ifndef PROTOCOL_RECORDS_OFFSET_COMMIT_RECORD_H
#define PROTOCOL_RECORDS_OFFSET_COMMIT_RECORD_H

#include "protocol/schema/schema.h"

struct offset_commit_key {
    struct slice group;
    struct slice topic;
    int32_t partition;
};

struct legacy_offset_commit_value {
    int64_t offset;
    struct slice metadata;
    int64_t commit_timestamp; /* ms */
};

struct offset_commit_value {
    int64_t offset;       /* the next one to be read */
    int32_t leader_epoch; /* of the record before it; -1: not known */
    struct slice metadata;
    int64_t commit_timestamp; /* ms */
    int64_t expire_timestamp; /* ms; -1: as the broker's configuration says */
    struct uuid topic_id;     /* zero: not known */
    struct slice unknown_tags;
};

DECLARE_SCHEMA(offset_commit_key);
DECLARE_SCHEMA(legacy_offset_commit_value);
DECLARE_SCHEMA(offset_commit_value);

extern const struct message legacy_offset_commit_key_message;
extern const struct message legacy_offset_commit_value_message;
extern const struct message offset_commit_key_message;
extern const struct message offset_commit_value_message;

#endif
