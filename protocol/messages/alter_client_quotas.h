/*
 * alter_client_quotas: sets and removes quotas of users, client ids and addresses (key 49, v0-1; KIP-546).
 */
#ifndef PROTOCOL_MESSAGES_ALTER_CLIENT_QUOTAS_H
#define PROTOCOL_MESSAGES_ALTER_CLIENT_QUOTAS_H

#include "protocol/schema/schema.h"

/* One part of what a quota is for. */
struct alter_client_quotas_entity {
    struct slice entity_type; /* user, client-id or ip */
    struct slice entity_name; /* null: the default */
};

struct alter_client_quotas_op {
    struct slice key;
    double value;
    bool remove; /* value is of no meaning then */
};

struct alter_client_quotas_entry {
    ARRAY_OF(struct alter_client_quotas_entity) entity; /* all of these together */
    ARRAY_OF(struct alter_client_quotas_op) ops;
};

struct alter_client_quotas_request {
    ARRAY_OF(struct alter_client_quotas_entry) entries;
    bool validate_only; /* check, and change nothing */
};

struct alter_client_quotas_response_entry {
    int16_t error_code; /* enum kerr */
    struct slice error_message;
    ARRAY_OF(struct alter_client_quotas_entity) entity;
};

struct alter_client_quotas_response {
    int32_t throttle_time_ms;
    ARRAY_OF(struct alter_client_quotas_response_entry) entries;
};

DECLARE_SCHEMA(alter_client_quotas_entity);
DECLARE_SCHEMA(alter_client_quotas_op);
DECLARE_SCHEMA(alter_client_quotas_entry);
DECLARE_SCHEMA(alter_client_quotas_request);
DECLARE_SCHEMA(alter_client_quotas_response_entry);
DECLARE_SCHEMA(alter_client_quotas_response);

extern const struct message alter_client_quotas_request_message, alter_client_quotas_response_message;

#endif
