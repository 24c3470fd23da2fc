/*
 * Produce: v3-13. Version notes:
 * v3   takes record batches of format 2 and transactions (KIP-98)
 * v4   may answer KAFKA_STORAGE_ERROR (KIP-112)
 * v5   answers with logStartOffset (KIP-107)
 * v6   throttles after the answer (KIP-219)
 * v7   takes zstd (KIP-110)
 * v8   answers with recordErrors and errorMessage (KIP-467)
 * v9   is flexible (KIP-482)
 * v10  answers with the current leader, when that is another (KIP-951)
 * v11  may answer TRANSACTION_ABORTABLE (KIP-890)
 * v12  adds the partition to its transaction by writing to it (KIP-890)
 * v13  names topics by id (KIP-516)
 *
 * ApiVersions offers v0-13: librdkafka before 2.x turns features off where it does not see v0. v0-2 are
 * refused all the same.
 */
#include "protocol/messages/produce.h"

SCHEMA(produce_partition,
       I32(index),
       RECORDS(records, NULLABLE(0)));

SCHEMA(produce_topic,
       STRING(name, UNTIL(12)),
       UUID(topic_id, SINCE(13)),
       ARRAY(partition_data, produce_partition));

SCHEMA(produce_request,
       STRING(transactional_id, NULLABLE(3), DEFAULT_NULL),
       I16(acks),
       I32(timeout_ms),
       ARRAY(topic_data, produce_topic));

const struct message produce_request_message = {
    .name = "ProduceRequest",
    .schema = produce_request_schema,
    .key = 0,
    .min_version = 3,
    .max_version = 13,
    .flexible_since = 9,
};

SCHEMA(produce_response_record_error,
       I32(batch_index),
       STRING(batch_index_error_message, NULLABLE(8), DEFAULT_NULL));

SCHEMA(produce_response_leader,
       I32(leader_id, DEFAULT(-1)),
       I32(leader_epoch, DEFAULT(-1)));

SCHEMA(produce_response_partition,
       I32(index),
       I16(error_code),
       I64(base_offset),
       I64(log_append_time_ms, DEFAULT(-1)),
       I64(log_start_offset, SINCE(5), DEFAULT(-1)),
       ARRAY(record_errors, produce_response_record_error, SINCE(8)),
       STRING(error_message, SINCE(8), NULLABLE(8), DEFAULT_NULL),
       STRUCT(current_leader, produce_response_leader, SINCE(10), TAG(0)));

SCHEMA(produce_response_topic,
       STRING(name, UNTIL(12)),
       UUID(topic_id, SINCE(13)),
       ARRAY(partition_responses, produce_response_partition));

SCHEMA(produce_response_node_endpoint,
       I32(node_id),
       STRING(host),
       I32(port),
       STRING(rack, NULLABLE(10), DEFAULT_NULL));

SCHEMA(produce_response,
       ARRAY(responses, produce_response_topic),
       I32(throttle_time_ms),
       ARRAY(node_endpoints, produce_response_node_endpoint, SINCE(10), TAG(0)));

const struct message produce_response_message = {
    .name = "ProduceResponse",
    .schema = produce_response_schema,
    .key = 0,
    .min_version = 3,
    .max_version = 13,
    .flexible_since = 9,
};
