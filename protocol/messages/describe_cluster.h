/*
 * describe_cluster: the cluster's id, brokers and controller (key 60, v0-2; KIP-700).
 */
#ifndef PROTOCOL_MESSAGES_DESCRIBE_CLUSTER_H
#define PROTOCOL_MESSAGES_DESCRIBE_CLUSTER_H

#include "protocol/schema/schema.h"

struct describe_cluster_request {
    bool include_cluster_authorized_operations;
    int8_t endpoint_type; /* 1: brokers, 2: controllers */
    bool include_fenced_brokers;
};

struct describe_cluster_response_broker {
    int32_t broker_id;
    struct slice host;
    int32_t port;
    struct slice rack; /* null: not known */
    bool is_fenced;
};

struct describe_cluster_response {
    int32_t throttle_time_ms;
    int16_t error_code; /* enum kerr */
    struct slice error_message;
    int8_t endpoint_type; /* what `brokers` are: 1: brokers, 2: controllers */
    struct slice cluster_id;
    int32_t controller_id; /* -1: not known */
    ARRAY_OF(struct describe_cluster_response_broker) brokers;
    int32_t cluster_authorized_operations; /* bit n: may do operation n; INT32_MIN: not asked for */
};

DECLARE_SCHEMA(describe_cluster_request);
DECLARE_SCHEMA(describe_cluster_response_broker);
DECLARE_SCHEMA(describe_cluster_response);

extern const struct message describe_cluster_request_message, describe_cluster_response_message;

#endif
