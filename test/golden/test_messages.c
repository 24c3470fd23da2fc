/*
 * Every message of the tables against what Apache Kafka wrote and printed (golden/messages): decoding,
 * printing, encoding and parsing each give Kafka's own text or bytes.
 */
#include "protocol/messages.h"
#include "protocol/schema/json.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>

enum { ARENA_CAP = 64 * 1024 * 1024 };

/* One line: "v9u <hex> <json>". The bytes are a heap block of exactly their size, so that a sanitizer sees a
 * step beyond it. */
struct golden {
    int version;
    bool has_unknown_tags;
    uint8_t *bytes;
    size_t len;
    struct slice json;
};

static const char *source_dir(void)
{
    const char *dir = getenv("ODRADEK_SOURCE_DIR");
#ifdef ODRADEK_SOURCE_DIR
    if (dir == NULL)
        dir = ODRADEK_SOURCE_DIR;
#endif
    ck_assert_msg(dir != NULL, "ODRADEK_SOURCE_DIR says where the repository is");
    return dir;
}

static int hex_digit(char c)
{
    return c >= 'a' ? c - 'a' + 10 : c - '0';
}

static void parse_line(char *line, struct golden *golden)
{
    char *at = line + 1;
    golden->version = (int)strtol(at, &at, 10);
    golden->has_unknown_tags = *at == 'u';
    char *hex = strchr(at, ' ') + 1, *end = strchr(hex, ' ');
    golden->len = *hex == '-' ? 0 : (size_t)(end - hex) / 2;
    golden->bytes = malloc(golden->len > 0 ? golden->len : 1);
    for (size_t i = 0; i < golden->len; i++)
        golden->bytes[i] = (uint8_t)(hex_digit(hex[2 * i]) << 4 | hex_digit(hex[2 * i + 1]));
    golden->json = slice_of(end + 1, strcspn(end + 1, "\n"));
}

/* ---- the checks of one line ---- */

static void *decode(const struct message *message, const struct golden *golden, size_t len,
                    struct reader *reader, struct arena *arena)
{
    void *decoded = arena_alloc(arena, message->schema()->size);
    reader_init(reader, slice_of(golden->bytes, len), arena);
    return message_read(message, golden->version, reader, decoded) ? decoded : NULL;
}

/* Kafka prints a tagged struct that holds nothing but unknown tags; without them it has its default and goes
 * unsaid. */
static void normalize(const struct message *message, const struct golden *golden, struct arena *arena,
                      struct buf *text)
{
    struct note why = {""};
    void *parsed = arena_alloc(arena, message->schema()->size);
    ck_assert_msg(message_parse_json(message, golden->version, golden->json, arena, parsed, &why), "%s",
                  why.text);
    message_print_json(message, golden->version, parsed, JSON_RECORDS_BASE64, text);
}

static void expect_json(const struct message *message, const struct golden *golden, const void *decoded,
                        bool lossy, struct arena *arena)
{
    struct buf text = {0}, expected = {0};
    if (lossy)
        normalize(message, golden, arena, &expected);
    else
        buf_append_slice(&expected, golden->json);
    message_print_json(message, golden->version, decoded, JSON_RECORDS_BASE64, &text);
    ck_assert_msg(slice_equal(buf_slice(&text), buf_slice(&expected)), "%s v%d\nKafka %.*s\nhere  %.*s",
                  message->name, golden->version, SLICE_ARGS(golden->json), SLICE_ARGS(buf_slice(&text)));
    buf_fini(&text);
    buf_fini(&expected);
}

static void encode(const struct message *message, int version, const void *from, struct buf *out)
{
    struct writer writer;
    writer_init(&writer, out, NULL);
    message_write(message, version, &writer, from);
}

static bool keeps_unknown_tags(const struct schema *schema)
{
    for (size_t i = 0; i < schema->field_count; i++)
        if (schema->fields[i].kind == FIELD_UNKNOWN_TAGS)
            return true;
    return false;
}

/* Unknown tags may be lost: then what is left must say the same in fewer bytes. */
static void expect_bytes(const struct message *message, const struct golden *golden, const void *from,
                         bool lossy, struct arena *arena)
{
    struct buf bytes = {0};
    encode(message, golden->version, from, &bytes);
    if (lossy) {
        ck_assert_uint_lt(bytes.len, golden->len);
        struct golden shorter = *golden;
        shorter.bytes = bytes.data;
        shorter.len = bytes.len;
        struct reader reader;
        void *again = decode(message, &shorter, bytes.len, &reader, arena);
        ck_assert_msg(again != NULL, "%s", reader.error);
        expect_json(message, golden, again, true, arena);
    } else
        ck_assert_msg(slice_equal(buf_slice(&bytes), slice_of(golden->bytes, golden->len)),
                      "%s v%d: other bytes than Kafka's for %.*s", message->name, golden->version,
                      SLICE_ARGS(golden->json));
    buf_fini(&bytes);
}

static void expect_prefixes_refused(const struct message *message, const struct golden *golden,
                                    struct arena *arena)
{
    struct golden prefix = *golden;
    for (size_t len = 0; len < golden->len; len++) {
        struct reader reader;
        prefix.bytes = malloc(len > 0 ? len : 1);
        memcpy(prefix.bytes, golden->bytes, len);
        ck_assert_msg(decode(message, &prefix, len, &reader, arena) == NULL,
                      "%s v%d: %zu of %zu bytes are accepted", message->name, golden->version, len,
                      golden->len);
        free(prefix.bytes);
        arena_reset(arena);
    }
}

static void check_line(const struct message *message, const struct golden *golden)
{
    struct arena arena;
    struct reader reader;
    struct note why = {""};
    arena_init(&arena, ARENA_CAP);
    void *decoded = decode(message, golden, golden->len, &reader, &arena);
    ck_assert_msg(decoded != NULL, "%s: for %.*s", reader.error, SLICE_ARGS(golden->json));
    ck_assert_uint_eq(reader_left(&reader), 0);
    bool lossy = golden->has_unknown_tags && !keeps_unknown_tags(message->schema());
    expect_json(message, golden, decoded, lossy, &arena);
    expect_bytes(message, golden, decoded, lossy, &arena);

    void *parsed = arena_alloc(&arena, message->schema()->size);
    ck_assert_msg(message_parse_json(message, golden->version, golden->json, &arena, parsed, &why), "%s",
                  why.text);
    expect_bytes(message, golden, parsed, golden->has_unknown_tags, &arena);
    if (!golden->has_unknown_tags)
        ck_assert(message_equal(message, golden->version, decoded, parsed));
    expect_prefixes_refused(message, golden, &arena);
    arena_fini(&arena);
}

/* ---- files ---- */

static FILE *open_golden(const struct message *message)
{
    char path[1024];
    snprintf(path, sizeof path, "%s/test/golden/messages/%s.txt", source_dir(), message->name);
    FILE *file = fopen(path, "r");
    ck_assert_msg(file != NULL, "no golden file %s", path);
    return file;
}

START_TEST(a_message_reads_writes_and_prints_as_in_kafka)
{
    const struct message *message = all_messages[_i];
    FILE *file = open_golden(message);
    char *line = NULL;
    size_t capacity = 0;
    bool seen[128] = {false};
    while (getline(&line, &capacity, file) > 0) {
        struct golden golden;
        if (*line == '#')
            continue;
        parse_line(line, &golden);
        ck_assert_msg(message_has_version(message, golden.version), "%s lacks v%d", message->name,
                      golden.version);
        seen[golden.version] = true;
        check_line(message, &golden);
        free(golden.bytes);
    }
    for (int version = message->min_version; version <= message->max_version; version++)
        ck_assert_msg(seen[version], "%s v%d is not Kafka's", message->name, version);
    free(line);
    fclose(file);
}
END_TEST

START_TEST(a_message_has_the_key_and_the_flexible_versions_of_kafka)
{
    const struct message *message = all_messages[_i];
    FILE *file = open_golden(message);
    char class[256], flexible[32];
    int key, min, max;
    ck_assert_int_eq(
        fscanf(file, "# %255s # key %d, versions %d-%d, flexible %31s", class, &key, &min, &max, flexible),
        5);
    ck_assert_int_eq(message->key, key);
    ck_assert_int_eq(message->flexible_since <= max, flexible[0] != 'n');
    if (flexible[0] != 'n' && atoi(flexible) >= min)
        ck_assert_int_eq(message->flexible_since, atoi(flexible));
    fclose(file);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("messages");
    TCase *tcase = tcase_create("golden");
    tcase_set_timeout(tcase, 250);
    tcase_add_loop_test(tcase, a_message_reads_writes_and_prints_as_in_kafka, 0, (int)all_messages_count);
    tcase_add_loop_test(tcase, a_message_has_the_key_and_the_flexible_versions_of_kafka, 0,
                        (int)all_messages_count);
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
