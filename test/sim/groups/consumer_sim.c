/* consumer_sim: see the header. */
#include "test/sim/groups/consumer_sim.h"

#include "protocol/base/ensure.h"
#include "protocol/consumer_protocol.h"
#include "server/coordinator/consumer_convert.h"

#include <stdio.h>
#include <stdlib.h>

enum {
    TOPIC_BITS = 16,
    BEAT_EVERY_MS = 3000,
    CALM_MS = 150000,
    REST_MS = 60000,
    CALM_STEP_MS = 500,
    REFUSED_PAUSE_MS = 1000, /* what could not be stored is tried again after it */
    TEXT = 256,
};

static const char *const group_names[CONSUMER_GROUPS] = {"c0", "c1"};

static int index_of(const char *group)
{
    return group[1] - '0';
}

/* ---- partitions ---- */

static int base_of(struct slice topic)
{
    return topic.data[0] == 'a' ? 0 : TOPIC_BITS;
}

static void owned_text(uint32_t bits, char text[TEXT])
{
    size_t len = 0;
    text[0] = '\0';
    for (int topic = 0; topic < 2; topic++) {
        bool first = true;
        for (int p = 0; p < TOPIC_BITS; p++) {
            if ((bits >> (topic * TOPIC_BITS) & 1U << p) == 0)
                continue;
            len += (size_t)snprintf(text + len, TEXT - len, "%s%d",
                                    first ? (topic == 0 ? "a:"
                                             : len == 0 ? "b:"
                                                        : " b:")
                                          : ",",
                                    p);
            first = false;
        }
    }
}

static uint32_t bits_of_set(const struct consumer_sim *sim, const struct partition_set *set)
{
    uint32_t bits = 0;
    for (int32_t i = 0; i < set->count; i++)
        bits |= 1U << (base_of(image_find_topic_by_id(&sim->shard.image, set->items[i].topic)->name)
                       + set->items[i].partition);
    return bits;
}

static uint32_t all_bits(const struct consumer_sim *sim)
{
    uint32_t a = (uint32_t)image_find_topic(&sim->shard.image, SLICE("a"))->partition_count;
    uint32_t b = (uint32_t)image_find_topic(&sim->shard.image, SLICE("b"))->partition_count;
    return ((1U << a) - 1) | ((1U << b) - 1) << TOPIC_BITS;
}

/* ---- what clients are told ---- */

static void saw_epoch(struct consumer_sim *sim, struct consumer *client, int32_t epoch)
{
    if (epoch < client->epoch)
        fate_wrong(&sim->fate, "C2: %s was told epoch %d after %d", client->member, epoch, client->epoch);
    client->epoch = epoch;
}

static void abandon(struct consumer *client)
{
    client->is_member = false;
    client->owned = 0;
    client->epoch = 0;
}

static void new_member_id(struct consumer_sim *sim, struct consumer *client)
{
    snprintf(client->member, sizeof client->member, "m%d-%llu", client->index,
             (unsigned long long)fate_draw(&sim->fate, 1000000));
}

/* ---- the consumer protocol ---- */

static void take_beat(struct consumer_sim *sim, struct consumer *client, const struct ask *ask)
{
    const struct consumer_group_heartbeat_response *response = beat_of(ask);
    bool is_append_error = response->error_code == KERR_COORDINATOR_NOT_AVAILABLE
                           || response->error_code == KERR_NOT_COORDINATOR
                           || response->error_code == KERR_UNKNOWN_SERVER_ERROR;
    if (response->error_code == KERR_NONE) {
        client->is_member = true;
        saw_epoch(sim, client, response->member_epoch);
        if (response->assignment == NULL)
            return;
        sim->assignments++;
        client->owned = 0;
        for (int32_t i = 0; i < response->assignment->topic_partitions.count; i++) {
            const struct consumer_group_heartbeat_topic_partitions *topic =
                &response->assignment->topic_partitions.items[i];
            int base = base_of(image_find_topic_by_id(&sim->shard.image, topic->topic_id)->name);
            for (int32_t j = 0; j < topic->partitions.count; j++)
                client->owned |= 1U << (base + topic->partitions.items[j]);
        }
    } else if (is_append_error) {
        client->has_missed = true;
    } else {
        sim->thrown_out += client->is_member && response->error_code == KERR_UNKNOWN_MEMBER_ID;
        abandon(client);
        if (response->error_code != KERR_FENCED_MEMBER_EPOCH
            && response->error_code != KERR_UNRELEASED_INSTANCE_ID)
            new_member_id(sim, client);
    }
}

static void remember(struct consumer_sim *sim, const struct beat_ask *beat)
{
    int at = sim->past_count++ % CONSUMER_PAST;
    sim->past[at] = *beat;
    snprintf(sim->past_member[at], sizeof sim->past_member[at], "%s", beat->member);
    snprintf(sim->past_owned[at], sizeof sim->past_owned[at], "%s", beat->owned == NULL ? "" : beat->owned);
    sim->past[at].member = sim->past_member[at];
    sim->past[at].owned = beat->owned == NULL ? NULL : sim->past_owned[at];
}

static void beat(struct consumer_sim *sim, struct consumer *client, bool is_lost)
{
    char owned[TEXT];
    if (client->member[0] == '\0')
        new_member_id(sim, client);
    owned_text(client->owned, owned);
    struct beat_ask beat = {.group = client->group,
                            .member = client->member,
                            .instance = client->instance[0] == '\0' ? NULL : client->instance,
                            .epoch = client->is_member ? client->epoch : 0,
                            .owned = client->is_member ? owned : ""};
    if (!client->is_member) {
        client->epoch = 0;
        client->owned = 0;
    }
    if (!client->is_member || client->has_missed) {
        beat.rebalance_timeout_ms = 30000;
        beat.regex = client->has_regex ? "[ab]" : NULL;
        beat.topics[0] = client->has_regex ? NULL : "a";
        beat.topics[1] = client->has_regex ? NULL : "b";
    }
    struct ask *ask = shard_beat(&sim->shard, &beat);
    client->has_missed = is_lost;
    if (!is_lost)
        take_beat(sim, client, ask);
    remember(sim, &beat);
    ask_free(ask);
    client->beat_ms = sim->shard.now_ms;
}

/* A request that was slow, on a connection that its client has given up. */
static void beat_again(struct consumer_sim *sim)
{
    if (sim->past_count < CONSUMER_PAST)
        return;
    const struct beat_ask *past = &sim->past[fate_draw(&sim->fate, CONSUMER_PAST)];
    ask_free(shard_beat(&sim->shard, past));
    for (int i = 0; i < CONSUMERS; i++)
        if (strcmp(sim->clients[i].member, past->member) == 0)
            sim->clients[i].has_missed = true;
}

/* ---- the classic protocol ---- */

static void take_error(struct consumer_sim *sim, struct consumer *client, enum kerr error)
{
    client->is_member = false;
    if (client->is_eager || error != KERR_REBALANCE_IN_PROGRESS)
        client->owned = 0;
    if (error == KERR_UNKNOWN_MEMBER_ID || error == KERR_FENCED_INSTANCE_ID
        || error == KERR_ILLEGAL_GENERATION) {
        sim->thrown_out += error == KERR_UNKNOWN_MEMBER_ID;
        client->member[0] = '\0';
        client->epoch = 0;
    }
}

static struct slice share_bytes(struct consumer_sim *sim, struct arena *arena, int i, int count)
{
    struct partition_set set = {arena_new_array(arena, struct set_partition, 2 * TOPIC_BITS), 0};
    for (int bit = 0; bit < 2 * TOPIC_BITS; bit++)
        if ((all_bits(sim) & 1U << bit) != 0 && bit % count == i) {
            const struct topic *topic =
                image_find_topic(&sim->shard.image, bit < TOPIC_BITS ? SLICE("a") : SLICE("b"));
            set.items[set.count++] = (struct set_partition){topic->id, bit % TOPIC_BITS, 0};
        }
    partition_set_sort(&set);
    return consumer_assignment_bytes(&set, &sim->shard.image, SLICE(""), arena);
}

static void fill_shares(struct consumer_sim *sim, const struct join_group_response *joined,
                        struct sync_group_request *request, struct arena *arena)
{
    array_init(&request->assignments, sync_group_assignment, arena, joined->members.count);
    for (int32_t i = 0; i < joined->members.count; i++)
        request->assignments.items[i] = (struct sync_group_assignment){
            joined->members.items[i].member_id, share_bytes(sim, arena, i, joined->members.count)};
}

static void take_sync(struct consumer_sim *sim, struct consumer *client, const struct ask *ask)
{
    const struct sync_group_response *response = sync_of(ask);
    if (response->error_code != KERR_NONE) {
        take_error(sim, client, response->error_code);
        return;
    }
    struct arena arena;
    arena_init(&arena, SIZE_MAX);
    struct consumer_protocol_assignment assignment = {.assigned_partitions = {NULL, 0}};
    if (response->assignment.len > 0)
        ensure(consumer_protocol_read(&consumer_protocol_assignment_message, response->assignment, &arena,
                                      &assignment)
               >= 0);
    client->owned = 0;
    for (int32_t i = 0; i < assignment.assigned_partitions.count; i++)
        for (int32_t j = 0; j < assignment.assigned_partitions.items[i].partitions.count; j++)
            client->owned |= 1U << (base_of(assignment.assigned_partitions.items[i].topic)
                                    + assignment.assigned_partitions.items[i].partitions.items[j]);
    arena_fini(&arena);
    client->is_member = true;
    client->beat_ms = sim->shard.now_ms;
    sim->assignments++;
}

static void sync(struct consumer_sim *sim, struct consumer *client, const struct join_group_response *joined)
{
    struct arena arena;
    arena_init(&arena, SIZE_MAX);
    struct sync_group_request request;
    schema_set_defaults(sync_group_request_schema(), &request);
    request.group_id = slice_str(client->group);
    request.generation_id = client->epoch;
    request.member_id = slice_str(client->member);
    request.group_instance_id = client->instance[0] == '\0' ? SLICE_NULL : slice_str(client->instance);
    request.protocol_type = SLICE("consumer");
    request.protocol_name = SLICE("range");
    fill_shares(sim, joined, &request, &arena);
    struct ask *ask = shard_ask(&sim->shard, GROUP_SYNC, client->group, &request, 5, "c");
    arena_fini(&arena);
    client->ask = ask;
}

static void take_join(struct consumer_sim *sim, struct consumer *client, const struct ask *ask)
{
    const struct join_group_response *response = join_of(ask);
    if (response->error_code != KERR_NONE && response->error_code != KERR_MEMBER_ID_REQUIRED) {
        take_error(sim, client, response->error_code);
        return;
    }
    snprintf(client->member, sizeof client->member, "%.*s", SLICE_ARGS(response->member_id));
    if (response->error_code != KERR_NONE)
        return;
    client->epoch = response->generation_id;
    sync(sim, client, response);
}

static void forget_ask(struct consumer *client)
{
    if (client->ask != NULL)
        ask_free(client->ask);
    client->ask = NULL;
}

/* False: it waits. */
static bool take_classic(struct consumer_sim *sim, struct consumer *client)
{
    struct ask *ask = client->ask;
    if (ask == NULL)
        return true;
    if (ask->answers == 0)
        return false;
    if (ask->answers > 1)
        fate_wrong(&sim->fate, "C1: a reply was answered %d times", ask->answers);
    client->ask = NULL;
    bool is_sync = ask->reply.version == 5;
    if (is_sync)
        take_sync(sim, client, ask);
    else
        take_join(sim, client, ask);
    ask_free(ask);
    return client->ask == NULL;
}

static void join(struct consumer_sim *sim, struct consumer *client)
{
    struct arena arena;
    char owned[TEXT];
    arena_init(&arena, SIZE_MAX);
    if (client->is_eager)
        client->owned = 0;
    owned_text(client->owned, owned);
    client->ask = ASK_JOIN(&sim->shard, .group = client->group, .member = client->member,
                           .instance = client->instance[0] == '\0' ? NULL : client->instance, .version = 9,
                           .bytes = subscription_bytes(&arena, "a b", owned), .session_timeout_ms = 10000,
                           .rebalance_timeout_ms = 20000);
    arena_fini(&arena);
}

static void act_classic(struct consumer_sim *sim, struct consumer *client)
{
    if (!take_classic(sim, client))
        return;
    if (!client->is_member) {
        join(sim, client);
        return;
    }
    enum kerr error = shard_heartbeat(&sim->shard, client->group, client->member,
                                      client->instance[0] == '\0' ? NULL : client->instance, client->epoch);
    client->beat_ms = sim->shard.now_ms;
    if (error != KERR_NONE)
        take_error(sim, client, error);
}

/* ---- events ---- */

static void act(struct consumer_sim *sim, struct consumer *client, bool is_lost)
{
    bool waits = client->is_classic && client->ask != NULL;
    if (client->is_member && !waits && sim->shard.now_ms - client->beat_ms < BEAT_EVERY_MS)
        return;
    if (client->is_classic)
        act_classic(sim, client);
    else
        beat(sim, client, is_lost);
}

/* Another program in its place; its member id is not known to it, its instance is. */
static void restart_client(struct consumer_sim *sim, struct consumer *client)
{
    forget_ask(client);
    abandon(client);
    client->member[0] = '\0';
    client->is_classic = fate_draw(&sim->fate, 3) == 0;
    client->is_eager = fate_draw(&sim->fate, 2) == 0;
    client->has_regex = fate_draw(&sim->fate, 3) == 0;
    client->is_alive = true;
}

static void die(struct consumer *client)
{
    forget_ask(client);
    abandon(client);
    client->is_alive = false;
}

static void leave(struct consumer_sim *sim, struct consumer *client)
{
    const char *instance = client->instance[0] == '\0' ? NULL : client->instance;
    if (!client->is_alive || !client->is_member)
        return;
    if (client->is_classic)
        shard_leave(&sim->shard, client->group, client->member, instance, 5);
    else
        ask_free(BEAT(&sim->shard, .group = client->group, .member = client->member, .instance = instance,
                      .epoch = instance != NULL && fate_draw(&sim->fate, 2) == 0 ? -2 : -1));
    die(client);
}

static void restart_shard(struct consumer_sim *sim)
{
    static char before[CONSUMER_GROUPS][2048];
    for (int g = 0; g < CONSUMER_GROUPS; g++) {
        bool is_there = strncmp(shard_list_state(&sim->shard, group_names[g]), "consumer", 8) == 0;
        snprintf(before[g], sizeof before[g], "%s",
                 is_there ? shard_describe(&sim->shard, group_names[g]) : "");
    }
    for (int i = 0; i < CONSUMERS; i++)
        if (sim->clients[i].ask != NULL) {
            forget_ask(&sim->clients[i]);
            take_error(sim, &sim->clients[i], KERR_UNKNOWN_MEMBER_ID);
        }
    shard_restart(&sim->shard, fate_draw(&sim->fate, 2) == 0);
    sim->restarts++;
    for (int g = 0; g < CONSUMER_GROUPS; g++)
        if (before[g][0] != '\0' && strcmp(before[g], shard_describe(&sim->shard, group_names[g])) != 0)
            fate_wrong(&sim->fate, "C4: %s was \"%.200s\" and is \"%.200s\"", group_names[g], before[g],
                       shard_describe(&sim->shard, group_names[g]));
}

static void grow(struct consumer_sim *sim)
{
    const char *name = fate_draw(&sim->fate, 2) == 0 ? "a" : "b";
    int32_t count = image_find_topic(&sim->shard.image, slice_str(name))->partition_count;
    if (count < 8)
        shard_put_topic(&sim->shard, name, count + 1);
}

static void toggle_appends(struct consumer_sim *sim)
{
    static const enum kerr errors[] = {KERR_NONE, KERR_NONE, KERR_NONE, KERR_NOT_ENOUGH_REPLICAS,
                                       KERR_KAFKA_STORAGE_ERROR};
    sim->shard.append_error = errors[fate_draw(&sim->fate, sizeof errors / sizeof errors[0])];
}

static void event(struct consumer_sim *sim)
{
    uint64_t kind = fate_draw(&sim->fate, 1000);
    struct consumer *client = &sim->clients[fate_draw(&sim->fate, CONSUMERS)];
    if (kind < 650 && client->is_alive)
        act(sim, client, fate_draw(&sim->fate, 20) == 0);
    else if (kind < 650)
        restart_client(sim, client);
    else if (kind < 900)
        shard_pass(&sim->shard, (int64_t)fate_draw(&sim->fate, kind < 890 ? 500 : 8000));
    else if (kind < 930)
        beat_again(sim);
    else if (kind < 945)
        die(client);
    else if (kind < 965)
        leave(sim, client);
    else if (kind < 975)
        restart_client(sim, client);
    else if (kind < 990)
        toggle_appends(sim);
    else if (kind < 992)
        grow(sim);
    else if (kind < 995)
        shard_jump(&sim->shard, (int64_t)fate_draw(&sim->fate, 200000));
    else
        restart_shard(sim);
    sim->events++;
}

/* ---- rules ---- */

static void check_group(struct consumer_sim *sim, const struct group *group)
{
    const struct consumer_group *consumer = group->consumer;
    int32_t count = 0, classic = 0, regexes = 0;
    size_t held = 0;
    int64_t due_ms = INT64_MAX;
    uint32_t seen = 0;
    consumer_for_each_member(node, consumer)
    {
        const struct consumer_member *member = consumer_member_of(node);
        uint32_t bits = bits_of_set(sim, &member->assigned) | bits_of_set(sim, &member->revoking);
        if ((seen & bits) != 0)
            fate_wrong(&sim->fate, "C3: partitions %x of %.*s have two owners", seen & bits,
                       SLICE_ARGS(group->id));
        seen |= bits;
        held += (size_t)member->assigned.count + (size_t)member->revoking.count;
        count++;
        classic += member->is_classic;
        regexes += consumer_has_regex(member);
        due_ms = member->session_deadline_ms < due_ms ? member->session_deadline_ms : due_ms;
        if (member->epoch > consumer->epoch)
            fate_wrong(&sim->fate, "C2: a member's epoch is above its group's");
    }
    if (count != consumer->member_count || classic != consumer->classic_count
        || (size_t)count != consumer->by_id.count || held != consumer->holders.count
        || (regexes > 0) != (consumer->subscribed_regexes > 0))
        fate_wrong(&sim->fate, "C5: counts are wrong");
    if (due_ms < group->due_ms && group->due_ms > sim->shard.now_ms + REFUSED_PAUSE_MS)
        fate_wrong(&sim->fate, "C5: a deadline comes before the look at the group");
    int g = index_of((const char *)group->id.data);
    if (consumer->epoch < sim->epoch[g])
        fate_wrong(&sim->fate, "C2: the epoch of %.*s fell to %d", SLICE_ARGS(group->id), consumer->epoch);
    sim->epoch[g] = consumer->epoch;
}

static void check_client(struct consumer_sim *sim, const struct consumer *client)
{
    const struct group *group = find_group(sim->shard.groups, slice_str(client->group));
    if (!client->is_alive || client->has_missed || group == NULL || group->kind != GROUP_IS_CONSUMER)
        return;
    const struct consumer_member *member = consumer_find_member(group->consumer, slice_str(client->member));
    if (member == NULL || member->epoch != client->epoch || !client->is_member
        || member->is_classic != client->is_classic)
        return;
    uint32_t known = bits_of_set(sim, &member->assigned) | bits_of_set(sim, &member->revoking);
    if ((client->owned & ~known) != 0)
        fate_wrong(&sim->fate, "C3: %s owns %x of which %s knows %x", client->member, client->owned,
                   client->group, known);
}

static void check(struct consumer_sim *sim)
{
    for (int g = 0; g < CONSUMER_GROUPS; g++) {
        const struct group *group = find_group(sim->shard.groups, slice_str(group_names[g]));
        if (group != NULL && group->kind == GROUP_IS_CONSUMER)
            check_group(sim, group);
        else if (sim->epoch[g] != 0) {
            sim->conversions++;
            sim->epoch[g] = 0;
        }
    }
    for (int i = 0; i < CONSUMERS; i++)
        check_client(sim, &sim->clients[i]);
}

static void check_rest(struct consumer_sim *sim)
{
    for (int g = 0; g < CONSUMER_GROUPS; g++) {
        uint32_t all = 0;
        bool any = false;
        for (int i = 0; i < CONSUMERS; i++) {
            const struct consumer *client = &sim->clients[i];
            if (!client->is_alive || client->group != group_names[g])
                continue;
            any = true;
            if (!client->is_member)
                fate_wrong(&sim->fate, "C6: %s is not at rest: %s", client->member,
                           shard_describe(&sim->shard, client->group));
            if ((all & client->owned) != 0)
                fate_wrong(&sim->fate, "C6: partitions %x of %s have two owners", all & client->owned,
                           client->group);
            all |= client->owned;
        }
        if (any && all != all_bits(sim))
            fate_wrong(&sim->fate, "C6: of %s only %x of %x have owners: %s", group_names[g], all,
                       all_bits(sim), shard_describe(&sim->shard, group_names[g]));
    }
}

/* ---- a run ---- */

static void live(struct consumer_sim *sim, int64_t ms)
{
    for (int64_t i = 0; i < ms / CALM_STEP_MS && sim->fate.wrong[0] == '\0'; i++) {
        for (int c = 0; c < CONSUMERS; c++) {
            if (sim->clients[c].is_alive)
                act(sim, &sim->clients[c], false);
            check(sim); /* a group may change its protocol, and back */
        }
        shard_pass(&sim->shard, CALM_STEP_MS);
        check(sim);
    }
}

static void calm_down(struct consumer_sim *sim)
{
    sim->shard.append_error = KERR_NONE;
    live(sim, CALM_MS);
    check_rest(sim);
    int64_t thrown_out = sim->thrown_out;
    live(sim, REST_MS);
    check_rest(sim);
    if (sim->thrown_out != thrown_out)
        fate_wrong(&sim->fate, "C6: a member that beats was thrown out");
}

static void set_up(struct consumer_sim *sim, uint64_t seed, bool forgets_owner)
{
    *sim = (struct consumer_sim){.fate = {.random = seed * 7919 + 3}, .forgets_owner = forgets_owner};
    shard_init(&sim->shard, seed);
    shard_put_topic(&sim->shard, "a", 4);
    shard_put_topic(&sim->shard, "b", 2);
    sim->shard.config.offsets_retention_check_interval_ms = INT64_MAX / 4;
    shard_set_config(&sim->shard);
    for (int i = 0; i < CONSUMERS; i++) {
        struct consumer *client = &sim->clients[i];
        client->index = i;
        client->group = group_names[i % CONSUMER_GROUPS];
        if (i % 4 == 0)
            snprintf(client->instance, sizeof client->instance, "i%d", i);
    }
}

static void forget_owner(struct consumer_sim *sim)
{
    struct group *group = find_group(sim->shard.groups, slice_str(group_names[0]));
    if (group == NULL || group->kind != GROUP_IS_CONSUMER || list_is_empty(&group->consumer->members))
        return;
    struct consumer_member *first = consumer_member_of(group->consumer->members.next);
    const struct consumer_member none = {.epoch = first->epoch, .previous_epoch = first->previous_epoch};
    consumer_set_assignment(group->consumer, first, &none);
}

bool consumer_sim_run(struct consumer_sim *sim, uint64_t seed, int events, bool forgets_owner)
{
    set_up(sim, seed, forgets_owner);
    for (int i = 0; i < events && sim->fate.wrong[0] == '\0'; i++) {
        event(sim);
        if (sim->forgets_owner && i % 100 == 99)
            forget_owner(sim);
        check(sim);
    }
    if (sim->fate.wrong[0] == '\0')
        calm_down(sim);
    sim->refused = sim->shard.refused;
    for (int i = 0; i < CONSUMERS; i++)
        die(&sim->clients[i]);
    shard_fini(&sim->shard);
    return sim->fate.wrong[0] == '\0';
}
