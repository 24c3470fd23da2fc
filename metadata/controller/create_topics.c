/*
 * create_topics: checks in Kafka's order, for its first complaint is the one that is told.
 *
 * 1. A topic's records are added when all its checks have passed, never some of them.
 * 2. Topics of one request do not see each other: two new names that collide only with each other are both
 * made.
 *
 * Called by server/api/create_topics with the change lock held; pure.
 */
#include "metadata/controller/create_topics.h"

#include "metadata/controller/config_checks.h"
#include "metadata/controller/placement.h"
#include "metadata/controller/topic_name.h"
#include "metadata/internal_topics.h"
#include "protocol/records/clear_elr_record.h"
#include "protocol/records/config_record.h"
#include "protocol/records/topic_record.h"

#include <stdlib.h>

struct creation {
    const struct controller *controller;
    const struct create_topics_topic *topic; /* as asked for */
    struct create_topics_response_topic *result;
    struct overrides overrides;
    struct partition_record *partitions;
    int32_t partition_count;
    int32_t replication_factor;
};

static enum kerr fail(struct creation *creation, enum kerr error, const struct note *why)
{
    creation->result->error_code = (int16_t)error;
    creation->result->error_message = controller_text(creation->controller, why);
    return error;
}

static enum kerr fail_saying(struct creation *creation, enum kerr error, const char *message)
{
    creation->result->error_code = (int16_t)error;
    creation->result->error_message = slice_str(message);
    return error;
}

/* ---- the name ---- */

/* The later complaint covers the earlier one, as in Kafka. */
static enum kerr check_name(struct creation *creation)
{
    const struct image *image = creation->controller->image;
    struct slice name = creation->topic->name;
    struct note why = {{0}};
    if (image_find_topic(image, name)) {
        note_set(&why, "Topic '%.*s' already exists.", SLICE_ARGS(name));
        return fail(creation, KERR_TOPIC_ALREADY_EXISTS, &why);
    }
    const struct topic *other = image_find_colliding_topic(image, name);
    if (other)
        note_set(&why, "Topic '%.*s' collides with existing topic: %.*s", SLICE_ARGS(name),
                 SLICE_ARGS(other->name));
    else if (topic_name_is_valid(name, &why))
        return KERR_NONE;
    return fail(creation, KERR_INVALID_TOPIC_EXCEPTION, &why);
}

/* ---- configs ---- */

static enum kerr check_nulls(struct creation *creation)
{
    struct buf names = {0};
    for (int32_t i = 0; i < creation->topic->configs.count; i++) {
        const struct create_topics_config *config = &creation->topic->configs.items[i];
        if (!slice_is_null(config->value) || names.len > NOTE_SIZE)
            continue;
        buf_append_str(&names, names.len > 0 ? "," : "");
        buf_append_slice(&names, config->name);
    }
    struct note why = {{0}};
    if (names.len > 0)
        note_set(&why, "Null value not supported for topic configs: %.*s", SLICE_ARGS(buf_slice(&names)));
    buf_fini(&names);
    return why.text[0] == '\0' ? KERR_NONE : fail(creation, KERR_INVALID_CONFIG, &why);
}

/* By name; the earlier of two that are the same first. */
static int by_name(const void *a, const void *b)
{
    const struct create_topics_config *const *x = a;
    const struct create_topics_config *const *y = b;
    int order = slice_compare((*x)->name, (*y)->name);
    return order != 0 ? order : (*x > *y) - (*x < *y);
}

/* In order of name; of a key that comes twice the last one counts. */
static void collect_overrides(struct creation *creation)
{
    int32_t count = creation->topic->configs.count;
    struct arena *arena = creation->controller->arena;
    const struct create_topics_config **sorted =
        arena_new_array(arena, const struct create_topics_config *, count);
    creation->overrides.entries = arena_new_array(arena, struct config_entry, count);
    for (int32_t i = 0; i < count; i++)
        sorted[i] = &creation->topic->configs.items[i];
    if (count > 0)
        qsort(sorted, (size_t)count, sizeof(struct create_topics_config *), by_name);
    for (int32_t i = 0; i < count; i++)
        overrides_set(&creation->overrides, sorted[i]->name, sorted[i]->value);
}

static enum kerr check_configs(struct creation *creation)
{
    enum kerr error = check_nulls(creation);
    if (error != KERR_NONE)
        return error;
    collect_overrides(creation);
    struct note why = {{0}};
    error = check_topic_configs(creation->controller, &creation->overrides, &why);
    return error == KERR_NONE ? KERR_NONE : fail(creation, error, &why);
}

/* ---- partitions ---- */

static enum kerr check_counts_are_left_open(struct creation *creation)
{
    if (creation->topic->replication_factor != -1)
        return fail_saying(
            creation, KERR_INVALID_REQUEST,
            "A manual partition assignment was specified, but replication factor was not set to -1.");
    if (creation->topic->num_partitions != -1)
        return fail_saying(
            creation, KERR_INVALID_REQUEST,
            "A manual partition assignment was specified, but numPartitions was not set to -1.");
    return KERR_NONE;
}

static bool is_placed(const struct creation *creation, int32_t count, int32_t partition)
{
    for (int32_t i = 0; i < count; i++)
        if (creation->topic->assignments.items[i].partition_index == partition)
            return true;
    return false;
}

/* Takes the `index`th assignment for its partition's record; its place in the array is its number, if that is
 * in range. */
static enum kerr place_by_hand(struct creation *creation, int32_t index)
{
    const struct create_topics_assignment *assignment = &creation->topic->assignments.items[index];
    struct note why = {{0}};
    int32_t partition = assignment->partition_index;
    if (is_placed(creation, index, partition)) {
        note_set(&why, "Found multiple manual partition assignments for partition %d", partition);
        return fail(creation, KERR_INVALID_REPLICA_ASSIGNMENT, &why);
    }
    int32_t *brokers = assignment->broker_ids.items;
    int32_t count = assignment->broker_ids.count;
    enum kerr error =
        placement_check_manual(creation->controller, brokers, count, creation->replication_factor, &why);
    if (error != KERR_NONE)
        return fail(creation, error, &why);
    creation->replication_factor = count;
    struct partition_record record;
    if (!placement_fill_record(creation->controller, UUID_ZERO, partition, brokers, count, &record)) {
        note_set(&why,
                 "All brokers specified in the manual partition assignment for partition %d are fenced or in "
                 "controlled "
                 "shutdown.",
                 partition);
        return fail(creation, KERR_INVALID_REPLICA_ASSIGNMENT, &why);
    }
    if (partition >= 0 && partition < creation->partition_count)
        creation->partitions[partition] = record;
    return KERR_NONE;
}

static enum kerr place_all_by_hand(struct creation *creation)
{
    enum kerr error = check_counts_are_left_open(creation);
    creation->partition_count = creation->topic->assignments.count;
    creation->partitions =
        arena_new_array(creation->controller->arena, struct partition_record, creation->partition_count);
    for (int32_t i = 0; i < creation->partition_count && error == KERR_NONE; i++)
        error = place_by_hand(creation, i);
    for (int32_t i = 0; i < creation->partition_count && error == KERR_NONE; i++)
        if (creation->partitions[i].replicas.count == 0)
            error = fail_saying(creation, KERR_INVALID_REPLICA_ASSIGNMENT,
                                "partitions should be a consecutive 0-based integer sequence");
    return error;
}

static enum kerr place_automatically(struct creation *creation)
{
    const struct controller *controller = creation->controller;
    const struct create_topics_topic *topic = creation->topic;
    if (topic->replication_factor == 0 || topic->replication_factor < -1)
        return fail_saying(creation, KERR_INVALID_REPLICATION_FACTOR,
                           "Replication factor must be larger than 0, or -1 to use the default value.");
    if (topic->num_partitions == 0 || topic->num_partitions < -1)
        return fail_saying(creation, KERR_INVALID_PARTITIONS,
                           "Number of partitions was set to an invalid non-positive value.");
    creation->replication_factor =
        topic->replication_factor == -1 ? controller->default_replication_factor : topic->replication_factor;
    creation->partition_count =
        topic->num_partitions == -1 ? controller->num_partitions : topic->num_partitions;
    struct placement placement;
    struct note why = {{0}};
    enum kerr error = placement_init(&placement, controller, creation->replication_factor, &why);
    if (error != KERR_NONE) {
        note_prefix(&why, "Unable to replicate the partition %d time(s)", creation->replication_factor);
        return fail(creation, error, &why);
    }
    creation->partitions =
        arena_new_array(controller->arena, struct partition_record, creation->partition_count);
    for (int32_t i = 0; i < creation->partition_count; i++) {
        int32_t *brokers = placement_choose(&placement, controller, i, creation->replication_factor);
        placement_fill_record(controller, UUID_ZERO, i, brokers, creation->replication_factor,
                              &creation->partitions[i]);
    }
    return KERR_NONE;
}

/* ---- the answer ---- */

static struct uuid new_topic_id(const struct controller *controller)
{
    struct uuid id;
    do
        id = controller_new_id(controller);
    while (image_find_topic_by_id(controller->image, id));
    return id;
}

static void describe_config(const struct creation *creation, const struct config_def *def,
                            struct create_topics_response_config *config)
{
    const struct controller *controller = creation->controller;
    enum config_source source = SOURCE_TOPIC;
    config->name = slice_str(def->name);
    config->value = SLICE_NULL;
    for (int32_t i = 0; i < creation->overrides.count; i++)
        if (slice_equal(creation->overrides.entries[i].name, config->name))
            config->value = creation->overrides.entries[i].value;
    if (slice_is_null(config->value))
        config->value = config_effective(controller->configs, RESOURCE_TOPIC, creation->topic->name, def,
                                         controller->arena, &source);
    config->config_source = (int8_t)source;
}

/* The effective configs in order of name; internal ones only where they are set. */
static void describe_configs(const struct creation *creation)
{
    struct config_table table = config_table(RESOURCE_TOPIC);
    struct create_topics_response_topic *result = creation->result;
    array_init(&result->configs, create_topics_response_config, creation->controller->arena,
               (int32_t)table.count);
    result->configs.count = 0;
    for (size_t i = 0; i < table.count; i++) {
        struct create_topics_response_config *config = &result->configs.items[result->configs.count];
        describe_config(creation, &table.defs[i], config);
        if (!table.defs[i].internal || config->config_source != SOURCE_DEFAULT)
            result->configs.count++;
    }
}

/* From a client that may make the topic, but not see how it is made. */
static void hide_configs(struct create_topics_response_topic *result)
{
    result->topic_config_error_code = KERR_TOPIC_AUTHORIZATION_FAILED;
    result->num_partitions = -1;
    result->replication_factor = -1;
    result->configs.count = -1;
}

static void add_configs(const struct creation *creation, struct record_list *records)
{
    bool clears_elr = false;
    for (int32_t i = 0; i < creation->overrides.count; i++) {
        const struct config_entry *entry = &creation->overrides.entries[i];
        struct config_record config;
        schema_set_defaults(config_record_schema(), &config);
        config.resource_type = RESOURCE_TOPIC;
        config.resource_name = creation->topic->name;
        config.name = entry->name;
        config.value = entry->value;
        record_list_add(records, &config_record_message, &config);
        clears_elr = clears_elr || slice_equal_str(entry->name, "min.insync.replicas");
    }
    if (!clears_elr || !controller_has_elr(creation->controller))
        return;
    struct clear_elr_record clear;
    schema_set_defaults(clear_elr_record_schema(), &clear);
    clear.topic_name = creation->topic->name;
    record_list_add(records, &clear_elr_record_message, &clear);
}

static void add_records(const struct creation *creation, struct record_list *records)
{
    struct topic_record topic;
    schema_set_defaults(topic_record_schema(), &topic);
    topic.name = creation->topic->name;
    topic.topic_id = creation->result->topic_id;
    record_list_add(records, &topic_record_message, &topic);
    add_configs(creation, records);
    for (int32_t i = 0; i < creation->partition_count; i++) {
        creation->partitions[i].topic_id = topic.topic_id;
        record_list_add(records, &partition_record_message, &creation->partitions[i]);
    }
}

static enum kerr check_quota(struct creation *creation)
{
    struct note why = {{0}};
    enum kerr error = controller_take_mutations(creation->controller, creation->partition_count);
    return error == KERR_NONE ? KERR_NONE : fail(creation, error, &why);
}

/* `records` NULL: validate only. */
static void create_one(struct creation *creation, int version, struct record_list *records)
{
    enum kerr error = check_name(creation);
    if (error == KERR_NONE)
        error = check_configs(creation);
    if (error == KERR_NONE && creation->topic->assignments.count > 0)
        error = place_all_by_hand(creation);
    else if (error == KERR_NONE)
        error = place_automatically(creation);
    if (error == KERR_NONE)
        error = check_quota(creation);
    if (error != KERR_NONE)
        return;
    struct create_topics_response_topic *result = creation->result;
    result->topic_id = new_topic_id(creation->controller);
    result->num_partitions = creation->partition_count;
    result->replication_factor = (int16_t)creation->partitions[0].replicas.count;
    if (!controller_may(creation->controller, ACL_DESCRIBE_CONFIGS, ACL_TOPIC, creation->topic->name))
        hide_configs(result);
    else if (version >= 5)
        describe_configs(creation);
    if (records)
        add_records(creation, records);
}

/* ---- the request ---- */

static void fail_all(const struct controller *controller, const struct create_topics_request *request,
                     enum kerr error, struct slice message, struct create_topics_response *response)
{
    array_init(&response->topics, create_topics_response_topic, controller->arena, request->topics.count);
    for (int32_t i = 0; i < request->topics.count; i++) {
        response->topics.items[i].name = request->topics.items[i].name;
        response->topics.items[i].error_code = (int16_t)error;
        response->topics.items[i].error_message = message;
    }
}

/* How often each name comes: counters by name. The map is the caller's to finish. */
static void count_names(const struct controller *controller, const struct create_topics_request *request,
                        struct map *counters)
{
    map_init(counters, controller->next_random(controller->random_state));
    for (int32_t i = 0; i < request->topics.count; i++) {
        struct slice name = request->topics.items[i].name;
        int32_t *counter = map_find(counters, name);
        if (!counter) {
            counter = arena_new(controller->arena, int32_t);
            map_put(counters, name, counter);
        }
        ++*counter;
    }
}

enum { UNAUTHORIZED = -1 }; /* in place of how often a name comes */

static bool may_create(const struct controller *controller, struct slice name)
{
    return controller_may_all(controller, ACL_CREATE)
           || controller_may(controller, ACL_CREATE, ACL_TOPIC, name);
}

static bool is_metadata_topic(struct slice name)
{
    return slice_equal_str(name, CLUSTER_METADATA_TOPIC);
}

static int64_t partitions_asked_for(const struct controller *controller,
                                    const struct create_topics_topic *topic)
{
    if (topic->assignments.count > 0)
        return topic->assignments.count;
    if (topic->num_partitions == -1)
        return controller->num_partitions;
    return topic->num_partitions > 0 ? topic->num_partitions : 0;
}

static void refuse(struct create_topics_response *response, struct slice name, enum kerr error,
                   struct slice message)
{
    struct create_topics_response_topic *result = &response->topics.items[response->topics.count++];
    result->name = name;
    result->error_code = (int16_t)error;
    result->error_message = message;
}

/* Each once. */
static void refuse_duplicates(const struct create_topics_request *request, struct map *counters,
                              struct create_topics_response *response)
{
    for (int32_t i = 0; i < request->topics.count; i++) {
        int32_t *counter = map_find(counters, request->topics.items[i].name);
        if (*counter <= 1)
            continue;
        refuse(response, request->topics.items[i].name, KERR_INVALID_REQUEST, SLICE("Duplicate topic name."));
        *counter = 0;
    }
}

static void refuse_forbidden(const struct create_topics_request *request, struct map *counters,
                             struct create_topics_response *response)
{
    for (int32_t i = 0; i < request->topics.count; i++) {
        struct slice name = request->topics.items[i].name;
        int32_t times = *(int32_t *)map_find(counters, name);
        if (times == UNAUTHORIZED)
            refuse(response, name, KERR_TOPIC_AUTHORIZATION_FAILED, SLICE("Authorization failed."));
        else if (times == 1 && is_metadata_topic(name))
            refuse(response, name, KERR_INVALID_REQUEST,
                   SLICE("Creation of internal topic " CLUSTER_METADATA_TOPIC " is prohibited."));
    }
}

/* The names to be made, at the front of the answer; the others behind them, refused. Gives how many there are
 * to be made. */
static int32_t sort_out(const struct controller *controller, const struct create_topics_request *request,
                        struct map *counters, const struct create_topics_topic **good,
                        struct create_topics_response *response)
{
    array_init(&response->topics, create_topics_response_topic, controller->arena, request->topics.count);
    struct create_topics_response_topic *results = response->topics.items;
    int32_t count = 0;
    for (int32_t i = 0; i < request->topics.count; i++) {
        const struct create_topics_topic *topic = &request->topics.items[i];
        int32_t *counter = map_find(counters, topic->name);
        if (*counter != 1 || is_metadata_topic(topic->name))
            continue;
        if (may_create(controller, topic->name))
            good[count++] = topic;
        else
            *counter = UNAUTHORIZED;
    }
    for (int32_t i = 0; i < count; i++) {
        results[i].name = good[i]->name;
        results[i].error_message = SLICE_NULL;
    }
    response->topics.count = count;
    refuse_duplicates(request, counters, response);
    refuse_forbidden(request, counters, response);
    return count;
}

void controller_create_topics(const struct controller *controller,
                              const struct create_topics_request *request, int version,
                              struct create_topics_response *response, struct record_list *records)
{
    if (request->timeout_ms <= 0) {
        fail_all(controller, request, KERR_REQUEST_TIMED_OUT, SLICE_NULL, response);
        return;
    }
    const struct create_topics_topic **good =
        arena_new_array(controller->arena, const struct create_topics_topic *, request->topics.count);
    struct map counters;
    count_names(controller, request, &counters);
    int32_t count = sort_out(controller, request, &counters, good, response);
    map_fini(&counters);
    int64_t partitions = 0;
    for (int32_t i = 0; i < count; i++)
        partitions += partitions_asked_for(controller, good[i]);
    if (partitions > PARTITIONS_PER_REQUEST_MAX) {
        fail_all(controller, request, KERR_POLICY_VIOLATION,
                 SLICE("Excessively large number of partitions per request."), response);
        return;
    }
    for (int32_t i = 0; i < count; i++) {
        struct creation creation = {
            .controller = controller, .topic = good[i], .result = &response->topics.items[i]};
        create_one(&creation, version, request->validate_only ? NULL : records);
    }
}
