/*
 * client_fixture: clients that talk bytes to a broker, and what they say most often. What goes wrong here
 * fails the test.
 */
#ifndef TEST_UNIT_SERVER_CLIENT_FIXTURE_H
#define TEST_UNIT_SERVER_CLIENT_FIXTURE_H

#include "server/client.h"
#include "test/unit/server/broker_fixture.h"

#include <netinet/in.h>

/* ---- clients ---- */

void connect_client(struct client *client, uint16_t port);

/* A socket of the kind that connects there, and where that is. */
int loopback_socket(uint16_t port, struct sockaddr_in *address);

/* Sends and does not care whether the broker still listens. */
void send_anyway(struct client *client, struct slice bytes);
void send_all(struct client *client, const struct buf *bytes);

/* Sends the bytes, says that there will be no more, and reads until the broker has closed too, which it must.
 * Bytes that came back. */
size_t exchange(uint16_t port, struct slice bytes);

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

void append_i32(struct buf *out, int32_t value);
void append_request(struct buf *out, int key, int version, int32_t correlation_id, const void *request);

/* ApiVersions v0: the shortest good request. */
void append_api_versions(struct buf *out, int32_t correlation_id);
void expect_api_versions(struct client *client, int32_t correlation_id);

/* Asks for them on a connection that is there already. Not answered: the broker closes it instead. */
bool is_answered(struct client *client);
void expect_answer(struct client *client);
void connect_and_expect_answer(struct client *client, uint16_t port);

/* New clients may be turned away at first. */
void expect_welcome_soon(struct client *client, uint16_t port);

/* ---- topics and records ---- */

enum {
    KEY_PRODUCE = 0,
    KEY_FETCH = 1,
    KEY_METADATA = 3,
    KEY_API_VERSIONS = 18,
    KEY_CREATE_TOPICS = 19,
    KEY_DELETE_TOPICS = 20,
    KEY_DELETE_RECORDS = 21,
    KEY_INIT_PRODUCER_ID = 22,

    PRODUCE_VERSION = 9, /* the last ones that name topics, and flexible */
    FETCH_VERSION = 12,
    FETCH_OFFSETS = 4,
};

void create_topic(struct client *client, const char *name, int32_t partitions);

/* One batch for one partition. All zero is one record without a value, acks=0. */
struct produce_wish {
    const char *topic;
    int32_t partition;
    int16_t acks;
    int32_t records; /* 0: 1 */
    size_t value_len;
    bool idempotent; /* with these, of epoch 0 */
    int64_t producer_id;
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
    int32_t partitions; /* from first_partition on */
    int32_t first_partition;
    int64_t offsets[FETCH_OFFSETS]; /* of the first partitions; the others begin at 0 */
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
    size_t bytes; /* of records, all together */
};

void append_fetch(struct buf *out, int32_t correlation_id, const struct fetch_wish *wish);
struct fetched read_fetched(struct client *client, int32_t correlation_id);
struct fetched fetch(struct client *client, const struct fetch_wish *wish);

#endif
