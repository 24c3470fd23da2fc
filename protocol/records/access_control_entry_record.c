/*
 * AccessControlEntryRecord and RemoveAccessControlEntryRecord: v0. Version notes:
 * v0  is the first (KIP-801)
 */
#include "protocol/records/access_control_entry_record.h"

SCHEMA(access_control_entry_record,
       UUID(id),
       I8(resource_type),
       STRING(resource_name),
       I8(pattern_type),
       STRING(principal),
       STRING(host),
       I8(operation),
       I8(permission_type),
       UNKNOWN_TAGS(unknown_tags));

const struct message access_control_entry_record_message = {
    .name = "AccessControlEntryRecord",
    .schema = access_control_entry_record_schema,
    .key = 18,
    .min_version = 0,
    .max_version = 0,
    .flexible_since = 0,
};

SCHEMA(remove_access_control_entry_record,
       UUID(id),
       UNKNOWN_TAGS(unknown_tags));

const struct message remove_access_control_entry_record_message = {
    .name = "RemoveAccessControlEntryRecord",
    .schema = remove_access_control_entry_record_schema,
    .key = 19,
    .min_version = 0,
    .max_version = 0,
    .flexible_since = 0,
};
