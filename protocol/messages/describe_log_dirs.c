/*
 * DescribeLogDirs: v1-5. Version notes:
 * v1  is the oldest that Kafka 4 speaks (KIP-113)
 * v2  is flexible
 * v3  adds the error code of the whole
 * v4  adds the volume's size and room (KIP-827)
 * v5  says which directories are cordoned (KIP-1066)
 */
#include "protocol/messages/describe_log_dirs.h"

SCHEMA(describe_log_dirs_topic, STRING(topic), I32S(partitions));

SCHEMA(describe_log_dirs_request, ARRAY(topics, describe_log_dirs_topic, NULLABLE(0)));

const struct message describe_log_dirs_request_message = {
    .name = "DescribeLogDirsRequest",
    .schema = describe_log_dirs_request_schema,
    .key = 35,
    .min_version = 1,
    .max_version = 5,
    .flexible_since = 2,
};

SCHEMA(describe_log_dirs_response_partition,
       I32(partition_index),
       I64(partition_size),
       I64(offset_lag),
       BOOL(is_future_key));

SCHEMA(describe_log_dirs_response_topic,
       STRING(name),
       ARRAY(partitions, describe_log_dirs_response_partition));

SCHEMA(describe_log_dirs_response_result,
       I16(error_code),
       STRING(log_dir),
       ARRAY(topics, describe_log_dirs_response_topic),
       I64(total_bytes, SINCE(4), DEFAULT(-1)),
       I64(usable_bytes, SINCE(4), DEFAULT(-1)),
       BOOL(is_cordoned, SINCE(5)));

SCHEMA(describe_log_dirs_response,
       I32(throttle_time_ms),
       I16(error_code, SINCE(3)),
       ARRAY(results, describe_log_dirs_response_result));

const struct message describe_log_dirs_response_message = {
    .name = "DescribeLogDirsResponse",
    .schema = describe_log_dirs_response_schema,
    .key = 35,
    .min_version = 1,
    .max_version = 5,
    .flexible_since = 2,
};
