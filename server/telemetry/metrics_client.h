/*
 * metrics_client: what a subscription to clients' metrics may look at to choose its clients (KIP-714).
 */
#ifndef SERVER_TELEMETRY_METRICS_CLIENT_H
#define SERVER_TELEMETRY_METRICS_CLIENT_H

#include "protocol/base/slice.h"
#include "protocol/base/uuid.h"

/* Borrowed for the length of a call. */
struct metrics_client {
    struct uuid instance_id;
    struct slice client_id;        /* null: none given, which no pattern matches */
    struct slice software_name;    /* null: the client has not said */
    struct slice software_version; /* likewise */
    struct slice address;
    uint16_t port;
};

#endif
