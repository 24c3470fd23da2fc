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

/* The ids without one, or with one more. */
static void set_ids(const struct controller *controller, struct broker_ids from, int32_t without,
                    int32_t with, int32_t **items, int32_t *count)
{
    *items = arena_new_array(controller->arena, int32_t, from.count + 1);
    *count = 0;
    for (int32_t i = 0; i < from.count; i++)
        if (from.items[i] != without && from.items[i] != with)
            (*items)[(*count)++] = from.items[i];
    if (with >= 0)
        (*items)[(*count)++] = with;
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
    int32_t self = controller->node_id;
    bool is_last = state->isr.count == 1 && state->isr.items[0] == self;
    change->leader = NO_LEADER;
    if (!is_last || controller_has_elr(controller))
        set_ids(controller, state->isr, self, -1, &change->isr.items, &change->isr.count);
    if (!is_last || !controller_has_elr(controller))
        return;
    set_ids(controller, state->eligible_leader_replicas, -1, self, &change->eligible_leader_replicas.items,
            &change->eligible_leader_replicas.count);
    set_ids(controller, (struct broker_ids){0}, -1, self, &change->last_known_elr.items,
            &change->last_known_elr.count);
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
