/*
 * broker_fixture: a broker in the test's own process, on a free port of 127.0.0.1 and a directory that goes away, and clients
 * that talk bytes to it. What goes wrong here fails the test. Every wait ends after PATIENCE_MS: no test depends on being quick.
 */
#ifndef TEST_UNIT_SERVER_BROKER_FIXTURE_H
#define TEST_UNIT_SERVER_BROKER_FIXTURE_H

#include "protocol/base/ensure.h"
#include "server/broker.h"
#include "server/client.h"
#include "storage/os/clock.h"

#include <check.h>

/* What takes longer than this is stuck, however busy the machine may be. */
enum { PATIENCE_MS = 60 * 1000 };

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
enum { IS_SANITIZED = 1 }; /* memory figures mean nothing then */
#else
enum { IS_SANITIZED = 0 };
#endif

struct broker_fixture {
    struct broker *broker;
    uint16_t port; /* of the first listener */
    char directory[256];
};

/* ---- directories ---- */

void make_directory(char path[256]);
void remove_directory(const char *path);

/* ---- a broker ---- */

/* Opens one on a new directory. `settings` are "name=value", a comma goes on with the next argument; NULL ends them. */
void fixture_open(struct broker_fixture *fixture, const char *const *settings);

/* Closes it, which must succeed and be quick, and removes the directory. */
void fixture_close(struct broker_fixture *fixture);

/* A new client is served. */
void expect_alive(const struct broker_fixture *fixture);

/* Clients that the broker has now. */
int32_t connections_of(const struct broker_fixture *fixture);

/* Waits until it has so many. */
void expect_connections(const struct broker_fixture *fixture, int32_t count);

/* ---- clients ---- */

void connect_client(struct client *client, uint16_t port);

/* Sends and does not care whether the broker still listens. */
void send_anyway(struct client *client, struct slice bytes);
void send_all(struct client *client, const struct buf *bytes);

/* The next frame, which must come. */
struct slice receive(struct client *client);

/* The broker ends the connection and says nothing more. */
void expect_closed(struct client *client);

/* Nothing comes for so long. */
void expect_silence(struct client *client, int64_t for_ms);

/* Sends one request and decodes its answer, which lives in the arena. */
void *ask(struct client *client, struct arena *arena, int key, int version, const void *request);

/* The answer to a request that was sent before. */
void *read_answer(struct client *client, struct arena *arena, int key, int version, int32_t correlation_id);

void append_request(struct buf *out, int key, int version, int32_t correlation_id, const void *request);

/* ApiVersions v0: the shortest good request. */
void append_api_versions(struct buf *out, int32_t correlation_id);
void expect_api_versions(struct client *client, int32_t correlation_id);

/* ---- topics and records ---- */

enum {
    KEY_PRODUCE = 0,
    KEY_FETCH = 1,
    KEY_METADATA = 3,
    KEY_API_VERSIONS = 18,
    KEY_CREATE_TOPICS = 19,
    KEY_DELETE_TOPICS = 20,
    KEY_INIT_PRODUCER_ID = 22,

    PRODUCE_VERSION = 9, /* the last ones that name topics, and flexible */
    FETCH_VERSION = 12,
};

void create_topic(struct client *client, const char *name, int32_t partitions);

/* One batch for one partition. All zero is one record without a value, acks=0. */
struct produce_wish {
    const char *topic;
    int32_t partition;
    int16_t acks;
    int32_t records;     /* 0: 1 */
    size_t value_len;
    int64_t producer_id; /* 0: none */
    int32_t base_sequence;
};

struct produced {
    int16_t error_code;
    int64_t base_offset;
};

void append_produce(struct buf *out, int32_t correlation_id, const struct produce_wish *wish);
struct produced read_produced(struct client *client, int32_t correlation_id);

/* With acks=1, and it must succeed. */
int64_t produce(struct client *client, const char *topic, int32_t partition, size_t value_len);

/* A fetch of `partitions` partitions of a topic, from their offsets on. */
struct fetch_wish {
    const char *topic;
    int32_t partitions; /* 0 to partitions - 1 */
    int64_t offsets[4];
    int32_t max_wait_ms;
    int32_t min_bytes;
    int8_t isolation_level;
    int32_t session_id;
    int32_t session_epoch; /* -1: no session */
};

struct fetched {
    int16_t error_code;
    int32_t session_id;
    int32_t partition_count; /* in the answer */
    int32_t first_partition;
    int16_t first_error_code;
    size_t bytes;            /* of records, all together */
};

void append_fetch(struct buf *out, int32_t correlation_id, const struct fetch_wish *wish);
struct fetched read_fetched(struct client *client, int32_t correlation_id);
struct fetched fetch(struct client *client, const struct fetch_wish *wish);

/* ---- this process ---- */

size_t resident_bytes(void);
int64_t cpu_ms(void);
int thread_count(void);

/* Whether a thread of this process has the name. */
bool has_thread(const char *name);

void sleep_ms(int64_t for_ms);

/* A case of the suite; NULL ends the tests, and stands for no set_up or tear_down. */
void add_tests(Suite *suite, const char *name, void (*set_up)(void), void (*tear_down)(void), const TTest *const *tests);

/* Runs the suite: each test in a process of its own. */
int run_suite(Suite *suite);

#endif
