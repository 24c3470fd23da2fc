/*
 * access_control_entry_record: one ACL, and its end (types 18 and 19, v0; KIP-801).
 */
#ifndef PROTOCOL_RECORDS_ACCESS_CONTROL_ENTRY_RECORD_H
#define PROTOCOL_RECORDS_ACCESS_CONTROL_ENTRY_RECORD_H

#include "protocol/schema/schema.h"

struct access_control_entry_record {
    struct uuid id; /* drawn when it was made; removed by it */
    /* 2: topic, 3: group, 4: cluster, 5: transactional id, 6: delegation token, 7: user */
    int8_t resource_type;
    struct slice resource_name;
    int8_t pattern_type;    /* 3: literal, 4: prefixed */
    struct slice principal; /* "User:name" */
    struct slice host;      /* an address, or * */
    int8_t operation;       /* Kafka's AclOperation: 2: all, 3: read, 4: write, ... */
    int8_t permission_type; /* 2: deny, 3: allow */
    struct slice unknown_tags;
};

struct remove_access_control_entry_record {
    struct uuid id;
    struct slice unknown_tags;
};

DECLARE_SCHEMA(access_control_entry_record);
DECLARE_SCHEMA(remove_access_control_entry_record);

extern const struct message access_control_entry_record_message, remove_access_control_entry_record_message;

#endif
