/*
 * delete_records: moves the beginning of partitions up, so that the records below it are gone (key 21, v0-2;
 * KIP-107).
 */
#ifndef PROTOCOL_MESSAGES_DELETE_RECORDS_H
#define PROTOCOL_MESSAGES_DELETE_RECORDS_H

#include "protocol/schema/schema.h"

struct delete_records_partition {
    int32_t partition_index;
    int64_t offset; /* records below it go; -1: all, up to the high watermark */
};

struct delete_records_topic {
    struct slice name;
    ARRAY_OF(struct delete_records_partition) partitions;
};

struct delete_records_request {
    ARRAY_OF(struct delete_records_topic) topics;
    int32_t timeout_ms; /* how long to wait for the replicas */
};

struct delete_records_response_partition {
    int32_t partition_index;
    int64_t low_watermark; /* the smallest log start among the live replicas; -1 on error */
    int16_t error_code;    /* enum kerr */
};

struct delete_records_response_topic {
    struct slice name;
    ARRAY_OF(struct delete_records_response_partition) partitions;
};

struct delete_records_response {
    int32_t throttle_time_ms;
    ARRAY_OF(struct delete_records_response_topic) topics;
};

DECLARE_SCHEMA(delete_records_partition);
DECLARE_SCHEMA(delete_records_topic);
DECLARE_SCHEMA(delete_records_request);
DECLARE_SCHEMA(delete_records_response_partition);
DECLARE_SCHEMA(delete_records_response_topic);
DECLARE_SCHEMA(delete_records_response);

extern const struct message delete_records_request_message, delete_records_response_message;

#endif
