/*
 * UserScramCredentialRecord and RemoveUserScramCredentialRecord: v0. Version notes:
 * v0  is the first (KIP-900); from metadata.version 11 on
 */
#include "protocol/records/user_scram_credential_record.h"

SCHEMA(user_scram_credential_record,
       STRING(name),
       I8(mechanism),
       BYTES(salt),
       BYTES(stored_key),
       BYTES(server_key),
       I32(iterations),
       UNKNOWN_TAGS(unknown_tags));

const struct message user_scram_credential_record_message = {
    .name = "UserScramCredentialRecord",
    .schema = user_scram_credential_record_schema,
    .key = 11,
    .min_version = 0,
    .max_version = 0,
    .flexible_since = 0,
};

SCHEMA(remove_user_scram_credential_record,
       STRING(name),
       I8(mechanism),
       UNKNOWN_TAGS(unknown_tags));

const struct message remove_user_scram_credential_record_message = {
    .name = "RemoveUserScramCredentialRecord",
    .schema = remove_user_scram_credential_record_schema,
    .key = 22,
    .min_version = 0,
    .max_version = 0,
    .flexible_since = 0,
};
