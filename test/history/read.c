/* Reads while things happen, and reads everything when they are over. Partitions are assigned by hand. */
#include "load.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* One consumer; polls are the calls so far, each a unit of its own. */
struct reader {
    struct journal journal;
    rd_kafka_t *client;
    rd_kafka_queue_t *queue;
    int64_t polls;
    int at_end; /* partitions that were read to their end */
};

static void reader_open(struct reader *reader, const struct load *load, const char *process, const char *eof)
{
    *reader = (struct reader){0};
    journal_open(&reader->journal, load->dir, process, 99);
    rd_kafka_conf_t *conf = client_conf(load->bootstrap, process);
    client_set(conf, "auto.offset.reset", "error"); /* what was read may not go away */
    client_set(conf, "check.crcs", "true");
    client_set(conf, "fetch.wait.max.ms", "50");
    client_set(conf, "fetch.error.backoff.ms", "10");
    client_set(conf, "reconnect.backoff.ms", "10");
    client_set(conf, "reconnect.backoff.max.ms", "50");
    client_set(conf, "log_level", "2");
    client_set(conf, "enable.partition.eof", eof);
    reader->client = client_new(RD_KAFKA_CONSUMER, conf);
    reader->queue = rd_kafka_queue_new(reader->client);
}

static void reader_close(struct reader *reader)
{
    rd_kafka_queue_destroy(reader->queue);
    rd_kafka_destroy(reader->client);
    journal_close(&reader->journal);
}

static rd_kafka_topic_t *reader_add(struct reader *reader, const char *topic, int partition_count)
{
    rd_kafka_topic_t *handle = rd_kafka_topic_new(reader->client, topic, NULL);
    for (int32_t partition = 0; partition < partition_count; partition++)
        if (rd_kafka_consume_start_queue(handle, partition, RD_KAFKA_OFFSET_BEGINNING, reader->queue))
            client_die("%s: %s", topic, rd_kafka_err2str(rd_kafka_last_error()));
    return handle;
}

static void reader_remove(rd_kafka_topic_t *handle, int partition_count)
{
    for (int32_t partition = 0; partition < partition_count; partition++)
        rd_kafka_consume_stop(handle, partition);
    rd_kafka_topic_destroy(handle);
}

static void take(struct reader *reader, const rd_kafka_message_t *message)
{
    if (message->err == RD_KAFKA_RESP_ERR__PARTITION_EOF) {
        reader->at_end++;
        return;
    }
    if (message->err == RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET || message->err == RD_KAFKA_RESP_ERR__BAD_MSG)
        client_die("%s: %s-%" PRId32 " offset %" PRId64 ": %s", reader->journal.process,
                   rd_kafka_topic_name(message->rkt), message->partition, message->offset,
                   rd_kafka_message_errstr(message));
    if (message->err)
        return; /* the broker is gone, or does not serve yet */
    int64_t value = payload_value(message->payload, message->len);
    const char *topic = rd_kafka_topic_name(message->rkt);
    if (value < 0)
        client_die("%s-%" PRId32 " offset %" PRId64 " is not what was sent: %.*s", topic, message->partition,
                   message->offset, message->len < 80 ? (int)message->len : 80,
                   (const char *)message->payload);
    journal_write(&reader->journal, "poll %s %s-%" PRId64 " %s/%" PRId32 " %" PRId64 " %" PRId64,
                  reader->journal.process, reader->journal.process, reader->polls, topic, message->partition,
                  message->offset, value);
}

/* Returns how many messages came. */
static ssize_t poll_once(struct reader *reader, int timeout_ms)
{
    rd_kafka_message_t *messages[READ_BATCH];
    ssize_t count = rd_kafka_consume_batch_queue(reader->queue, timeout_ms, messages, READ_BATCH);
    reader->polls++;
    for (ssize_t i = 0; i < count; i++) {
        take(reader, messages[i]);
        rd_kafka_message_destroy(messages[i]);
    }
    return count;
}

void *read_until_stop(void *argument)
{
    const struct load *load = argument;
    struct reader reader;
    rd_kafka_topic_t *handles[TOPIC_COUNT];
    reader_open(&reader, load, "reader", "false");
    for (int i = 0; i < TOPIC_COUNT; i++)
        handles[i] = reader_add(&reader, load_topics[i], PARTITION_COUNT);
    while (!atomic_load(load->stop))
        poll_once(&reader, 100);
    for (int i = 0; i < TOPIC_COUNT; i++)
        reader_remove(handles[i], PARTITION_COUNT);
    reader_close(&reader);
    return NULL;
}

/* Until each partition said once that it ends here. */
static void read_to_end(struct reader *reader, int partition_count)
{
    double deadline = client_now_s() + 30;
    while (reader->at_end < partition_count) {
        if (poll_once(reader, 1000) > 0)
            deadline = client_now_s() + 30;
        else if (client_now_s() > deadline)
            client_die("%d of %d partitions cannot be read: nothing comes for 30 s",
                       partition_count - reader->at_end, partition_count);
    }
}

void read_all(const struct load *load)
{
    struct reader reader;
    const struct rd_kafka_metadata *metadata;
    rd_kafka_topic_t *handles[TOPIC_MAX];
    int partition_count = 0;
    reader_open(&reader, load, "final", "true");
    journal_write(&reader.journal, "final final");
    rd_kafka_resp_err_t error = rd_kafka_metadata(reader.client, 1, NULL, &metadata, 30000);
    if (error || metadata->topic_cnt > TOPIC_MAX)
        client_die("metadata: %s, %d topics", rd_kafka_err2str(error), error ? 0 : metadata->topic_cnt);
    for (int i = 0; i < metadata->topic_cnt; i++) {
        const rd_kafka_metadata_topic_t *topic = &metadata->topics[i];
        journal_write(&reader.journal, "found %s %d", topic->topic, topic->partition_cnt);
        handles[i] = reader_add(&reader, topic->topic, topic->partition_cnt);
        partition_count += topic->partition_cnt;
    }
    read_to_end(&reader, partition_count);
    for (int i = 0; i < metadata->topic_cnt; i++)
        reader_remove(handles[i], metadata->topics[i].partition_cnt);
    rd_kafka_metadata_destroy(metadata);
    reader_close(&reader);
}
