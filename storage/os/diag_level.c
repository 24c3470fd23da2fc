/* diag_level: see the header. */
#include "storage/os/diag_level.h"

#include <string.h>

static const char *const level_names[DIAG_LEVEL_COUNT] = {
    [DIAG_TRACE] = "TRACE", [DIAG_DEBUG] = "DEBUG", [DIAG_INFO] = "INFO",
    [DIAG_WARN] = "WARN",   [DIAG_ERROR] = "ERROR", [DIAG_FATAL] = "FATAL",
};

static const struct {
    const char *name;
    enum diag_area around;
} areas[DIAG_AREA_COUNT] = {
    [DIAG_ROOT] = {"root", DIAG_ROOT},
    [DIAG_ODRADEK] = {"odradek", DIAG_ROOT},
    [DIAG_METADATA] = {"odradek.metadata", DIAG_ODRADEK},
    [DIAG_SERVER] = {"odradek.server", DIAG_ODRADEK},
    [DIAG_SERVER_API] = {"odradek.server.api", DIAG_SERVER},
    [DIAG_SERVER_COORDINATOR] = {"odradek.server.coordinator", DIAG_SERVER},
    [DIAG_STORAGE] = {"odradek.storage", DIAG_ODRADEK},
};

atomic_int diag_thresholds[DIAG_AREA_COUNT] = {DIAG_INFO, DIAG_INFO, DIAG_INFO, DIAG_INFO,
                                               DIAG_INFO, DIAG_INFO, DIAG_INFO};

static bool has_own[DIAG_AREA_COUNT]; /* whether its threshold is its own; the root's always is */

const char *diag_level_name(enum diag_level level)
{
    return level_names[level];
}

static bool is_name(const char *known, const void *name, size_t len)
{
    return strlen(known) == len && memcmp(known, name, len) == 0;
}

bool diag_level_from_name(const void *name, size_t len, enum diag_level *level)
{
    for (int i = 0; i < DIAG_LEVEL_COUNT; i++) {
        if (!is_name(level_names[i], name, len))
            continue;
        *level = (enum diag_level)i;
        return true;
    }
    return false;
}

const char *diag_area_name(enum diag_area area)
{
    return areas[area].name;
}

bool diag_area_from_name(const void *name, size_t len, enum diag_area *area)
{
    for (int i = 0; i < DIAG_AREA_COUNT; i++) {
        if (!is_name(areas[i].name, name, len))
            continue;
        *area = (enum diag_area)i;
        return true;
    }
    return false;
}

/* What is around another comes before it. */
static void inherit(void)
{
    for (int i = DIAG_ROOT + 1; i < DIAG_AREA_COUNT; i++)
        if (!has_own[i])
            atomic_store(&diag_thresholds[i], atomic_load(&diag_thresholds[areas[i].around]));
}

void diag_level_set(enum diag_area area, enum diag_level level)
{
    has_own[area] = true;
    atomic_store(&diag_thresholds[area], (int)level);
    inherit();
}

void diag_level_unset(enum diag_area area)
{
    has_own[area] = false;
    inherit();
}
