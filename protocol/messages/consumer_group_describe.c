/*
 * ConsumerGroupDescribe: v0-v1. Version notes:
 * v0  is flexible (KIP-848)
 * v1  member_type (KIP-1099)
 */
#include "protocol/messages/consumer_group_describe.h"

SCHEMA(consumer_group_describe_request,
       STRINGS(group_ids),
       BOOL(include_authorized_operations));

const struct message consumer_group_describe_request_message = {
    .name = "ConsumerGroupDescribeRequest",
    .schema = consumer_group_describe_request_schema,
    .key = 69,
    .min_version = 0,
    .max_version = 1,
    .flexible_since = 0,
};

SCHEMA(consumer_group_describe_response_topic_partitions,
       UUID(topic_id),
       STRING(topic_name),
       I32S(partitions));

SCHEMA(consumer_group_describe_response_assignment,
       ARRAY(topic_partitions, consumer_group_describe_response_topic_partitions));

SCHEMA(consumer_group_describe_response_member,
       STRING(member_id),
       STRING(instance_id, NULLABLE(0), DEFAULT_NULL),
       STRING(rack_id, NULLABLE(0), DEFAULT_NULL),
       I32(member_epoch),
       STRING(client_id),
       STRING(client_host),
       STRINGS(subscribed_topic_names),
       STRING(subscribed_topic_regex, NULLABLE(0), DEFAULT_NULL),
       STRUCT(assignment, consumer_group_describe_response_assignment),
       STRUCT(target_assignment, consumer_group_describe_response_assignment),
       I8(member_type, SINCE(1), DEFAULT(-1)));

SCHEMA(consumer_group_describe_response_group,
       I16(error_code),
       STRING(error_message, NULLABLE(0), DEFAULT_NULL),
       STRING(group_id),
       STRING(group_state),
       I32(group_epoch),
       I32(assignment_epoch),
       STRING(assignor_name),
       ARRAY(members, consumer_group_describe_response_member),
       I32(authorized_operations, DEFAULT(INT32_MIN)));

SCHEMA(consumer_group_describe_response,
       I32(throttle_time_ms),
       ARRAY(groups, consumer_group_describe_response_group));

const struct message consumer_group_describe_response_message = {
    .name = "ConsumerGroupDescribeResponse",
    .schema = consumer_group_describe_response_schema,
    .key = 69,
    .min_version = 0,
    .max_version = 1,
    .flexible_since = 0,
};
