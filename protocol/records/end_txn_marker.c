/*
 * EndTxnMarker: v0. Version notes:
 * v0  is the first (KIP-98). On disk an int16 version stands before it.
 */
#include "protocol/records/end_txn_marker.h"

SCHEMA(end_txn_marker,
       I32(coordinator_epoch));

const struct message end_txn_marker_message = {
    .name = "EndTxnMarker",
    .schema = end_txn_marker_schema,
    .key = -1,
    .min_version = 0,
    .max_version = 0,
    .flexible_since = NEVER_FLEXIBLE,
};
