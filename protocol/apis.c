/*
 * apis: the rows of apis.def as constants. Invariant: the row of key k is all_apis[k].
 */
#include "protocol/apis.h"

#include <strings.h>

#include "protocol/base/ensure.h"
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

const struct api all_apis[] = {
#define API(key_, name_, snake_name, min, max)      \
    [key_] = {                                      \
        .key = (key_),                              \
        .min_version = (min),                       \
        .max_version = (max),                       \
        .name = #name_,                             \
        .request = &snake_name##_request_message,   \
        .response = &snake_name##_response_message, \
    },
#define KNOWN_API(key_, name_, min, max) \
    [key_] = {.key = (key_), .min_version = (min), .max_version = (max), .name = #name_},
#include "protocol/apis.def"
#undef API
#undef KNOWN_API
};

const size_t all_apis_count = sizeof all_apis / sizeof all_apis[0];

const struct api *find_api(int key)
{
    if (key < 0 || (size_t)key >= all_apis_count)
        return NULL;
    ensure(all_apis[key].key == key && all_apis[key].name != NULL);
    return &all_apis[key];
}

const struct api *find_api_by_name(struct slice name)
{
    for (size_t i = 0; i < all_apis_count; i++) {
        const char *candidate = all_apis[i].name;
        if (strlen(candidate) == name.len && strncasecmp(candidate, (const char *)name.data, name.len) == 0)
            return &all_apis[i];
    }
    return NULL;
}
