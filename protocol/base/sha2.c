/*
 * sha2: see sha2.h. The digests are libcrypto's, by the functions that need no more of it than themselves
 * (docs/decisions/0010); so the HMAC around them is made here, after RFC 2104.
 */
#define OPENSSL_SUPPRESS_DEPRECATED /* OpenSSL 3 would rather be asked through its providers */
#include "protocol/base/sha2.h"

#include "protocol/base/ensure.h"

#include <openssl/crypto.h>
#include <openssl/sha.h>
#include <string.h>

enum { BLOCK_MAX = SHA512_CBLOCK };

/* One digest over the bytes of several pieces. */
struct digest {
    enum sha2 kind;
    union {
        SHA256_CTX sha_256;
        SHA512_CTX sha_512;
    } state;
};

static void begin(struct digest *digest, enum sha2 kind)
{
    digest->kind = kind;
    int done = kind == SHA_256 ? SHA256_Init(&digest->state.sha_256) : SHA512_Init(&digest->state.sha_512);
    ensure(done == 1);
}

static void add(struct digest *digest, const void *bytes, size_t len)
{
    int done = digest->kind == SHA_256 ? SHA256_Update(&digest->state.sha_256, bytes, len)
                                       : SHA512_Update(&digest->state.sha_512, bytes, len);
    ensure(done == 1);
}

static void end(struct digest *digest, uint8_t *result)
{
    int done = digest->kind == SHA_256 ? SHA256_Final(result, &digest->state.sha_256)
                                       : SHA512_Final(result, &digest->state.sha_512);
    ensure(done == 1);
    OPENSSL_cleanse(digest, sizeof *digest);
}

void sha2_digest(enum sha2 kind, struct slice text, uint8_t result[SHA2_MAX_SIZE])
{
    struct digest digest;
    begin(&digest, kind);
    add(&digest, text.data, text.len);
    end(&digest, result);
}

/* The digest of the padded key, and of what follows it. */
static void digest_keyed(enum sha2 kind, const uint8_t *key, uint8_t pad, struct slice text, uint8_t *result)
{
    struct digest digest;
    uint8_t block[BLOCK_MAX];
    size_t size = kind == SHA_256 ? SHA256_CBLOCK : SHA512_CBLOCK;
    for (size_t i = 0; i < size; i++)
        block[i] = key[i] ^ pad;
    begin(&digest, kind);
    add(&digest, block, size);
    add(&digest, text.data, text.len);
    end(&digest, result);
    OPENSSL_cleanse(block, sizeof block);
}

void sha2_hmac(enum sha2 kind, struct slice key, struct slice text, uint8_t result[SHA2_MAX_SIZE])
{
    uint8_t block[BLOCK_MAX] = {0};
    uint8_t inner[SHA2_MAX_SIZE];
    if (key.len > (kind == SHA_256 ? SHA256_CBLOCK : SHA512_CBLOCK))
        sha2_digest(kind, key, block);
    else if (key.len > 0)
        memcpy(block, key.data, key.len);
    digest_keyed(kind, block, 0x36, text, inner);
    digest_keyed(kind, block, 0x5c, slice_of(inner, sha2_size(kind)), result);
    OPENSSL_cleanse(block, sizeof block);
    OPENSSL_cleanse(inner, sizeof inner);
}
