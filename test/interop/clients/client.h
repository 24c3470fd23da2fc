/*
 * What the programs that use librdkafka have in common. What should not happen ends the program with a line
 * on stderr.
 */
#ifndef INTEROP_CLIENT_H
#define INTEROP_CLIENT_H

#include <librdkafka/rdkafka.h>

_Noreturn void client_die(const char *format, ...) __attribute__((format(printf, 1, 2)));

double client_now_s(void); /* of a clock that only goes forward */

rd_kafka_conf_t *client_conf(const char *bootstrap, const char *client_id);
void client_set(rd_kafka_conf_t *conf, const char *name, const char *value);

/* Owns conf. */
rd_kafka_t *client_new(rd_kafka_type_t type, rd_kafka_conf_t *conf);

/* The broker's answer, or RD_KAFKA_RESP_ERR__TIMED_OUT if none came. configs: name, value ... NULL. */
rd_kafka_resp_err_t client_create_topic(rd_kafka_t *client, const char *topic, int partition_count,
                                        const char *const *configs, int timeout_ms);
rd_kafka_resp_err_t client_delete_topic(rd_kafka_t *client, const char *topic, int timeout_ms);

#endif
