/*
 * TopicRecord and RemoveTopicRecord: v0. Version notes:
 * v0  is the first (KIP-631)
 */
#include "protocol/records/topic_record.h"

SCHEMA(topic_record,
       STRING(name),
       UUID(topic_id),
       UNKNOWN_TAGS(unknown_tags));

const struct message topic_record_message = {
    .name = "TopicRecord",
    .schema = topic_record_schema,
    .key = 2,
    .min_version = 0,
    .max_version = 0,
    .flexible_since = 0,
};

SCHEMA(remove_topic_record,
       UUID(topic_id),
       UNKNOWN_TAGS(unknown_tags));

const struct message remove_topic_record_message = {
    .name = "RemoveTopicRecord",
    .schema = remove_topic_record_schema,
    .key = 9,
    .min_version = 0,
    .max_version = 0,
    .flexible_since = 0,
};
