/*
 * ElectLeaders: v0-2. Version notes:
 * v0  elects preferred leaders only (KIP-183)
 * v1  has unclean elections too, and an error of the whole request (KIP-460)
 * v2  is flexible (KIP-482)
 */
#include "protocol/messages/elect_leaders.h"

SCHEMA(elect_leaders_topic,
       STRING(topic),
       I32S(partitions));

SCHEMA(elect_leaders_request,
       I8(election_type, SINCE(1)),
       ARRAY(topic_partitions, elect_leaders_topic, NULLABLE(0)),
       I32(timeout_ms, DEFAULT(60000)));

const struct message elect_leaders_request_message = {
    .name = "ElectLeadersRequest",
    .schema = elect_leaders_request_schema,
    .key = 43,
    .min_version = 0,
    .max_version = 2,
    .flexible_since = 2,
};

SCHEMA(elect_leaders_response_partition,
       I32(partition_id),
       I16(error_code),
       STRING(error_message, NULLABLE(0)));

SCHEMA(elect_leaders_response_topic,
       STRING(topic),
       ARRAY(partition_result, elect_leaders_response_partition));

SCHEMA(elect_leaders_response,
       I32(throttle_time_ms),
       I16(error_code, SINCE(1)),
       ARRAY(replica_election_results, elect_leaders_response_topic));

const struct message elect_leaders_response_message = {
    .name = "ElectLeadersResponse",
    .schema = elect_leaders_response_schema,
    .key = 43,
    .min_version = 0,
    .max_version = 2,
    .flexible_since = 2,
};
