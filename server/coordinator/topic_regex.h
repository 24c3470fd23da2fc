/*
 * topic_regex: regular expressions that consumers subscribe to topics with (KIP-848), in the syntax of RE2,
 * which Apache Kafka takes (RE2/J). An expression is read here, refused with RE2/J's reasons where it is
 * wrong, and written anew for PCRE2's DFA matcher (docs/decisions/0008). Pure; one thread uses one at a time.
 */
#ifndef SERVER_COORDINATOR_TOPIC_REGEX_H
#define SERVER_COORDINATOR_TOPIC_REGEX_H

#include "protocol/base/buf.h"
#include "protocol/base/note.h"

struct topic_regex;

/* NULL: it is none; the note says why, as RE2/J does. The text is not kept. */
struct topic_regex *topic_regex_new(struct slice text, struct note *why);
void topic_regex_free(struct topic_regex *regex); /* NULL is harmless */

/* Whether it matches the whole name of a topic. Where an expression has so many ways to match a name that
 * their number passes a bound, it does not. */
bool topic_regex_matches(const struct topic_regex *regex, struct slice topic);

/* How many names may be tried at once without holding up others: by how large the expression is. */
int32_t topic_regex_names_at_once(const struct topic_regex *regex);

/* The first half: reads RE2's syntax and writes what means the same to PCRE2, for the names that topics can
 * have. False: it is none. */
bool topic_regex_translate(struct slice text, struct buf *to, struct note *why);

#endif
