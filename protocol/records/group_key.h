/*
 * group_key: the keys that most records of __consumer_offsets have: a group, or a group and a member. The
 * record's type stands before them, as an int16. Never flexible.
 */
#ifndef PROTOCOL_RECORDS_GROUP_KEY_H
#define PROTOCOL_RECORDS_GROUP_KEY_H

#include "protocol/schema/schema.h"

struct group_key {
    struct slice group_id;
};

struct group_member_key {
    struct slice group_id;
    struct slice member_id;
};

DECLARE_SCHEMA(group_key);
DECLARE_SCHEMA(group_member_key);

/* A key's message: they all have one version. */
#define COORDINATOR_KEY(tag, name_, schema_, type) \
    const struct message tag##_key_message = {     \
        .name = (name_),                           \
        .schema = schema_##_schema,                \
        .key = (type),                             \
        .flexible_since = NEVER_FLEXIBLE,          \
    }

/* The message of a value that has one version, a flexible one. */
#define COORDINATOR_VALUE(tag, name_, type)      \
    const struct message tag##_value_message = { \
        .name = (name_),                         \
        .schema = tag##_value_schema,            \
        .key = (type),                           \
    }

#endif
