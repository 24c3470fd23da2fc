/*
 * config_record: one config of a topic, broker or other resource (type 4, v0).
 */
#ifndef PROTOCOL_RECORDS_CONFIG_RECORD_H
#define PROTOCOL_RECORDS_CONFIG_RECORD_H

#include "protocol/schema/schema.h"

struct config_record {
    int8_t resource_type;       /* 2: topic, 4: broker, 16: client metrics, 32: group */
    struct slice resource_name; /* a broker's id; empty: the default of all brokers */
    struct slice name;
    struct slice value; /* null: deleted */
    struct slice unknown_tags;
};

DECLARE_SCHEMA(config_record);

extern const struct message config_record_message;

#endif
