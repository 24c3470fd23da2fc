/* DescribeTopicPartitions v0: its request, and the check of its answer. */
#ifndef ACCEPTANCE_CHECK_DESCRIBE_H
#define ACCEPTANCE_CHECK_DESCRIBE_H

#include "stage.h"

struct frame describe_request(struct stage *stage, const char *const *names, int count, int partition_limit);

/* Topics come sorted by name, whatever the order of the request; one without partitions is unknown. */
void check_describe_answer(struct reader *reader, const struct topic *const *sorted, int count);

#endif
