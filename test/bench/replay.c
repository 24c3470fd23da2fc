/*
 * replay: a load client that costs as little as it can: requests are made before the clock starts, and
 * answers are not decoded. One scenario a run, one line of key=value as its result. test/bench/run calls
 * it.
 */
#include "test/bench/die.h"
#include "test/bench/scenarios.h"
#include "test/bench/topics.h"

#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char usage[] =
    "usage: replay produce|fetch|end-to-end|memory|create|delete|create-many|delete-many|fill|commit|gather|\n"
    "              leave|heartbeat|wait --port N [option...]\n"
    "       replay start --port N [option...] -- BROKER ARGUMENT...\n"
    "       replay compact|beside --port N [option...] DATA | beside-copying --port N [option...] FOLDER\n"
    "       replay machine FOLDER | scan FOLDER | touch MEGABYTES\n"
    "\n"
    "  --pid N          the broker's process, whose CPU time is counted\n"
    "  --topic NAME     made, and deleted afterwards (bench)\n"
    "  --keep           the topic stays\n"
    "  --connections N  (1)          --partitions N   (1)\n"
    "  --in-flight N    requests a connection (5)\n"
    "  --batches N      a request, each for another partition (1)\n"
    "  --record BYTES   of a record's value (100)\n"
    "  --batch BYTES    a batch is filled up to this size; 0: one record (0)\n"
    "  --fetch BYTES    asked for at a time (1048576)\n"
    "  --acks 1|all     (1)\n"
    "  --rate N         records a second, open loop; 0: closed loop (0)\n"
    "  --config K=V     of the topics that are made; may come often\n"
    "  --keys N         records have one of so many keys (fill)\n"
    "  --topics N       to make or delete (1)     --topics-each N  with a request (1)\n"
    "  --kill           end the started broker with SIGKILL\n"
    "  --warmup S       (0)          --seconds S      (1)\n"
    "  --max-mb N       ends it earlier     --max-requests N   a connection\n";

enum option_key {
    OPTION_PORT = 256,
    OPTION_PID,
    OPTION_TOPIC,
    OPTION_KEEP,
    OPTION_CONNECTIONS,
    OPTION_PARTITIONS,
    OPTION_IN_FLIGHT,
    OPTION_BATCHES,
    OPTION_RECORD,
    OPTION_BATCH,
    OPTION_FETCH,
    OPTION_ACKS,
    OPTION_RATE,
    OPTION_WARMUP,
    OPTION_SECONDS,
    OPTION_MAX_MB,
    OPTION_MAX_REQUESTS,
    OPTION_CONFIG,
    OPTION_KEYS,
    OPTION_TOPICS,
    OPTION_TOPICS_EACH,
    OPTION_KILL,
};

static const struct option options[] = {
    {"port", required_argument, NULL, OPTION_PORT},
    {"pid", required_argument, NULL, OPTION_PID},
    {"topic", required_argument, NULL, OPTION_TOPIC},
    {"keep", no_argument, NULL, OPTION_KEEP},
    {"connections", required_argument, NULL, OPTION_CONNECTIONS},
    {"partitions", required_argument, NULL, OPTION_PARTITIONS},
    {"in-flight", required_argument, NULL, OPTION_IN_FLIGHT},
    {"batches", required_argument, NULL, OPTION_BATCHES},
    {"record", required_argument, NULL, OPTION_RECORD},
    {"batch", required_argument, NULL, OPTION_BATCH},
    {"fetch", required_argument, NULL, OPTION_FETCH},
    {"acks", required_argument, NULL, OPTION_ACKS},
    {"rate", required_argument, NULL, OPTION_RATE},
    {"warmup", required_argument, NULL, OPTION_WARMUP},
    {"seconds", required_argument, NULL, OPTION_SECONDS},
    {"max-mb", required_argument, NULL, OPTION_MAX_MB},
    {"max-requests", required_argument, NULL, OPTION_MAX_REQUESTS},
    {"config", required_argument, NULL, OPTION_CONFIG},
    {"keys", required_argument, NULL, OPTION_KEYS},
    {"topics", required_argument, NULL, OPTION_TOPICS},
    {"topics-each", required_argument, NULL, OPTION_TOPICS_EACH},
    {"kill", no_argument, NULL, OPTION_KILL},
    {NULL, 0, NULL, 0},
};

static _Noreturn void fail(void)
{
    fputs(usage, stderr);
    exit(2);
}

static long number(const char *text, long min, long max)
{
    char *end;
    long value = strtol(text, &end, 10);
    if (end == text || *end != '\0' || value < min || value > max)
        die("%s is no number from %ld to %ld", text, min, max);
    return value;
}

static void take_count(struct load *load, int key, const char *text)
{
    switch (key) {
    case OPTION_PORT:
        load->port = (uint16_t)number(text, 1, 65535);
        break;
    case OPTION_PID:
        load->pid = (pid_t)number(text, 0, INT32_MAX);
        break;
    case OPTION_CONNECTIONS:
        load->connections = (int)number(text, 0, LOAD_MAX_CONNECTIONS);
        break;
    case OPTION_PARTITIONS:
        load->partitions = (int)number(text, 1, 10000);
        break;
    case OPTION_IN_FLIGHT:
        load->in_flight = (int)number(text, 1, LOAD_MAX_IN_FLIGHT);
        break;
    case OPTION_BATCHES:
        load->batches = (int)number(text, 1, 10000);
        break;
    case OPTION_RECORD:
        load->record_bytes = (int)number(text, 1, 1 << 20);
        break;
    case OPTION_BATCH:
        load->batch_bytes = (size_t)number(text, 0, 1 << 30);
        break;
    case OPTION_FETCH:
        load->fetch_bytes = (size_t)number(text, 1, 1 << 30);
        break;
    case OPTION_MAX_MB:
        load->max_bytes = (uint64_t)number(text, 0, 1 << 30) * 1000000;
        break;
    case OPTION_KEYS:
        load->keys = (int)number(text, 1, INT32_MAX);
        break;
    case OPTION_TOPICS:
        load->topics = (int)number(text, 1, 100000);
        break;
    case OPTION_TOPICS_EACH:
        load->topics_each = (int)number(text, 1, 10000);
        break;
    case OPTION_MAX_REQUESTS:
        load->max_requests = (uint64_t)number(text, 0, INT64_MAX);
        break;
    default:
        fail();
    }
}

static void take_config(struct load *load, char *text)
{
    char *equals = strchr(text, '=');
    if (equals == NULL || load->config_count == LOAD_MAX_CONFIGS)
        fail();
    *equals = '\0';
    load->configs[load->config_count++] = (struct load_config){text, equals + 1};
}

static void take_option(struct load *load, int key, char *text)
{
    switch (key) {
    case OPTION_TOPIC:
        load->topic = text;
        break;
    case OPTION_KEEP:
        load->keep = true;
        break;
    case OPTION_KILL:
        load->kill = true;
        break;
    case OPTION_CONFIG:
        take_config(load, text);
        break;
    case OPTION_ACKS:
        load->acks = strcmp(text, "all") == 0 ? -1 : (int)number(text, 1, 1);
        break;
    case OPTION_RATE:
        load->rate = strtod(text, NULL);
        break;
    case OPTION_WARMUP:
        load->warmup_s = strtod(text, NULL);
        break;
    case OPTION_SECONDS:
        load->seconds = strtod(text, NULL);
        break;
    default:
        take_count(load, key, text);
    }
}

/* What needs nothing but a port. */
static const struct {
    const char *name;
    void (*run)(const struct load *load);
} scenarios[] = {
    {"create", topic_create},
    {"produce", produce_scenario},
    {"fetch", fetch_scenario},
    {"end-to-end", end_to_end_scenario},
    {"memory", memory_scenario},
    {"create-many", create_many_scenario},
    {"delete-many", delete_many_scenario},
    {"fill", fill_scenario},
    {"commit", commit_scenario},
    {"gather", gather_scenario},
    {"leave", leave_scenario},
    {"heartbeat", heartbeat_scenario},
    {"wait", wait_scenario},
};

static bool run_listed(const char *scenario, const struct load *load)
{
    for (size_t i = 0; i < sizeof scenarios / sizeof scenarios[0]; i++)
        if (strcmp(scenario, scenarios[i].name) == 0) {
            scenarios[i].run(load);
            return true;
        }
    return false;
}

static void run(const char *scenario, const struct load *load, char **rest)
{
    if (strcmp(scenario, "machine") == 0 && *rest != NULL)
        machine_scenario(*rest);
    else if (strcmp(scenario, "touch") == 0 && *rest != NULL)
        touch_scenario((size_t)number(*rest, 1, 1 << 20));
    else if (strcmp(scenario, "scan") == 0 && *rest != NULL)
        scan_scenario(*rest);
    else if (load->port == 0 || load->batches > load->partitions)
        fail();
    else if (strcmp(scenario, "delete") == 0)
        topic_delete(load->port, load->topic);
    else if (strcmp(scenario, "start") == 0 && *rest != NULL)
        start_scenario(load, rest);
    else if (strcmp(scenario, "compact") == 0 && *rest != NULL)
        compact_scenario(load, *rest);
    else if (strcmp(scenario, "beside") == 0 && *rest != NULL && load->rate > 0)
        beside_scenario(load, *rest);
    else if (strcmp(scenario, "beside-copying") == 0 && *rest != NULL && load->rate > 0
             && load->max_bytes > 0)
        beside_copying_scenario(load, *rest);
    else if (!run_listed(scenario, load))
        fail();
}

int main(int argc, char **argv)
{
    struct load load = {
        .topic = "bench",
        .connections = 1,
        .partitions = 1,
        .batches = 1,
        .in_flight = 5,
        .record_bytes = 100,
        .fetch_bytes = 1024 * 1024,
        .acks = 1,
        .seconds = 1,
        .topics = 1,
        .topics_each = 1,
    };
    int key;
    if (argc < 2)
        fail();
    signal(SIGPIPE, SIG_IGN);
    const char *scenario = argv[1]; /* and the name of the program to getopt */
    while ((key = getopt_long(argc - 1, argv + 1, "+", options, NULL)) != -1)
        take_option(&load, key, optarg);
    run(scenario, &load, argv + 1 + optind);
    return EXIT_SUCCESS;
}
