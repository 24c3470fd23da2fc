/*
 * messages: every message that has a table: requests, answers, headers, records. For tools, tests and
 * fuzzers; a handler includes its own messages/<api>.h.
 */
#ifndef PROTOCOL_MESSAGES_H
#define PROTOCOL_MESSAGES_H

#include "protocol/schema/schema.h"

extern const struct message *const all_messages[];
extern const size_t all_messages_count;

/* By Kafka's name, "FetchRequest" or "TopicRecord"; NULL: no table. */
const struct message *find_message(const char *name);

#endif
