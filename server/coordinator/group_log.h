/*
 * group_log: what a shard of the group coordinator has on disk: one partition of __consumer_offsets, read at
 * the start and appended to. Not locked: by who owns the shard.
 */
#ifndef SERVER_COORDINATOR_GROUP_LOG_H
#define SERVER_COORDINATOR_GROUP_LOG_H

#include "protocol/compress.h"
#include "server/coordinator/groups.h"
#include "storage/partition.h"

/* Gives `groups` all records of the partition, those of a transaction where it is committed. Returns how many
 * there were, or -1: the partition cannot be read (`why`). Records that mean nothing to us are skipped, and
 * said through diag. */
int64_t group_log_load(struct partition *partition, struct groups *groups, struct note *why);

/*
 * Appends the records of a step as one batch and tells each where it lies. NONE with *sync_offset: what must
 * be on stable storage before anybody is told; -1: nothing. RECORD_LIST_TOO_LARGE if the batch is larger
 * than the topic's max.message.bytes; what partition_append says.
 */
enum kerr group_log_append(struct partition *partition, enum codec codec, struct group_effects *effects,
                           int64_t wall_ms, int64_t *sync_offset);

#endif
