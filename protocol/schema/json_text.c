/*
 * json_text: see json_text.h. Called by json_print.c, json_parse.c and json_records.c. No state.
 */
#include "protocol/schema/json_text.h"

#include "protocol/base/base64.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

/* ---- strings ---- */

/* The bytes that must follow a first byte, and what the second one may be (no overlong forms, surrogates, or
 * above U+10FFFF). */
static size_t followers_of(uint8_t first, uint8_t *least, uint8_t *most)
{
    *least = first == 0xe0 ? 0xa0 : first == 0xf0 ? 0x90 : 0x80;
    *most = first == 0xed ? 0x9f : first == 0xf4 ? 0x8f : 0xbf;
    if (first >= 0xc2 && first <= 0xdf)
        return 1;
    if (first >= 0xe0 && first <= 0xef)
        return 2;
    return first >= 0xf0 && first <= 0xf4 ? 3 : 0;
}

size_t utf8_char_len(struct slice text, size_t at, size_t *skip)
{
    uint8_t least, most;
    if (text.data[at] < 0x80)
        return 1;
    size_t followers = followers_of(text.data[at], &least, &most);
    for (size_t i = 1; i <= followers; i++) {
        if (at + i >= text.len || text.data[at + i] < least || text.data[at + i] > most) {
            *skip = i;
            return 0;
        }
        least = 0x80;
        most = 0xbf;
    }
    *skip = 1;
    return followers == 0 ? 0 : followers + 1;
}

static void print_control(struct buf *out, uint8_t c)
{
    static const char short_forms[] = "btn.fr"; /* of 8 to 13 */
    if (c >= '\b' && c <= '\r' && c != '\v')
        buf_printf(out, "\\%c", short_forms[c - '\b']);
    else
        buf_printf(out, "\\u%04X", c);
}

bool utf8_is_valid(struct slice text)
{
    size_t skip, len, at = 0;
    for (uint64_t eight; at + sizeof eight <= text.len; at += sizeof eight) {
        memcpy(&eight, text.data + at, sizeof eight);
        if ((eight & 0x8080808080808080U) != 0)
            break;
    }
    for (; at < text.len; at += len) {
        len = utf8_char_len(text, at, &skip);
        if (len == 0)
            return false;
    }
    return true;
}

/* How many of the bytes from `at` on stand for themselves. */
static size_t plain_len(struct slice text, size_t at)
{
    size_t from = at;
    while (at < text.len && text.data[at] >= 0x20 && text.data[at] < 0x80 && text.data[at] != '"'
           && text.data[at] != '\\')
        at++;
    return at - from;
}

void json_print_text(struct buf *out, struct slice text)
{
    for (size_t at = 0; at < text.len;) {
        size_t plain = plain_len(text, at);
        if (plain > 0) {
            buf_append(out, text.data + at, plain);
            at += plain;
            continue;
        }
        uint8_t c = text.data[at];
        size_t skip = 1, len = utf8_char_len(text, at, &skip);
        if (len == 0)
            buf_append_str(out, "\xef\xbf\xbd");
        else if (c < 0x20)
            print_control(out, c);
        else {
            if (c == '"' || c == '\\')
                buf_append_char(out, '\\');
            buf_append(out, text.data + at, len);
        }
        at += len == 0 ? skip : len;
    }
}

void json_print_string(struct buf *out, struct slice text)
{
    buf_append_char(out, '"');
    json_print_text(out, text);
    buf_append_char(out, '"');
}

/* ---- names ---- */

void json_print_camel_case(struct buf *out, const char *snake_case)
{
    for (const char *at = snake_case; *at != '\0'; at++) {
        bool raise = *at == '_' && at[1] >= 'a' && at[1] <= 'z';
        if (raise)
            at++;
        if (*at != '_')
            buf_append_char(out, raise ? (char)(*at - 'a' + 'A') : *at);
    }
}

bool json_is_name(struct slice name, const char *snake_case)
{
    size_t len = 0;
    for (const char *at = snake_case; *at != '\0'; at++) {
        bool raise = *at == '_' && at[1] >= 'a' && at[1] <= 'z';
        if (raise)
            at++;
        if (*at == '_')
            continue;
        if (len >= name.len || name.data[len++] != (uint8_t)(raise ? *at - 'a' + 'A' : *at))
            return false;
    }
    return len == name.len;
}

/* ---- base64 ---- */

void json_print_base64_text(struct buf *out, struct slice bytes)
{
    size_t len = base64_text_len(bytes.len);
    base64_encode(bytes, BASE64_STANDARD, (char *)buf_reserve(out, len));
    out->len += len;
    for (; len % 4 != 0; len++)
        buf_append_char(out, '=');
}

void json_print_base64(struct buf *out, struct slice bytes)
{
    buf_append_char(out, '"');
    json_print_base64_text(out, bytes);
    buf_append_char(out, '"');
}

bool json_parse_base64(struct slice text, struct arena *arena, struct slice *bytes)
{
    if (text.len % 4 == 0)
        for (int i = 0; i < 2 && text.len > 0 && text.data[text.len - 1] == '='; i++)
            text.len--;
    size_t len = base64_byte_len(text.len);
    uint8_t *to = arena_alloc(arena, len + 1); /* not null for no bytes */
    *bytes = slice_of(to, len);
    return base64_decode(text, BASE64_STANDARD, to);
}

/* ---- doubles ---- */

enum { DIGITS_MAX = 17 };

/* The fewest digits, but two, that read back as the value (without its sign), and the exponent of the first
 * one. */
static int shortest_digits(double value, char digits[DIGITS_MAX + 1], int *exponent)
{
    char text[40];
    for (int count = 2;; count++) {
        snprintf(text, sizeof text, "%.*e", count - 1, value);
        if (count == DIGITS_MAX || strtod(text, NULL) == value)
            break;
    }
    char *e = strchr(text, 'e');
    *exponent = (int)strtol(e + 1, NULL, 10);
    int len = 0;
    for (const char *at = text; at < e; at++)
        if (*at != '.')
            digits[len++] = *at;
    while (len > 1 && digits[len - 1] == '0')
        len--;
    digits[len] = '\0';
    return len;
}

static void print_finite(struct buf *out, double value)
{
    char digits[DIGITS_MAX + 1];
    int exponent;
    int len = shortest_digits(value, digits, &exponent);
    if (exponent < -3 || exponent >= 7) {
        buf_printf(out, "%c.%sE%d", digits[0], len > 1 ? digits + 1 : "0", exponent);
        return;
    }
    if (exponent < 0) {
        buf_printf(out, "0.%.*s%s", -exponent - 1, "00", digits);
        return;
    }
    for (int i = 0; i <= exponent; i++)
        buf_append_char(out, i < len ? digits[i] : '0');
    buf_printf(out, ".%s", len > exponent + 1 ? digits + exponent + 1 : "0");
}

void json_print_double(struct buf *out, double value)
{
    if (isnan(value)) {
        buf_append_str(out, "\"NaN\"");
        return;
    }
    if (isinf(value)) {
        buf_append_str(out, value < 0 ? "\"-Infinity\"" : "\"Infinity\"");
        return;
    }
    if (signbit(value))
        buf_append_char(out, '-');
    if (value == 0)
        buf_append_str(out, "0.0");
    else
        print_finite(out, fabs(value));
}
