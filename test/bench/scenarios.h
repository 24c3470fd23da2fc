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

/* Reads every .log below `folder` and checks each batch's CRC, a thread a processor: what a recovery must do
 * at least. */
void scan_scenario(const char *folder);

/* Makes (deletes) load->topics topics, load->topics_each a request, and waits for each answer. Topics are
 * called load->topic and a number; those to delete are there. */
void create_many_scenario(const struct load *load);
void delete_many_scenario(const struct load *load);

/* Produces load->max_bytes of records with keys; the topic stays. Nothing is measured. */
void fill_scenario(const struct load *load);

/* Sets cleanup.policy=compact on a topic that fill_scenario made, and waits until the checkpoint file in
 * `data` says that its closed segments are clean. */
void compact_scenario(const struct load *load, const char *data);

/* end_to_end_scenario at load->rate on a topic of its own, before and while fill_scenario's topic is cleaned,
 * and what became of the latency. */
void beside_scenario(const struct load *load, const char *data);

/* The same beside a thread of this program, which reads load->max_bytes of a file in `folder` over and over
 * and writes a half of them there, for load->seconds. */
void beside_copying_scenario(const struct load *load, const char *folder);

/* Holds load->connections connections, each having sent a request, and tells what the broker's memory is. */
void memory_scenario(const struct load *load);

/* OffsetCommit requests of load->batches partitions each; each connection is a group. */
void commit_scenario(const struct load *load);

/* A group of load->connections members, a thread each, from nothing until all of them are in one generation
 * with their assignments; who is in looks for a rebalance every 2 ms. */
void gather_scenario(const struct load *load);

/* A consumer group (KIP-848) of load->connections members, of which one leaves: until all others have come
 * into the epoch without it and own every partition between them. */
void leave_scenario(const struct load *load);

/* Heartbeats of load->topics members, each alone in its group. */
void heartbeat_scenario(const struct load *load);

/* A consumer at the end of each partition: long polls that end with nothing. */
void wait_scenario(const struct load *load);

/* What this machine needs to wake a thread and to make 4 KB durable in `folder`. */
void machine_scenario(const char *folder);

/* Uses this much memory once and gives it back. */
void touch_scenario(size_t megabytes);

#endif
