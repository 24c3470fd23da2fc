/*
 * net: sockets, the one place. All of them block; what waits has a deadline.
 */
#ifndef SERVER_NET_H
#define SERVER_NET_H

#include "protocol/base/note.h"
#include "protocol/base/slice.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/uio.h>

enum { NET_ADDRESS_SIZE = 64 };

/* Binds and listens with SO_REUSEADDR. `host` "" is all addresses (IPv6 and IPv4 in one where the machine has
 * both). Port 0 picks one; *port says which. -1 with the reason. */
int net_listen(const char *host, uint16_t *port, int backlog, struct note *why);

/* Connects within `timeout_ms`. -1 with the reason. */
int net_connect(const char *host, uint16_t port, int timeout_ms, struct note *why);

/* Whether the text is an address, or a name that leads to one. Asks the system's resolver: may take
 * seconds. */
bool net_resolves(struct slice host);

/* Accepts one client, close-on-exec, without delay of small segments. -1 with errno. `address` gets the peer
 * as Java would print it (0:0:0:0:0:0:0:1, and IPv4 as such whatever the socket). */
int net_accept(int listening, char address[NET_ADDRESS_SIZE], uint16_t *port);

/* Whether a client waits to be accepted, now or within `timeout_ms`. */
bool net_has_client(int listening, int timeout_ms);

/* Accepts one client and turns it away. */
void net_refuse(int listening);

/* How long a read or write may make no progress before it gives up; 0: for ever. */
void net_set_read_timeout(int fd, int64_t timeout_ms);
void net_set_write_timeout(int fd, int64_t timeout_ms);
void net_set_buffers(int fd, int send_bytes, int receive_bytes); /* -1: leave to the system */

enum net_result {
    NET_OK,
    NET_TIMED_OUT,
    NET_CLOSED, /* by the peer, or broken */
};

/* At least one byte, up to `size`. */
enum net_result net_read(int fd, void *into, size_t size, size_t *got);

/* All of it. `more`: something follows at once (MSG_MORE). */
enum net_result net_write(int fd, const void *bytes, size_t len, bool more);

/* `len` bytes of a file from `position` on, without a copy in this process. NET_CLOSED also if the file ends
 * early. */
enum net_result net_send_file(int fd, int file_fd, int64_t position, size_t len);

/* True if the peer has gone (it closed its side or the connection broke); takes nothing off the socket. */
bool net_peer_is_gone(int fd);

void net_shutdown_read(int fd); /* a blocked read returns NET_CLOSED */
void net_shutdown(int fd);

#endif
