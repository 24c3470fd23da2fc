/* shard_fixture: see the header. */
#include "test/unit/server/coordinator/shard_fixture.h"

#include "metadata/record_list.h"
#include "protocol/base/ensure.h"
#include "protocol/messages/consumer_group_describe.h"
#include "protocol/messages/consumer_group_heartbeat.h"
#include "protocol/messages/delete_groups.h"
#include "protocol/messages/describe_groups.h"
#include "protocol/messages/list_groups.h"
#include "protocol/messages/offset_fetch.h"
#include "protocol/records/config_record.h"
#include "protocol/records/group_metadata_record.h"
#include "protocol/records/partition_record.h"
#include "protocol/records/topic_record.h"
#include "server/coordinator/classic_state.h"
#include "server/coordinator/consumer_group.h"

#include <stdio.h>
#include <stdlib.h>

enum { START_MS = 1000000, HURRY = 4, LATE_MS = 60000, TAIL = 3 };

/* splitmix64 */
static uint64_t next_random(void *state)
{
    uint64_t *at = state;
    uint64_t z = (*at += 0x9e3779b97f4a7c15U);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9U;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebU;
    return z ^ (z >> 31);
}

/* The time as the shard is told it. */
static int64_t told_ms(const struct shard *shard)
{
    return shard->defect == SHARD_HURRIES ? HURRY * shard->now_ms : shard->now_ms;
}

/* ---- the shard ---- */

void shard_set_config(struct shard *shard)
{
    groups_set_config(shard->groups, &shard->config);
}

int64_t shard_next_due_ms(const struct shard *shard)
{
    return groups_next_due_ms(shard->groups);
}

void shard_init(struct shard *shard, uint64_t seed)
{
    *shard = (struct shard){.now_ms = START_MS, .wall_ms = START_MS, .random = seed};
    shard->config = (struct groups_config){
        .min_session_timeout_ms = 6000,
        .max_session_timeout_ms = 1800000,
        .max_size = INT32_MAX,
        .offset_metadata_max_bytes = 4096,
        .offsets_retention_ms = 7LL * 24 * 3600 * 1000,
        .offsets_retention_check_interval_ms = 600000,
        .consumer_session_timeout_ms = 45000,
        .consumer_heartbeat_interval_ms = 5000,
        .consumer_assignment_interval_ms = 1000,
        .consumer_regex_refresh_interval_ms = 600000,
        .consumer_max_size = INT32_MAX,
        .consumer_assignors = SLICE("uniform,range"),
        .consumer_upgrade = true,
        .consumer_downgrade = true,
    };
    list_init(&shard->asks);
    image_init(&shard->image, seed);
    shard->groups = groups_new(&shard->config, next_random, &shard->random);
}

void ask_free(struct ask *ask)
{
    group_reply_withdraw(&ask->reply);
    list_remove(&ask->node);
    arena_fini(&ask->arena);
    free(ask);
}

static void free_asks(struct shard *shard)
{
    list_for_each(node, &shard->asks)
        ask_free(list_entry(node, struct ask, node));
}

/* The log's last records go. */
static void cut_log(struct shard *shard, int32_t count)
{
    for (; count > 0 && shard->log_count > 0; count--) {
        const struct shard_record *record = &shard->log[--shard->log_count];
        free((void *)(uintptr_t)record->key.data);
        free((void *)(uintptr_t)record->value.data);
    }
}

void shard_fini(struct shard *shard)
{
    free_asks(shard);
    groups_free(shard->groups);
    image_fini(&shard->image);
    cut_log(shard, shard->log_count);
    free(shard->log);
}

/* ---- what may go wrong ---- */

/* One time of `of`, if that is the defect. */
static bool errs(struct shard *shard, enum shard_defect defect, uint64_t of)
{
    return shard->defect == defect && next_random(&shard->random) % of == 0;
}

static void spoil_group(struct shard *shard, const struct group_event *event)
{
    struct group *group = find_group(shard->groups, event->group_id);
    if (group == NULL || group->kind != GROUP_IS_CLASSIC)
        return;
    if (errs(shard, SHARD_LOOKS_LATE, 50) && group->due_ms < INT64_MAX)
        group_set_due(shard->groups, group, group->due_ms + LATE_MS);
    if (group->classic->generation > 4 && errs(shard, SHARD_TURNS_BACK, 50))
        group->classic->generation -= 2;
}

/* ---- the log ---- */

static struct slice encode(const struct message *message, int16_t first, int version, const void *from)
{
    struct buf buf = {0};
    struct writer writer;
    writer_init(&writer, &buf, NULL);
    write_i16(&writer, first);
    message_write(message, version, &writer, from);
    return slice_of(buf.data, buf.len);
}

static void store(struct shard *shard, const struct group_record *record)
{
    if (shard->log_count == shard->log_capacity) {
        shard->log_capacity = 2 * shard->log_capacity + 64;
        shard->log = realloc(shard->log, (size_t)shard->log_capacity * sizeof *shard->log);
        ensure(shard->log != NULL);
    }
    struct shard_record *to = &shard->log[shard->log_count++];
    to->key = encode(record->type->key, record->type->key->key, 0, record->key);
    to->value = SLICE_NULL;
    int version = record->value == NULL ? 0 : group_record_version(record);
    if (record->value != NULL)
        to->value = encode(record->type->value, (int16_t)version, version, record->value);
}

static bool is_last_of_key(const struct shard *shard, int32_t i, const struct map *last)
{
    return map_find(last, shard->log[i].key) == &shard->log[i];
}

static void load_all(struct shard *shard, bool is_compacted)
{
    struct map last = {0};
    for (int32_t i = 0; i < shard->log_count; i++)
        map_put(&last, shard->log[i].key, &shard->log[i]);
    for (int32_t i = 0; i < shard->log_count; i++)
        if (!is_compacted || is_last_of_key(shard, i, &last))
            ensure(groups_load(shard->groups, shard->log[i].key, shard->log[i].value, i, NULL));
    map_fini(&last);
}

const struct group_metadata_value *shard_find_group_record(const struct shard *shard, const char *group_id,
                                                           struct arena *arena)
{
    struct group_metadata_key key = {slice_str(group_id)};
    struct slice wanted = encode(&group_metadata_key_message, group_metadata_key_message.key, 0, &key);
    int32_t i = shard->log_count - 1;
    while (i >= 0 && !slice_equal(shard->log[i].key, wanted))
        i--;
    free((void *)(uintptr_t)wanted.data);
    if (i < 0 || slice_is_null(shard->log[i].value))
        return NULL;
    struct group_metadata_value *value = arena_new(arena, struct group_metadata_value);
    struct reader reader;
    reader_init(&reader, shard->log[i].value, arena);
    int version = read_i16(&reader);
    ensure(message_read(&group_metadata_value_message, version, &reader, value));
    return value;
}

/* ---- steps ---- */

static void store_all(struct shard *shard, const struct group_effects *effects)
{
    for (int32_t i = 0; i < effects->record_count; i++)
        store(shard, &effects->records[i]);
}

static void answer(struct shard *shard, const struct group_event *event, struct group_reply *reply)
{
    struct ask *ask = list_entry(reply, struct ask, reply);
    ensure(reply->parked_at == NULL);
    list_remove(&reply->node);
    ask->answers++;
    if (reply != event->reply && errs(shard, SHARD_ANSWERS_TWICE, 10))
        ask->answers++;
    if (reply != event->reply && errs(shard, SHARD_LOSES_ANSWERS, 10))
        ask->answers--;
}

static void carry_out(struct shard *shard, const struct group_event *event, struct group_effects *effects)
{
    if (effects->record_count > 0 && shard->append_error == KERR_NONE) {
        for (int32_t i = 0; i < effects->record_count; i++)
            effects->records[i].offset = shard->log_count + i;
        if (!errs(shard, SHARD_LOSES_RECORDS, 5))
            store_all(shard, effects);
        shard->batches++;
        groups_stored(shard->groups, event, effects);
    } else if (effects->record_count > 0) {
        shard->refused++;
        if (errs(shard, SHARD_KEEPS_REFUSED, 2))
            store_all(shard, effects);
        groups_refused(shard->groups, event, shard->append_error, effects);
    }
    list_for_each(node, &effects->answered)
        answer(shard, event, list_entry(node, struct group_reply, node));
    spoil_group(shard, event);
}

static void step(struct shard *shard, const struct group_event *event)
{
    struct arena arena;
    arena_init(&arena, SIZE_MAX);
    struct group_effects effects;
    do {
        arena_reset(&arena);
        group_effects_init(&effects, &arena);
        groups_step(shard->groups, event, &effects);
        carry_out(shard, event, &effects);
    } while (effects.unfinished && shard->append_error == KERR_NONE);
    arena_fini(&arena);
}

static void do_what_is_due(struct shard *shard)
{
    while (shard->defect != SHARD_FORGETS_TIME && groups_next_due_ms(shard->groups) <= told_ms(shard)) {
        const struct group_event event = {
            .kind = GROUP_TIME, .now_ms = told_ms(shard), .wall_ms = shard->wall_ms, .image = &shard->image};
        step(shard, &event);
    }
}

static void end_load(struct shard *shard)
{
    struct arena arena;
    arena_init(&arena, SIZE_MAX);
    struct group_effects effects;
    group_effects_init(&effects, &arena);
    groups_loaded(shard->groups, &shard->image, told_ms(shard), &effects);
    ensure(effects.record_count == 0 && list_is_empty(&effects.answered));
    arena_fini(&arena);
}

void shard_restart(struct shard *shard, bool is_compacted)
{
    list_for_each(node, &shard->asks)
        group_reply_withdraw(&list_entry(node, struct ask, node)->reply);
    groups_free(shard->groups);
    shard->groups = groups_new(&shard->config, next_random, &shard->random);
    if (shard->defect == SHARD_LOSES_TAIL)
        cut_log(shard, TAIL);
    load_all(shard, is_compacted);
    end_load(shard);
}

void shard_jump(struct shard *shard, int64_t ms)
{
    shard->now_ms += ms;
    shard->wall_ms += ms;
    do_what_is_due(shard);
}

void shard_pass(struct shard *shard, int64_t ms)
{
    int64_t end_ms = shard->now_ms + ms;
    while (shard->now_ms < end_ms) {
        int64_t due_in_ms = groups_next_due_ms(shard->groups) - told_ms(shard);
        int64_t left_ms = end_ms - shard->now_ms;
        shard_jump(shard, due_in_ms > left_ms ? left_ms : due_in_ms < 1 ? 1 : due_in_ms);
    }
}

/* The schema of what a kind of event is answered with. */
static const struct schema *response_schema(enum group_event_kind kind)
{
    switch (kind) {
    case GROUP_JOIN:
        return join_group_response_schema();
    case GROUP_SYNC:
        return sync_group_response_schema();
    case GROUP_HEARTBEAT:
        return heartbeat_response_schema();
    case GROUP_LEAVE:
        return leave_group_response_schema();
    case GROUP_DELETE:
        return delete_groups_response_result_schema();
    case GROUP_LIST:
        return list_groups_response_schema();
    case GROUP_OFFSET_FETCH:
        return offset_fetch_response_group_schema();
    case GROUP_CONSUMER_HEARTBEAT:
        return consumer_group_heartbeat_response_schema();
    case GROUP_CONSUMER_DESCRIBE:
        return consumer_group_describe_response_group_schema();
    default:
        ensure(kind == GROUP_DESCRIBE);
        return describe_groups_response_group_schema();
    }
}

static struct ask *new_ask(struct shard *shard, int version)
{
    struct ask *ask = calloc(1, sizeof *ask);
    ensure(ask != NULL);
    arena_init(&ask->arena, SIZE_MAX);
    ask->reply = (struct group_reply){.arena = &ask->arena, .version = version, .sync_offset = -1};
    list_init(&ask->reply.node);
    list_append(&shard->asks, &ask->node);
    return ask;
}

static void put(struct shard *shard, struct ask *ask, enum group_event_kind kind, const char *group_id,
                const void *request, const char *client_id)
{
    ask->reply.response = ask->response;
    const struct group_event event = {.kind = kind,
                                      .group_id = slice_str(group_id),
                                      .request = request,
                                      .reply = &ask->reply,
                                      .client_id = slice_str(client_id),
                                      .client_host = SLICE("/127.0.0.1"),
                                      .principal = SLICE("User:ANONYMOUS"),
                                      .max_record_bytes = shard->max_record_bytes,
                                      .now_ms = told_ms(shard),
                                      .wall_ms = shard->wall_ms,
                                      .image = &shard->image};
    step(shard, &event);
}

struct ask *shard_ask(struct shard *shard, enum group_event_kind kind, const char *group_id,
                      const void *request, int version, const char *client_id)
{
    struct ask *ask = new_ask(shard, version);
    const struct schema *schema = response_schema(kind);
    ask->response = arena_alloc(&ask->arena, schema->size);
    schema_set_defaults(schema, ask->response);
    put(shard, ask, kind, group_id, request, client_id);
    return ask;
}

struct ask *shard_ask_into(struct shard *shard, enum group_event_kind kind, const char *group_id,
                           const void *request, int version, void *response)
{
    struct ask *ask = new_ask(shard, version);
    ask->response = response;
    put(shard, ask, kind, group_id, request, "c");
    return ask;
}

void shard_drop_topic(struct shard *shard, const char *topic)
{
    const struct group_event event = {.kind = GROUP_TOPIC_DELETED,
                                      .topic = slice_str(topic),
                                      .now_ms = told_ms(shard),
                                      .wall_ms = shard->wall_ms,
                                      .image = &shard->image};
    step(shard, &event);
}

/* ---- the cluster ---- */

static void change_image(struct shard *shard, const struct message *message, const void *record)
{
    struct arena arena;
    arena_init(&arena, SIZE_MAX);
    struct record_list list;
    record_list_init(&list, &arena, METADATA_VERSION_MAX);
    record_list_add(&list, message, record);
    struct note why = {""};
    ensure(image_apply(&shard->image, list.records[0], shard->image.offset + 1, 1, &why));
    arena_fini(&arena);
}

/* Its name stands in it. */
static struct uuid id_of(const char *topic)
{
    struct uuid id = {{0}};
    snprintf((char *)id.bytes, sizeof id.bytes, "%s", topic);
    return id;
}

void shard_put_topic(struct shard *shard, const char *topic, int32_t partitions)
{
    struct topic *found = image_find_topic(&shard->image, slice_str(topic));
    if (found == NULL) {
        const struct topic_record record = {.name = slice_str(topic), .topic_id = id_of(topic)};
        change_image(shard, &topic_record_message, &record);
    }
    int32_t broker = 1;
    for (int32_t i = found == NULL ? 0 : found->partition_count; i < partitions; i++) {
        struct partition_record record;
        schema_set_defaults(partition_record_schema(), &record);
        record.partition_id = i;
        record.topic_id = id_of(topic);
        record.replicas.items = record.isr.items = &broker;
        record.replicas.count = record.isr.count = 1;
        record.leader = broker;
        change_image(shard, &partition_record_message, &record);
    }
}

void shard_remove_topic(struct shard *shard, const char *topic)
{
    const struct remove_topic_record record = {.topic_id = id_of(topic)};
    change_image(shard, &remove_topic_record_message, &record);
}

void shard_configure_group(struct shard *shard, const char *group, const char *name, const char *value)
{
    const struct config_record record = {.resource_type = RESOURCE_GROUP,
                                         .resource_name = slice_str(group),
                                         .name = slice_str(name),
                                         .value = slice_str(value)};
    change_image(shard, &config_record_message, &record);
}

/* ---- requests ---- */

struct ask *shard_join(struct shard *shard, const struct join_ask *join)
{
    struct join_group_protocol protocols[4];
    struct join_group_request request;
    schema_set_defaults(join_group_request_schema(), &request);
    request.group_id = slice_str(join->group);
    request.member_id = slice_str(join->member == NULL ? "" : join->member);
    request.group_instance_id = slice_str(join->instance);
    request.session_timeout_ms = join->session_timeout_ms == 0 ? 30000 : join->session_timeout_ms;
    request.rebalance_timeout_ms = join->rebalance_timeout_ms == 0 ? 60000 : join->rebalance_timeout_ms;
    request.protocol_type = slice_str(join->type == NULL ? "consumer" : join->type);
    request.protocols.items = protocols;
    for (int i = 0; i < 4 && (join->protocols[i] != NULL || i == 0); i++) {
        protocols[i].name = slice_str(join->protocols[i] == NULL ? "range" : join->protocols[i]);
        protocols[i].metadata = slice_str(join->metadata == NULL ? "" : join->metadata);
        if (!slice_is_null(join->bytes))
            protocols[i].metadata = join->bytes;
        request.protocols.count = i + 1;
    }
    if (join->protocols[0] != NULL && join->protocols[0][0] == '\0')
        request.protocols.count = 0;
    int version = join->version == 0 ? 9 : join->version == -1 ? 0 : join->version;
    return shard_ask(shard, GROUP_JOIN, join->group, &request, version,
                     join->client == NULL ? "c" : join->client);
}

struct ask *shard_sync(struct shard *shard, const char *group, const char *member, const char *instance,
                       int32_t generation, const char *const *assignments)
{
    struct arena arena;
    arena_init(&arena, SIZE_MAX);
    struct sync_group_request request;
    schema_set_defaults(sync_group_request_schema(), &request);
    request.group_id = slice_str(group);
    request.generation_id = generation;
    request.member_id = slice_str(member);
    request.group_instance_id = slice_str(instance);
    int32_t count = 0;
    while (assignments != NULL && assignments[2 * count] != NULL)
        count++;
    array_init(&request.assignments, sync_group_assignment, &arena, count);
    for (int32_t i = 0; i < count; i++)
        request.assignments.items[i] =
            (struct sync_group_assignment){slice_str(assignments[2 * i]), slice_str(assignments[2 * i + 1])};
    struct ask *ask = shard_ask(shard, GROUP_SYNC, group, &request, 5, "c");
    arena_fini(&arena);
    return ask;
}

enum kerr shard_heartbeat(struct shard *shard, const char *group, const char *member, const char *instance,
                          int32_t generation)
{
    const struct heartbeat_request request = {slice_str(group), generation, slice_str(member),
                                              slice_str(instance)};
    struct ask *ask = shard_ask(shard, GROUP_HEARTBEAT, group, &request, 4, "c");
    ensure(ask->answers == 1);
    enum kerr error = ((const struct heartbeat_response *)ask->response)->error_code;
    ask_free(ask);
    return error;
}

enum kerr shard_leave(struct shard *shard, const char *group, const char *member, const char *instance,
                      int version)
{
    struct leave_group_member one = {slice_str(member), slice_str(instance), SLICE_NULL};
    struct leave_group_request request;
    schema_set_defaults(leave_group_request_schema(), &request);
    request.group_id = slice_str(group);
    request.member_id = slice_str(member);
    request.members.items = &one;
    request.members.count = version >= 3 ? 1 : 0;
    struct ask *ask = shard_ask(shard, GROUP_LEAVE, group, &request, version, "c");
    ensure(ask->answers == 1);
    const struct leave_group_response *response = ask->response;
    enum kerr error = response->error_code;
    if (error == KERR_NONE && response->members.count > 0)
        error = response->members.items[0].error_code;
    ask_free(ask);
    return error;
}

const char *member_id_of(struct ask *ask)
{
    struct slice id = join_of(ask)->member_id;
    return (const char *)arena_printf(&ask->arena, "%.*s%c", SLICE_ARGS(id), 0).data;
}

struct ask *shard_join_new(struct shard *shard, const char *group, const char *client)
{
    struct ask *first = ASK_JOIN(shard, .group = group, .client = client);
    ensure(first->answers == 1 && join_of(first)->error_code == KERR_MEMBER_ID_REQUIRED);
    return ASK_JOIN(shard, .group = group, .client = client, .member = member_id_of(first));
}

void shard_make_stable(struct shard *shard, const char *group, int count, const char **ids)
{
    struct ask *last = NULL;
    for (int i = 0; i < count; i++) {
        struct ask *first = ASK_JOIN(shard, .group = group);
        ids[i] = member_id_of(first);
        last = ASK_JOIN(shard, .group = group, .member = ids[i]);
    }
    if (count > 1)
        last = ASK_JOIN(shard, .group = group, .member = ids[0]); /* the one that did not wait */
    ensure(last->answers == 1 && join_of(last)->error_code == KERR_NONE);
    int32_t generation = join_of(last)->generation_id;
    for (int i = 0; i < count; i++) {
        struct ask *sync = shard_sync(shard, group, ids[i], NULL, generation, NULL);
        ensure(sync->answers == 1 && sync_of(sync)->error_code == KERR_NONE);
    }
}

const char *shard_state(struct shard *shard, const char *group)
{
    struct ask *ask = shard_ask(shard, GROUP_DESCRIBE, group, NULL, 6, "c");
    struct slice state = ((const struct describe_groups_response_group *)ask->response)->group_state;
    return (const char *)arena_printf(&ask->arena, "%.*s%c", SLICE_ARGS(state), 0).data;
}
