/*
 * call: one request that has been decoded and waits to be answered. A handler gets nothing else.
 *
 * A handler writes only the act: it reads call->request, fills call->response (which has its defaults), and
 * returns. It touches no socket and no wire bytes; what it allocates comes from call->arena and lives until
 * the answer is out. Names and bytes in the request borrow from the frame, which lives as long.
 */
#ifndef SERVER_CALL_H
#define SERVER_CALL_H

#include "protocol/apis.h"
#include "protocol/base/arena.h"
#include "protocol/errors.h"
#include "server/listener.h"

struct broker;
struct connection;
struct run;
struct segment;

enum call_verdict {
    CALL_ANSWER, /* encode call->response and send it */
    CALL_SILENT, /* no answer is owed (acks=0) */
    CALL_CLOSE,  /* no answer; what came before is answered, then the connection ends */
};

struct call {
    struct broker *broker;
    struct run *run;
    struct connection *connection;
    enum listener_role role; /* of the listener that it came through */
    const struct api *api;
    int version;          /* of the request */
    int response_version; /* as a rule the same; ApiVersions answers unknown versions in its version 0 */
    int32_t correlation_id;
    struct slice client_id; /* null: none given */
    struct arena *arena;
    void *request;
    void *response;
    enum call_verdict verdict;
    size_t frame_len;      /* of the request, without its length */
    int32_t throttle_ms;   /* how long the client is to be quiet, so far; server/throttle */
    bool is_time_recorded; /* the quota on the time of requests has been asked */
};

/* The act of one API; may block where its file says so. */
typedef void handler_fn(struct call *call);

/* Keeps a reference to a segment (taken over from the caller) until the run's answers are out. */
void call_hold_segment(struct call *call, struct segment *segment);

/* A string that lives as long as the answer. */
#define call_printf(call, ...) arena_printf((call)->arena, __VA_ARGS__)

#endif
