/* regex_set: see regex_set.h. */
#include "server/coordinator/regex_set.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>
#include <stdio.h>

enum {
    LONG_S = 0x17f,  /* which folds to s */
    KELVIN = 0x212a, /* to k */
};

bool regex_is_digit(uint32_t c)
{
    return c >= '0' && c <= '9';
}

bool regex_is_letter(uint32_t c)
{
    return c < 128 && (c | 0x20) >= 'a' && (c | 0x20) <= 'z';
}

bool regex_set_has(const struct regex_set *set, unsigned c)
{
    return ((c < 64 ? set->low : set->high) >> (c % 64) & 1) != 0;
}

void regex_set_add(struct regex_set *set, uint32_t from, uint32_t to)
{
    for (uint32_t c = from; c <= to && c < 128; c++)
        *(c < 64 ? &set->low : &set->high) |= UINT64_C(1) << (c % 64);
}

struct regex_set regex_set_negate(struct regex_set set)
{
    return (struct regex_set){~set.low, ~set.high};
}

struct regex_set regex_set_unite(struct regex_set a, struct regex_set b)
{
    return (struct regex_set){a.low | b.low, a.high | b.high};
}

void regex_set_fold(struct regex_set *set)
{
    for (unsigned c = 'a'; c <= 'z'; c++)
        if (regex_set_has(set, c) || regex_set_has(set, c - 0x20)) {
            regex_set_add(set, c, c);
            regex_set_add(set, c - 0x20, c - 0x20);
        }
}

/* The same for both cases, and for what beyond ASCII folds to a letter of it. */
static struct regex_set folded_range(uint32_t from, uint32_t to)
{
    struct regex_set set = {0, 0};
    regex_set_add(&set, from, to);
    if (from <= LONG_S && LONG_S <= to)
        regex_set_add(&set, 's', 's');
    if (from <= KELVIN && KELVIN <= to)
        regex_set_add(&set, 'k', 'k');
    regex_set_fold(&set);
    return set;
}

struct regex_set regex_set_range(uint32_t from, uint32_t to, bool folds)
{
    struct regex_set set = {0, 0};
    if (folds)
        return folded_range(from, to);
    regex_set_add(&set, from, to);
    return set;
}

/* ---- sets that have names ---- */

struct named_set {
    const char *name;
    const char *ranges; /* pairs of first and last */
};

static bool find_named(const struct named_set *table, size_t count, struct slice name, struct regex_set *set)
{
    for (size_t i = 0; i < count; i++) {
        if (!slice_equal_str(name, table[i].name))
            continue;
        *set = (struct regex_set){0, 0};
        for (const char *range = table[i].ranges; *range != '\0'; range += 2)
            regex_set_add(set, (uint8_t)range[0], (uint8_t)range[1]);
        return true;
    }
    return false;
}

#define FIND(table, name, set) find_named(table, sizeof(table) / sizeof((table)[0]), name, set)

bool regex_set_find_posix(struct slice name, struct regex_set *set)
{
    static const struct named_set posix[] = {
        {"alnum", "09AZaz"},
        {"alpha", "AZaz"},
        {"ascii", "\1\177"},
        {"blank", "\t\t  "},
        {"cntrl", "\1\37\177\177"},
        {"digit", "09"},
        {"graph", "!~"},
        {"lower", "az"},
        {"print", " ~"},
        {"punct", "!/:@[`{~"},
        {"space", "\t\r  "},
        {"upper", "AZ"},
        {"word", "09AZaz__"},
        {"xdigit", "09AFaf"},
    };
    return FIND(posix, name, set);
}

bool regex_set_find_perl(uint8_t letter, struct regex_set *set)
{
    static const struct named_set perl[] = {{"d", "09"}, {"s", "\t\n\f\r  "}, {"w", "09AZaz__"}};
    uint8_t lower = letter | 0x20;
    return FIND(perl, slice_of(&lower, 1), set);
}

/* Scripts have letters only: of those that are in names all are Latin. What scripts there are PCRE2 knows. */
static bool is_script(struct slice name)
{
    if (name.len == 0 || name.len > 40 || name.data[0] < 'A' || name.data[0] > 'Z')
        return false;
    for (size_t i = 0; i < name.len; i++)
        if (!regex_is_letter(name.data[i]) && name.data[i] != '_')
            return false;
    char text[64];
    int len = snprintf(text, sizeof text, "\\p{sc:%.*s}", SLICE_ARGS(name));
    int error;
    PCRE2_SIZE at;
    pcre2_code *code = pcre2_compile((PCRE2_SPTR)text, (PCRE2_SIZE)len, 0, &error, &at, NULL);
    pcre2_code_free(code);
    return code != NULL;
}

bool regex_set_find_property(struct slice name, struct regex_set *set)
{
    static const struct named_set properties[] = {
        {"Any", "\1\177"}, {"L", "AZaz"}, {"Lu", "AZ"},      {"Ll", "az"},
        {"N", "09"},       {"Nd", "09"},  {"P", "__--.."},   {"Pc", "__"},
        {"Pd", "--"},      {"Po", ".."},  {"Latin", "AZaz"}, {"Common", "09__--.."},
        {"C", ""},         {"Cc", ""},    {"Cf", ""},        {"Co", ""},
        {"Cs", ""},        {"Lm", ""},    {"Lo", ""},        {"Lt", ""},
        {"M", ""},         {"Mc", ""},    {"Me", ""},        {"Mn", ""},
        {"Nl", ""},        {"No", ""},    {"Pe", ""},        {"Pf", ""},
        {"Pi", ""},        {"Ps", ""},    {"S", ""},         {"Sc", ""},
        {"Sk", ""},        {"Sm", ""},    {"So", ""},        {"Z", ""},
        {"Zl", ""},        {"Zp", ""},    {"Zs", ""},
    };
    if (FIND(properties, name, set))
        return true;
    *set = (struct regex_set){0, 0};
    return is_script(name);
}
