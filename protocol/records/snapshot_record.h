/*
 * snapshot_record: the values of the control records that open and close a snapshot of the cluster log
 * (control types 3 and 4;
 * KIP-630).
 */
#ifndef PROTOCOL_RECORDS_SNAPSHOT_RECORD_H
#define PROTOCOL_RECORDS_SNAPSHOT_RECORD_H

#include "protocol/schema/schema.h"

struct snapshot_header_record {
    int16_t version;                      /* this record's version, once more */
    int64_t last_contained_log_timestamp; /* append time of the last batch that the snapshot stands for, ms */
    struct slice unknown_tags;
};

struct snapshot_footer_record {
    int16_t version; /* this record's version, once more */
    struct slice unknown_tags;
};

DECLARE_SCHEMA(snapshot_header_record);
DECLARE_SCHEMA(snapshot_footer_record);

extern const struct message snapshot_header_record_message, snapshot_footer_record_message;

#endif
