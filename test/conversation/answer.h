/*
 * answer: a frame that came back, as a result shows it.
 */
#ifndef CONVERSATION_ANSWER_H
#define CONVERSATION_ANSWER_H

#include "test/conversation/request.h"

/*
 * Decodes the frame as the answer to `pending` (NULL: no request waits). Puts what is odd about it into
 * `result`: "correlation", "left over", "encoding", "undecodable", "hex". Returns Kafka's JSON of it, with
 * records decoded; NULL if it could not be read. Everything lies in the arena.
 */
struct json_value *answer_read(const struct pending *pending, struct slice frame, struct arena *arena,
                               struct json_value *result);

/* Whether every pointer in `wanted` ({"/errorCode":[0,42]}) finds one of its values. `answer` may be NULL:
 * then not. */
bool answer_matches(const struct json_value *answer, const struct json_value *wanted);

#endif
