/*
 * A librdkafka client that sends the interop data set, and fetches it and checks every byte.
 *
 *   rdkafka produce BOOTSTRAP COUNT PREFIX KIND...   creates topic PREFIX-KIND and sends COUNT records, for
 * each KIND rdkafka fetch BOOTSTRAP COUNT TOPIC...           expects exactly these COUNT records in each
 * topic
 *
 * KIND is a codec (none gzip snappy lz4 zstd: acks=all, not idempotent), idempotent, acks-1 or acks-0.
 * Each topic gets a line with records, bytes of values, seconds, and both per second. Exit status 1: a
 * difference.
 */
#include "client.h"
#include "records.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    PARTITION_COUNT = 3,
    BATCH_SIZE = 1000,
    POLL_MS = 1000,
    PATIENCE_MS = 30000,
};

static void report(const char *act, const char *topic, int64_t count, int64_t bytes, double since)
{
    double seconds = client_now_s() - since;
    printf("%s %s: %" PRId64 " records, %" PRId64 " bytes in %.2f s: %.0f records/s, %.1f MB/s\n", act, topic,
           count, bytes, seconds, (double)count / seconds, (double)bytes / seconds / 1e6);
    fflush(stdout);
}

/* ---- produce ----------------------------------------------------- */

static void create_topic(rd_kafka_t *client, const char *topic)
{
    /* The time stamps are old. */
    const char *configs[] = {"retention.ms", "-1", NULL};
    rd_kafka_resp_err_t error = client_create_topic(client, topic, PARTITION_COUNT, configs, PATIENCE_MS);
    if (error)
        client_die("CreateTopics of %s: %s", topic, rd_kafka_err2str(error));
}

/* A refusal by a partition that does not serve yet would be retried, and so change the order. */
static void await_partition(rd_kafka_t *client, const char *topic, int32_t partition)
{
    double deadline = client_now_s() + PATIENCE_MS / 1000.0;
    rd_kafka_resp_err_t error;
    int64_t low, high;
    while ((error = rd_kafka_query_watermark_offsets(client, topic, partition, &low, &high, PATIENCE_MS))) {
        if (client_now_s() > deadline)
            client_die("%s-%" PRId32 " does not serve: %s", topic, partition, rd_kafka_err2str(error));
        usleep(10000);
    }
}

static void set_kind(rd_kafka_conf_t *conf, const char *kind)
{
    if (!strcmp(kind, "idempotent")) {
        client_set(conf, "enable.idempotence", "true");
    } else if (!strncmp(kind, "acks-", 5)) {
        client_set(conf, "acks", kind + 5);
    } else {
        client_set(conf, "acks", "all");
        client_set(conf, "compression.type", kind);
    }
}

static void on_delivery(rd_kafka_t *client, const rd_kafka_message_t *message, void *delivered)
{
    (void)client;
    if (message->err)
        client_die("not delivered: %s", rd_kafka_err2str(message->err));
    ++*(int64_t *)delivered;
}

static rd_kafka_t *new_producer(const char *bootstrap, const char *kind, int64_t *delivered)
{
    rd_kafka_conf_t *conf = client_conf(bootstrap, "interop-rdkafka");
    client_set(conf, "linger.ms", "5");
    set_kind(conf, kind);
    rd_kafka_conf_set_opaque(conf, delivered);
    rd_kafka_conf_set_dr_msg_cb(conf, on_delivery);
    return client_new(RD_KAFKA_PRODUCER, conf);
}

static rd_kafka_headers_t *new_headers(const struct record *record)
{
    rd_kafka_headers_t *headers = rd_kafka_headers_new((size_t)record->header_count);
    for (int i = 0; i < record->header_count; i++) {
        const struct record_header *header = &record->headers[i];
        if (rd_kafka_header_add(headers, header->name, -1, header->value, -1))
            client_die("cannot add a header");
    }
    return headers;
}

static rd_kafka_error_t *enqueue(rd_kafka_t *producer, rd_kafka_topic_t *topic, const struct record *record)
{
    rd_kafka_vu_t fields[7] = {
        {.vtype = RD_KAFKA_VTYPE_RKT, .u.rkt = topic},
        {.vtype = RD_KAFKA_VTYPE_PARTITION, .u.i32 = record_partition(record->number, PARTITION_COUNT)},
        {.vtype = RD_KAFKA_VTYPE_TIMESTAMP, .u.i64 = record->timestamp_ms},
        {.vtype = RD_KAFKA_VTYPE_KEY, .u.mem = {(void *)record->key, record->key_size}},
        {.vtype = RD_KAFKA_VTYPE_VALUE, .u.mem = {(void *)record->value, record->value_size}},
        {.vtype = RD_KAFKA_VTYPE_MSGFLAGS, .u.i = RD_KAFKA_MSG_F_COPY},
    };
    size_t field_count = 6;
    rd_kafka_headers_t *headers = NULL;
    if (record->header_count > 0) {
        headers = new_headers(record);
        fields[field_count].vtype = RD_KAFKA_VTYPE_HEADERS;
        fields[field_count++].u.headers = headers;
    }
    rd_kafka_error_t *error = rd_kafka_produceva(producer, fields, field_count);
    if (error && headers)
        rd_kafka_headers_destroy(headers);
    return error;
}

/* Waits while the producer's queue is full. */
static void send_record(rd_kafka_t *producer, rd_kafka_topic_t *topic, const struct record *record)
{
    rd_kafka_error_t *error;
    while ((error = enqueue(producer, topic, record))) {
        if (rd_kafka_error_code(error) != RD_KAFKA_RESP_ERR__QUEUE_FULL)
            client_die("cannot send: %s", rd_kafka_error_string(error));
        rd_kafka_error_destroy(error);
        rd_kafka_poll(producer, POLL_MS);
    }
}

/* Returns the bytes of all values. */
static int64_t send_all(rd_kafka_t *producer, rd_kafka_topic_t *topic, int64_t count)
{
    static struct record record;
    int64_t bytes = 0;
    for (int64_t number = 0; number < count; number++) {
        record_make(&record, number);
        send_record(producer, topic, &record);
        bytes += (int64_t)record.value_size;
        rd_kafka_poll(producer, 0);
    }
    rd_kafka_flush(producer, PATIENCE_MS);
    return bytes;
}

static void produce(const char *bootstrap, int64_t count, const char *name, const char *kind)
{
    int64_t delivered = 0;
    rd_kafka_t *producer = new_producer(bootstrap, kind, &delivered);
    create_topic(producer, name);
    rd_kafka_topic_t *topic = rd_kafka_topic_new(producer, name, NULL);
    for (int32_t partition = 0; partition < PARTITION_COUNT; partition++)
        await_partition(producer, name, partition);
    double start = client_now_s();
    int64_t bytes = send_all(producer, topic, count);
    if (delivered != count)
        client_die("%s: %" PRId64 " of %" PRId64 " delivered", name, delivered, count);
    report("produce", name, count, bytes, start);
    rd_kafka_topic_destroy(topic);
    rd_kafka_destroy(producer);
}

/* ---- check ----------------------------------------------------- */

static _Noreturn void differ(const rd_kafka_message_t *message, const struct record *expected,
                             const char *what)
{
    client_die("%s-%" PRId32 " offset %" PRId64 ": record %" PRId64 ": %s differs: got key %.*s (%zu), "
               "value %.*s (%zu)",
               rd_kafka_topic_name(message->rkt), message->partition, message->offset, expected->number, what,
               (int)message->key_len, message->key ? (const char *)message->key : "", message->key_len,
               message->len < 80 ? (int)message->len : 80,
               message->payload ? (const char *)message->payload : "", message->len);
}

static int same_bytes(const void *got, size_t got_size, const char *want, size_t want_size)
{
    if (!got || !want)
        return !got && !want;
    return got_size == want_size && !memcmp(got, want, want_size);
}

static int same_headers(const rd_kafka_message_t *message, const struct record *expected)
{
    rd_kafka_headers_t *headers;
    if (rd_kafka_message_headers(message, &headers))
        return expected->header_count == 0;
    if (rd_kafka_header_cnt(headers) != (size_t)expected->header_count)
        return 0;
    for (int i = 0; i < expected->header_count; i++) {
        const struct record_header *want = &expected->headers[i];
        const char *name;
        const void *value;
        size_t size;
        rd_kafka_header_get_all(headers, (size_t)i, &name, &value, &size);
        if (strcmp(name, want->name))
            return 0;
        if (!same_bytes(value, size, want->value, strlen(want->value)))
            return 0;
    }
    return 1;
}

/* The records of a partition have the offsets 0, 1, 2 ..., and every PARTITION_COUNT-th number. */
static void check(const rd_kafka_message_t *message, int64_t position)
{
    static struct record want;
    record_make(&want, position * PARTITION_COUNT + message->partition);
    if (message->offset != position)
        differ(message, &want, "offset");
    if (!same_bytes(message->key, message->key_len, want.key, want.key_size))
        differ(message, &want, "key");
    if (!same_bytes(message->payload, message->len, want.value, want.value_size))
        differ(message, &want, "value");
    if (!same_headers(message, &want))
        differ(message, &want, "headers");
    rd_kafka_timestamp_type_t type;
    if (rd_kafka_message_timestamp(message, &type) != want.timestamp_ms)
        differ(message, &want, "timestamp");
    if (type != RD_KAFKA_TIMESTAMP_CREATE_TIME)
        differ(message, &want, "timestamp type");
}

/* ---- fetch ----------------------------------------------------- */

/* One topic being fetched: positions[p] is the next offset expected in partition p. */
struct fetch {
    rd_kafka_t *consumer;
    rd_kafka_topic_t *topic;
    rd_kafka_queue_t *queue;
    int64_t positions[PARTITION_COUNT];
    int64_t ends[PARTITION_COUNT];
    int64_t bytes;
};

static int64_t records_in_partition(int64_t count, int32_t partition)
{
    return (count - partition + PARTITION_COUNT - 1) / PARTITION_COUNT;
}

/* acks=0 may still be under way, so the end may take a moment to come. */
static void await_end(struct fetch *fetch, int32_t partition, int64_t want)
{
    const char *topic = rd_kafka_topic_name(fetch->topic);
    double deadline = client_now_s() + PATIENCE_MS / 1000.0;
    int64_t low = -1, high = -1;
    do {
        rd_kafka_resp_err_t error =
            rd_kafka_query_watermark_offsets(fetch->consumer, topic, partition, &low, &high, PATIENCE_MS);
        if (error)
            client_die("offsets of %s-%" PRId32 ": %s", topic, partition, rd_kafka_err2str(error));
    } while (high < want && client_now_s() < deadline);
    if (low != 0 || high != want)
        client_die("%s-%" PRId32 " holds offsets %" PRId64 " to %" PRId64 ", expected 0 to %" PRId64, topic,
                   partition, low, high, want);
    fetch->ends[partition] = high;
}

static void take(struct fetch *fetch, const rd_kafka_message_t *message)
{
    if (message->err)
        client_die("fetch: %s", rd_kafka_message_errstr(message));
    check(message, fetch->positions[message->partition]++);
    fetch->bytes += (int64_t)message->len;
}

static void fetch_all(struct fetch *fetch, int64_t count)
{
    static rd_kafka_message_t *messages[BATCH_SIZE];
    for (int64_t got = 0; got < count;) {
        ssize_t size = rd_kafka_consume_batch_queue(fetch->queue, PATIENCE_MS, messages, BATCH_SIZE);
        if (size <= 0)
            client_die("%s: nothing more after %" PRId64 " of %" PRId64 " records",
                       rd_kafka_topic_name(fetch->topic), got, count);
        for (ssize_t i = 0; i < size; i++) {
            take(fetch, messages[i]);
            rd_kafka_message_destroy(messages[i]);
        }
        got += size;
    }
}

/* The first offset at or after a time stamp; the answer must be the first such record. */
static void check_time_lookup(struct fetch *fetch, int32_t partition, int64_t position)
{
    const char *topic = rd_kafka_topic_name(fetch->topic);
    int64_t time_ms = record_timestamp_ms(position * PARTITION_COUNT + partition) - 5, want = 0;
    while (record_timestamp_ms(want * PARTITION_COUNT + partition) < time_ms)
        want++;
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(1);
    rd_kafka_topic_partition_list_add(list, topic, partition)->offset = time_ms;
    rd_kafka_resp_err_t error = rd_kafka_offsets_for_times(fetch->consumer, list, PATIENCE_MS);
    if (!error)
        error = list->elems[0].err;
    if (error)
        client_die("offsets for times: %s", rd_kafka_err2str(error));
    if (list->elems[0].offset != want)
        client_die("%s-%" PRId32 ": the first offset at or after %" PRId64 " is %" PRId64 ", got %" PRId64,
                   topic, partition, time_ms, want, list->elems[0].offset);
    rd_kafka_topic_partition_list_destroy(list);
}

static void fetch_start(struct fetch *fetch, int64_t count)
{
    fetch->queue = rd_kafka_queue_new(fetch->consumer);
    for (int32_t partition = 0; partition < PARTITION_COUNT; partition++) {
        await_end(fetch, partition, records_in_partition(count, partition));
        if (rd_kafka_consume_start_queue(fetch->topic, partition, RD_KAFKA_OFFSET_BEGINNING, fetch->queue))
            client_die("cannot start: %s", rd_kafka_err2str(rd_kafka_last_error()));
    }
}

static void fetch_stop(struct fetch *fetch)
{
    for (int32_t partition = 0; partition < PARTITION_COUNT; partition++)
        rd_kafka_consume_stop(fetch->topic, partition);
    rd_kafka_queue_destroy(fetch->queue);
}

static void fetch(rd_kafka_t *consumer, int64_t count, const char *topic)
{
    struct fetch fetch = {.consumer = consumer};
    fetch.topic = rd_kafka_topic_new(consumer, topic, NULL);
    double start = client_now_s();
    fetch_start(&fetch, count);
    fetch_all(&fetch, count);
    report("fetch", topic, count, fetch.bytes, start);
    fetch_stop(&fetch); /* or each lookup would wait behind a fetch */
    for (int32_t partition = 0; partition < PARTITION_COUNT; partition++)
        for (int part = 0; part < 4; part++)
            check_time_lookup(&fetch, partition, fetch.ends[partition] * part / 4);
    rd_kafka_topic_destroy(fetch.topic);
}

/* ---- main ----------------------------------------------------- */

static void produce_kinds(const char *bootstrap, int64_t count, const char *prefix, char **kinds)
{
    for (; *kinds; kinds++) {
        char topic[256];
        snprintf(topic, sizeof topic, "%s-%s", prefix, *kinds);
        produce(bootstrap, count, topic, *kinds);
    }
}

static void fetch_topics(const char *bootstrap, int64_t count, char **topics)
{
    rd_kafka_conf_t *conf = client_conf(bootstrap, "interop-rdkafka");
    client_set(conf, "fetch.wait.max.ms", "100");
    client_set(conf, "check.crcs", "true");
    client_set(conf, "queued.min.messages",
               "10000000"); /* a full queue would pause the fetching for a second */
    rd_kafka_t *consumer = client_new(RD_KAFKA_CONSUMER, conf);
    for (; *topics; topics++)
        fetch(consumer, count, *topics);
    rd_kafka_destroy(consumer);
}

int main(int argc, char **argv)
{
    if (argc > 5 && !strcmp(argv[1], "produce"))
        produce_kinds(argv[2], atoll(argv[3]), argv[4], argv + 5);
    else if (argc > 4 && !strcmp(argv[1], "fetch"))
        fetch_topics(argv[2], atoll(argv[3]), argv + 4);
    else
        client_die("say: produce BOOTSTRAP COUNT PREFIX KIND... | fetch BOOTSTRAP COUNT TOPIC...");
    return 0;
}
