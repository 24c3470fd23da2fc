/*
 * Hostile bytes as a request of an API that is served: the first two bytes choose API and version, the rest
 * is the frame behind them. What dispatch accepts must write and read to the same again. No sockets, no
 * broker.
 */
#include "protocol/base/big_endian.h"
#include "protocol/base/ensure.h"
#include "protocol/header.h"
#include "server/dispatch.h"

#include <stdlib.h>

enum {
    SERVED_MAX = 64,
    CHOICE_BYTES = 2,
    PREFIX_BYTES = 4, /* key and version in front of the frame */
    FUZZ_CAP = 64 << 20,
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* By its key if that is served, so that saved inputs stay what they are when others are added. */
static const struct api *choose_api(uint8_t choice)
{
    struct served_api apis[SERVED_MAX];
    size_t count = dispatch_served(LISTENER_OF_BROKER, apis, SERVED_MAX);
    for (size_t i = 0; i < count; i++)
        if (apis[i].key == choice)
            return find_api(choice);
    return find_api(apis[choice % count].key);
}

/* At any version it has and one more on both sides. */
static void choose(const uint8_t *choice, uint8_t *frame)
{
    const struct api *api = choose_api(choice[0]);
    int versions = api->max_version - api->min_version + 1;
    store_i16(frame, api->key);
    store_i16(frame + 2, (int16_t)(api->min_version - 1 + choice[1] % (versions + 2)));
}

/* Tags that nobody knows are left out when a request is written, so that the bytes may differ; what they say
 * may not. */
static void check_round_trip(const struct call *call)
{
    struct buf out = {0};
    struct writer writer;
    struct reader reader;
    struct arena arena;
    arena_init(&arena, FUZZ_CAP);
    writer_init(&writer, &out, &arena);
    message_write(call->api->request, call->version, &writer, call->request);
    void *again = arena_alloc(&arena, call->api->request->schema()->size);
    reader_init(&reader, buf_slice(&out), &arena);
    ensure(message_read(call->api->request, call->version, &reader, again));
    ensure(reader_left(&reader) == 0);
    ensure(message_equal(call->api->request, call->version, call->request, again));
    buf_fini(&out);
    arena_fini(&arena);
}

static void check_answer(struct call *call)
{
    struct buf out = {0};
    struct writer writer;
    writer_init(&writer, &out, call->arena);
    dispatch_encode(call, &writer);
    ensure(out.len > 8 && load_u32(out.data) == out.len - 4);
    ensure(load_i32(out.data + 4) == call->correlation_id);
    buf_fini(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < CHOICE_BYTES)
        return 0;
    size_t len = PREFIX_BYTES + size - CHOICE_BYTES;
    uint8_t *frame = malloc(len);
    ensure(frame != NULL);
    choose(data, frame);
    memcpy(frame + PREFIX_BYTES, data + CHOICE_BYTES, size - CHOICE_BYTES);
    struct arena arena;
    arena_init(&arena, FUZZ_CAP);
    struct call call = {.arena = &arena};
    if (dispatch_decode(&call, slice_of(frame, len))) {
        ensure(dispatch_peek_key(slice_of(frame, len)) == call.api->key);
        if (api_has_version(call.api, call.version))
            check_round_trip(&call);
        check_answer(&call);
    }
    arena_fini(&arena);
    free(frame);
    return 0;
}
