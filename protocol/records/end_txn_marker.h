/*
 * end_txn_marker: the value of the control record that ends a producer's transaction in a partition
 * (control types 0: abort and
 * 1: commit; KIP-98). Never flexible.
 */
#ifndef PROTOCOL_RECORDS_END_TXN_MARKER_H
#define PROTOCOL_RECORDS_END_TXN_MARKER_H

#include "protocol/schema/schema.h"

struct end_txn_marker {
    int32_t coordinator_epoch; /* of the transaction coordinator; an older one than the last is refused */
};

DECLARE_SCHEMA(end_txn_marker);

extern const struct message end_txn_marker_message;

#endif
