/*
 * java_string: what Java says of a text. The number of the partition that a group or a transaction belongs to
 * comes from it, and which of several things that are as good Apache Kafka takes.
 */
#ifndef PROTOCOL_BASE_JAVA_STRING_H
#define PROTOCOL_BASE_JAVA_STRING_H

#include "protocol/base/slice.h"

/* String.hashCode of UTF-8 text, over its UTF-16 units. Bytes that are no UTF-8 count as U+FFFD each. */
int32_t java_string_hash(struct slice text);

/* Where a java.util.HashMap of `count` texts has this one: it is gone through in the order of places. */
uint32_t java_string_place(struct slice text, int32_t count);

#endif
