/* big_endian: loads and stores of network-order integers at any alignment. No bounds: callers have
 * checked. */
#ifndef PROTOCOL_BASE_BIG_ENDIAN_H
#define PROTOCOL_BASE_BIG_ENDIAN_H

#include <stdint.h>
#include <string.h>

static inline uint16_t load_u16(const uint8_t *at)
{
    uint16_t value;
    memcpy(&value, at, sizeof value);
    return __builtin_bswap16(value);
}

static inline uint32_t load_u32(const uint8_t *at)
{
    uint32_t value;
    memcpy(&value, at, sizeof value);
    return __builtin_bswap32(value);
}

static inline uint64_t load_u64(const uint8_t *at)
{
    uint64_t value;
    memcpy(&value, at, sizeof value);
    return __builtin_bswap64(value);
}

static inline int16_t load_i16(const uint8_t *at)
{
    return (int16_t)load_u16(at);
}

static inline int32_t load_i32(const uint8_t *at)
{
    return (int32_t)load_u32(at);
}

static inline int64_t load_i64(const uint8_t *at)
{
    return (int64_t)load_u64(at);
}

static inline void store_u16(uint8_t *at, uint16_t value)
{
    value = __builtin_bswap16(value);
    memcpy(at, &value, sizeof value);
}

static inline void store_u32(uint8_t *at, uint32_t value)
{
    value = __builtin_bswap32(value);
    memcpy(at, &value, sizeof value);
}

static inline void store_u64(uint8_t *at, uint64_t value)
{
    value = __builtin_bswap64(value);
    memcpy(at, &value, sizeof value);
}

static inline void store_i16(uint8_t *at, int16_t value)
{
    store_u16(at, (uint16_t)value);
}

static inline void store_i32(uint8_t *at, int32_t value)
{
    store_u32(at, (uint32_t)value);
}

static inline void store_i64(uint8_t *at, int64_t value)
{
    store_u64(at, (uint64_t)value);
}

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "Odradek runs on little-endian machines");

#endif
