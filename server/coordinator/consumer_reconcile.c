/*
 * consumer_reconcile: a member of a consumer group on its way to what it shall own (KIP-848): it gives up
 * first what it shall not keep, then comes into the epoch of the assignment, and gets what nobody else holds
 * any more. Part of consumer_group; pure.
 */
#include "server/coordinator/consumer_state.h"

/* A member's partitions, sorted out. All in the effects' arena. */
struct sorted_out {
    struct partition_set kept;
    struct partition_set revoked; /* assigned, and not wanted any more */
    struct partition_set added;   /* wanted, not assigned, and free */
    bool waits;                   /* something wanted is not free */
};

static bool owns_any(struct owned_partitions owned, const struct partition_set *set)
{
    if (owned.count < 0)
        return true; /* it does not say, so that it may */
    for (int32_t i = 0; i < owned.count; i++)
        if (partition_set_find(set, owned.items[i].topic, owned.items[i].partition) != NULL)
            return true;
    return false;
}

static bool reads_topic(const struct consumer_step *step, struct uuid id)
{
    const struct topic *topic = image_find_topic_by_id(step->event->image, id);
    return topic != NULL && consumer_is_subscribed_to(step->consumer, step->member, topic->name);
}

/* One look per topic: the items of a set are in order of it. */
static void drop_unread(const struct consumer_step *step, struct partition_set *set)
{
    int32_t kept = 0;
    bool reads = false;
    for (int32_t i = 0; i < set->count; i++) {
        if (i == 0 || !uuid_equal(set->items[i].topic, set->items[i - 1].topic))
            reads = reads_topic(step, set->items[i].topic);
        if (reads)
            set->items[kept++] = set->items[i];
    }
    set->count = kept;
}

static struct partition_set copy(const struct partition_set *set, struct arena *arena)
{
    const struct partition_set none = {NULL, 0};
    return partition_set_unite(set, &none, arena);
}

static void add(struct partition_set *set, struct set_partition item)
{
    set->items[set->count++] = item;
}

static struct partition_set room_for(int32_t count, struct arena *arena)
{
    return (struct partition_set){arena_new_array(arena, struct set_partition, count), 0};
}

static struct sorted_out sort_out(const struct consumer_step *step, const struct partition_set *target)
{
    struct arena *arena = step->effects->arena;
    const struct partition_set *assigned = &step->member->assigned;
    struct partition_set wanted = copy(target, arena);
    drop_unread(step, &wanted);
    struct sorted_out out = {room_for(assigned->count, arena), room_for(assigned->count, arena),
                             room_for(wanted.count, arena), false};
    for (int32_t i = 0; i < assigned->count; i++) {
        const struct set_partition *item = &assigned->items[i];
        bool is_wanted = partition_set_find(&wanted, item->topic, item->partition) != NULL;
        add(is_wanted ? &out.kept : &out.revoked, *item);
    }
    for (int32_t i = 0; i < wanted.count; i++) {
        const struct set_partition *item = &wanted.items[i];
        if (partition_set_find(&out.kept, item->topic, item->partition) != NULL)
            continue;
        if (consumer_is_free(step->consumer, item->topic, item->partition))
            add(&out.added, (struct set_partition){item->topic, item->partition, step->assignment_epoch});
        else
            out.waits = true;
    }
    return out;
}

static void enter_epoch(struct consumer_member *member, int32_t epoch)
{
    member->previous_epoch = member->epoch;
    member->epoch = epoch;
}

static void come_nearer(const struct consumer_step *step, const struct partition_set *target,
                        struct owned_partitions owned)
{
    struct consumer_member *member = step->member;
    struct sorted_out out = sort_out(step, target);
    if (out.revoked.count > 0 && owns_any(owned, &out.revoked)) {
        member->state = CONSUMER_UNREVOKED;
        enter_epoch(member, member->epoch);
        member->assigned = out.kept;
        member->revoking = out.revoked;
        return;
    }
    member->state = out.waits ? CONSUMER_UNRELEASED : CONSUMER_STABLE;
    enter_epoch(member, step->assignment_epoch);
    member->assigned = partition_set_unite(&out.kept, &out.added, step->effects->arena);
    member->revoking = (struct partition_set){NULL, 0};
}

/* Nothing new is given, but what the member does not read any more is taken at once. */
static void take_unread(const struct consumer_step *step, struct owned_partitions owned)
{
    struct consumer_member *member = step->member;
    struct arena *arena = step->effects->arena;
    struct partition_set kept = copy(&member->assigned, arena);
    drop_unread(step, &kept);
    if (kept.count == member->assigned.count)
        return;
    struct partition_set taken = room_for(member->assigned.count, arena);
    for (int32_t i = 0; i < member->assigned.count; i++) {
        const struct set_partition *item = &member->assigned.items[i];
        if (partition_set_find(&kept, item->topic, item->partition) == NULL)
            add(&taken, *item);
    }
    struct partition_set revoking = partition_set_unite(&member->revoking, &taken, arena);
    enter_epoch(member, member->epoch);
    member->assigned = kept;
    if (!owns_any(owned, &revoking))
        return;
    member->state = CONSUMER_UNREVOKED;
    member->revoking = revoking;
}

static void advance(const struct consumer_step *step, const struct partition_set *target,
                    bool has_subscription_changed, struct owned_partitions owned)
{
    const struct consumer_member *member = step->member;
    bool may_move = member->state == CONSUMER_STABLE      ? member->epoch != step->assignment_epoch
                    : member->state == CONSUMER_UNREVOKED ? !owns_any(owned, &member->revoking)
                                                          : true;
    if (may_move)
        come_nearer(step, target, owned);
    else if (has_subscription_changed)
        take_unread(step, owned);
}

static bool is_same(const struct consumer_member *a, const struct consumer_member *b)
{
    return a->epoch == b->epoch && a->previous_epoch == b->previous_epoch && a->state == b->state
           && partition_set_equal_epochs(&a->assigned, &b->assigned)
           && partition_set_equal_epochs(&a->revoking, &b->revoking);
}

bool consumer_reconcile(struct consumer_step *step, const struct partition_set *target,
                        bool has_subscription_changed, struct owned_partitions owned)
{
    struct consumer_member *member = step->member;
    if (!has_subscription_changed && consumer_is_reconciled(member, step->assignment_epoch))
        return true;
    const struct consumer_member before = *member;
    if (member->state == CONSUMER_UNKNOWN) {
        if (owned.count != 0)
            return false;
        member->epoch = step->assignment_epoch;
    }
    advance(step, target, has_subscription_changed, owned);
    if (!is_same(&before, member))
        consumer_write_current(step, member);
    return true;
}
