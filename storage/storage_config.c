/* storage_config: see the header. */
#include "storage/storage_config.h"

#include <float.h>

struct storage_config storage_config_default(void)
{
    return (struct storage_config){
        .high_watermark_checkpoint_interval_ms = 5000,
        .recovery_point_checkpoint_interval_ms = 60000,
        .log_start_checkpoint_interval_ms = 60000,
        .producer_expiration_check_interval_ms = 600000,
        .retention_check_interval_ms = 300000,
        .initial_task_delay_ms = 30000,
        .cleaner = {.enable = true,
                    .threads = 1,
                    .backoff_ms = 15000,
                    .dedupe_buffer_bytes = 134217728,
                    .io_buffer_bytes = 524288,
                    .io_buffer_load_factor = 0.9,
                    .io_max_bytes_per_second = DBL_MAX},
        .recovery_threads_per_dir = 2,
        .partitions_at_once = 16,
    };
}
