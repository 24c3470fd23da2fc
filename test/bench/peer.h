/*
 * peer: a blocking connection to a broker on this machine, and the frames that come in on it. Like the rest
 * of the load client it ends the program at the first fault. One thread uses a connection at a time.
 */
#ifndef TEST_BENCH_PEER_H
#define TEST_BENCH_PEER_H

#include "protocol/base/slice.h"

#include <sys/uio.h>

/* 127.0.0.1:port, without Nagle's delay. -1: refused. */
int peer_try_connect(uint16_t port);
int peer_connect(uint16_t port);

void peer_send(int fd, const void *bytes, size_t len);

/* All parts, in as few writes as the socket takes. Consumes `parts`. */
void peer_send_parts(int fd, struct iovec *parts, int count);

/* Exactly `len` bytes; peer_discard drops them in the kernel. */
void peer_receive(int fd, void *to, size_t len);
void peer_discard(int fd, size_t len);

/* Answers as they come, several to a read. Owns its memory. */
struct frames {
    int fd; /* borrowed */
    uint8_t *data;
    size_t capacity, from, to; /* [from, to) is not taken yet */
};

void frames_init(struct frames *frames, int fd);
void frames_fini(struct frames *frames);

/* The next frame, without its length, if all of it is there already. Borrowed until the next frames_fill. */
bool frames_take(struct frames *frames, struct slice *frame);

/* Waits until something comes. False if the peer has closed. */
bool frames_fill(struct frames *frames);

#endif
