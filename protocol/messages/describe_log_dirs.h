/*
 * describe_log_dirs: a broker's log directories and what lies in them (key 35, v1-5; KIP-113).
 */
#ifndef PROTOCOL_MESSAGES_DESCRIBE_LOG_DIRS_H
#define PROTOCOL_MESSAGES_DESCRIBE_LOG_DIRS_H

#include "protocol/schema/schema.h"

struct describe_log_dirs_topic {
    struct slice topic;
    ARRAY_OF(int32_t) partitions;
};

struct describe_log_dirs_request {
    ARRAY_OF(struct describe_log_dirs_topic) topics; /* null: all that the broker has */
};

struct describe_log_dirs_response_partition {
    int32_t partition_index;
    int64_t partition_size; /* bytes of its segments */
    int64_t offset_lag;     /* behind the high watermark, or of a future replica: behind the current one;
                               -1: not known */
    bool is_future_key;     /* it moves here from another directory */
};

struct describe_log_dirs_response_topic {
    struct slice name;
    ARRAY_OF(struct describe_log_dirs_response_partition) partitions;
};

struct describe_log_dirs_response_result {
    int16_t error_code; /* enum kerr; KAFKA_STORAGE_ERROR: offline */
    struct slice log_dir;
    ARRAY_OF(struct describe_log_dirs_response_topic) topics;
    int64_t total_bytes; /* of the volume; -1: not known */
    int64_t usable_bytes;
    bool is_cordoned; /* it takes no new replicas */
};

struct describe_log_dirs_response {
    int32_t throttle_time_ms;
    int16_t error_code; /* enum kerr */
    ARRAY_OF(struct describe_log_dirs_response_result) results;
};

DECLARE_SCHEMA(describe_log_dirs_topic);
DECLARE_SCHEMA(describe_log_dirs_request);
DECLARE_SCHEMA(describe_log_dirs_response_partition);
DECLARE_SCHEMA(describe_log_dirs_response_topic);
DECLARE_SCHEMA(describe_log_dirs_response_result);
DECLARE_SCHEMA(describe_log_dirs_response);

extern const struct message describe_log_dirs_request_message, describe_log_dirs_response_message;

#endif
