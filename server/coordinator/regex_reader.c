/* regex_reader: see regex_reader.h. */
#include "server/coordinator/regex_reader.h"

#include <string.h>

enum {
    REPLACEMENT = 0xfffd, /* what Java reads for bytes that are no UTF-8 */
    CODE_POINT_MAX = 0x10ffff,
};

/* ---- characters ---- */

bool regex_reader_fail(struct regex_reader *reader, const char *reason)
{
    note_set(reader->why, "%s", reason);
    return false;
}

bool regex_reader_more(const struct regex_reader *reader)
{
    return reader->at < reader->text.len;
}

bool regex_reader_looks_at(const struct regex_reader *reader, const char *text)
{
    return slice_starts_with(slice_from(reader->text, reader->at), slice_str(text));
}

uint8_t regex_reader_byte(const struct regex_reader *reader, size_t ahead)
{
    return reader->at + ahead < reader->text.len ? reader->text.data[reader->at + ahead] : 0;
}

static int sequence_length(uint8_t first)
{
    return first < 0x80 ? 1 : first < 0xc2 ? 0 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : first < 0xf5 ? 4 : 0;
}

uint32_t regex_reader_next(struct regex_reader *reader)
{
    uint8_t first = reader->text.data[reader->at];
    int length = sequence_length(first);
    uint32_t code = length <= 1 ? first : first & (0xffu >> (length + 1));
    for (int i = 1; i < length; i++) {
        if ((regex_reader_byte(reader, (size_t)i) & 0xc0) != 0x80)
            length = 0;
        code = code << 6 | (regex_reader_byte(reader, (size_t)i) & 0x3f);
    }
    reader->at += length == 0 ? 1 : (size_t)length;
    return length == 0 ? REPLACEMENT : code;
}

/* ---- escapes ---- */

static bool is_octal(uint8_t c)
{
    return c >= '0' && c <= '7';
}

static int hex_value(uint32_t c)
{
    if (regex_is_digit(c))
        return (int)(c - '0');
    return (c | 0x20) >= 'a' && (c | 0x20) <= 'f' ? (int)((c | 0x20) - 'a' + 10) : -1;
}

static uint32_t read_octal(struct regex_reader *reader)
{
    uint32_t value = 0;
    for (int i = 0; i < 3 && is_octal(regex_reader_byte(reader, 0)) && regex_reader_more(reader); i++)
        value = value * 8 + regex_reader_next(reader) - '0';
    return value;
}

/* Behind "\x". */
static bool read_hex(struct regex_reader *reader, uint32_t *value)
{
    *value = 0;
    if (regex_reader_byte(reader, 0) != '{') {
        int high = hex_value(regex_reader_byte(reader, 0)), low = hex_value(regex_reader_byte(reader, 1));
        if (high < 0 || low < 0)
            return false;
        *value = (uint32_t)(high * 16 + low);
        reader->at += 2;
        return true;
    }
    size_t first = ++reader->at;
    for (; regex_reader_more(reader) && regex_reader_byte(reader, 0) != '}'; reader->at++) {
        int digit = hex_value(regex_reader_byte(reader, 0));
        if (digit < 0)
            return false;
        *value = *value * 16 + (uint32_t)digit;
        if (*value > CODE_POINT_MAX)
            return false;
    }
    return reader->at > first && regex_reader_more(reader) && reader->at++ > 0;
}

bool regex_reader_escape(struct regex_reader *reader, uint32_t *c)
{
    reader->at++;
    if (!regex_reader_more(reader))
        return regex_reader_fail(reader, "trailing backslash at end of expression");
    static const char letters[] = "afnrtv";
    static const char controls[] = "\a\f\n\r\t\v";
    uint8_t first = regex_reader_byte(reader, 0);
    if (first == '0' || (is_octal(first) && is_octal(regex_reader_byte(reader, 1)))) {
        *c = read_octal(reader);
        return true;
    }
    *c = regex_reader_next(reader);
    if (*c == 'x')
        return read_hex(reader, c) || regex_reader_fail(reader, "invalid escape sequence");
    const char *letter = *c < 128 && *c != 0 ? strchr(letters, (int)*c) : NULL;
    if (letter != NULL)
        *c = (uint8_t)controls[letter - letters];
    else if (regex_is_letter(*c) || regex_is_digit(*c))
        return regex_reader_fail(reader, "invalid escape sequence");
    return true;
}

/* ---- sets that have names ---- */

static struct regex_set finish_named(const struct regex_reader *reader, struct regex_set set, bool negated)
{
    if (reader->folds)
        regex_set_fold(&set);
    return negated ? regex_set_negate(set) : set;
}

bool regex_reader_property(struct regex_reader *reader, struct regex_set *set)
{
    bool negated = regex_reader_byte(reader, 1) == 'P';
    reader->at += 2;
    if (!regex_reader_more(reader))
        return regex_reader_fail(reader, "invalid character class range");
    size_t start = reader->at;
    uint32_t first = regex_reader_next(reader);
    struct slice name = slice_of(reader->text.data + start, reader->at - start);
    if (first == '{') {
        while (regex_reader_more(reader) && regex_reader_byte(reader, 0) != '}')
            reader->at++;
        if (!regex_reader_more(reader))
            return regex_reader_fail(reader, "invalid character class range");
        name = slice_of(reader->text.data + start + 1, reader->at - start - 1);
        reader->at++;
    }
    if (name.len > 0 && name.data[0] == '^') {
        negated = !negated;
        name = slice_from(name, 1);
    }
    if (!regex_set_find_property(name, set))
        return regex_reader_fail(reader, "invalid character class range");
    *set = finish_named(reader, *set, negated);
    return true;
}

bool regex_reader_looks_at_property(const struct regex_reader *reader)
{
    return regex_reader_byte(reader, 0) == '\\' && (regex_reader_byte(reader, 1) | 0x20) == 'p';
}

bool regex_reader_take_perl(struct regex_reader *reader, struct regex_set *set)
{
    uint8_t letter = regex_reader_byte(reader, 1);
    if (regex_reader_byte(reader, 0) != '\\' || !regex_is_letter(letter) || !regex_set_find_perl(letter, set))
        return false;
    *set = finish_named(reader, *set, letter < 'a');
    reader->at += 2;
    return true;
}

/* ---- classes ---- */

enum named { NAMED_NONE, NAMED_FOUND, NAMED_WRONG };

/* "[:alpha:]" within a class. As in RE2/J one colon may do for both: "[:]" is a wrong name. */
static enum named take_posix(struct regex_reader *reader, struct regex_set *set)
{
    if (!regex_reader_looks_at(reader, "[:"))
        return NAMED_NONE;
    struct slice rest = slice_from(reader->text, reader->at + 1);
    const uint8_t *end = memmem(rest.data, rest.len, ":]", 2);
    if (end == NULL)
        return NAMED_NONE;
    size_t len = end == rest.data ? 0 : (size_t)(end - rest.data) - 1;
    struct slice name = slice_of(rest.data + 1, len);
    bool negated = len > 0 && name.data[0] == '^';
    reader->at = (size_t)(end + 2 - reader->text.data);
    if (!regex_set_find_posix(negated ? slice_from(name, 1) : name, set)) {
        regex_reader_fail(reader, "invalid character class range");
        return NAMED_WRONG;
    }
    *set = finish_named(reader, *set, negated);
    return NAMED_FOUND;
}

static bool read_class_character(struct regex_reader *reader, uint32_t *c)
{
    if (!regex_reader_more(reader))
        return regex_reader_fail(reader, "missing closing ]");
    if (regex_reader_byte(reader, 0) == '\\')
        return regex_reader_escape(reader, c);
    *c = regex_reader_next(reader);
    return true;
}

static bool read_class_range(struct regex_reader *reader, struct regex_set *set)
{
    uint32_t from, to;
    if (!read_class_character(reader, &from))
        return false;
    to = from;
    if (regex_reader_byte(reader, 0) == '-' && reader->at + 1 < reader->text.len
        && regex_reader_byte(reader, 1) != ']') {
        reader->at++;
        if (!read_class_character(reader, &to))
            return false;
        if (to < from)
            return regex_reader_fail(reader, "invalid character class range");
    }
    *set = regex_set_range(from, to, reader->folds);
    return true;
}

static bool read_class_item(struct regex_reader *reader, struct regex_set *set)
{
    switch (take_posix(reader, set)) {
    case NAMED_FOUND:
        return true;
    case NAMED_WRONG:
        return false;
    case NAMED_NONE:
        break;
    }
    if (regex_reader_looks_at_property(reader))
        return regex_reader_property(reader, set);
    return regex_reader_take_perl(reader, set) || read_class_range(reader, set);
}

bool regex_reader_class(struct regex_reader *reader, struct regex_set *set)
{
    struct regex_set all = {0, 0};
    reader->at++;
    bool negated = regex_reader_byte(reader, 0) == '^';
    reader->at += negated;
    for (bool first = true; first || regex_reader_byte(reader, 0) != ']' || !regex_reader_more(reader);
         first = false) {
        struct regex_set item;
        if (!read_class_item(reader, &item))
            return false;
        all = regex_set_unite(all, item);
    }
    reader->at++;
    *set = negated ? regex_set_negate(all) : all;
    return true;
}
