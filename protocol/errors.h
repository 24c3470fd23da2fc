/*
 * errors: Kafka's error codes, once. enum kerr is what everything above storage/os returns.
 */
#ifndef PROTOCOL_ERRORS_H
#define PROTOCOL_ERRORS_H

#include <stdbool.h>
#include <stdint.h>

enum kerr {
#define KERR(code, name, retriable, message) KERR_##name = (code),
#include "protocol/errors.def"
#undef KERR
};

/* "OFFSET_OUT_OF_RANGE"; "UNKNOWN" for a number that is none. */
const char *kerr_name(int code);

/* Kafka's stock text for the code. */
const char *kerr_message(int code);

/* Whether Kafka's clients try again after it. */
bool kerr_is_retriable(int code);

#endif
