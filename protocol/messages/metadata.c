/*
 * Metadata: v0-13. Version notes:
 * v1   null instead of an empty list asks for all topics, an empty one for none; adds rack, controller,
 *      isInternal
 * v2   adds clusterId (KIP-78)
 * v3   adds throttleTimeMs (KIP-124)
 * v4   adds allowAutoTopicCreation; before, topics are always created if the broker does so
 * v5   adds offlineReplicas (KIP-112)
 * v6   throttles after the answer (KIP-219)
 * v7   adds leaderEpoch (KIP-320)
 * v8   adds authorized operations (KIP-430)
 * v9   is flexible (KIP-482)
 * v10  adds topic ids (KIP-516); ids in requests work from v12 on
 * v11  has the cluster's authorized operations no more: DescribeCluster has them (KIP-700)
 * v12  answers topics that were asked for by id, with a null name if there is none
 * v13  adds errorCode, for REBOOTSTRAP_REQUIRED (KIP-1102)
 */
#include "protocol/messages/metadata.h"

SCHEMA(metadata_topic,
       UUID(topic_id, SINCE(10)),
       STRING(name, NULLABLE(10)));

SCHEMA(metadata_request,
       ARRAY(topics, metadata_topic, NULLABLE(1)),
       BOOL(allow_auto_topic_creation, SINCE(4), DEFAULT(true)),
       BOOL(include_cluster_authorized_operations, SINCE(8), UNTIL(10)),
       BOOL(include_topic_authorized_operations, SINCE(8)));

const struct message metadata_request_message = {
    .name = "MetadataRequest",
    .schema = metadata_request_schema,
    .key = 3,
    .min_version = 0,
    .max_version = 13,
    .flexible_since = 9,
};

SCHEMA(metadata_response_broker,
       I32(node_id),
       STRING(host),
       I32(port),
       STRING(rack, SINCE(1), NULLABLE(1), DEFAULT_NULL));

SCHEMA(metadata_response_partition,
       I16(error_code),
       I32(partition_index),
       I32(leader_id),
       I32(leader_epoch, SINCE(7), DEFAULT(-1)),
       I32S(replica_nodes),
       I32S(isr_nodes),
       I32S(offline_replicas, SINCE(5)));

SCHEMA(metadata_response_topic,
       I16(error_code),
       STRING(name, NULLABLE(12)),
       UUID(topic_id, SINCE(10)),
       BOOL(is_internal, SINCE(1)),
       ARRAY(partitions, metadata_response_partition),
       I32(topic_authorized_operations, SINCE(8), DEFAULT(INT32_MIN)));

SCHEMA(metadata_response,
       I32(throttle_time_ms, SINCE(3)),
       ARRAY(brokers, metadata_response_broker),
       STRING(cluster_id, SINCE(2), NULLABLE(2), DEFAULT_NULL),
       I32(controller_id, SINCE(1), DEFAULT(-1)),
       ARRAY(topics, metadata_response_topic),
       I32(cluster_authorized_operations, SINCE(8), UNTIL(10), DEFAULT(INT32_MIN)),
       I16(error_code, SINCE(13)));

const struct message metadata_response_message = {
    .name = "MetadataResponse",
    .schema = metadata_response_schema,
    .key = 3,
    .min_version = 0,
    .max_version = 13,
    .flexible_since = 9,
};
