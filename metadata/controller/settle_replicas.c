/*
 * settle_replicas: see the header. The records and their order are Apache Kafka's: a partition that loses its
 * only replica has no leader, and its replica is eligible to lead again (KIP-966) or stays in the ISR where
 * that is not on.
 *
 * Pure; any thread.
 */
#include "metadata/controller/settle_replicas.h"

#include "metadata/leaderships.h"
#include "protocol/records/broker_registration_change_record.h"
#include "protocol/records/partition_change_record.h"

#include <string.h>

enum { LEVEL_3_7_IV2 = 17 /* log directories (KIP-858) */ };

static int32_t find_id(struct broker_ids ids, int32_t id)
{
    for (int32_t i = 0; i < ids.count; i++)
        if (ids.items[i] == id)
            return i;
    return -1;
}

/* The ISR without this node. */
static void leave_isr(const struct controller *controller, struct broker_ids isr,
                      struct partition_change_record *change)
{
    change->isr.items = arena_new_array(controller->arena, int32_t, isr.count);
    change->isr.count = 0;
    for (int32_t i = 0; i < isr.count; i++)
        if (isr.items[i] != controller->node_id)
            change->isr.items[change->isr.count++] = isr.items[i];
}

static bool set_directory(const struct controller *controller, const struct partition_state *state,
                          int32_t replica, struct uuid directory, struct partition_change_record *change)
{
    if (uuid_is_zero(directory)
        || (state->directories != NULL && uuid_equal(state->directories[replica], directory)))
        return false;
    int32_t count = state->replicas.count;
    change->directories.items = arena_new_array(controller->arena, struct uuid, count);
    change->directories.count = count;
    if (state->directories != NULL)
        memcpy(change->directories.items, state->directories, sizeof(struct uuid) * (size_t)count);
    change->directories.items[replica] = directory;
    return true;
}

static void take_leader(const struct controller *controller, const struct partition_state *state,
                        struct partition_change_record *change)
{
    leaderships_set_none(change, state, &controller->node_id, controller_has_elr(controller),
                         controller->arena);
    bool is_last = state->isr.count == 1 && state->isr.items[0] == controller->node_id;
    if (!is_last)
        leave_isr(controller, state->isr, change);
}

static void settle_partition(const struct controller *controller, const struct replica_places *places,
                             const struct topic *topic, int32_t index, struct record_list *records)
{
    const struct partition_state *state = &topic->partitions[index];
    int32_t replica = find_id(state->replicas, controller->node_id);
    if (replica < 0)
        return;
    struct uuid directory = UUID_ZERO;
    struct partition_change_record change;
    schema_set_defaults(partition_change_record_schema(), &change);
    change.topic_id = topic->id;
    change.partition_id = index;
    bool is_here = places->find(places->context, topic, index, &directory);
    bool changes = is_here && set_directory(controller, state, replica, directory, &change);
    if (is_here && leaderships_may_take(state, controller->node_id)) {
        leaderships_set_leader(&change, state, &controller->node_id);
        changes = true;
    } else if (!is_here && state->leader == controller->node_id) {
        take_leader(controller, state, &change);
        changes = true;
    }
    if (changes)
        record_list_add(records, &partition_change_record_message, &change);
}

void controller_settle_topic(const struct controller *controller, const struct replica_places *places,
                             const struct topic *topic, struct record_list *records)
{
    if (records->metadata_version < LEVEL_3_7_IV2)
        return;
    for (int32_t i = 0; i < topic->partition_count; i++)
        settle_partition(controller, places, topic, i, records);
}

static bool has_directory(const struct uuid *directories, int32_t count, struct uuid id)
{
    for (int32_t i = 0; i < count; i++)
        if (uuid_equal(directories[i], id))
            return true;
    return false;
}

static bool same_directories(const struct broker_state *broker, const struct replica_places *places)
{
    for (int32_t i = 0; i < places->log_dir_count; i++)
        if (!has_directory(broker->log_dirs, broker->log_dir_count, places->log_dirs[i]))
            return false;
    return broker->log_dir_count == places->log_dir_count;
}

static void settle_registration(const struct controller *controller, const struct replica_places *places,
                                struct record_list *records)
{
    const struct broker_state *broker = image_find_broker(controller->image, controller->node_id);
    if (broker == NULL || same_directories(broker, places))
        return;
    struct broker_registration_change_record change;
    schema_set_defaults(broker_registration_change_record_schema(), &change);
    change.broker_id = broker->id;
    change.broker_epoch = broker->epoch;
    change.log_dirs.items = arena_new_array(controller->arena, struct uuid, places->log_dir_count);
    change.log_dirs.count = places->log_dir_count;
    for (int32_t i = 0; i < places->log_dir_count; i++)
        change.log_dirs.items[i] = places->log_dirs[i];
    record_list_add(records, &broker_registration_change_record_message, &change);
}

void controller_settle_replicas(const struct controller *controller, const struct replica_places *places,
                                struct record_list *records)
{
    if (records->metadata_version < LEVEL_3_7_IV2)
        return;
    size_t cursor = 0;
    struct map_entry *entry;
    while ((entry = map_next(&controller->image->topics_by_name, &cursor)) != NULL)
        controller_settle_topic(controller, places, entry->value, records);
    settle_registration(controller, places, records);
}
