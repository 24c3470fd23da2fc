/*
 * topic_record: a topic, and its end (types 2 and 9, v0). Its partitions follow as partition records.
 */
#ifndef PROTOCOL_RECORDS_TOPIC_RECORD_H
#define PROTOCOL_RECORDS_TOPIC_RECORD_H

#include "protocol/schema/schema.h"

struct topic_record {
    struct slice name;
    struct uuid topic_id;
    struct slice unknown_tags;
};

/* Removes its partitions and its configs as well. */
struct remove_topic_record {
    struct uuid topic_id;
    struct slice unknown_tags;
};

DECLARE_SCHEMA(topic_record);
DECLARE_SCHEMA(remove_topic_record);

extern const struct message topic_record_message, remove_topic_record_message;

#endif
