/*
 * base64: text for bytes (RFC 4648), in the standard alphabet (JSON) or the one for URLs (Kafka's ids).
 * Padding is the caller's matter. Pure.
 */
#ifndef PROTOCOL_BASE_BASE64_H
#define PROTOCOL_BASE_BASE64_H

#include "protocol/base/slice.h"

#include <stdbool.h>

enum base64_alphabet {
    BASE64_STANDARD = 1, /* 62 is +, 63 is / */
    BASE64_URL = 2,      /* 62 is -, 63 is _ */
    BASE64_EITHER = BASE64_STANDARD | BASE64_URL,
};

/* Characters for so many bytes, and bytes in so many characters, without padding. */
static inline size_t base64_text_len(size_t bytes)
{
    return (bytes * 4 + 2) / 3;
}

static inline size_t base64_byte_len(size_t characters)
{
    return characters / 4 * 3 + characters % 4 * 3 / 4;
}

/* Writes base64_text_len(bytes.len) characters, and no zero behind them. */
void base64_encode(struct slice bytes, enum base64_alphabet alphabet, char *text);

/* Writes base64_byte_len(text.len) bytes. False: a character of neither allowed alphabet, or a length that no
 * bytes have. */
bool base64_decode(struct slice text, enum base64_alphabet alphabet, uint8_t *bytes);

#endif
