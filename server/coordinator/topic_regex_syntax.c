/*
 * topic_regex_syntax: the first half of topic_regex: RE2's syntax, as RE2/J reads it with Perl's extensions.
 *
 * Names of topics are made of 65 characters. So every character, class, property and flag becomes a set of
 * ASCII characters right here (regex_reader), and what is left for PCRE2 are sets, groups, alternatives and
 * repetitions (regex_writer): nothing in which the two could mean different things. Flags that say how lines,
 * newlines and greed are treated change nothing about whether a name matches as a whole.
 */
#include "server/coordinator/regex_reader.h"
#include "server/coordinator/regex_writer.h"
#include "server/coordinator/topic_regex.h"

#include <stdio.h>

enum {
    DEPTH_MAX = 190, /* open groups */
    REPEAT_MAX = 1000,
    NAMES_MAX = 100, /* of groups */
};

/* What holds outside of a group that is open. */
struct group {
    bool folds;
    size_t at; /* where it begins in what is written */
};

struct parser {
    struct regex_reader reader;
    struct regex_writer writer;
    struct group outer[DEPTH_MAX]; /* the groups that are open */
    int depth;
    bool after_operator; /* just now */
    struct slice names[NAMES_MAX];
    int name_count;
};

static bool fail(struct parser *parser, const char *reason)
{
    return regex_reader_fail(&parser->reader, reason);
}

/* ---- characters ---- */

/* The next one, which stands for itself. */
static void take_literal(struct parser *parser)
{
    uint32_t c = regex_reader_next(&parser->reader);
    regex_writer_set(&parser->writer, regex_set_range(c, c, parser->reader.folds));
}

/* "\Q...\E": characters and nothing else. */
static void take_quotation(struct parser *parser)
{
    struct regex_reader *reader = &parser->reader;
    reader->at += 2;
    while (regex_reader_more(reader) && !regex_reader_looks_at(reader, "\\E"))
        take_literal(parser);
    if (regex_reader_more(reader))
        reader->at += 2;
}

static bool read_backslash(struct parser *parser)
{
    struct regex_reader *reader = &parser->reader;
    struct regex_set set;
    if (regex_reader_looks_at_property(reader)) {
        if (!regex_reader_property(reader, &set))
            return false;
    } else if (!regex_reader_take_perl(reader, &set)) {
        uint32_t c;
        if (!regex_reader_escape(reader, &c))
            return false;
        set = regex_set_range(c, c, reader->folds);
    }
    regex_writer_set(&parser->writer, set);
    return true;
}

static bool read_class(struct parser *parser)
{
    struct regex_set set;
    if (!regex_reader_class(&parser->reader, &set))
        return false;
    regex_writer_set(&parser->writer, set);
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
        if (regex_reader_looks_at(&parser->reader, assertions[i].from)) {
            parser->reader.at += strlen(assertions[i].from);
            regex_writer_atom(&parser->writer, assertions[i].to);
            return true;
        }
    return false;
}

/* ---- groups ---- */

static bool open_group(struct parser *parser, bool folds)
{
    if (parser->depth == DEPTH_MAX)
        return fail(parser, "expression too large");
    parser->outer[parser->depth++] = (struct group){parser->reader.folds, regex_writer_open(&parser->writer)};
    parser->reader.folds = folds;
    return true;
}

static bool close_group(struct parser *parser)
{
    if (parser->depth == 0)
        return fail(parser, "regexp/syntax: internal error");
    const struct group *group = &parser->outer[--parser->depth];
    regex_writer_close(&parser->writer, group->at);
    parser->reader.folds = group->folds;
    parser->reader.at++;
    return true;
}

static bool is_group_name(struct slice name)
{
    for (size_t i = 0; i < name.len; i++)
        if (!regex_is_letter(name.data[i]) && !regex_is_digit(name.data[i]) && name.data[i] != '_')
            return false;
    return name.len > 0;
}

/* Its name must be one, and a new one; then it is a group like others. */
static bool open_named_group(struct parser *parser, size_t prefix)
{
    struct regex_reader *reader = &parser->reader;
    struct slice rest = slice_from(reader->text, reader->at + prefix);
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
    reader->at += prefix + name.len + 1;
    return open_group(parser, reader->folds);
}

/* "(?i-s:" or "(?i)": flags up to the end or to a colon. */
static bool read_flags(struct parser *parser)
{
    struct regex_reader *reader = &parser->reader;
    bool folds = reader->folds, minus = false, saw_flag = false;
    for (reader->at += 2; regex_reader_more(reader);) {
        uint8_t c = regex_reader_byte(reader, 0);
        reader->at++;
        if (c == 'i' || c == 'm' || c == 's' || c == 'U') {
            folds = c == 'i' ? !minus : folds;
            saw_flag = true;
        } else if (c == '-' && !minus) {
            minus = true;
            saw_flag = false;
        } else if ((c == ':' || c == ')') && (!minus || saw_flag)) {
            if (c == ':')
                return open_group(parser, folds);
            reader->folds = folds;
            return true;
        } else {
            break;
        }
    }
    return fail(parser, "invalid or unsupported Perl syntax");
}

static bool read_group(struct parser *parser)
{
    struct regex_reader *reader = &parser->reader;
    if (regex_reader_looks_at(reader, "(?P<"))
        return open_named_group(parser, 4);
    if (regex_reader_looks_at(reader, "(?<"))
        return open_named_group(parser, 3);
    if (regex_reader_looks_at(reader, "(?"))
        return read_flags(parser);
    reader->at++;
    return open_group(parser, reader->folds);
}

/* ---- repetitions ---- */

/* What is too large is not read any further. False: no number. */
static bool read_count(struct regex_reader *reader, int *count)
{
    size_t start = reader->at;
    *count = 0;
    for (; regex_is_digit(regex_reader_byte(reader, 0)); reader->at++)
        if (*count <= REPEAT_MAX)
            *count = *count * 10 + (int)(regex_reader_byte(reader, 0) - '0');
    size_t digits = reader->at - start;
    return digits > 0 && (digits == 1 || reader->text.data[start] != '0');
}

/* "{2}", "{2,}", "{2,3}"; max -1: none. False: the brace is a character. */
static bool read_counts(struct regex_reader *reader, int *min, int *max)
{
    size_t start = reader->at++;
    bool valid = read_count(reader, min);
    *max = *min;
    if (valid && regex_reader_byte(reader, 0) == ',') {
        reader->at++;
        *max = -1;
        if (regex_reader_byte(reader, 0) != '}')
            valid = read_count(reader, max);
    }
    if (valid && regex_reader_byte(reader, 0) == '}' && regex_reader_more(reader)) {
        reader->at++;
        return true;
    }
    reader->at = start;
    return false;
}

/* The operator stands before the place that is looked at. What is greedy and what is not is all the same. */
static bool repeat(struct parser *parser, bool after_operator, const char *operator)
{
    if (regex_reader_byte(&parser->reader, 0) == '?')
        parser->reader.at++;
    if (after_operator)
        return fail(parser, "invalid nested repetition operator");
    if (!parser->writer.has_atom)
        return fail(parser, "missing argument to repetition operator");
    regex_writer_repeat(&parser->writer, operator);
    parser->after_operator = true;
    return true;
}

static bool repeat_simply(struct parser *parser, bool after_operator)
{
    const char operator[] = {(char)regex_reader_byte(&parser->reader, 0), '\0'};
    parser->reader.at++;
    return repeat(parser, after_operator, operator);
}

/* A brace that begins no counts is a character, and yet an operator to RE2/J. */
static bool read_brace(struct parser *parser, bool after_operator)
{
    int min, max;
    if (!read_counts(&parser->reader, &min, &max)) {
        take_literal(parser);
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

static bool read_one(struct parser *parser)
{
    struct regex_reader *reader = &parser->reader;
    bool after_operator = parser->after_operator;
    parser->after_operator = false;
    if (take_assertion(parser))
        return true;
    if (regex_reader_looks_at(reader, "\\Q")) {
        take_quotation(parser);
        return true;
    }
    switch (regex_reader_byte(reader, 0)) {
    case '(':
        return read_group(parser);
    case ')':
        return close_group(parser);
    case '|':
        reader->at++;
        regex_writer_bar(&parser->writer);
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
        reader->at++;
        regex_writer_atom(&parser->writer, ".");
        return true;
    default:
        take_literal(parser);
        return true;
    }
}

bool topic_regex_translate(struct slice text, struct buf *to, struct note *why)
{
    struct parser parser = {.reader = {.text = text, .why = why}, .writer = {.to = to}};
    buf_append_str(to, "(?:");
    while (regex_reader_more(&parser.reader))
        if (!read_one(&parser))
            return false;
    if (parser.depth > 0)
        return fail(&parser, "missing closing )");
    buf_append_str(to, ")\\z");
    return true;
}
