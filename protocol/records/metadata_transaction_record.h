/*
 * metadata_transaction_record: the beginning and the end of records that become visible together (types 23
 * to 25, v0; KIP-868).
 * Not to be mixed up with producers' transactions.
 */
#ifndef PROTOCOL_RECORDS_METADATA_TRANSACTION_RECORD_H
#define PROTOCOL_RECORDS_METADATA_TRANSACTION_RECORD_H

#include "protocol/schema/schema.h"

struct begin_transaction_record {
    struct slice name; /* for people */
    struct slice unknown_tags;
};

struct end_transaction_record {
    struct slice unknown_tags;
};

/* What came since the beginning never was. */
struct abort_transaction_record {
    struct slice reason; /* for people */
    struct slice unknown_tags;
};

DECLARE_SCHEMA(begin_transaction_record);
DECLARE_SCHEMA(end_transaction_record);
DECLARE_SCHEMA(abort_transaction_record);

extern const struct message begin_transaction_record_message, end_transaction_record_message,
    abort_transaction_record_message;

#endif
