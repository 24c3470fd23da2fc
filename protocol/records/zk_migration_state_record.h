/*
 * zk_migration_state_record: how far a cluster has come on its way from ZooKeeper (type 21, v0; KIP-866).
 * Only read, never
 * written.
 */
#ifndef PROTOCOL_RECORDS_ZK_MIGRATION_STATE_RECORD_H
#define PROTOCOL_RECORDS_ZK_MIGRATION_STATE_RECORD_H

#include "protocol/schema/schema.h"

struct zk_migration_state_record {
    int8_t zk_migration_state; /* 0: born without ZooKeeper, 1: before, 2: during, 3: after */
    struct slice unknown_tags;
};

DECLARE_SCHEMA(zk_migration_state_record);

extern const struct message zk_migration_state_record_message;

#endif
