/*
 * messages: the list of all tables, out of apis.def and records.def. What is in no list here is tested by
 * nobody.
 */
#include "protocol/messages.h"

#include <string.h>

#include "protocol/consumer_protocol.h"
#include "protocol/header.h"
#include "protocol/messages/add_raft_voter.h"
#include "protocol/messages/alter_client_quotas.h"
#include "protocol/messages/alter_configs.h"
#include "protocol/messages/alter_partition_reassignments.h"
#include "protocol/messages/alter_replica_log_dirs.h"
#include "protocol/messages/alter_user_scram_credentials.h"
#include "protocol/messages/api_versions.h"
#include "protocol/messages/consumer_group_describe.h"
#include "protocol/messages/consumer_group_heartbeat.h"
#include "protocol/messages/create_acls.h"
#include "protocol/messages/create_delegation_token.h"
#include "protocol/messages/create_partitions.h"
#include "protocol/messages/create_topics.h"
#include "protocol/messages/delete_acls.h"
#include "protocol/messages/delete_groups.h"
#include "protocol/messages/delete_records.h"
#include "protocol/messages/delete_topics.h"
#include "protocol/messages/describe_acls.h"
#include "protocol/messages/describe_client_quotas.h"
#include "protocol/messages/describe_cluster.h"
#include "protocol/messages/describe_configs.h"
#include "protocol/messages/describe_delegation_token.h"
#include "protocol/messages/describe_groups.h"
#include "protocol/messages/describe_log_dirs.h"
#include "protocol/messages/describe_producers.h"
#include "protocol/messages/describe_quorum.h"
#include "protocol/messages/describe_topic_partitions.h"
#include "protocol/messages/describe_user_scram_credentials.h"
#include "protocol/messages/elect_leaders.h"
#include "protocol/messages/expire_delegation_token.h"
#include "protocol/messages/fetch.h"
#include "protocol/messages/find_coordinator.h"
#include "protocol/messages/get_telemetry_subscriptions.h"
#include "protocol/messages/heartbeat.h"
#include "protocol/messages/incremental_alter_configs.h"
#include "protocol/messages/init_producer_id.h"
#include "protocol/messages/join_group.h"
#include "protocol/messages/leave_group.h"
#include "protocol/messages/list_config_resources.h"
#include "protocol/messages/list_groups.h"
#include "protocol/messages/list_offsets.h"
#include "protocol/messages/list_partition_reassignments.h"
#include "protocol/messages/metadata.h"
#include "protocol/messages/offset_commit.h"
#include "protocol/messages/offset_delete.h"
#include "protocol/messages/offset_fetch.h"
#include "protocol/messages/offset_for_leader_epoch.h"
#include "protocol/messages/produce.h"
#include "protocol/messages/push_telemetry.h"
#include "protocol/messages/remove_raft_voter.h"
#include "protocol/messages/renew_delegation_token.h"
#include "protocol/messages/sync_group.h"
#include "protocol/messages/unregister_broker.h"
#include "protocol/messages/update_features.h"
#include "protocol/records/access_control_entry_record.h"
#include "protocol/records/broker_registration_change_record.h"
#include "protocol/records/clear_elr_record.h"
#include "protocol/records/client_quota_record.h"
#include "protocol/records/config_record.h"
#include "protocol/records/consumer_group_record.h"
#include "protocol/records/delegation_token_record.h"
#include "protocol/records/end_txn_marker.h"
#include "protocol/records/feature_level_record.h"
#include "protocol/records/fence_broker_record.h"
#include "protocol/records/group_metadata_record.h"
#include "protocol/records/kraft_version_record.h"
#include "protocol/records/leader_change.h"
#include "protocol/records/metadata_transaction_record.h"
#include "protocol/records/no_op_record.h"
#include "protocol/records/offset_commit_record.h"
#include "protocol/records/partition_change_record.h"
#include "protocol/records/partition_record.h"
#include "protocol/records/producer_ids_record.h"
#include "protocol/records/register_broker_record.h"
#include "protocol/records/register_controller_record.h"
#include "protocol/records/share_group_record.h"
#include "protocol/records/share_state_record.h"
#include "protocol/records/snapshot_record.h"
#include "protocol/records/streams_group_record.h"
#include "protocol/records/topic_record.h"
#include "protocol/records/transaction_log_record.h"
#include "protocol/records/unregister_broker_record.h"
#include "protocol/records/user_scram_credential_record.h"
#include "protocol/records/voters_record.h"
#include "protocol/records/zk_migration_state_record.h"

const struct message *const all_messages[] = {
    &request_header_message,
    &response_header_message,
    &consumer_protocol_subscription_message,
    &consumer_protocol_assignment_message,
#define API(key, name, snake_name, min, max) &snake_name##_request_message, &snake_name##_response_message,
#define KNOWN_API(key, name, min, max)
#include "protocol/apis.def"
#undef API
#undef KNOWN_API
#define METADATA_RECORD(name)                 &name##_message,
#define CONTROL_RECORD(name)                  &name##_message,
#define COORDINATOR_RECORD(coordinator, name) &name##_key_message, &name##_value_message,
#include "protocol/records/records.def"
#undef METADATA_RECORD
#undef CONTROL_RECORD
#undef COORDINATOR_RECORD
};

const size_t all_messages_count = sizeof all_messages / sizeof all_messages[0];

const struct message *find_message(const char *name)
{
    for (size_t i = 0; i < all_messages_count; i++)
        if (strcmp(all_messages[i]->name, name) == 0)
            return all_messages[i];
    return NULL;
}
