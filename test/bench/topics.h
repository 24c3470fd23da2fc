/*
 * topics: makes and deletes topics on any broker, and asks it for little things. Each call is a
 * connection of its own.
 */
#ifndef TEST_BENCH_TOPICS_H
#define TEST_BENCH_TOPICS_H

#include "test/bench/load.h"

struct client;

/* Makes load->topic with its partitions and configs. Returns when every partition answers; a topic that is
 * there already is taken as it is. */
void topic_create(const struct load *load);
void topic_delete(uint16_t port, const char *topic);

/* As above, once, and over a connection that exists. False: not yet, or the connection broke. */
bool topic_try_create(int fd, const struct load *load);

/* `count` topics with one request, called load->topic and a number from `first` on. */
void topics_create(struct client *client, const struct load *load, int first, int count);
void topics_delete(struct client *client, const struct load *load, int first, int count);

/* Sets configs of a topic (IncrementalAlterConfigs). */
void topic_set_configs(uint16_t port, const char *topic, const struct load_config *configs, int count);

#endif
