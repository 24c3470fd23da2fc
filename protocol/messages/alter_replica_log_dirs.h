/*
 * alter_replica_log_dirs: moves replicas from one of a broker's log directories to another (key 34, v1-2;
 * KIP-113).
 */
#ifndef PROTOCOL_MESSAGES_ALTER_REPLICA_LOG_DIRS_H
#define PROTOCOL_MESSAGES_ALTER_REPLICA_LOG_DIRS_H

#include "protocol/schema/schema.h"

struct alter_replica_log_dirs_topic {
    struct slice name;
    ARRAY_OF(int32_t) partitions;
};

struct alter_replica_log_dirs_dir {
    struct slice path; /* absolute, as the broker's log.dirs has it */
    ARRAY_OF(struct alter_replica_log_dirs_topic) topics;
};

struct alter_replica_log_dirs_request {
    ARRAY_OF(struct alter_replica_log_dirs_dir) dirs;
};

struct alter_replica_log_dirs_response_partition {
    int32_t partition_index;
    int16_t error_code; /* enum kerr */
};

struct alter_replica_log_dirs_response_topic {
    struct slice topic_name;
    ARRAY_OF(struct alter_replica_log_dirs_response_partition) partitions;
};

struct alter_replica_log_dirs_response {
    int32_t throttle_time_ms;
    ARRAY_OF(struct alter_replica_log_dirs_response_topic) results;
};

DECLARE_SCHEMA(alter_replica_log_dirs_topic);
DECLARE_SCHEMA(alter_replica_log_dirs_dir);
DECLARE_SCHEMA(alter_replica_log_dirs_request);
DECLARE_SCHEMA(alter_replica_log_dirs_response_partition);
DECLARE_SCHEMA(alter_replica_log_dirs_response_topic);
DECLARE_SCHEMA(alter_replica_log_dirs_response);

extern const struct message alter_replica_log_dirs_request_message, alter_replica_log_dirs_response_message;

#endif
