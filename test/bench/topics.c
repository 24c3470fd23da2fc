/* See topics.h. Called by the scenarios before and after what they measure. */
#include "test/bench/topics.h"

#include "protocol/errors.h"
#include "protocol/messages/create_topics.h"
#include "protocol/messages/delete_topics.h"
#include "protocol/messages/incremental_alter_configs.h"
#include "protocol/messages/list_offsets.h"
#include "test/bench/calls.h"
#include "test/bench/die.h"

#include <unistd.h>

enum {
    API_LIST_OFFSETS = 2,
    API_CREATE_TOPICS = 19,
    API_DELETE_TOPICS = 20,
    API_INCREMENTAL_ALTER_CONFIGS = 44,
    CREATE_TOPICS_VERSION = 7,
    DELETE_TOPICS_VERSION = 6,
    LIST_OFFSETS_VERSION = 7,
    INCREMENTAL_ALTER_CONFIGS_VERSION = 1,
    RESOURCE_TOPIC = 2,
    PAUSE_US = 20000,
    ARENA_CAP = 16 * 1024 * 1024,
};

static void fill_wanted(struct create_topics_topic *wanted, const struct load *load, struct slice name,
                        struct arena *arena)
{
    *wanted = (struct create_topics_topic){
        .name = name, .num_partitions = load->partitions, .replication_factor = 1};
    array_init(&wanted->configs, create_topics_config, arena, load->config_count);
    for (int i = 0; i < load->config_count; i++)
        wanted->configs.items[i] = (struct create_topics_config){.name = slice_str(load->configs[i].name),
                                                                 .value = slice_str(load->configs[i].value)};
}

static enum kerr create(struct client *client, const struct load *load, struct arena *arena)
{
    struct create_topics_topic wanted;
    fill_wanted(&wanted, load, slice_str(load->topic), arena);
    struct create_topics_request request = {.topics = {&wanted, 1}, .timeout_ms = CALL_PATIENCE_MS};
    struct create_topics_response *answer =
        call(client, API_CREATE_TOPICS, CREATE_TOPICS_VERSION, &request, arena);
    return answer == NULL || answer->topics.count != 1 ? KERR_NETWORK_EXCEPTION
                                                       : (enum kerr)answer->topics.items[0].error_code;
}

/* True if every partition is led here, which a broker may find out a little after the topic was made. */
static bool is_ready(struct client *client, const char *topic, int partitions, struct arena *arena)
{
    struct list_offsets_topic wanted = {.name = slice_str(topic)};
    array_init(&wanted.partitions, list_offsets_partition, arena, partitions);
    for (int i = 0; i < partitions; i++)
        wanted.partitions.items[i] = (struct list_offsets_partition){i, -1, -1};
    struct list_offsets_request request = {.replica_id = -1, .topics = {&wanted, 1}};
    struct list_offsets_response *answer =
        call(client, API_LIST_OFFSETS, LIST_OFFSETS_VERSION, &request, arena);
    if (answer == NULL || answer->topics.count != 1)
        return false;
    bool ready = answer->topics.items[0].partitions.count == partitions;
    for (int i = 0; ready && i < partitions; i++)
        ready = answer->topics.items[0].partitions.items[i].error_code == KERR_NONE;
    return ready;
}

void topic_create(const struct load *load)
{
    struct client client;
    struct arena arena;
    arena_init(&arena, ARENA_CAP);
    call_open(&client, load->port);
    enum kerr error = create(&client, load, &arena);
    if (error != KERR_NONE && error != KERR_TOPIC_ALREADY_EXISTS)
        die("topic %s is not made: error %d", load->topic, error);
    for (int waited_ms = 0; !is_ready(&client, load->topic, load->partitions, &arena);
         waited_ms += PAUSE_US / 1000) {
        if (waited_ms > CALL_PATIENCE_MS)
            die("topic %s is not led", load->topic);
        arena_reset(&arena);
        usleep(PAUSE_US);
    }
    client_close(&client);
    arena_fini(&arena);
}

bool topic_try_create(int fd, const struct load *load)
{
    struct client client = {.fd = fd};
    struct arena arena;
    arena_init(&arena, ARENA_CAP);
    enum kerr error = create(&client, load, &arena);
    buf_fini(&client.received);
    arena_fini(&arena);
    return error == KERR_NONE || error == KERR_TOPIC_ALREADY_EXISTS;
}

void topic_delete(uint16_t port, const char *topic)
{
    struct client client;
    struct arena arena;
    struct delete_topics_topic unwanted = {.name = slice_str(topic)};
    struct delete_topics_request request = {.topics = {&unwanted, 1}, .timeout_ms = CALL_PATIENCE_MS};
    arena_init(&arena, ARENA_CAP);
    call_open(&client, port);
    if (call(&client, API_DELETE_TOPICS, DELETE_TOPICS_VERSION, &request, &arena) == NULL)
        die("topic %s is not deleted", topic);
    client_close(&client);
    arena_fini(&arena);
}

/* ---- many ---- */

static struct slice name_of(const struct load *load, int number, struct arena *arena)
{
    return arena_printf(arena, "%s-%d", load->topic, number);
}

void topics_create(struct client *client, const struct load *load, int first, int count)
{
    struct arena arena;
    struct create_topics_request request = {.timeout_ms = CALL_PATIENCE_MS};
    arena_init(&arena, ARENA_CAP);
    array_init(&request.topics, create_topics_topic, &arena, count);
    for (int i = 0; i < count; i++)
        fill_wanted(&request.topics.items[i], load, name_of(load, first + i, &arena), &arena);
    struct create_topics_response *answer =
        call(client, API_CREATE_TOPICS, CREATE_TOPICS_VERSION, &request, &arena);
    for (int i = 0; i < count; i++)
        if (answer == NULL || answer->topics.count != count
            || answer->topics.items[i].error_code != KERR_NONE)
            die("topic %s-%d is not made: error %d", load->topic, first + i,
                answer == NULL || answer->topics.count <= i ? -1 : answer->topics.items[i].error_code);
    arena_fini(&arena);
}

void topics_delete(struct client *client, const struct load *load, int first, int count)
{
    struct arena arena;
    struct delete_topics_request request = {.timeout_ms = CALL_PATIENCE_MS};
    arena_init(&arena, ARENA_CAP);
    array_init(&request.topics, delete_topics_topic, &arena, count);
    for (int i = 0; i < count; i++)
        request.topics.items[i].name = name_of(load, first + i, &arena);
    struct delete_topics_response *answer =
        call(client, API_DELETE_TOPICS, DELETE_TOPICS_VERSION, &request, &arena);
    for (int i = 0; i < count; i++)
        if (answer == NULL || answer->responses.count != count
            || answer->responses.items[i].error_code != KERR_NONE)
            die("topic %s-%d is not deleted", load->topic, first + i);
    arena_fini(&arena);
}

void topic_set_configs(uint16_t port, const char *topic, const struct load_config *configs, int count)
{
    struct client client;
    struct arena arena;
    arena_init(&arena, ARENA_CAP);
    struct incremental_alter_configs_resource resource = {.resource_type = RESOURCE_TOPIC,
                                                          .resource_name = slice_str(topic)};
    array_init(&resource.configs, incremental_alter_configs_config, &arena, count);
    for (int i = 0; i < count; i++)
        resource.configs.items[i] = (struct incremental_alter_configs_config){
            .name = slice_str(configs[i].name), .value = slice_str(configs[i].value)};
    struct incremental_alter_configs_request request = {.resources = {&resource, 1}};
    call_open(&client, port);
    struct incremental_alter_configs_response *answer =
        call(&client, API_INCREMENTAL_ALTER_CONFIGS, INCREMENTAL_ALTER_CONFIGS_VERSION, &request, &arena);
    if (answer == NULL || answer->responses.count != 1 || answer->responses.items[0].error_code != KERR_NONE)
        die("the configs of topic %s are not set", topic);
    client_close(&client);
    arena_fini(&arena);
}
