/* Whole programs that misbehave: how the stages see a process, its port and its streams. */
#ifndef ACCEPTANCE_BROKEN_PROGRAMS_H
#define ACCEPTANCE_BROKEN_PROGRAMS_H

#include <check.h>

/* Called first in main: if this process was started as a program under test, it acts as one that
 * answers ApiVersions and misbehaves in one way, and does not return. */
void act_as_broken_program(void);

Suite *broken_programs_suite(void);

#endif
