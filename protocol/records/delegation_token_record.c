/*
 * DelegationTokenRecord and RemoveDelegationTokenRecord: v0. Version notes:
 * v0  is the first; from metadata.version 14 on
 */
#include "protocol/records/delegation_token_record.h"

SCHEMA(delegation_token_record,
       STRING(owner),
       STRING(requester),
       STRINGS(renewers),
       I64(issue_timestamp),
       I64(max_timestamp),
       I64(expiration_timestamp),
       STRING(token_id),
       UNKNOWN_TAGS(unknown_tags));

const struct message delegation_token_record_message = {
    .name = "DelegationTokenRecord",
    .schema = delegation_token_record_schema,
    .key = 10,
    .min_version = 0,
    .max_version = 0,
    .flexible_since = 0,
};

SCHEMA(remove_delegation_token_record,
       STRING(token_id),
       UNKNOWN_TAGS(unknown_tags));

const struct message remove_delegation_token_record_message = {
    .name = "RemoveDelegationTokenRecord",
    .schema = remove_delegation_token_record_schema,
    .key = 26,
    .min_version = 0,
    .max_version = 0,
    .flexible_since = 0,
};
