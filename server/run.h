/*
 * run: the requests taken off a connection in one go, and their answers.
 *
 * A run is one request or, of an API whose act has two steps (Produce, OffsetCommit), the consecutive ones
 * already received (at most RUN_MAX_CALLS): each begins, then what they have begun is appended and synced
 * together, then each is finished. So one sync does for all of them. Answers go out in the order of the
 * requests. Everything a run allocates is given back when its last answer is out. Used by its connection's
 * thread alone.
 */
#ifndef SERVER_RUN_H
#define SERVER_RUN_H

#include "protocol/base/arena.h"
#include "protocol/base/buf.h"
#include "protocol/wire/writer.h"
#include "server/appends.h"
#include "server/call.h"

enum { RUN_MAX_CALLS = 16 };

struct held_segment {
    struct segment *segment;
    struct held_segment *next;
};

struct run {
    struct broker *broker;
    struct connection *connection;
    struct arena arena;
    struct buf out;       /* the bytes of the answers; ranges of segment files go between them */
    struct writer writer; /* into out */
    struct appends appends;
    struct held_segment *held;
    struct call calls[RUN_MAX_CALLS];
    int call_count;
};

enum run_result {
    RUN_GO_ON,
    RUN_CLOSE, /* the connection ends once the answers are out */
};

void run_init(struct run *run, struct broker *broker, struct connection *connection, size_t arena_cap);
void run_fini(struct run *run);

/* Executes the requests at the beginning of `received`, which holds at least one whole frame (4-byte length
 * in front; the length has been checked). The bytes may be patched in place. *used gets how many bytes were
 * executed; the answers stand in run->writer. May block. */
enum run_result run_execute(struct run *run, uint8_t *received, size_t len, size_t *used);

/* Gives everything back; memory worth keeping for the next run stays. */
void run_reset(struct run *run);

/* Gives back also that, because the connection is idle. */
void run_trim(struct run *run);

#endif
