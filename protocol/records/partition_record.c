/*
 * PartitionRecord: v0-2. Version notes:
 * v0  is the first (KIP-631)
 * v1  adds directories (KIP-858); from metadata.version 17 on
 * v2  adds the eligible leader replicas (KIP-966); from 23 on
 */
#include "protocol/records/partition_record.h"

SCHEMA(partition_record,
       I32(partition_id, DEFAULT(-1)),
       UUID(topic_id),
       I32S(replicas),
       I32S(isr),
       I32S(removing_replicas),
       I32S(adding_replicas),
       I32(leader, DEFAULT(-1)),
       I8(leader_recovery_state, TAG(0)),
       I32(leader_epoch, DEFAULT(-1)),
       I32(partition_epoch, DEFAULT(-1)),
       UUIDS(directories, SINCE(1)),
       I32S(eligible_leader_replicas, SINCE(2), NULLABLE(2), TAG(1), DEFAULT_NULL),
       I32S(last_known_elr, SINCE(2), NULLABLE(2), TAG(2), DEFAULT_NULL),
       UNKNOWN_TAGS(unknown_tags));

const struct message partition_record_message = {
    .name = "PartitionRecord",
    .schema = partition_record_schema,
    .key = 3,
    .min_version = 0,
    .max_version = 2,
    .flexible_since = 0,
};
