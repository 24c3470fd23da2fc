/*
 * See groups.h. Here is what belongs to no kind of group: who is asked, what is in force once records are
 * stored, and what a record of the log means. Invariants:
 *   1. groups_step changes nothing that a record stands for; groups_stored does.
 *   2. A group that has committed offsets exists (a simple one, if nothing else is known of it).
 */
#include "server/coordinator/groups.h"

#include "protocol/base/ensure.h"
#include "protocol/messages/consumer_group_describe.h"
#include "protocol/messages/delete_groups.h"
#include "protocol/messages/describe_groups.h"
#include "protocol/messages/list_groups.h"
#include "server/coordinator/consumer_group.h"
#include "server/coordinator/group_offsets.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { VERSION_DESCRIBE_NOT_FOUND = 6 };

enum record_type {
    TYPE_LEGACY_OFFSET_COMMIT = 0,
    TYPE_OFFSET_COMMIT = 1,
    TYPE_GROUP_METADATA = 2,
    TYPE_CONSUMER_FIRST = 3,
    TYPE_CONSUMER_LAST = 8,
    TYPE_CONSUMER_REGULAR_EXPRESSION = 16,
};

/* ---- the state ---- */

struct groups *groups_new(const struct groups_config *config, uint64_t (*next_random)(void *state),
                          void *random_state)
{
    struct groups *groups = calloc(1, sizeof *groups);
    ensure(groups != NULL);
    groups->config = *config;
    groups->next_random = next_random;
    groups->random_state = random_state;
    map_init(&groups->by_id, next_random(random_state));
    groups->offsets = group_offsets_new(next_random(random_state));
    return groups;
}

void groups_free(struct groups *groups)
{
    if (groups == NULL)
        return;
    size_t cursor = 0;
    for (struct map_entry *entry; (entry = map_next(&groups->by_id, &cursor)) != NULL;)
        group_remove(groups, entry->value);
    map_fini(&groups->by_id);
    free(groups->due);
    group_offsets_free(groups->offsets);
    free(groups);
}

void groups_set_config(struct groups *groups, const struct groups_config *config)
{
    groups->config = *config;
}

int64_t groups_next_due_ms(const struct groups *groups)
{
    int64_t expiry_ms = group_offsets_due_ms(groups->offsets);
    int64_t group_ms = groups->due_count == 0 ? INT64_MAX : groups->due[0]->due_ms;
    return group_ms < expiry_ms ? group_ms : expiry_ms;
}

/* ---- records ---- */

static void apply_offset(struct groups *groups, const struct offset_commit_key *key,
                         const struct offset_commit_value *value, int64_t offset)
{
    if (value != NULL && find_group(groups, key->group) == NULL)
        classic_group_new_simple(groups, key->group);
    group_offsets_apply(groups->offsets, key, value, offset);
}

/* Releases that wrote these kept no expiry in them. */
static void apply_legacy_offset(struct groups *groups, const struct offset_commit_key *key,
                                const struct legacy_offset_commit_value *legacy, int64_t offset)
{
    if (legacy == NULL) {
        apply_offset(groups, key, NULL, offset);
        return;
    }
    const struct offset_commit_value value = {
        .offset = legacy->offset,
        .leader_epoch = -1,
        .metadata = legacy->metadata,
        .commit_timestamp = legacy->commit_timestamp,
        .expire_timestamp = -1,
    };
    apply_offset(groups, key, &value, offset);
}

/* What is stored is in force already in a classic group that lives, but for its end. */
static void apply(struct groups *groups, const struct group_record *record, bool from_log)
{
    int16_t type = record->type->key->key;
    if (type == TYPE_LEGACY_OFFSET_COMMIT) {
        apply_legacy_offset(groups, record->key, record->value, record->offset);
    } else if (type == TYPE_OFFSET_COMMIT) {
        apply_offset(groups, record->key, record->value, record->offset);
    } else if (type == TYPE_GROUP_METADATA) {
        const struct group_metadata_key *key = record->key;
        if (from_log || record->value == NULL || find_group(groups, key->group) == NULL)
            classic_group_load(groups, key, record->value);
    } else if ((type >= TYPE_CONSUMER_FIRST && type <= TYPE_CONSUMER_LAST)
               || type == TYPE_CONSUMER_REGULAR_EXPRESSION) {
        consumer_group_apply(groups, record);
    }
}

/* One message behind its number. NULL: it does not decode, or has no such version. */
static void *decode(const struct message *message, int version, struct reader *reader, struct note *why)
{
    if (!message_has_version(message, version)) {
        note_set(why, "%s has no version %d", message->name, version);
        return NULL;
    }
    void *to = arena_alloc(reader->arena, message->schema()->size);
    if (message_read(message, version, reader, to))
        return to;
    note_set(why, "%s", reader->error);
    return NULL;
}

static bool decode_record(struct slice key, struct slice value, struct arena *arena,
                          struct group_record *record, struct note *why)
{
    struct reader reader;
    reader_init(&reader, key, arena);
    int16_t type = read_i16(&reader);
    record->type = reader.failed ? NULL : find_coordinator_record(COORDINATOR_GROUP, type);
    if (record->type == NULL) {
        note_set(why, "a key of an unknown type");
        return false;
    }
    record->key = decode(record->type->key, 0, &reader, why);
    if (record->key == NULL || slice_is_null(value))
        return record->key != NULL;
    reader_init(&reader, value, arena);
    int16_t version = read_i16(&reader);
    record->value = decode(record->type->value, version, &reader, why);
    return record->value != NULL;
}

bool groups_load(struct groups *groups, struct slice key, struct slice value, int64_t offset,
                 struct note *why)
{
    struct arena arena;
    arena_init(&arena, SIZE_MAX);
    struct group_record record = {.offset = offset};
    bool decoded = decode_record(key, value, &arena, &record, why);
    if (decoded)
        apply(groups, &record, true);
    arena_fini(&arena);
    return decoded;
}

void groups_loaded(struct groups *groups, const struct image *image, int64_t now_ms,
                   struct group_effects *effects)
{
    size_t cursor = 0;
    for (struct map_entry *entry; (entry = map_next(&groups->by_id, &cursor)) != NULL;) {
        struct group *group = entry->value;
        if (group->kind == GROUP_IS_CLASSIC)
            classic_group_loaded(groups, group, now_ms, effects);
        else
            consumer_group_loaded(groups, group, image, now_ms);
    }
    group_offsets_start_expiry(groups->offsets, now_ms + groups->config.offsets_retention_check_interval_ms);
}

/* As Apache Kafka 4.3 writes them: an offset that says itself when it expires needs the version that can. */
int group_record_version(const struct group_record *record)
{
    enum { VERSION_GROUP_METADATA = 3, VERSION_OWN_EXPIRY = 1 };
    const struct offset_commit_value *offset = record->value;
    if (record->type->value == &group_metadata_value_message)
        return VERSION_GROUP_METADATA;
    if (record->type->value == &offset_commit_value_message && offset->expire_timestamp != -1)
        return VERSION_OWN_EXPIRY;
    return record->type->value->max_version;
}

/* ---- any kind of group ---- */

static bool is_consumer(const struct group *group)
{
    return group != NULL && group->kind == GROUP_IS_CONSUMER;
}

/* Kafka's text for a group that is not there, or not of the kind that was asked for. */
static struct slice not_found(const struct group *group, const char *kind, const struct group_event *event)
{
    if (group == NULL)
        return arena_printf(event->reply->arena, "Group %.*s not found.", SLICE_ARGS(event->group_id));
    return arena_printf(event->reply->arena, "Group %.*s is not a %s group.", SLICE_ARGS(event->group_id),
                        kind);
}

static void describe_missing(const struct group *group, const struct group_event *event)
{
    struct describe_groups_response_group *answer = event->reply->response;
    answer->group_state = SLICE("Dead");
    if (event->reply->version < VERSION_DESCRIBE_NOT_FOUND)
        return;
    answer->error_code = KERR_GROUP_ID_NOT_FOUND;
    answer->error_message = not_found(group, "classic", event);
}

static void describe(const struct group *group, const struct group_event *event,
                     struct group_effects *effects)
{
    if (group == NULL || is_consumer(group))
        describe_missing(group, event);
    else
        classic_group_describe(group, event->reply->response, event->reply->arena);
    group_answer(effects, event->reply);
}

static void describe_consumer_group(const struct groups *groups, const struct group *group,
                                    const struct group_event *event, struct group_effects *effects)
{
    struct consumer_group_describe_response_group *answer = event->reply->response;
    if (is_consumer(group)) {
        consumer_group_describe(groups, group, event->image, answer, event->reply->arena);
    } else {
        answer->error_code = KERR_GROUP_ID_NOT_FOUND;
        answer->error_message = not_found(group, "consumer", event);
    }
    group_answer(effects, event->reply);
}

static void delete_refused(struct groups *groups, const struct group_event *event, enum kerr error,
                           struct group_effects *effects)
{
    (void)groups;
    struct delete_groups_response_result *result = event->reply->response;
    result->error_code = (int16_t)group_error_of_append(error);
    if (effects->unfinished)
        group_answer(effects, event->reply);
}

static void delete_group(struct groups *groups, const struct group *group, const struct group_event *event,
                         struct group_effects *effects)
{
    struct delete_groups_response_result *result = event->reply->response;
    if (group == NULL) {
        result->error_code = KERR_GROUP_ID_NOT_FOUND;
    } else if (!group_is_empty(group)) {
        result->error_code = KERR_NON_EMPTY_GROUP;
    } else {
        effects->refused = delete_refused;
        group_offsets_write_tombstones(groups, group->id, effects);
        if (effects->unfinished)
            return;
        group_write_tombstones(group, effects);
    }
    group_answer(effects, event->reply);
}

/* ---- ListGroups ---- */

static bool names(const struct slice *filter, int32_t count, const char *name)
{
    for (int32_t i = 0; i < count; i++)
        if (filter[i].len == strlen(name)
            && strncasecmp((const char *)filter[i].data, name, filter[i].len) == 0)
            return true;
    return count <= 0;
}

static void list_one(const struct group *group, const struct group_event *event)
{
    const struct list_groups_request *request = event->request;
    struct list_groups_response *response = event->reply->response;
    const char *type = is_consumer(group) ? "consumer" : "classic";
    const char *state =
        is_consumer(group) ? consumer_group_state_name(group) : classic_group_state_name(group);
    if (!names(request->states_filter.items, request->states_filter.count, state)
        || !names(request->types_filter.items, request->types_filter.count, type))
        return;
    struct slice protocol_type = is_consumer(group) ? SLICE("consumer") : classic_group_protocol_type(group);
    response->groups.items[response->groups.count++] = (struct list_groups_response_group){
        .group_id = arena_dup(event->reply->arena, group->id),
        .protocol_type =
            slice_is_null(protocol_type) ? SLICE("") : arena_dup(event->reply->arena, protocol_type),
        .group_state = slice_str(state),
        .group_type = slice_str(type),
    };
}

/* Behind those of the shards that were asked before. */
static void list(const struct groups *groups, const struct group_event *event, struct group_effects *effects)
{
    struct list_groups_response *response = event->reply->response;
    int32_t before = response->groups.count;
    struct list_groups_response_group *items = arena_new_array(
        event->reply->arena, struct list_groups_response_group, (size_t)before + groups->by_id.count);
    if (before > 0)
        memcpy(items, response->groups.items, (size_t)before * sizeof *items);
    response->groups.items = items;
    size_t cursor = 0;
    for (struct map_entry *entry; (entry = map_next(&groups->by_id, &cursor)) != NULL;)
        list_one(entry->value, event);
    group_answer(effects, event->reply);
}

/* ---- steps ---- */

static void do_what_is_due(struct groups *groups, const struct group_event *event,
                           struct group_effects *effects)
{
    struct group *first = groups->due_count == 0 ? NULL : groups->due[0];
    if (group_offsets_due_ms(groups->offsets) <= event->now_ms)
        group_offsets_expire(groups, event, effects);
    else if (first != NULL && first->due_ms <= event->now_ms && is_consumer(first))
        consumer_group_time(groups, first, event, effects);
    else if (first != NULL && first->due_ms <= event->now_ms)
        classic_group_time(groups, first, event, effects);
}

void groups_step(struct groups *groups, const struct group_event *event, struct group_effects *effects)
{
    struct group *group = slice_is_null(event->group_id) ? NULL : find_group(groups, event->group_id);
    bool consumer = is_consumer(group);
    switch (event->kind) {
    case GROUP_JOIN:
        (consumer ? consumer_group_classic_join : classic_group_join)(groups, group, event, effects);
        break;
    case GROUP_SYNC:
        (consumer ? consumer_group_classic_sync : classic_group_sync)(groups, group, event, effects);
        break;
    case GROUP_HEARTBEAT:
        (consumer ? consumer_group_classic_heartbeat : classic_group_heartbeat)(groups, group, event,
                                                                                effects);
        break;
    case GROUP_LEAVE:
        (consumer ? consumer_group_classic_leave : classic_group_leave)(groups, group, event, effects);
        break;
    case GROUP_DESCRIBE:
        describe(group, event, effects);
        break;
    case GROUP_DELETE:
        delete_group(groups, group, event, effects);
        break;
    case GROUP_LIST:
        list(groups, event, effects);
        break;
    case GROUP_OFFSET_COMMIT:
        group_offsets_commit(groups, event, effects);
        break;
    case GROUP_OFFSET_FETCH:
        group_offsets_fetch(groups, event, effects);
        break;
    case GROUP_OFFSET_DELETE:
        group_offsets_delete(groups, event, effects);
        break;
    case GROUP_CONSUMER_HEARTBEAT:
        consumer_group_heartbeat(groups, group, event, effects);
        break;
    case GROUP_CONSUMER_DESCRIBE:
        describe_consumer_group(groups, group, event, effects);
        break;
    case GROUP_TOPIC_DELETED:
        group_offsets_drop_topic(groups, event, effects);
        break;
    case GROUP_TIME:
        do_what_is_due(groups, event, effects);
        break;
    }
}

void groups_stored(struct groups *groups, const struct group_event *event, struct group_effects *effects)
{
    for (int32_t i = 0; i < effects->record_count; i++)
        apply(groups, &effects->records[i], false);
    if (effects->stored != NULL)
        effects->stored(groups, event, effects);
}

void groups_refused(struct groups *groups, const struct group_event *event, enum kerr error,
                    struct group_effects *effects)
{
    if (effects->refused != NULL)
        effects->refused(groups, event, error, effects);
}
