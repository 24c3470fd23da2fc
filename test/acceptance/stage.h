/* One stage: a fresh directory, a fresh program, some requests, and what must be true then.
 *
 * A stage is one function that talks to the program through the calls below. The first thing that is
 * not as it should be ends it (stage_fail does not return). It can also run without any program, from
 * the tape of an earlier run: see tape.h. */
#ifndef ACCEPTANCE_STAGE_H
#define ACCEPTANCE_STAGE_H

#include "arena.h"
#include "connection.h"
#include "directory.h"
#include "frame.h"
#include "reader.h"
#include "tape.h"
#include "tester.h"

#include <setjmp.h>
#include <stdbool.h>
#include <stdint.h>

enum { MAX_CONNECTIONS = 4, STAGE_LIMIT_MS = 10000 };

struct stage;

/* What a stage is. */
struct stage_plan {
    const char *name;  /* "ls8", for messages */
    const char *title; /* a sentence, the name of the test */
    void (*run)(struct stage *stage);
    int version;        /* of the API it is about, where it runs for several */
    const void *detail; /* what its run function makes of it */
};

/* One run of it. */
struct stage {
    const struct stage_plan *plan;
    struct tape *tape;
    uint64_t seed;  /* of the random inputs */
    int64_t now_ms; /* the time that the stage's messages carry, where it is "now" */
    const char *program;
    int limit_ms;
    bool without_argument; /* the program is not told where server.properties is */
    struct arena arena;
    uint64_t random;
    struct directory directory;
    struct tester tester;
    struct connection connections[MAX_CONNECTIONS];
    int connection_count;
    char failure[4096]; /* empty: passed */
    jmp_buf out;
};

/* Runs it. seed 0 means any; the tape decides whether there is a program. */
bool stage_run(struct stage *stage, const struct stage_plan *plan, struct tape *tape, uint64_t seed);
void stage_fini(struct stage *stage);

_Noreturn void stage_fail(struct stage *stage, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Starting: fill in stage->directory first. Only once. */
void stage_start(struct stage *stage);
void stage_start_without_metadata_log(struct stage *stage);

/* Ends the program within the stage; another may be started after it. */
void stage_stop(struct stage *stage);

/* Talking. Connections count from 0 and stay open until the program has ended. */
int stage_connect(struct stage *stage);
void stage_send(struct stage *stage, int connection, struct frame *request);

/* The answer's message_size, correlation id and (response header 1) tags are checked and read. */
struct reader stage_receive(struct stage *stage, int connection, const char *what, int header_version);
struct reader stage_ask(struct stage *stage, int connection, struct frame *request, const char *what,
                        int header_version);

/* A request with a random correlation id. */
struct frame stage_request(struct stage *stage, int key, int version);

/* Looking at the disk, under the log directory. */
struct reader stage_read_file(struct stage *stage, const char *name);
struct reader stage_read_metadata_log(struct stage *stage); /* all its segments, joined */
bool stage_path_exists(struct stage *stage, const char *name);

/* Apache Kafka may lead its partitions shortly after it listens, and make a new topic's directories
 * shortly after its answer. Others get no time for that. */
void stage_let_settle(const struct stage *stage);

/* Random inputs, as the course's tester draws them. */
int random_int(struct stage *stage, int from, int below);
void random_words(struct stage *stage, const char **words, int count); /* all different */
void random_uuid(struct stage *stage, uint8_t uuid[UUID_SIZE]);
struct topic random_topic(struct stage *stage, int partitions, int message_count);

/* Where a running Apache Kafka differs, which is no fault of its: README.md. */
bool program_is_apache_kafka(void);
int32_t expected_leader_epoch(void);

#endif
