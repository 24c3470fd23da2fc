/*
 * xxh3: the algorithm as its author specifies it, one function for each range of lengths, without SIMD: some
 * GB/s, and a topic has some hundred bytes.
 */
#include "protocol/base/xxh3.h"

#define PRIME32_1 0x9e3779b1u
#define PRIME32_2 0x85ebca77u
#define PRIME32_3 0xc2b2ae3du
#define PRIME64_1 0x9e3779b185ebca87u
#define PRIME64_2 0xc2b2ae3d27d4eb4fu
#define PRIME64_3 0x165667b19e3779f9u
#define PRIME64_4 0x85ebca77c2b2ae63u
#define PRIME64_5 0x27d4eb2f165667c5u

enum {
    STRIPE = 64,                                    /* bytes that one round takes in */
    SECRET_SIZE = 192,                              /* of the default secret, below */
    STRIPES_PER_BLOCK = (SECRET_SIZE - STRIPE) / 8, /* each takes 8 bytes of the secret more */
    BLOCK = STRIPE * STRIPES_PER_BLOCK,             /* then the lanes are scrambled */
    MIDSIZE_SHIFT = 3,                              /* into the secret, as are these: */
    MIDSIZE_LAST = 136 - 17,
    LAST_STRIPE = SECRET_SIZE - STRIPE - 7,
    MERGE = 11,
};

static const uint8_t secret[SECRET_SIZE] = {
    0xb8, 0xfe, 0x6c, 0x39, 0x23, 0xa4, 0x4b, 0xbe, 0x7c, 0x01, 0x81, 0x2c, 0xf7, 0x21, 0xad, 0x1c,
    0xde, 0xd4, 0x6d, 0xe9, 0x83, 0x90, 0x97, 0xdb, 0x72, 0x40, 0xa4, 0xa4, 0xb7, 0xb3, 0x67, 0x1f,
    0xcb, 0x79, 0xe6, 0x4e, 0xcc, 0xc0, 0xe5, 0x78, 0x82, 0x5a, 0xd0, 0x7d, 0xcc, 0xff, 0x72, 0x21,
    0xb8, 0x08, 0x46, 0x74, 0xf7, 0x43, 0x24, 0x8e, 0xe0, 0x35, 0x90, 0xe6, 0x81, 0x3a, 0x26, 0x4c,
    0x3c, 0x28, 0x52, 0xbb, 0x91, 0xc3, 0x00, 0xcb, 0x88, 0xd0, 0x65, 0x8b, 0x1b, 0x53, 0x2e, 0xa3,
    0x71, 0x64, 0x48, 0x97, 0xa2, 0x0d, 0xf9, 0x4e, 0x38, 0x19, 0xef, 0x46, 0xa9, 0xde, 0xac, 0xd8,
    0xa8, 0xfa, 0x76, 0x3f, 0xe3, 0x9c, 0x34, 0x3f, 0xf9, 0xdc, 0xbb, 0xc7, 0xc7, 0x0b, 0x4f, 0x1d,
    0x8a, 0x51, 0xe0, 0x4b, 0xcd, 0xb4, 0x59, 0x31, 0xc8, 0x9f, 0x7e, 0xc9, 0xd9, 0x78, 0x73, 0x64,
    0xea, 0xc5, 0xac, 0x83, 0x34, 0xd3, 0xeb, 0xc3, 0xc5, 0x81, 0xa0, 0xff, 0xfa, 0x13, 0x63, 0xeb,
    0x17, 0x0d, 0xdd, 0x51, 0xb7, 0xf0, 0xda, 0x49, 0xd3, 0x16, 0x55, 0x26, 0x29, 0xd4, 0x68, 0x9e,
    0x2b, 0x16, 0xbe, 0x58, 0x7d, 0x47, 0xa1, 0xfc, 0x8f, 0xf8, 0xb8, 0xd1, 0x7a, 0xd0, 0x31, 0xce,
    0x45, 0xcb, 0x3a, 0x8f, 0x95, 0x16, 0x04, 0x28, 0xaf, 0xd7, 0xfb, 0xca, 0xbb, 0x4b, 0x40, 0x7e,
};

static uint64_t load32(const uint8_t *at)
{
    return (uint64_t)at[0] | (uint64_t)at[1] << 8 | (uint64_t)at[2] << 16 | (uint64_t)at[3] << 24;
}

static uint64_t load64(const uint8_t *at)
{
    return load32(at) | load32(at + 4) << 32;
}

static uint64_t rotate_left(uint64_t x, int by)
{
    return x << by | x >> (64 - by);
}

/* The 128 bits of a product, folded into 64. */
static uint64_t multiply_and_fold(uint64_t a, uint64_t b)
{
    __extension__ typedef unsigned __int128 uint128;
    uint128 product = (uint128)a * b;
    return (uint64_t)product ^ (uint64_t)(product >> 64);
}

static uint64_t avalanche(uint64_t hash)
{
    hash ^= hash >> 37;
    hash *= 0x165667919e3779f9u;
    return hash ^ hash >> 32;
}

static uint64_t avalanche_of_xxh64(uint64_t hash)
{
    hash ^= hash >> 33;
    hash *= PRIME64_2;
    hash ^= hash >> 29;
    hash *= PRIME64_3;
    return hash ^ hash >> 32;
}

static uint64_t mix16(const uint8_t *at, const uint8_t *key)
{
    return multiply_and_fold(load64(at) ^ load64(key), load64(at + 8) ^ load64(key + 8));
}

static uint64_t hash_up_to_3(const uint8_t *data, size_t len)
{
    if (len == 0)
        return avalanche_of_xxh64(load64(secret + 56) ^ load64(secret + 64));
    uint64_t combined =
        (uint64_t)data[0] << 16 | (uint64_t)data[len / 2] << 24 | (uint64_t)data[len - 1] | len << 8;
    return avalanche_of_xxh64(combined ^ load32(secret) ^ load32(secret + 4));
}

static uint64_t hash_4_to_8(const uint8_t *data, size_t len)
{
    uint64_t keyed =
        (load32(data + len - 4) + (load32(data) << 32)) ^ load64(secret + 8) ^ load64(secret + 16);
    keyed ^= rotate_left(keyed, 49) ^ rotate_left(keyed, 24);
    keyed *= 0x9fb21c651e98df25u;
    keyed ^= (keyed >> 35) + len;
    keyed *= 0x9fb21c651e98df25u;
    return keyed ^ keyed >> 28;
}

static uint64_t hash_9_to_16(const uint8_t *data, size_t len)
{
    uint64_t low = load64(data) ^ load64(secret + 24) ^ load64(secret + 32);
    uint64_t high = load64(data + len - 8) ^ load64(secret + 40) ^ load64(secret + 48);
    return avalanche(len + __builtin_bswap64(low) + high + multiply_and_fold(low, high));
}

static uint64_t hash_17_to_128(const uint8_t *data, size_t len)
{
    uint64_t hash = len * PRIME64_1;
    for (size_t i = (len - 1) / 32 + 1; i-- > 0;) {
        hash += mix16(data + 16 * i, secret + 32 * i);
        hash += mix16(data + len - 16 * (i + 1), secret + 32 * i + 16);
    }
    return avalanche(hash);
}

static uint64_t hash_129_to_240(const uint8_t *data, size_t len)
{
    uint64_t hash = len * PRIME64_1;
    for (size_t i = 0; i < 8; i++)
        hash += mix16(data + 16 * i, secret + 16 * i);
    hash = avalanche(hash);
    for (size_t i = 8; i < len / 16; i++)
        hash += mix16(data + 16 * i, secret + 16 * (i - 8) + MIDSIZE_SHIFT);
    return avalanche(hash + mix16(data + len - 16, secret + MIDSIZE_LAST));
}

static void take_stripe(uint64_t lanes[8], const uint8_t *data, const uint8_t *key)
{
    for (size_t i = 0; i < 8; i++) {
        uint64_t value = load64(data + 8 * i);
        uint64_t keyed = value ^ load64(key + 8 * i);
        lanes[i ^ 1] += value;
        lanes[i] += (keyed & 0xffffffffu) * (keyed >> 32);
    }
}

static void scramble(uint64_t lanes[8])
{
    for (size_t i = 0; i < 8; i++) {
        lanes[i] ^= lanes[i] >> 47;
        lanes[i] ^= load64(secret + SECRET_SIZE - STRIPE + 8 * i);
        lanes[i] *= PRIME32_1;
    }
}

static uint64_t hash_long(const uint8_t *data, size_t len)
{
    uint64_t lanes[8] = {PRIME32_3, PRIME64_1, PRIME64_2, PRIME64_3,
                         PRIME64_4, PRIME32_2, PRIME64_5, PRIME32_1};
    size_t blocks = (len - 1) / BLOCK;
    for (size_t block = 0; block < blocks; block++) {
        for (size_t i = 0; i < STRIPES_PER_BLOCK; i++)
            take_stripe(lanes, data + block * BLOCK + i * STRIPE, secret + 8 * i);
        scramble(lanes);
    }
    size_t stripes = (len - 1 - blocks * BLOCK) / STRIPE;
    for (size_t i = 0; i < stripes; i++)
        take_stripe(lanes, data + blocks * BLOCK + i * STRIPE, secret + 8 * i);
    take_stripe(lanes, data + len - STRIPE, secret + LAST_STRIPE);
    uint64_t hash = len * PRIME64_1;
    for (size_t i = 0; i < 4; i++)
        hash += multiply_and_fold(lanes[2 * i] ^ load64(secret + MERGE + 16 * i),
                                  lanes[2 * i + 1] ^ load64(secret + MERGE + 16 * i + 8));
    return avalanche(hash);
}

uint64_t xxh3_64(struct slice bytes)
{
    if (bytes.len <= 3)
        return hash_up_to_3(bytes.data, bytes.len);
    if (bytes.len <= 8)
        return hash_4_to_8(bytes.data, bytes.len);
    if (bytes.len <= 16)
        return hash_9_to_16(bytes.data, bytes.len);
    if (bytes.len <= 128)
        return hash_17_to_128(bytes.data, bytes.len);
    if (bytes.len <= 240)
        return hash_129_to_240(bytes.data, bytes.len);
    return hash_long(bytes.data, bytes.len);
}
