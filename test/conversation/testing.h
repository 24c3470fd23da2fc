/*
 * testing: what the runner's own tests share. Everything lies in one arena, which is emptied after each test.
 */
#ifndef CONVERSATION_TESTING_H
#define CONVERSATION_TESTING_H

#include <check.h>

#include "test/conversation/values.h"

static const int64_t testing_t0 = 1700000000000;

/* One for all tests of a process: Check runs each in a process of its own. */
struct arena *testing_arena(void);

/* Must be JSON. */
struct json_value *testing_json(const char *text);

const char *testing_text(const struct json_value *value);

/* What differs, one a line, must be `wanted`. */
void testing_expect_differences(const char *kafka, const char *here, const char *wanted);

/* With ${t0}, ${id} ("abc") and ${list} ([1,2]); notes go to *why. */
struct expanding testing_expanding(struct note *why);

/* Runs the tests, NULL behind the last one. The exit status. */
int testing_run(const char *name, const TTest *const *tests);

#endif
