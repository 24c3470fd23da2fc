/*
 * describe_configs: the configs of topics, brokers and others (key 32, v1-4; KIP-133).
 */
#ifndef PROTOCOL_MESSAGES_DESCRIBE_CONFIGS_H
#define PROTOCOL_MESSAGES_DESCRIBE_CONFIGS_H

#include "protocol/schema/schema.h"

struct describe_configs_resource {
    /* 2 topic, 4 broker, 8 broker logger, 16 client metrics, 32 group */
    int8_t resource_type;
    struct slice resource_name;                /* a broker's id; empty: the default of all brokers */
    ARRAY_OF(struct slice) configuration_keys; /* null: all */
};

struct describe_configs_request {
    ARRAY_OF(struct describe_configs_resource) resources;
    bool include_synonyms;
    bool include_documentation;
};

/* The same thing said elsewhere: what the value would be without the entry before it. */
struct describe_configs_response_synonym {
    struct slice name;
    struct slice value;
    int8_t source; /* as config_source */
};

struct describe_configs_response_config {
    struct slice name;
    struct slice value; /* null: none, or sensitive */
    bool read_only;
    /* 1 topic, 2 dynamic broker, 3 dynamic default of brokers, 4 static broker, 5 default, 6 dynamic
     * broker logger, 7 client metrics, 8 group */
    int8_t config_source;
    bool is_sensitive;
    ARRAY_OF(struct describe_configs_response_synonym) synonyms;
    /* 0 unknown, 1 boolean, 2 string, 3 int, 4 short, 5 long, 6 double, 7 list, 8 class, 9 password */
    int8_t config_type;
    struct slice documentation;
};

struct describe_configs_response_resource {
    int16_t error_code; /* enum kerr */
    struct slice error_message;
    int8_t resource_type;
    struct slice resource_name;
    ARRAY_OF(struct describe_configs_response_config) configs;
};

struct describe_configs_response {
    int32_t throttle_time_ms;
    ARRAY_OF(struct describe_configs_response_resource) results;
};

DECLARE_SCHEMA(describe_configs_resource);
DECLARE_SCHEMA(describe_configs_request);
DECLARE_SCHEMA(describe_configs_response_synonym);
DECLARE_SCHEMA(describe_configs_response_config);
DECLARE_SCHEMA(describe_configs_response_resource);
DECLARE_SCHEMA(describe_configs_response);

extern const struct message describe_configs_request_message, describe_configs_response_message;

#endif
