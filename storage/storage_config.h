/*
 * storage_config: the broker's own settings of its logs, the same for every partition: intervals and threads.
 * What differs from topic to topic is in log_config. A value, constant once partitions_new has copied it.
 */
#ifndef STORAGE_STORAGE_CONFIG_H
#define STORAGE_STORAGE_CONFIG_H

#include <stdint.h>

struct storage_config {
    int64_t high_watermark_checkpoint_interval_ms; /* replica.high.watermark.checkpoint.interval.ms */
    int64_t recovery_point_checkpoint_interval_ms; /* log.flush.offset.checkpoint.interval.ms */
    int64_t log_start_checkpoint_interval_ms;      /* log.flush.start.offset.checkpoint.interval.ms */
    int64_t producer_expiration_check_interval_ms; /* producer.id.expiration.check.interval.ms */
    int64_t retention_check_interval_ms;           /* log.retention.check.interval.ms */
    int64_t initial_task_delay_ms;                 /* log.initial.task.delay.ms */
    int32_t recovery_threads_per_dir;              /* num.recovery.threads.per.data.dir */
};

/* Apache Kafka's defaults. */
struct storage_config storage_config_default(void);

#endif
