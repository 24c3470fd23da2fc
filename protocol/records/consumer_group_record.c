/*
 * The records of consumer groups (KIP-848): v0 all. Fields that later releases added are tagged:
 * metadataHash (4.1, KIP-1101), assignmentEpochs and assignmentTimestamp (4.3).
 */
#include "protocol/records/consumer_group_record.h"

SCHEMA(consumer_group_metadata_value,
       I32(epoch),
       I64(metadata_hash, TAG(0)),
       UNKNOWN_TAGS(unknown_tags));

SCHEMA(consumer_group_partition_racks,
       I32(partition),
       STRINGS(racks),
       UNKNOWN_TAGS(unknown_tags));

SCHEMA(consumer_group_topic_metadata,
       UUID(topic_id),
       STRING(topic_name),
       I32(num_partitions),
       ARRAY(partition_metadata, consumer_group_partition_racks),
       UNKNOWN_TAGS(unknown_tags));

SCHEMA(consumer_group_partition_metadata_value,
       ARRAY(topics, consumer_group_topic_metadata),
       UNKNOWN_TAGS(unknown_tags));

SCHEMA(consumer_group_classic_protocol,
       STRING(name),
       BYTES(metadata),
       UNKNOWN_TAGS(unknown_tags));

SCHEMA(consumer_group_classic_member,
       I32(session_timeout_ms),
       ARRAY(supported_protocols, consumer_group_classic_protocol),
       UNKNOWN_TAGS(unknown_tags));

SCHEMA(consumer_group_member_metadata_value,
       STRING(instance_id, NULLABLE(0)),
       STRING(rack_id, NULLABLE(0)),
       STRING(client_id),
       STRING(client_host),
       STRINGS(subscribed_topic_names),
       STRING(subscribed_topic_regex, NULLABLE(0)),
       I32(rebalance_timeout_ms, DEFAULT(-1)),
       STRING(server_assignor, NULLABLE(0)),
       STRUCT_OR_NULL(classic_member_metadata, consumer_group_classic_member, NULLABLE(0), TAG(0)),
       UNKNOWN_TAGS(unknown_tags));

SCHEMA(consumer_group_target_assignment_metadata_value,
       I32(assignment_epoch),
       I64(assignment_timestamp, TAG(0)),
       UNKNOWN_TAGS(unknown_tags));

SCHEMA(consumer_group_target_partitions,
       UUID(topic_id),
       I32S(partitions),
       UNKNOWN_TAGS(unknown_tags));

SCHEMA(consumer_group_target_assignment_member_value,
       ARRAY(topic_partitions, consumer_group_target_partitions),
       UNKNOWN_TAGS(unknown_tags));

SCHEMA(consumer_group_assigned_partitions,
       UUID(topic_id),
       I32S(partitions),
       I32S(assignment_epochs, NULLABLE(0), TAG(0)),
       UNKNOWN_TAGS(unknown_tags));

SCHEMA(consumer_group_current_member_assignment_value,
       I32(member_epoch),
       I32(previous_member_epoch),
       I8(state),
       ARRAY(assigned_partitions, consumer_group_assigned_partitions),
       ARRAY(partitions_pending_revocation, consumer_group_assigned_partitions),
       UNKNOWN_TAGS(unknown_tags));

SCHEMA(consumer_group_regular_expression_key,
       STRING(group_id),
       STRING(regular_expression));

SCHEMA(consumer_group_regular_expression_value,
       STRINGS(topics),
       I64(version),
       I64(timestamp),
       UNKNOWN_TAGS(unknown_tags));

COORDINATOR_KEY(consumer_group_metadata, "ConsumerGroupMetadataKey", group_key, 3);
COORDINATOR_VALUE(consumer_group_metadata, "ConsumerGroupMetadataValue", 3);
COORDINATOR_KEY(consumer_group_partition_metadata, "ConsumerGroupPartitionMetadataKey", group_key, 4);
COORDINATOR_VALUE(consumer_group_partition_metadata, "ConsumerGroupPartitionMetadataValue", 4);
COORDINATOR_KEY(consumer_group_member_metadata, "ConsumerGroupMemberMetadataKey", group_member_key, 5);
COORDINATOR_VALUE(consumer_group_member_metadata, "ConsumerGroupMemberMetadataValue", 5);
COORDINATOR_KEY(consumer_group_target_assignment_metadata, "ConsumerGroupTargetAssignmentMetadataKey",
                group_key, 6);
COORDINATOR_VALUE(consumer_group_target_assignment_metadata, "ConsumerGroupTargetAssignmentMetadataValue", 6);
COORDINATOR_KEY(consumer_group_target_assignment_member, "ConsumerGroupTargetAssignmentMemberKey",
                group_member_key, 7);
COORDINATOR_VALUE(consumer_group_target_assignment_member, "ConsumerGroupTargetAssignmentMemberValue", 7);
COORDINATOR_KEY(consumer_group_current_member_assignment, "ConsumerGroupCurrentMemberAssignmentKey",
                group_member_key, 8);
COORDINATOR_VALUE(consumer_group_current_member_assignment, "ConsumerGroupCurrentMemberAssignmentValue", 8);
COORDINATOR_KEY(consumer_group_regular_expression, "ConsumerGroupRegularExpressionKey",
                consumer_group_regular_expression_key, 16);
COORDINATOR_VALUE(consumer_group_regular_expression, "ConsumerGroupRegularExpressionValue", 16);
