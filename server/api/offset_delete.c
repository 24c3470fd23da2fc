/*
 * OffsetDelete v0 (KIP-496): offsets that a group has committed and nobody needs any more
 * (server/coordinator/group_offsets, kafka-apis 11.3). Blocks until that is on stable storage.
 */
#include "protocol/messages/offset_delete.h"
#include "server/api/handlers.h"
#include "server/api/topic_parts.h"
#include "server/broker.h"
#include "server/coordinator/group_coordinator.h"
#include "server/security/authorize.h"

/* Topics of the same name have not been made one yet. */
struct deletion {
    struct offset_delete_response asked;   /* what the group is asked about */
    struct offset_delete_response refused; /* the rest */
};

static enum kerr check_topic(struct call *call, const struct image *image, struct slice name,
                             const struct topic **known)
{
    *known = image_find_topic(image, name);
    if (!authorize_topic(call, ACL_READ, name))
        return KERR_TOPIC_AUTHORIZATION_FAILED;
    return *known == NULL ? KERR_UNKNOWN_TOPIC_OR_PARTITION : KERR_NONE;
}

/* Room for so many partitions of the topic; none yet. */
static struct offset_delete_response_topic new_topic(struct call *call, struct slice name, int32_t room)
{
    struct offset_delete_response_topic topic = {.name = name};
    array_init(&topic.partitions, offset_delete_response_partition, call->arena, room);
    topic.partitions.count = 0;
    return topic;
}

static void add_topic(struct offset_delete_response *response,
                      const struct offset_delete_response_topic *topic)
{
    response->topics.items[response->topics.count++] = *topic;
}

static void add_partition(struct offset_delete_response_topic *topic, int32_t index, enum kerr error)
{
    topic->partitions.items[topic->partitions.count++] =
        (struct offset_delete_response_partition){.partition_index = index, .error_code = (int16_t)error};
}

static void refuse_topic(struct call *call, const struct offset_delete_request_topic *topic, enum kerr error,
                         struct deletion *deletion)
{
    struct offset_delete_response_topic refused = new_topic(call, topic->name, topic->partitions.count);
    for (int32_t i = 0; i < topic->partitions.count; i++)
        add_partition(&refused, topic->partitions.items[i].partition_index, error);
    add_topic(&deletion->refused, &refused);
}

static void divide_known(struct call *call, const struct topic *known,
                         const struct offset_delete_request_topic *topic, struct deletion *deletion)
{
    struct offset_delete_response_topic asked = new_topic(call, topic->name, topic->partitions.count);
    struct offset_delete_response_topic refused = new_topic(call, topic->name, topic->partitions.count);
    for (int32_t i = 0; i < topic->partitions.count; i++) {
        int32_t index = topic->partitions.items[i].partition_index;
        if (image_find_partition(known, index) != NULL)
            add_partition(&asked, index, KERR_NONE);
        else
            add_partition(&refused, index, KERR_UNKNOWN_TOPIC_OR_PARTITION);
    }
    if (asked.partitions.count > 0)
        add_topic(&deletion->asked, &asked);
    if (refused.partitions.count > 0)
        add_topic(&deletion->refused, &refused);
}

static void divide(struct call *call, struct deletion *deletion)
{
    const struct offset_delete_request *request = call->request;
    array_init(&deletion->asked.topics, offset_delete_response_topic, call->arena, request->topics.count);
    array_init(&deletion->refused.topics, offset_delete_response_topic, call->arena, request->topics.count);
    deletion->asked.topics.count = deletion->refused.topics.count = 0;
    const struct image *image = cluster_read(call->broker->cluster);
    for (int32_t i = 0; i < request->topics.count; i++) {
        const struct offset_delete_request_topic *topic = &request->topics.items[i];
        const struct topic *known;
        enum kerr error = check_topic(call, image, topic->name, &known);
        if (error != KERR_NONE)
            refuse_topic(call, topic, error, deletion);
        else
            divide_known(call, known, topic, deletion);
    }
    cluster_read_done(call->broker->cluster);
}

/* As in Apache Kafka: first what was refused before the group was asked; without that, the order of the
 * request. */
static void join(struct call *call, const struct deletion *deletion)
{
    struct offset_delete_response *response = call->response;
    int32_t refused = deletion->refused.topics.count;
    int32_t count = refused + deletion->asked.topics.count;
    if (refused == 0) {
        response->topics = deletion->asked.topics;
        return;
    }
    array_init(&response->topics, offset_delete_response_topic, call->arena, count);
    struct topic_part *parts = arena_new_array(call->arena, struct topic_part, count);
    struct offset_delete_response_topic *topics = response->topics.items;
    for (int32_t i = 0; i < count; i++) {
        topics[i] =
            i < refused ? deletion->refused.topics.items[i] : deletion->asked.topics.items[i - refused];
        parts[i] =
            (struct topic_part){topics[i].name, topics[i].partitions.items, topics[i].partitions.count, i};
    }
    response->topics.count = topic_parts_merge(parts, count, sizeof *topics->partitions.items,
                                               call->broker->hash_seed, call->arena);
    for (int32_t i = 0; i < response->topics.count; i++) {
        topics[i] = topics[parts[i].source]; /* which does not stand before it */
        topics[i].partitions.items = parts[i].items;
        topics[i].partitions.count = parts[i].count;
    }
}

static enum kerr delete_offsets(struct call *call, const struct offset_delete_request *request,
                                struct deletion *deletion)
{
    if (!authorize(call, ACL_DELETE, ACL_GROUP, request->group_id))
        return KERR_GROUP_AUTHORIZATION_FAILED;
    if (request->group_id.len == 0)
        return KERR_INVALID_GROUP_ID;
    divide(call, deletion);
    enum kerr error =
        group_coordinator_ask(call, GROUP_OFFSET_DELETE, request->group_id, request, &deletion->asked);
    return error == KERR_NONE ? (enum kerr)deletion->asked.error_code : error;
}

void handle_offset_delete(struct call *call)
{
    struct offset_delete_response *response = call->response;
    struct deletion *deletion = arena_new(call->arena, struct deletion);
    enum kerr error = delete_offsets(call, call->request, deletion);
    response->error_code = (int16_t)error;
    if (error == KERR_NONE)
        join(call, deletion);
}
