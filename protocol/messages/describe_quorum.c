/*
 * DescribeQuorum: v0-2. Version notes:
 * v0  is flexible (KIP-595)
 * v1  tells when a replica fetched last, and when it had caught up (KIP-836)
 * v2  has texts of errors, directory ids and the voters' listeners (KIP-853)
 */
#include "protocol/messages/describe_quorum.h"

SCHEMA(describe_quorum_partition,
       I32(partition_index));

SCHEMA(describe_quorum_topic,
       STRING(topic_name),
       ARRAY(partitions, describe_quorum_partition));

SCHEMA(describe_quorum_request,
       ARRAY(topics, describe_quorum_topic));

const struct message describe_quorum_request_message = {
    .name = "DescribeQuorumRequest",
    .schema = describe_quorum_request_schema,
    .key = 55,
    .min_version = 0,
    .max_version = 2,
    .flexible_since = 0,
};

SCHEMA(describe_quorum_response_replica,
       I32(replica_id),
       UUID(replica_directory_id, SINCE(2)),
       I64(log_end_offset),
       I64(last_fetch_timestamp, SINCE(1), DEFAULT(-1)),
       I64(last_caught_up_timestamp, SINCE(1), DEFAULT(-1)));

SCHEMA(describe_quorum_response_partition,
       I32(partition_index),
       I16(error_code),
       STRING(error_message, SINCE(2), NULLABLE(2)),
       I32(leader_id),
       I32(leader_epoch),
       I64(high_watermark),
       ARRAY(current_voters, describe_quorum_response_replica),
       ARRAY(observers, describe_quorum_response_replica));

SCHEMA(describe_quorum_response_topic,
       STRING(topic_name),
       ARRAY(partitions, describe_quorum_response_partition));

SCHEMA(describe_quorum_response_listener,
       STRING(name),
       STRING(host),
       U16(port));

SCHEMA(describe_quorum_response_node,
       I32(node_id),
       ARRAY(listeners, describe_quorum_response_listener));

SCHEMA(describe_quorum_response,
       I16(error_code),
       STRING(error_message, SINCE(2), NULLABLE(2)),
       ARRAY(topics, describe_quorum_response_topic),
       ARRAY(nodes, describe_quorum_response_node, SINCE(2)));

const struct message describe_quorum_response_message = {
    .name = "DescribeQuorumResponse",
    .schema = describe_quorum_response_schema,
    .key = 55,
    .min_version = 0,
    .max_version = 2,
    .flexible_since = 0,
};
