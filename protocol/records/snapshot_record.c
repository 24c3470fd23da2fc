/*
 * SnapshotHeaderRecord and SnapshotFooterRecord: v0. Version notes:
 * v0  is the first (KIP-630)
 */
#include "protocol/records/snapshot_record.h"

SCHEMA(snapshot_header_record,
       I16(version),
       I64(last_contained_log_timestamp),
       UNKNOWN_TAGS(unknown_tags));

const struct message snapshot_header_record_message = {
    .name = "SnapshotHeaderRecord",
    .schema = snapshot_header_record_schema,
    .key = -1,
    .min_version = 0,
    .max_version = 0,
    .flexible_since = 0,
};

SCHEMA(snapshot_footer_record,
       I16(version),
       UNKNOWN_TAGS(unknown_tags));

const struct message snapshot_footer_record_message = {
    .name = "SnapshotFooterRecord",
    .schema = snapshot_footer_record_schema,
    .key = -1,
    .min_version = 0,
    .max_version = 0,
    .flexible_since = 0,
};
