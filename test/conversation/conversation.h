/*
 * conversation: does a script's steps with a broker and hands out the result of each, ready to be compared.
 */
#ifndef CONVERSATION_CONVERSATION_H
#define CONVERSATION_CONVERSATION_H

#include "test/conversation/script.h"

typedef void result_fn(void *context, const struct json_value *result);

/* Whether nothing is what should come in the place of the next result's answer. Where something should, it is
 * waited for however busy the machine is; `wait_ms` is how long nothing has to last. */
typedef bool silence_fn(void *context);

/* Where the broker listens. */
struct conversation_peer {
    const char *host;
    uint16_t port;
    uint16_t controller_port; /* of its controller's listener; 0: nobody has said */
};

/* Calls `done` with the result of each step that has one, in order; it is borrowed for the call. The broker
 * may do what it likes: that shows in the results. Connections whose name begins with "controller" go to the
 * controller's listener. */
void conversation_hold(const struct step *steps, const struct conversation_peer *peer, result_fn *done,
                       silence_fn *is_silence_due, void *context);

#endif
