/*
 * handlers: what server/dispatch.c calls, one per API. Each is defined in server/api/<api>.c; see
 * server/call.h for what a handler may and must do.
 */
#ifndef SERVER_API_HANDLERS_H
#define SERVER_API_HANDLERS_H

#include "server/call.h"

handler_fn handle_add_raft_voter;
handler_fn handle_alter_client_quotas;
handler_fn handle_alter_configs;
handler_fn handle_alter_partition_reassignments;
handler_fn handle_alter_replica_log_dirs;
handler_fn handle_alter_user_scram_credentials;
handler_fn handle_api_versions;
handler_fn handle_consumer_group_describe;
handler_fn handle_consumer_group_heartbeat;
handler_fn handle_create_acls;
handler_fn handle_create_delegation_token;
handler_fn handle_create_partitions;
handler_fn handle_create_topics;
handler_fn handle_delete_acls;
handler_fn handle_delete_groups;
handler_fn handle_delete_records;
handler_fn handle_delete_topics;
handler_fn handle_describe_acls;
handler_fn handle_describe_client_quotas;
handler_fn handle_describe_cluster;
handler_fn handle_describe_configs;
handler_fn handle_describe_controllers;
handler_fn handle_describe_delegation_token;
handler_fn handle_describe_groups;
handler_fn handle_describe_log_dirs;
handler_fn handle_describe_producers;
handler_fn handle_describe_quorum;
handler_fn handle_describe_topic_partitions;
handler_fn handle_describe_user_scram_credentials;
handler_fn handle_elect_leaders;
handler_fn handle_expire_delegation_token;
handler_fn handle_fetch;
handler_fn handle_find_coordinator;
handler_fn handle_get_telemetry_subscriptions;
handler_fn handle_heartbeat;
handler_fn handle_incremental_alter_configs;
handler_fn handle_init_producer_id;
handler_fn handle_join_group;
handler_fn handle_leave_group;
handler_fn handle_list_config_resources;
handler_fn handle_list_groups;
handler_fn handle_list_offsets;
handler_fn handle_list_partition_reassignments;
handler_fn handle_metadata;
handler_fn handle_offset_delete;
handler_fn handle_offset_fetch;
handler_fn handle_offset_for_leader_epoch;
handler_fn handle_push_telemetry;
handler_fn handle_remove_raft_voter;
handler_fn handle_renew_delegation_token;
handler_fn handle_sync_group;
handler_fn handle_unregister_broker;
handler_fn handle_update_features;

/* Acts of two steps (server/run.h): one that begins what the requests of a run share, and one that fills the
 * answer once that is done. Every call that has begun is finished. */
handler_fn offset_commit_begin;
handler_fn offset_commit_finish;
handler_fn produce_begin;
handler_fn produce_finish;

#endif
