/* See net.h. */
#include "server/net.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

static void set_option(int fd, int level, int option, int value)
{
    /* Best effort: no option here changes what is right, only how fast. */
    (void)setsockopt(fd, level, option, &value, sizeof value);
}

static struct addrinfo *look_up(const char *host, uint16_t port, bool passive, struct note *why)
{
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM,
                             .ai_flags = AI_NUMERICSERV | (passive ? AI_PASSIVE : 0)};
    struct addrinfo *found = NULL;
    char service[8];
    snprintf(service, sizeof service, "%u", port);
    int error = getaddrinfo(host[0] ? host : NULL, service, &hints, &found);
    if (error != 0)
        note_set(why, "%s: %s", host, gai_strerror(error));
    return found;
}

bool net_resolves(struct slice host)
{
    char text[NI_MAXHOST];
    struct note why;
    if (host.len == 0 || host.len >= sizeof text || memchr(host.data, '\0', host.len) != NULL)
        return false;
    memcpy(text, host.data, host.len);
    text[host.len] = '\0';
    struct addrinfo *found = look_up(text, 0, false, &why);
    if (found != NULL)
        freeaddrinfo(found);
    return found != NULL;
}

union address {
    struct sockaddr any;
    struct sockaddr_in in4;
    struct sockaddr_in6 in6;
};

static uint16_t port_of(const union address *address)
{
    /* NOLINTNEXTLINE(clang-analyzer-core.*): it does not see that accept4 and getsockname fill the address */
    return ntohs(address->any.sa_family == AF_INET6 ? address->in6.sin6_port : address->in4.sin_port);
}

static int listen_on(const struct addrinfo *at, int backlog)
{
    int fd = socket(at->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return -1;
    set_option(fd, SOL_SOCKET, SO_REUSEADDR, 1);
    set_option(fd, IPPROTO_TCP, TCP_NODELAY, 1); /* the accepted sockets inherit it */
    set_option(fd, SOL_SOCKET, SO_KEEPALIVE, 1);
    if (at->ai_family == AF_INET6)
        set_option(fd, IPPROTO_IPV6, IPV6_V6ONLY, 0);
    if (bind(fd, at->ai_addr, at->ai_addrlen) == 0 && listen(fd, backlog) == 0)
        return fd;
    int error = errno;
    close(fd);
    errno = error;
    return -1;
}

/* The addresses in the order to try: for "all addresses" the IPv6 one first, since it takes IPv4 clients
 * too. */
static int listen_on_first(const struct addrinfo *found, bool wildcard, int backlog)
{
    int fd = -1;
    if (wildcard)
        for (const struct addrinfo *at = found; at != NULL && fd < 0; at = at->ai_next)
            if (at->ai_family == AF_INET6)
                fd = listen_on(at, backlog);
    if (fd < 0 && wildcard && errno == EADDRINUSE)
        return -1;
    for (const struct addrinfo *at = found; at != NULL && fd < 0; at = at->ai_next)
        if (!wildcard || at->ai_family != AF_INET6)
            fd = listen_on(at, backlog);
    return fd;
}

int net_listen(const char *host, uint16_t *port, int backlog, struct note *why)
{
    struct addrinfo *found = look_up(host, *port, true, why);
    if (found == NULL)
        return -1;
    errno = 0;
    int fd = listen_on_first(found, host[0] == '\0', backlog);
    if (fd < 0)
        note_set(why, "cannot listen on %s:%u: %s", host, *port, strerror(errno));
    freeaddrinfo(found);
    union address address;
    socklen_t len = sizeof address;
    if (fd >= 0 && getsockname(fd, &address.any, &len) == 0)
        *port = port_of(&address);
    return fd;
}

static bool connect_within(int fd, const struct addrinfo *at, int timeout_ms)
{
    if (connect(fd, at->ai_addr, at->ai_addrlen) == 0)
        return true;
    if (errno != EINPROGRESS)
        return false;
    struct pollfd wait = {.fd = fd, .events = POLLOUT};
    int error = ETIMEDOUT;
    socklen_t len = sizeof error;
    if (poll(&wait, 1, timeout_ms) == 1)
        getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &len);
    errno = error;
    return error == 0;
}

int net_connect(const char *host, uint16_t port, int timeout_ms, struct note *why)
{
    struct addrinfo *found = look_up(host, port, false, why);
    int fd = -1;
    for (const struct addrinfo *at = found; at != NULL && fd < 0; at = at->ai_next) {
        fd = socket(at->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        if (fd >= 0 && !connect_within(fd, at, timeout_ms)) {
            note_set(why, "cannot connect to %s:%u: %s", host, port, strerror(errno));
            close(fd);
            fd = -1;
        }
    }
    if (found != NULL)
        freeaddrinfo(found);
    if (fd < 0)
        return -1;
    why->text[0] = '\0'; /* an earlier address may have failed */
    (void)fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) & ~O_NONBLOCK);
    set_option(fd, IPPROTO_TCP, TCP_NODELAY, 1);
    return fd;
}

/* As Java prints it, for ACLs name hosts so: all eight numbers, none of them padded, and the scope. */
static void format_address(const union address *peer, char address[NET_ADDRESS_SIZE])
{
    if (peer->any.sa_family == AF_INET) {
        if (inet_ntop(AF_INET, &peer->in4.sin_addr, address, NET_ADDRESS_SIZE) == NULL)
            snprintf(address, NET_ADDRESS_SIZE, "?");
        return;
    }
    const uint8_t *bytes = peer->in6.sin6_addr.s6_addr;
    if (IN6_IS_ADDR_V4MAPPED(&peer->in6.sin6_addr)) { /* an IPv4 client of an IPv6 socket */
        snprintf(address, NET_ADDRESS_SIZE, "%d.%d.%d.%d", bytes[12], bytes[13], bytes[14], bytes[15]);
        return;
    }
    int len = 0;
    for (int i = 0; i < 16; i += 2)
        len += snprintf(address + len, NET_ADDRESS_SIZE - (size_t)len, "%s%x", i > 0 ? ":" : "",
                        bytes[i] << 8 | bytes[i + 1]);
    char scope[IF_NAMESIZE];
    if (peer->in6.sin6_scope_id != 0 && if_indextoname(peer->in6.sin6_scope_id, scope) != NULL)
        snprintf(address + len, NET_ADDRESS_SIZE - (size_t)len, "%%%s", scope);
}

int net_accept(int listening, char address[NET_ADDRESS_SIZE], uint16_t *port)
{
    union address peer;
    socklen_t len = sizeof peer;
    int fd = accept4(listening, &peer.any, &len, SOCK_CLOEXEC);
    if (fd < 0)
        return -1;
    *port = port_of(&peer);
    format_address(&peer, address);
    return fd;
}

bool net_has_client(int listening, int timeout_ms)
{
    struct pollfd look = {.fd = listening, .events = POLLIN};
    return poll(&look, 1, timeout_ms) == 1 && (look.revents & POLLIN) != 0;
}

void net_refuse(int listening)
{
    int fd = accept4(listening, NULL, NULL, SOCK_CLOEXEC);
    if (fd >= 0)
        close(fd);
}

static void set_timeout(int fd, int option, int64_t timeout_ms)
{
    struct timeval timeout = {.tv_sec = timeout_ms / 1000, .tv_usec = timeout_ms % 1000 * 1000};
    (void)setsockopt(fd, SOL_SOCKET, option, &timeout, sizeof timeout);
}

void net_set_read_timeout(int fd, int64_t timeout_ms)
{
    set_timeout(fd, SO_RCVTIMEO, timeout_ms);
}

void net_set_write_timeout(int fd, int64_t timeout_ms)
{
    set_timeout(fd, SO_SNDTIMEO, timeout_ms);
}

void net_set_buffers(int fd, int send_bytes, int receive_bytes)
{
    if (send_bytes >= 0)
        set_option(fd, SOL_SOCKET, SO_SNDBUF, send_bytes);
    if (receive_bytes >= 0)
        set_option(fd, SOL_SOCKET, SO_RCVBUF, receive_bytes);
}

static enum net_result failed(void)
{
    return errno == EAGAIN || errno == EWOULDBLOCK ? NET_TIMED_OUT : NET_CLOSED;
}

enum net_result net_read(int fd, void *into, size_t size, size_t *got)
{
    for (;;) {
        ssize_t n = recv(fd, into, size, 0);
        if (n > 0) {
            *got = (size_t)n;
            return NET_OK;
        }
        if (n == 0)
            return NET_CLOSED;
        if (errno != EINTR)
            return failed();
    }
}

enum net_result net_write(int fd, const void *bytes, size_t len, bool more)
{
    const uint8_t *at = bytes;
    while (len > 0) {
        ssize_t n = send(fd, at, len, MSG_NOSIGNAL | (more ? MSG_MORE : 0));
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return failed();
        at += n;
        len -= (size_t)n;
    }
    return NET_OK;
}

enum net_result net_send_file(int fd, int file_fd, int64_t position, size_t len)
{
    off_t offset = position;
    while (len > 0) {
        ssize_t n = sendfile(fd, file_fd, &offset, len);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return failed();
        if (n == 0)
            return NET_CLOSED;
        len -= (size_t)n;
    }
    return NET_OK;
}

bool net_peer_is_gone(int fd)
{
    struct pollfd look = {.fd = fd, .events = POLLRDHUP};
    return poll(&look, 1, 0) == 1 && (look.revents & (POLLRDHUP | POLLERR | POLLHUP | POLLNVAL)) != 0;
}

void net_shutdown_read(int fd)
{
    (void)shutdown(fd, SHUT_RD);
}

void net_shutdown(int fd)
{
    (void)shutdown(fd, SHUT_RDWR);
}
