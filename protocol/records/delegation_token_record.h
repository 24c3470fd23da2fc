/*
 * delegation_token_record: a delegation token, and its end (types 10 and 26, v0; KIP-48).
 */
#ifndef PROTOCOL_RECORDS_DELEGATION_TOKEN_RECORD_H
#define PROTOCOL_RECORDS_DELEGATION_TOKEN_RECORD_H

#include "protocol/schema/schema.h"

struct delegation_token_record {
    struct slice owner;              /* a principal: "User:name" */
    struct slice requester;          /* likewise */
    ARRAY_OF(struct slice) renewers; /* likewise */
    int64_t issue_timestamp;         /* ms */
    int64_t max_timestamp;           /* ms; nothing prolongs it beyond */
    int64_t expiration_timestamp;    /* ms */
    struct slice token_id;
    struct slice unknown_tags;
};

struct remove_delegation_token_record {
    struct slice token_id;
    struct slice unknown_tags;
};

DECLARE_SCHEMA(delegation_token_record);
DECLARE_SCHEMA(remove_delegation_token_record);

extern const struct message delegation_token_record_message, remove_delegation_token_record_message;

#endif
