/*
 * check: whether a node that has just started keeps every promise that the model holds at a cut. The numbers
 * are those of the promises in README.md.
 */
#ifndef TEST_SIM_CHECK_H
#define TEST_SIM_CHECK_H

#include "test/sim/model.h"
#include "test/sim/node.h"

/* False with what is wrong. Reads only. `at`: operations done before the cut. */
bool check_node(struct node *node, struct model *model, size_t at, uint64_t *random, struct note *why);

/* Goes on as clients would: repeats each producer's last batch (an answer, not a second record), appends the
 * next one, and syncs. */
bool check_life_goes_on(struct node *node, struct model *model, size_t at, struct note *why);

#endif
