/*
 * consumer_protocol: what consumers say to each other through a classic group: subscriptions in JoinGroup's
 * metadata, assignments in SyncGroup's. An int16 version stands before each. A broker reads them where it
 * must know who reads what: offsets of subscribed topics, groups on their way to the consumer protocol.
 */
#ifndef PROTOCOL_CONSUMER_PROTOCOL_H
#define PROTOCOL_CONSUMER_PROTOCOL_H

#include "protocol/schema/schema.h"

struct consumer_protocol_topic {
    struct slice topic;
    ARRAY_OF(int32_t) partitions;
};

struct consumer_protocol_subscription {
    ARRAY_OF(struct slice) topics;
    struct slice user_data; /* the assignor's; null: none */
    ARRAY_OF(struct consumer_protocol_topic) owned_partitions;
    int32_t generation_id; /* in which they were owned; -1: not known */
    struct slice rack_id;  /* null: not known */
};

struct consumer_protocol_assignment {
    ARRAY_OF(struct consumer_protocol_topic) assigned_partitions;
    struct slice user_data; /* the assignor's; null: none */
};

DECLARE_SCHEMA(consumer_protocol_topic);
DECLARE_SCHEMA(consumer_protocol_subscription);
DECLARE_SCHEMA(consumer_protocol_assignment);

extern const struct message consumer_protocol_subscription_message, consumer_protocol_assignment_message;

/* Reads either message out of what a client sent, version included; gives the version, or -1 where the bytes
 * are no such thing. A version newer than all that we know is read as the newest: each begins like the one
 * before it. Strings borrow from the bytes, arrays live in the arena. */
int consumer_protocol_read(const struct message *message, struct slice bytes, struct arena *arena, void *to);

#endif
