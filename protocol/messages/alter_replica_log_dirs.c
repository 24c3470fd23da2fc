/*
 * AlterReplicaLogDirs: v1-2. Version notes:
 * v1  is the oldest that Kafka 4 speaks (KIP-113)
 * v2  is flexible
 */
#include "protocol/messages/alter_replica_log_dirs.h"

SCHEMA(alter_replica_log_dirs_topic, STRING(name), I32S(partitions));

SCHEMA(alter_replica_log_dirs_dir, STRING(path), ARRAY(topics, alter_replica_log_dirs_topic));

SCHEMA(alter_replica_log_dirs_request, ARRAY(dirs, alter_replica_log_dirs_dir));

const struct message alter_replica_log_dirs_request_message = {
    .name = "AlterReplicaLogDirsRequest",
    .schema = alter_replica_log_dirs_request_schema,
    .key = 34,
    .min_version = 1,
    .max_version = 2,
    .flexible_since = 2,
};

SCHEMA(alter_replica_log_dirs_response_partition, I32(partition_index), I16(error_code));

SCHEMA(alter_replica_log_dirs_response_topic,
       STRING(topic_name),
       ARRAY(partitions, alter_replica_log_dirs_response_partition));

SCHEMA(alter_replica_log_dirs_response,
       I32(throttle_time_ms),
       ARRAY(results, alter_replica_log_dirs_response_topic));

const struct message alter_replica_log_dirs_response_message = {
    .name = "AlterReplicaLogDirsResponse",
    .schema = alter_replica_log_dirs_response_schema,
    .key = 34,
    .min_version = 1,
    .max_version = 2,
    .flexible_since = 2,
};
