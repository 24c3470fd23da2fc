/*
 * java_number: see the header. Pure; any thread. The process keeps the C locale, so strtod reads a point.
 */
#include "metadata/java_number.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum { DOUBLE_TEXT_MAX = 512 }; /* longer texts are refused: no honest setting has them */

bool java_parse_long(struct slice text, int64_t min, int64_t max, int64_t *value)
{
    size_t at = 0;
    bool negative = text.len > 0 && text.data[0] == '-';
    if (text.len > 0 && (text.data[0] == '-' || text.data[0] == '+'))
        at = 1;
    if (at == text.len)
        return false;
    int64_t sum = 0; /* counted downwards: INT64_MIN has no positive twin */
    for (; at < text.len; at++) {
        int digit = text.data[at] - '0';
        if (digit < 0 || digit > 9 || __builtin_mul_overflow(sum, 10, &sum)
            || __builtin_sub_overflow(sum, digit, &sum))
            return false;
    }
    if (!negative && __builtin_sub_overflow((int64_t)0, sum, &sum))
        return false;
    *value = sum;
    return sum >= min && sum <= max;
}

static const char *skip_digits(const char *at, bool hex)
{
    while ((*at >= '0' && *at <= '9') || (hex && ((*at >= 'a' && *at <= 'f') || (*at >= 'A' && *at <= 'F'))))
        at++;
    return at;
}

/* digits [. digits] with at least one digit; NULL if there is none. */
static const char *skip_mantissa(const char *at, bool hex)
{
    const char *end = skip_digits(at, hex);
    bool has_digits = end > at;
    if (*end == '.') {
        const char *fraction = end + 1;
        end = skip_digits(fraction, hex);
        has_digits = has_digits || end > fraction;
    }
    return has_digits ? end : NULL;
}

/* An exponent behind the letter; NULL if it has no digits. */
static const char *skip_exponent(const char *at)
{
    at++;
    if (*at == '+' || *at == '-')
        at++;
    const char *end = skip_digits(at, false);
    return end > at ? end : NULL;
}

/* Java's grammar behind the sign; strtod alone would also take "inf" and "nan(1)". */
static bool is_java_double(const char *at)
{
    if (strcmp(at, "NaN") == 0 || strcmp(at, "Infinity") == 0)
        return true;
    bool hex = at[0] == '0' && (at[1] == 'x' || at[1] == 'X');
    at = skip_mantissa(hex ? at + 2 : at, hex);
    if (!at)
        return false;
    bool has_exponent = hex ? *at == 'p' || *at == 'P' : *at == 'e' || *at == 'E';
    if (hex && !has_exponent)
        return false;
    if (has_exponent)
        at = skip_exponent(at);
    if (at && (*at == 'f' || *at == 'F' || *at == 'd' || *at == 'D'))
        at++;
    return at && *at == '\0';
}

bool java_parse_double(struct slice text, double *value)
{
    while (text.len > 0 && text.data[0] <= ' ')
        text = slice_from(text, 1);
    while (text.len > 0 && text.data[text.len - 1] <= ' ')
        text.len--;
    char copy[DOUBLE_TEXT_MAX + 1];
    if (text.len == 0 || text.len > DOUBLE_TEXT_MAX || memchr(text.data, 0, text.len))
        return false;
    memcpy(copy, text.data, text.len);
    copy[text.len] = '\0';
    if (!is_java_double(copy[0] == '+' || copy[0] == '-' ? copy + 1 : copy))
        return false;
    *value = strtod(copy, NULL);
    return true;
}

/* The fewest significant digits, but two, that read back as the same number, as d.ddde+xx. */
static void format_shortest(double value, char *text, size_t size)
{
    for (int digits = 1; digits < 17; digits++) {
        snprintf(text, size, "%.*e", digits, value);
        if (strtod(text, NULL) == value)
            return;
    }
}

struct slice java_format_double(double value, struct arena *arena)
{
    if (isnan(value))
        return SLICE("NaN");
    const char *sign = signbit(value) ? "-" : "";
    value = fabs(value);
    if (isinf(value))
        return arena_printf(arena, "%sInfinity", sign);
    char text[40];
    format_shortest(value, text, sizeof text);
    char *mark = strchr(text, 'e');
    int exponent = (int)strtol(mark + 1, NULL, 10);
    *mark = '\0';
    for (char *zero = mark - 1; *zero == '0'; zero--) /* stops at the point */
        *zero = '\0';
    const char *fraction = text + 2;
    if (value != 0 && (value < 1e-3 || value >= 1e7))
        return arena_printf(arena, "%s%c.%sE%d", sign, text[0], *fraction ? fraction : "0", exponent);
    int decimals = (int)strlen(fraction) - exponent;
    return arena_printf(arena, "%s%.*f", sign, decimals > 1 ? decimals : 1, value);
}
