/* What the programs that use librdkafka have in common. */
#include "client.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { ERROR_SIZE = 512 };

void client_die(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    fputs("rdkafka: ", stderr);
    vfprintf(stderr, format, arguments);
    fputc('\n', stderr);
    va_end(arguments);
    exit(1);
}

double client_now_s(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

void client_set(rd_kafka_conf_t *conf, const char *name, const char *value)
{
    char error[ERROR_SIZE];
    if (rd_kafka_conf_set(conf, name, value, error, sizeof error) != RD_KAFKA_CONF_OK)
        client_die("%s", error);
}

rd_kafka_conf_t *client_conf(const char *bootstrap, const char *client_id)
{
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    client_set(conf, "bootstrap.servers", bootstrap);
    client_set(conf, "client.id", client_id);
    return conf;
}

rd_kafka_t *client_new(rd_kafka_type_t type, rd_kafka_conf_t *conf)
{
    char error[ERROR_SIZE];
    rd_kafka_t *client = rd_kafka_new(type, conf, error, sizeof error);
    if (!client)
        client_die("%s", error);
    return client;
}

/* The error of the one topic that was asked about. Takes the event. */
static rd_kafka_resp_err_t topic_answer(rd_kafka_event_t *event)
{
    if (!event)
        return RD_KAFKA_RESP_ERR__TIMED_OUT;
    rd_kafka_resp_err_t error = rd_kafka_event_error(event);
    const rd_kafka_topic_result_t **topics = NULL;
    size_t count = 0;
    if (!error && rd_kafka_event_type(event) == RD_KAFKA_EVENT_CREATETOPICS_RESULT)
        topics = rd_kafka_CreateTopics_result_topics(rd_kafka_event_CreateTopics_result(event), &count);
    else if (!error)
        topics = rd_kafka_DeleteTopics_result_topics(rd_kafka_event_DeleteTopics_result(event), &count);
    if (!error && count != 1)
        client_die("%s: %zu results", rd_kafka_event_name(event), count);
    if (!error)
        error = rd_kafka_topic_result_error(topics[0]);
    rd_kafka_event_destroy(event);
    return error;
}

static rd_kafka_AdminOptions_t *admin_options(rd_kafka_t *client, int timeout_ms)
{
    char error[ERROR_SIZE];
    rd_kafka_AdminOptions_t *options = rd_kafka_AdminOptions_new(client, RD_KAFKA_ADMIN_OP_ANY);
    if (rd_kafka_AdminOptions_set_request_timeout(options, timeout_ms, error, sizeof error))
        client_die("%s", error);
    return options;
}

rd_kafka_resp_err_t client_create_topic(rd_kafka_t *client, const char *topic, int partition_count,
                                        const char *const *configs, int timeout_ms)
{
    char error[ERROR_SIZE];
    rd_kafka_NewTopic_t *request = rd_kafka_NewTopic_new(topic, partition_count, 1, error, sizeof error);
    if (!request)
        client_die("%s", error);
    for (; *configs; configs += 2)
        rd_kafka_NewTopic_set_config(request, configs[0], configs[1]);
    rd_kafka_AdminOptions_t *options = admin_options(client, timeout_ms);
    rd_kafka_queue_t *queue = rd_kafka_queue_new(client);
    rd_kafka_CreateTopics(client, &request, 1, options, queue);
    rd_kafka_resp_err_t answer = topic_answer(rd_kafka_queue_poll(queue, timeout_ms));
    rd_kafka_queue_destroy(queue);
    rd_kafka_AdminOptions_destroy(options);
    rd_kafka_NewTopic_destroy(request);
    return answer;
}

rd_kafka_resp_err_t client_delete_topic(rd_kafka_t *client, const char *topic, int timeout_ms)
{
    rd_kafka_DeleteTopic_t *request = rd_kafka_DeleteTopic_new(topic);
    rd_kafka_AdminOptions_t *options = admin_options(client, timeout_ms);
    rd_kafka_queue_t *queue = rd_kafka_queue_new(client);
    rd_kafka_DeleteTopics(client, &request, 1, options, queue);
    rd_kafka_resp_err_t answer = topic_answer(rd_kafka_queue_poll(queue, timeout_ms));
    rd_kafka_queue_destroy(queue);
    rd_kafka_AdminOptions_destroy(options);
    rd_kafka_DeleteTopic_destroy(request);
    return answer;
}
