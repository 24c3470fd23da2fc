/*
 * feature_level_record: the level at which the cluster runs a feature (type 12, v0; KIP-584). The first
 * record of a cluster is
 * the one of metadata.version.
 */
#ifndef PROTOCOL_RECORDS_FEATURE_LEVEL_RECORD_H
#define PROTOCOL_RECORDS_FEATURE_LEVEL_RECORD_H

#include "protocol/schema/schema.h"

struct feature_level_record {
    struct slice name;
    int16_t feature_level; /* 0: the feature is off */
    struct slice unknown_tags;
};

DECLARE_SCHEMA(feature_level_record);

extern const struct message feature_level_record_message;

#endif
