/*
 * The fetch scenarios (C1, C1b): hot reads. A thread asks for a piece, reads the few bytes in front of the
 * records, and drops the rest without a copy, so that the broker's cost is what shows. Batches are all
 * alike, so the next offset is a division.
 */
#include "protocol/base/big_endian.h"
#include "test/bench/die.h"
#include "test/bench/measure.h"
#include "test/bench/peer.h"
#include "test/bench/requests.h"
#include "test/bench/scenarios.h"

enum { MAX_WAIT_MS = 0, PREFIX_MAX = 512 }; /* the end of the log must not make it wait */

struct reading {
    struct worker *worker;
    struct buf request;
    size_t offset_at;
    size_t batch_bytes;
    int32_t batch_records;
    int64_t offset;
};

static struct fetch_prefix ask(struct reading *reading)
{
    const char *topic = reading->worker->measure->load->topic;
    uint8_t start[PREFIX_MAX];
    struct fetch_prefix prefix;
    size_t len = fetch_prefix_len(topic);
    store_i64(reading->request.data + reading->offset_at, reading->offset);
    peer_send(reading->worker->fd, reading->request.data, reading->request.len);
    peer_receive(reading->worker->fd, start, len);
    fetch_prefix_read(start, topic, &prefix);
    if (prefix.error != 0)
        die("Fetch at offset %lld failed with error %d", (long long)reading->offset, prefix.error);
    peer_discard(reading->worker->fd, prefix.frame_len - len);
    return prefix;
}

static void read_one(struct reading *reading)
{
    int64_t sent_ns = now_ns();
    struct fetch_prefix prefix = ask(reading);
    size_t batches = prefix.records_len / reading->batch_bytes;
    if (batches == 0 && reading->offset == 0)
        die("partition %d is empty", reading->worker->index);
    reading->offset = batches == 0 ? 0 : reading->offset + (int64_t)batches * reading->batch_records;
    worker_count(reading->worker, 1, prefix.records_len);
    if (measure_phase(reading->worker->measure) == PHASE_COUNTED)
        latency_add(&reading->worker->latency, now_ns() - sent_ns);
}

static void *fetch(void *argument)
{
    struct worker *worker = argument;
    const struct load *load = worker->measure->load;
    const struct batch_shape *shape = worker->measure->frames;
    struct reading reading = {
        .worker = worker, .batch_bytes = shape->bytes.len, .batch_records = shape->records};
    append_fetch(&reading.request, load, worker->index % load->partitions, MAX_WAIT_MS, &reading.offset_at);
    while (measure_phase(worker->measure) != PHASE_OVER)
        read_one(&reading);
    buf_fini(&reading.request);
    atomic_fetch_sub(&worker->measure->running, 1);
    return NULL;
}

void fetch_scenario(const struct load *load)
{
    struct batch_shape shape;
    struct measure measure;
    batch_shape_init(&shape, load);
    measure_run(&measure, load, &shape, fetch);
    measure_print(&measure);
    measure_fini(&measure);
    buf_fini(&shape.bytes);
}
