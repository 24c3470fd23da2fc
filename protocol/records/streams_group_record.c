/*
 * The records of streams groups (KIP-1071): v0 all. Tagged fields came with 4.2 and 4.3.
 */
#include "protocol/records/streams_group_record.h"

SCHEMA(streams_group_pair,
       STRING(key),
       STRING(value),
       UNKNOWN_TAGS(unknown_tags));

SCHEMA(streams_group_metadata_value,
       I32(epoch),
       I64(metadata_hash),
       I32(validated_topology_epoch, TAG(0), DEFAULT(-1)),
       ARRAY(last_assignment_configs, streams_group_pair, NULLABLE(0), TAG(1), DEFAULT_NULL),
       UNKNOWN_TAGS(unknown_tags));

SCHEMA(streams_group_endpoint,
       STRING(host),
       U16(port),
       UNKNOWN_TAGS(unknown_tags));

SCHEMA(streams_group_member_metadata_value,
       STRING(instance_id, NULLABLE(0)),
       STRING(rack_id, NULLABLE(0)),
       STRING(client_id),
       STRING(client_host),
       I32(rebalance_timeout_ms, DEFAULT(-1)),
       I32(topology_epoch),
       STRING(process_id),
       STRUCT_OR_NULL(user_endpoint, streams_group_endpoint, NULLABLE(0), DEFAULT_NULL),
       ARRAY(client_tags, streams_group_pair),
       UNKNOWN_TAGS(unknown_tags));

SCHEMA(streams_group_target_assignment_metadata_value,
       I32(assignment_epoch),
       I64(assignment_timestamp, TAG(0)),
       UNKNOWN_TAGS(unknown_tags));

SCHEMA(streams_group_target_tasks,
       STRING(subtopology_id),
       I32S(partitions),
       UNKNOWN_TAGS(unknown_tags));

SCHEMA(streams_group_target_assignment_member_value,
       ARRAY(active_tasks, streams_group_target_tasks),
       ARRAY(standby_tasks, streams_group_target_tasks),
       ARRAY(warmup_tasks, streams_group_target_tasks),
       UNKNOWN_TAGS(unknown_tags));

SCHEMA(streams_group_tasks,
       STRING(subtopology_id),
       I32S(partitions),
       I32S(assignment_epochs, NULLABLE(0), TAG(0)),
       UNKNOWN_TAGS(unknown_tags));

SCHEMA(streams_group_current_member_assignment_value,
       I32(member_epoch),
       I32(previous_member_epoch),
       I8(state),
       ARRAY(active_tasks, streams_group_tasks),
       ARRAY(standby_tasks, streams_group_tasks),
       ARRAY(warmup_tasks, streams_group_tasks),
       ARRAY(active_tasks_pending_revocation, streams_group_tasks),
       ARRAY(standby_tasks_pending_revocation, streams_group_tasks),
       ARRAY(warmup_tasks_pending_revocation, streams_group_tasks),
       UNKNOWN_TAGS(unknown_tags));

SCHEMA(streams_group_topic,
       STRING(name),
       I32(partitions),
       I16(replication_factor),
       ARRAY(topic_configs, streams_group_pair),
       UNKNOWN_TAGS(unknown_tags));

SCHEMA(streams_group_copartition,
       I16S(source_topics),
       I16S(source_topic_regex),
       I16S(repartition_source_topics),
       UNKNOWN_TAGS(unknown_tags));

SCHEMA(streams_group_subtopology,
       STRING(subtopology_id),
       STRINGS(source_topics),
       STRINGS(source_topic_regex),
       ARRAY(state_changelog_topics, streams_group_topic),
       STRINGS(repartition_sink_topics),
       ARRAY(repartition_source_topics, streams_group_topic),
       ARRAY(copartition_groups, streams_group_copartition),
       UNKNOWN_TAGS(unknown_tags));

SCHEMA(streams_group_topology_value,
       I32(epoch),
       ARRAY(subtopologies, streams_group_subtopology),
       UNKNOWN_TAGS(unknown_tags));

COORDINATOR_KEY(streams_group_metadata, "StreamsGroupMetadataKey", group_key, 17);
COORDINATOR_VALUE(streams_group_metadata, "StreamsGroupMetadataValue", 17);
COORDINATOR_KEY(streams_group_member_metadata, "StreamsGroupMemberMetadataKey", group_member_key, 19);
COORDINATOR_VALUE(streams_group_member_metadata, "StreamsGroupMemberMetadataValue", 19);
COORDINATOR_KEY(streams_group_target_assignment_metadata, "StreamsGroupTargetAssignmentMetadataKey",
                group_key, 20);
COORDINATOR_VALUE(streams_group_target_assignment_metadata, "StreamsGroupTargetAssignmentMetadataValue", 20);
COORDINATOR_KEY(streams_group_target_assignment_member, "StreamsGroupTargetAssignmentMemberKey",
                group_member_key, 21);
COORDINATOR_VALUE(streams_group_target_assignment_member, "StreamsGroupTargetAssignmentMemberValue", 21);
COORDINATOR_KEY(streams_group_current_member_assignment, "StreamsGroupCurrentMemberAssignmentKey",
                group_member_key, 22);
COORDINATOR_VALUE(streams_group_current_member_assignment, "StreamsGroupCurrentMemberAssignmentValue", 22);
COORDINATOR_KEY(streams_group_topology, "StreamsGroupTopologyKey", group_key, 23);
COORDINATOR_VALUE(streams_group_topology, "StreamsGroupTopologyValue", 23);
