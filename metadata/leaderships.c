/*
 * leaderships: see the header. Called by metadata/cluster at start and at a clean stop, and by
 * metadata/controller. The records are Apache Kafka's own.
 */
#include "metadata/leaderships.h"

#include "metadata/features.h"

static bool has_id(struct broker_ids ids, int32_t id)
{
    for (int32_t i = 0; i < ids.count; i++)
        if (ids.items[i] == id)
            return true;
    return false;
}

static bool is_only(struct broker_ids ids, int32_t id)
{
    return ids.count == 1 && ids.items[0] == id;
}

/* Whether the node was in sync when nobody was left, so that all committed records are here. */
static bool was_in_sync(const struct partition_state *partition, int32_t node_id)
{
    return has_id(partition->isr, node_id) || has_id(partition->eligible_leader_replicas, node_id);
}

/* Whether the node led last, and nobody is eligible any more (KIP-966's last known leader). */
static bool led_last(const struct partition_state *partition, int32_t node_id)
{
    return partition->isr.count == 0 && partition->eligible_leader_replicas.count == 0
           && is_only(partition->last_known_elr, node_id);
}

bool leaderships_may_take(const struct partition_state *partition, int32_t node_id)
{
    if (partition->leader != NO_LEADER || !has_id(partition->replicas, node_id))
        return false;
    return was_in_sync(partition, node_id) || led_last(partition, node_id) || partition->replicas.count == 1;
}

void leaderships_set_leader(struct partition_change_record *change, const struct partition_state *partition,
                            const int32_t *node_id)
{
    change->leader = *node_id;
    if (!is_only(partition->isr, *node_id)) {
        change->isr.items = (int32_t *)(uintptr_t)node_id;
        change->isr.count = 1;
    }
    if (partition->eligible_leader_replicas.count > 0)
        change->eligible_leader_replicas.count = 0;
    if (partition->last_known_elr.count > 0)
        change->last_known_elr.count = 0;
    if (!was_in_sync(partition, *node_id) && partition->leader_recovery_state != LEADER_RECOVERING)
        change->leader_recovery_state = LEADER_RECOVERING;
}

/* The ids and one more that is not among them. */
static void set_with(struct arena *arena, struct broker_ids ids, int32_t id, int32_t **items, int32_t *count)
{
    *items = arena_new_array(arena, int32_t, ids.count + 1);
    *count = ids.count + 1;
    for (int32_t i = 0; i < ids.count; i++)
        (*items)[i] = ids.items[i];
    (*items)[ids.count] = id;
}

void leaderships_set_none(struct partition_change_record *change, const struct partition_state *partition,
                          const int32_t *node_id, bool has_elr, struct arena *arena)
{
    change->leader = NO_LEADER;
    if (!has_elr || !is_only(partition->isr, *node_id))
        return;
    change->isr.count = 0;
    set_with(arena, partition->eligible_leader_replicas, *node_id, &change->eligible_leader_replicas.items,
             &change->eligible_leader_replicas.count);
    if (is_only(partition->last_known_elr, *node_id))
        return;
    change->last_known_elr.items = (int32_t *)(uintptr_t)node_id;
    change->last_known_elr.count = 1;
}

/* ---- all of a node's ---- */

/* One partition of a node that comes or goes: the state is that behind the records so far, a copy that
 * borrows from the image. */
struct leadership {
    struct record_list *records;
    const struct cluster_node *node;
    enum last_stop stop; /* the node's last one */
    bool has_elr;        /* eligible leader replicas are on */
    struct partition_change_record change;
    struct partition_state state;
};

static void begin_change(struct leadership *back)
{
    int32_t index = back->change.partition_id;
    struct uuid topic_id = back->change.topic_id;
    schema_set_defaults(partition_change_record_schema(), &back->change);
    back->change.partition_id = index;
    back->change.topic_id = topic_id;
}

/* Nobody is known to be in sync: the node alone was, and may have lost what it had acknowledged. */
static void forget_in_sync(struct leadership *back)
{
    struct partition_state *state = &back->state;
    struct partition_change_record *change = &back->change;
    if (state->isr.count > 0)
        state->isr.count = change->isr.count = 0;
    if (state->eligible_leader_replicas.count > 0)
        state->eligible_leader_replicas.count = change->eligible_leader_replicas.count = 0;
    if (is_only(state->last_known_elr, back->node->node_id))
        return;
    state->last_known_elr = (struct broker_ids){(int32_t *)(uintptr_t)&back->node->node_id, 1};
    change->last_known_elr.items = state->last_known_elr.items;
    change->last_known_elr.count = 1;
}

/* Where the node leads, or would be the first to lead again, after a stop that was not clean. */
static void give_up_lead(struct leadership *back)
{
    struct partition_state *state = &back->state;
    int32_t self = back->node->node_id;
    bool leads = state->leader == self;
    struct broker_ids in_sync = state->isr.count > 0 ? state->isr : state->eligible_leader_replicas;
    bool forgets = back->has_elr && (leads || state->leader == NO_LEADER) && is_only(in_sync, self);
    if (!leads && !forgets)
        return;
    begin_change(back);
    if (leads)
        state->leader = back->change.leader = NO_LEADER;
    if (forgets)
        forget_in_sync(back);
    record_list_add(back->records, &partition_change_record_message, &back->change);
}

static bool lead_again(struct leadership *back)
{
    if (!leaderships_may_take(&back->state, back->node->node_id))
        return false;
    begin_change(back);
    leaderships_set_leader(&back->change, &back->state, &back->node->node_id);
    record_list_add(back->records, &partition_change_record_message, &back->change);
    return true;
}

/* Whether the node has a replica, and it lies in a directory that the node has, or nobody has said where. */
static bool has_replica(const struct partition_state *partition, const struct cluster_node *node)
{
    int32_t at = 0;
    while (at < partition->replicas.count && partition->replicas.items[at] != node->node_id)
        at++;
    if (at == partition->replicas.count)
        return false;
    if (partition->directories == NULL || directory_id_is_reserved(partition->directories[at]))
        return true;
    for (int32_t i = 0; i < node->log_dir_count; i++)
        if (uuid_equal(node->log_dirs[i], partition->directories[at]))
            return true;
    return false;
}

/* To nobody and back: two epochs that may have been led already. */
static void skip_epochs(struct leadership *back)
{
    int32_t leaders[] = {NO_LEADER, back->node->node_id};
    for (size_t i = 0; i < sizeof leaders / sizeof leaders[0]; i++) {
        begin_change(back);
        back->change.leader = leaders[i];
        record_list_add(back->records, &partition_change_record_message, &back->change);
    }
}

static bool take(struct leadership *back)
{
    if (!has_replica(&back->state, back->node))
        return false;
    if (back->stop != STOP_CLEAN)
        give_up_lead(back);
    if (!lead_again(back))
        return false;
    if (back->stop == STOP_UNKNOWN)
        skip_epochs(back);
    return true;
}

static bool resign(struct leadership *going)
{
    if (going->state.leader != going->node->node_id)
        return false;
    begin_change(going);
    leaderships_set_none(&going->change, &going->state, &going->node->node_id, going->has_elr,
                         going->records->arena);
    record_list_add(going->records, &partition_change_record_message, &going->change);
    return true;
}

/* Gives it every partition that there is. Returns how often it said yes. */
static int32_t visit(struct leadership *one, const struct image *image, bool (*each)(struct leadership *one))
{
    int32_t count = 0;
    size_t cursor = 0;
    struct map_entry *entry;
    one->has_elr = image_feature_level(image, SLICE(ELR_FEATURE)) > 0;
    while ((entry = map_next(&image->topics_by_name, &cursor)) != NULL) {
        const struct topic *topic = entry->value;
        one->change.topic_id = topic->id;
        for (int32_t i = 0; i < topic->partition_count; i++) {
            if (image_find_partition(topic, i) == NULL)
                continue;
            one->change.partition_id = i;
            one->state = topic->partitions[i];
            count += each(one);
        }
    }
    return count;
}

int32_t leaderships_add_taken(struct record_list *records, const struct image *image,
                              const struct cluster_node *node, enum last_stop stop)
{
    struct leadership back = {.records = records, .node = node, .stop = stop};
    return visit(&back, image, take);
}

void leaderships_add_resigned(struct record_list *records, const struct image *image,
                              const struct cluster_node *node)
{
    struct leadership going = {.records = records, .node = node};
    visit(&going, image, resign);
}
