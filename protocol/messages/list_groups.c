/*
 * ListGroups: v0-5. Version notes:
 * v1  answers with throttleTimeMs
 * v2  is as v1
 * v3  is flexible
 * v4  adds statesFilter, answers with groupState (KIP-518)
 * v5  adds typesFilter, answers with groupType (KIP-848)
 */
#include "protocol/messages/list_groups.h"

SCHEMA(list_groups_request,
       STRINGS(states_filter, SINCE(4)),
       STRINGS(types_filter, SINCE(5)));

const struct message list_groups_request_message = {
    .name = "ListGroupsRequest",
    .schema = list_groups_request_schema,
    .key = 16,
    .min_version = 0,
    .max_version = 5,
    .flexible_since = 3,
};

SCHEMA(list_groups_response_group,
       STRING(group_id),
       STRING(protocol_type),
       STRING(group_state, SINCE(4)),
       STRING(group_type, SINCE(5)));

SCHEMA(list_groups_response,
       I32(throttle_time_ms, SINCE(1)),
       I16(error_code),
       ARRAY(groups, list_groups_response_group));

const struct message list_groups_response_message = {
    .name = "ListGroupsResponse",
    .schema = list_groups_response_schema,
    .key = 16,
    .min_version = 0,
    .max_version = 5,
    .flexible_since = 3,
};
