/*
 * record_list: see the header. Called by metadata/controller and metadata/cluster with a change under way.
 *
 * The versions are those that Apache Kafka 4.3 writes at each metadata.version.
 */
#include "metadata/record_list.h"

#include "protocol/base/ensure.h"
#include "protocol/records/broker_registration_change_record.h"
#include "protocol/records/metadata_record.h"
#include "protocol/records/partition_change_record.h"
#include "protocol/records/partition_record.h"
#include "protocol/records/register_broker_record.h"

enum {
    LEVEL_3_4_IV0 = 8,  /* KIP-866 */
    LEVEL_3_7_IV2 = 17, /* log directories (KIP-858) */
    LEVEL_4_0_IV1 = 23, /* eligible leader replicas (KIP-966) */
    LEVEL_4_3_IV0 = 30, /* cordoned log directories (KIP-1066) */
};

void record_list_init(struct record_list *list, struct arena *arena, int16_t metadata_version)
{
    *list = (struct record_list){.arena = arena, .metadata_version = metadata_version};
}

static int partition_version(int16_t level)
{
    return level >= LEVEL_4_0_IV1 ? 2 : level >= LEVEL_3_7_IV2 ? 1 : 0;
}

static int registration_version(int16_t level)
{
    return level >= LEVEL_4_3_IV0 ? 4 : level >= LEVEL_3_7_IV2 ? 3 : level >= LEVEL_3_4_IV0 ? 2 : 1;
}

/* The lowest that holds what the record says, as Kafka does it. */
static int registration_change_version(const struct broker_registration_change_record *change)
{
    if (change->cordoned_log_dirs.count >= 0)
        return 3;
    if (change->log_dirs.count > 0)
        return 2;
    return change->in_controlled_shutdown != 0 ? 1 : 0;
}

int record_list_version(int16_t level, const struct message *message, const void *record)
{
    if (message == &partition_record_message || message == &partition_change_record_message)
        return partition_version(level);
    if (message == &register_broker_record_message)
        return registration_version(level);
    if (message == &broker_registration_change_record_message)
        return registration_change_version(record);
    return 0;
}

static struct slice *next_place(struct record_list *list)
{
    if (list->count == list->capacity) {
        int32_t capacity = list->capacity == 0 ? 16 : list->capacity * 2;
        struct slice *records = arena_new_array(list->arena, struct slice, capacity);
        if (list->count > 0)
            memcpy(records, list->records, sizeof *records * (size_t)list->count);
        list->records = records;
        list->capacity = capacity;
    }
    return &list->records[list->count++];
}

void record_list_add(struct record_list *list, const struct message *record_message, const void *record)
{
    ensure(list->metadata_version > 0);
    struct buf frame = {0};
    struct writer writer;
    writer_init(&writer, &frame, list->arena);
    metadata_record_write(&writer, record_message,
                          record_list_version(list->metadata_version, record_message, record), record);
    *next_place(list) = arena_dup(list->arena, buf_slice(&frame));
    buf_fini(&frame);
}

void record_list_add_frame(struct record_list *list, struct slice frame)
{
    *next_place(list) = arena_dup(list->arena, frame);
}
