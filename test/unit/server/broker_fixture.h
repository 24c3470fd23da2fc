/*
 * broker_fixture: a broker in the test's own process, on a free port of 127.0.0.1 and a directory that goes
 * away. What goes wrong here fails the test. Every wait ends after PATIENCE_MS: no test depends on being
 * quick.
 */
#ifndef TEST_UNIT_SERVER_BROKER_FIXTURE_H
#define TEST_UNIT_SERVER_BROKER_FIXTURE_H

#include "protocol/base/ensure.h"
#include "server/broker.h"
#include "storage/os/clock.h"

#include <check.h>

/* What takes longer than this is stuck, however busy the machine may be. */
enum { PATIENCE_MS = 60 * 1000 };

/* Memory figures mean nothing under a sanitizer. gcc defines the first two, clang has features. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
enum { IS_SANITIZED = 1 };
#elif defined(__has_feature)
enum { IS_SANITIZED = __has_feature(address_sanitizer) || __has_feature(thread_sanitizer) };
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

/* Opens one on a new directory. `settings` are "name=value"; NULL ends them, and stands for none. */
void fixture_open(struct broker_fixture *fixture, const char *const *settings);

/* Closes it, which must succeed and be quick, and opens another one on its directory: on another port. */
void fixture_restart(struct broker_fixture *fixture, const char *const *settings);

/* Closes it, which must succeed and be quick, and removes the directory. */
void fixture_close(struct broker_fixture *fixture);

/* A new client is served. */
void expect_alive(const struct broker_fixture *fixture);

/* Clients that the broker has now. */
int32_t connections_of(const struct broker_fixture *fixture);

/* Waits until it has so many. */
void expect_connections(const struct broker_fixture *fixture, int32_t count);

/* ---- this process ---- */

size_t resident_bytes(void);
size_t address_space(void); /* bytes, used or not */
int64_t cpu_ms(void);
int thread_count(void);

/* How many clients this process may have, on both sides of the connection: no more than CLIENTS_MAX. */
enum { CLIENTS_MAX = 1000 };
int affordable_clients(void);

/* So many threads are there, or soon: one that ends is counted until it is gone. */
void expect_threads(int count);

/* A thread of this process has the name, or takes it soon. */
void expect_thread(const char *name);

void sleep_ms(int64_t for_ms);

/* A case of the suite; NULL ends the tests, and stands for no set_up or tear_down. */
void add_tests(Suite *suite, const char *name, void (*set_up)(void), void (*tear_down)(void),
               const TTest *const *tests);

/* A case of one test that runs for _i from 0 to count - 1. */
void add_loop(Suite *suite, void (*set_up)(void), void (*tear_down)(void), const TTest *test, size_t count);

/* Runs the suite: each test in a process of its own. */
int run_suite(Suite *suite);

#endif
