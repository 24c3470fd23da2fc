/*
 * client: one connection to a Kafka broker, seen from the other side: requests out, answers in, by the same
 * tables. For `odradek call` and for the conversations; the broker itself does not use it. One thread uses a
 * client at a time; everything blocks, and what waits has a deadline.
 */
#ifndef SERVER_CLIENT_H
#define SERVER_CLIENT_H

#include "protocol/base/buf.h"
#include "protocol/header.h"
#include "server/net.h"

struct client {
    int fd;              /* -1: not connected */
    struct buf received; /* what has come in: the frame handed out last, then what follows it */
    size_t taken;        /* bytes of that frame, with its length */
};

/* What a frame says. Slices borrow from it, arrays and the body's struct live in the arena. */
struct client_answer {
    int32_t correlation_id;
    void *body;              /* the struct of api->response */
    struct slice body_bytes; /* everything behind the header */
    struct slice left_over;  /* bytes behind the message: none, if the answer is right */
};

/* Connects. `host` is a name or an address. False with the reason. All zero but fd -1 is a valid client that
 * is closed. */
bool client_open(struct client *client, const char *host, uint16_t port, int timeout_ms, struct note *why);

/* Harmless if it is closed already. */
void client_close(struct client *client);

/* All of `bytes`, as they are. */
enum net_result client_send(struct client *client, struct slice bytes, int64_t timeout_ms);

/* The next frame, without its length; borrowed until the next call. NET_TIMED_OUT: it did not come whole in
 * time; what came of it is kept. NET_CLOSED also for a length that no frame has; `why` tells the two apart.
 */
enum net_result client_receive(struct client *client, int64_t timeout_ms, struct slice *frame,
                               struct note *why);

/* Appends a frame: length, header of this version (request_header_version), body. */
void client_append_frame(struct buf *out, const struct request_header *header, int header_version,
                         struct slice body);

/* Appends a whole request. The API has tables, and `version` is one of theirs. */
void client_append_request(struct buf *out, const struct api *api, int version, int32_t correlation_id,
                           struct slice client_id, const void *request);

/* Decodes a frame as the answer to such a request. False with the reason. */
bool client_read_answer(const struct api *api, int version, struct slice frame, struct arena *arena,
                        struct client_answer *answer, struct note *why);

#endif
