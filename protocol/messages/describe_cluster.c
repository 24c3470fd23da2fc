/*
 * DescribeCluster: v0-2. Version notes:
 * v0  is flexible (KIP-700)
 * v1  adds endpointType, so that controllers can be asked too (KIP-919)
 * v2  adds fenced brokers (KIP-1073)
 */
#include "protocol/messages/describe_cluster.h"

SCHEMA(describe_cluster_request,
       BOOL(include_cluster_authorized_operations),
       I8(endpoint_type, SINCE(1), DEFAULT(1)),
       BOOL(include_fenced_brokers, SINCE(2)));

const struct message describe_cluster_request_message = {
    .name = "DescribeClusterRequest",
    .schema = describe_cluster_request_schema,
    .key = 60,
    .min_version = 0,
    .max_version = 2,
    .flexible_since = 0,
};

SCHEMA(describe_cluster_response_broker,
       I32(broker_id),
       STRING(host),
       I32(port),
       STRING(rack, NULLABLE(0), DEFAULT_NULL),
       BOOL(is_fenced, SINCE(2)));

SCHEMA(describe_cluster_response,
       I32(throttle_time_ms),
       I16(error_code),
       STRING(error_message, NULLABLE(0), DEFAULT_NULL),
       I8(endpoint_type, SINCE(1), DEFAULT(1)),
       STRING(cluster_id),
       I32(controller_id, DEFAULT(-1)),
       ARRAY(brokers, describe_cluster_response_broker),
       I32(cluster_authorized_operations, DEFAULT(INT32_MIN)));

const struct message describe_cluster_response_message = {
    .name = "DescribeClusterResponse",
    .schema = describe_cluster_response_schema,
    .key = 60,
    .min_version = 0,
    .max_version = 2,
    .flexible_since = 0,
};
