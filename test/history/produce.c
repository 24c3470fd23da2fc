/*
 * Produces in bursts of 1 to 1000 records, to one partition after another, whatever becomes of the broker
 * meanwhile: nothing times out, and connections are tried again at once.
 */
#include "load.h"

#include <inttypes.h>
#include <stdlib.h>
#include <unistd.h>

/* A client says whether a record that was not acknowledged may have been written all the same. */
static void on_delivery(rd_kafka_t *client, const rd_kafka_message_t *message, void *opaque)
{
    (void)client;
    struct journal *journal = opaque;
    int64_t value = (int64_t)(intptr_t)message->_private;
    if (!message->err && message->offset >= 0)
        journal_write(journal, "ok %" PRId64 " %" PRId64, value, message->offset);
    else if (!message->err)
        journal_write(journal, "ok %" PRId64 " -",
                      value); /* a repetition of what the broker remembers no longer */
    else if (rd_kafka_message_status(message) == RD_KAFKA_MSG_STATUS_NOT_PERSISTED)
        journal_write(journal, "fail %" PRId64 " %s", value, rd_kafka_err2name(message->err));
}

static void on_error(rd_kafka_t *client, int error, const char *reason, void *opaque)
{
    char text[512];
    (void)reason;
    if (error == RD_KAFKA_RESP_ERR__FATAL)
        client_die("%s: %s: %s", ((struct journal *)opaque)->process,
                   rd_kafka_err2name(rd_kafka_fatal_error(client, text, sizeof text)), text);
}

rd_kafka_t *producer_new(const char *bootstrap, struct journal *journal, const char *const *configs)
{
    rd_kafka_conf_t *conf = client_conf(bootstrap, journal->process);
    client_set(conf, "message.timeout.ms", "0");
    client_set(conf, "reconnect.backoff.ms", "10");
    client_set(conf, "reconnect.backoff.max.ms", "50");
    client_set(conf, "retry.backoff.ms", "10");
    client_set(conf, "batch.size", "40000"); /* has to fit into small_segments */
    client_set(conf, "log_level", "2");
    for (; *configs; configs += 2)
        client_set(conf, configs[0], configs[1]);
    rd_kafka_conf_set_opaque(conf, journal);
    rd_kafka_conf_set_dr_msg_cb(conf, on_delivery);
    rd_kafka_conf_set_error_cb(conf, on_error);
    return client_new(RD_KAFKA_PRODUCER, conf);
}

void producer_send(rd_kafka_t *producer, struct journal *journal, const char *topic, int32_t partition)
{
    char payload[PAYLOAD_MAX];
    int64_t value = ++journal->last_value;
    size_t size = payload_make(payload, value);
    while (rd_kafka_outq_len(producer) >= UNSENT_MAX)
        rd_kafka_poll(producer, 10);
    journal_write(journal, "send %s - %s/%" PRId32 " %" PRId64, journal->process, topic, partition, value);
    rd_kafka_resp_err_t error = rd_kafka_producev(
        producer, RD_KAFKA_V_TOPIC(topic), RD_KAFKA_V_PARTITION(partition), RD_KAFKA_V_VALUE(payload, size),
        RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY), RD_KAFKA_V_OPAQUE((void *)(intptr_t)value), RD_KAFKA_V_END);
    if (error)
        client_die("%s cannot send: %s", journal->process, rd_kafka_err2str(error));
    rd_kafka_poll(producer, 0);
}

void producer_finish(rd_kafka_t *producer)
{
    if (rd_kafka_flush(producer, 30000))
        client_die("%d records are not acknowledged in 30 s", rd_kafka_outq_len(producer));
}

static void rest(rd_kafka_t *producer, int ms)
{
    for (double left, end = client_now_s() + ms / 1000.0; (left = end - client_now_s()) > 0;)
        rd_kafka_poll(producer, (int)(left * 1000) + 1);
}

void *produce_until_stop(void *argument)
{
    static const int bursts[] = {1, 1, 10, 100, 100, 1000};
    const struct producer_thread *thread = argument;
    struct journal journal;
    journal_open(&journal, thread->load->dir, thread->kind->process, thread->kind->number);
    rd_kafka_t *producer = producer_new(thread->load->bootstrap, &journal, thread->kind->configs);
    unsigned seed = (unsigned)thread->kind->number;
    while (!atomic_load(thread->load->stop)) {
        const char *topic = load_topics[rand_r(&seed) % TOPIC_COUNT];
        int32_t partition = rand_r(&seed) % PARTITION_COUNT;
        for (int left = bursts[rand_r(&seed) % 6]; left > 0; left--)
            producer_send(producer, &journal, topic, partition);
        rest(producer, rand_r(&seed) % 500);
    }
    producer_finish(producer);
    rd_kafka_destroy(producer);
    journal_close(&journal);
    return NULL;
}
