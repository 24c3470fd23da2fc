/*
 * sha2: SHA-256 and SHA-512 (FIPS 180-4) and their HMACs (RFC 2104), for what SCRAM derives from passwords
 * (RFC 5802). Pure; any thread.
 */
#ifndef PROTOCOL_BASE_SHA2_H
#define PROTOCOL_BASE_SHA2_H

#include "protocol/base/slice.h"

enum sha2 { SHA_256, SHA_512 };

enum { SHA2_MAX_SIZE = 64 };

/* Bytes of a digest: 32 or 64. */
static inline size_t sha2_size(enum sha2 kind)
{
    return kind == SHA_256 ? 32 : 64;
}

void sha2_digest(enum sha2 kind, struct slice text, uint8_t digest[SHA2_MAX_SIZE]);

void sha2_hmac(enum sha2 kind, struct slice key, struct slice text, uint8_t digest[SHA2_MAX_SIZE]);

#endif
