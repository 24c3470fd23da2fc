/*
 * script: a file of steps, one JSON object a line; see README.md. Nothing of a script is done before all of
 * it was read and every name in it is known.
 */
#ifndef CONVERSATION_SCRIPT_H
#define CONVERSATION_SCRIPT_H

#include "test/conversation/tree.h"

enum step_kind { STEP_NOTE, STEP_CREATE, STEP_AWAIT, STEP_CLOSE, STEP_SLEEP, STEP_BYTES, STEP_REQUEST };

struct step {
    int line; /* in the file, from 1 */
    enum step_kind kind;
    int first_version, last_version; /* it is done once for each */
    const struct json_value *value;  /* as it stands there: ${...} are not replaced */
    struct step *next;
};

/* Reads a whole file. Lines that are empty or begin with # or // are left out. False with the reason, which
 * names the line. */
bool script_read(struct slice text, struct arena *arena, struct step **steps, struct note *why);

/* Checks one step (its keys, their kinds, which go together) and says what it is. */
bool script_check_step(const struct json_value *value, struct step *step, struct note *why);

/* Splits off the next line, without its end. False: there is none. */
bool script_next_line(struct slice *text, struct slice *line);

#endif
