/*
 * Compaction: a topic is filled with records whose keys come again and again; then its policy is set to
 * compact, and the time counts until its closed segments are clean. Meanwhile the broker does nothing else,
 * so that its CPU time is the cleaner's (K1).
 */
#include "protocol/batch_build.h"
#include "test/bench/cleaning.h"
#include "test/bench/die.h"
#include "test/bench/measure.h"
#include "test/bench/peer.h"
#include "test/bench/requests.h"
#include "test/bench/scenarios.h"
#include "test/bench/topics.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

enum {
    KEY_LEN = 16,
    RECORD_OVERHEAD = 24 + KEY_LEN,
};

/* ---- filling ---- */

static uint64_t next_random(uint64_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return *state;
}

static struct slice make_batch(struct batch_builder *builder, const struct load *load, uint64_t *random,
                               const uint8_t *value)
{
    char key[KEY_LEN + 1];
    batch_builder_reset(builder);
    do {
        snprintf(key, sizeof key, "%016llx",
                 (unsigned long long)(next_random(random) % (uint64_t)load->keys));
        batch_builder_append(builder, time(NULL) * 1000, slice_of(key, KEY_LEN),
                             slice_of(value, (size_t)load->record_bytes), NULL, 0);
    } while (batch_builder_size(builder) + (size_t)load->record_bytes + RECORD_OVERHEAD <= load->batch_bytes);
    return batch_builder_finish(builder);
}

static void take_answer(struct frames *answers)
{
    struct slice frame;
    int error = 0;
    while (!frames_take(answers, &frame))
        if (!frames_fill(answers))
            die("the broker closed the connection");
    if (!produce_succeeded(frame, &error))
        die("Produce failed with error %d", error);
}

void fill_scenario(const struct load *load)
{
    struct batch_builder builder;
    struct frames answers;
    uint64_t random = 88172645463325252U, sent = 0, records = 0;
    uint8_t *value = calloc(1, (size_t)load->record_bytes);
    if (value == NULL || load->keys == 0)
        die("fill needs --keys");
    topic_create(load);
    frames_init(&answers, peer_connect(load->port));
    batch_builder_init(&builder, CODEC_NONE, 0);
    while (sent < load->max_bytes) {
        struct buf request = {0};
        struct slice batch = make_batch(&builder, load, &random, value);
        append_produce(&request, load, batch, 0);
        peer_send(answers.fd, request.data, request.len);
        take_answer(&answers);
        sent += batch.len;
        records += (uint64_t)builder.header.record_count;
        buf_fini(&request);
    }
    close(answers.fd);
    frames_fini(&answers);
    batch_builder_fini(&builder);
    free(value);
    printf("records=%llu\n", (unsigned long long)records);
}

/* ---- compacting ---- */

void compact_scenario(const struct load *load, const char *data)
{
    struct measure measure = {0};
    struct cleaning cleaning;
    cleaning_init(&cleaning, load, data);
    struct cpu_mark mark = cpu_mark(load);
    int64_t from_ns = now_ns();
    cleaning_begin(&cleaning);
    cleaning_wait(&cleaning);
    double seconds = (double)(now_ns() - from_ns) / 1e9;
    measure_cpu_since(&measure, load, &mark);
    printf("mb_s=%.1f cpu_s_gb=%.4f mb_s_core=%.1f rec_s_core=%.0f kept=%.3f others=%.2f\n",
           cleaning.bytes / 1e6 / seconds, measure.cpu_s * 1e9 / cleaning.bytes,
           cleaning.bytes / 1e6 / measure.cpu_s, (double)cleaning.records / measure.cpu_s,
           cleaning_bytes_left(&cleaning) / cleaning.bytes, measure.others_s / seconds);
    topic_delete(load->port, load->topic);
}
