/*
 * The records of share groups (KIP-932): v0 all. assignmentTimestamp came with 4.3.
 */
#include "protocol/records/share_group_record.h"

SCHEMA(share_group_member_metadata_value,
       STRING(rack_id, NULLABLE(0)),
       STRING(client_id),
       STRING(client_host),
       STRINGS(subscribed_topic_names),
       UNKNOWN_TAGS(unknown_tags));

SCHEMA(share_group_metadata_value,
       I32(epoch),
       I64(metadata_hash),
       UNKNOWN_TAGS(unknown_tags));

SCHEMA(share_group_target_assignment_metadata_value,
       I32(assignment_epoch),
       I64(assignment_timestamp, TAG(0)),
       UNKNOWN_TAGS(unknown_tags));

SCHEMA(share_group_topic_partitions,
       UUID(topic_id),
       I32S(partitions),
       UNKNOWN_TAGS(unknown_tags));

SCHEMA(share_group_target_assignment_member_value,
       ARRAY(topic_partitions, share_group_topic_partitions),
       UNKNOWN_TAGS(unknown_tags));

SCHEMA(share_group_current_member_assignment_value,
       I32(member_epoch),
       I32(previous_member_epoch),
       I8(state),
       ARRAY(assigned_partitions, share_group_topic_partitions),
       UNKNOWN_TAGS(unknown_tags));

SCHEMA(share_group_state_topic,
       UUID(topic_id),
       STRING(topic_name),
       I32S(partitions),
       UNKNOWN_TAGS(unknown_tags));

SCHEMA(share_group_deleting_topic,
       UUID(topic_id),
       STRING(topic_name),
       UNKNOWN_TAGS(unknown_tags));

SCHEMA(share_group_state_partition_metadata_value,
       ARRAY(initializing_topics, share_group_state_topic),
       ARRAY(initialized_topics, share_group_state_topic),
       ARRAY(deleting_topics, share_group_deleting_topic),
       UNKNOWN_TAGS(unknown_tags));

COORDINATOR_KEY(share_group_member_metadata, "ShareGroupMemberMetadataKey", group_member_key, 10);
COORDINATOR_VALUE(share_group_member_metadata, "ShareGroupMemberMetadataValue", 10);
COORDINATOR_KEY(share_group_metadata, "ShareGroupMetadataKey", group_key, 11);
COORDINATOR_VALUE(share_group_metadata, "ShareGroupMetadataValue", 11);
COORDINATOR_KEY(share_group_target_assignment_metadata, "ShareGroupTargetAssignmentMetadataKey", group_key,
                12);
COORDINATOR_VALUE(share_group_target_assignment_metadata, "ShareGroupTargetAssignmentMetadataValue", 12);
COORDINATOR_KEY(share_group_target_assignment_member, "ShareGroupTargetAssignmentMemberKey", group_member_key,
                13);
COORDINATOR_VALUE(share_group_target_assignment_member, "ShareGroupTargetAssignmentMemberValue", 13);
COORDINATOR_KEY(share_group_current_member_assignment, "ShareGroupCurrentMemberAssignmentKey",
                group_member_key, 14);
COORDINATOR_VALUE(share_group_current_member_assignment, "ShareGroupCurrentMemberAssignmentValue", 14);
COORDINATOR_KEY(share_group_state_partition_metadata, "ShareGroupStatePartitionMetadataKey", group_key, 15);
COORDINATOR_VALUE(share_group_state_partition_metadata, "ShareGroupStatePartitionMetadataValue", 15);
