/*
 * ConsumerGroupHeartbeat: v0-v1. Version notes:
 * v0  is flexible (KIP-848)
 * v1  subscribed_topic_regex; the member makes its id itself (KIP-848, KIP-1082)
 */
#include "protocol/messages/consumer_group_heartbeat.h"

SCHEMA(consumer_group_heartbeat_topic_partitions,
       UUID(topic_id),
       I32S(partitions));

SCHEMA(consumer_group_heartbeat_request,
       STRING(group_id),
       STRING(member_id),
       I32(member_epoch),
       STRING(instance_id, NULLABLE(0), DEFAULT_NULL),
       STRING(rack_id, NULLABLE(0), DEFAULT_NULL),
       I32(rebalance_timeout_ms, DEFAULT(-1)),
       STRINGS(subscribed_topic_names, NULLABLE(0), DEFAULT_NULL),
       STRING(subscribed_topic_regex, SINCE(1), NULLABLE(1), DEFAULT_NULL),
       STRING(server_assignor, NULLABLE(0), DEFAULT_NULL),
       ARRAY(topic_partitions, consumer_group_heartbeat_topic_partitions, NULLABLE(0), DEFAULT_NULL));

const struct message consumer_group_heartbeat_request_message = {
    .name = "ConsumerGroupHeartbeatRequest",
    .schema = consumer_group_heartbeat_request_schema,
    .key = 68,
    .min_version = 0,
    .max_version = 1,
    .flexible_since = 0,
};

SCHEMA(consumer_group_heartbeat_assignment,
       ARRAY(topic_partitions, consumer_group_heartbeat_topic_partitions));

SCHEMA(consumer_group_heartbeat_response,
       I32(throttle_time_ms),
       I16(error_code),
       STRING(error_message, NULLABLE(0), DEFAULT_NULL),
       STRING(member_id, NULLABLE(0), DEFAULT_NULL),
       I32(member_epoch),
       I32(heartbeat_interval_ms),
       STRUCT_OR_NULL(assignment, consumer_group_heartbeat_assignment, NULLABLE(0), DEFAULT_NULL));

const struct message consumer_group_heartbeat_response_message = {
    .name = "ConsumerGroupHeartbeatResponse",
    .schema = consumer_group_heartbeat_response_schema,
    .key = 68,
    .min_version = 0,
    .max_version = 1,
    .flexible_since = 0,
};
