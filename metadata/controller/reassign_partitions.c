/*
 * reassign_partitions: see the header. A partition that moves has its old replicas and its new ones until
 * the new ones are in sync; then those that go are dropped (partition_change). A second request for it takes
 * the place of the first.
 *
 * Pure; any thread.
 */
#include "metadata/controller/reassign_partitions.h"

#include "metadata/controller/partition_change.h"
#include "metadata/controller/placement.h"

#include <stdlib.h>

static bool is_reassigning(const struct partition_state *state)
{
    return state->adding_replicas.count > 0 || state->removing_replicas.count > 0;
}

/* ---- altering ---- */

struct reassignment {
    const struct controller *controller;
    const struct alter_partition_reassignments_request *request;
    const struct topic *topic;
    int32_t index;
    struct record_list *records;
    struct note *why;
};

static int by_id(const void *a, const void *b)
{
    int32_t left = *(const int32_t *)a;
    int32_t right = *(const int32_t *)b;
    return (left > right) - (left < right);
}

static struct broker_ids sorted_without(const struct controller *controller, struct broker_ids ids,
                                        struct broker_ids others)
{
    struct broker_ids rest = broker_ids_without(controller->arena, ids, others);
    if (rest.count > 1)
        qsort(rest.items, (size_t)rest.count, sizeof *rest.items, by_id);
    return rest;
}

/* How many replicas there are to be once what is under way is over. */
static int32_t replication_factor(const struct partition_state *state)
{
    return state->replicas.count - state->removing_replicas.count;
}

static enum kerr check_target(const struct reassignment *reassignment, struct broker_ids target)
{
    const struct partition_state *state = &reassignment->topic->partitions[reassignment->index];
    enum kerr error =
        placement_check_manual(reassignment->controller, target.items, target.count, 0, reassignment->why);
    int32_t factor = replication_factor(state);
    if (error != KERR_NONE || reassignment->request->allow_replication_factor_change
        || factor == target.count)
        return error;
    note_set(reassignment->why, "The replication factor is changed from %d to %d", factor, target.count);
    return KERR_INVALID_REPLICATION_FACTOR;
}

static enum kerr begin(const struct reassignment *reassignment, struct broker_ids target)
{
    const struct controller *controller = reassignment->controller;
    struct partition_change change;
    enum kerr error = check_target(reassignment, target);
    if (error != KERR_NONE)
        return error;
    partition_change_init(&change, controller, reassignment->topic, reassignment->index);
    struct broker_ids settled =
        broker_ids_without(controller->arena, change.state->replicas, change.state->adding_replicas);
    struct broker_ids going = sorted_without(controller, change.state->replicas, target);
    struct broker_ids all = {arena_new_array(controller->arena, int32_t, target.count + going.count), 0};
    for (int32_t i = 0; i < target.count; i++)
        all.items[all.count++] = target.items[i];
    for (int32_t i = 0; i < going.count; i++)
        all.items[all.count++] = going.items[i];
    change.adding_replicas = sorted_without(controller, target, settled);
    change.removing_replicas = going;
    change.replicas = all;
    partition_change_add(&change, reassignment->records);
    return KERR_NONE;
}

/* Back to the replicas that there were. Where none of them is in the ISR any more one is made the leader
 * without all records, if the topic allows that. */
static enum kerr cancel(const struct reassignment *reassignment)
{
    const struct controller *controller = reassignment->controller;
    struct partition_change change;
    partition_change_init(&change, controller, reassignment->topic, reassignment->index);
    if (!is_reassigning(change.state))
        return KERR_NO_REASSIGNMENT_IN_PROGRESS;
    struct broker_ids adding = change.state->adding_replicas;
    change.isr = broker_ids_without(controller->arena, change.state->isr, adding);
    change.replicas = broker_ids_without(controller->arena, change.state->replicas, adding);
    change.adding_replicas = change.removing_replicas = (struct broker_ids){0};
    if (change.isr.count == 0 && !partition_change_may_be_unclean(&change)) {
        note_set(reassignment->why,
                 "Unable to revert partition assignment for %.*s:%d because it would require an unclean "
                 "leader election.",
                 SLICE_ARGS(reassignment->topic->name), reassignment->index);
        return KERR_INVALID_REPLICA_ASSIGNMENT;
    }
    if (change.isr.count == 0)
        change.election = ELECT_UNCLEAN;
    partition_change_add(&change, reassignment->records);
    return KERR_NONE;
}

static enum kerr alter(struct reassignment *reassignment, struct slice name,
                       const struct alter_partition_reassignments_partition *wanted)
{
    reassignment->topic = image_find_topic(reassignment->controller->image, name);
    reassignment->index = wanted->partition_index;
    if (reassignment->topic == NULL) {
        note_set(reassignment->why, "Unable to find a topic named %.*s.", SLICE_ARGS(name));
        return KERR_UNKNOWN_TOPIC_OR_PARTITION;
    }
    if (image_find_partition(reassignment->topic, wanted->partition_index) == NULL) {
        note_set(reassignment->why, "Unable to find partition %.*s:%d.", SLICE_ARGS(name),
                 wanted->partition_index);
        return KERR_UNKNOWN_TOPIC_OR_PARTITION;
    }
    if (wanted->replicas.count < 0)
        return cancel(reassignment);
    return begin(reassignment, (struct broker_ids){wanted->replicas.items, wanted->replicas.count});
}

static void list_results(const struct controller *controller,
                         const struct alter_partition_reassignments_request *request,
                         struct alter_partition_reassignments_response *response)
{
    response->allow_replication_factor_change = request->allow_replication_factor_change;
    response->error_message = SLICE_NULL;
    array_init(&response->responses, alter_partition_reassignments_response_topic, controller->arena,
               request->topics.count);
    for (int32_t i = 0; i < request->topics.count; i++) {
        const struct alter_partition_reassignments_topic *topic = &request->topics.items[i];
        struct alter_partition_reassignments_response_topic *result = &response->responses.items[i];
        result->name = topic->name;
        array_init(&result->partitions, alter_partition_reassignments_response_partition, controller->arena,
                   topic->partitions.count);
        for (int32_t j = 0; j < topic->partitions.count; j++)
            result->partitions.items[j].partition_index = topic->partitions.items[j].partition_index;
    }
}

void controller_refuse_reassignments(const struct controller *controller,
                                     const struct alter_partition_reassignments_request *request,
                                     enum kerr error, struct slice message,
                                     struct alter_partition_reassignments_response *response)
{
    list_results(controller, request, response);
    response->error_code = (int16_t)error;
    response->error_message = message;
    for (int32_t i = 0; i < response->responses.count; i++) {
        struct alter_partition_reassignments_response_topic *topic = &response->responses.items[i];
        for (int32_t j = 0; j < topic->partitions.count; j++) {
            topic->partitions.items[j].error_code = (int16_t)error;
            topic->partitions.items[j].error_message = message;
        }
    }
}

void controller_alter_partition_reassignments(const struct controller *controller,
                                              const struct alter_partition_reassignments_request *request,
                                              struct alter_partition_reassignments_response *response,
                                              struct record_list *records)
{
    if (request->topics.count == 0) { /* Kafka says then, with an empty text, whatever was asked */
        return;
    }
    if (request->timeout_ms <= 0) {
        controller_refuse_reassignments(controller, request, KERR_REQUEST_TIMED_OUT, SLICE_NULL, response);
        return;
    }
    list_results(controller, request, response);
    for (int32_t i = 0; i < request->topics.count; i++) {
        const struct alter_partition_reassignments_topic *topic = &request->topics.items[i];
        for (int32_t j = 0; j < topic->partitions.count; j++) {
            struct note why = {{0}};
            struct alter_partition_reassignments_response_partition *result =
                &response->responses.items[i].partitions.items[j];
            struct reassignment reassignment = {
                .controller = controller, .request = request, .records = records, .why = &why};
            result->error_code = (int16_t)alter(&reassignment, topic->name, &topic->partitions.items[j]);
            result->error_message = controller_text(controller, &why);
        }
    }
}

/* ---- listing ---- */

#define COPY_IDS(arena, array, ids)                                                    \
    ((array).items = broker_ids_without((arena), (ids), (struct broker_ids){0}).items, \
     (array).count = (ids).count)

static void list_one(struct arena *arena, const struct topic *topic, int32_t index,
                     struct list_partition_reassignments_response_topic *answer)
{
    const struct partition_state *state = image_find_partition(topic, index);
    if (state == NULL || !is_reassigning(state))
        return;
    struct list_partition_reassignments_response_partition *partition =
        &answer->partitions.items[answer->partitions.count++];
    partition->partition_index = index;
    COPY_IDS(arena, partition->replicas, state->replicas);
    COPY_IDS(arena, partition->adding_replicas, state->adding_replicas);
    COPY_IDS(arena, partition->removing_replicas, state->removing_replicas);
}

/* `indexes` NULL: all of the topic. What has nothing to tell is left out. */
static void list_topic(struct arena *arena, const struct topic *topic, const int32_t *indexes, int32_t count,
                       struct list_partition_reassignments_response *response)
{
    struct list_partition_reassignments_response_topic *answer =
        &response->topics.items[response->topics.count];
    array_init(&answer->partitions, list_partition_reassignments_response_partition, arena, count);
    answer->partitions.count = 0;
    for (int32_t i = 0; i < count; i++)
        list_one(arena, topic, indexes == NULL ? i : indexes[i], answer);
    if (answer->partitions.count == 0)
        return;
    answer->name = arena_dup(arena, topic->name);
    response->topics.count++;
}

static bool has_any(const struct topic *topic)
{
    for (int32_t i = 0; i < topic->partition_count; i++)
        if (is_reassigning(&topic->partitions[i]))
            return true;
    return false;
}

void controller_list_partition_reassignments(const struct image *image, struct arena *arena,
                                             const struct list_partition_reassignments_request *request,
                                             struct list_partition_reassignments_response *response)
{
    bool all = request->topics.count < 0;
    size_t cursor = 0;
    response->error_message = SLICE_NULL;
    array_init(&response->topics, list_partition_reassignments_response_topic, arena,
               all ? (int32_t)image->topics_by_name.count : request->topics.count);
    response->topics.count = 0;
    for (int32_t i = 0; i < request->topics.count; i++) {
        const struct list_partition_reassignments_topic *wanted = &request->topics.items[i];
        const struct topic *topic = image_find_topic(image, wanted->name);
        if (topic != NULL)
            list_topic(arena, topic, wanted->partition_indexes.items, wanted->partition_indexes.count,
                       response);
    }
    for (struct map_entry *entry; all && (entry = map_next(&image->topics_by_name, &cursor)) != NULL;)
        if (has_any(entry->value))
            list_topic(arena, entry->value, NULL, ((const struct topic *)entry->value)->partition_count,
                       response);
}
