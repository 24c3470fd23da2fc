/*
 * clear_elr_record: forgets eligible leader replicas, of one topic or all (type 28, v0; KIP-966).
 */
#ifndef PROTOCOL_RECORDS_CLEAR_ELR_RECORD_H
#define PROTOCOL_RECORDS_CLEAR_ELR_RECORD_H

#include "protocol/schema/schema.h"

struct clear_elr_record {
    struct slice topic_name; /* empty: all topics */
    struct slice unknown_tags;
};

DECLARE_SCHEMA(clear_elr_record);

extern const struct message clear_elr_record_message;

#endif
