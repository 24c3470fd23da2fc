/*
 * create_partitions: checks in Kafka's order. A topic's new partitions are recorded all or not at all; they
 * have as many replicas as partition 0.
 *
 * Called by server/api/create_partitions with the change lock held; pure.
 */
#include "metadata/controller/create_partitions.h"

#include "metadata/controller/placement.h"

struct growth {
    const struct controller *controller;
    const struct create_partitions_topic *asked;
    const struct topic *topic;
    int32_t added;
    struct partition_record *partitions; /* the new ones */
};

static enum kerr check_count(struct growth *growth, struct note *why)
{
    int32_t now = growth->topic->partition_count;
    int32_t count = growth->asked->count;
    if (count == now) {
        note_set(why, "Topic already has %d partition(s).", now);
        return KERR_INVALID_PARTITIONS;
    }
    if (count < now) {
        note_set(why, "The topic %.*s currently has %d partition(s); %d would not be an increase.",
                 SLICE_ARGS(growth->topic->name), now, count);
        return KERR_INVALID_PARTITIONS;
    }
    growth->added = count - now;
    if (growth->asked->assignments.count >= 0 && growth->asked->assignments.count != growth->added) {
        note_set(why,
                 "Attempted to add %d additional partition(s), but only %d assignment(s) were specified.",
                 growth->added, growth->asked->assignments.count);
        return KERR_INVALID_REPLICA_ASSIGNMENT;
    }
    return KERR_NONE;
}

static int32_t replication_factor(const struct growth *growth)
{
    const struct partition_state *first = image_find_partition(growth->topic, 0);
    return first ? first->replicas.count : growth->controller->default_replication_factor;
}

static enum kerr place_by_hand(struct growth *growth, struct note *why)
{
    for (int32_t i = 0; i < growth->added; i++) {
        const struct create_partitions_assignment *assignment = &growth->asked->assignments.items[i];
        int32_t *brokers = assignment->broker_ids.items;
        int32_t count = assignment->broker_ids.count;
        enum kerr error =
            placement_check_manual(growth->controller, brokers, count, replication_factor(growth), why);
        if (error != KERR_NONE)
            return error;
        int32_t partition = growth->topic->partition_count + i;
        if (!placement_fill_record(growth->controller, growth->topic->id, partition, brokers, count,
                                   &growth->partitions[i])) {
            note_set(why,
                     "All brokers specified in the manual partition assignment for partition %d are fenced "
                     "or in controlled "
                     "shutdown.",
                     partition);
            return KERR_INVALID_REPLICA_ASSIGNMENT;
        }
    }
    return KERR_NONE;
}

static enum kerr place_automatically(struct growth *growth, struct note *why)
{
    struct placement placement;
    int32_t replicas = replication_factor(growth);
    enum kerr error = placement_init(&placement, growth->controller, replicas, why);
    for (int32_t i = 0; i < growth->added && error == KERR_NONE; i++) {
        int32_t *brokers = placement_choose(&placement, growth->controller, i, replicas);
        placement_fill_record(growth->controller, growth->topic->id, growth->topic->partition_count + i,
                              brokers, replicas, &growth->partitions[i]);
    }
    return error;
}

/* `made` counts the partitions of the whole request. Kafka answers UNKNOWN_SERVER_ERROR beyond its bound. */
static enum kerr grow(struct growth *growth, int64_t *made, struct note *why)
{
    growth->topic = image_find_topic(growth->controller->image, growth->asked->name);
    if (!growth->topic)
        return KERR_UNKNOWN_TOPIC_OR_PARTITION;
    enum kerr error = check_count(growth, why);
    if (error != KERR_NONE)
        return error;
    if (*made + growth->added > PARTITIONS_PER_REQUEST_MAX)
        return KERR_UNKNOWN_SERVER_ERROR;
    error = controller_take_mutations(growth->controller, growth->added);
    if (error != KERR_NONE)
        return error;
    growth->partitions = arena_new_array(growth->controller->arena, struct partition_record, growth->added);
    error =
        growth->asked->assignments.count >= 0 ? place_by_hand(growth, why) : place_automatically(growth, why);
    if (error == KERR_NONE)
        *made += growth->added;
    return error;
}

static void grow_one(const struct controller *controller, const struct create_partitions_topic *asked,
                     int64_t *made, struct create_partitions_response_topic *result,
                     struct record_list *records)
{
    struct growth growth = {.controller = controller, .asked = asked};
    struct note why = {{0}};
    result->name = asked->name;
    result->error_code = (int16_t)grow(&growth, made, &why);
    result->error_message = controller_text(controller, &why);
    if (result->error_code != KERR_NONE || !records)
        return;
    for (int32_t i = 0; i < growth.added; i++)
        record_list_add(records, &partition_record_message, &growth.partitions[i]);
}

static void fail_all(const struct create_partitions_request *request, enum kerr error,
                     struct create_partitions_response *response)
{
    for (int32_t i = 0; i < request->topics.count; i++) {
        response->results.items[i].name = request->topics.items[i].name;
        response->results.items[i].error_code = (int16_t)error;
        response->results.items[i].error_message = SLICE_NULL;
    }
}

/* Refuses the names that come twice, once each, at the front of the answer; marks them in `twice`. */
static int32_t refuse_duplicates(const struct controller *controller,
                                 const struct create_partitions_request *request, bool *twice,
                                 struct create_partitions_response *response)
{
    struct map first; /* name -> its first mark in `twice` */
    map_init(&first, controller->next_random(controller->random_state));
    int32_t count = 0;
    for (int32_t i = 0; i < request->topics.count; i++) {
        struct slice name = request->topics.items[i].name;
        bool *earlier = map_find(&first, name);
        if (!earlier) {
            map_put(&first, name, &twice[i]);
            continue;
        }
        twice[i] = true;
        if (*earlier)
            continue;
        *earlier = true;
        struct create_partitions_response_topic *result = &response->results.items[count++];
        result->name = name;
        result->error_code = KERR_INVALID_REQUEST;
        result->error_message = SLICE("Duplicate topic name.");
    }
    map_fini(&first);
    return count;
}

/* Likewise those that the client may not alter, behind `count` that are refused already. */
static int32_t refuse_unauthorized(const struct controller *controller,
                                   const struct create_partitions_request *request, bool *refused,
                                   int32_t count, struct create_partitions_response *response)
{
    for (int32_t i = 0; i < request->topics.count; i++) {
        struct slice name = request->topics.items[i].name;
        if (refused[i] || controller_may(controller, ACL_ALTER, ACL_TOPIC, name))
            continue;
        refused[i] = true;
        struct create_partitions_response_topic *result = &response->results.items[count++];
        result->name = name;
        result->error_code = KERR_TOPIC_AUTHORIZATION_FAILED;
        result->error_message = SLICE_NULL;
    }
    return count;
}

void controller_create_partitions(const struct controller *controller,
                                  const struct create_partitions_request *request,
                                  struct create_partitions_response *response, struct record_list *records)
{
    array_init(&response->results, create_partitions_response_topic, controller->arena,
               request->topics.count);
    if (request->timeout_ms <= 0) {
        fail_all(request, KERR_REQUEST_TIMED_OUT, response);
        return;
    }
    bool *refused = arena_new_array(controller->arena, bool, request->topics.count);
    int32_t count = refuse_duplicates(controller, request, refused, response);
    count = refuse_unauthorized(controller, request, refused, count, response);
    int64_t made = 0;
    for (int32_t i = 0; i < request->topics.count; i++)
        if (!refused[i])
            grow_one(controller, &request->topics.items[i], &made, &response->results.items[count++],
                     request->validate_only ? NULL : records);
    response->results.count = count;
}
