/*
 * PartitionChangeRecord: v0-2. Version notes:
 * v0  is the first (KIP-631)
 * v1  adds directories (KIP-858); from metadata.version 17 on
 * v2  adds the eligible leader replicas (KIP-966); from 23 on
 */
#include "protocol/records/partition_change_record.h"

SCHEMA(partition_change_record,
       I32(partition_id, DEFAULT(-1)),
       UUID(topic_id),
       I32S(isr, NULLABLE(0), TAG(0), DEFAULT_NULL),
       I32(leader, TAG(1), DEFAULT(-2)),
       I32S(replicas, NULLABLE(0), TAG(2), DEFAULT_NULL),
       I32S(removing_replicas, NULLABLE(0), TAG(3), DEFAULT_NULL),
       I32S(adding_replicas, NULLABLE(0), TAG(4), DEFAULT_NULL),
       I8(leader_recovery_state, TAG(5), DEFAULT(-1)),
       UUIDS(directories, SINCE(1), NULLABLE(1), TAG(8), DEFAULT_NULL),
       I32S(eligible_leader_replicas, SINCE(2), NULLABLE(2), TAG(6), DEFAULT_NULL),
       I32S(last_known_elr, SINCE(2), NULLABLE(2), TAG(7), DEFAULT_NULL),
       UNKNOWN_TAGS(unknown_tags));

const struct message partition_change_record_message = {
    .name = "PartitionChangeRecord",
    .schema = partition_change_record_schema,
    .key = 5,
    .min_version = 0,
    .max_version = 2,
    .flexible_since = 0,
};
