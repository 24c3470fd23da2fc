/*
 * See run.h. Invariants:
 *   1. No answer of a run leaves before the run's appends have been executed, and all calls that have begun
 *      are finished.
 *   2. A run of several ends at the first request of another kind (it may wait), at the first bad frame, and
 *      when nothing whole is left in the buffer.
 *   3. Every segment that an answer names is held until run_reset.
 */
#include "server/run.h"

#include "protocol/base/big_endian.h"
#include "protocol/base/ensure.h"
#include "server/broker.h"
#include "server/connection.h"
#include "server/dispatch.h"
#include "server/throttle/throttle_call.h"
#include "storage/segment.h"

enum {
    OUT_KEPT_BYTES = 64 * 1024, /* of the answer buffer, from run to run; an idle connection keeps none */
};

void run_init(struct run *run, struct broker *broker, struct connection *connection, size_t arena_cap)
{
    *run = (struct run){.broker = broker, .connection = connection};
    arena_init(&run->arena, arena_cap);
    writer_init(&run->writer, &run->out, &run->arena);
}

void run_fini(struct run *run)
{
    run_reset(run);
    arena_fini(&run->arena);
    buf_fini(&run->out);
}

void run_reset(struct run *run)
{
    appends_reset(&run->appends);
    for (struct held_segment *held = run->held; held != NULL; held = held->next)
        segment_unref(held->segment);
    run->held = NULL;
    run->call_count = 0;
    arena_reset(&run->arena);
    buf_clear(&run->out, OUT_KEPT_BYTES);
    writer_init(&run->writer, &run->out, &run->arena);
}

void run_trim(struct run *run)
{
    arena_fini(&run->arena);
    buf_fini(&run->out);
    writer_init(&run->writer, &run->out, &run->arena);
}

void call_hold_segment(struct call *call, struct segment *segment)
{
    struct held_segment *held = arena_new(call->arena, struct held_segment);
    *held = (struct held_segment){segment, call->run->held};
    call->run->held = held;
}

/* The whole frame at the beginning of the bytes, without its length; null if there is none. */
static struct slice next_frame(const uint8_t *received, size_t len)
{
    if (len < 4 || len - 4 < load_u32(received))
        return SLICE_NULL;
    return slice_of(received + 4, load_u32(received));
}

static struct call *decode(struct run *run, struct slice frame)
{
    struct call *call = &run->calls[run->call_count];
    *call =
        (struct call){.broker = run->broker, .run = run, .connection = run->connection, .arena = &run->arena};
    call->role = listener_role(run->connection->listener);
    call->frame_len = frame.len;
    if (!dispatch_decode(call, frame))
        return NULL;
    run->call_count++;
    return call;
}

/* Begins the request at the front and, if its act has two steps, those of its kind behind it: until something
 * else, a bad frame, or the end. */
static enum run_result begin_calls(struct run *run, uint8_t *received, size_t len, size_t *used)
{
    size_t max_frame_bytes = (size_t)run->broker->config.socket_request_max_bytes;
    struct slice frame = next_frame(received, len);
    ensure(!slice_is_null(frame));
    int key = dispatch_peek_key(frame);
    int max_calls = dispatch_has_two_steps(key) ? RUN_MAX_CALLS : 1;
    *used = 0;
    while (!slice_is_null(frame) && frame.len <= max_frame_bytes && dispatch_peek_key(frame) == key) {
        struct call *call = decode(run, frame);
        if (call == NULL)
            return RUN_CLOSE;
        *used += 4 + frame.len;
        dispatch_begin(call);
        if (run->call_count == max_calls)
            break;
        frame = next_frame(received + *used, len - *used);
    }
    return RUN_GO_ON;
}

/* Up to the first call that ends the connection. */
static enum run_result encode_answers(struct run *run, enum run_result result)
{
    for (int i = 0; i < run->call_count; i++) {
        if (run->calls[i].verdict == CALL_CLOSE || !dispatch_encode(&run->calls[i], &run->writer))
            return RUN_CLOSE;
    }
    return result;
}

enum run_result run_execute(struct run *run, uint8_t *received, size_t len, size_t *used)
{
    ensure(run->call_count == 0);
    throttle_call_begin(run->connection);
    enum run_result result = begin_calls(run, received, len, used);
    appends_execute(&run->appends);
    for (int i = 0; i < run->call_count; i++) {
        dispatch_finish(&run->calls[i]);
        throttle_call_finish(&run->calls[i]);
    }
    return encode_answers(run, result);
}
