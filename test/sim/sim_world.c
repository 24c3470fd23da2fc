/* sim_world: see sim_world.h. One thread. */
#include "test/sim/sim_world.h"

#include "storage/os/clock.h"
#include "storage/os/diag.h"
#include "storage/os/random.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/personality.h>
#include <unistd.h>

static const int64_t start_ms = 1767225600000; /* 2026-01-01 */
static int64_t now_ms = 1767225600000;
static uint64_t entropy = 1;

void sim_world_reset(uint64_t seed)
{
    now_ms = start_ms;
    entropy = seed * 2 + 1;
}

void sim_world_pass(int64_t ms)
{
    now_ms += ms;
}

uint64_t sim_random(uint64_t *state)
{
    uint64_t z = *state += 0x9e3779b97f4a7c15U; /* splitmix64 */
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9U;
    z = (z ^ z >> 27) * 0x94d049bb133111ebU;
    return z ^ z >> 31;
}

uint32_t sim_draw(uint64_t *state, uint32_t below)
{
    return (uint32_t)((sim_random(state) >> 32) % below);
}

void sim_world_fix_addresses(char **argv)
{
    int now = personality(0xffffffff);
    if (now < 0 || (now & ADDR_NO_RANDOMIZE) != 0 || personality((unsigned long)now | ADDR_NO_RANDOMIZE) < 0)
        return;
    execv("/proc/self/exe", argv);
}

int64_t sim_option(const char *name, int64_t otherwise)
{
    char variable[64];
    snprintf(variable, sizeof variable, "ODRADEK_SIM_%s", name);
    const char *text = getenv(variable);
    return text != NULL ? strtoll(text, NULL, 0) : otherwise;
}

/* ---- instead of the machine's ---- */

int64_t clock_wall_ms(void)
{
    return now_ms;
}

int64_t clock_monotonic_ms(void)
{
    return now_ms - start_ms + 1000000;
}

int64_t clock_monotonic_us(void)
{
    return clock_monotonic_ms() * 1000;
}

uint64_t random_bits(void)
{
    return sim_random(&entropy);
}

int getentropy(void *bytes, size_t len)
{
    uint8_t *at = bytes;
    for (size_t i = 0; i < len; i++)
        at[i] = (uint8_t)(sim_random(&entropy) >> 32);
    return 0;
}

static char told[8192];
static size_t told_len;

const char *sim_world_told(void)
{
    return told;
}

void sim_world_forget(void)
{
    told_len = 0;
    told[0] = '\0';
}

__attribute__((format(printf, 1, 0))) static void say(const char *format, va_list arguments)
{
    static int verbose = -1;
    if (verbose < 0)
        verbose = sim_option("VERBOSE", 0) != 0;
    size_t room = sizeof told - told_len;
    int len = vsnprintf(told + told_len, room, format, arguments);
    if (verbose != 0)
        fprintf(stderr, "%s\n", told + told_len);
    if (len >= 0 && (size_t)len + 1 < room) {
        told_len += (size_t)len;
        told[told_len++] = '\n';
    }
    told[told_len] = '\0';
}

void diag_print(enum diag_area area, enum diag_level level, const char *format, ...)
{
    (void)area;
    va_list arguments;
    va_start(arguments, format);
    if (level > DIAG_INFO)
        say(format, arguments);
    va_end(arguments);
}
