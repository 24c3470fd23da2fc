/* Makes a Check test of every stage. */
#ifndef ACCEPTANCE_CHECK_MAIN_H
#define ACCEPTANCE_CHECK_MAIN_H

#include "stages.h"

#include <check.h>
#include <stdio.h>

/* Runs what the arguments name (all if none) through run, which fails by ck_abort_msg; and the suite
 * that more_tests makes, unless NULL, if no arguments are given. Returns the exit code; that nothing at
 * all was run is a failure. */
int check_main(int argc, char **argv, void (*run)(const struct stage_plan *plan), Suite *(*more_tests)(void));

/* Patterns with '*' for anything. */
bool matches(const char *pattern, const char *text);

#endif
