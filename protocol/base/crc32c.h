/*
 * crc32c: the checksum of record batches and producer snapshots (Castagnoli polynomial). In hardware on
 * x86-64 with SSE4.2 and on arm64 with CRC instructions, with three streams at once; elsewhere eight table
 * look-ups a step.
 */
#ifndef PROTOCOL_BASE_CRC32C_H
#define PROTOCOL_BASE_CRC32C_H

#include <stddef.h>
#include <stdint.h>

/* The checksum of `len` bytes that follow bytes whose checksum is `crc` (0 for none). */
uint32_t crc32c_update(uint32_t crc, const void *bytes, size_t len);

static inline uint32_t crc32c(const void *bytes, size_t len)
{
    return crc32c_update(0, bytes, len);
}

/* The portable way, for machines without the instructions and for the test that compares both. */
uint32_t crc32c_portable(uint32_t crc, const void *bytes, size_t len);

/* What crc32c_update uses here: "sse4.2", "arm64" or "portable". */
const char *crc32c_kind(void);

#endif
