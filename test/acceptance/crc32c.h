/* CRC-32C (Castagnoli), the checksum of record batches. Written here a second time on purpose: the
 * broker's own must not vouch for itself. */
#ifndef ACCEPTANCE_CRC32C_H
#define ACCEPTANCE_CRC32C_H

#include <stddef.h>
#include <stdint.h>

uint32_t crc32c(const uint8_t *bytes, size_t size);

#endif
