/*
 * batches: {"$batch":{...}}: a record batch, whole and right, or damaged as the script says. Magic 0 and 1,
 * which nobody writes any more, are made too, uncompressed or with gzip, to see how a broker turns them away.
 */
#ifndef CONVERSATION_BATCHES_H
#define CONVERSATION_BATCHES_H

#include "test/conversation/values.h"

/* Appends the batch. False with the reason. */
bool batches_append(const struct expanding *in, const struct json_value *batch, struct buf *out);

#endif
