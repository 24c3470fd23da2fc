/*
 * controller_fixture: a cluster as the controller sees it, to which decisions can be applied.
 */
#ifndef TEST_UNIT_METADATA_CONTROLLER_FIXTURE_H
#define TEST_UNIT_METADATA_CONTROLLER_FIXTURE_H

#include "metadata/controller/controller.h"
#include "metadata/controller/describe_configs.h"
#include "test/unit/metadata/fixture.h"

struct world {
    struct arena arena;
    struct image image;
    struct config_set fixed; /* server.properties; entries in order of name */
    struct config_view view;
    struct controller controller;
    struct record_list records; /* what the last decision asks for */
    uint64_t random;
    int64_t offset;
};

/* Numbers that look random and are the same in every run. */
FIXTURE uint64_t world_random(void *state)
{
    uint64_t *number = state;
    *number = *number * 6364136223846793005u + 1442695040888963407u;
    return *number ^ (*number >> 29);
}

/* Applies what was decided, as if it were committed. */
FIXTURE void world_commit(struct world *world)
{
    for (int32_t i = 0; i < world->records.count; i++) {
        struct note why = {{0}};
        bool good = image_apply(&world->image, world->records.records[i], world->offset++, 1, &why);
        ck_assert_msg(good, "%s", why.text);
    }
    record_list_init(&world->records, &world->arena, METADATA_VERSION_MAX);
}

FIXTURE void world_add_broker(struct world *world, int32_t id, const char *rack, bool fenced)
{
    struct register_broker_record broker;
    struct uuid directory = make_id((uint8_t)id);
    schema_set_defaults(register_broker_record_schema(), &broker);
    broker.broker_id = id;
    broker.broker_epoch = id;
    broker.incarnation_id = make_id((uint8_t)(100 + id));
    broker.rack = slice_str(rack);
    broker.fenced = fenced;
    broker.log_dirs.items = &directory;
    broker.log_dirs.count = 1;
    record_list_add(&world->records, &register_broker_record_message, &broker);
    world_commit(world);
}

/* Node 1 alone, as a fresh directory of 4.3 has it: ELR, and the cluster's min.insync.replicas. */
FIXTURE void world_init(struct world *world)
{
    *world = (struct world){.random = 1};
    arena_init(&world->arena, SIZE_MAX);
    image_init(&world->image, 5);
    world->view = (struct config_view){.image = &world->image, .static_configs = &world->fixed, .node_id = 1};
    world->controller = (struct controller){
        .image = &world->image,
        .configs = &world->view,
        .node_id = 1,
        .arena = &world->arena,
        .next_random = world_random,
        .random_state = &world->random,
        .num_partitions = 1,
        .default_replication_factor = 1,
        .delete_topic_enable = true,
    };
    record_list_init(&world->records, &world->arena, METADATA_VERSION_MAX);
    add_feature(&world->records, METADATA_VERSION, METADATA_VERSION_MAX);
    add_feature(&world->records, ELR_FEATURE, 1);
    add_config(&world->records, RESOURCE_BROKER, "", "min.insync.replicas", "1");
    world_add_broker(world, 1, NULL, false);
}

FIXTURE void world_fini(struct world *world)
{
    image_fini(&world->image);
    arena_fini(&world->arena);
}

FIXTURE void world_add_topic(struct world *world, const char *name, uint8_t id, int32_t partitions)
{
    add_topic(&world->records, name, make_id(id));
    for (int32_t i = 0; i < partitions; i++)
        add_partition(&world->records, make_id(id), i);
    world_commit(world);
}

/* A request from Kafka's JSON. */
FIXTURE void *world_request(struct world *world, const struct message *message, int version, const char *json)
{
    void *request = arena_alloc(&world->arena, message->schema()->size);
    struct note why = {{0}};
    bool good = message_parse_json(message, version, slice_str(json), &world->arena, request, &why);
    ck_assert_msg(good, "%s", why.text);
    return request;
}

FIXTURE void *world_response(struct world *world, const struct message *message)
{
    void *response = arena_alloc(&world->arena, message->schema()->size);
    schema_set_defaults(message->schema(), response);
    return response;
}

FIXTURE void world_describe_configs(struct world *world, const struct describe_configs_request *request,
                                    struct describe_configs_response *response)
{
    int32_t room = describe_configs_begin(request, &world->arena, response);
    for (int32_t i = 0; i < request->resources.count; i++) {
        struct map wanted;
        describe_configs_want(request, i, 0, &wanted);
        describe_configs_of(&world->view, &(struct acl_asker){0}, request, i, &wanted, &room, &world->arena,
                            response);
        map_fini(&wanted);
    }
}

/* The decided records; see text_of_records. */
FIXTURE const char *world_records(struct world *world)
{
    return text_of_records(&world->records);
}

/* `text` NULL: the slice must be null. */
FIXTURE void expect_slice(struct slice slice, const char *text, const char *file, int line)
{
    ck_assert_msg(slice_equal_str(slice, text), "%s:%d: '%.*s' is not '%s'", file, line, SLICE_ARGS(slice),
                  text != NULL ? text : "(null)");
}

#define ck_assert_slice(slice, text) expect_slice((slice), (text), __FILE__, __LINE__)

#endif
