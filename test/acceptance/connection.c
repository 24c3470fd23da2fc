/* One TCP connection to the program. See connection.h. */
#include "connection.h"

#include "clock.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { REST_OF_ANSWER_MS = 100, LARGEST_ANSWER = 1 << 20 };

int connection_dial(void)
{
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(BROKER_PORT)};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int one = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    if (connect(fd, (const struct sockaddr *)&address, sizeof address) == 0)
        return fd;
    struct pollfd poll_connected = {.fd = fd, .events = POLLOUT};
    int error = errno;
    socklen_t size = sizeof error;
    if (error == EINPROGRESS && poll(&poll_connected, 1, 1000) == 1)
        getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size);
    if (error == 0)
        return fd;
    close(fd);
    return -1;
}

bool connection_send(struct connection *connection, struct tester *tester, const uint8_t *bytes, size_t size)
{
    while (size > 0) {
        ssize_t sent = send(connection->fd, bytes, size, MSG_NOSIGNAL);
        if (sent < 0 && errno != EAGAIN && errno != EINTR)
            return false;
        if (sent < 0 && tester_wait(tester, connection->fd, POLLOUT, tester->deadline_ms) == 0)
            return false;
        if (sent > 0) {
            bytes += sent;
            size -= (size_t)sent;
        }
    }
    return true;
}

static bool is_whole(const struct received *received)
{
    if (received->size < 4)
        return false;
    const uint8_t *at = received->bytes;
    uint32_t announced = (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
    return received->size - 4 >= announced;
}

/* Takes what is there; false when nothing more can come. */
static bool receive_some(struct connection *connection, struct arena *arena, struct received *received)
{
    uint8_t bytes[65536];
    ssize_t count = recv(connection->fd, bytes, sizeof bytes, 0);
    if (count < 0 && (errno == EAGAIN || errno == EINTR))
        return true;
    if (count <= 0 || received->size + (size_t)count > LARGEST_ANSWER) {
        received->closed = true;
        return false;
    }
    uint8_t *joined = arena_alloc(arena, received->size + (size_t)count);
    if (received->size > 0)
        memcpy(joined, received->bytes, received->size);
    memcpy(joined + received->size, bytes, (size_t)count);
    received->bytes = joined;
    received->size += (size_t)count;
    return true;
}

struct received connection_receive(struct connection *connection, struct tester *tester, struct arena *arena)
{
    struct received received = {.size = 0};
    int64_t until_ms = tester->deadline_ms;
    while (!is_whole(&received)) {
        if (tester_wait(tester, connection->fd, POLLIN, until_ms) == 0)
            break;
        bool first = received.size == 0;
        if (!receive_some(connection, arena, &received))
            break;
        if (first && received.size > 0)
            until_ms = connection->quiet_ms = clock_ms() + REST_OF_ANSWER_MS;
    }
    return received;
}

struct received connection_receive_rest(struct connection *connection, struct tester *tester,
                                        struct arena *arena)
{
    struct received received = {.size = 0};
    while (tester_wait(tester, connection->fd, POLLIN, connection->quiet_ms) != 0)
        if (!receive_some(connection, arena, &received))
            break;
    int64_t left_ms = connection->quiet_ms - clock_ms();
    if (received.closed && left_ms > 0)
        poll(NULL, 0, (int)left_ms); /* if the program is dying, let it be dead */
    return received;
}
