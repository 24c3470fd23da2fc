/*
 * kraft_version_record: the value of the control record that says how the quorum works (control type 5;
 * KIP-853).
 */
#ifndef PROTOCOL_RECORDS_KRAFT_VERSION_RECORD_H
#define PROTOCOL_RECORDS_KRAFT_VERSION_RECORD_H

#include "protocol/schema/schema.h"

struct kraft_version_record {
    int16_t version;        /* this record's version, once more */
    int16_t k_raft_version; /* 0: the voters are configured, 1: they stand in the log */
    struct slice unknown_tags;
};

DECLARE_SCHEMA(kraft_version_record);

extern const struct message kraft_version_record_message;

#endif
