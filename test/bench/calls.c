/* See calls.h. */
#include "test/bench/calls.h"

#include "protocol/errors.h"
#include "protocol/messages/find_coordinator.h"
#include "test/bench/die.h"

#include <unistd.h>

enum {
    API_FIND_COORDINATOR = 10,
    FIND_COORDINATOR_VERSION = 3,
    PAUSE_US = 20000,
    ARENA_CAP = 16 * 1024 * 1024,
};

void call_open(struct client *client, uint16_t port)
{
    struct note why = {""};
    if (!client_open(client, "127.0.0.1", port, CALL_PATIENCE_MS, &why))
        die("port %u: %s", port, why.text);
}

void *call(struct client *client, int key, int version, const void *request, struct arena *arena)
{
    const struct api *api = find_api(key);
    struct client_answer answer = {0};
    struct note why = {""};
    struct slice frame;
    struct buf out = {0};
    client_append_request(&out, api, version, 0, SLICE("bench"), request);
    bool whole = client_send(client, buf_slice(&out), CALL_PATIENCE_MS) == NET_OK
                 && client_receive(client, CALL_PATIENCE_MS, &frame, &why) == NET_OK;
    if (whole && !client_read_answer(api, version, arena_dup(arena, frame), arena, &answer, &why))
        die("%s: %s", api->name, why.text);
    buf_fini(&out);
    return whole ? answer.body : NULL;
}

void call_until_coordinated(struct client *client, struct slice group)
{
    struct find_coordinator_request request = {.key = group};
    struct arena arena;
    arena_init(&arena, ARENA_CAP);
    for (int waited_ms = 0;; waited_ms += PAUSE_US / 1000) {
        const struct find_coordinator_response *answer =
            call(client, API_FIND_COORDINATOR, FIND_COORDINATOR_VERSION, &request, &arena);
        if (answer == NULL || waited_ms > CALL_PATIENCE_MS)
            die("there is no coordinator");
        if (answer->error_code == KERR_NONE)
            break;
        usleep(PAUSE_US);
    }
    arena_fini(&arena);
}

bool call_is_too_early(int error)
{
    return error == KERR_NOT_COORDINATOR || error == KERR_COORDINATOR_LOAD_IN_PROGRESS
           || error == KERR_COORDINATOR_NOT_AVAILABLE;
}
