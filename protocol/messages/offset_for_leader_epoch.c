/*
 * OffsetForLeaderEpoch: v2-4. Version notes:
 * v2  adds currentLeaderEpoch and throttleTimeMs (KIP-320); has the answer's leaderEpoch already (KIP-279)
 * v3  adds replicaId; consumers may ask too
 * v4  is flexible (KIP-482)
 */
#include "protocol/messages/offset_for_leader_epoch.h"

SCHEMA(offset_for_leader_epoch_partition,
       I32(partition),
       I32(current_leader_epoch, DEFAULT(-1)),
       I32(leader_epoch));

SCHEMA(offset_for_leader_epoch_topic,
       STRING(topic),
       ARRAY(partitions, offset_for_leader_epoch_partition));

SCHEMA(offset_for_leader_epoch_request,
       I32(replica_id, SINCE(3), DEFAULT(-2)),
       ARRAY(topics, offset_for_leader_epoch_topic));

const struct message offset_for_leader_epoch_request_message = {
    .name = "OffsetForLeaderEpochRequest",
    .schema = offset_for_leader_epoch_request_schema,
    .key = 23,
    .min_version = 2,
    .max_version = 4,
    .flexible_since = 4,
};

SCHEMA(offset_for_leader_epoch_response_partition,
       I16(error_code),
       I32(partition),
       I32(leader_epoch, DEFAULT(-1)),
       I64(end_offset, DEFAULT(-1)));

SCHEMA(offset_for_leader_epoch_response_topic,
       STRING(topic),
       ARRAY(partitions, offset_for_leader_epoch_response_partition));

SCHEMA(offset_for_leader_epoch_response,
       I32(throttle_time_ms),
       ARRAY(topics, offset_for_leader_epoch_response_topic));

const struct message offset_for_leader_epoch_response_message = {
    .name = "OffsetForLeaderEpochResponse",
    .schema = offset_for_leader_epoch_response_schema,
    .key = 23,
    .min_version = 2,
    .max_version = 4,
    .flexible_since = 4,
};
