/*
 * The produce scenarios (P1, P1b, P2, P3, P3b). Each connection's thread keeps in_flight requests under
 * way: it sends as many as were answered, then waits for answers. Requests were made before; all that is
 * done with them here is to send them.
 */
#include "test/bench/die.h"
#include "test/bench/measure.h"
#include "test/bench/peer.h"
#include "test/bench/requests.h"
#include "test/bench/scenarios.h"
#include "test/bench/topics.h"

#include <stdlib.h>

/* A request for each partition where it begins. */
struct produce_frames {
    struct buf *requests;
    int count;
    size_t bytes_each; /* of the batches in one */
};

static void make_frames(struct produce_frames *frames, const struct load *load)
{
    struct batch_shape shape;
    batch_shape_init(&shape, load);
    frames->count = load->batches > 1 && load->partitions % load->batches == 0
                        ? load->partitions / load->batches
                        : load->partitions;
    frames->requests = calloc((size_t)frames->count, sizeof *frames->requests);
    frames->bytes_each = shape.bytes.len * (size_t)load->batches;
    for (int i = 0; i < frames->count; i++)
        append_produce(&frames->requests[i], load, buf_slice(&shape.bytes),
                       i * (load->partitions / frames->count));
    buf_fini(&shape.bytes);
}

static void free_frames(struct produce_frames *frames)
{
    for (int i = 0; i < frames->count; i++)
        buf_fini(&frames->requests[i]);
    free(frames->requests);
}

/* One connection's requests under way, oldest first. */
struct pipeline {
    struct worker *worker;
    const struct produce_frames *frames;
    struct frames answers;
    int next; /* request to send */
    uint64_t sent, answered;
    int64_t sent_ns[LOAD_MAX_IN_FLIGHT];
};

static bool may_send(const struct pipeline *pipeline)
{
    const struct load *load = pipeline->worker->measure->load;
    return pipeline->sent - pipeline->answered < (uint64_t)load->in_flight
           && (load->max_requests == 0 || pipeline->sent < load->max_requests);
}

static void send_due(struct pipeline *pipeline)
{
    struct iovec parts[LOAD_MAX_IN_FLIGHT];
    int count = 0;
    int64_t time_ns = now_ns();
    for (; may_send(pipeline); count++) {
        const struct buf *request = &pipeline->frames->requests[pipeline->next];
        parts[count] = (struct iovec){request->data, request->len};
        pipeline->next =
            (pipeline->next + pipeline->worker->measure->load->connections) % pipeline->frames->count;
        pipeline->sent_ns[pipeline->sent++ % LOAD_MAX_IN_FLIGHT] = time_ns;
    }
    if (count > 0)
        peer_send_parts(pipeline->worker->fd, parts, count);
}

static void take_answers(struct pipeline *pipeline)
{
    struct slice frame;
    int error = 0;
    if (!frames_fill(&pipeline->answers))
        die("the broker closed the connection");
    int64_t time_ns = now_ns();
    bool counted = measure_phase(pipeline->worker->measure) == PHASE_COUNTED;
    for (; frames_take(&pipeline->answers, &frame); pipeline->answered++) {
        if (!produce_succeeded(frame, &error))
            die("Produce failed with error %d", error);
        worker_count(pipeline->worker, 1, pipeline->frames->bytes_each);
        if (counted)
            latency_add(&pipeline->worker->latency,
                        time_ns - pipeline->sent_ns[pipeline->answered % LOAD_MAX_IN_FLIGHT]);
    }
}

static void *produce(void *argument)
{
    struct worker *worker = argument;
    const struct produce_frames *frames = worker->measure->frames;
    struct pipeline pipeline = {.worker = worker, .frames = frames, .next = worker->index % frames->count};
    frames_init(&pipeline.answers, worker->fd);
    do {
        if (measure_phase(worker->measure) != PHASE_OVER)
            send_due(&pipeline);
        if (pipeline.answered < pipeline.sent)
            take_answers(&pipeline);
    } while (pipeline.answered < pipeline.sent
             || (measure_phase(worker->measure) != PHASE_OVER && may_send(&pipeline)));
    frames_fini(&pipeline.answers);
    atomic_fetch_sub(&worker->measure->running, 1);
    return NULL;
}

void produce_scenario(const struct load *load)
{
    struct produce_frames frames;
    struct measure measure;
    make_frames(&frames, load);
    topic_create(load);
    measure_run(&measure, load, &frames, produce);
    measure_print(&measure);
    measure_fini(&measure);
    if (!load->keep)
        topic_delete(load->port, load->topic);
    free_frames(&frames);
}
