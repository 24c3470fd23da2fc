/*
 * request: the bytes that a step sends, whole and right, or as wrong as the step wants them.
 */
#ifndef CONVERSATION_REQUEST_H
#define CONVERSATION_REQUEST_H

#include "protocol/apis.h"
#include "test/conversation/values.h"

/* What an answer must answer. */
struct pending {
    const struct api *api; /* NULL: the step does not say which; the answer shows as its bytes */
    int version;           /* of the answer */
    int32_t correlation_id;
};

/* Appends the step's bytes. `value` has its ${...} replaced; `next_correlation_id` is used if the step gives
 * none. `pending` says what answer to expect. False with the reason. */
bool request_append(const struct expanding *in, const struct json_value *value, int version,
                    int32_t next_correlation_id, struct buf *out, struct pending *pending);

#endif
