/*
 * compare: where two answers differ.
 */
#ifndef CONVERSATION_COMPARE_H
#define CONVERSATION_COMPARE_H

#include "test/conversation/tree.h"

typedef void difference_fn(void *context, const char *text);

/*
 * Calls `found` for every field that differs, with a text that is borrowed for the call:
 *
 *     /answer/responses/0/errorCode: Kafka -1, here 0
 *
 * The order of an object's members does not count, that of elements does. Where one array has more elements
 * than the other, the path names an element by its first member (apiKey, name, ...) and not by its place, so
 * that one that is missing is one difference: /answer/apiKeys/[apiKey 8]: Kafka {...}, here nothing.
 */
void compare_answers(const struct json_value *kafka, const struct json_value *here, difference_fn *found,
                     void *context);

#endif
