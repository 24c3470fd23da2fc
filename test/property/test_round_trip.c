/*
 * Every message of the tables, in every version, with content by chance: what is written reads back the same,
 * and so does its JSON; bytes that are cut or changed are refused, or read as something that can be written
 * again. Nothing is touched outside the bytes (they are heap blocks of their own, for the sanitizer).
 * ODRADEK_SEED chooses the content.
 */
#include "protocol/messages.h"
#include "protocol/schema/json.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>

enum {
    FILLS = 8,           /* contents for each version */
    MUTATIONS = 40,      /* changed encodings for each content */
    ARENA_CAP = 4 << 20, /* bytes */
};

static uint64_t next_random(void *state)
{
    uint64_t *seed = state, x = (*seed += 0x9e3779b97f4a7c15U);
    x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9U;
    x = (x ^ x >> 27) * 0x94d049bb133111ebU;
    return x ^ x >> 31;
}

static uint64_t first_seed(void)
{
    const char *seed = getenv("ODRADEK_SEED");
    return seed == NULL ? 1 : strtoull(seed, NULL, 10);
}

struct trial {
    const struct message *message;
    int version;
    uint64_t seed; /* what the content was made from */
    struct arena arena;
    void *content;
    struct buf bytes; /* its encoding */
};

#define expect(trial, condition, ...)                                                        \
    do {                                                                                     \
        if (!(condition)) {                                                                  \
            fprintf(stderr, "%s v%d, seed %llu: ", (trial)->message->name, (trial)->version, \
                    (unsigned long long)(trial)->seed);                                      \
            fprintf(stderr, __VA_ARGS__);                                                    \
            fprintf(stderr, "\n");                                                           \
            ck_abort_msg("%s", #condition);                                                  \
        }                                                                                    \
    } while (0)

static void encode(const struct trial *trial, const void *from, struct buf *out)
{
    struct writer writer;
    writer_init(&writer, out, NULL);
    message_write(trial->message, trial->version, &writer, from);
}

/* What a copy of the bytes holds; NULL if they are refused. *copy must be freed. */
static void *decode(struct trial *trial, const uint8_t *bytes, size_t len, uint8_t **copy,
                    struct reader *reader)
{
    void *decoded = arena_alloc(&trial->arena, trial->message->schema()->size);
    *copy = malloc(len > 0 ? len : 1);
    if (len > 0)
        memcpy(*copy, bytes, len);
    reader_init(reader, slice_of(*copy, len), &trial->arena);
    return message_read(trial->message, trial->version, reader, decoded) ? decoded : NULL;
}

static void expect_bytes_to_round_trip(struct trial *trial)
{
    struct reader reader;
    struct buf again = {0};
    uint8_t *copy;
    const void *decoded = decode(trial, trial->bytes.data, trial->bytes.len, &copy, &reader);
    expect(trial, decoded != NULL, "%s", reader.error);
    expect(trial, reader_left(&reader) == 0, "%zu bytes are left", reader_left(&reader));
    expect(trial, message_equal(trial->message, trial->version, trial->content, decoded),
           "reads back differently");
    encode(trial, decoded, &again);
    expect(trial, slice_equal(buf_slice(&again), buf_slice(&trial->bytes)), "writes differently");
    buf_fini(&again);
    free(copy);
}

/* Unknown tags have no JSON: the first parse loses them. */
static void expect_json_to_round_trip(struct trial *trial)
{
    struct buf text = {0}, again = {0};
    struct note why = {""};
    const struct message *message = trial->message;
    void *parsed = arena_alloc(&trial->arena, message->schema()->size);
    void *reparsed = arena_alloc(&trial->arena, message->schema()->size);
    message_print_json(message, trial->version, trial->content, JSON_RECORDS_BASE64, &text);
    expect(trial, message_parse_json(message, trial->version, buf_slice(&text), &trial->arena, parsed, &why),
           "%s", why.text);
    message_print_json(message, trial->version, parsed, JSON_RECORDS_BASE64, &again);
    expect(trial,
           message_parse_json(message, trial->version, buf_slice(&again), &trial->arena, reparsed, &why),
           "%s", why.text);
    expect(trial, message_equal(message, trial->version, parsed, reparsed), "JSON parses differently");
    struct buf bytes = {0};
    encode(trial, parsed, &bytes);
    bool lossy = bytes.len < trial->bytes.len;
    if (!lossy) {
        expect(trial, slice_equal(buf_slice(&text), buf_slice(&again)), "prints differently");
        expect(trial, slice_equal(buf_slice(&bytes), buf_slice(&trial->bytes)), "JSON writes differently");
        expect(trial, message_equal(message, trial->version, trial->content, parsed),
               "JSON reads back differently");
    }
    buf_fini(&text);
    buf_fini(&again);
    buf_fini(&bytes);
}

/* Refused, or as good as any other content. */
static void expect_sense(struct trial *trial, const uint8_t *bytes, size_t len)
{
    struct reader reader;
    uint8_t *copy;
    struct arena rest = trial->arena;
    const void *decoded;
    arena_init(&trial->arena, ARENA_CAP);
    decoded = decode(trial, bytes, len, &copy, &reader);
    if (decoded != NULL) {
        struct buf again = {0}, text = {0};
        encode(trial, decoded, &again);
        message_print_json(trial->message, trial->version, decoded, JSON_RECORDS_BASE64, &text);
        buf_fini(&again);
        buf_fini(&text);
    } else
        expect(trial,
               reader.failed
                   && strncmp(reader.error, trial->message->name, strlen(trial->message->name)) == 0,
               "an error without the message's name: %s", reader.error);
    free(copy);
    arena_fini(&trial->arena);
    trial->arena = rest;
}

static void expect_cuts_refused(struct trial *trial)
{
    size_t step = 1 + trial->bytes.len / 400; /* each of them, of short encodings */
    for (size_t len = 0; len < trial->bytes.len; len += step) {
        struct reader reader;
        uint8_t *copy;
        struct arena rest = trial->arena;
        arena_init(&trial->arena, ARENA_CAP);
        expect(trial, decode(trial, trial->bytes.data, len, &copy, &reader) == NULL,
               "%zu of %zu bytes are accepted", len, trial->bytes.len);
        free(copy);
        arena_fini(&trial->arena);
        trial->arena = rest;
    }
}

static void expect_sense_of_mutations(struct trial *trial, uint64_t *seed)
{
    static const uint8_t odd[] = {0x00, 0x01, 0x7f, 0x80, 0xff, 0xfe, 0x0f};
    if (trial->bytes.len == 0)
        return;
    uint8_t *changed = malloc(trial->bytes.len);
    for (int i = 0; i < MUTATIONS; i++) {
        memcpy(changed, trial->bytes.data, trial->bytes.len);
        for (uint64_t n = next_random(seed) % 4 + 1; n > 0; n--) {
            uint64_t r = next_random(seed);
            changed[next_random(seed) % trial->bytes.len] =
                r & 1 ? odd[(r >> 8) % sizeof odd] : (uint8_t)(r >> 16);
        }
        expect_sense(trial, changed,
                     trial->bytes.len - (i % 3 == 0 ? next_random(seed) % trial->bytes.len : 0));
    }
    free(changed);
}

static void try_content(const struct message *message, int version, uint64_t seed)
{
    struct trial trial = {.message = message, .version = version, .seed = seed};
    arena_init(&trial.arena, SIZE_MAX / 2);
    trial.content = arena_alloc(&trial.arena, message->schema()->size);
    message_fill(message, version, next_random, &seed, &trial.arena, trial.content);
    encode(&trial, trial.content, &trial.bytes);
    expect_bytes_to_round_trip(&trial);
    expect_json_to_round_trip(&trial);
    expect_cuts_refused(&trial);
    expect_sense_of_mutations(&trial, &seed);
    buf_fini(&trial.bytes);
    arena_fini(&trial.arena);
}

START_TEST(a_message_of_any_content_round_trips_in_every_version)
{
    const struct message *message = all_messages[_i];
    uint64_t seed = first_seed() * 1000003 + (uint64_t)_i * 1009;
    for (int version = message->min_version; version <= message->max_version; version++)
        for (int i = 0; i < FILLS; i++)
            try_content(message, version, next_random(&seed));
}
END_TEST

START_TEST(defaults_round_trip_and_take_no_tags)
{
    const struct message *message = all_messages[_i];
    for (int version = message->min_version; version <= message->max_version; version++) {
        struct trial trial = {.message = message, .version = version};
        arena_init(&trial.arena, SIZE_MAX / 2);
        trial.content = arena_alloc(&trial.arena, message->schema()->size);
        schema_set_defaults(message->schema(), trial.content);
        encode(&trial, trial.content, &trial.bytes);
        expect_bytes_to_round_trip(&trial);
        expect_json_to_round_trip(&trial);
        if (message_is_flexible(message, version))
            ck_assert_uint_eq(trial.bytes.data[trial.bytes.len - 1], 0);
        buf_fini(&trial.bytes);
        arena_fini(&trial.arena);
    }
}
END_TEST

START_TEST(random_bytes_are_refused_or_make_sense)
{
    const struct message *message = all_messages[_i];
    uint64_t seed = first_seed() * 7919 + (uint64_t)_i;
    for (int version = message->min_version; version <= message->max_version; version++)
        for (int i = 0; i < 200; i++) {
            uint8_t bytes[64];
            struct trial trial = {.message = message, .version = version, .seed = seed};
            size_t len = next_random(&seed) % sizeof bytes;
            for (size_t at = 0; at < len; at++)
                bytes[at] = (uint8_t)(next_random(&seed) % 2 ? next_random(&seed) % 4 : next_random(&seed));
            arena_init(&trial.arena, ARENA_CAP);
            expect_sense(&trial, bytes, len);
            arena_fini(&trial.arena);
        }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("round_trip");
    TCase *tcase = tcase_create("messages");
    tcase_set_timeout(tcase, 250);
    tcase_add_loop_test(tcase, a_message_of_any_content_round_trips_in_every_version, 0,
                        (int)all_messages_count);
    tcase_add_loop_test(tcase, defaults_round_trip_and_take_no_tags, 0, (int)all_messages_count);
    tcase_add_loop_test(tcase, random_bytes_are_refused_or_make_sense, 0, (int)all_messages_count);
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
