/*
 * rdkafka: what a user of librdkafka sees (U1): how fast it produces to one partition and consumes from it,
 * and what the broker spends on that. The client is the bottleneck; the topic must exist.
 *
 *   rdkafka produce|consume PORT PID TOPIC RECORDS BYTES [acks]
 */
#include "test/bench/die.h"
#include "test/bench/latency.h"
#include "test/bench/process.h"

#include <librdkafka/rdkafka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ERROR_SIZE = 512, PATIENCE_MS = 30000, CONSUMED_AT_ONCE = 1000, POLL_MS = 1000, WARM_SHARE = 10 };

struct job {
    const char *port, *topic, *acks;
    pid_t pid;
    long records, bytes;
};

static void set(rd_kafka_conf_t *conf, const char *name, const char *value)
{
    char error[ERROR_SIZE];
    if (rd_kafka_conf_set(conf, name, value, error, sizeof error) != RD_KAFKA_CONF_OK)
        die("%s", error);
}

static void take_delivery(rd_kafka_t *client, const rd_kafka_message_t *message, void *opaque)
{
    (void)client;
    (void)opaque;
    if (message->err != RD_KAFKA_RESP_ERR_NO_ERROR)
        die("a record was not delivered: %s", rd_kafka_err2str(message->err));
}

static rd_kafka_t *new_client(rd_kafka_type_t type, const struct job *job)
{
    char error[ERROR_SIZE], bootstrap[64];
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    snprintf(bootstrap, sizeof bootstrap, "127.0.0.1:%s", job->port);
    set(conf, "bootstrap.servers", bootstrap);
    if (type == RD_KAFKA_PRODUCER) {
        set(conf, "queue.buffering.max.messages", "500000");
        set(conf, "acks", job->acks);
        rd_kafka_conf_set_dr_msg_cb(conf, take_delivery);
    } else { /* or it pauses for a second each time its queue is full */
        set(conf, "queued.min.messages", "10000000");
        set(conf, "queued.max.messages.kbytes", "2000000");
    }
    rd_kafka_t *client = rd_kafka_new(type, conf, error, sizeof error);
    if (client == NULL)
        die("%s", error);
    return client;
}

/* The first tenth is not counted: connections, metadata, the broker's warming up. */
struct stretch {
    int64_t from_ns, cpu_ns;
    long from;
};

static struct stretch begin(const struct job *job, long from)
{
    return (struct stretch){now_ns(), process_cpu_ns(job->pid), from};
}

static void print(const struct job *job, const struct stretch *stretch)
{
    double seconds = (double)(now_ns() - stretch->from_ns) / 1e9;
    double cpu_s = (double)(process_cpu_ns(job->pid) - stretch->cpu_ns) / 1e9;
    double records = (double)(job->records - stretch->from), mb = records * (double)job->bytes / 1e6;
    printf("mb_s=%.1f req_s=%.0f cpu_s_gb=%.4f cpu_s_m=%.4f cpu_share=%.3f\n", mb / seconds,
           records / seconds, cpu_s / (mb / 1e3), cpu_s / (records / 1e6), cpu_s / seconds);
}

static void produce_one(rd_kafka_t *client, rd_kafka_topic_t *topic, const void *value, size_t len)
{
    while (rd_kafka_produce(topic, 0, RD_KAFKA_MSG_F_COPY, (void *)(uintptr_t)value, len, NULL, 0, NULL)
           != 0) {
        if (rd_kafka_last_error() != RD_KAFKA_RESP_ERR__QUEUE_FULL)
            die("produce: %s", rd_kafka_err2str(rd_kafka_last_error()));
        rd_kafka_poll(client, 10);
    }
}

static void produce(const struct job *job)
{
    rd_kafka_t *client = new_client(RD_KAFKA_PRODUCER, job);
    rd_kafka_topic_t *topic = rd_kafka_topic_new(client, job->topic, NULL);
    struct stretch stretch = {0};
    char *value = malloc((size_t)job->bytes);
    if (value == NULL)
        die("malloc:");
    memset(value, 'x', (size_t)job->bytes);
    for (long i = 0; i < job->records; i++) {
        if (i == job->records / WARM_SHARE) {
            rd_kafka_flush(client, PATIENCE_MS);
            stretch = begin(job, i);
        }
        produce_one(client, topic, value, (size_t)job->bytes);
        if (i % CONSUMED_AT_ONCE == 0)
            rd_kafka_poll(client, 0);
    }
    if (rd_kafka_flush(client, PATIENCE_MS) != RD_KAFKA_RESP_ERR_NO_ERROR)
        die("not everything was delivered");
    print(job, &stretch);
    rd_kafka_topic_destroy(topic);
    rd_kafka_destroy(client);
    free(value);
}

static long count_consumed(rd_kafka_message_t **messages, ssize_t count)
{
    long records = 0;
    for (ssize_t i = 0; i < count; i++) {
        if (messages[i]->err == RD_KAFKA_RESP_ERR_NO_ERROR)
            records++;
        else if (messages[i]->err != RD_KAFKA_RESP_ERR__PARTITION_EOF)
            die("consume: %s", rd_kafka_message_errstr(messages[i]));
        rd_kafka_message_destroy(messages[i]);
    }
    return records;
}

static void consume(const struct job *job)
{
    rd_kafka_message_t *messages[CONSUMED_AT_ONCE];
    rd_kafka_t *client = new_client(RD_KAFKA_CONSUMER, job);
    rd_kafka_topic_t *topic = rd_kafka_topic_new(client, job->topic, NULL);
    struct stretch stretch = {0};
    if (rd_kafka_consume_start(topic, 0, 0) != 0)
        die("consume: %s", rd_kafka_err2str(rd_kafka_last_error()));
    int64_t last_ns = now_ns();
    for (long taken = 0; taken < job->records;) {
        long left = job->records - taken; /* a call waits until it has as many as it was asked for */
        size_t wanted = left < CONSUMED_AT_ONCE ? (size_t)left : CONSUMED_AT_ONCE;
        ssize_t count = rd_kafka_consume_batch(topic, 0, POLL_MS, messages, wanted);
        if (count < 0)
            die("consume: %s", rd_kafka_err2str(rd_kafka_last_error()));
        if (count > 0)
            last_ns = now_ns();
        else if (now_ns() - last_ns > PATIENCE_MS * INT64_C(1000000))
            die("consume: %ld of %ld records came", taken, job->records);
        taken += count_consumed(messages, count);
        if (stretch.from_ns == 0 && taken >= job->records / WARM_SHARE)
            stretch = begin(job, taken);
    }
    print(job, &stretch);
    rd_kafka_consume_stop(topic, 0);
    rd_kafka_topic_destroy(topic);
    rd_kafka_destroy(client);
}

int main(int argc, char **argv)
{
    if (argc < 7)
        die("usage: rdkafka produce|consume PORT PID TOPIC RECORDS BYTES [acks]");
    struct job job = {
        .port = argv[2],
        .pid = (pid_t)atoi(argv[3]),
        .topic = argv[4],
        .records = atol(argv[5]),
        .bytes = atol(argv[6]),
        .acks = argc > 7 ? argv[7] : "1",
    };
    if (strcmp(argv[1], "produce") == 0)
        produce(&job);
    else
        consume(&job);
    return EXIT_SUCCESS;
}
