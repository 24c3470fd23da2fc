/*
 * topics: makes and deletes topics on any broker, and asks it for little things. Each call is a
 * connection of its own.
 */
#ifndef TEST_BENCH_TOPICS_H
#define TEST_BENCH_TOPICS_H

#include <stdbool.h>
#include <stdint.h>

/* Returns when every partition answers; a topic that is there already is taken as it is. */
void topic_create(uint16_t port, const char *topic, int partitions);
void topic_delete(uint16_t port, const char *topic);

/* As above, once, and over a connection that exists. False: not yet, or the connection broke. */
bool topic_try_create(int fd, const char *topic, int partitions);

#endif
