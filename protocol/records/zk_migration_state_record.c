/*
 * ZkMigrationStateRecord: v0. Version notes:
 * v0  is the first (KIP-866)
 */
#include "protocol/records/zk_migration_state_record.h"

SCHEMA(zk_migration_state_record,
       I8(zk_migration_state),
       UNKNOWN_TAGS(unknown_tags));

const struct message zk_migration_state_record_message = {
    .name = "ZkMigrationStateRecord",
    .schema = zk_migration_state_record_schema,
    .key = 21,
    .min_version = 0,
    .max_version = 0,
    .flexible_since = 0,
};
