/*
 * topic_regex_syntax: the first half of topic_regex: RE2's syntax, as RE2/J reads it with Perl's extensions.
 *
 * Names of topics are made of 65 characters. So every character, class, property and flag becomes a set of
 * ASCII characters right here, and what is left for PCRE2 are sets, groups, alternatives and repetitions:
 * nothing in which the two could mean different things. Flags that say how lines, newlines and greed are
 * treated change nothing about whether a name matches as a whole.
 */
#include "protocol/base/ensure.h"
#include "server/coordinator/topic_regex.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>
#include <stdio.h>

enum {
    DEPTH_MAX = 190, /* open groups */
    REPEAT_MAX = 1000,
    REPLACEMENT = 0xfffd, /* what Java reads for bytes that are no UTF-8 */
    CODE_POINT_MAX = 0x10ffff,
    LONG_S = 0x17f,  /* which folds to s */
    KELVIN = 0x212a, /* to k */
    NAMES_MAX = 100, /* of groups */
};

/* A set of ASCII characters; what stands beyond is in no name. */
struct set {
    uint64_t low, high;
};

/* What holds outside of a group that is open. */
struct group {
    bool folds;
    size_t at; /* where it begins in what is written */
};

struct parser {
    struct slice text;
    size_t at;
    struct buf *to;
    struct note *why;
    bool folds;                    /* (?i) */
    struct group outer[DEPTH_MAX]; /* the groups that are open */
    int depth;
    bool has_atom;       /* something that may be repeated stands before this */
    bool is_repeated;    /* and it is already, somehow */
    bool after_operator; /* just now */
    size_t atom_at;      /* where it begins, in `to` */
    struct slice names[NAMES_MAX];
    int name_count;
};

static bool fail(struct parser *parser, const char *reason)
{
    note_set(parser->why, "%s", reason);
    return false;
}

/* ---- characters ---- */

static bool more(const struct parser *parser)
{
    return parser->at < parser->text.len;
}

static bool looks_at(const struct parser *parser, const char *text)
{
    return slice_starts_with(slice_from(parser->text, parser->at), slice_str(text));
}

/* 0 behind the end, which no caller takes for a character. */
static uint8_t byte_at(const struct parser *parser, size_t ahead)
{
    return parser->at + ahead < parser->text.len ? parser->text.data[parser->at + ahead] : 0;
}

static int sequence_length(uint8_t first)
{
    return first < 0x80 ? 1 : first < 0xc2 ? 0 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : first < 0xf5 ? 4 : 0;
}

/* One code point of UTF-8. */
static uint32_t next(struct parser *parser)
{
    uint8_t first = parser->text.data[parser->at];
    int length = sequence_length(first);
    uint32_t code = length <= 1 ? first : first & (0xffu >> (length + 1));
    for (int i = 1; i < length; i++) {
        if ((byte_at(parser, (size_t)i) & 0xc0) != 0x80)
            length = 0;
        code = code << 6 | (byte_at(parser, (size_t)i) & 0x3f);
    }
    parser->at += length == 0 ? 1 : (size_t)length;
    return length == 0 ? REPLACEMENT : code;
}

static bool is_digit(uint32_t c)
{
    return c >= '0' && c <= '9';
}

static bool is_letter(uint32_t c)
{
    return c < 128 && (c | 0x20) >= 'a' && (c | 0x20) <= 'z';
}

static bool is_octal(uint8_t c)
{
    return c >= '0' && c <= '7';
}

static int hex_value(uint32_t c)
{
    if (is_digit(c))
        return (int)(c - '0');
    return (c | 0x20) >= 'a' && (c | 0x20) <= 'f' ? (int)((c | 0x20) - 'a' + 10) : -1;
}

/* ---- sets ---- */

static bool set_has(const struct set *set, unsigned c)
{
    return ((c < 64 ? set->low : set->high) >> (c % 64) & 1) != 0;
}

static void set_add(struct set *set, uint32_t from, uint32_t to)
{
    for (uint32_t c = from; c <= to && c < 128; c++)
        *(c < 64 ? &set->low : &set->high) |= UINT64_C(1) << (c % 64);
}

static struct set negate(struct set set)
{
    return (struct set){~set.low, ~set.high};
}

static struct set unite(struct set a, struct set b)
{
    return (struct set){a.low | b.low, a.high | b.high};
}

static void fold(struct set *set)
{
    for (unsigned c = 'a'; c <= 'z'; c++)
        if (set_has(set, c) || set_has(set, c - 0x20)) {
            set_add(set, c, c);
            set_add(set, c - 0x20, c - 0x20);
        }
}

/* Both are code points. */
static struct set range_set(const struct parser *parser, uint32_t from, uint32_t to)
{
    struct set set = {0, 0};
    set_add(&set, from, to);
    if (!parser->folds)
        return set;
    fold(&set);
    struct set beyond = {0, 0};
    if (from <= LONG_S && LONG_S <= to)
        set_add(&beyond, 's', 's');
    if (from <= KELVIN && KELVIN <= to)
        set_add(&beyond, 'k', 'k');
    fold(&beyond);
    return unite(set, beyond);
}

static bool is_in_names(unsigned c)
{
    return is_letter(c) || is_digit(c) || c == '.' || c == '_' || c == '-';
}

static void begin_atom(struct parser *parser, size_t at)
{
    parser->atom_at = at;
    parser->has_atom = true;
    parser->is_repeated = false;
}

static void write_atom(struct parser *parser, const char *text)
{
    begin_atom(parser, parser->to->len);
    buf_append_str(parser->to, text);
}

/* Runs of neighbours. No name has a newline: it stands for the empty set. */
static void write_set(struct parser *parser, struct set set)
{
    size_t start = parser->to->len;
    for (unsigned c = 0; c < 128; c++) {
        unsigned end = c;
        while (end < 128 && is_in_names(end) && set_has(&set, end))
            end++;
        if (end == c)
            continue;
        buf_printf(parser->to, "%s\\x%02x-\\x%02x", parser->to->len == start ? "[" : "", c, end - 1);
        c = end;
    }
    buf_append_str(parser->to, parser->to->len == start ? "\\n" : "]");
    begin_atom(parser, start);
}

static void write_literal(struct parser *parser, uint32_t c)
{
    write_set(parser, range_set(parser, c, c));
}

/* ---- escapes ---- */

static uint32_t read_octal(struct parser *parser)
{
    uint32_t value = 0;
    for (int i = 0; i < 3 && is_octal(byte_at(parser, 0)) && more(parser); i++)
        value = value * 8 + next(parser) - '0';
    return value;
}

/* Behind "\x". */
static bool read_hex(struct parser *parser, uint32_t *value)
{
    *value = 0;
    if (byte_at(parser, 0) != '{') {
        int high = hex_value(byte_at(parser, 0)), low = hex_value(byte_at(parser, 1));
        if (high < 0 || low < 0)
            return false;
        *value = (uint32_t)(high * 16 + low);
        parser->at += 2;
        return true;
    }
    size_t first = ++parser->at;
    for (; more(parser) && byte_at(parser, 0) != '}'; parser->at++) {
        int digit = hex_value(byte_at(parser, 0));
        if (digit < 0)
            return false;
        *value = *value * 16 + (uint32_t)digit;
        if (*value > CODE_POINT_MAX)
            return false;
    }
    return parser->at > first && more(parser) && parser->at++ > 0;
}

/* A backslash and what it makes a character of. */
static bool read_escape(struct parser *parser, uint32_t *c)
{
    parser->at++;
    if (!more(parser))
        return fail(parser, "trailing backslash at end of expression");
    static const char letters[] = "afnrtv";
    static const char controls[] = "\a\f\n\r\t\v";
    uint8_t first = byte_at(parser, 0);
    if (first == '0' || (is_octal(first) && is_octal(byte_at(parser, 1)))) {
        *c = read_octal(parser);
        return true;
    }
    *c = next(parser);
    if (*c == 'x')
        return read_hex(parser, c) || fail(parser, "invalid escape sequence");
    const char *letter = *c < 128 && *c != 0 ? strchr(letters, (int)*c) : NULL;
    if (letter != NULL)
        *c = (uint8_t)controls[letter - letters];
    else if (is_letter(*c) || is_digit(*c))
        return fail(parser, "invalid escape sequence");
    return true;
}

/* ---- named sets ---- */

struct named_set {
    const char *name;
    const char *ranges; /* pairs of first and last */
};

static bool find_named(const struct named_set *table, size_t count, struct slice name, struct set *set)
{
    for (size_t i = 0; i < count; i++) {
        if (!slice_equal_str(name, table[i].name))
            continue;
        *set = (struct set){0, 0};
        for (const char *range = table[i].ranges; *range != '\0'; range += 2)
            set_add(set, (uint8_t)range[0], (uint8_t)range[1]);
        return true;
    }
    return false;
}

#define FIND(table, name, set) find_named(table, sizeof(table) / sizeof((table)[0]), name, set)

static bool find_posix(struct slice name, struct set *set)
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

static bool find_perl(uint8_t letter, struct set *set)
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
        if (!is_letter(name.data[i]) && name.data[i] != '_')
            return false;
    char text[64];
    int len = snprintf(text, sizeof text, "\\p{sc:%.*s}", SLICE_ARGS(name));
    int error;
    PCRE2_SIZE at;
    pcre2_code *code = pcre2_compile((PCRE2_SPTR)text, (PCRE2_SIZE)len, 0, &error, &at, NULL);
    pcre2_code_free(code);
    return code != NULL;
}

/* What of the characters in names has a property. */
static bool find_property(struct slice name, struct set *set)
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
    *set = (struct set){0, 0};
    return is_script(name);
}

static struct set finish_named(const struct parser *parser, struct set set, bool negated)
{
    if (parser->folds)
        fold(&set);
    return negated ? negate(set) : set;
}

/* "\pN", "\p{Greek}", "\P{^Lu}": what stands behind the backslash and the p. */
static bool read_property(struct parser *parser, struct set *set)
{
    bool negated = byte_at(parser, 1) == 'P';
    parser->at += 2;
    if (!more(parser))
        return fail(parser, "invalid character class range");
    size_t start = parser->at;
    uint32_t first = next(parser);
    struct slice name = slice_of(parser->text.data + start, parser->at - start);
    if (first == '{') {
        while (more(parser) && byte_at(parser, 0) != '}')
            parser->at++;
        if (!more(parser))
            return fail(parser, "invalid character class range");
        name = slice_of(parser->text.data + start + 1, parser->at - start - 1);
        parser->at++;
    }
    if (name.len > 0 && name.data[0] == '^') {
        negated = !negated;
        name = slice_from(name, 1);
    }
    if (!find_property(name, set))
        return fail(parser, "invalid character class range");
    *set = finish_named(parser, *set, negated);
    return true;
}

static bool looks_at_property(const struct parser *parser)
{
    return byte_at(parser, 0) == '\\' && (byte_at(parser, 1) | 0x20) == 'p';
}

/* "\d" and its kin; false: something else stands here. */
static bool take_perl(struct parser *parser, struct set *set)
{
    uint8_t letter = byte_at(parser, 1);
    if (byte_at(parser, 0) != '\\' || !is_letter(letter) || !find_perl(letter, set))
        return false;
    *set = finish_named(parser, *set, letter < 'a');
    parser->at += 2;
    return true;
}

/* ---- classes ---- */

enum named { NAMED_NONE, NAMED_FOUND, NAMED_WRONG };

/* "[:alpha:]" within a class. As in RE2/J one colon may do for both: "[:]" is a wrong name. */
static enum named take_posix(struct parser *parser, struct set *set)
{
    if (!looks_at(parser, "[:"))
        return NAMED_NONE;
    struct slice rest = slice_from(parser->text, parser->at + 1);
    const uint8_t *end = memmem(rest.data, rest.len, ":]", 2);
    if (end == NULL)
        return NAMED_NONE;
    size_t len = end == rest.data ? 0 : (size_t)(end - rest.data) - 1;
    struct slice name = slice_of(rest.data + 1, len);
    bool negated = len > 0 && name.data[0] == '^';
    parser->at = (size_t)(end + 2 - parser->text.data);
    if (!find_posix(negated ? slice_from(name, 1) : name, set)) {
        fail(parser, "invalid character class range");
        return NAMED_WRONG;
    }
    *set = finish_named(parser, *set, negated);
    return NAMED_FOUND;
}

static bool read_class_character(struct parser *parser, uint32_t *c)
{
    if (!more(parser))
        return fail(parser, "missing closing ]");
    if (byte_at(parser, 0) == '\\')
        return read_escape(parser, c);
    *c = next(parser);
    return true;
}

static bool read_class_range(struct parser *parser, struct set *set)
{
    uint32_t from, to;
    if (!read_class_character(parser, &from))
        return false;
    to = from;
    if (byte_at(parser, 0) == '-' && parser->at + 1 < parser->text.len && byte_at(parser, 1) != ']') {
        parser->at++;
        if (!read_class_character(parser, &to))
            return false;
        if (to < from)
            return fail(parser, "invalid character class range");
    }
    *set = range_set(parser, from, to);
    return true;
}

static bool read_class_item(struct parser *parser, struct set *set)
{
    switch (take_posix(parser, set)) {
    case NAMED_FOUND:
        return true;
    case NAMED_WRONG:
        return false;
    case NAMED_NONE:
        break;
    }
    if (looks_at_property(parser))
        return read_property(parser, set);
    return take_perl(parser, set) || read_class_range(parser, set);
}

static bool read_class(struct parser *parser)
{
    struct set all = {0, 0};
    parser->at++;
    bool negated = byte_at(parser, 0) == '^';
    parser->at += negated;
    for (bool first = true; first || byte_at(parser, 0) != ']' || !more(parser); first = false) {
        struct set item;
        if (!read_class_item(parser, &item))
            return false;
        all = unite(all, item);
    }
    parser->at++;
    write_set(parser, negated ? negate(all) : all);
    return true;
}

/* ---- groups ---- */

static bool open_group(struct parser *parser, bool folds)
{
    if (parser->depth == DEPTH_MAX)
        return fail(parser, "expression too large");
    parser->outer[parser->depth++] = (struct group){parser->folds, parser->to->len};
    buf_append_str(parser->to, "(?:");
    parser->folds = folds;
    parser->has_atom = false;
    return true;
}

static bool close_group(struct parser *parser)
{
    if (parser->depth == 0)
        return fail(parser, "regexp/syntax: internal error");
    const struct group *group = &parser->outer[--parser->depth];
    buf_append_char(parser->to, ')');
    begin_atom(parser, group->at);
    parser->folds = group->folds;
    parser->at++;
    return true;
}

static bool is_group_name(struct slice name)
{
    for (size_t i = 0; i < name.len; i++)
        if (!is_letter(name.data[i]) && !is_digit(name.data[i]) && name.data[i] != '_')
            return false;
    return name.len > 0;
}

/* Its name must be one, and a new one; then it is a group like others. */
static bool open_named_group(struct parser *parser, size_t prefix)
{
    struct slice rest = slice_from(parser->text, parser->at + prefix);
    const uint8_t *end = rest.len == 0 ? NULL : memchr(rest.data, '>', rest.len);
    struct slice name = slice_of(rest.data, end == NULL ? 0 : (size_t)(end - rest.data));
    if (end == NULL || !is_group_name(name))
        return fail(parser, "invalid named capture");
    for (int i = 0; i < parser->name_count; i++)
        if (slice_equal(parser->names[i], name))
            return fail(parser, "duplicate capture group name");
    if (parser->name_count == NAMES_MAX)
        return fail(parser, "expression too large");
    parser->names[parser->name_count++] = name;
    parser->at += prefix + name.len + 1;
    return open_group(parser, parser->folds);
}

/* "(?i-s:" or "(?i)": flags up to the end or to a colon. */
static bool read_flags(struct parser *parser)
{
    bool folds = parser->folds, minus = false, saw_flag = false;
    for (parser->at += 2; more(parser);) {
        uint8_t c = byte_at(parser, 0);
        parser->at++;
        if (c == 'i' || c == 'm' || c == 's' || c == 'U') {
            folds = c == 'i' ? !minus : folds;
            saw_flag = true;
        } else if (c == '-' && !minus) {
            minus = true;
            saw_flag = false;
        } else if ((c == ':' || c == ')') && (!minus || saw_flag)) {
            if (c == ':')
                return open_group(parser, folds);
            parser->folds = folds;
            return true;
        } else {
            break;
        }
    }
    return fail(parser, "invalid or unsupported Perl syntax");
}

static bool read_group(struct parser *parser)
{
    if (looks_at(parser, "(?P<"))
        return open_named_group(parser, 4);
    if (looks_at(parser, "(?<"))
        return open_named_group(parser, 3);
    if (looks_at(parser, "(?"))
        return read_flags(parser);
    parser->at++;
    return open_group(parser, parser->folds);
}

/* ---- repetitions ---- */

/* What is too large is not read any further. False: no number. */
static bool read_count(struct parser *parser, int *count)
{
    size_t start = parser->at;
    *count = 0;
    for (; is_digit(byte_at(parser, 0)); parser->at++)
        if (*count <= REPEAT_MAX)
            *count = *count * 10 + (int)(byte_at(parser, 0) - '0');
    size_t digits = parser->at - start;
    return digits > 0 && (digits == 1 || parser->text.data[start] != '0');
}

/* "{2}", "{2,}", "{2,3}"; max -1: none. False: the brace is a character. */
static bool read_counts(struct parser *parser, int *min, int *max)
{
    size_t start = parser->at++;
    bool valid = read_count(parser, min);
    *max = *min;
    if (valid && byte_at(parser, 0) == ',') {
        parser->at++;
        *max = -1;
        if (byte_at(parser, 0) != '}')
            valid = read_count(parser, max);
    }
    if (valid && byte_at(parser, 0) == '}' && more(parser)) {
        parser->at++;
        return true;
    }
    parser->at = start;
    return false;
}

/* What stands between two operators may be nothing but flags: PCRE2 would read the second one otherwise. */
static void enclose_atom(struct parser *parser)
{
    static const char opening[] = "(?:";
    size_t len = sizeof opening - 1;
    buf_append(parser->to, opening, len);
    uint8_t *at = parser->to->data + parser->atom_at;
    memmove(at + len, at, parser->to->len - parser->atom_at - len);
    memcpy(at, opening, len);
    buf_append_char(parser->to, ')');
}

/* The operator stands before the place that is looked at. What is greedy and what is not is all the same. */
static bool repeat(struct parser *parser, bool after_operator, const char *operator)
{
    if (byte_at(parser, 0) == '?')
        parser->at++;
    if (after_operator)
        return fail(parser, "invalid nested repetition operator");
    if (!parser->has_atom)
        return fail(parser, "missing argument to repetition operator");
    if (parser->is_repeated)
        enclose_atom(parser);
    buf_append_str(parser->to, operator);
    parser->is_repeated = parser->after_operator = true;
    return true;
}

static bool repeat_simply(struct parser *parser, bool after_operator)
{
    const char operator[] = {(char)byte_at(parser, 0), '\0'};
    parser->at++;
    return repeat(parser, after_operator, operator);
}

/* A brace that begins no counts is a character, and yet an operator to RE2/J. */
static bool read_brace(struct parser *parser, bool after_operator)
{
    int min, max;
    if (!read_counts(parser, &min, &max)) {
        write_literal(parser, next(parser));
        parser->after_operator = true;
        return true;
    }
    if (min > REPEAT_MAX || max > REPEAT_MAX || (max >= 0 && min > max))
        return fail(parser, "invalid repeat count");
    char operator[32];
    if (max < 0)
        snprintf(operator, sizeof operator, "{%d,}", min);
    else
        snprintf(operator, sizeof operator, "{%d,%d}", min, max);
    return repeat(parser, after_operator, operator);
}

/* ---- the whole ---- */

/* "\Q...\E": characters and nothing else. */
static void read_quotation(struct parser *parser)
{
    parser->at += 2;
    while (more(parser) && !looks_at(parser, "\\E"))
        write_literal(parser, next(parser));
    if (more(parser))
        parser->at += 2;
}

static bool read_backslash(struct parser *parser)
{
    struct set set;
    if (looks_at_property(parser)) {
        if (!read_property(parser, &set))
            return false;
    } else if (!take_perl(parser, &set)) {
        uint32_t c;
        if (!read_escape(parser, &c))
            return false;
        set = range_set(parser, c, c);
    }
    write_set(parser, set);
    return true;
}

/* What stands for itself in both syntaxes. */
static const struct {
    const char *from, *to;
} assertions[] = {{"^", "(?:\\A)"},   {"$", "(?:\\z)"},   {"\\A", "(?:\\A)"},
                  {"\\z", "(?:\\z)"}, {"\\b", "(?:\\b)"}, {"\\B", "(?:\\B)"}};

static bool take_assertion(struct parser *parser)
{
    for (size_t i = 0; i < sizeof assertions / sizeof assertions[0]; i++)
        if (looks_at(parser, assertions[i].from)) {
            parser->at += strlen(assertions[i].from);
            write_atom(parser, assertions[i].to);
            return true;
        }
    return false;
}

static void read_bar(struct parser *parser)
{
    buf_append_char(parser->to, '|');
    parser->has_atom = false;
    parser->at++;
}

static bool read_one(struct parser *parser)
{
    bool after_operator = parser->after_operator;
    parser->after_operator = false;
    if (take_assertion(parser))
        return true;
    if (looks_at(parser, "\\Q")) {
        read_quotation(parser);
        return true;
    }
    switch (byte_at(parser, 0)) {
    case '(':
        return read_group(parser);
    case ')':
        return close_group(parser);
    case '|':
        read_bar(parser);
        return true;
    case '[':
        return read_class(parser);
    case '*':
    case '+':
    case '?':
        return repeat_simply(parser, after_operator);
    case '{':
        return read_brace(parser, after_operator);
    case '\\':
        return read_backslash(parser);
    case '.':
        parser->at++;
        write_atom(parser, ".");
        return true;
    default:
        write_literal(parser, next(parser));
        return true;
    }
}

bool topic_regex_translate(struct slice text, struct buf *to, struct note *why)
{
    struct parser parser = {.text = text, .to = to, .why = why};
    buf_append_str(to, "(?:");
    while (more(&parser))
        if (!read_one(&parser))
            return false;
    if (parser.depth > 0)
        return fail(&parser, "missing closing )");
    buf_append_str(to, ")\\z");
    return true;
}
