/*
 * arrange: what a step says about the elements of an answer's arrays: which are kept, and in which order they
 * are compared.
 */
#ifndef CONVERSATION_ARRANGE_H
#define CONVERSATION_ARRANGE_H

#include "test/conversation/tree.h"

/* Takes the elements with a name (topics, groups, users, ...) out that the pattern does not find, in arrays
 * that stand directly in `answer`, and in those of the elements that stay. `pattern` is a POSIX extended
 * regular expression; false if it is none. */
bool arrange_keep(struct json_value *answer, struct slice pattern, struct note *why);

/* Sorts arrays: `sort` is one key, or an array of keys that are used one after the other. A key is the name
 * of the member to sort by, "array:name" only for arrays of that name, "" for arrays of plain values. Equal
 * ones stay in their order. NULL: nothing. */
void arrange_sort(struct json_value *answer, const struct json_value *sort);

#endif
