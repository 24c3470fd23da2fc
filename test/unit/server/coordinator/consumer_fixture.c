/* consumer_fixture: see the header. */
#include "test/unit/server/coordinator/consumer_fixture.h"

#include "protocol/base/buf.h"
#include "protocol/base/ensure.h"
#include "protocol/consumer_protocol.h"
#include "protocol/messages/list_groups.h"
#include "protocol/messages/offset_commit.h"

#include <stdio.h>
#include <stdlib.h>

enum { TEXT_MAX = 64 };

static const char *keep(struct ask *ask, const struct buf *buf)
{
    struct slice text = buf_slice(buf);
    return (const char *)arena_printf(&ask->arena, "%.*s%c", SLICE_ARGS(text), 0).data;
}

/* ---- "a:0,1 b:0" ---- */

/* One "a:0,1"; the topic's name without what follows it. Returns where the next begins. */
static const char *read_topic(const char *text, struct arena *arena, char name[TEXT_MAX],
                              int32_t **partitions, int32_t *count)
{
    size_t len = strcspn(text, ": ");
    snprintf(name, TEXT_MAX, "%.*s", (int)len, text);
    text += len;
    *partitions = arena_new_array(arena, int32_t, strlen(text) + 1);
    *count = 0;
    while (*text == ':' || *text == ',') {
        char *end;
        (*partitions)[(*count)++] = (int32_t)strtol(text + 1, &end, 10);
        text = end;
    }
    return *text == ' ' ? text + 1 : text;
}

static void read_owned(struct shard *shard, const char *text, struct arena *arena,
                       struct consumer_group_heartbeat_request *request)
{
    array_init(&request->topic_partitions, consumer_group_heartbeat_topic_partitions, arena,
               (int32_t)strlen(text));
    request->topic_partitions.count = 0;
    while (*text != '\0') {
        char name[TEXT_MAX];
        struct consumer_group_heartbeat_topic_partitions *topic =
            &request->topic_partitions.items[request->topic_partitions.count++];
        text = read_topic(text, arena, name, &topic->partitions.items, &topic->partitions.count);
        topic->topic_id = image_find_topic(&shard->image, slice_str(name))->id;
    }
}

static void append_topic(struct buf *buf, struct slice name, const int32_t *partitions, int32_t count)
{
    if (buf->len > 0 && buf->data[buf->len - 1] != ' ')
        buf_append_char(buf, ' ');
    buf_append_slice(buf, name);
    for (int32_t i = 0; i < count; i++)
        buf_printf(buf, "%c%d", i == 0 ? ':' : ',', partitions[i]);
}

/* ---- heartbeats ---- */

static void fill_request(struct shard *shard, const struct beat_ask *beat, struct arena *arena,
                         struct consumer_group_heartbeat_request *request)
{
    schema_set_defaults(consumer_group_heartbeat_request_schema(), request);
    request->group_id = slice_str(beat->group == NULL ? "g" : beat->group);
    request->member_id = slice_str(beat->member);
    request->member_epoch = beat->epoch;
    request->instance_id = slice_str(beat->instance);
    request->rack_id = slice_str(beat->rack);
    request->subscribed_topic_regex = slice_str(beat->regex);
    request->server_assignor = slice_str(beat->assignor);
    request->rebalance_timeout_ms = beat->rebalance_timeout_ms != 0 ? beat->rebalance_timeout_ms
                                    : beat->epoch == 0              ? 30000
                                                                    : -1;
    struct slice *topics = arena_new_array(arena, struct slice, BEAT_TOPICS);
    int32_t count = 0;
    while (count < BEAT_TOPICS && beat->topics[count] != NULL) {
        topics[count] = slice_str(beat->topics[count]);
        count++;
    }
    request->subscribed_topic_names.items = topics;
    request->subscribed_topic_names.count = count > 0 || beat->no_topics ? count : -1;
    if (beat->owned != NULL || beat->epoch == 0)
        read_owned(shard, beat->owned == NULL ? "" : beat->owned, arena, request);
}

struct ask *shard_beat(struct shard *shard, const struct beat_ask *beat)
{
    struct arena arena;
    arena_init(&arena, SIZE_MAX);
    struct consumer_group_heartbeat_request request;
    fill_request(shard, beat, &arena, &request);
    struct ask *ask =
        shard_ask(shard, GROUP_CONSUMER_HEARTBEAT, beat->group == NULL ? "g" : beat->group, &request,
                  beat->version == 0    ? 1
                  : beat->version == -1 ? 0
                                        : beat->version,
                  "client");
    ensure(ask->answers == 1);
    arena_fini(&arena);
    return ask;
}

const char *beat_text(struct shard *shard, struct ask *ask)
{
    const struct consumer_group_heartbeat_response *response = beat_of(ask);
    struct buf buf = {0};
    if (response->error_code != 0) {
        buf_printf(&buf, "%d %.*s", response->error_code, SLICE_ARGS(response->error_message));
    } else {
        buf_printf(&buf, "%d", response->member_epoch);
        if (response->assignment != NULL && response->assignment->topic_partitions.count == 0)
            buf_append_str(&buf, " -");
        for (int32_t i = 0; response->assignment != NULL && i < response->assignment->topic_partitions.count;
             i++) {
            const struct consumer_group_heartbeat_topic_partitions *topic =
                &response->assignment->topic_partitions.items[i];
            append_topic(&buf, image_find_topic_by_id(&shard->image, topic->topic_id)->name,
                         topic->partitions.items, topic->partitions.count);
        }
    }
    const char *text = keep(ask, &buf);
    buf_fini(&buf);
    return text;
}

/* ---- what a group is ---- */

static int compare_members(const void *a, const void *b)
{
    const struct consumer_group_describe_response_member *left = a, *right = b;
    return slice_compare(left->member_id, right->member_id);
}

static void append_assignment(struct buf *buf,
                              const struct consumer_group_describe_response_assignment *assignment)
{
    for (int32_t i = 0; i < assignment->topic_partitions.count; i++)
        append_topic(buf, assignment->topic_partitions.items[i].topic_name,
                     assignment->topic_partitions.items[i].partitions.items,
                     assignment->topic_partitions.items[i].partitions.count);
}

const char *shard_describe(struct shard *shard, const char *group)
{
    struct ask *ask = shard_ask(shard, GROUP_CONSUMER_DESCRIBE, group, NULL, 1, "client");
    struct consumer_group_describe_response_group *answer = ask->response;
    struct buf buf = {0};
    if (answer->error_code != 0)
        buf_printf(&buf, "%d %.*s", answer->error_code, SLICE_ARGS(answer->error_message));
    else
        buf_printf(&buf, "%.*s %d/%d", SLICE_ARGS(answer->group_state), answer->group_epoch,
                   answer->assignment_epoch);
    if (answer->members.count > 0)
        qsort(answer->members.items, (size_t)answer->members.count, sizeof *answer->members.items,
              compare_members);
    for (int32_t i = 0; i < answer->members.count; i++) {
        const struct consumer_group_describe_response_member *member = &answer->members.items[i];
        buf_printf(&buf, "%s%.*s%s %d ", i == 0 ? ": " : "; ", SLICE_ARGS(member->member_id),
                   member->member_type == 0 ? "*" : "", member->member_epoch);
        append_assignment(&buf, &member->assignment);
        buf_append_str(&buf, " > ");
        append_assignment(&buf, &member->target_assignment);
    }
    const char *text = keep(ask, &buf);
    buf_fini(&buf);
    return text;
}

const char *shard_list_state(struct shard *shard, const char *group)
{
    struct list_groups_request request;
    schema_set_defaults(list_groups_request_schema(), &request);
    struct ask *ask = shard_ask(shard, GROUP_LIST, NULL, &request, 5, "client");
    const struct list_groups_response *response = ask->response;
    for (int32_t i = 0; i < response->groups.count; i++) {
        const struct list_groups_response_group *found = &response->groups.items[i];
        if (slice_equal_str(found->group_id, group))
            return (const char *)arena_printf(&ask->arena, "%.*s %.*s%c", SLICE_ARGS(found->group_type),
                                              SLICE_ARGS(found->group_state), 0)
                .data;
    }
    return "";
}

/* ---- offsets ---- */

enum kerr shard_commit(struct shard *shard, const char *group, const char *member, int32_t epoch,
                       const char *topic, int32_t partition, int version)
{
    struct offset_commit_request_partition one = {.partition_index = partition, .committed_offset = 7};
    struct offset_commit_request_topic of = {.name = slice_str(topic), .partitions = {&one, 1}};
    of.topic_id = image_find_topic(&shard->image, slice_str(topic))->id;
    struct offset_commit_request request;
    schema_set_defaults(offset_commit_request_schema(), &request);
    request.group_id = slice_str(group);
    request.member_id = slice_str(member);
    request.generation_id_or_member_epoch = epoch;
    request.topics.items = &of;
    request.topics.count = 1;
    struct offset_commit_response_partition answer = {.partition_index = partition};
    struct offset_commit_response_topic answers = {.name = of.name, .partitions = {&answer, 1}};
    struct offset_commit_response response = {.topics = {&answers, 1}};
    ask_free(shard_ask_into(shard, GROUP_OFFSET_COMMIT, group, &request, version, &response));
    return answer.error_code;
}

/* ---- the classic protocol ---- */

struct slice subscription_bytes(struct arena *arena, const char *topics, const char *owned)
{
    struct consumer_protocol_subscription subscription;
    schema_set_defaults(consumer_protocol_subscription_schema(), &subscription);
    int32_t most = (int32_t)(strlen(topics) + strlen(owned));
    subscription.topics.items = arena_new_array(arena, struct slice, most);
    array_init(&subscription.owned_partitions, consumer_protocol_topic, arena, most);
    subscription.owned_partitions.count = 0;
    char name[TEXT_MAX];
    while (*topics != '\0') {
        int32_t *partitions, count;
        topics = read_topic(topics, arena, name, &partitions, &count);
        subscription.topics.items[subscription.topics.count++] = arena_dup(arena, slice_str(name));
    }
    while (*owned != '\0') {
        struct consumer_protocol_topic *topic =
            &subscription.owned_partitions.items[subscription.owned_partitions.count++];
        owned = read_topic(owned, arena, name, &topic->partitions.items, &topic->partitions.count);
        topic->topic = arena_dup(arena, slice_str(name));
    }
    struct buf buf = {0};
    struct writer writer;
    writer_init(&writer, &buf, NULL);
    write_i16(&writer, 1);
    message_write(&consumer_protocol_subscription_message, 1, &writer, &subscription);
    struct slice bytes = arena_dup(arena, buf_slice(&buf));
    buf_fini(&buf);
    return bytes;
}
