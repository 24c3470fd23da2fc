/*
 * limit: the least that a broker must do, as the physical limit beside which others are measured: receive,
 * check the CRC, one pwrite a batch, a small answer; or sendfile. A blocking thread for each client.
 * Nothing else: no validation of records, no indexes, no recovery, no configuration.
 *
 *   limit FOLDER PORT [--sync]      --sync: acks=all is answered after an fdatasync of its own
 */
#include "test/bench/die.h"
#include "test/bench/limit_serve.h"

#include <arpa/inet.h>
#include <malloc.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { STACK_SIZE = 64 * 1024, BACKLOG = 512 };

struct client {
    struct limit_log *log;
    int fd;
};

static void *serve(void *argument)
{
    struct client client = *(struct client *)argument;
    free(argument);
    limit_serve(client.log, client.fd);
    return NULL;
}

static int listen_on(uint16_t port)
{
    struct sockaddr_in address = {
        .sin_family = AF_INET,
        .sin_port = htons(port),
        .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
    };
    int on = 1, fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    setsockopt(fd, IPPROTO_TCP, TCP_CONGESTION, "cubic", 5); /* accepted sockets inherit it */
    if (fd < 0 || bind(fd, (struct sockaddr *)&address, sizeof address) != 0 || listen(fd, BACKLOG) != 0)
        die("port %u:", port);
    return fd;
}

static void accept_one(struct limit_log *log, int listening, const pthread_attr_t *attributes)
{
    pthread_t thread;
    int on = 1;
    struct client *client = malloc(sizeof *client);
    if (client == NULL)
        die("malloc:");
    *client = (struct client){log, accept4(listening, NULL, NULL, SOCK_CLOEXEC)};
    if (client->fd < 0)
        die("accept:");
    setsockopt(client->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (pthread_create(&thread, attributes, serve, client) != 0)
        die("cannot start a thread");
}

int main(int argc, char **argv)
{
    if (argc < 3)
        die("usage: limit FOLDER PORT [--sync]");
    struct limit_log log = {
        .folder = argv[1],
        .port = (uint16_t)atoi(argv[2]),
        .sync = argc > 3 && strcmp(argv[3], "--sync") == 0,
        .mutex = PTHREAD_MUTEX_INITIALIZER,
    };
    pthread_attr_t attributes;
    pthread_attr_init(&attributes);
    pthread_attr_setstacksize(&attributes, STACK_SIZE);
    pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
    signal(SIGPIPE, SIG_IGN);
    mallopt(M_ARENA_MAX, 2);
    for (int listening = listen_on(log.port);;)
        accept_one(&log, listening, &attributes);
}
