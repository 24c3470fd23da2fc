/*
 * voters_record: the value of the control record that lists the quorum's voters (control type 6; KIP-853).
 */
#ifndef PROTOCOL_RECORDS_VOTERS_RECORD_H
#define PROTOCOL_RECORDS_VOTERS_RECORD_H

#include "protocol/schema/schema.h"

struct voters_endpoint {
    struct slice name; /* the listener's */
    struct slice host;
    uint16_t port;
    struct slice unknown_tags;
};

/* What kraft.version the voter could do. */
struct voters_kraft_version_feature {
    int16_t min_supported_version;
    int16_t max_supported_version;
    struct slice unknown_tags;
};

struct voters_voter {
    int32_t voter_id;
    struct uuid voter_directory_id;
    ARRAY_OF(struct voters_endpoint) endpoints;
    struct voters_kraft_version_feature k_raft_version_feature;
    struct slice unknown_tags;
};

struct voters_record {
    int16_t version; /* this record's version, once more */
    ARRAY_OF(struct voters_voter) voters;
    struct slice unknown_tags;
};

DECLARE_SCHEMA(voters_endpoint);
DECLARE_SCHEMA(voters_kraft_version_feature);
DECLARE_SCHEMA(voters_voter);
DECLARE_SCHEMA(voters_record);

extern const struct message voters_record_message;

#endif
