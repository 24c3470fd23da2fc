/*
 * client_quota_record: one quota of users, client ids or addresses (type 14, v0).
 */
#ifndef PROTOCOL_RECORDS_CLIENT_QUOTA_RECORD_H
#define PROTOCOL_RECORDS_CLIENT_QUOTA_RECORD_H

#include "protocol/schema/schema.h"

struct client_quota_entity {
    struct slice entity_type; /* user, client-id or ip */
    struct slice entity_name; /* null: the default */
    struct slice unknown_tags;
};

struct client_quota_record {
    ARRAY_OF(struct client_quota_entity) entity; /* all of these together */
    struct slice key;                            /* consumer_byte_rate, producer_byte_rate, ... */
    double value;                                /* bytes a second, percent of a thread, ... */
    bool remove;                                 /* it ends; value is of no meaning */
    struct slice unknown_tags;
};

DECLARE_SCHEMA(client_quota_entity);
DECLARE_SCHEMA(client_quota_record);

extern const struct message client_quota_record_message;

#endif
