/*
 * OffsetCommit v2-10: how far a group has come (server/coordinator/group_offsets, kafka-apis 11.1). Two
 * steps: the first stores the offsets, the second blocks until they are on stable storage. v7: static members
 * (KIP-345); v9: members of consumer groups (KIP-848); v10: topic ids.
 */
#include "protocol/messages/offset_commit.h"
#include "server/api/handlers.h"
#include "server/api/topic_parts.h"
#include "server/broker.h"
#include "server/coordinator/group_coordinator.h"
#include "server/security/authorize.h"

enum { VERSION_IDS = 10 };

/* What is remembered between the steps. Topics of the same name have not been made one yet. */
struct commit {
    struct offset_commit_request accepted; /* what the group is asked to keep */
    struct offset_commit_response answers; /* of that, topic for topic */
    struct offset_commit_response refused; /* the rest */
    struct group_sync sync;
};

static void refuse_all(struct offset_commit_response *response, enum kerr error)
{
    for (int32_t i = 0; i < response->topics.count; i++)
        for (int32_t j = 0; j < response->topics.items[i].partitions.count; j++)
            response->topics.items[i].partitions.items[j].error_code = (int16_t)error;
}

/* Adds an answer for all partitions of the topic. */
static struct offset_commit_response_topic *lay_out_topic(struct call *call,
                                                          const struct offset_commit_request_topic *topic,
                                                          struct offset_commit_response *response)
{
    struct offset_commit_response_topic *answer = &response->topics.items[response->topics.count++];
    answer->name = topic->name;
    answer->topic_id = topic->topic_id;
    array_init(&answer->partitions, offset_commit_response_partition, call->arena, topic->partitions.count);
    for (int32_t i = 0; i < topic->partitions.count; i++)
        answer->partitions.items[i].partition_index = topic->partitions.items[i].partition_index;
    return answer;
}

static void refuse_topic(struct call *call, const struct offset_commit_request_topic *topic, enum kerr error,
                         struct commit *commit)
{
    struct offset_commit_response_topic *answer = lay_out_topic(call, topic, &commit->refused);
    for (int32_t i = 0; i < answer->partitions.count; i++)
        answer->partitions.items[i].error_code = (int16_t)error;
}

/* What is wrong with the topic as a whole. Records name topics; their ids are for whoever asks later whether
 * it is still the same one. */
static enum kerr check_topic(struct call *call, const struct image *image,
                             struct offset_commit_request_topic *topic, const struct topic **known)
{
    bool by_id = call->version >= VERSION_IDS;
    *known = by_id ? image_find_topic_by_id(image, topic->topic_id) : image_find_topic(image, topic->name);
    if (by_id && *known == NULL)
        return KERR_UNKNOWN_TOPIC_ID;
    if (by_id)
        topic->name = arena_dup(call->arena, (*known)->name);
    if (!authorize_topic(call, ACL_READ, topic->name))
        return KERR_TOPIC_AUTHORIZATION_FAILED;
    if (*known == NULL)
        return KERR_UNKNOWN_TOPIC_OR_PARTITION;
    topic->topic_id = (*known)->id;
    return KERR_NONE;
}

/* Takes those partitions out of the topic that it does not have; the others keep their order. */
static struct offset_commit_request_topic take_unknown(struct call *call, const struct topic *known,
                                                       struct offset_commit_request_topic *topic)
{
    struct offset_commit_request_topic unknown = *topic;
    int32_t all = topic->partitions.count;
    int32_t missing = 0;
    for (int32_t i = 0; i < all; i++)
        missing += image_find_partition(known, topic->partitions.items[i].partition_index) == NULL;
    array_init(&unknown.partitions, offset_commit_request_partition, call->arena, missing);
    topic->partitions.count = unknown.partitions.count = 0;
    for (int32_t i = 0; i < all; i++) {
        struct offset_commit_request_partition partition = topic->partitions.items[i];
        if (image_find_partition(known, partition.partition_index) == NULL)
            unknown.partitions.items[unknown.partitions.count++] = partition;
        else
            topic->partitions.items[topic->partitions.count++] = partition;
    }
    return unknown;
}

static void divide_topic(struct call *call, const struct image *image,
                         struct offset_commit_request_topic topic, struct commit *commit)
{
    const struct topic *known;
    enum kerr error = check_topic(call, image, &topic, &known);
    if (error != KERR_NONE) {
        refuse_topic(call, &topic, error, commit);
        return;
    }
    const struct offset_commit_request_topic unknown = take_unknown(call, known, &topic);
    if (unknown.partitions.count > 0)
        refuse_topic(call, &unknown, KERR_UNKNOWN_TOPIC_OR_PARTITION, commit);
    if (topic.partitions.count == 0)
        return;
    commit->accepted.topics.items[commit->accepted.topics.count++] = topic;
    lay_out_topic(call, &topic, &commit->answers);
}

static void divide(struct call *call, struct commit *commit)
{
    const struct offset_commit_request *request = call->request;
    array_init(&commit->accepted.topics, offset_commit_request_topic, call->arena, request->topics.count);
    array_init(&commit->refused.topics, offset_commit_response_topic, call->arena, request->topics.count);
    commit->accepted.topics.count = commit->refused.topics.count = 0;
    const struct image *image = cluster_read(call->broker->cluster);
    for (int32_t i = 0; i < request->topics.count; i++)
        divide_topic(call, image, request->topics.items[i], commit);
    cluster_read_done(call->broker->cluster);
}

/* The error that is told of all that the group was to be asked about. */
static enum kerr begin(struct call *call, struct commit *commit)
{
    const struct offset_commit_request *request = call->request;
    commit->accepted = *request;
    array_init(&commit->answers.topics, offset_commit_response_topic, call->arena, request->topics.count);
    commit->answers.topics.count = 0;
    if (!authorize(call, ACL_READ, ACL_GROUP, request->group_id)) {
        for (int32_t i = 0; i < request->topics.count; i++)
            lay_out_topic(call, &request->topics.items[i], &commit->answers);
        return KERR_GROUP_AUTHORIZATION_FAILED;
    }
    divide(call, commit);
    if (commit->accepted.topics.count == 0)
        return KERR_NONE;
    return group_coordinator_begin(call, GROUP_OFFSET_COMMIT, request->group_id, &commit->accepted,
                                   &commit->answers, &commit->sync);
}

void offset_commit_begin(struct call *call)
{
    struct commit *commit = arena_new(call->arena, struct commit);
    enum kerr error = begin(call, commit);
    if (error != KERR_NONE)
        refuse_all(&commit->answers, error);
    call->request = commit; /* remembered in its place between the steps */
}

static struct slice key_of(const struct call *call, const struct offset_commit_response_topic *topic)
{
    if (call->version < VERSION_IDS)
        return topic->name;
    return arena_dup(call->arena, (struct slice){topic->topic_id.bytes, sizeof topic->topic_id.bytes});
}

/* As in Apache Kafka: first what was refused before the group was asked; without that, the order of the
 * request. */
static void join(struct call *call, const struct commit *commit)
{
    struct offset_commit_response *response = call->response;
    int32_t refused = commit->refused.topics.count;
    int32_t count = refused + commit->answers.topics.count;
    if (refused == 0) {
        response->topics = commit->answers.topics;
        return;
    }
    array_init(&response->topics, offset_commit_response_topic, call->arena, count);
    struct topic_part *parts = arena_new_array(call->arena, struct topic_part, count);
    struct offset_commit_response_topic *topics = response->topics.items;
    for (int32_t i = 0; i < count; i++) {
        topics[i] = i < refused ? commit->refused.topics.items[i] : commit->answers.topics.items[i - refused];
        parts[i] = (struct topic_part){key_of(call, &topics[i]), topics[i].partitions.items,
                                       topics[i].partitions.count, i};
    }
    response->topics.count = topic_parts_merge(parts, count, sizeof *topics->partitions.items,
                                               call->broker->hash_seed, call->arena);
    for (int32_t i = 0; i < response->topics.count; i++) {
        topics[i] = topics[parts[i].source]; /* which does not stand before it */
        topics[i].partitions.items = parts[i].items;
        topics[i].partitions.count = parts[i].count;
    }
}

void offset_commit_finish(struct call *call)
{
    struct commit *commit = (struct commit *)call->request;
    enum kerr error = group_coordinator_sync(&commit->sync);
    if (error != KERR_NONE)
        refuse_all(&commit->answers, error);
    join(call, commit);
}
