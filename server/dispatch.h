/*
 * dispatch: one request from frame to answer: header, version check, decode, handle, encode. The list of what
 * this broker serves is here and nowhere else.
 */
#ifndef SERVER_DISPATCH_H
#define SERVER_DISPATCH_H

#include "protocol/wire/writer.h"
#include "server/call.h"

/* The API key of a frame (without its length); -1 if it is too short to have one. */
int dispatch_peek_key(struct slice frame);

/* Decodes a frame into *call (whose broker, run, connection, role and arena are set). False: the frame is
 * malformed or asks for what is not served on such a listener; the connection is to be closed, as Kafka does
 * (kafka-apis 2.5). */
bool dispatch_decode(struct call *call, struct slice frame);

/* Whether an act has two steps, so that the requests of a run share what is between them (run.h). */
bool dispatch_has_two_steps(int key);

/* Runs the handler, or the first of its two steps; then the second, if there is one. */
void dispatch_begin(struct call *call);
void dispatch_finish(struct call *call);

/* Appends the answer with its length to the writer, if one is owed. False if no frame can hold it (2 GiB):
 * nothing is appended, and the connection is to be closed. */
bool dispatch_encode(struct call *call, struct writer *writer);

/* What ApiVersions lists on a listener of this role: served APIs in order of their key. */
struct served_api {
    int16_t key;
    int16_t min_version; /* as listed: Produce says 0 though 3 is the least (KAFKA-18659) */
    int16_t max_version;
};

size_t dispatch_served(enum listener_role role, struct served_api *served, size_t capacity);

#endif
