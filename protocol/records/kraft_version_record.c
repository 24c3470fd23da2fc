/*
 * KRaftVersionRecord: v0. Version notes:
 * v0  is the first (KIP-853)
 */
#include "protocol/records/kraft_version_record.h"

SCHEMA(kraft_version_record,
       I16(version),
       I16(k_raft_version),
       UNKNOWN_TAGS(unknown_tags));

const struct message kraft_version_record_message = {
    .name = "KRaftVersionRecord",
    .schema = kraft_version_record_schema,
    .key = -1,
    .min_version = 0,
    .max_version = 0,
    .flexible_since = 0,
};
