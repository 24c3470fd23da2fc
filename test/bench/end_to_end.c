/*
 * The end-to-end scenarios (L1): one record at a time from a producer to a consumer that waits in a long
 * poll.
 *
 * Open loop: a record is due every 1/rate seconds and carries that time; its latency counts from there,
 * whether or not the client or the broker was late, so that no stall hides the records that it held up.
 * Three threads: the sender, one that takes the producer's answers, and the consumer. Closed loop: one
 * thread; the fetch is sent first, but nothing makes the broker see it first: a broker that looks at the
 * end of the log and registers the waiter under two locks will stall here.
 */
#include "protocol/base/big_endian.h"
#include "protocol/base/crc32c.h"
#include "protocol/batch.h"
#include "test/bench/die.h"
#include "test/bench/measure.h"
#include "test/bench/peer.h"
#include "test/bench/requests.h"
#include "test/bench/scenarios.h"
#include "test/bench/topics.h"

#include <stdlib.h>
#include <sys/prctl.h>
#include <unistd.h>

enum {
    MAX_WAIT_MS = 500,
    TAGS_BEHIND_BATCH = 3, /* of the partition, the topic and the request: none */
    /* in a batch: behind the header, length (2), attributes, two deltas, key length, value length (2) */
    VALUE_AT = 61 + 8,
    VALUE_MIN = 64, /* so that its length and the record's take two bytes */
    VALUE_MAX = 4096,
};

struct end_to_end {
    const struct load *load;
    struct measure result;
    struct buf produce, fetch;
    size_t batch_at, batch_len; /* in `produce` */
    size_t offset_at;           /* in `fetch` */
    int producer, consumer;     /* sockets */
    struct frames acks, fetched;
    int64_t offset;                     /* the consumer's */
    int64_t start_ns, count_ns, end_ns; /* due times: first, first that counts, none any more */
    uint64_t total;                     /* records */
};

static void init(struct end_to_end *test, const struct load *load)
{
    struct batch_shape shape;
    *test = (struct end_to_end){.load = load};
    batch_shape_init(&shape, load);
    if (shape.records != 1 || load->record_bytes < VALUE_MIN || load->record_bytes > VALUE_MAX)
        die("end to end wants one record of %d to %d bytes", VALUE_MIN, VALUE_MAX);
    append_produce(&test->produce, load, buf_slice(&shape.bytes), 0);
    append_fetch(&test->fetch, load, 0, MAX_WAIT_MS, &test->offset_at);
    test->batch_len = shape.bytes.len;
    test->batch_at = test->produce.len - TAGS_BEHIND_BATCH - shape.bytes.len;
    buf_fini(&shape.bytes);
    topic_create(load);
    test->producer = peer_connect(load->port);
    test->consumer = peer_connect(load->port);
    frames_init(&test->acks, test->producer);
    frames_init(&test->fetched, test->consumer);
}

static void fini(struct end_to_end *test)
{
    close(test->producer);
    close(test->consumer);
    frames_fini(&test->acks);
    frames_fini(&test->fetched);
    buf_fini(&test->produce);
    buf_fini(&test->fetch);
    if (!test->load->keep)
        topic_delete(test->load->port, test->load->topic);
}

/* ---- the pieces ---- */

static void send_record(struct end_to_end *test, int64_t due_ns)
{
    uint8_t *batch = test->produce.data + test->batch_at;
    store_i64(batch + VALUE_AT, due_ns);
    store_u32(batch + BATCH_CRC_AT,
              crc32c(batch + BATCH_ATTRIBUTES_AT, test->batch_len - BATCH_ATTRIBUTES_AT));
    peer_send(test->producer, test->produce.data, test->produce.len);
}

static void send_fetch(struct end_to_end *test)
{
    store_i64(test->fetch.data + test->offset_at, test->offset);
    peer_send(test->consumer, test->fetch.data, test->fetch.len);
}

static struct slice next_frame(struct frames *frames)
{
    struct slice frame;
    while (!frames_take(frames, &frame))
        if (!frames_fill(frames))
            die("the broker closed the connection");
    return frame;
}

static void take_ack(struct end_to_end *test)
{
    int error = 0;
    if (!produce_succeeded(next_frame(&test->acks), &error))
        die("Produce failed with error %d", error);
}

static void count_record(struct end_to_end *test, int64_t due_ns, int64_t time_ns)
{
    if (due_ns >= test->count_ns && due_ns < test->end_ns)
        latency_add(&test->result.latency, time_ns - due_ns);
}

/* Waits for one answer to a Fetch; counts the records in it. */
static void take_records(struct end_to_end *test)
{
    struct fetch_prefix prefix;
    struct slice frame = next_frame(&test->fetched);
    int64_t time_ns = now_ns();
    const uint8_t *start = frame.data - sizeof(uint32_t);
    fetch_prefix_read(start, test->load->topic, &prefix);
    if (prefix.error != 0)
        die("Fetch failed with error %d", prefix.error);
    for (size_t at = 0; at + test->batch_len <= prefix.records_len; at += test->batch_len) {
        const uint8_t *batch = start + prefix.records_at + at;
        if (load_i64(batch) != test->offset++)
            die("the record of another offset came");
        count_record(test, load_i64(batch + VALUE_AT), time_ns);
    }
}

/* ---- open loop ---- */

static int64_t due_ns(const struct end_to_end *test, uint64_t record)
{
    return test->start_ns + (int64_t)((double)record * 1e9 / test->load->rate);
}

static void sleep_until(int64_t time_ns)
{
    struct timespec time = {time_ns / 1000000000, time_ns % 1000000000};
    while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &time, NULL) != 0)
        ;
}

static void *send_all(void *argument)
{
    struct end_to_end *test = argument;
    prctl(PR_SET_TIMERSLACK, 1UL); /* the default adds 50 us to every sleep */
    for (uint64_t i = 0; i < test->total; i++) {
        sleep_until(due_ns(test, i));
        send_record(test, due_ns(test, i));
    }
    return NULL;
}

static void *take_all_acks(void *argument)
{
    struct end_to_end *test = argument;
    for (uint64_t i = 0; i < test->total; i++)
        take_ack(test);
    return NULL;
}

static void *consume_all(void *argument)
{
    struct end_to_end *test = argument;
    while (test->offset < (int64_t)test->total) {
        send_fetch(test);
        take_records(test);
    }
    return NULL;
}

static void run_open_loop(struct end_to_end *test)
{
    void *(*const work[])(void *) = {consume_all, take_all_acks, send_all};
    pthread_t threads[3];
    const struct load *load = test->load;
    test->start_ns = now_ns() + 20 * 1000 * 1000;
    test->count_ns = test->start_ns + (int64_t)(load->warmup_s * 1e9);
    test->end_ns = test->count_ns + (int64_t)(load->seconds * 1e9);
    test->total = (uint64_t)((load->warmup_s + load->seconds) * load->rate);
    for (int i = 0; i < 3; i++)
        if (pthread_create(&threads[i], NULL, work[i], test) != 0)
            die("cannot start a thread");
    sleep_until(test->count_ns);
    struct cpu_mark mark = cpu_mark(load);
    sleep_until(test->end_ns);
    measure_cpu_since(&test->result, load, &mark);
    for (int i = 0; i < 3; i++)
        pthread_join(threads[i], NULL);
}

/* ---- closed loop ---- */

static void pass_one(struct end_to_end *test)
{
    int64_t before = test->offset;
    send_fetch(test);
    send_record(test, now_ns());
    for (take_records(test); test->offset == before; take_records(test))
        send_fetch(test); /* the wait was over before the record came */
    take_ack(test);
}

static void run_closed_loop(struct end_to_end *test)
{
    const struct load *load = test->load;
    test->start_ns = now_ns();
    test->count_ns = test->start_ns + (int64_t)(load->warmup_s * 1e9);
    test->end_ns = test->count_ns + (int64_t)(load->seconds * 1e9);
    while (now_ns() < test->count_ns)
        pass_one(test);
    struct cpu_mark mark = cpu_mark(load);
    while (now_ns() < test->end_ns)
        pass_one(test);
    measure_cpu_since(&test->result, load, &mark);
}

void end_to_end_scenario(const struct load *load)
{
    struct end_to_end *test = malloc(sizeof *test);
    if (test == NULL)
        die("malloc:");
    init(test, load);
    if (load->rate > 0)
        run_open_loop(test);
    else
        run_closed_loop(test);
    test->result.seconds = load->seconds;
    test->result.requests = test->result.latency.count;
    test->result.bytes = test->result.requests * test->batch_len;
    measure_print(&test->result);
    fini(test);
    free(test);
}
