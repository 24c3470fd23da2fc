/*
 * DescribeProducers: v0. Version notes:
 * v0  is flexible (KIP-664)
 */
#include "protocol/messages/describe_producers.h"

SCHEMA(describe_producers_topic,
       STRING(name),
       I32S(partition_indexes));

SCHEMA(describe_producers_request,
       ARRAY(topics, describe_producers_topic));

const struct message describe_producers_request_message = {
    .name = "DescribeProducersRequest",
    .schema = describe_producers_request_schema,
    .key = 61,
    .min_version = 0,
    .max_version = 0,
    .flexible_since = 0,
};

SCHEMA(describe_producers_response_producer,
       I64(producer_id),
       I32(producer_epoch),
       I32(last_sequence, DEFAULT(-1)),
       I64(last_timestamp, DEFAULT(-1)),
       I32(coordinator_epoch),
       I64(current_txn_start_offset, DEFAULT(-1)));

SCHEMA(describe_producers_response_partition,
       I32(partition_index),
       I16(error_code),
       STRING(error_message, NULLABLE(0), DEFAULT_NULL),
       ARRAY(active_producers, describe_producers_response_producer));

SCHEMA(describe_producers_response_topic,
       STRING(name),
       ARRAY(partitions, describe_producers_response_partition));

SCHEMA(describe_producers_response,
       I32(throttle_time_ms),
       ARRAY(topics, describe_producers_response_topic));

const struct message describe_producers_response_message = {
    .name = "DescribeProducersResponse",
    .schema = describe_producers_response_schema,
    .key = 61,
    .min_version = 0,
    .max_version = 0,
    .flexible_since = 0,
};
