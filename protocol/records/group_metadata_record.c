/*
 * GroupMetadataKey: v0. GroupMetadataValue: v0-4. Version notes:
 * v0  is the first (KIP-62)
 * v1  adds rebalanceTimeout
 * v2  adds currentStateTimestamp (KIP-211)
 * v3  adds groupInstanceId (KIP-345); it is what all releases write
 * v4  is flexible
 */
#include "protocol/records/group_metadata_record.h"

#include "protocol/records/group_key.h"

SCHEMA(group_metadata_key,
       STRING(group));

SCHEMA(group_metadata_member,
       STRING(member_id),
       STRING(group_instance_id, SINCE(3), NULLABLE(3), DEFAULT_NULL),
       STRING(client_id),
       STRING(client_host),
       I32(rebalance_timeout, SINCE(1), DEFAULT(-1)),
       I32(session_timeout),
       BYTES(subscription),
       BYTES(assignment),
       UNKNOWN_TAGS(unknown_tags));

SCHEMA(group_metadata_value,
       STRING(protocol_type),
       I32(generation),
       STRING(protocol, NULLABLE(0)),
       STRING(leader, NULLABLE(0)),
       I64(current_state_timestamp, SINCE(2), DEFAULT(-1)),
       ARRAY(members, group_metadata_member),
       UNKNOWN_TAGS(unknown_tags));

COORDINATOR_KEY(group_metadata, "GroupMetadataKey", group_metadata_key, 2);

const struct message group_metadata_value_message = {
    .name = "GroupMetadataValue",
    .schema = group_metadata_value_schema,
    .key = 2,
    .max_version = 4,
    .flexible_since = 4,
};
