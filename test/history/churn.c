/*
 * Makes topics, sends a few records to each of them, and deletes two in three, asking again until it knows
 * how each act ended.
 */
#include "load.h"

#include <stdlib.h>
#include <unistd.h>

enum { RECORDS_EACH = 30 };

void topic_make(rd_kafka_t *client, const char *topic, int partition_count)
{
    rd_kafka_resp_err_t error;
    while ((error = client_create_topic(client, topic, partition_count, small_segments, ANSWER_MS))
           && error != RD_KAFKA_RESP_ERR_TOPIC_ALREADY_EXISTS)
        usleep(10000);
}

static void create(rd_kafka_t *client, struct journal *journal, const char *topic, int partition_count)
{
    journal_write(journal, "creating %s", topic);
    topic_make(client, topic, partition_count);
    journal_write(journal, "created %s %d", topic, partition_count);
}

static void delete (rd_kafka_t *client, struct journal *journal, const char *topic)
{
    rd_kafka_resp_err_t error;
    journal_write(journal, "deleting %s", topic);
    while ((error = client_delete_topic(client, topic, ANSWER_MS))
           && error != RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART)
        usleep(10000);
    journal_write(journal, "deleted %s", topic);
}

void *churn_until_stop(void *argument)
{
    /* What was sent to a topic that is gone by now is given up soon. */
    static const char *const configs[] = {"enable.idempotence",
                                          "true",
                                          "topic.metadata.propagation.max.ms",
                                          "200",
                                          "topic.metadata.refresh.fast.interval.ms",
                                          "20",
                                          NULL};
    const struct load *load = argument;
    struct journal journal;
    journal_open(&journal, load->dir, "churn", 90);
    rd_kafka_t *client = producer_new(load->bootstrap, &journal, configs);
    unsigned seed = 90;
    for (int number = 0; !atomic_load(load->stop); number++) {
        char topic[32];
        int partition_count = 1 + rand_r(&seed) % 4;
        snprintf(topic, sizeof topic, "churn-%d", number);
        create(client, &journal, topic, partition_count);
        for (int i = 0; i < RECORDS_EACH; i++)
            producer_send(client, &journal, topic, i % partition_count);
        usleep((unsigned)rand_r(&seed) % 30000);
        if (number % 3)
            delete (client, &journal, topic); /* sometimes before the records have arrived */
    }
    producer_finish(client);
    rd_kafka_destroy(client);
    journal_close(&journal);
    return NULL;
}
