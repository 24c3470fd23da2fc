/*
 * broker_process: an Odradek of our own, on an empty directory and a free port, with the settings that the
 * answers were recorded with. One thread starts and stops it.
 */
#ifndef CONVERSATION_BROKER_PROCESS_H
#define CONVERSATION_BROKER_PROCESS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "protocol/base/note.h"

struct broker_process {
    pid_t pid;
    uint16_t port;            /* on 127.0.0.1 */
    uint16_t controller_port; /* likewise: its controller's listener */
    char directory[256];      /* server.properties, data, server.log */
};

/* `settings` are more of them, as "name=value name=value", or NULL. Returns when it serves. False with the
 * reason; nothing is left behind then. */
bool broker_process_start(struct broker_process *broker, const char *program, const char *settings,
                          struct note *why);

/* Stops it (SIGTERM). False with the reason if it had ended before, or does not end as it should. The
 * directory stays. */
bool broker_process_stop(struct broker_process *broker, struct note *why);

void broker_process_remove(struct broker_process *broker);

/* The end of what it wrote, to stderr. */
void broker_process_show_log(const struct broker_process *broker);

#endif
