/*
 * crc32c: see crc32c.h. Any thread; no state.
 *
 * The checksum's bits are kept reflected, as the instructions do. In hardware one step takes 8 bytes, can
 * start every cycle and takes three of them, so that three independent streams keep it busy; their checksums
 * are then joined: a stream that n bytes follow is multiplied by x^(8n) modulo the polynomial.
 */
#include "protocol/base/crc32c.h"

#include <stdbool.h>
#include <string.h>

#define POLYNOMIAL 0x82f63b78U /* reflected */

/* ---- portable: eight tables of 256, for a byte that is followed by 0 to 7 others ---- */

/* x^32, x^33, ... x^95 modulo the polynomial. A table's entry is the sum of those that its index's bits stand
 * for. The compiler makes the tables: they are constant, and no script has to. */
#define NEXT(x) (((x) >> 1) ^ (1U & (x) ? POLYNOMIAL : 0U))
#define EIGHT(n, before)                                                             \
    X##n##_0 = NEXT(before), X##n##_1 = NEXT(X##n##_0), X##n##_2 = NEXT(X##n##_1),   \
    X##n##_3 = NEXT(X##n##_2), X##n##_4 = NEXT(X##n##_3), X##n##_5 = NEXT(X##n##_4), \
    X##n##_6 = NEXT(X##n##_5), X##n##_7 = NEXT(X##n##_6)

enum {
    EIGHT(0, 1U),
    EIGHT(1, X0_7),
    EIGHT(2, X1_7),
    EIGHT(3, X2_7),
    EIGHT(4, X3_7),
    EIGHT(5, X4_7),
    EIGHT(6, X5_7),
    EIGHT(7, X6_7),
};

#define BIT(i, bit, power) (1 & (i) >> (bit) ? (uint32_t)(power) : 0U)
#define ENTRY(n, i)                                                                        \
    (BIT(i, 7, X##n##_0) ^ BIT(i, 6, X##n##_1) ^ BIT(i, 5, X##n##_2) ^ BIT(i, 4, X##n##_3) \
     ^ BIT(i, 3, X##n##_4) ^ BIT(i, 2, X##n##_5) ^ BIT(i, 1, X##n##_6) ^ BIT(i, 0, X##n##_7))
#define ENTRIES_4(n, i)  ENTRY(n, i), ENTRY(n, (i) + 1), ENTRY(n, (i) + 2), ENTRY(n, (i) + 3)
#define ENTRIES_16(n, i) ENTRIES_4(n, i), ENTRIES_4(n, (i) + 4), ENTRIES_4(n, (i) + 8), ENTRIES_4(n, (i) + 12)
#define ENTRIES_64(n, i) \
    ENTRIES_16(n, i), ENTRIES_16(n, (i) + 16), ENTRIES_16(n, (i) + 32), ENTRIES_16(n, (i) + 48)
#define TABLE(n) ENTRIES_64(n, 0), ENTRIES_64(n, 64), ENTRIES_64(n, 128), ENTRIES_64(n, 192)

static const uint32_t tables[8][256] = {{TABLE(0)}, {TABLE(1)}, {TABLE(2)}, {TABLE(3)},
                                        {TABLE(4)}, {TABLE(5)}, {TABLE(6)}, {TABLE(7)}};

static inline uint64_t load_word(const uint8_t *at)
{
    uint64_t word;
    memcpy(&word, at, sizeof word);
    return word;
}

uint32_t crc32c_portable(uint32_t crc, const void *bytes, size_t len)
{
    const uint8_t *at = bytes;
    crc = ~crc;
    for (; len >= 8; len -= 8, at += 8) {
        uint64_t word = load_word(at) ^ crc;
        crc = tables[7][word & 0xff] ^ tables[6][word >> 8 & 0xff] ^ tables[5][word >> 16 & 0xff]
              ^ tables[4][word >> 24 & 0xff] ^ tables[3][word >> 32 & 0xff] ^ tables[2][word >> 40 & 0xff]
              ^ tables[1][word >> 48 & 0xff] ^ tables[0][word >> 56];
    }
    for (; len > 0; len--, at++)
        crc = crc >> 8 ^ tables[0][(crc ^ *at) & 0xff];
    return ~crc;
}

/* ---- x86-64 ---- */

#if defined(__x86_64__)

#include <nmmintrin.h>
#include <wmmintrin.h>

#define HARDWARE __attribute__((target("sse4.2,pclmul")))

static const char hardware_kind[] = "sse4.2";

/* The processor's features are found out before main; this reads a word. */
static inline bool has_hardware(void)
{
    return __builtin_cpu_supports("sse4.2") && __builtin_cpu_supports("pclmul");
}

HARDWARE static inline uint32_t step_word(uint32_t crc, uint64_t word)
{
    return (uint32_t)_mm_crc32_u64(crc, word);
}

HARDWARE static inline uint32_t step_byte(uint32_t crc, uint8_t byte)
{
    return _mm_crc32_u8(crc, byte);
}

/* crc times x^(8n), where power is x^(8n-33): the product has one factor x more, the step that reduces it 32.
 */
HARDWARE static inline uint32_t shift(uint32_t crc, uint32_t power)
{
    __m128i product = _mm_clmulepi64_si128(_mm_cvtsi32_si128((int)crc), _mm_cvtsi32_si128((int)power), 0);
    return step_word(0, (uint64_t)_mm_cvtsi128_si64(product));
}

/* x^(8n-33) modulo the polynomial, for n = one and two of the stretches that a stream takes at a time. */
enum { LONG = 4096, SHORT = 256 };
static const uint32_t after_long = 0x82f89c77U, after_two_long = 0x54a86326U;
static const uint32_t after_short = 0xb9e02b86U, after_two_short = 0xdd7e3b0cU;

/* ---- arm64 ---- */

#elif defined(__aarch64__)

#if !defined(__ARM_FEATURE_CRC32)
#include <sys/auxv.h>
#endif

#define HARDWARE

static const char hardware_kind[] = "arm64";

static inline bool has_hardware(void)
{
#if defined(__ARM_FEATURE_CRC32)
    return true;
#else
    return (getauxval(AT_HWCAP) & (1U << 7)) != 0; /* HWCAP_CRC32 */
#endif
}

/* As assembly: the headers offer these instructions only if the whole file may use them. */
static inline uint32_t step_word(uint32_t crc, uint64_t word)
{
    __asm__(".arch_extension crc\n\tcrc32cx %w0, %w0, %x1" : "+r"(crc) : "r"(word));
    return crc;
}

static inline uint32_t step_byte(uint32_t crc, uint8_t byte)
{
    __asm__(".arch_extension crc\n\tcrc32cb %w0, %w0, %w1" : "+r"(crc) : "r"(byte));
    return crc;
}

/* crc times x^(8n), where power is x^(8n), a bit at a time: carry-less multiplication is not everywhere. */
static inline uint32_t shift(uint32_t crc, uint32_t power)
{
    uint32_t product = 0;
    for (int i = 0; i < 32; i++) {
        product ^= power & (0U - (crc >> 31));
        power = power >> 1 ^ (POLYNOMIAL & (0U - (power & 1)));
        crc <<= 1;
    }
    return product;
}

/* x^(8n) modulo the polynomial, for n = one and two of the stretches that a stream takes at a time. */
enum { LONG = 8192, SHORT = 1024 };
static const uint32_t after_long = 0x28461564U, after_two_long = 0xbf455269U;
static const uint32_t after_short = 0xe4172b16U, after_two_short = 0x0d65762aU;

#endif

/* ---- both ---- */

#if defined(HARDWARE)

/* Three stretches of `stretch` bytes each. */
HARDWARE static inline uint32_t three_streams(uint32_t crc, const uint8_t *at, size_t stretch,
                                              uint32_t after_one, uint32_t after_two)
{
    uint32_t second = 0, third = 0;
    for (const uint8_t *end = at + stretch; at < end; at += 8) {
        crc = step_word(crc, load_word(at));
        second = step_word(second, load_word(at + stretch));
        third = step_word(third, load_word(at + 2 * stretch));
    }
    return shift(crc, after_two) ^ shift(second, after_one) ^ third;
}

HARDWARE static uint32_t in_hardware(uint32_t crc, const uint8_t *at, size_t len)
{
    crc = ~crc;
    for (; len >= 3 * LONG; len -= 3 * LONG, at += 3 * LONG)
        crc = three_streams(crc, at, LONG, after_long, after_two_long);
    for (; len >= 3 * SHORT; len -= 3 * SHORT, at += 3 * SHORT)
        crc = three_streams(crc, at, SHORT, after_short, after_two_short);
    for (; len >= 8; len -= 8, at += 8)
        crc = step_word(crc, load_word(at));
    for (; len > 0; len--, at++)
        crc = step_byte(crc, *at);
    return ~crc;
}

uint32_t crc32c_update(uint32_t crc, const void *bytes, size_t len)
{
    return has_hardware() ? in_hardware(crc, bytes, len) : crc32c_portable(crc, bytes, len);
}

const char *crc32c_kind(void)
{
    return has_hardware() ? hardware_kind : "portable";
}

#else

uint32_t crc32c_update(uint32_t crc, const void *bytes, size_t len)
{
    return crc32c_portable(crc, bytes, len);
}

const char *crc32c_kind(void)
{
    return "portable";
}

#endif
