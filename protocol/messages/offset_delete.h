/*
 * offset_delete: takes back what a group has committed (key 47, v0; KIP-496).
 */
#ifndef PROTOCOL_MESSAGES_OFFSET_DELETE_H
#define PROTOCOL_MESSAGES_OFFSET_DELETE_H

#include "protocol/schema/schema.h"

struct offset_delete_request_partition {
    int32_t partition_index;
};

struct offset_delete_request_topic {
    struct slice name;
    ARRAY_OF(struct offset_delete_request_partition) partitions;
};

struct offset_delete_request {
    struct slice group_id;
    ARRAY_OF(struct offset_delete_request_topic) topics;
};

struct offset_delete_response_partition {
    int32_t partition_index;
    int16_t error_code; /* enum kerr */
};

struct offset_delete_response_topic {
    struct slice name;
    ARRAY_OF(struct offset_delete_response_partition) partitions;
};

struct offset_delete_response {
    int16_t error_code; /* enum kerr */
    int32_t throttle_time_ms;
    ARRAY_OF(struct offset_delete_response_topic) topics;
};

DECLARE_SCHEMA(offset_delete_request_partition);
DECLARE_SCHEMA(offset_delete_request_topic);
DECLARE_SCHEMA(offset_delete_request);
DECLARE_SCHEMA(offset_delete_response_partition);
DECLARE_SCHEMA(offset_delete_response_topic);
DECLARE_SCHEMA(offset_delete_response);

extern const struct message offset_delete_request_message, offset_delete_response_message;

#endif
