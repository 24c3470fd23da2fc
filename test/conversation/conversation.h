/*
 * conversation: does a script's steps with a broker and hands out the result of each, ready to be compared.
 */
#ifndef CONVERSATION_CONVERSATION_H
#define CONVERSATION_CONVERSATION_H

#include "test/conversation/script.h"

typedef void result_fn(void *context, const struct json_value *result);

/* Calls `done` with the result of each step that has one, in order; it is borrowed for the call. The broker
 * may do what it likes: that shows in the results. */
void conversation_hold(const struct step *steps, const char *host, uint16_t port, result_fn *done,
                       void *context);

#endif
