/* See topics.h. Called by the scenarios before and after what they measure. */
#include "test/bench/topics.h"

#include "protocol/errors.h"
#include "protocol/messages/create_topics.h"
#include "protocol/messages/delete_topics.h"
#include "protocol/messages/list_offsets.h"
#include "server/client.h"
#include "test/bench/die.h"

#include <unistd.h>

enum {
    API_LIST_OFFSETS = 2,
    API_CREATE_TOPICS = 19,
    API_DELETE_TOPICS = 20,
    CREATE_TOPICS_VERSION = 7,
    DELETE_TOPICS_VERSION = 6,
    LIST_OFFSETS_VERSION = 7,
    PATIENCE_MS = 60000,
    PAUSE_US = 20000,
    ARENA_CAP = 16 * 1024 * 1024,
};

/* Sends one request and waits for its answer, which lives in the arena. NULL: the connection broke. */
static void *call(struct client *client, int key, int version, const void *request, struct arena *arena)
{
    const struct api *api = find_api(key);
    struct client_answer answer = {0};
    struct note why = {""};
    struct slice frame;
    struct buf out = {0};
    client_append_request(&out, api, version, 0, SLICE("bench"), request);
    bool whole = client_send(client, buf_slice(&out), PATIENCE_MS) == NET_OK
                 && client_receive(client, PATIENCE_MS, &frame, &why) == NET_OK;
    if (whole && !client_read_answer(api, version, arena_dup(arena, frame), arena, &answer, &why))
        die("%s: %s", api->name, why.text);
    buf_fini(&out);
    return whole ? answer.body : NULL;
}

static enum kerr create(struct client *client, const char *topic, int partitions, struct arena *arena)
{
    struct create_topics_topic wanted = {
        .name = slice_str(topic), .num_partitions = partitions, .replication_factor = 1};
    struct create_topics_request request = {.topics = {&wanted, 1}, .timeout_ms = PATIENCE_MS};
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

static void open_client(struct client *client, uint16_t port)
{
    struct note why = {""};
    if (!client_open(client, "127.0.0.1", port, PATIENCE_MS, &why))
        die("port %u: %s", port, why.text);
}

void topic_create(uint16_t port, const char *topic, int partitions)
{
    struct client client;
    struct arena arena;
    arena_init(&arena, ARENA_CAP);
    open_client(&client, port);
    enum kerr error = create(&client, topic, partitions, &arena);
    if (error != KERR_NONE && error != KERR_TOPIC_ALREADY_EXISTS)
        die("topic %s is not made: error %d", topic, error);
    for (int waited_ms = 0; !is_ready(&client, topic, partitions, &arena); waited_ms += PAUSE_US / 1000) {
        if (waited_ms > PATIENCE_MS)
            die("topic %s is not led", topic);
        usleep(PAUSE_US);
    }
    client_close(&client);
    arena_fini(&arena);
}

bool topic_try_create(int fd, const char *topic, int partitions)
{
    struct client client = {.fd = fd};
    struct arena arena;
    arena_init(&arena, ARENA_CAP);
    enum kerr error = create(&client, topic, partitions, &arena);
    buf_fini(&client.received);
    arena_fini(&arena);
    return error == KERR_NONE || error == KERR_TOPIC_ALREADY_EXISTS;
}

void topic_delete(uint16_t port, const char *topic)
{
    struct client client;
    struct arena arena;
    struct delete_topics_topic unwanted = {.name = slice_str(topic)};
    struct delete_topics_request request = {.topics = {&unwanted, 1}, .timeout_ms = PATIENCE_MS};
    arena_init(&arena, ARENA_CAP);
    open_client(&client, port);
    if (call(&client, API_DELETE_TOPICS, DELETE_TOPICS_VERSION, &request, &arena) == NULL)
        die("topic %s is not deleted", topic);
    client_close(&client);
    arena_fini(&arena);
}
