/*
 * See group_state.h: the groups of a shard by id and by when they are due, and the effects of a step.
 * Invariants:
 *   1. by_id has every group under its own id.
 *   2. `due` is a binary heap by due_ms; a group stands in it, at due_place, exactly while due_ms is not
 *      INT64_MAX.
 *   3. A parked reply is known in exactly one place, reply->parked_at.
 */
#include "server/coordinator/group_state.h"

#include "protocol/base/ensure.h"
#include "protocol/base/memory.h"
#include "protocol/schema/schema.h"
#include "server/coordinator/consumer_group.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { UUID_V4_TEXT_LEN = 36 };

/* ---- groups ---- */

struct group *find_group(const struct groups *groups, struct slice id)
{
    return map_find(&groups->by_id, id);
}

struct group *group_new(struct groups *groups, struct slice id)
{
    ensure(find_group(groups, id) == NULL);
    struct group *group = calloc(1, sizeof *group);
    ensure(group != NULL);
    group->id = memory_dup(id);
    group->due_ms = INT64_MAX;
    group->due_place = SIZE_MAX;
    map_put(&groups->by_id, group->id, group);
    return group;
}

void group_remove(struct groups *groups, struct group *group)
{
    group_set_due(groups, group, INT64_MAX);
    map_remove(&groups->by_id, group->id);
    if (group->kind == GROUP_IS_CLASSIC)
        classic_group_free(group->classic);
    else
        consumer_group_free(group->consumer);
    memory_free_slice(group->id);
    free(group);
}

bool group_is_empty(const struct group *group)
{
    return group->kind == GROUP_IS_CLASSIC ? classic_group_is_empty(group) : consumer_group_is_empty(group);
}

void group_write_tombstones(const struct group *group, struct group_effects *effects)
{
    if (group->kind == GROUP_IS_CLASSIC)
        classic_group_write_tombstone(group, effects);
    else
        consumer_group_write_tombstones(group, effects);
}

/* ---- the heap ---- */

static void put(struct groups *groups, size_t place, struct group *group)
{
    groups->due[place] = group;
    group->due_place = place;
}

static void move_up(struct groups *groups, struct group *group)
{
    size_t place = group->due_place;
    while (place > 0 && groups->due[(place - 1) / 2]->due_ms > group->due_ms) {
        put(groups, place, groups->due[(place - 1) / 2]);
        place = (place - 1) / 2;
    }
    put(groups, place, group);
}

static void move_down(struct groups *groups, struct group *group)
{
    size_t place = group->due_place;
    for (;;) {
        size_t child = 2 * place + 1;
        if (child + 1 < groups->due_count && groups->due[child + 1]->due_ms < groups->due[child]->due_ms)
            child++;
        if (child >= groups->due_count || groups->due[child]->due_ms >= group->due_ms)
            break;
        put(groups, place, groups->due[child]);
        place = child;
    }
    put(groups, place, group);
}

static void take_out(struct groups *groups, struct group *group)
{
    size_t place = group->due_place;
    struct group *last = groups->due[--groups->due_count];
    group->due_place = SIZE_MAX;
    if (last == group)
        return;
    put(groups, place, last);
    move_up(groups, last);
    move_down(groups, last);
}

static void put_in(struct groups *groups, struct group *group)
{
    if (groups->due_count == groups->due_capacity) {
        groups->due_capacity = groups->due_capacity == 0 ? 16 : 2 * groups->due_capacity;
        groups->due = realloc(groups->due, groups->due_capacity * sizeof(struct group *));
        ensure(groups->due != NULL);
    }
    put(groups, groups->due_count++, group);
    move_up(groups, group);
}

void group_set_due(struct groups *groups, struct group *group, int64_t due_ms)
{
    bool was_in = group->due_ms != INT64_MAX;
    group->due_ms = due_ms;
    if (due_ms == INT64_MAX) {
        if (was_in)
            take_out(groups, group);
    } else if (was_in) {
        move_up(groups, group);
        move_down(groups, group);
    } else {
        put_in(groups, group);
    }
}

/* ---- effects ---- */

void group_effects_init(struct group_effects *effects, struct arena *arena)
{
    *effects = (struct group_effects){.arena = arena};
    list_init(&effects->answered);
}

void group_write(struct group_effects *effects, const struct message *key_message, const void *key,
                 const void *value)
{
    if (effects->record_count == effects->record_capacity) {
        int32_t capacity = effects->record_capacity == 0 ? 8 : 2 * effects->record_capacity;
        struct group_record *grown = arena_new_array(effects->arena, struct group_record, capacity);
        if (effects->record_count > 0)
            memcpy(grown, effects->records, (size_t)effects->record_count * sizeof *grown);
        effects->records = grown;
        effects->record_capacity = capacity;
    }
    const struct coordinator_record *type = find_coordinator_record(COORDINATOR_GROUP, key_message->key);
    ensure(type != NULL);
    effects->records[effects->record_count++] = (struct group_record){type, key, value, -1};
}

void group_answer(struct group_effects *effects, struct group_reply *reply)
{
    ensure(reply->parked_at == NULL);
    list_append(&effects->answered, &reply->node);
}

void group_park(struct group_reply *reply, struct group_reply **place)
{
    ensure(*place == NULL && reply->parked_at == NULL);
    *place = reply;
    reply->parked_at = place;
}

struct group_reply *group_unpark(struct group_reply **place)
{
    struct group_reply *reply = *place;
    if (reply != NULL)
        reply->parked_at = NULL;
    *place = NULL;
    return reply;
}

void group_reply_withdraw(struct group_reply *reply)
{
    if (reply->parked_at != NULL)
        *reply->parked_at = NULL;
    reply->parked_at = NULL;
}

enum kerr group_error_of_append(enum kerr error)
{
    switch (error) {
    case KERR_UNKNOWN_TOPIC_OR_PARTITION:
    case KERR_NOT_ENOUGH_REPLICAS:
    case KERR_REQUEST_TIMED_OUT:
        return KERR_COORDINATOR_NOT_AVAILABLE;
    case KERR_NOT_LEADER_OR_FOLLOWER:
    case KERR_KAFKA_STORAGE_ERROR:
        return KERR_NOT_COORDINATOR;
    case KERR_MESSAGE_TOO_LARGE:
    case KERR_RECORD_LIST_TOO_LARGE:
    case KERR_INVALID_FETCH_SIZE:
        return KERR_UNKNOWN_SERVER_ERROR;
    default:
        return error;
    }
}

bool group_record_is_too_long(const struct group_event *event, size_t bytes)
{
    return event->max_record_bytes > 0 && bytes > event->max_record_bytes;
}

/* A random uuid (version 4) as Java prints it. */
static void format_random_uuid(struct groups *groups, char text[UUID_V4_TEXT_LEN + 1])
{
    uint64_t high = groups->next_random(groups->random_state);
    uint64_t low = groups->next_random(groups->random_state);
    high = (high & ~UINT64_C(0xf000)) | UINT64_C(0x4000);
    low = (low & ~(UINT64_C(3) << 62)) | UINT64_C(1) << 63;
    snprintf(text, UUID_V4_TEXT_LEN + 1, "%08x-%04x-%04x-%04x-%012llx", (unsigned)(high >> 32),
             (unsigned)(high >> 16) & 0xffff, (unsigned)high & 0xffff, (unsigned)(low >> 48),
             (unsigned long long)(low & UINT64_C(0xffffffffffff)));
}

struct slice group_new_member_id(struct groups *groups, struct slice name, struct arena *arena)
{
    char uuid[UUID_V4_TEXT_LEN + 1];
    format_random_uuid(groups, uuid);
    uint8_t *id = arena_alloc(arena, name.len + 1 + UUID_V4_TEXT_LEN);
    if (name.len > 0)
        memcpy(id, name.data, name.len);
    id[name.len] = '-';
    memcpy(id + name.len + 1, uuid, UUID_V4_TEXT_LEN);
    return slice_of(id, name.len + 1 + UUID_V4_TEXT_LEN);
}

struct slice group_new_uuid_text(struct groups *groups, struct arena *arena)
{
    struct uuid id;
    uint64_t random[2];
    do {
        random[0] = groups->next_random(groups->random_state);
        random[1] = groups->next_random(groups->random_state);
    } while (!uuid_from_random((const uint8_t *)random, &id));
    char text[UUID_TEXT_LEN + 1];
    uuid_format(id, text);
    return arena_dup(arena, slice_of(text, UUID_TEXT_LEN));
}
