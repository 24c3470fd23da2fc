/*
 * Fetch: v4-18. Version notes:
 * v4   adds isolationLevel, aborted transactions, last stable offset (KIP-98)
 * v5   adds logStartOffset (KIP-107)
 * v6   may answer KAFKA_STORAGE_ERROR (KIP-112)
 * v7   adds sessions (KIP-227)
 * v8   throttles after the answer (KIP-219)
 * v9   adds currentLeaderEpoch (KIP-320)
 * v10  may answer zstd batches (KIP-110)
 * v11  adds rackId and preferredReadReplica (KIP-392)
 * v12  is flexible (KIP-482); adds lastFetchedEpoch, divergingEpoch, the leader and snapshots (KIP-595,
 *      KIP-630)
 * v13  names topics by id (KIP-516)
 * v14  may answer OFFSET_MOVED_TO_TIERED_STORAGE (KIP-405)
 * v15  has replicaState instead of replicaId (KIP-903)
 * v16  answers with the current leaders' addresses (KIP-951)
 * v17  adds the follower's directory (KIP-853)
 * v18  adds the follower's high watermark (KIP-1166)
 */
#include "protocol/messages/fetch.h"

SCHEMA(fetch_replica_state,
       I32(replica_id, DEFAULT(-1)),
       I64(replica_epoch, DEFAULT(-1)));

SCHEMA(fetch_partition,
       I32(partition),
       I32(current_leader_epoch, SINCE(9), DEFAULT(-1)),
       I64(fetch_offset),
       I32(last_fetched_epoch, SINCE(12), DEFAULT(-1)),
       I64(log_start_offset, SINCE(5), DEFAULT(-1)),
       I32(partition_max_bytes),
       UUID(replica_directory_id, SINCE(17), TAG(0)),
       I64(high_watermark, SINCE(18), TAG(1), DEFAULT(INT64_MAX)));

SCHEMA(fetch_topic,
       STRING(topic, UNTIL(12)),
       UUID(topic_id, SINCE(13)),
       ARRAY(partitions, fetch_partition));

SCHEMA(fetch_forgotten_topic,
       STRING(topic, UNTIL(12)),
       UUID(topic_id, SINCE(13)),
       I32S(partitions));

SCHEMA(fetch_request,
       STRING(cluster_id, SINCE(12), NULLABLE(12), TAG(0), DEFAULT_NULL),
       I32(replica_id, UNTIL(14), DEFAULT(-1)),
       STRUCT(replica_state, fetch_replica_state, SINCE(15), TAG(1)),
       I32(max_wait_ms),
       I32(min_bytes),
       I32(max_bytes, DEFAULT(INT32_MAX)),
       I8(isolation_level),
       I32(session_id, SINCE(7)),
       I32(session_epoch, SINCE(7), DEFAULT(-1)),
       ARRAY(topics, fetch_topic),
       ARRAY(forgotten_topics_data, fetch_forgotten_topic, SINCE(7)),
       STRING(rack_id, SINCE(11)));

const struct message fetch_request_message = {
    .name = "FetchRequest",
    .schema = fetch_request_schema,
    .key = 1,
    .min_version = 4,
    .max_version = 18,
    .flexible_since = 12,
};

SCHEMA(fetch_response_epoch_end,
       I32(epoch, DEFAULT(-1)),
       I64(end_offset, DEFAULT(-1)));

SCHEMA(fetch_response_leader,
       I32(leader_id, DEFAULT(-1)),
       I32(leader_epoch, DEFAULT(-1)));

SCHEMA(fetch_response_snapshot_id,
       I64(end_offset, DEFAULT(-1)),
       I32(epoch, DEFAULT(-1)));

SCHEMA(fetch_response_aborted_transaction,
       I64(producer_id),
       I64(first_offset));

SCHEMA(fetch_response_partition,
       I32(partition_index),
       I16(error_code),
       I64(high_watermark),
       I64(last_stable_offset, DEFAULT(-1)),
       I64(log_start_offset, SINCE(5), DEFAULT(-1)),
       STRUCT(diverging_epoch, fetch_response_epoch_end, SINCE(12), TAG(0)),
       STRUCT(current_leader, fetch_response_leader, SINCE(12), TAG(1)),
       STRUCT(snapshot_id, fetch_response_snapshot_id, SINCE(12), TAG(2)),
       ARRAY(aborted_transactions, fetch_response_aborted_transaction, NULLABLE(4)),
       I32(preferred_read_replica, SINCE(11), DEFAULT(-1)),
       RECORDS(records, NULLABLE(0)));

SCHEMA(fetch_response_topic,
       STRING(topic, UNTIL(12)),
       UUID(topic_id, SINCE(13)),
       ARRAY(partitions, fetch_response_partition));

SCHEMA(fetch_response_node_endpoint,
       I32(node_id),
       STRING(host),
       I32(port),
       STRING(rack, NULLABLE(16), DEFAULT_NULL));

SCHEMA(fetch_response,
       I32(throttle_time_ms),
       I16(error_code, SINCE(7)),
       I32(session_id, SINCE(7)),
       ARRAY(responses, fetch_response_topic),
       ARRAY(node_endpoints, fetch_response_node_endpoint, SINCE(16), TAG(0)));

const struct message fetch_response_message = {
    .name = "FetchResponse",
    .schema = fetch_response_schema,
    .key = 1,
    .min_version = 4,
    .max_version = 18,
    .flexible_since = 12,
};
