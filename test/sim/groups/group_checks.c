/* group_checks: see the header. */
#include "test/sim/groups/group_checks.h"

#include "protocol/base/ensure.h"
#include "protocol/messages/describe_groups.h"
#include "protocol/records/group_metadata_record.h"
#include "server/coordinator/classic_state.h"

/* Whoever asked may be slow to take the answer, so that it is looked at where it is given. */
static void check_joined(struct sim *sim, const struct sim_wait *wait)
{
    const struct join_group_response *response = join_of(wait->ask);
    int g = sim_group_index(wait->group);
    if (response->error_code != KERR_NONE)
        return;
    if (response->generation_id < sim->shown_generation[g]
        || response->generation_id < sim->stored_generation[g])
        fate_wrong(&sim->fate, "rule 3: %s joined generation %d after %d", wait->group,
                   response->generation_id, sim->shown_generation[g]);
    sim->shown_generation[g] = response->generation_id;
}

static void check_wait(struct sim *sim, struct sim_wait *wait)
{
    int64_t waits_ms = sim->shard.now_ms - wait->since_ms;
    if (wait->ask->answers > 1)
        fate_wrong(&sim->fate, "rule 1: a reply was answered %d times", wait->ask->answers);
    if (wait->ask->answers == 0 && waits_ms > SIM_REBALANCE_TIMEOUT_MS)
        fate_wrong(&sim->fate, "rule 2: a reply waits since %lld ms", (long long)waits_ms);
    if (wait->ask->answers == 0 || wait->is_checked)
        return;
    wait->is_checked = true;
    if (wait->kind == GROUP_JOIN)
        check_joined(sim, wait);
}

void check_waits(struct sim *sim)
{
    for (int i = 0; i < sim->wait_count; i++)
        check_wait(sim, &sim->waits[i]);
}

/* Whoever has an instance id is the same after it has come back; another one is somebody else. */
static int identity_of(const struct sim_client *client)
{
    return client->instance[0] != '\0' ? client->index : client->index + SIM_CLIENTS * client->incarnation;
}

void check_assigned(struct sim *sim, const struct sim_client *client, int32_t generation, uint32_t partitions)
{
    int g = sim_group_index(client->group);
    sim->assignments++;
    if (generation < sim->stored_generation[g])
        return; /* an answer that it was slow to take */
    if (generation > sim->stored_generation[g]) {
        sim->stored_generation[g] = generation;
        for (int p = 0; p < SIM_PARTITIONS; p++)
            sim->owner[g][p] = -1;
    }
    for (int p = 0; p < SIM_PARTITIONS; p++) {
        if ((partitions & 1U << p) == 0)
            continue;
        if (sim->owner[g][p] >= 0 && sim->owner[g][p] != identity_of(client))
            fate_wrong(&sim->fate, "rule 4: partition %d of %s has two owners in generation %d", p,
                       client->group, generation);
        sim->owner[g][p] = identity_of(client);
    }
}

/* ---- around a restart ---- */

struct described {
    struct ask *groups[SIM_GROUPS];
};

static const struct describe_groups_response_group *answer_of(const struct ask *ask)
{
    return ask->response;
}

static struct ask *describe(struct sim *sim, int g)
{
    const char name[] = {'g', (char)('0' + g), '\0'};
    return shard_ask(&sim->shard, GROUP_DESCRIBE, name, NULL, 6, "c");
}

struct described *check_before(struct sim *sim)
{
    struct described *before = calloc(1, sizeof *before);
    ensure(before != NULL);
    for (int g = 0; g < SIM_GROUPS; g++)
        before->groups[g] = describe(sim, g);
    return before;
}

static bool same_members(const struct describe_groups_response_group *answer,
                         const struct group_metadata_value *record)
{
    if (answer->members.count != record->members.count)
        return false;
    for (int32_t i = 0; i < record->members.count; i++) {
        const struct describe_groups_response_member *member = &answer->members.items[i];
        const struct group_metadata_member *stored = &record->members.items[i];
        if (!slice_equal(member->member_id, stored->member_id)
            || !slice_equal(member->group_instance_id, stored->group_instance_id)
            || !slice_equal(member->member_assignment, stored->assignment)
            || !slice_equal(member->member_metadata, stored->subscription))
            return false;
    }
    return true;
}

static void check_loaded(struct sim *sim, int g, const struct describe_groups_response_group *after)
{
    struct arena arena;
    arena_init(&arena, SIZE_MAX);
    const char name[] = {'g', (char)('0' + g), '\0'};
    const struct group_metadata_value *record = shard_find_group_record(&sim->shard, name, &arena);
    if (record == NULL && !slice_equal_str(after->group_state, "Dead"))
        fate_wrong(&sim->fate, "rule 5: %s has no record and was loaded", name);
    if (record != NULL && !same_members(after, record))
        fate_wrong(&sim->fate, "rule 5: %s is not what its record says", name);
    if (record != NULL
        && !slice_equal_str(after->group_state, record->members.count > 0 ? "Stable" : "Empty"))
        fate_wrong(&sim->fate, "rule 5: %s is %.*s after a load", name, SLICE_ARGS(after->group_state));
    arena_fini(&arena);
}

/* An empty group's record may have been refused: then the generation before comes back, to time out. */
static bool is_at_rest(const struct sim *sim, const struct describe_groups_response_group *answer)
{
    return slice_equal_str(answer->group_state, "Stable") || slice_equal_str(answer->group_state, "Dead")
           || (slice_equal_str(answer->group_state, "Empty") && sim->shard.refused == 0);
}

void check_after(struct sim *sim, struct described *before)
{
    for (int g = 0; g < SIM_GROUPS; g++) {
        struct ask *after = describe(sim, g);
        struct describe_groups_response a = {.groups = {before->groups[g]->response, 1}};
        struct describe_groups_response b = {.groups = {after->response, 1}};
        if (is_at_rest(sim, answer_of(before->groups[g]))
            && !message_equal(&describe_groups_response_message, 6, &a, &b))
            fate_wrong(&sim->fate, "rule 5: g%d was at rest and is another one after a restart", g);
        check_loaded(sim, g, answer_of(after));
        ask_free(before->groups[g]);
        ask_free(after);
    }
    free(before);
    for (int g = 0; g < SIM_GROUPS; g++)
        sim->shown_generation[g] = 0;
}

/* ---- counts ---- */

static void check_members(struct sim *sim, const struct group *group)
{
    const struct classic_group *classic = group->classic;
    int32_t count = 0, joining = 0, unsynced = 0;
    int64_t due_ms = classic->phase_deadline_ms;
    list_for_each(node, &classic->pending) {
        const struct classic_pending *pending = list_entry(node, struct classic_pending, node);
        due_ms = pending->deadline_ms < due_ms ? pending->deadline_ms : due_ms;
    }
    classic_for_each_member(node, classic)
    {
        const struct classic_member *member = classic_member_of(node);
        count++;
        joining += member->is_joining;
        unsynced += member->is_unsynced;
        due_ms = member->deadline_ms < due_ms ? member->deadline_ms : due_ms;
        if ((member->join != NULL && !member->is_joining) || (member->sync != NULL && !member->is_syncing)
            || (member->is_joining && classic->state != CLASSIC_PREPARING_REBALANCE)
            || (member->is_syncing && classic->state != CLASSIC_COMPLETING_REBALANCE))
            fate_wrong(&sim->fate, "rule 6: a member waits for what does not come");
    }
    if (count != classic->member_count || joining != classic->joining || unsynced != classic->unsynced
        || (size_t)count != classic->by_id.count)
        fate_wrong(&sim->fate, "rule 6: counts of members are wrong");
    if (due_ms < group->due_ms)
        fate_wrong(&sim->fate, "rule 6: a deadline comes before the look at the group");
    if ((count == 0) != (classic->state == CLASSIC_EMPTY) && classic->state != CLASSIC_PREPARING_REBALANCE)
        fate_wrong(&sim->fate, "rule 6: a group without members is not empty");
}

static void check_support(struct sim *sim, const struct classic_group *classic)
{
    size_t cursor = 0;
    bool any = classic->member_count == 0;
    for (struct map_entry *entry; (entry = map_next(&classic->support, &cursor)) != NULL;) {
        const struct classic_support *support = entry->value;
        int32_t members = 0;
        classic_for_each_member(node, classic)
        {
            const struct classic_member *member = classic_member_of(node);
            for (int32_t i = 0; i < member->protocols.count; i++)
                members += slice_equal(member->protocols.items[i].name, support->name);
        }
        if (members != support->members)
            fate_wrong(&sim->fate, "rule 6: counts of protocols are wrong");
        any = any || members == classic->member_count;
    }
    if (!any)
        fate_wrong(&sim->fate, "rule 6: no protocol is supported by all");
}

void check_counts(struct sim *sim)
{
    size_t cursor = 0;
    for (struct map_entry *entry; (entry = map_next(&sim->shard.groups->by_id, &cursor)) != NULL;) {
        const struct group *group = entry->value;
        if (group->kind != GROUP_IS_CLASSIC)
            continue;
        check_members(sim, group);
        check_support(sim, group->classic);
    }
}

/* ---- rest ---- */

void check_rest(struct sim *sim)
{
    for (int g = 0; g < SIM_GROUPS; g++) {
        uint32_t all = 0;
        int32_t first = -1;
        bool any = false;
        for (int i = 0; i < SIM_CLIENTS; i++) {
            const struct sim_client *client = &sim->clients[i];
            if (!client->is_alive || sim_group_index(client->group) != g)
                continue;
            int32_t generation = -1;
            any = true;
            all |= client->kind->owned(client, &generation);
            if (first == -1)
                first = generation;
            if (generation != first || generation == -1)
                fate_wrong(&sim->fate, "rule 7: a client of g%d is in generation %d, another one in %d", g,
                           generation, first);
        }
        if (any && all != (1U << SIM_PARTITIONS) - 1)
            fate_wrong(&sim->fate, "rule 7: partitions of g%d have no owner", g);
    }
}
