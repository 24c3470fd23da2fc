/*
 * java_number: numbers as Java reads and prints them, for configs that Kafka's clients and files hold as
 * text.
 */
#ifndef METADATA_JAVA_NUMBER_H
#define METADATA_JAVA_NUMBER_H

#include "protocol/base/arena.h"

/* Long.parseLong: an optional sign and decimal digits, nothing else. False also if it does not fit min..max.
 */
bool java_parse_long(struct slice text, int64_t min, int64_t max, int64_t *value);

/* Double.parseDouble: decimal or hexadecimal, NaN, Infinity, an optional f or d behind it; spaces around it.
 */
bool java_parse_double(struct slice text, double *value);

/* Double.toString: 0.5, 1.0E10, NaN, -Infinity; the fewest digits that read back as the same number. */
struct slice java_format_double(double value, struct arena *arena);

#endif
