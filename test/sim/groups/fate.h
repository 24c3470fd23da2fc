/* fate: what a seed has in store for a simulation, and the first rule that was broken in it. */
#ifndef TEST_FATE_H
#define TEST_FATE_H

#include <stdint.h>

struct fate {
    uint64_t random;
    char wrong[512]; /* "": all rules have held */
};

/* A number for the simulation itself; the shard has its own. */
uint64_t fate_draw(struct fate *fate, uint64_t below);

/* What a broken rule is; the first one counts. */
void fate_wrong(struct fate *fate, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
