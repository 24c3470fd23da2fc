/*
 * DeleteGroups: v0-2. Version notes:
 * v0  is the first (KIP-229)
 * v1  is as v0
 * v2  is flexible
 */
#include "protocol/messages/delete_groups.h"

SCHEMA(delete_groups_request,
       STRINGS(groups_names));

const struct message delete_groups_request_message = {
    .name = "DeleteGroupsRequest",
    .schema = delete_groups_request_schema,
    .key = 42,
    .min_version = 0,
    .max_version = 2,
    .flexible_since = 2,
};

SCHEMA(delete_groups_response_result,
       STRING(group_id),
       I16(error_code));

SCHEMA(delete_groups_response,
       I32(throttle_time_ms),
       ARRAY(results, delete_groups_response_result));

const struct message delete_groups_response_message = {
    .name = "DeleteGroupsResponse",
    .schema = delete_groups_response_schema,
    .key = 42,
    .min_version = 0,
    .max_version = 2,
    .flexible_since = 2,
};
