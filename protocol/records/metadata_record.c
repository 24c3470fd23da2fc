/*
 * metadata_record: finds, frames and writes the records of the cluster log (KIP-631). Pure; called by
 * metadata/ and by the tools that print logs.
 */
#include "protocol/records/metadata_record.h"

#include "protocol/base/ensure.h"
#include "protocol/records/access_control_entry_record.h"
#include "protocol/records/broker_registration_change_record.h"
#include "protocol/records/clear_elr_record.h"
#include "protocol/records/client_quota_record.h"
#include "protocol/records/config_record.h"
#include "protocol/records/delegation_token_record.h"
#include "protocol/records/feature_level_record.h"
#include "protocol/records/fence_broker_record.h"
#include "protocol/records/metadata_transaction_record.h"
#include "protocol/records/no_op_record.h"
#include "protocol/records/partition_change_record.h"
#include "protocol/records/partition_record.h"
#include "protocol/records/producer_ids_record.h"
#include "protocol/records/register_broker_record.h"
#include "protocol/records/register_controller_record.h"
#include "protocol/records/topic_record.h"
#include "protocol/records/unregister_broker_record.h"
#include "protocol/records/user_scram_credential_record.h"
#include "protocol/records/zk_migration_state_record.h"

enum { FRAME_VERSION = 1 };

static const struct message *const metadata_records[] = {
#define METADATA_RECORD(name) &name##_message,
#define CONTROL_RECORD(name)
#define COORDINATOR_RECORD(coordinator, name)
#include "protocol/records/records.def"
#undef METADATA_RECORD
#undef CONTROL_RECORD
#undef COORDINATOR_RECORD
};

const struct message *find_metadata_record(uint32_t type)
{
    for (size_t i = 0; i < sizeof metadata_records / sizeof metadata_records[0]; i++)
        if ((uint32_t)metadata_records[i]->key == type)
            return metadata_records[i];
    return NULL;
}

bool metadata_record_read_frame(struct reader *reader, uint32_t *type, uint32_t *version)
{
    uint32_t frame_version = read_uvarint(reader);
    *type = read_uvarint(reader);
    *version = read_uvarint(reader);
    if (!reader->failed && frame_version != FRAME_VERSION)
        reader_fail(reader, "metadata record frame version %u, %d expected", frame_version, FRAME_VERSION);
    return !reader->failed;
}

void metadata_record_write(struct writer *writer, const struct message *message, int version,
                           const void *record)
{
    ensure(message->key >= 0);
    ensure(message_has_version(message, version));
    write_uvarint(writer, FRAME_VERSION);
    write_uvarint(writer, (uint32_t)message->key);
    write_uvarint(writer, (uint32_t)version);
    message_write(message, version, writer, record);
}
