/*
 * properties: a scanner over the bytes of a .properties file.
 *
 * 1. A natural line that ends in an odd number of backslashes goes on in the next one, whose leading blanks
 * do not count.
 * 2. A comment or a blank line is one only where a logical line begins.
 * 3. A byte is a character of ISO 8859-1, as Java reads such files; what comes out is UTF-8. An escaped
 * surrogate pair is one character.
 *
 * Called when the broker starts; pure.
 */
#include "server/properties.h"

#include "protocol/base/buf.h"

enum { END_OF_LINE = -1, MALFORMED = -2 };

struct scanner {
    struct slice text;
    size_t at;
    int32_t line; /* of `at`, from 1 */
};

static bool is_blank(uint8_t c)
{
    return c == ' ' || c == '\t' || c == '\f';
}

static bool is_line_end(uint8_t c)
{
    return c == '\n' || c == '\r';
}

static bool at_end(const struct scanner *scanner)
{
    return scanner->at == scanner->text.len;
}

static uint8_t here(const struct scanner *scanner)
{
    return scanner->text.data[scanner->at];
}

/* Over one line end: \n, \r or \r\n. */
static void skip_line_end(struct scanner *scanner)
{
    bool carriage_return = here(scanner) == '\r';
    scanner->at++;
    if (carriage_return && !at_end(scanner) && here(scanner) == '\n')
        scanner->at++;
    scanner->line++;
}

static void skip_blanks(struct scanner *scanner)
{
    while (!at_end(scanner) && is_blank(here(scanner)))
        scanner->at++;
}

/* To the first character of the next logical line that says something. */
static void skip_to_content(struct scanner *scanner)
{
    for (;;) {
        skip_blanks(scanner);
        if (at_end(scanner))
            return;
        if (here(scanner) == '#' || here(scanner) == '!') {
            while (!at_end(scanner) && !is_line_end(here(scanner)))
                scanner->at++;
        } else if (!is_line_end(here(scanner))) {
            return;
        }
        if (!at_end(scanner))
            skip_line_end(scanner);
    }
}

/* Over backslashes that join lines, to the next character of this logical line. */
static void join_lines(struct scanner *scanner)
{
    while (scanner->at + 1 < scanner->text.len && here(scanner) == '\\'
           && is_line_end(scanner->text.data[scanner->at + 1])) {
        scanner->at++;
        skip_line_end(scanner);
        skip_blanks(scanner);
    }
}

static int read_hex4(struct scanner *scanner)
{
    int value = 0;
    for (int i = 0; i < 4; i++) {
        uint8_t c = at_end(scanner) ? 'x' : here(scanner);
        int digit = c >= '0' && c <= '9'                     ? c - '0'
                    : (c | 0x20) >= 'a' && (c | 0x20) <= 'f' ? (c | 0x20) - 'a' + 10
                                                             : -1;
        if (digit < 0)
            return MALFORMED;
        value = value * 16 + digit;
        scanner->at++;
    }
    return value;
}

/* The next UTF-16 unit of this logical line, unescaped; END_OF_LINE, MALFORMED. */
static int next_unit(struct scanner *scanner)
{
    join_lines(scanner);
    if (at_end(scanner) || is_line_end(here(scanner)))
        return END_OF_LINE;
    uint8_t c = here(scanner);
    scanner->at++;
    if (c != '\\')
        return c;
    if (at_end(scanner))
        return END_OF_LINE; /* a backslash with nothing behind it */
    c = here(scanner);
    scanner->at++;
    switch (c) {
    case 't':
        return '\t';
    case 'n':
        return '\n';
    case 'r':
        return '\r';
    case 'f':
        return '\f';
    case 'u':
        return read_hex4(scanner);
    default:
        return c;
    }
}

static void append_utf8(struct buf *buf, uint32_t c)
{
    if (c < 0x80) {
        buf_append_char(buf, (char)c);
        return;
    }
    int more = c < 0x800 ? 1 : c < 0x10000 ? 2 : 3;
    static const uint32_t marks[] = {0, 0xc0, 0xe0, 0xf0};
    buf_append_char(buf, (char)(marks[more] | (c >> (6 * more))));
    while (more-- > 0)
        buf_append_char(buf, (char)(0x80 | ((c >> (6 * more)) & 0x3f)));
}

/* Units on their way into UTF-8: a high surrogate waits for its other half, a lonely one becomes '?', as in
 * Java. */
struct text {
    struct buf bytes;
    uint32_t high; /* 0: none waits */
};

static void append_unit(struct text *text, int unit)
{
    uint32_t c = (uint32_t)unit;
    bool low = c >= 0xdc00 && c <= 0xdfff;
    if (text->high && low) {
        append_utf8(&text->bytes, 0x10000 + ((text->high - 0xd800) << 10) + (c - 0xdc00));
        text->high = 0;
        return;
    }
    if (text->high)
        append_utf8(&text->bytes, '?');
    text->high = 0;
    if (c >= 0xd800 && c <= 0xdbff)
        text->high = c;
    else
        append_utf8(&text->bytes, low ? '?' : c);
}

static struct slice take(struct text *text, struct arena *arena)
{
    if (text->high)
        append_utf8(&text->bytes, '?');
    text->high = 0;
    struct slice all = arena_dup(arena, buf_slice(&text->bytes));
    buf_clear(&text->bytes, SIZE_MAX);
    return all;
}

/* Blanks, at most one '=' or ':', blanks. */
static void skip_separator(struct scanner *scanner)
{
    bool seen = false;
    for (;;) {
        join_lines(scanner);
        if (at_end(scanner))
            return;
        uint8_t c = here(scanner);
        bool sign = !seen && (c == '=' || c == ':');
        if (!sign && !is_blank(c))
            return;
        seen = seen || sign;
        scanner->at++;
    }
}

/* One name and its value; the scanner stands on the first character of the name. */
static bool read_property(struct scanner *scanner, struct text *text, struct arena *arena,
                          struct property *property)
{
    property->line = scanner->line;
    for (;;) {
        join_lines(scanner);
        if (!at_end(scanner) && (here(scanner) == '=' || here(scanner) == ':' || is_blank(here(scanner))))
            break;
        int unit = next_unit(scanner);
        if (unit == MALFORMED)
            return false;
        if (unit == END_OF_LINE)
            break;
        append_unit(text, unit);
    }
    property->name = take(text, arena);
    skip_separator(scanner);
    int unit;
    while ((unit = next_unit(scanner)) >= 0)
        append_unit(text, unit);
    property->value = take(text, arena);
    return unit != MALFORMED;
}

bool properties_parse(struct slice text, struct arena *arena, struct properties *properties, int32_t *line,
                      struct note *why)
{
    struct scanner scanner = {.text = text, .line = 1};
    struct text pending = {{0}, 0};
    struct buf found = {0};
    bool good = true;
    for (skip_to_content(&scanner); good && !at_end(&scanner); skip_to_content(&scanner)) {
        struct property property;
        good = read_property(&scanner, &pending, arena, &property);
        if (good)
            buf_append(&found, &property, sizeof property);
    }
    *line = scanner.line;
    if (!good)
        note_set(why, "Malformed \\uxxxx encoding.");
    properties->count = (int32_t)(found.len / sizeof(struct property));
    properties->items = arena_new_array(arena, struct property, properties->count);
    if (found.len > 0)
        memcpy(properties->items, found.data, found.len);
    buf_fini(&found);
    buf_fini(&pending.bytes);
    return good;
}
