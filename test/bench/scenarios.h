/*
 * scenarios: what `replay` can do. Each makes its topic, runs, prints one line of key=value, and deletes
 * the topic.
 */
#ifndef TEST_BENCH_SCENARIOS_H
#define TEST_BENCH_SCENARIOS_H

#include "test/bench/load.h"

/* Produce requests, load->in_flight on each connection, over the partitions in turn. */
void produce_scenario(const struct load *load);

/*
 * Fetches from the beginning to the end of a topic that produce_scenario filled (same batch and record
 * sizes), over and over; the bytes are dropped in the kernel. Connection i reads partition i.
 */
void fetch_scenario(const struct load *load);

/*
 * One record at a time from a producer to a consumer in a long poll: load->rate a second from the time it
 * should have been sent (open loop), or the next when the last has arrived (rate 0: closed loop). Latency
 * is end to end.
 */
void end_to_end_scenario(const struct load *load);

/* Starts `command`, waits for the port, makes a topic and has one record acknowledged; then ends it. */
void start_scenario(const struct load *load, char **command);

/* Holds load->connections connections, each having sent a request, and tells what the broker's memory is. */
void memory_scenario(const struct load *load);

/* What this machine needs to wake a thread and to make 4 KB durable in `folder`. */
void machine_scenario(const char *folder);

/* Uses this much memory once and gives it back. */
void touch_scenario(size_t megabytes);

#endif
