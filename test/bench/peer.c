/*
 * See peer.h. Used by the scenarios.
 *
 * Invariants:
 * 1. from <= to <= capacity, and a frame that was handed out lies before `from`.
 */
#include "test/bench/peer.h"

#include "protocol/base/big_endian.h"
#include "test/bench/die.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    LENGTH_SIZE = 4,
    FIRST_CAPACITY = 16 * 1024,
    CAPACITY_MAX = 64 * 1024 * 1024, /* a longer frame is no answer */
};

int peer_try_connect(uint16_t port)
{
    struct sockaddr_in address = {
        .sin_family = AF_INET,
        .sin_port = htons(port),
        .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
    };
    int on = 1, fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        die("socket:");
    setsockopt(fd, IPPROTO_TCP, TCP_CONGESTION, "cubic",
               5); /* where the system's is another and may not be changed */
    if (connect(fd, (struct sockaddr *)&address, sizeof address) != 0) {
        close(fd);
        return -1;
    }
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    return fd;
}

int peer_connect(uint16_t port)
{
    int fd = peer_try_connect(port);
    if (fd < 0)
        die("connect to port %u:", port);
    return fd;
}

void peer_send(int fd, const void *bytes, size_t len)
{
    struct iovec part = {(void *)(uintptr_t)bytes, len};
    peer_send_parts(fd, &part, 1);
}

void peer_send_parts(int fd, struct iovec *parts, int count)
{
    while (count > 0) {
        struct msghdr message = {.msg_iov = parts, .msg_iovlen = (size_t)count};
        ssize_t sent = sendmsg(fd, &message, MSG_NOSIGNAL);
        if (sent < 0 && errno == EINTR)
            continue;
        if (sent <= 0)
            die("send:");
        while (count > 0 && (size_t)sent >= parts->iov_len) {
            sent -= (ssize_t)parts->iov_len;
            parts++;
            count--;
        }
        if (count > 0) {
            parts->iov_base = (char *)parts->iov_base + sent;
            parts->iov_len -= (size_t)sent;
        }
    }
}

static void receive(int fd, void *to, size_t len, int flags)
{
    for (size_t done = 0; done < len;) {
        ssize_t got = recv(fd, to == NULL ? NULL : (char *)to + done, len - done, flags);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            die("receive:");
        if (got == 0)
            die("the broker closed the connection");
        done += (size_t)got;
    }
}

void peer_receive(int fd, void *to, size_t len)
{
    receive(fd, to, len, MSG_WAITALL);
}

void peer_discard(int fd, size_t len)
{
    receive(fd, NULL, len, MSG_TRUNC | MSG_WAITALL);
}

void frames_init(struct frames *frames, int fd)
{
    *frames = (struct frames){.fd = fd, .data = malloc(FIRST_CAPACITY), .capacity = FIRST_CAPACITY};
    if (frames->data == NULL)
        die("malloc:");
}

void frames_fini(struct frames *frames)
{
    free(frames->data);
    frames->data = NULL;
}

bool frames_take(struct frames *frames, struct slice *frame)
{
    size_t there = frames->to - frames->from;
    if (there < LENGTH_SIZE)
        return false;
    size_t len = load_u32(frames->data + frames->from);
    if (len > CAPACITY_MAX)
        die("an answer of %zu bytes", len);
    if (there - LENGTH_SIZE < len)
        return false;
    *frame = slice_of(frames->data + frames->from + LENGTH_SIZE, len);
    frames->from += LENGTH_SIZE + len;
    return true;
}

/* Moves what is left to the front and makes room for the whole of a frame that has begun. */
static void make_room(struct frames *frames)
{
    size_t there = frames->to - frames->from;
    memmove(frames->data, frames->data + frames->from, there);
    frames->from = 0;
    frames->to = there;
    size_t wanted = there >= LENGTH_SIZE ? LENGTH_SIZE + (size_t)load_u32(frames->data) : 0;
    if (wanted <= frames->capacity)
        return;
    frames->data = realloc(frames->data, wanted);
    frames->capacity = wanted;
    if (frames->data == NULL)
        die("realloc:");
}

bool frames_fill(struct frames *frames)
{
    make_room(frames);
    for (;;) {
        ssize_t got = recv(frames->fd, frames->data + frames->to, frames->capacity - frames->to, 0);
        if (got > 0) {
            frames->to += (size_t)got;
            return true;
        }
        if (got == 0 || errno != EINTR)
            return false;
    }
}
