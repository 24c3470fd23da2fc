/*
 * OffsetCommitKey: v0. OffsetCommitValue: v0-4. Version notes:
 * v0  is the first (0.8.2)
 * v1  adds expireTimestamp; written where a client asked for a retention of its own
 * v2  lacks it again (KIP-211)
 * v3  adds leaderEpoch (KIP-320); 4.0 writes it
 * v4  is flexible, and adds topicId (KIP-848); 4.1 and later write it
 */
#include "protocol/records/offset_commit_record.h"

#include "protocol/records/group_key.h"

SCHEMA(offset_commit_key,
       STRING(group),
       STRING(topic),
       I32(partition));

SCHEMA(legacy_offset_commit_value,
       I64(offset),
       STRING(metadata),
       I64(commit_timestamp));

SCHEMA(offset_commit_value,
       I64(offset),
       I32(leader_epoch, SINCE(3), DEFAULT(-1)),
       STRING(metadata),
       I64(commit_timestamp),
       I64(expire_timestamp, SINCE(1), UNTIL(1), DEFAULT(-1)),
       UUID(topic_id, SINCE(4), TAG(0)),
       UNKNOWN_TAGS(unknown_tags));

COORDINATOR_KEY(legacy_offset_commit, "LegacyOffsetCommitKey", offset_commit_key, 0);

const struct message legacy_offset_commit_value_message = {
    .name = "LegacyOffsetCommitValue",
    .schema = legacy_offset_commit_value_schema,
    .key = 0,
    .flexible_since = NEVER_FLEXIBLE,
};

COORDINATOR_KEY(offset_commit, "OffsetCommitKey", offset_commit_key, 1);

const struct message offset_commit_value_message = {
    .name = "OffsetCommitValue",
    .schema = offset_commit_value_schema,
    .key = 1,
    .max_version = 4,
    .flexible_since = 4,
};
