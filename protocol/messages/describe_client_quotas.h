/*
 * describe_client_quotas: the quotas of users, client ids and addresses (key 48, v0-1; KIP-546).
 */
#ifndef PROTOCOL_MESSAGES_DESCRIBE_CLIENT_QUOTAS_H
#define PROTOCOL_MESSAGES_DESCRIBE_CLIENT_QUOTAS_H

#include "protocol/schema/schema.h"

struct describe_client_quotas_component {
    struct slice entity_type; /* user, client-id or ip */
    int8_t match_type;        /* 0: this name, 1: the default, 2: any name or the default */
    struct slice match;       /* the name; null unless match_type is 0 */
};

struct describe_client_quotas_request {
    ARRAY_OF(struct describe_client_quotas_component) components;
    bool strict; /* entities that have these types and no others */
};

struct describe_client_quotas_response_entity {
    struct slice entity_type;
    struct slice entity_name; /* null: the default */
};

struct describe_client_quotas_response_value {
    struct slice key;
    double value;
};

struct describe_client_quotas_response_entry {
    ARRAY_OF(struct describe_client_quotas_response_entity) entity; /* all of these together */
    ARRAY_OF(struct describe_client_quotas_response_value) values;
};

struct describe_client_quotas_response {
    int32_t throttle_time_ms;
    int16_t error_code; /* enum kerr */
    struct slice error_message;
    ARRAY_OF(struct describe_client_quotas_response_entry) entries; /* null: an error */
};

DECLARE_SCHEMA(describe_client_quotas_component);
DECLARE_SCHEMA(describe_client_quotas_request);
DECLARE_SCHEMA(describe_client_quotas_response_entity);
DECLARE_SCHEMA(describe_client_quotas_response_value);
DECLARE_SCHEMA(describe_client_quotas_response_entry);
DECLARE_SCHEMA(describe_client_quotas_response);

extern const struct message describe_client_quotas_request_message, describe_client_quotas_response_message;

#endif
