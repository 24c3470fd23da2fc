/* See calls.h. */
#include "test/bench/calls.h"

#include "test/bench/die.h"

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
