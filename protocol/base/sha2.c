/*
 * sha2: see the header. The two hashes differ in the width of their words, in rotations and rounds: SHA-256's
 * constants are the upper halves of the first of SHA-512's.
 */
#include "protocol/base/sha2.h"

#include "protocol/base/big_endian.h"

enum { BLOCK_MAX = 128, ROUNDS_256 = 64, ROUNDS_512 = 80 };

/* The first 64 bits of the fractions of the cube roots of the first 80 primes, and of the square roots of the
 * first 8. */
static const uint64_t round_constants[ROUNDS_512] = {
    0x428a2f98d728ae22, 0x7137449123ef65cd, 0xb5c0fbcfec4d3b2f, 0xe9b5dba58189dbbc, 0x3956c25bf348b538,
    0x59f111f1b605d019, 0x923f82a4af194f9b, 0xab1c5ed5da6d8118, 0xd807aa98a3030242, 0x12835b0145706fbe,
    0x243185be4ee4b28c, 0x550c7dc3d5ffb4e2, 0x72be5d74f27b896f, 0x80deb1fe3b1696b1, 0x9bdc06a725c71235,
    0xc19bf174cf692694, 0xe49b69c19ef14ad2, 0xefbe4786384f25e3, 0x0fc19dc68b8cd5b5, 0x240ca1cc77ac9c65,
    0x2de92c6f592b0275, 0x4a7484aa6ea6e483, 0x5cb0a9dcbd41fbd4, 0x76f988da831153b5, 0x983e5152ee66dfab,
    0xa831c66d2db43210, 0xb00327c898fb213f, 0xbf597fc7beef0ee4, 0xc6e00bf33da88fc2, 0xd5a79147930aa725,
    0x06ca6351e003826f, 0x142929670a0e6e70, 0x27b70a8546d22ffc, 0x2e1b21385c26c926, 0x4d2c6dfc5ac42aed,
    0x53380d139d95b3df, 0x650a73548baf63de, 0x766a0abb3c77b2a8, 0x81c2c92e47edaee6, 0x92722c851482353b,
    0xa2bfe8a14cf10364, 0xa81a664bbc423001, 0xc24b8b70d0f89791, 0xc76c51a30654be30, 0xd192e819d6ef5218,
    0xd69906245565a910, 0xf40e35855771202a, 0x106aa07032bbd1b8, 0x19a4c116b8d2d0c8, 0x1e376c085141ab53,
    0x2748774cdf8eeb99, 0x34b0bcb5e19b48a8, 0x391c0cb3c5c95a63, 0x4ed8aa4ae3418acb, 0x5b9cca4f7763e373,
    0x682e6ff3d6b2b8a3, 0x748f82ee5defb2fc, 0x78a5636f43172f60, 0x84c87814a1f0ab72, 0x8cc702081a6439ec,
    0x90befffa23631e28, 0xa4506cebde82bde9, 0xbef9a3f7b2c67915, 0xc67178f2e372532b, 0xca273eceea26619c,
    0xd186b8c721c0c207, 0xeada7dd6cde0eb1e, 0xf57d4f7fee6ed178, 0x06f067aa72176fba, 0x0a637dc5a2c898a6,
    0x113f9804bef90dae, 0x1b710b35131c471b, 0x28db77f523047d84, 0x32caab7b40c72493, 0x3c9ebe0a15c9bebc,
    0x431d67c49c100d4c, 0x4cc5d4becb3e42b6, 0x597f299cfc657e2a, 0x5fcb6fab3ad6faec, 0x6c44198c4a475817,
};

static const uint64_t first_state[8] = {
    0x6a09e667f3bcc908, 0xbb67ae8584caa73b, 0x3c6ef372fe94f82b, 0xa54ff53a5f1d36f1,
    0x510e527fade682d1, 0x9b05688c2b3e6c1f, 0x1f83d9abfb41bd6b, 0x5be0cd19137e2179,
};

struct hash {
    enum sha2 kind;
    uint64_t state[8]; /* SHA-256 uses the lower halves */
    uint8_t block[BLOCK_MAX];
    size_t used; /* bytes of the block */
    uint64_t total;
};

static size_t block_size(enum sha2 kind)
{
    return kind == SHA_256 ? 64 : 128;
}

static uint32_t rotate_32(uint32_t word, int by)
{
    return word >> by | word << (32 - by);
}

static uint64_t rotate_64(uint64_t word, int by)
{
    return word >> by | word << (64 - by);
}

/* ---- one block ---- */

static void mix_256(struct hash *hash)
{
    uint32_t w[ROUNDS_256], s[8];
    for (int i = 0; i < 16; i++)
        w[i] = (uint32_t)load_i32(hash->block + (size_t)i * 4);
    for (int i = 16; i < ROUNDS_256; i++) {
        uint32_t low = rotate_32(w[i - 15], 7) ^ rotate_32(w[i - 15], 18) ^ w[i - 15] >> 3;
        uint32_t high = rotate_32(w[i - 2], 17) ^ rotate_32(w[i - 2], 19) ^ w[i - 2] >> 10;
        w[i] = w[i - 16] + low + w[i - 7] + high;
    }
    for (int i = 0; i < 8; i++)
        s[i] = (uint32_t)hash->state[i];
    for (int i = 0; i < ROUNDS_256; i++) {
        uint32_t choice = (s[4] & s[5]) ^ (~s[4] & s[6]);
        uint32_t majority = (s[0] & s[1]) ^ (s[0] & s[2]) ^ (s[1] & s[2]);
        uint32_t one = s[7] + (rotate_32(s[4], 6) ^ rotate_32(s[4], 11) ^ rotate_32(s[4], 25)) + choice
                       + (uint32_t)(round_constants[i] >> 32) + w[i];
        uint32_t two = (rotate_32(s[0], 2) ^ rotate_32(s[0], 13) ^ rotate_32(s[0], 22)) + majority;
        memmove(&s[1], &s[0], 7 * sizeof s[0]);
        s[4] += one;
        s[0] = one + two;
    }
    for (int i = 0; i < 8; i++)
        hash->state[i] = (uint32_t)hash->state[i] + s[i];
}

static void mix_512(struct hash *hash)
{
    uint64_t w[ROUNDS_512], s[8];
    for (int i = 0; i < 16; i++)
        w[i] = (uint64_t)load_i64(hash->block + (size_t)i * 8);
    for (int i = 16; i < ROUNDS_512; i++) {
        uint64_t low = rotate_64(w[i - 15], 1) ^ rotate_64(w[i - 15], 8) ^ w[i - 15] >> 7;
        uint64_t high = rotate_64(w[i - 2], 19) ^ rotate_64(w[i - 2], 61) ^ w[i - 2] >> 6;
        w[i] = w[i - 16] + low + w[i - 7] + high;
    }
    memcpy(s, hash->state, sizeof s);
    for (int i = 0; i < ROUNDS_512; i++) {
        uint64_t choice = (s[4] & s[5]) ^ (~s[4] & s[6]);
        uint64_t majority = (s[0] & s[1]) ^ (s[0] & s[2]) ^ (s[1] & s[2]);
        uint64_t one = s[7] + (rotate_64(s[4], 14) ^ rotate_64(s[4], 18) ^ rotate_64(s[4], 41)) + choice
                       + round_constants[i] + w[i];
        uint64_t two = (rotate_64(s[0], 28) ^ rotate_64(s[0], 34) ^ rotate_64(s[0], 39)) + majority;
        memmove(&s[1], &s[0], 7 * sizeof s[0]);
        s[4] += one;
        s[0] = one + two;
    }
    for (int i = 0; i < 8; i++)
        hash->state[i] += s[i];
}

/* ---- a whole text ---- */

static void hash_init(struct hash *hash, enum sha2 kind)
{
    *hash = (struct hash){.kind = kind};
    for (int i = 0; i < 8; i++)
        hash->state[i] = kind == SHA_256 ? first_state[i] >> 32 : first_state[i];
}

static void hash_add(struct hash *hash, struct slice text)
{
    size_t size = block_size(hash->kind);
    hash->total += text.len;
    while (text.len > 0) {
        size_t part = text.len < size - hash->used ? text.len : size - hash->used;
        memcpy(hash->block + hash->used, text.data, part);
        hash->used += part;
        text = slice_from(text, part);
        if (hash->used < size)
            return;
        hash->kind == SHA_256 ? mix_256(hash) : mix_512(hash);
        hash->used = 0;
    }
}

/* A bit of 1, zeros, and the number of bits in the last word (of SHA-512's two nobody fills the first). */
static void hash_finish(struct hash *hash, uint8_t digest[SHA2_MAX_SIZE])
{
    size_t size = block_size(hash->kind);
    uint64_t bits = hash->total * 8;
    hash_add(hash, slice_of("\x80", 1));
    while (hash->used != size - 8)
        hash_add(hash, slice_of("", 1));
    store_i64(hash->block + hash->used, (int64_t)bits);
    hash->kind == SHA_256 ? mix_256(hash) : mix_512(hash);
    for (size_t i = 0; i < 8; i++) {
        if (hash->kind == SHA_256)
            store_i32(digest + i * 4, (int32_t)hash->state[i]);
        else
            store_i64(digest + i * 8, (int64_t)hash->state[i]);
    }
}

void sha2_digest(enum sha2 kind, struct slice text, uint8_t digest[SHA2_MAX_SIZE])
{
    struct hash hash;
    hash_init(&hash, kind);
    hash_add(&hash, text);
    hash_finish(&hash, digest);
}

/* The hash of the key, every byte of it changed by `pad`, and the text. */
static void hash_keyed(enum sha2 kind, const uint8_t key[BLOCK_MAX], uint8_t pad, struct slice text,
                       uint8_t digest[SHA2_MAX_SIZE])
{
    struct hash hash;
    uint8_t padded[BLOCK_MAX];
    for (size_t i = 0; i < BLOCK_MAX; i++)
        padded[i] = key[i] ^ pad;
    hash_init(&hash, kind);
    hash_add(&hash, slice_of(padded, block_size(kind)));
    hash_add(&hash, text);
    hash_finish(&hash, digest);
}

void sha2_hmac(enum sha2 kind, struct slice key, struct slice text, uint8_t digest[SHA2_MAX_SIZE])
{
    uint8_t block[BLOCK_MAX] = {0}, inner[SHA2_MAX_SIZE];
    if (key.len > block_size(kind))
        sha2_digest(kind, key, block);
    else if (key.len > 0)
        memcpy(block, key.data, key.len);
    hash_keyed(kind, block, 0x36, text, inner);
    hash_keyed(kind, block, 0x5c, slice_of(inner, sha2_size(kind)), digest);
}
