/*
 * produce: the two steps of a Produce request (server/run.h joins the appends of several).
 */
#ifndef SERVER_API_PRODUCE_H
#define SERVER_API_PRODUCE_H

#include "server/call.h"

/* Checks every partition's records and puts the good ones into the run's appends. Nothing is appended yet. */
void produce_begin(struct call *call);

/* Fills the answer from what became of the appends. */
void produce_finish(struct call *call);

#endif
