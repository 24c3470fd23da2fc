/*
 * delete_topics: whoever asks for a topic twice, by name, by id or by both, gets an error and keeps it.
 *
 * Called by server/api/delete_topics with the change lock held; pure.
 */
#include "metadata/controller/delete_topics.h"

#include "protocol/records/topic_record.h"

/* One thing that is asked for. */
struct deletion {
    struct slice name; /* null: by id */
    struct uuid id;
    int32_t *times; /* how often this name or id comes; 0 once it is answered */
    const struct topic *topic;
};

struct deletions {
    const struct controller *controller;
    struct deletion *items;
    int32_t count;
    struct map names; /* name -> counter */
    struct map ids;   /* id given -> counter */
};

enum { FIRST_BY_ID = 6 }; /* the version that knows topic ids and a list of both */

static bool is_by_name(const struct deletion *deletion)
{
    return !slice_is_null(deletion->name);
}

static int32_t *count_in(const struct deletions *deletions, struct map *map, struct slice key)
{
    int32_t *counter = map_find(map, key);
    if (!counter) {
        counter = arena_new(deletions->controller->arena, int32_t);
        map_put(map, key, counter);
    }
    ++*counter;
    return counter;
}

static void collect(struct deletions *deletions, const struct delete_topics_request *request, int version)
{
    const struct image *image = deletions->controller->image;
    deletions->count = version >= FIRST_BY_ID ? request->topics.count : request->topic_names.count;
    deletions->items = arena_new_array(deletions->controller->arena, struct deletion, deletions->count);
    for (int32_t i = 0; i < deletions->count; i++) {
        struct deletion *deletion = &deletions->items[i];
        deletion->name =
            version >= FIRST_BY_ID ? request->topics.items[i].name : request->topic_names.items[i];
        if (version >= FIRST_BY_ID)
            deletion->id = request->topics.items[i].topic_id;
        if (is_by_name(deletion) == !uuid_is_zero(deletion->id))
            continue; /* both or neither: refused, counts for nothing */
        if (is_by_name(deletion)) {
            deletion->times = count_in(deletions, &deletions->names, deletion->name);
            deletion->topic = image_find_topic(image, deletion->name);
        } else {
            deletion->times = count_in(deletions, &deletions->ids, uuid_key(&deletion->id));
            deletion->topic = image_find_topic_by_id(image, deletion->id);
        }
    }
}

static enum kerr refuse(struct delete_topics_response_topic *result, enum kerr error, const char *message)
{
    result->error_message = slice_str(message);
    return error;
}

static enum kerr refuse_unauthorized(struct delete_topics_response_topic *result)
{
    return refuse(result, KERR_TOPIC_AUTHORIZATION_FAILED, kerr_message(KERR_TOPIC_AUTHORIZATION_FAILED));
}

/* Who may delete with the cluster as a whole may do so with every topic. */
static bool may(const struct deletions *deletions, enum acl_operation operation, struct slice topic)
{
    return controller_may_all(deletions->controller, ACL_DELETE)
           || controller_may(deletions->controller, operation, ACL_TOPIC, topic);
}

static enum kerr decide(struct deletions *deletions, const struct deletion *deletion,
                        struct delete_topics_response_topic *result)
{
    result->name = deletion->name;
    result->topic_id = deletion->id;
    result->error_message = SLICE_NULL;
    if (!deletion->times)
        return refuse(result, KERR_INVALID_REQUEST,
                      is_by_name(deletion) ? "You may not specify both topic name and topic id."
                                           : "Neither topic name nor id were specified.");
    if (*deletion->times > 1)
        return refuse(result, KERR_INVALID_REQUEST,
                      is_by_name(deletion) ? "Duplicate topic name." : "Duplicate topic id.");
    if (is_by_name(deletion) && !may(deletions, ACL_DESCRIBE, deletion->name))
        return refuse_unauthorized(result);
    if (!deletion->topic && is_by_name(deletion))
        return refuse(result, KERR_UNKNOWN_TOPIC_OR_PARTITION, kerr_message(KERR_UNKNOWN_TOPIC_OR_PARTITION));
    if (!deletion->topic)
        return refuse(result, KERR_UNKNOWN_TOPIC_ID, kerr_message(KERR_UNKNOWN_TOPIC_ID));
    if (!may(deletions, ACL_DELETE, deletion->topic->name)) {
        if (may(deletions, ACL_DESCRIBE, deletion->topic->name))
            result->name = arena_dup(deletions->controller->arena, deletion->topic->name);
        return refuse_unauthorized(result);
    }
    result->topic_id = deletion->topic->id;
    if (is_by_name(deletion) && map_find(&deletions->ids, uuid_key(&deletion->topic->id)))
        return refuse(result, KERR_INVALID_REQUEST,
                      "The provided topic name maps to an ID that was already supplied.");
    result->name =
        arena_dup(deletions->controller->arena, deletion->topic->name); /* it leaves the image soon */
    return controller_take_mutations(deletions->controller, deletion->topic->partition_count);
}

/* An id whose topic is asked for by name as well is answered with the name. */
static bool is_told_by_name(struct deletions *deletions, const struct deletion *deletion)
{
    if (!deletion->times || is_by_name(deletion) || *deletion->times != 1 || !deletion->topic
        || !may(deletions, ACL_DELETE, deletion->topic->name))
        return false;
    const int32_t *times = map_find(&deletions->names, deletion->topic->name);
    return times && *times == 1;
}

static void decide_all(struct deletions *deletions, struct delete_topics_response *response,
                       struct record_list *records)
{
    int32_t count = 0;
    for (int32_t i = 0; i < deletions->count; i++) {
        struct deletion *deletion = &deletions->items[i];
        if ((deletion->times && *deletion->times == 0) || is_told_by_name(deletions, deletion))
            continue;
        struct delete_topics_response_topic *result = &response->responses.items[count++];
        result->error_code = (int16_t)decide(deletions, deletion, result);
        if (deletion->times && *deletion->times > 1)
            *deletion->times = 0; /* told once */
        if (result->error_code != KERR_NONE)
            continue;
        struct remove_topic_record removal;
        schema_set_defaults(remove_topic_record_schema(), &removal);
        removal.topic_id = result->topic_id;
        record_list_add(records, &remove_topic_record_message, &removal);
    }
    response->responses.count = count;
}

/* Everything that was asked for is told so, as often as it came. */
static void fail_all(const struct deletions *deletions, enum kerr error,
                     struct delete_topics_response *response)
{
    for (int32_t i = 0; i < deletions->count; i++) {
        struct delete_topics_response_topic *result = &response->responses.items[i];
        result->name = deletions->items[i].name;
        result->topic_id = deletions->items[i].id;
        result->error_code = (int16_t)error;
        result->error_message = SLICE_NULL;
    }
}

void controller_delete_topics(const struct controller *controller,
                              const struct delete_topics_request *request, int version,
                              struct delete_topics_response *response, struct record_list *records)
{
    struct deletions deletions = {.controller = controller};
    map_init(&deletions.names, controller->next_random(controller->random_state));
    map_init(&deletions.ids, controller->next_random(controller->random_state));
    collect(&deletions, request, version);
    array_init(&response->responses, delete_topics_response_topic, controller->arena, deletions.count);
    if (!controller->delete_topic_enable)
        fail_all(&deletions, version < 3 ? KERR_INVALID_REQUEST : KERR_TOPIC_DELETION_DISABLED, response);
    else if (request->timeout_ms <= 0)
        fail_all(&deletions, KERR_REQUEST_TIMED_OUT, response);
    else
        decide_all(&deletions, response, records);
    map_fini(&deletions.names);
    map_fini(&deletions.ids);
}
