/*
 * storage_config: the broker's own settings of its logs, the same for every partition: intervals and threads.
 * What differs from topic to topic is in log_config. A value, constant once partitions_new has copied it.
 */
#ifndef STORAGE_STORAGE_CONFIG_H
#define STORAGE_STORAGE_CONFIG_H

#include <stdbool.h>
#include <stdint.h>

/* log.cleaner.* */
struct cleaner_config {
    bool enable;
    int32_t threads;
    int64_t backoff_ms;
    int64_t dedupe_buffer_bytes; /* of all threads, as the next */
    int32_t io_buffer_bytes;
    double io_buffer_load_factor;
    double io_max_bytes_per_second; /* of all threads; DBL_MAX: no limit */
};

struct storage_config {
    int64_t high_watermark_checkpoint_interval_ms; /* replica.high.watermark.checkpoint.interval.ms */
    int64_t recovery_point_checkpoint_interval_ms; /* log.flush.offset.checkpoint.interval.ms */
    int64_t log_start_checkpoint_interval_ms;      /* log.flush.start.offset.checkpoint.interval.ms */
    int64_t producer_expiration_check_interval_ms; /* producer.id.expiration.check.interval.ms */
    int64_t retention_check_interval_ms;           /* log.retention.check.interval.ms */
    int64_t initial_task_delay_ms;                 /* log.initial.task.delay.ms */
    struct cleaner_config cleaner;
    int32_t mover_threads; /* num.replica.alter.log.dirs.threads; 0: as many as there are directories */
    int32_t recovery_threads_per_dir; /* num.recovery.threads.per.data.dir */
    int32_t partitions_at_once;       /* new ones that are made before they serve, between two ticks; ours */
};

/* Apache Kafka's defaults. */
struct storage_config storage_config_default(void);

#endif
