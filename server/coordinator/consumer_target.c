/*
 * consumer_target: who of a consumer group shall own what: its members, what they read, and who should own
 * what before, for one of the assignors; and what of it has changed. Part of consumer_group; pure.
 */
#include "protocol/base/ensure.h"
#include "protocol/base/memory.h"
#include "server/coordinator/assignor.h"
#include "server/coordinator/consumer_state.h"

/* What the assignor is given, and what that stands for. */
struct target_work {
    struct consumer_step *step;
    struct arena *arena;
    const struct consumer_member **members;
    int32_t member_count;
    struct slice *names; /* of the topics, in order; those that exist */
    struct assignor_topic *topics;
    int32_t topic_count;
    struct map by_id; /* topics */
    struct assignor_member *assigned;
};

/* ---- topics ---- */

static void gather_topics(struct target_work *work)
{
    const struct image *image = work->step->event->image;
    int32_t count;
    struct slice *names = consumer_subscribed_topics(work->step->consumer, work->members, work->member_count,
                                                     work->arena, &count);
    work->names = names;
    work->topics = arena_new_array(work->arena, struct assignor_topic, count);
    for (int32_t i = 0; i < count; i++) {
        const struct topic *topic = image_find_topic(image, names[i]);
        if (topic == NULL)
            continue;
        struct assignor_topic *to = &work->topics[work->topic_count];
        to->id = topic->id;
        to->partition_count = topic->partition_count;
        to->owners = arena_new_array(work->arena, int32_t, topic->partition_count);
        for (int32_t j = 0; j < topic->partition_count; j++)
            to->owners[j] = NO_OWNER;
        map_put(&work->by_id, uuid_key(&to->id), to);
        names[work->topic_count++] = names[i];
    }
}

static int32_t place_of(const struct target_work *work, struct slice name)
{
    int32_t low = 0, high = work->topic_count;
    while (low < high) {
        int32_t middle = low + (high - low) / 2;
        if (slice_compare(work->names[middle], name) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low < work->topic_count && slice_equal(work->names[low], name) ? low : -1;
}

/* ---- members ---- */

static int compare_indexes(const void *a, const void *b)
{
    const int32_t left = *(const int32_t *)a, right = *(const int32_t *)b;
    return (left > right) - (left < right);
}

static int32_t add_places(const struct target_work *work, const struct slice *names, int32_t count,
                          int32_t *places)
{
    int32_t added = 0;
    for (int32_t i = 0; i < count; i++) {
        int32_t place = place_of(work, names[i]);
        if (place >= 0)
            places[added++] = place;
    }
    return added;
}

static void gather_subscription(const struct target_work *work, const struct consumer_member *member,
                                struct assignor_member *to)
{
    const struct consumer_regex *regex =
        consumer_has_regex(member) ? consumer_find_regex(work->step->consumer, member->regex) : NULL;
    int32_t regex_count = regex == NULL ? 0 : regex->topic_count;
    int32_t *places = arena_new_array(work->arena, int32_t, member->topic_count + regex_count);
    int32_t count = add_places(work, member->topics, member->topic_count, places);
    if (regex_count > 0)
        count += add_places(work, regex->topics, regex_count, places + count);
    qsort(places, (size_t)count, sizeof *places, compare_indexes);
    int32_t kept = 0;
    for (int32_t i = 0; i < count; i++)
        if (kept == 0 || places[kept - 1] != places[i])
            places[kept++] = places[i];
    to->topics = places;
    to->topic_count = kept;
}

static bool reads(const struct assignor_member *member, int32_t topic)
{
    return bsearch(&topic, member->topics, (size_t)member->topic_count, sizeof topic, compare_indexes)
           != NULL;
}

/* What a member should own before; a static one that has come back, what it should own as who it was. */
static const struct partition_set *former_target(const struct consumer_step *step,
                                                 const struct consumer_member *member)
{
    bool is_replacement = member == step->member && step->replaced != NULL;
    return consumer_target_of(step->consumer, is_replacement ? step->replaced->id : member->id);
}

static void gather_former(const struct target_work *work, int32_t index)
{
    const struct partition_set *former = former_target(work->step, work->members[index]);
    for (int32_t i = 0; i < former->count; i++) {
        const struct set_partition *item = &former->items[i];
        struct assignor_topic *topic = map_find(&work->by_id, uuid_key(&item->topic));
        if (topic != NULL && item->partition < topic->partition_count
            && reads(&work->assigned[index], (int32_t)(topic - work->topics)))
            topic->owners[item->partition] = index;
    }
}

static void gather_members(struct target_work *work)
{
    work->assigned = arena_new_array(work->arena, struct assignor_member, work->member_count);
    for (int32_t i = 0; i < work->member_count; i++) {
        work->assigned[i].id = work->members[i]->id;
        work->assigned[i].instance_id = work->members[i]->instance_id;
        gather_subscription(work, work->members[i], &work->assigned[i]);
        gather_former(work, i);
    }
}

/* All read the same: as Kafka counts, which asks the same of those that name topics and those that do not. */
static bool is_homogeneous(const struct target_work *work)
{
    const struct consumer_member *first = work->members[0];
    for (int32_t i = 0; i < work->member_count; i++) {
        const struct consumer_member *member = work->members[i];
        if (consumer_has_regex(first)) {
            if (member->topic_count > 0 || !slice_equal(member->regex, first->regex))
                return false;
        } else if (consumer_has_regex(member)
                   || !consumer_names_equal(member->topics, member->topic_count, first->topics,
                                            first->topic_count)) {
            return false;
        }
    }
    return true;
}

/* ---- what comes out ---- */

static struct partition_set *collect(const struct target_work *work)
{
    struct partition_set *sets = arena_new_array(work->arena, struct partition_set, work->member_count);
    for (int pass = 0; pass < 2; pass++) {
        for (int32_t i = 0; pass == 1 && i < work->member_count; i++) {
            sets[i].items = arena_new_array(work->arena, struct set_partition, sets[i].count);
            sets[i].count = 0;
        }
        for (int32_t i = 0; i < work->topic_count; i++)
            for (int32_t j = 0; j < work->topics[i].partition_count; j++) {
                int32_t owner = work->topics[i].owners[j];
                if (owner == NO_OWNER)
                    continue;
                if (pass == 1)
                    sets[owner].items[sets[owner].count] = (struct set_partition){work->topics[i].id, j, 0};
                sets[owner].count++;
            }
    }
    for (int32_t i = 0; i < work->member_count; i++)
        partition_set_sort(&sets[i]);
    return sets;
}

static void write_changes(const struct target_work *work, const struct partition_set *sets)
{
    const struct consumer_step *step = work->step;
    for (int32_t i = 0; i < work->member_count; i++) {
        const struct consumer_member *member = work->members[i];
        bool is_replacement = member == step->member && step->replaced != NULL;
        bool has_one = is_replacement || consumer_has_target(step->consumer, member->id);
        if (!has_one || !partition_set_equal(&sets[i], former_target(step, member)))
            consumer_write_target(step, member->id, &sets[i]);
    }
}

/* A record may name one that is no more. */
static const struct assignor *choose_assignor(const struct target_work *work)
{
    const struct groups *groups = work->step->groups;
    const struct assignor *assignor = find_assignor(
        consumer_preferred_assignor(groups, work->step->consumer, work->members, work->member_count));
    if (assignor == NULL)
        assignor = find_assignor(consumer_default_assignor(groups));
    return assignor != NULL ? assignor : find_assignor(SLICE("uniform"));
}

static struct partition_set compute(struct consumer_step *step)
{
    struct target_work work = {.step = step, .arena = step->effects->arena};
    map_init(&work.by_id, step->consumer->seed);
    work.members = consumer_members_after(step, &work.member_count);
    gather_topics(&work);
    gather_members(&work);
    struct assignor_group group = {
        .members = work.assigned,
        .member_count = work.member_count,
        .topics = work.topics,
        .topic_count = work.topic_count,
        .homogeneous = is_homogeneous(&work),
        .arena = work.arena,
    };
    choose_assignor(&work)->assign(&group);
    struct partition_set *sets = collect(&work);
    write_changes(&work, sets);
    map_fini(&work.by_id);
    for (int32_t i = 0; i < work.member_count; i++)
        if (work.members[i] == step->member)
            return sets[i];
    return (struct partition_set){NULL, 0};
}

/* A clock that was turned back makes nobody wait until it is as late again. */
static bool may_compute(const struct consumer_step *step)
{
    int64_t last_ms = step->consumer->assignment_wall_ms, now_ms = step->event->wall_ms;
    int32_t interval_ms = consumer_assignment_interval_ms(step->groups, step->group_id, step->event->image);
    return last_ms == 0 || interval_ms == 0 || now_ms >= last_ms + interval_ms || now_ms < last_ms;
}

struct partition_set consumer_update_target(struct consumer_step *step)
{
    if (step->epoch <= step->assignment_epoch || !may_compute(step))
        return *former_target(step, step->member);
    struct partition_set target = compute(step);
    step->assignment_epoch = step->epoch;
    consumer_write_target_metadata(step, step->event->wall_ms);
    return target;
}
