/*
 * coordinator_record: see the header. Pure; called by the tools that print logs.
 */
#include "protocol/records/coordinator_record.h"

#include "protocol/records/consumer_group_record.h"
#include "protocol/records/group_metadata_record.h"
#include "protocol/records/offset_commit_record.h"
#include "protocol/records/share_group_record.h"
#include "protocol/records/share_state_record.h"
#include "protocol/records/streams_group_record.h"
#include "protocol/records/transaction_log_record.h"

static const struct coordinator_record coordinator_records[] = {
#define METADATA_RECORD(name)
#define CONTROL_RECORD(name)
#define COORDINATOR_RECORD(coordinator, name) \
    {COORDINATOR_##coordinator, &name##_key_message, &name##_value_message},
#include "protocol/records/records.def"
#undef METADATA_RECORD
#undef CONTROL_RECORD
#undef COORDINATOR_RECORD
};

enum coordinator coordinator_of_topic(struct slice topic)
{
    if (slice_equal_str(topic, "__consumer_offsets"))
        return COORDINATOR_GROUP;
    if (slice_equal_str(topic, "__transaction_state"))
        return COORDINATOR_TRANSACTION;
    return slice_equal_str(topic, "__share_group_state") ? COORDINATOR_SHARE : COORDINATOR_NONE;
}

const struct coordinator_record *find_coordinator_record(enum coordinator coordinator, int16_t type)
{
    for (size_t i = 0; i < sizeof coordinator_records / sizeof coordinator_records[0]; i++)
        if (coordinator_records[i].coordinator == coordinator && coordinator_records[i].key->key == type)
            return &coordinator_records[i];
    return NULL;
}
