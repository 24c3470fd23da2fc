/*
 * json_text: single JSON values as Kafka's converters (Jackson, and Java's Double.toString) write them, and
 * base64.
 */
#ifndef PROTOCOL_SCHEMA_JSON_TEXT_H
#define PROTOCOL_SCHEMA_JSON_TEXT_H

#include "protocol/base/arena.h"
#include "protocol/base/buf.h"

/* In quotes, escaped. What is not UTF-8 becomes U+FFFD. */
void json_print_string(struct buf *out, struct slice text);

/* Standard alphabet, padded, in quotes. */
void json_print_base64(struct buf *out, struct slice bytes);

/* The same two without the quotes: for pieces of what is long. Cut text between characters, and bytes at a
 * multiple of 3. */
void json_print_text(struct buf *out, struct slice text);
void json_print_base64_text(struct buf *out, struct slice bytes);

/* The shortest text that reads back as the same number, as Java prints it; NaN and the infinities in quotes.
 */
void json_print_double(struct buf *out, double value);

/* A member's snake_case name in camelCase. */
void json_print_camel_case(struct buf *out, const char *snake_case);

/* True if `name` is that name in camelCase. */
bool json_is_name(struct slice name, const char *snake_case);

/* The bytes that base64 text (padded or not) stands for, in the arena. False if it stands for none. */
bool json_parse_base64(struct slice text, struct arena *arena, struct slice *bytes);

bool utf8_is_valid(struct slice text);

/* How many bytes from `at` on are one valid UTF-8 character; if none: 0, and *skip is what one U+FFFD
 * replaces. */
size_t utf8_char_len(struct slice text, size_t at, size_t *skip);

#endif
