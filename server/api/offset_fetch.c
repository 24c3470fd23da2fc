/*
 * OffsetFetch v1-10: how far groups have come (server/coordinator/group_offsets, kafka-apis 11.2). Blocks
 * while what was committed before is not on stable storage. v2: all topics by null, and an error of its own;
 * v7: require_stable (KIP-447), which asks for nothing while there are no transactions; v8: several groups
 * (KIP-709); v9: members of consumer groups (KIP-848); v10: topic ids.
 */
#include "protocol/messages/offset_fetch.h"
#include "server/api/handlers.h"
#include "server/api/named_groups.h"
#include "server/broker.h"
#include "server/coordinator/group_coordinator.h"
#include "server/security/authorize.h"

enum { VERSION_OWN_ERROR = 2, VERSION_GROUPS = 8, VERSION_IDS = 10 };

/* Null asks for all that a group has. */
static int32_t topic_count(int32_t count)
{
    return count < 0 ? 0 : count;
}

static void refuse(struct offset_fetch_response_topics *topic, enum kerr error)
{
    for (int32_t i = 0; i < topic->partitions.count; i++) {
        struct offset_fetch_response_partitions *partition = &topic->partitions.items[i];
        partition->committed_offset = partition->committed_leader_epoch = -1;
        partition->metadata = SLICE("");
        partition->error_code = (int16_t)error;
    }
}

static void lay_out_topic(struct call *call, const struct offset_fetch_request_topics *topic,
                          struct offset_fetch_response_topics *answer)
{
    answer->name = topic->name;
    answer->topic_id = topic->topic_id;
    array_init(&answer->partitions, offset_fetch_response_partitions, call->arena,
               topic->partition_indexes.count);
    for (int32_t i = 0; i < topic->partition_indexes.count; i++)
        answer->partitions.items[i].partition_index = topic->partition_indexes.items[i];
}

static void lay_out_all(struct call *call, const struct offset_fetch_request_group *request,
                        struct offset_fetch_response_group *response)
{
    array_init(&response->topics, offset_fetch_response_topics, call->arena,
               topic_count(request->topics.count));
    for (int32_t i = 0; i < request->topics.count; i++)
        lay_out_topic(call, &request->topics.items[i], &response->topics.items[i]);
}

/* The name that goes with an id; null: nobody knows. */
static struct slice name_of(const struct image *image, struct uuid id, struct arena *arena)
{
    const struct topic *topic = image_find_topic_by_id(image, id);
    return topic == NULL ? SLICE_NULL : arena_dup(arena, topic->name);
}

static struct uuid id_of(const struct image *image, struct slice name)
{
    const struct topic *topic = image_find_topic(image, name);
    return topic == NULL ? UUID_ZERO : topic->id;
}

/* What is wrong with a topic that somebody asks about; ids get their names, for which offsets are kept. */
static enum kerr check_topic(struct call *call, const struct image *image,
                             struct offset_fetch_request_topics *topic)
{
    if (call->version >= VERSION_IDS)
        topic->name = name_of(image, topic->topic_id, call->arena);
    if (slice_is_null(topic->name))
        return KERR_UNKNOWN_TOPIC_ID;
    return authorize_topic(call, ACL_DESCRIBE, topic->name) ? KERR_NONE : KERR_TOPIC_AUTHORIZATION_FAILED;
}

/* The answer, topic for topic: first those that the group is to be asked about, to which the request is cut
 * down, then the others. */
static void lay_out(struct call *call, struct offset_fetch_request_group *request,
                    struct offset_fetch_response_group *response)
{
    int32_t count = topic_count(request->topics.count);
    int32_t accepted = 0;
    int32_t refused = 0;
    enum kerr *errors = arena_alloc(call->arena, (size_t)count * sizeof *errors);
    array_init(&response->topics, offset_fetch_response_topics, call->arena, count);
    const struct image *image = cluster_read(call->broker->cluster);
    for (int32_t i = 0; i < count; i++) {
        errors[i] = check_topic(call, image, &request->topics.items[i]);
        refused += errors[i] != KERR_NONE;
    }
    cluster_read_done(call->broker->cluster);
    for (int32_t i = 0, at = count - refused; i < count; i++) {
        struct offset_fetch_request_topics topic = request->topics.items[i];
        struct offset_fetch_response_topics *answer =
            &response->topics.items[errors[i] == KERR_NONE ? accepted : at++];
        lay_out_topic(call, &topic, answer);
        if (errors[i] == KERR_NONE)
            request->topics.items[accepted++] = topic;
        else
            refuse(answer, errors[i]);
    }
    if (count > 0)
        request->topics.count = accepted;
}

/* Of all that the group has committed: what the client may know of, and can name. */
static void show_known(struct call *call, struct offset_fetch_response_group *response)
{
    int32_t shown = 0;
    const struct image *image = cluster_read(call->broker->cluster);
    for (int32_t i = 0; i < response->topics.count; i++) {
        struct offset_fetch_response_topics *topic = &response->topics.items[i];
        if (call->version >= VERSION_IDS)
            topic->topic_id = id_of(image, topic->name);
        bool nameless = call->version >= VERSION_IDS && uuid_is_zero(topic->topic_id);
        if (!nameless && authorize_topic(call, ACL_DESCRIBE, topic->name))
            response->topics.items[shown++] = *topic;
    }
    cluster_read_done(call->broker->cluster);
    response->topics.count = shown;
}

/* The group can not be asked. v1 has no place for an error of the group but its partitions. */
static void fail(struct call *call, const struct offset_fetch_request_group *request,
                 struct offset_fetch_response_group *response, enum kerr error)
{
    if (call->version >= VERSION_OWN_ERROR) {
        response->error_code = (int16_t)error;
        response->topics.count = 0;
        return;
    }
    for (int32_t i = 0; i < request->topics.count; i++)
        refuse(&response->topics.items[i], error);
}

static void fetch(struct call *call, struct offset_fetch_request_group *request,
                  struct offset_fetch_response_group *response)
{
    response->group_id = request->group_id;
    if (!authorize(call, ACL_DESCRIBE, ACL_GROUP, request->group_id)) {
        lay_out_all(call, request, response);
        fail(call, request, response, KERR_GROUP_AUTHORIZATION_FAILED);
        return;
    }
    bool all = request->topics.count < 0;
    lay_out(call, request, response);
    enum kerr error = group_coordinator_ask(call, GROUP_OFFSET_FETCH, request->group_id, request, response);
    if (error != KERR_NONE)
        fail(call, request, response, error);
    else if (all)
        show_known(call, response);
}

/* ---- until v7: one group ---- */

static void ask_like_a_new_one(struct call *call, struct offset_fetch_request_group *group)
{
    const struct offset_fetch_request *request = call->request;
    *group = (struct offset_fetch_request_group){
        .group_id = request->group_id, .member_id = SLICE_NULL, .member_epoch = -1};
    array_init(&group->topics, offset_fetch_request_topics, call->arena, topic_count(request->topics.count));
    for (int32_t i = 0; i < request->topics.count; i++) {
        group->topics.items[i].name = request->topics.items[i].name;
        group->topics.items[i].partition_indexes.items = request->topics.items[i].partition_indexes.items;
        group->topics.items[i].partition_indexes.count = request->topics.items[i].partition_indexes.count;
    }
    if (request->topics.count < 0)
        group->topics.count = -1;
}

static void answer_like_an_old_one(struct call *call, const struct offset_fetch_response_group *group)
{
    struct offset_fetch_response *response = call->response;
    response->error_code = group->error_code;
    array_init(&response->topics, offset_fetch_response_topic, call->arena, group->topics.count);
    for (int32_t i = 0; i < group->topics.count; i++) {
        const struct offset_fetch_response_topics *from = &group->topics.items[i];
        struct offset_fetch_response_topic *to = &response->topics.items[i];
        to->name = from->name;
        array_init(&to->partitions, offset_fetch_response_partition, call->arena, from->partitions.count);
        for (int32_t j = 0; j < from->partitions.count; j++)
            to->partitions.items[j] = (struct offset_fetch_response_partition){
                .partition_index = from->partitions.items[j].partition_index,
                .committed_offset = from->partitions.items[j].committed_offset,
                .committed_leader_epoch = from->partitions.items[j].committed_leader_epoch,
                .metadata = from->partitions.items[j].metadata,
                .error_code = from->partitions.items[j].error_code,
            };
    }
}

static void fetch_one_group(struct call *call)
{
    struct offset_fetch_request_group request;
    struct offset_fetch_response_group response = {0};
    ask_like_a_new_one(call, &request);
    fetch(call, &request, &response);
    answer_like_an_old_one(call, &response);
}

void handle_offset_fetch(struct call *call)
{
    const struct offset_fetch_request *request = call->request;
    struct offset_fetch_response *response = call->response;
    if (call->version < VERSION_GROUPS) {
        fetch_one_group(call);
        return;
    }
    struct named_groups named;
    named_groups_init(&named, call);
    array_init(&response->groups, offset_fetch_response_group, call->arena, request->groups.count);
    for (int32_t i = 0; i < request->groups.count && call->verdict == CALL_ANSWER; i++)
        if (named_groups_take(&named, request->groups.items[i].group_id))
            fetch(call, &request->groups.items[i], &response->groups.items[i]);
    named_groups_fini(&named);
}
