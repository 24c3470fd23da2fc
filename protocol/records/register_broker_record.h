/*
 * register_broker_record: a broker has come, with a new incarnation (type 0, v0-4).
 */
#ifndef PROTOCOL_RECORDS_REGISTER_BROKER_RECORD_H
#define PROTOCOL_RECORDS_REGISTER_BROKER_RECORD_H

#include "protocol/schema/schema.h"

struct register_broker_endpoint {
    struct slice name; /* the listener's */
    struct slice host;
    uint16_t port;
    int16_t security_protocol; /* 0: PLAINTEXT, 1: SSL, 2: SASL_PLAINTEXT, 3: SASL_SSL */
    struct slice unknown_tags;
};

struct register_broker_feature {
    struct slice name;
    int16_t min_supported_version;
    int16_t max_supported_version;
    struct slice unknown_tags;
};

struct register_broker_record {
    int32_t broker_id;
    bool is_migrating_zk_broker; /* false today */
    struct uuid incarnation_id;  /* drawn at every start of the broker */
    int64_t broker_epoch;        /* the offset of this record in the cluster log */
    ARRAY_OF(struct register_broker_endpoint) end_points;
    ARRAY_OF(struct register_broker_feature) features;
    struct slice rack; /* null: not known */
    bool fenced;       /* it may lead nothing yet */
    bool in_controlled_shutdown;
    ARRAY_OF(struct uuid) log_dirs;          /* ids of its log directories that work */
    ARRAY_OF(struct uuid) cordoned_log_dirs; /* ids of those that take no new replicas; null: not told */
    struct slice unknown_tags;               /* tagged fields of later releases, kept */
};

DECLARE_SCHEMA(register_broker_endpoint);
DECLARE_SCHEMA(register_broker_feature);
DECLARE_SCHEMA(register_broker_record);

extern const struct message register_broker_record_message;

#endif
