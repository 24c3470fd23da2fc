/*
 * json_reader: see json_reader.h. Called by json_parse.c and by tools. No state but the reading's own.
 *
 * Invariants:
 * 1. at <= end, and nothing at or behind `end` is looked at.
 * 2. Recursion is never deeper than JSON_DEPTH_MAX.
 */
#include "protocol/schema/json_reader.h"

#include "protocol/schema/json_text.h"

struct reading {
    const uint8_t *start;
    const uint8_t *at;
    const uint8_t *end;
    struct arena *arena;
    struct note *why;
};

static bool read_value(struct reading *in, struct json_value *value, int depth);

static bool fail(struct reading *in, const char *what)
{
    note_set(in->why, "not JSON: %s at byte %zu", what, (size_t)(in->at - in->start));
    return false;
}

static int peek(struct reading *in)
{
    while (in->at < in->end && (*in->at == ' ' || *in->at == '\t' || *in->at == '\n' || *in->at == '\r'))
        in->at++;
    return in->at < in->end ? *in->at : -1;
}

static bool skip_text(struct reading *in, const char *text)
{
    size_t len = strlen(text);
    if ((size_t)(in->end - in->at) < len || memcmp(in->at, text, len) != 0)
        return false;
    in->at += len;
    return true;
}

/* ---- strings ---- */

static bool read_hex(struct reading *in, uint32_t *value)
{
    *value = 0;
    for (int i = 0; i < 4; i++, in->at++) {
        int c = in->at < in->end ? *in->at : -1;
        if (c >= '0' && c <= '9')
            *value = *value << 4 | (uint32_t)(c - '0');
        else if ((c | 0x20) >= 'a' && (c | 0x20) <= 'f')
            *value = *value << 4 | (uint32_t)((c | 0x20) - 'a' + 10);
        else
            return fail(in, "four hexadecimal digits are missing");
    }
    return true;
}

static uint8_t *put_utf8(uint8_t *to, uint32_t c)
{
    if (c < 0x80) {
        *to++ = (uint8_t)c;
        return to;
    }
    if (c >= 0x10000)
        *to++ = (uint8_t)(0xf0 | c >> 18);
    if (c >= 0x800)
        *to++ = (uint8_t)(c >= 0x10000 ? 0x80 | (c >> 12 & 0x3f) : 0xe0 | c >> 12);
    *to++ = (uint8_t)(c >= 0x800 ? 0x80 | (c >> 6 & 0x3f) : 0xc0 | c >> 6);
    *to++ = (uint8_t)(0x80 | (c & 0x3f));
    return to;
}

/* Behind "\u". */
static bool read_unicode(struct reading *in, uint8_t **to)
{
    uint32_t c, low;
    if (!read_hex(in, &c))
        return false;
    if (c >= 0xd800 && c < 0xdc00) {
        if (!skip_text(in, "\\u") || !read_hex(in, &low) || low < 0xdc00 || low > 0xdfff)
            return fail(in, "half a surrogate pair");
        c = 0x10000 + ((c - 0xd800) << 10) + (low - 0xdc00);
    } else if (c >= 0xdc00 && c <= 0xdfff)
        return fail(in, "half a surrogate pair");
    *to = put_utf8(*to, c);
    return true;
}

/* Behind a backslash. */
static bool read_escape(struct reading *in, uint8_t **to)
{
    static const char names[] = "\"\\/bfnrt", values[] = "\"\\/\b\f\n\r\t";
    int c = in->at < in->end ? *in->at++ : 0;
    if (c == 'u')
        return read_unicode(in, to);
    const char *found = c == 0 ? NULL : strchr(names, c);
    if (found == NULL)
        return fail(in, "an unknown escape");
    *(*to)++ = (uint8_t)values[found - names];
    return true;
}

/* Where the string's closing quote is, or NULL; *plain tells whether nothing in it is escaped. */
static const uint8_t *find_quote(const struct reading *in, bool *plain)
{
    *plain = true;
    for (const uint8_t *at = in->at; at < in->end && *at >= 0x20; at++) {
        if (*at == '"')
            return at;
        if (*at == '\\') {
            *plain = false;
            at++;
        }
    }
    return NULL;
}

static bool check_utf8(struct reading *in, struct slice text)
{
    size_t skip, len;
    for (size_t at = 0; at < text.len; at += len)
        if ((len = utf8_char_len(text, at, &skip)) == 0)
            return fail(in, "a string that is not UTF-8");
    return true;
}

/* Behind the opening quote. An escape is never shorter than what it stands for. */
static bool read_string(struct reading *in, struct slice *to)
{
    bool plain;
    const uint8_t *quote = find_quote(in, &plain);
    if (quote == NULL)
        return fail(in, "a string without an end");
    *to = slice_of(in->at, (size_t)(quote - in->at));
    if (!check_utf8(in, *to))
        return false;
    if (!plain) {
        uint8_t *text = arena_try_alloc(in->arena, to->len), *next = text;
        if (text == NULL)
            return fail(in, "more than may be held in memory");
        while (in->at < quote) {
            uint8_t c = *in->at++;
            if (c != '\\')
                *next++ = c;
            else if (!read_escape(in, &next))
                return false;
        }
        *to = slice_of(text, (size_t)(next - text));
    }
    in->at = quote + 1;
    return true;
}

/* ---- numbers ---- */

static bool skip_digits(struct reading *in)
{
    const uint8_t *from = in->at;
    while (in->at < in->end && *in->at >= '0' && *in->at <= '9')
        in->at++;
    return in->at > from;
}

static bool read_number(struct reading *in, struct slice *to)
{
    const uint8_t *from = in->at;
    skip_text(in, "-");
    if (!skip_text(in, "0") && !skip_digits(in))
        return fail(in, "no value");
    if (skip_text(in, ".") && !skip_digits(in))
        return fail(in, "no digits behind the point");
    if (skip_text(in, "e") || skip_text(in, "E")) {
        if (!skip_text(in, "+"))
            skip_text(in, "-");
        if (!skip_digits(in))
            return fail(in, "no digits in the exponent");
    }
    *to = slice_of(from, (size_t)(in->at - from));
    return true;
}

/* ---- arrays and objects ---- */

static bool read_name(struct reading *in, struct slice *name)
{
    if (peek(in) != '"')
        return fail(in, "no name");
    in->at++;
    if (!read_string(in, name))
        return false;
    if (peek(in) != ':')
        return fail(in, "no colon behind the name");
    in->at++;
    return true;
}

/* Behind the opening bracket. */
static bool read_children(struct reading *in, struct json_value *of, int close, int depth)
{
    struct json_value **link = &of->first;
    if (depth >= JSON_DEPTH_MAX)
        return fail(in, "nested too deep");
    if (peek(in) == close) {
        in->at++;
        return true;
    }
    for (;;) {
        struct json_value *child = arena_try_alloc(in->arena, sizeof *child);
        if (child == NULL)
            return fail(in, "more than may be held in memory");
        if ((of->kind == JSON_OBJECT && !read_name(in, &child->name)) || !read_value(in, child, depth + 1))
            return false;
        *link = child;
        link = &child->next;
        of->count++;
        int c = peek(in);
        if (c != ',' && c != close)
            return fail(in, "no comma and no end");
        in->at++;
        if (c == close)
            return true;
    }
}

static bool read_value(struct reading *in, struct json_value *value, int depth)
{
    switch (peek(in)) {
    case '{':
        in->at++;
        value->kind = JSON_OBJECT;
        return read_children(in, value, '}', depth);
    case '[':
        in->at++;
        value->kind = JSON_ARRAY;
        return read_children(in, value, ']', depth);
    case '"':
        in->at++;
        value->kind = JSON_STRING;
        return read_string(in, &value->text);
    case 't':
        value->kind = JSON_TRUE;
        return skip_text(in, "true") || fail(in, "no value");
    case 'f':
        value->kind = JSON_FALSE;
        return skip_text(in, "false") || fail(in, "no value");
    case 'n':
        value->kind = JSON_NULL;
        return skip_text(in, "null") || fail(in, "no value");
    default:
        value->kind = JSON_NUMBER;
        return read_number(in, &value->text);
    }
}

struct json_value *json_read(struct slice text, struct arena *arena, struct note *why)
{
    if (slice_is_null(text))
        text = SLICE("");
    struct reading in = {text.data, text.data, text.data + text.len, arena, why};
    struct json_value *value = arena_try_alloc(arena, sizeof *value);
    if (value == NULL) {
        fail(&in, "more than may be held in memory");
        return NULL;
    }
    if (!read_value(&in, value, 0))
        return NULL;
    if (peek(&in) >= 0) {
        fail(&in, "more behind the value");
        return NULL;
    }
    return value;
}

const struct json_value *json_find(const struct json_value *object, const char *name)
{
    const struct json_value *found = NULL;
    if (object->kind == JSON_OBJECT)
        for (const struct json_value *member = object->first; member != NULL; member = member->next)
            if (slice_equal_str(member->name, name))
                found = member;
    return found;
}

const char *json_kind_name(enum json_kind kind)
{
    static const char *const names[] = {"null",     "a boolean", "a boolean", "a number",
                                        "a string", "an array",  "an object"};
    return names[kind];
}

bool json_integer(const struct json_value *value, int64_t least, int64_t most, int64_t *number)
{
    if (value->kind != JSON_NUMBER)
        return false;
    bool negative = value->text.data[0] == '-';
    uint64_t magnitude = 0, limit = negative ? (uint64_t)INT64_MAX + 1 : INT64_MAX;
    for (size_t i = negative; i < value->text.len; i++) {
        if (value->text.data[i] < '0' || value->text.data[i] > '9')
            return false;
        uint64_t digit = (uint64_t)(value->text.data[i] - '0');
        if (magnitude > (limit - digit) / 10)
            return false;
        magnitude = magnitude * 10 + digit;
    }
    *number = (int64_t)(negative ? 0 - magnitude : magnitude);
    return *number >= least && *number <= most;
}
