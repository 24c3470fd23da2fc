/* load: what a scenario puts on a broker, and whose CPU time is counted. Constant while it runs. */
#ifndef TEST_BENCH_LOAD_H
#define TEST_BENCH_LOAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum { LOAD_MAX_CONNECTIONS = 1024, LOAD_MAX_IN_FLIGHT = 64, LOAD_MAX_CONFIGS = 8 };

/* A config of the topics that a scenario makes. */
struct load_config {
    const char *name, *value;
};

struct load {
    uint16_t port;     /* on 127.0.0.1 */
    pid_t pid;         /* the broker; 0: not known */
    const char *topic; /* must not exist, unless `keep` */
    int connections;   /* a thread each */
    int partitions;
    int batches;           /* a request, each for another partition */
    int in_flight;         /* requests a connection */
    int record_bytes;      /* a record's value */
    size_t batch_bytes;    /* at most; 0: one record to a batch */
    size_t fetch_bytes;    /* asked of a partition at a time */
    int acks;              /* 1, or -1 for all */
    double rate;           /* records/s; 0: as fast as answers come */
    double warmup_s;       /* before anything is counted */
    double seconds;        /* counted */
    uint64_t max_bytes;    /* counted; ends it earlier; 0: no limit */
    uint64_t max_requests; /* a connection; 0: no limit */
    bool keep;             /* the topic is used if it is there, and stays */
    int topics;            /* how many are made or deleted */
    int topics_each;       /* ... with one request */
    int keys;              /* records have one of so many keys, at random; 0: none */
    bool kill;             /* a started broker is ended by SIGKILL */
    struct load_config configs[LOAD_MAX_CONFIGS];
    int config_count;
};

#endif
