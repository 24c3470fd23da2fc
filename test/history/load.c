/*
 * Clients of every kind that work on while the broker is killed and started again, and write down what they
 * did and saw.
 *
 *   load run BOOTSTRAP DIR [CLOCK]    until SIGTERM; then waits for what is on its way. Makes DIR/PROCESS
 *   load read BOOTSTRAP DIR           reads everything that there is, as the process "final"
 *
 * CLOCK is a file whose first eight bytes are a number that grows: it comes into the journals. With it, every
 * producer wants acks=all: something can then be lost that was acknowledged to the others.
 */
#include "load.h"

#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

const char *const load_topics[TOPIC_COUNT] = {"orders", "trades"};
const char *const small_segments[] = {
    "internal.segment.bytes", "50000", "index.interval.bytes", "200", "retention.ms", "-1", NULL};

static const struct producer_kind kinds[] = {
    {"plain", 1, {"enable.idempotence", "true", "linger.ms", "0", NULL}},
    {"gzip", 2, {"enable.idempotence", "true", "compression.type", "gzip", "linger.ms", "5", NULL}},
    {"snappy", 3, {"enable.idempotence", "true", "compression.type", "snappy", "linger.ms", "1", NULL}},
    {"lz4", 4, {"enable.idempotence", "true", "compression.type", "lz4", "linger.ms", "30", NULL}},
    {"zstd", 5, {"enable.idempotence", "true", "compression.type", "zstd", "batch.num.messages", "7", NULL}},
    /* Its records survive a kill too, for the page cache does. What fails is not sent again. */
    {"one", 6, {"acks", "1", "message.send.max.retries", "0", "linger.ms", "2", NULL}},
};

enum { KIND_COUNT = sizeof kinds / sizeof kinds[0], DURABLE_KIND_COUNT = KIND_COUNT - 1 };

static atomic_bool stop;

static void on_signal(int number)
{
    (void)number;
    atomic_store(&stop, true);
}

static void make_topics(const struct load *load)
{
    rd_kafka_conf_t *conf = client_conf(load->bootstrap, "load");
    client_set(conf, "log_level", "2");
    rd_kafka_t *client = client_new(RD_KAFKA_PRODUCER, conf);
    for (int i = 0; i < TOPIC_COUNT; i++)
        topic_make(client, load_topics[i], PARTITION_COUNT);
    rd_kafka_destroy(client);
}

static pthread_t spawn(void *(*body)(void *), void *argument)
{
    pthread_t thread;
    if (pthread_create(&thread, NULL, body, argument))
        client_die("no thread");
    return thread;
}

static void run(struct load *load, int kind_count)
{
    struct producer_thread producers[KIND_COUNT];
    pthread_t threads[KIND_COUNT + 2];
    make_topics(load);
    for (int i = 0; i < kind_count; i++) {
        producers[i] = (struct producer_thread){load, &kinds[i]};
        threads[i] = spawn(produce_until_stop, &producers[i]);
    }
    threads[kind_count] = spawn(churn_until_stop, load);
    threads[kind_count + 1] = spawn(read_until_stop, load);
    for (int i = 0; i < kind_count + 2; i++)
        pthread_join(threads[i], NULL);
}

int main(int argc, char **argv)
{
    if (argc < 4 || argc > 5)
        client_die("say: run BOOTSTRAP DIR [CLOCK] | read BOOTSTRAP DIR");
    struct load load = {.bootstrap = argv[2], .dir = argv[3], .stop = &stop};
    struct sigaction action = {.sa_handler = on_signal};
    sigaction(SIGTERM, &action, NULL);
    if (argc == 5)
        journal_use_clock(argv[4]);
    if (!strcmp(argv[1], "run"))
        run(&load, argc == 5 ? DURABLE_KIND_COUNT : KIND_COUNT);
    else
        read_all(&load);
    return 0;
}
