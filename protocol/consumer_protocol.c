/*
 * ConsumerProtocolSubscription, ConsumerProtocolAssignment: v0-3. Version notes:
 * v1  of the subscription adds ownedPartitions (KIP-429)
 * v2  of the subscription adds generationId (KIP-792)
 * v3  of the subscription adds rackId (KIP-881); the assignment is the same in all versions
 *
 * Pure; called by the group coordinator.
 */
#include "protocol/consumer_protocol.h"

SCHEMA(consumer_protocol_topic,
       STRING(topic),
       I32S(partitions));

SCHEMA(consumer_protocol_subscription,
       STRINGS(topics),
       BYTES(user_data, NULLABLE(0), DEFAULT_NULL),
       ARRAY(owned_partitions, consumer_protocol_topic, SINCE(1)),
       I32(generation_id, SINCE(2), DEFAULT(-1)),
       STRING(rack_id, SINCE(3), NULLABLE(3), DEFAULT_NULL));

const struct message consumer_protocol_subscription_message = {
    .name = "ConsumerProtocolSubscription",
    .schema = consumer_protocol_subscription_schema,
    .key = -1,
    .min_version = 0,
    .max_version = 3,
    .flexible_since = NEVER_FLEXIBLE,
};

SCHEMA(consumer_protocol_assignment,
       ARRAY(assigned_partitions, consumer_protocol_topic),
       BYTES(user_data, NULLABLE(0), DEFAULT_NULL));

const struct message consumer_protocol_assignment_message = {
    .name = "ConsumerProtocolAssignment",
    .schema = consumer_protocol_assignment_schema,
    .key = -1,
    .min_version = 0,
    .max_version = 3,
    .flexible_since = NEVER_FLEXIBLE,
};

int consumer_protocol_read(const struct message *message, struct slice bytes, struct arena *arena, void *to)
{
    struct reader reader;
    reader_init(&reader, bytes, arena);
    int version = read_i16(&reader);
    if (reader.failed || version < 0)
        return -1;
    if (version > message->max_version)
        version = message->max_version;
    return message_read(message, version, &reader, to) ? version : -1;
}
