/*
 * partition_change: see the header. What is elected, and what a record says, is what Apache Kafka's
 * controller would elect and write.
 *
 * Pure; any thread.
 */
#include "metadata/controller/partition_change.h"

#include "metadata/controller/placement.h"
#include "protocol/records/partition_change_record.h"
#include "storage/data_dir.h"

#include <string.h>

enum { RECOVERING = 1 };

/* ---- lists of brokers ---- */

bool broker_ids_have(struct broker_ids ids, int32_t id)
{
    for (int32_t i = 0; i < ids.count; i++)
        if (ids.items[i] == id)
            return true;
    return false;
}

bool broker_ids_equal(struct broker_ids a, struct broker_ids b)
{
    return a.count == b.count
           && (a.count == 0 || memcmp(a.items, b.items, sizeof *a.items * (size_t)a.count) == 0);
}

struct broker_ids broker_ids_without(struct arena *arena, struct broker_ids ids, struct broker_ids others)
{
    struct broker_ids rest = {arena_new_array(arena, int32_t, ids.count), 0};
    for (int32_t i = 0; i < ids.count; i++)
        if (!broker_ids_have(others, ids.items[i]))
            rest.items[rest.count++] = ids.items[i];
    return rest;
}

static struct broker_ids only(const struct controller *controller, int32_t id)
{
    struct broker_ids ids = {arena_new(controller->arena, int32_t), 1};
    ids.items[0] = id;
    return ids;
}

/* ---- configs ---- */

static struct slice topic_config(const struct partition_change *change, const char *name)
{
    enum config_source source;
    const struct controller *controller = change->controller;
    return config_effective(controller->configs, RESOURCE_TOPIC, change->topic->name,
                            find_config(RESOURCE_TOPIC, slice_str(name)), controller->arena, &source);
}

static int64_t min_insync_replicas(const struct partition_change *change)
{
    return config_number(change->controller->configs, RESOURCE_TOPIC, change->topic->name,
                         find_config(RESOURCE_TOPIC, SLICE("min.insync.replicas")));
}

bool partition_change_may_be_unclean(const struct partition_change *change)
{
    return change->election == ELECT_UNCLEAN
           || (change->election == ELECT_ONLINE
               && slice_equal_str(topic_config(change, "unclean.leader.election.enable"), "true"));
}

/* ---- reassignments ---- */

/* With every replica that comes in the ISR, those that go have gone. */
static void complete_reassignment(struct partition_change *change)
{
    struct arena *arena = change->controller->arena;
    if (change->adding_replicas.count == 0 && change->removing_replicas.count == 0)
        return;
    struct broker_ids isr = broker_ids_without(arena, change->isr, change->removing_replicas);
    struct broker_ids replicas = broker_ids_without(arena, change->replicas, change->removing_replicas);
    if (isr.count == 0 || broker_ids_without(arena, replicas, isr).count > 0)
        return;
    change->isr = isr;
    change->replicas = replicas;
    change->adding_replicas = change->removing_replicas = (struct broker_ids){0};
}

/* ---- eligible leader replicas ---- */

struct eligible {
    struct broker_ids replicas;
    struct broker_ids last_known;
};

/* Below min.insync.replicas, who leaves the ISR stays eligible: no record was committed without it. */
static struct eligible find_eligible(const struct partition_change *change)
{
    const struct partition_state *state = change->state;
    struct arena *arena = change->controller->arena;
    int64_t needed = min_insync_replicas(change);
    if (needed > change->replicas.count)
        needed = change->replicas.count;
    if (change->isr.count >= needed)
        return (struct eligible){0};
    struct broker_ids newly = broker_ids_without(arena, state->isr, state->eligible_leader_replicas);
    struct broker_ids all = {
        arena_new_array(arena, int32_t, state->eligible_leader_replicas.count + newly.count), 0};
    for (int32_t i = 0; i < state->eligible_leader_replicas.count; i++)
        all.items[all.count++] = state->eligible_leader_replicas.items[i];
    for (int32_t i = 0; i < newly.count; i++)
        all.items[all.count++] = newly.items[i];
    return (struct eligible){broker_ids_without(arena, all, change->isr), state->last_known_elr};
}

/* ---- elections ---- */

static bool has_directory(const struct partition_change *change, const struct broker_state *broker)
{
    const struct partition_state *state = change->state;
    if (state->directories == NULL || broker->log_dir_count == 0 || broker->epoch < 0)
        return true;
    for (int32_t i = 0; i < state->replicas.count; i++) {
        struct uuid id = state->directories[i];
        if (state->replicas.items[i] != broker->id)
            continue;
        if (directory_id_is_reserved(id))
            return id.bytes[sizeof id.bytes - 1] != DIRECTORY_LOST;
        for (int32_t j = 0; j < broker->log_dir_count; j++)
            if (uuid_equal(broker->log_dirs[j], id))
                return true;
        return false;
    }
    return true;
}

static bool lives(const struct partition_change *change, int32_t id)
{
    const struct broker_state *broker = image_find_broker(change->controller->image, id);
    return broker != NULL && id != change->gone && !broker->fenced && !broker->in_controlled_shutdown
           && has_directory(change, broker);
}

/* It lives and has all that was committed. */
static bool may_lead(const struct partition_change *change, int32_t id)
{
    bool is_eligible = controller_has_elr(change->controller) && change->isr.count == 0
                       && broker_ids_have(change->state->eligible_leader_replicas, id);
    return (broker_ids_have(change->isr, id) || is_eligible) && lives(change, id);
}

static int32_t first_that(const struct partition_change *change,
                          bool (*is_right)(const struct partition_change *change, int32_t id))
{
    for (int32_t i = 0; i < change->replicas.count; i++)
        if (is_right(change, change->replicas.items[i]))
            return change->replicas.items[i];
    return NO_LEADER;
}

static int32_t last_known_leader(const struct partition_change *change, const struct eligible *eligible)
{
    struct broker_ids last = change->state->last_known_elr;
    bool is_lost = controller_has_elr(change->controller) && change->isr.count == 0
                   && eligible->replicas.count == 0 && last.count == 1;
    return is_lost && lives(change, last.items[0]) ? last.items[0] : NO_LEADER;
}

static int32_t elect(const struct partition_change *change, const struct eligible *eligible, bool *is_unclean)
{
    *is_unclean = false;
    if (change->election == ELECT_PREFERRED && change->replicas.count > 0
        && may_lead(change, change->replicas.items[0]))
        return change->replicas.items[0];
    if (may_lead(change, change->state->leader))
        return change->state->leader;
    int32_t leader = first_that(change, may_lead);
    if (leader != NO_LEADER)
        return leader;
    *is_unclean = true;
    leader = last_known_leader(change, eligible);
    return leader == NO_LEADER && partition_change_may_be_unclean(change) ? first_that(change, lives)
                                                                          : leader;
}

/* Who comes from outside the ISR is alone in it. */
static void take_leader(struct partition_change *change, int32_t leader, bool is_unclean,
                        struct partition_change_record *record)
{
    if (leader == change->state->leader)
        return;
    record->leader = leader;
    if (leader == NO_LEADER || broker_ids_have(change->isr, leader))
        return;
    change->isr = only(change->controller, leader);
    if (is_unclean && change->state->leader_recovery_state != RECOVERING)
        record->leader_recovery_state = RECOVERING;
}

/* ---- the record ---- */

#define SET_IDS(array, ids) ((array).items = (ids).items, (array).count = (ids).count)

static void set_directories(const struct partition_change *change, struct partition_change_record *record)
{
    const struct controller *controller = change->controller;
    const struct partition_state *state = change->state;
    record->directories.items = arena_new_array(controller->arena, struct uuid, change->replicas.count);
    record->directories.count = change->replicas.count;
    for (int32_t i = 0; i < change->replicas.count; i++) {
        int32_t id = change->replicas.items[i];
        record->directories.items[i] =
            broker_ids_have(state->replicas, id) ? UUID_ZERO : placement_default_directory(controller, id);
        for (int32_t j = 0; j < state->replicas.count && state->directories != NULL; j++)
            if (state->replicas.items[j] == id)
                record->directories.items[i] = state->directories[j];
    }
}

/* Whoever loses a replica has a new leader epoch, though the leader stay: the replica must see that it is no
 * longer one. */
static void set_replicas(const struct partition_change *change, struct partition_change_record *record)
{
    const struct partition_state *state = change->state;
    if (!broker_ids_equal(change->removing_replicas, state->removing_replicas))
        SET_IDS(record->removing_replicas, change->removing_replicas);
    if (!broker_ids_equal(change->adding_replicas, state->adding_replicas))
        SET_IDS(record->adding_replicas, change->adding_replicas);
    if (broker_ids_equal(change->replicas, state->replicas))
        return;
    SET_IDS(record->replicas, change->replicas);
    set_directories(change, record);
    bool loses = broker_ids_without(change->controller->arena, state->replicas, change->replicas).count > 0;
    if (loses && record->leader == LEADER_UNCHANGED)
        record->leader = state->leader;
}

/* Without eligible leader replicas the last one stays in the ISR, though it do not lead. */
static void set_isr(const struct partition_change *change, struct partition_change_record *record)
{
    bool may_be_empty = controller_has_elr(change->controller);
    if ((change->isr.count > 0 || may_be_empty) && !broker_ids_equal(change->isr, change->state->isr))
        SET_IDS(record->isr, change->isr);
}

static void set_eligible(const struct partition_change *change, struct partition_change_record *record)
{
    const struct partition_state *state = change->state;
    if (!controller_has_elr(change->controller))
        return;
    struct eligible eligible = find_eligible(change);
    bool is_lost = record->isr.count == 0 && change->isr.count == 0; /* as of now */
    if (is_lost)
        eligible.last_known = only(change->controller, state->leader);
    if (!broker_ids_equal(eligible.replicas, state->eligible_leader_replicas))
        SET_IDS(record->eligible_leader_replicas, eligible.replicas);
    if (!broker_ids_equal(eligible.last_known, state->last_known_elr))
        SET_IDS(record->last_known_elr, eligible.last_known);
}

static bool says_something(const struct partition_change_record *record)
{
    return record->isr.count >= 0 || record->leader != LEADER_UNCHANGED || record->replicas.count >= 0
           || record->removing_replicas.count >= 0 || record->adding_replicas.count >= 0
           || record->leader_recovery_state >= 0 || record->directories.count > 0
           || record->eligible_leader_replicas.count >= 0 || record->last_known_elr.count >= 0;
}

void partition_change_init(struct partition_change *change, const struct controller *controller,
                           const struct topic *topic, int32_t index)
{
    const struct partition_state *state = &topic->partitions[index];
    *change = (struct partition_change){
        .controller = controller,
        .topic = topic,
        .index = index,
        .state = state,
        .gone = -1,
        .replicas = state->replicas,
        .isr = state->isr,
        .adding_replicas = state->adding_replicas,
        .removing_replicas = state->removing_replicas,
    };
}

bool partition_change_add(struct partition_change *change, struct record_list *records)
{
    struct partition_change_record record;
    schema_set_defaults(partition_change_record_schema(), &record);
    record.topic_id = change->topic->id;
    record.partition_id = change->index;
    complete_reassignment(change);
    struct eligible eligible = find_eligible(change);
    bool is_unclean;
    int32_t leader = elect(change, &eligible, &is_unclean);
    take_leader(change, leader, is_unclean, &record);
    set_replicas(change, &record);
    set_isr(change, &record);
    set_eligible(change, &record);
    if (!says_something(&record))
        return false;
    record_list_add(records, &partition_change_record_message, &record);
    return true;
}
