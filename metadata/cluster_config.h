/*
 * cluster_config: the broker's settings metadata.*, resolved: how the cluster log is rolled, what stands
 * for it, what is let go. Constant once filled.
 */
#ifndef METADATA_CLUSTER_CONFIG_H
#define METADATA_CLUSTER_CONFIG_H

#include <stdint.h>

struct cluster_config {
    int64_t max_idle_interval_ms; /* between records of a leader; 0: it may be silent for ever */
    int64_t max_record_bytes_between_snapshots;
    int64_t max_snapshot_interval_ms; /* 0: not by time */
    int64_t segment_bytes;
    int64_t segment_ms;
    int64_t max_retention_bytes; /* of the log and its snapshots; negative: no limit */
    int64_t max_retention_ms;    /* of a snapshot by its last record's time; negative: no limit */
};

extern const struct cluster_config cluster_config_defaults; /* Apache Kafka's */

#endif
