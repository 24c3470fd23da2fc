/*
 * tick: the thread for what is due by the clock: checkpoints, flushes, retention, idle files, expired fetch
 * sessions, no-ops and snapshots of the cluster log.
 */
#ifndef SERVER_TICK_H
#define SERVER_TICK_H

#include "protocol/base/note.h"

struct broker;
struct tick;

struct tick *tick_start(struct broker *broker, struct note *why);
void tick_stop(struct tick *tick); /* returns when the thread has ended; NULL is fine */

#endif
