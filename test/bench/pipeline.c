/* See pipeline.h. All that is done with a request here is to send it. */
#include "test/bench/pipeline.h"

#include "test/bench/die.h"
#include "test/bench/measure.h"
#include "test/bench/peer.h"

#include <stdlib.h>

void prepared_init(struct prepared *prepared, const char *api, int count,
                   bool (*succeeded)(struct slice frame, int *error))
{
    *prepared = (struct prepared){.api = api, .count = count, .succeeded = succeeded};
    prepared->requests = calloc((size_t)count, sizeof *prepared->requests);
    if (prepared->requests == NULL)
        die("calloc:");
}

void prepared_fini(struct prepared *prepared)
{
    for (int i = 0; i < prepared->count; i++)
        buf_fini(&prepared->requests[i]);
    free(prepared->requests);
}

/* One connection's requests under way, oldest first. */
struct pipeline {
    struct worker *worker;
    const struct prepared *prepared;
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
        const struct buf *request = &pipeline->prepared->requests[pipeline->next];
        parts[count] = (struct iovec){request->data, request->len};
        pipeline->next =
            (pipeline->next + pipeline->worker->measure->load->connections) % pipeline->prepared->count;
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
        if (!pipeline->prepared->succeeded(frame, &error))
            die("%s failed with error %d", pipeline->prepared->api, error);
        worker_count(pipeline->worker, 1, pipeline->prepared->bytes_each);
        if (counted)
            latency_add(&pipeline->worker->latency,
                        time_ns - pipeline->sent_ns[pipeline->answered % LOAD_MAX_IN_FLIGHT]);
    }
}

static void *work(void *argument)
{
    struct worker *worker = argument;
    const struct prepared *prepared = worker->measure->frames;
    struct pipeline pipeline = {
        .worker = worker, .prepared = prepared, .next = worker->index % prepared->count};
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

void pipeline_run(const struct load *load, struct prepared *prepared)
{
    struct measure measure;
    measure_run(&measure, load, prepared, work);
    measure_print(&measure);
    measure_fini(&measure);
}
