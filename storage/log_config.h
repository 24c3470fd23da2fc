/*
 * log_config: the settings of one partition's log, resolved: topic override, else the broker's, else Kafka's
 * default. metadata/topic_config fills it. A value; copied into the log under the partition's lock when it
 * changes.
 */
#ifndef STORAGE_LOG_CONFIG_H
#define STORAGE_LOG_CONFIG_H

#include "protocol/batch_validate.h" /* COMPRESSION_PRODUCER */

#include <stdbool.h>
#include <stdint.h>

enum timestamp_type { CREATE_TIME, LOG_APPEND_TIME };

struct log_config {
    int64_t segment_bytes; /* segment.bytes, or internal.segment.bytes where set */
    int64_t segment_ms;
    int64_t segment_jitter_ms;
    int64_t segment_index_bytes;
    int64_t index_interval_bytes;
    int64_t flush_messages; /* INT64_MAX: never by count */
    int64_t flush_ms;
    int64_t retention_bytes; /* -1: no limit */
    int64_t retention_ms;    /* -1: no limit */
    int64_t file_delete_delay_ms;
    int64_t delete_retention_ms;
    int64_t min_compaction_lag_ms;
    int64_t max_compaction_lag_ms;
    double min_cleanable_dirty_ratio;
    int64_t message_timestamp_before_max_ms;
    int64_t message_timestamp_after_max_ms;
    int32_t max_message_bytes;
    int32_t min_insync_replicas;
    enum timestamp_type message_timestamp_type;
    int32_t compression_type; /* COMPRESSION_PRODUCER or a codec */
    int32_t compression_gzip_level;
    int32_t compression_lz4_level;
    int32_t compression_zstd_level;
    bool cleanup_delete;  /* cleanup.policy has "delete" */
    bool cleanup_compact; /* ... has "compact" */
    bool preallocate;
    bool unclean_leader_election;

    /* Not topic settings: the broker's, the same for every log. */
    bool sync_acks_all; /* acks=all waits for fdatasync (design decision 8); false once a flush setting is
                           explicit */
    int64_t producer_id_expiration_ms;
};

#endif
