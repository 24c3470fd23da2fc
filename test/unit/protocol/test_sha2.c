/* SHA-2 and HMAC against the examples of FIPS 180-4 and RFC 4231, and at the edges of a block Python's. */
#include "protocol/base/sha2.h"

#include <check.h>
#include <stdio.h>

static const char *hex(enum sha2 kind, const uint8_t *digest)
{
    static char text[2 * SHA2_MAX_SIZE + 1];
    for (size_t i = 0; i < sha2_size(kind); i++)
        snprintf(text + 2 * i, 3, "%02x", digest[i]);
    return text;
}

static void expect_digest(enum sha2 kind, struct slice text, const char *expected)
{
    uint8_t digest[SHA2_MAX_SIZE];
    sha2_digest(kind, text, digest);
    ck_assert_str_eq(hex(kind, digest), expected);
}

static void expect_hmac(enum sha2 kind, struct slice key, struct slice text, const char *expected)
{
    uint8_t digest[SHA2_MAX_SIZE];
    sha2_hmac(kind, key, text, digest);
    ck_assert_str_eq(hex(kind, digest), expected);
}

START_TEST(digests_are_those_of_the_standard)
{
    expect_digest(SHA_256, SLICE(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    expect_digest(SHA_256, SLICE("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    expect_digest(SHA_256, SLICE("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"),
                  "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
    expect_digest(SHA_512, SLICE("abc"),
                  "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a"
                  "2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f");
    expect_digest(SHA_512, SLICE(""),
                  "cf83e1357eefb8bdf1542850d66d8007d620e4050b5715dc83f4a921d36ce9ce"
                  "47d0d13c5d85f2b0ff8318d2877eec2f63b931bd47417a81a538327af927da3e");
}
END_TEST

START_TEST(a_key_is_padded_or_shortened_at_the_size_of_a_block)
{
    char key[129];
    memset(key, 0xaa, sizeof key);
    expect_hmac(SHA_256, SLICE(""), SLICE(""),
                "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad");
    expect_hmac(SHA_256, slice_of(key, 64), SLICE("x"),
                "ce3c639dcb9d8baae5d44c3b8b5e233faab4d1860e07489af5c84f213998bd79");
    expect_hmac(SHA_256, slice_of(key, 65), SLICE("x"),
                "c2b9a0a013df029c7d812c5ac18388feef0194ee64fcc5f321d149c06137caa3");
    expect_hmac(SHA_512, slice_of(key, 128), SLICE("x"),
                "5b82498ec1ea9861b32c8a2c37a8a910f741ec22bc639eb1e6132f2d03677a28"
                "d81f94b00c5fc256fb8f0fcdd0ace0dc79d1a0b102b08187d51a1a2ad0bcec9e");
    expect_hmac(SHA_512, slice_of(key, 129), SLICE("x"),
                "b43449bd2bc1722a0c3be2041edde9fe613f3a21859b2b878279dbc277c4f3fa"
                "307131d81bfa5fb1b7c8a1d576b98c29d6222f823f203a0b79b46d320df72d85");
}
END_TEST

START_TEST(hmacs_are_those_of_the_standard)
{
    char key[131], long_text[] = "Test Using Larger Than Block-Size Key - Hash Key First";
    memset(key, 0xaa, sizeof key);
    expect_hmac(SHA_256, SLICE("Jefe"), SLICE("what do ya want for nothing?"),
                "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
    expect_hmac(SHA_512, SLICE("Jefe"), SLICE("what do ya want for nothing?"),
                "164b7a7bfcf819e2e395fbe73b56e0a387bd64222e831fd610270cd7ea250554"
                "9758bf75c05a994a6d034f65f8f0e6fdcaeab1a34d4a6b4b636e070a38bce737");
    expect_hmac(SHA_256, slice_of(key, sizeof key), slice_str(long_text),
                "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
    expect_hmac(SHA_512, slice_of(key, sizeof key), slice_str(long_text),
                "80b24263c7c1a3ebb71493c1dd7be8b49b46d1f41b4aeec1121b013783f8f352"
                "6b56d037e05f2598bd0fd2215d6a1e5295e64f73f63f0aec8b915a985d786598");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("sha2");
    TCase *tests = tcase_create("sha2");
    tcase_add_test(tests, digests_are_those_of_the_standard);
    tcase_add_test(tests, a_key_is_padded_or_shortened_at_the_size_of_a_block);
    tcase_add_test(tests, hmacs_are_those_of_the_standard);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? 0 : 1;
}
