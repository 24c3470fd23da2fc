/* The produce scenarios (P1, P1b, P2, P3, P3b): a request for each partition where it begins. */
#include "test/bench/pipeline.h"
#include "test/bench/requests.h"
#include "test/bench/scenarios.h"
#include "test/bench/topics.h"

static void prepare(struct prepared *prepared, const struct load *load)
{
    struct batch_shape shape;
    batch_shape_init(&shape, load);
    int count = load->batches > 1 && load->partitions % load->batches == 0 ? load->partitions / load->batches
                                                                           : load->partitions;
    prepared_init(prepared, "Produce", count, produce_succeeded);
    prepared->bytes_each = shape.bytes.len * (size_t)load->batches;
    for (int i = 0; i < count; i++)
        append_produce(&prepared->requests[i], load, buf_slice(&shape.bytes), i * (load->partitions / count));
    buf_fini(&shape.bytes);
}

void produce_scenario(const struct load *load)
{
    struct prepared prepared;
    prepare(&prepared, load);
    topic_create(load);
    pipeline_run(load, &prepared);
    if (!load->keep)
        topic_delete(load->port, load->topic);
    prepared_fini(&prepared);
}
