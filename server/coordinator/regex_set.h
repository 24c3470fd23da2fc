/*
 * regex_set: sets of ASCII characters, and which of them the names of regular expressions stand for. What is
 * beyond ASCII is in no topic's name, so no set has it. Pure.
 */
#ifndef SERVER_COORDINATOR_REGEX_SET_H
#define SERVER_COORDINATOR_REGEX_SET_H

#include "protocol/base/slice.h"

struct regex_set {
    uint64_t low, high; /* a bit a character: up to 63, from 64 on */
};

bool regex_is_digit(uint32_t c);
bool regex_is_letter(uint32_t c);

bool regex_set_has(const struct regex_set *set, unsigned c);

/* From one code point to another, both included; those beyond ASCII are left out. */
void regex_set_add(struct regex_set *set, uint32_t from, uint32_t to);
struct regex_set regex_set_range(uint32_t from, uint32_t to, bool folds);

struct regex_set regex_set_negate(struct regex_set set);
struct regex_set regex_set_unite(struct regex_set a, struct regex_set b);

/* Where a letter is, its other case comes too. */
void regex_set_fold(struct regex_set *set);

/* "alpha" of "[:alpha:]". False: no such name. */
bool regex_set_find_posix(struct slice name, struct regex_set *set);

/* 'd', 's' and 'w', in either case: what "\d" stands for. */
bool regex_set_find_perl(uint8_t letter, struct regex_set *set);

/* "Lu", "Greek": what of the characters in names has that property. */
bool regex_set_find_property(struct slice name, struct regex_set *set);

#endif
