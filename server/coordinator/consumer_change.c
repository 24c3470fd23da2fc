/*
 * consumer_change: a member of a consumer group that comes, comes back or reads something else; and what that
 * makes of the group's epoch. Part of consumer_group; pure.
 */
#include "server/coordinator/consumer_state.h"
#include "server/coordinator/topic_regex.h"

/* ---- the epoch ---- */

static int64_t hash_after(const struct consumer_step *step)
{
    int32_t member_count, topic_count;
    const struct consumer_member **members = consumer_members_after(step, &member_count);
    struct slice *topics =
        consumer_subscribed_topics(step->consumer, members, member_count, step->effects->arena, &topic_count);
    return consumer_metadata_hash(step->event->image, topics, topic_count);
}

static void raise_epoch(struct consumer_step *step, int64_t hash)
{
    step->epoch++;
    step->metadata_hash = hash;
    consumer_write_epoch(step);
}

void consumer_bump_epoch(struct consumer_step *step)
{
    raise_epoch(step, hash_after(step));
}

/* Also where the topics have changed since somebody looked at them. */
static void refresh_epoch(struct consumer_step *step, bool must_rise)
{
    if (!must_rise && step->consumer->looked_at == step->event->image->topics_offset)
        return;
    int64_t hash = hash_after(step);
    if (must_rise || hash != step->metadata_hash)
        raise_epoch(step, hash);
    if (step->consumer->has_partition_metadata)
        consumer_write_partition_metadata_tombstone(step);
}

/* ---- the member ---- */

static bool protocols_equal(const struct classic_protocols *a, const struct classic_protocols *b)
{
    if (a->count != b->count)
        return false;
    for (int32_t i = 0; i < a->count; i++)
        if (!slice_equal(a->items[i].name, b->items[i].name)
            || !slice_equal(a->items[i].metadata, b->items[i].metadata))
            return false;
    return true;
}

static bool is_same(const struct consumer_member *a, const struct consumer_member *b)
{
    return slice_equal(a->instance_id, b->instance_id) && slice_equal(a->rack_id, b->rack_id)
           && slice_equal(a->client_id, b->client_id) && slice_equal(a->client_host, b->client_host)
           && consumer_names_equal(a->topics, a->topic_count, b->topics, b->topic_count)
           && slice_equal(a->regex, b->regex) && a->rebalance_timeout_ms == b->rebalance_timeout_ms
           && slice_equal(a->assignor, b->assignor) && a->is_classic == b->is_classic
           && a->session_timeout_ms == b->session_timeout_ms && protocols_equal(&a->protocols, &b->protocols);
}

static int32_t members_with(const struct consumer_group *consumer, struct slice regex)
{
    const struct consumer_regex *found = regex.len == 0 ? NULL : consumer_find_regex(consumer, regex);
    return found == NULL ? 0 : found->members;
}

enum regex_change { REGEX_SAME, REGEX_CHANGED, REGEX_CHANGED_AND_KNOWN, REGEX_WRONG };

static bool is_regex(struct slice text, struct note *why)
{
    struct topic_regex *regex = topic_regex_new(text, why);
    topic_regex_free(regex);
    return regex != NULL;
}

/* What the others are subscribed with has been looked at when they came. */
static enum regex_change change_regex(const struct consumer_step *step, struct slice former, struct note *why)
{
    const struct consumer_group *consumer = step->consumer;
    struct slice regex = step->member->regex;
    if (slice_equal(former, regex))
        return REGEX_SAME;
    if (former.len > 0 && members_with(consumer, former) == 1)
        consumer_write_regex_tombstone(step, former);
    if (regex.len == 0)
        return former.len > 0 ? REGEX_CHANGED_AND_KNOWN : REGEX_CHANGED;
    if (members_with(consumer, regex) == 0)
        return is_regex(regex, why) ? REGEX_CHANGED : REGEX_WRONG;
    return consumer_find_regex(consumer, regex)->is_resolved ? REGEX_CHANGED_AND_KNOWN : REGEX_CHANGED;
}

bool consumer_change_member(struct consumer_step *step, const struct consumer_member *former,
                            bool *has_subscription_changed, struct note *why)
{
    const struct consumer_member *member = step->member;
    bool reads_others =
        !consumer_names_equal(member->topics, member->topic_count, former->topics, former->topic_count);
    if (!is_same(member, former))
        consumer_write_member(step, member);
    enum regex_change regex = change_regex(step, former->regex, why);
    if (regex == REGEX_WRONG)
        return false;
    *has_subscription_changed = reads_others || regex != REGEX_SAME;
    bool must_rise =
        reads_others || regex == REGEX_CHANGED_AND_KNOWN || (member->is_classic && regex != REGEX_SAME);
    refresh_epoch(step, must_rise);
    return true;
}

/* ---- a static member that has come back ---- */

void consumer_write_replacement(struct consumer_step *step)
{
    const struct consumer_member *old = step->replaced;
    consumer_write_member_tombstones(step, old->id);
    consumer_write_member(step, step->member);
    consumer_write_target(step, step->member->id, consumer_target_of(step->consumer, old->id));
    consumer_write_current(step, step->member);
}
