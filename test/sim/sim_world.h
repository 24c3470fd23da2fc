/*
 * sim_world: what a simulation has instead of the machine: a clock that only the test moves, random numbers
 * from a seed, and a piece of memory for the lines that an operator would see. It defines the functions of
 * storage/os/clock.h, storage/os/diag.h and storage/os/random.h and getentropy(), so that the linker takes
 * these and not the real ones: a new function there needs one here.
 */
#ifndef TEST_SIM_SIM_WORLD_H
#define TEST_SIM_SIM_WORLD_H

#include <stdint.h>

/* Starts anew: the clock at a fixed time, random numbers from the seed. */
void sim_world_reset(uint64_t seed);

/* Milliseconds that pass. Both clocks are one. */
void sim_world_pass(int64_t ms);

/* A generator of its own for whoever needs one. */
uint64_t sim_random(uint64_t *state);
uint32_t sim_draw(uint64_t *state, uint32_t below);

/* Makes addresses the same in every run, which maps' hash seeds depend on: starts the program again without
 * address space randomisation, once. First thing in main. */
void sim_world_fix_addresses(char **argv);

/* The warnings and errors since sim_world_forget, a line each; what does not fit is cut. */
const char *sim_world_told(void);
void sim_world_forget(void);

/* ODRADEK_SIM_<name> as a number, or the default. */
int64_t sim_option(const char *name, int64_t otherwise);

#endif
