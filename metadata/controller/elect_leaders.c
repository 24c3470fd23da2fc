/*
 * elect_leaders: see the header. A partition that is named twice is elected once for each time, from the
 * image as it was before.
 *
 * Pure; any thread.
 */
#include "metadata/controller/elect_leaders.h"

#include "metadata/controller/partition_change.h"

enum { TYPE_PREFERRED = 0, TYPE_UNCLEAN = 1 };

static bool is_needed(const struct partition_state *state, enum election election)
{
    if (state->leader == NO_LEADER)
        return true;
    return election == ELECT_PREFERRED && state->replicas.count > 0
           && state->replicas.items[0] != state->leader;
}

static enum kerr elect(const struct controller *controller, const struct topic *topic, int32_t index,
                       enum election election, struct record_list *records)
{
    struct partition_change change;
    if (!is_needed(&topic->partitions[index], election))
        return KERR_ELECTION_NOT_NEEDED;
    partition_change_init(&change, controller, topic, index);
    change.election = election;
    if (partition_change_add(&change, records))
        return KERR_NONE;
    return election == ELECT_PREFERRED ? KERR_PREFERRED_LEADER_NOT_AVAILABLE
                                       : KERR_ELIGIBLE_LEADERS_NOT_AVAILABLE;
}

static void set_result(struct elect_leaders_response_partition *result, enum kerr error)
{
    result->error_code = (int16_t)error;
    result->error_message = error == KERR_NONE ? SLICE_NULL : slice_str(kerr_message(error));
}

static void elect_one(const struct controller *controller, struct slice name, enum election election,
                      struct elect_leaders_response_partition *result, struct record_list *records)
{
    const struct topic *topic = image_find_topic(controller->image, name);
    result->error_code = KERR_UNKNOWN_TOPIC_OR_PARTITION;
    if (topic == NULL)
        result->error_message = arena_printf(controller->arena, "No such topic as %.*s", SLICE_ARGS(name));
    else if (image_find_partition(topic, result->partition_id) == NULL)
        result->error_message = arena_printf(controller->arena, "No such partition as %.*s-%d",
                                             SLICE_ARGS(name), result->partition_id);
    else
        set_result(result, elect(controller, topic, result->partition_id, election, records));
}

/* The answer's slots, in the order of the request. */
static void list_results(const struct controller *controller, const struct elect_leaders_request *request,
                         struct elect_leaders_response *response)
{
    int32_t count = request->topic_partitions.count < 0 ? 0 : request->topic_partitions.count;
    array_init(&response->replica_election_results, elect_leaders_response_topic, controller->arena, count);
    for (int32_t i = 0; i < count; i++) {
        const struct elect_leaders_topic *topic = &request->topic_partitions.items[i];
        struct elect_leaders_response_topic *result = &response->replica_election_results.items[i];
        result->topic = topic->topic;
        array_init(&result->partition_result, elect_leaders_response_partition, controller->arena,
                   topic->partitions.count);
        for (int32_t j = 0; j < topic->partitions.count; j++)
            result->partition_result.items[j].partition_id = topic->partitions.items[j];
    }
}

static void elect_all(const struct controller *controller, enum election election,
                      struct elect_leaders_response *response, struct record_list *records)
{
    size_t cursor = 0;
    int32_t at = 0;
    array_init(&response->replica_election_results, elect_leaders_response_topic, controller->arena,
               (int32_t)controller->image->topics_by_name.count);
    for (struct map_entry *entry; (entry = map_next(&controller->image->topics_by_name, &cursor)) != NULL;) {
        const struct topic *topic = entry->value;
        struct elect_leaders_response_topic *result = &response->replica_election_results.items[at++];
        result->topic = arena_dup(controller->arena, topic->name);
        array_init(&result->partition_result, elect_leaders_response_partition, controller->arena,
                   topic->partition_count);
        result->partition_result.count = 0;
        for (int32_t i = 0; i < topic->partition_count; i++) {
            enum kerr error = elect(controller, topic, i, election, records);
            if (error == KERR_ELECTION_NOT_NEEDED)
                continue;
            int32_t place = result->partition_result.count++;
            result->partition_result.items[place].partition_id = i;
            set_result(&result->partition_result.items[place], error);
        }
    }
}

void controller_refuse_elections(const struct controller *controller,
                                 const struct elect_leaders_request *request, enum kerr error,
                                 struct slice message, struct elect_leaders_response *response)
{
    list_results(controller, request, response);
    response->error_code = (int16_t)error;
    for (int32_t i = 0; i < response->replica_election_results.count; i++) {
        struct elect_leaders_response_topic *topic = &response->replica_election_results.items[i];
        for (int32_t j = 0; j < topic->partition_result.count; j++) {
            topic->partition_result.items[j].error_code = (int16_t)error;
            topic->partition_result.items[j].error_message = message;
        }
    }
}

void controller_elect_leaders(const struct controller *controller,
                              const struct elect_leaders_request *request,
                              struct elect_leaders_response *response, struct record_list *records)
{
    int8_t type = request->election_type;
    enum election election = type == TYPE_UNCLEAN ? ELECT_UNCLEAN : ELECT_PREFERRED;
    if (request->topic_partitions.count == 0)
        return;
    if (request->timeout_ms <= 0) {
        controller_refuse_elections(controller, request, KERR_REQUEST_TIMED_OUT, SLICE_NULL, response);
        return;
    }
    if (type != TYPE_PREFERRED && type != TYPE_UNCLEAN) {
        controller_refuse_elections(controller, request, KERR_INVALID_REQUEST,
                                    arena_printf(controller->arena, "Unknown election type %d", type),
                                    response);
        return;
    }
    if (request->topic_partitions.count < 0) {
        elect_all(controller, election, response, records);
        return;
    }
    list_results(controller, request, response);
    for (int32_t i = 0; i < response->replica_election_results.count; i++) {
        struct elect_leaders_response_topic *topic = &response->replica_election_results.items[i];
        for (int32_t j = 0; j < topic->partition_result.count; j++)
            elect_one(controller, topic->topic, election, &topic->partition_result.items[j], records);
    }
}
