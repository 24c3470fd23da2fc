/*
 * differences: the list of differences that are known and wanted for now, differences.txt. It can only
 * shrink: what is not in it fails, and what is in it and does not happen fails too.
 *
 * The file has the form in which the runner prints differences, so that they can be copied from there; '*'
 * stands for any text:
 *
 *     # Offsets of groups are not offered yet.
 *     01-api-versions:
 *       line *, ApiVersions v*
 *         /answer/apiKeys/[apiKey 8]: Kafka *, here nothing
 *
 * Each script stands under the reason, a line that begins with #.
 */
#ifndef CONVERSATION_DIFFERENCES_H
#define CONVERSATION_DIFFERENCES_H

#include "protocol/base/arena.h"
#include "protocol/base/note.h"

struct difference {
    int line;            /* in the file */
    struct slice script; /* "01-api-versions" */
    struct slice step;   /* "line *, ApiVersions v*" */
    struct slice field;  /* "/answer/apiKeys: Kafka *, here nothing" */
    int seen;            /* how often it happened */
    struct difference *next;
};

/* In the order of the file. The texts borrow from `text`. False with the reason. */
bool differences_read(struct slice text, struct arena *arena, struct difference **list, struct note *why);

/* Whether the list has it; counts it there. */
bool differences_take(struct difference *list, struct slice script, struct slice step, struct slice field);

/* The next one of this script, from `from` on, that never happened; NULL: none. */
struct difference *differences_find_unseen(struct difference *from, struct slice script);

#endif
