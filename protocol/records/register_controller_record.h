/*
 * register_controller_record: a controller has come, with a new incarnation (type 27, v0; KIP-919).
 */
#ifndef PROTOCOL_RECORDS_REGISTER_CONTROLLER_RECORD_H
#define PROTOCOL_RECORDS_REGISTER_CONTROLLER_RECORD_H

#include "protocol/schema/schema.h"

struct register_controller_endpoint {
    struct slice name; /* the listener's */
    struct slice host;
    uint16_t port;
    int16_t security_protocol; /* 0: PLAINTEXT, 1: SSL, 2: SASL_PLAINTEXT, 3: SASL_SSL */
    struct slice unknown_tags;
};

struct register_controller_feature {
    struct slice name;
    int16_t min_supported_version;
    int16_t max_supported_version;
    struct slice unknown_tags;
};

struct register_controller_record {
    int32_t controller_id;
    struct uuid incarnation_id; /* drawn at every start of the controller */
    bool zk_migration_ready;    /* false today */
    ARRAY_OF(struct register_controller_endpoint) end_points;
    ARRAY_OF(struct register_controller_feature) features;
    struct slice unknown_tags;
};

DECLARE_SCHEMA(register_controller_endpoint);
DECLARE_SCHEMA(register_controller_feature);
DECLARE_SCHEMA(register_controller_record);

extern const struct message register_controller_record_message;

#endif
