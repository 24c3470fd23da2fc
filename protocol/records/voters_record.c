/*
 * VotersRecord: v0. Version notes:
 * v0  is the first (KIP-853)
 */
#include "protocol/records/voters_record.h"

SCHEMA(voters_endpoint,
       STRING(name),
       STRING(host),
       U16(port),
       UNKNOWN_TAGS(unknown_tags));

SCHEMA(voters_kraft_version_feature,
       I16(min_supported_version),
       I16(max_supported_version),
       UNKNOWN_TAGS(unknown_tags));

SCHEMA(voters_voter,
       I32(voter_id),
       UUID(voter_directory_id),
       ARRAY(endpoints, voters_endpoint),
       STRUCT(k_raft_version_feature, voters_kraft_version_feature),
       UNKNOWN_TAGS(unknown_tags));

SCHEMA(voters_record,
       I16(version),
       ARRAY(voters, voters_voter),
       UNKNOWN_TAGS(unknown_tags));

const struct message voters_record_message = {
    .name = "VotersRecord",
    .schema = voters_record_schema,
    .key = -1,
    .min_version = 0,
    .max_version = 0,
    .flexible_since = 0,
};
