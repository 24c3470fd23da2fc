/* One TCP connection to the program, read as the course's tester reads: the first byte may take as long
 * as the stage may, everything else has to be there 100 ms later. */
#ifndef ACCEPTANCE_CONNECTION_H
#define ACCEPTANCE_CONNECTION_H

#include "arena.h"
#include "tester.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { BROKER_PORT = 9092 };

struct connection {
    int fd;                 /* -1: closed */
    int32_t correlation_id; /* of the request that waits for its answer */
    int64_t quiet_ms;       /* until then bytes would still be taken as part of the last answer */
};

struct received {
    uint8_t *bytes;
    size_t size;
    bool closed; /* the other end closed the connection, or reset it */
};

/* One try; -1 if nobody listens. */
int connection_dial(void);

bool connection_send(struct connection *connection, struct tester *tester, const uint8_t *bytes, size_t size);

/* All bytes until a whole frame is there, 100 ms after the first one, the end of the connection, or the
 * stage's deadline, whichever comes first. */
struct received connection_receive(struct connection *connection, struct tester *tester, struct arena *arena);

/* What comes without having been asked for, until the last answer's 100 ms are over. */
struct received connection_receive_rest(struct connection *connection, struct tester *tester,
                                        struct arena *arena);

#endif
