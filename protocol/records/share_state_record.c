/*
 * ShareSnapshot, ShareUpdate: v0 (KIP-932). deliveryCompleteCount came with 4.2.
 */
#include "protocol/records/share_state_record.h"

#include "protocol/records/group_key.h"

SCHEMA(share_state_key,
       STRING(group_id),
       UUID(topic_id),
       I32(partition));

SCHEMA(share_state_batch,
       I64(first_offset),
       I64(last_offset),
       I8(delivery_state),
       I16(delivery_count),
       UNKNOWN_TAGS(unknown_tags));

SCHEMA(share_snapshot_value,
       I32(snapshot_epoch),
       I32(state_epoch),
       I32(leader_epoch),
       I64(start_offset),
       I32(delivery_complete_count, TAG(0), DEFAULT(-1)),
       I64(create_timestamp),
       I64(write_timestamp),
       ARRAY(state_batches, share_state_batch),
       UNKNOWN_TAGS(unknown_tags));

SCHEMA(share_update_value,
       I32(snapshot_epoch),
       I32(leader_epoch),
       I64(start_offset),
       I32(delivery_complete_count, TAG(0), DEFAULT(-1)),
       ARRAY(state_batches, share_state_batch),
       UNKNOWN_TAGS(unknown_tags));

COORDINATOR_KEY(share_snapshot, "ShareSnapshotKey", share_state_key, 0);
COORDINATOR_VALUE(share_snapshot, "ShareSnapshotValue", 0);
COORDINATOR_KEY(share_update, "ShareUpdateKey", share_state_key, 1);
COORDINATOR_VALUE(share_update, "ShareUpdateValue", 1);
