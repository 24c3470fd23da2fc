/*
 * ListOffsets: v1-11. Version notes:
 * v1   answers one offset instead of many (KIP-79)
 * v2   adds isolationLevel (KIP-98) and throttleTimeMs
 * v3   throttles after the answer (KIP-219)
 * v4   adds leader epochs (KIP-320)
 * v5   may answer OFFSET_NOT_AVAILABLE (KIP-207)
 * v6   is flexible (KIP-482)
 * v7   takes timestamp -3: the record with the greatest timestamp (KIP-734)
 * v8   takes -4: the first offset on local disk (KIP-405)
 * v9   takes -5: the last offset in tiered storage (KIP-1005)
 * v10  adds timeoutMs, for tiered storage (KIP-1075)
 * v11  takes -6: the first offset that waits to go to tiered storage (KIP-1023)
 */
#include "protocol/messages/list_offsets.h"

SCHEMA(list_offsets_partition,
       I32(partition_index),
       I32(current_leader_epoch, SINCE(4), DEFAULT(-1)),
       I64(timestamp));

SCHEMA(list_offsets_topic,
       STRING(name),
       ARRAY(partitions, list_offsets_partition));

SCHEMA(list_offsets_request,
       I32(replica_id),
       I8(isolation_level, SINCE(2)),
       ARRAY(topics, list_offsets_topic),
       I32(timeout_ms, SINCE(10)));

const struct message list_offsets_request_message = {
    .name = "ListOffsetsRequest",
    .schema = list_offsets_request_schema,
    .key = 2,
    .min_version = 1,
    .max_version = 11,
    .flexible_since = 6,
};

SCHEMA(list_offsets_response_partition,
       I32(partition_index),
       I16(error_code),
       I64(timestamp, DEFAULT(-1)),
       I64(offset, DEFAULT(-1)),
       I32(leader_epoch, SINCE(4), DEFAULT(-1)));

SCHEMA(list_offsets_response_topic,
       STRING(name),
       ARRAY(partitions, list_offsets_response_partition));

SCHEMA(list_offsets_response,
       I32(throttle_time_ms, SINCE(2)),
       ARRAY(topics, list_offsets_response_topic));

const struct message list_offsets_response_message = {
    .name = "ListOffsetsResponse",
    .schema = list_offsets_response_schema,
    .key = 2,
    .min_version = 1,
    .max_version = 11,
    .flexible_since = 6,
};
