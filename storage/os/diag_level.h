/*
 * diag_level: from which level on the lines of each part of the broker are printed, as Apache Kafka's loggers
 * have it: a part without a level of its own has that of the part around it (KIP-412).
 *
 * Any thread may ask. Who changes a level sees to it that nobody else does at the same time. Nothing is kept
 * when the process ends.
 */
#ifndef STORAGE_OS_DIAG_LEVEL_H
#define STORAGE_OS_DIAG_LEVEL_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

/* Kafka's. Nothing is said at trace, nor above error; a threshold may be anything. */
enum diag_level { DIAG_TRACE, DIAG_DEBUG, DIAG_INFO, DIAG_WARN, DIAG_ERROR, DIAG_FATAL, DIAG_LEVEL_COUNT };

/* "TRACE" ... "FATAL". */
const char *diag_level_name(enum diag_level level);

/* False: no level has this name. */
bool diag_level_from_name(const void *name, size_t len, enum diag_level *level);

/* Whose lines: the folder in which the source file lies. What is around another comes before it. */
enum diag_area {
    DIAG_ROOT,
    DIAG_ODRADEK,
    DIAG_METADATA,
    DIAG_SERVER,
    DIAG_SERVER_API,
    DIAG_SERVER_COORDINATOR,
    DIAG_STORAGE,
    DIAG_AREA_COUNT,
};

/* The logger's name: "root", "odradek", "odradek.server.api" ... */
const char *diag_area_name(enum diag_area area);

/* False: no area has this name. */
bool diag_area_from_name(const void *name, size_t len, enum diag_area *area);

/* The area's lines from this level on are printed from now on, and those of the areas in it that have no
 * level of their own. At first the root has DIAG_INFO, and no other area a level of its own. */
void diag_level_set(enum diag_area area, enum diag_level level);

/* The area, not the root, has the level of the one around it again. */
void diag_level_unset(enum diag_area area);

/* In force. */
extern atomic_int diag_thresholds[DIAG_AREA_COUNT];

static inline enum diag_level diag_level_of(enum diag_area area)
{
    return (enum diag_level)atomic_load_explicit(&diag_thresholds[area], memory_order_relaxed);
}

#endif
