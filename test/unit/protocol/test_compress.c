/*
 * compress: every codec there and back, in pieces, cut, damaged and over the cap; and what other writers do.
 */
#include "protocol/base/arena.h"
#include "protocol/compress.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>

enum { CAP = 4 * 1024 * 1024 };

static const int real_codecs[] = {CODEC_GZIP, CODEC_SNAPPY, CODEC_LZ4, CODEC_ZSTD};
#define EACH_CODEC(i) (int i = 0; i < 4; i++)

static unsigned next_random(unsigned *state)
{
    *state = *state * 1103515245u + 12345u;
    return *state >> 16;
}

enum { CONTENT_KINDS = 8 };

/*
 * Contents that take a codec's different paths: nothing, one byte, one value, noise, text, short and long
 * repeats.
 */
static void make_content(int kind, struct buf *out)
{
    unsigned random = 7;
    static const size_t sizes[CONTENT_KINDS] = {0, 1, 300000, 100000, 200000, 70000, 65536, 32769};
    for (size_t i = 0; i < sizes[kind]; i++) {
        char byte = 'x';
        if (kind == 3)
            byte = (char)next_random(&random);
        else if (kind == 4)
            byte = "the quick brown fox jumps over the lazy dog, "[(i + i / 97) % 45];
        else if (kind == 5)
            byte = (char)(i % 3);
        else if (kind >= 6)
            byte = (char)(next_random(&random) % 3 == 0 ? next_random(&random) : 'a' + i % 5);
        buf_append_char(out, byte);
    }
}

static struct buf packed_content(int codec, int kind, struct buf *content)
{
    struct buf packed = {0};
    make_content(kind, content);
    ck_assert(compress_into((enum codec)codec, codec_default_level((enum codec)codec), buf_slice(content),
                            &packed));
    return packed;
}

START_TEST(names_and_numbers_are_kafkas)
{
    static const char *const names[] = {"none", "gzip", "snappy", "lz4", "zstd"};
    for (int codec = 0; codec < CODEC_COUNT; codec++) {
        ck_assert_str_eq(codec_name(codec), names[codec]);
        ck_assert_int_eq(codec_from_name(slice_str(names[codec])), codec);
    }
    ck_assert_int_eq(codec_from_name(SLICE("uncompressed")), CODEC_NONE);
    ck_assert_int_eq(codec_from_name(SLICE("producer")), -1);
    ck_assert_str_eq(codec_name(5), "unknown");
    ck_assert_str_eq(codec_name(-1), "unknown");
    ck_assert_int_eq(codec_default_level(CODEC_GZIP), -1);
    ck_assert_int_eq(codec_default_level(CODEC_LZ4), 9);
    ck_assert_int_eq(codec_default_level(CODEC_ZSTD), 3);
}
END_TEST

START_TEST(what_goes_in_comes_out)
{
    for (int codec = 0; codec < CODEC_COUNT; codec++) {
        for (int kind = 0; kind < CONTENT_KINDS; kind++) {
            struct buf content = {0}, out = {0};
            struct buf packed = packed_content(codec, kind, &content);
            struct note why = {""};
            bool empty_snappy = codec == CODEC_SNAPPY && kind == 0;
            bool good = decompress_into((enum codec)codec, buf_slice(&packed), CAP, &out, &why);
            ck_assert_msg(good, "%s %d: %s", codec_name(codec), kind, why.text);
            ck_assert(slice_equal(buf_slice(&out), buf_slice(&content)) || empty_snappy);
            if (codec != CODEC_NONE && (kind == 2 || kind == 4))
                ck_assert_uint_lt(packed.len, content.len / 4);
            ck_assert_uint_lt(packed.len, content.len + content.len / 50 + 64);
            buf_fini(&packed);
            buf_fini(&content);
            buf_fini(&out);
        }
    }
}
END_TEST

START_TEST(levels_are_those_of_the_topic_configs)
{
    static const struct {
        enum codec codec;
        int level;
        bool good;
    } levels[] = {
        {CODEC_GZIP, -1, true},  {CODEC_GZIP, 1, true},       {CODEC_GZIP, 9, true},
        {CODEC_GZIP, 10, false}, {CODEC_GZIP, -2, false},     {CODEC_LZ4, 1, true},
        {CODEC_LZ4, 9, true},    {CODEC_LZ4, 17, true},       {CODEC_LZ4, 0, false},
        {CODEC_LZ4, 18, false},  {CODEC_ZSTD, -131072, true}, {CODEC_ZSTD, 22, true},
        {CODEC_ZSTD, 23, false}, {CODEC_SNAPPY, 99, true},
    };
    struct buf content = {0};
    make_content(5, &content);
    for (size_t i = 0; i < sizeof levels / sizeof levels[0]; i++) {
        struct buf packed = {0}, out = {0};
        buf_append_str(&packed, "before");
        bool good = compress_into(levels[i].codec, levels[i].level, buf_slice(&content), &packed);
        ck_assert_msg(good == levels[i].good, "%s %d", codec_name((int)levels[i].codec), levels[i].level);
        ck_assert(slice_starts_with(buf_slice(&packed), SLICE("before")));
        if (good) {
            ck_assert(decompress_into(levels[i].codec, slice_from(buf_slice(&packed), 6), CAP, &out, NULL));
            ck_assert(slice_equal(buf_slice(&out), buf_slice(&content)));
        } else {
            ck_assert_uint_eq(packed.len, 6);
        }
        buf_fini(&packed);
        buf_fini(&out);
    }
    buf_fini(&content);
}
END_TEST

START_TEST(frames_begin_as_kafkas_clients_write_them)
{
    static const struct {
        enum codec codec;
        struct slice begin;
    } frames[] = {
        {CODEC_GZIP, {(const uint8_t *)"\x1f\x8b\x08\0\0\0\0\0\0\xff", 10}},
        {CODEC_SNAPPY, {(const uint8_t *)"\x82SNAPPY\0\0\0\0\1\0\0\0\1", 16}},
        {CODEC_LZ4, {(const uint8_t *)"\x04\x22\x4d\x18\x60\x40\x82", 7}},
        {CODEC_ZSTD, {(const uint8_t *)"\x28\xb5\x2f\xfd", 4}},
    };
    for (size_t i = 0; i < 4; i++) {
        struct buf content = {0};
        struct buf packed = packed_content((int)frames[i].codec, 4, &content);
        ck_assert_msg(slice_starts_with(buf_slice(&packed), frames[i].begin), "%s",
                      codec_name((int)frames[i].codec));
        buf_fini(&packed);
        buf_fini(&content);
    }
}
END_TEST

/* Reads everything in rooms of one size; true if it was good. */
static bool read_in_rooms(struct inflater *inflater, size_t room, struct buf *out)
{
    while (!inflater->ended) {
        size_t got;
        if (!inflater_read(inflater, buf_reserve(out, room), room, &got, NULL))
            return false;
        ck_assert(got == room || inflater->ended);
        out->len += got;
    }
    return true;
}

START_TEST(one_inflater_serves_all_codecs_in_rooms_of_any_size)
{
    static const size_t rooms[] = {1, 7, 1000, 32768, 65536, 1000000};
    struct inflater inflater;
    inflater_init(&inflater);
    for (size_t r = 0; r < sizeof rooms / sizeof rooms[0]; r++) {
        for (int codec = 0; codec < CODEC_COUNT; codec++) {
            struct buf content = {0}, out = {0};
            struct buf packed = packed_content(codec, 6, &content);
            ck_assert(inflater_start(&inflater, codec, buf_slice(&packed), CAP, NULL));
            ck_assert(read_in_rooms(&inflater, rooms[r], &out));
            ck_assert(slice_equal(buf_slice(&out), buf_slice(&content)));
            buf_fini(&packed);
            buf_fini(&content);
            buf_fini(&out);
        }
    }
    inflater_fini(&inflater);
}
END_TEST

START_TEST(the_cap_is_exact)
{
    for
        EACH_CODEC(i)
        {
            struct buf content = {0}, out = {0};
            struct buf packed = packed_content(real_codecs[i], 4, &content);
            ck_assert(
                decompress_into((enum codec)real_codecs[i], buf_slice(&packed), content.len, &out, NULL));
            ck_assert_uint_eq(out.len, content.len);
            struct note why = {""};
            ck_assert(!decompress_into((enum codec)real_codecs[i], buf_slice(&packed), content.len - 1, &out,
                                       &why));
            ck_assert_uint_eq(out.len, content.len); /* nothing was appended */
            ck_assert_str_ne(why.text, "");
            struct inflater inflater;
            inflater_init(&inflater);
            struct buf some = {0};
            bool started =
                inflater_start(&inflater, real_codecs[i], buf_slice(&packed), content.len - 1, NULL);
            ck_assert(!started || !read_in_rooms(&inflater, 4096, &some));
            ck_assert_msg(inflater.over_cap, "%s", codec_name(real_codecs[i]));
            ck_assert_uint_lt(some.len, content.len);
            inflater_fini(&inflater);
            buf_fini(&some);
            buf_fini(&packed);
            buf_fini(&content);
            buf_fini(&out);
        }
}
END_TEST

START_TEST(a_bomb_is_refused_with_little_memory)
{
    struct buf zeros = {0};
    memset(buf_reserve(&zeros, 32 << 20), 0, 32 << 20);
    zeros.len = 32 << 20;
    for
        EACH_CODEC(i)
        {
            struct buf packed = {0}, out = {0};
            compress_into((enum codec)real_codecs[i], codec_default_level((enum codec)real_codecs[i]),
                          buf_slice(&zeros), &packed);
            ck_assert(!decompress_into((enum codec)real_codecs[i], buf_slice(&packed), 1 << 20, &out, NULL));
            ck_assert_uint_le(out.capacity, 4 << 20);
            buf_fini(&packed);
            buf_fini(&out);
        }
    buf_fini(&zeros);
}
END_TEST

START_TEST(bytes_cut_anywhere_never_pass_for_whole)
{
    for
        EACH_CODEC(i)
        {
            struct buf content = {0};
            struct buf packed = packed_content(real_codecs[i], 7, &content);
            for (size_t len = 0; len < packed.len; len += len < 100 || packed.len - len < 100 ? 1 : 97) {
                struct buf out = {0};
                uint8_t *exact = malloc(len + 1); /* so that a sanitizer sees a step beyond the end */
                memcpy(exact, packed.data, len);
                bool good =
                    decompress_into((enum codec)real_codecs[i], slice_of(exact, len), CAP, &out, NULL);
                /*
                 * xerial's framing has no end mark, so a cut between its blocks is none; an empty zstd stream
                 * is empty.
                 */
                bool snappy = real_codecs[i] == CODEC_SNAPPY;
                bool may_pass = (snappy && out.len < content.len && out.len % 32768 == 0) || len == 0;
                ck_assert_msg(!good || may_pass, "%s cut to %zu of %zu", codec_name(real_codecs[i]), len,
                              packed.len);
                free(exact);
                buf_fini(&out);
            }
            buf_fini(&packed);
            buf_fini(&content);
        }
}
END_TEST

START_TEST(damaged_bytes_do_no_harm_and_checked_codecs_notice)
{
    unsigned random = 1;
    for
        EACH_CODEC(i)
        {
            struct buf content = {0};
            struct buf packed = packed_content(real_codecs[i], 7, &content);
            for (int round = 0; round < 300; round++) {
                struct buf out = {0};
                size_t at = (next_random(&random) << 8 | next_random(&random)) % packed.len;
                uint8_t before = packed.data[at];
                packed.data[at] ^= (uint8_t)(1 + next_random(&random) % 255);
                bool good = decompress_into((enum codec)real_codecs[i], buf_slice(&packed), CAP, &out, NULL);
                bool in_gzip_header =
                    real_codecs[i] == CODEC_GZIP && at < 10; /* its time and system are free */
                if (real_codecs[i] == CODEC_GZIP && good && !in_gzip_header)
                    ck_assert(slice_equal(buf_slice(&out), buf_slice(&content)));
                packed.data[at] = before;
                buf_fini(&out);
            }
            buf_fini(&packed);
            buf_fini(&content);
        }
}
END_TEST

static bool inflates_to(enum codec codec, struct slice in, const char *text)
{
    struct buf out = {0};
    bool good = decompress_into(codec, in, CAP, &out, NULL) && slice_equal_str(buf_slice(&out), text);
    buf_fini(&out);
    return good;
}

static struct buf twice(enum codec codec, const char *a, const char *b)
{
    struct buf packed = {0};
    compress_into(codec, codec_default_level(codec), slice_str(a), &packed);
    compress_into(codec, codec_default_level(codec), slice_str(b), &packed);
    return packed;
}

START_TEST(streams_that_follow_each_other_are_one_where_kafka_has_it_so)
{
    static const struct {
        enum codec codec;
        const char *text;
    } expected[] = {{CODEC_GZIP, "one and two"},
                    {CODEC_SNAPPY, "one and two"},
                    {CODEC_ZSTD, "one and two"},
                    {CODEC_LZ4, "one and "}};
    for (size_t i = 0; i < 4; i++) {
        struct buf packed = twice(expected[i].codec, "one and ", "two");
        ck_assert_msg(inflates_to(expected[i].codec, buf_slice(&packed), expected[i].text), "%s",
                      codec_name((int)expected[i].codec));
        buf_fini(&packed);
    }
}
END_TEST

START_TEST(bare_snappy_is_read_as_xerial_reads_it)
{
    ck_assert(inflates_to(CODEC_SNAPPY, SLICE("\x05\x10hello"), "hello"));
    ck_assert(inflates_to(CODEC_SNAPPY, SLICE("\x0a\x10hello\x05\x05"),
                          "hellohello")); /* a copy of 5 from 5 before */
    ck_assert(inflates_to(CODEC_SNAPPY, SLICE("\x0a\x10hello\x12\x05\x00"), "hellohello"));
    ck_assert(inflates_to(CODEC_SNAPPY, SLICE("\x0a\x10hello\x13\x05\x00\x00\x00"), "hellohello"));
    ck_assert(inflates_to(CODEC_SNAPPY, SLICE("\x06\x00x\x12\x01\x00"), "xxxxxx")); /* overlapping */
    ck_assert(inflates_to(CODEC_SNAPPY, SLICE("\x05\xf0\x04hello"),
                          "hello")); /* a literal with its length behind */
}
END_TEST

START_TEST(impossible_snappy_elements_are_damage)
{
    static const struct slice wrong[] = {
        {(const uint8_t *)"\x05\x10hell", 6},                   /* a literal beyond the input */
        {(const uint8_t *)"\x04\x10hello", 7},                  /* ... beyond the output */
        {(const uint8_t *)"\x06\x10hello", 7},                  /* too little */
        {(const uint8_t *)"\x0a\x10hello\x05\x06", 9},          /* a copy from before the beginning */
        {(const uint8_t *)"\x0a\x10hello\x05\x00", 9},          /* ... from nowhere */
        {(const uint8_t *)"\x08\x10hello\x05\x05", 9},          /* ... beyond the output */
        {(const uint8_t *)"\x0a\x10hello\x05", 8},              /* ... without its offset */
        {(const uint8_t *)"\xff\xff\xff\xff\x0f\x10hello", 11}, /* 4 GiB out of 6 bytes */
        {(const uint8_t *)"\xff\xff\xff\xff\xff\x10hello", 11}, /* no number */
        {(const uint8_t *)"\x05\xfc\xff\xff\xff\xff", 6},       /* a literal of 4 GiB */
    };
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        struct buf out = {0};
        ck_assert_msg(!decompress_into(CODEC_SNAPPY, wrong[i], CAP, &out, NULL), "case %zu", i);
        buf_fini(&out);
    }
}
END_TEST

START_TEST(lz4_that_java_consumers_cannot_read_is_refused)
{
    struct buf packed = {0}, out = {0};
    compress_into(CODEC_LZ4, LZ4_LEVEL_DEFAULT, SLICE("hello"), &packed);
    packed.data[4] = 0x40; /* linked blocks ... */
    packed.data[6] = 0xc0; /* ... with the right header checksum */
    struct note why = {""};
    ck_assert(!decompress_into(CODEC_LZ4, buf_slice(&packed), CAP, &out, &why));
    ck_assert_str_eq(why.text, "lz4: frame flags 0x40 are not those of version 1 with independent blocks");
    buf_fini(&packed);
    buf_fini(&out);
}
END_TEST

START_TEST(an_unknown_codec_is_an_error_and_not_a_bug)
{
    struct inflater inflater;
    inflater_init(&inflater);
    struct note why = {""};
    size_t got = 1;
    uint8_t byte;
    ck_assert(!inflater_start(&inflater, 5, SLICE("x"), CAP, &why));
    ck_assert_str_eq(why.text, "codec 5 is unknown");
    ck_assert(!inflater_read(&inflater, &byte, 1, &got, NULL));
    ck_assert_uint_eq(got, 0);
    inflater_fini(&inflater);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("compress");
    TCase *tcase = tcase_create("compress");
    tcase_set_timeout(tcase, 250);
    tcase_add_test(tcase, names_and_numbers_are_kafkas);
    tcase_add_test(tcase, what_goes_in_comes_out);
    tcase_add_test(tcase, levels_are_those_of_the_topic_configs);
    tcase_add_test(tcase, frames_begin_as_kafkas_clients_write_them);
    tcase_add_test(tcase, one_inflater_serves_all_codecs_in_rooms_of_any_size);
    tcase_add_test(tcase, the_cap_is_exact);
    tcase_add_test(tcase, a_bomb_is_refused_with_little_memory);
    tcase_add_test(tcase, bytes_cut_anywhere_never_pass_for_whole);
    tcase_add_test(tcase, damaged_bytes_do_no_harm_and_checked_codecs_notice);
    tcase_add_test(tcase, streams_that_follow_each_other_are_one_where_kafka_has_it_so);
    tcase_add_test(tcase, bare_snappy_is_read_as_xerial_reads_it);
    tcase_add_test(tcase, impossible_snappy_elements_are_damage);
    tcase_add_test(tcase, lz4_that_java_consumers_cannot_read_is_refused);
    tcase_add_test(tcase, an_unknown_codec_is_an_error_and_not_a_bug);
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
