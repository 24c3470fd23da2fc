/*
 * Record batches as Apache Kafka 4.3.1 writes, reads and judges them: test/golden/batches.txt, explained in
 * README-batches.md.
 *
 * What we read out of a batch is printed as the recording prints it, and the two lines are compared as text.
 */
#include "protocol/base/arena.h"
#include "protocol/base/big_endian.h"
#include "protocol/base/buf.h"
#include "protocol/base/crc32c.h"
#include "protocol/batch_build.h"
#include "protocol/batch_validate.h"
#include "protocol/message_set.h"
#include "protocol/record.h"

#include <check.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

enum { VALID_COUNT = 66, PRODUCED_COUNT = 140, LONG_BYTES = 1000, SHOWN_BYTES = 16 };

struct line {
    char *name, *hex, *json; /* terminated, owned by `text` */
    char *text;
};

static FILE *open_recording(const char *section)
{
    char path[4096];
    const char *root = getenv("ODRADEK_SOURCE_DIR");
#ifdef ODRADEK_SOURCE_DIR
    if (root == NULL)
        root = ODRADEK_SOURCE_DIR;
#endif
    snprintf(path, sizeof path, "%s/test/golden/batches.txt", root == NULL ? "." : root);
    FILE *file = fopen(path, "r");
    ck_assert_msg(file != NULL, "cannot open %s", path);
    char *text = NULL;
    size_t size = 0;
    while (getline(&text, &size, file) > 0)
        if (strncmp(text, section, strlen(section)) == 0)
            break;
    ck_assert(!feof(file));
    free(text);
    return file;
}

/* The next line of the section; false at its end. */
static bool next_line(FILE *file, struct line *line)
{
    size_t size = 0;
    line->text = NULL;
    ssize_t len;
    do {
        len = getline(&line->text, &size, file);
        if (len <= 0 || line->text[0] == '#') {
            free(line->text);
            return false;
        }
    } while (line->text[0] == '\n');
    line->text[len - 1] = '\0';
    line->name = line->text;
    line->hex = strchr(line->name, ' ');
    *line->hex++ = '\0';
    line->json = strchr(line->hex, ' ');
    *line->json++ = '\0';
    return true;
}

static void append_unhex(struct buf *out, const char *hex, size_t len)
{
    for (size_t i = 0; i + 1 < len; i += 2) {
        char digits[3] = {hex[i], hex[i + 1], '\0'};
        buf_append_char(out, (char)strtoul(digits, NULL, 16));
    }
}

static void append_hex(struct buf *out, struct slice bytes)
{
    for (size_t i = 0; i < bytes.len; i++)
        buf_printf(out, "%02x", bytes.data[i]);
}

static void print_bytes(struct buf *out, const char *name, struct slice bytes)
{
    buf_printf(out, "\"%s\":", name);
    if (slice_is_null(bytes)) {
        buf_append_str(out, "null");
    } else if (bytes.len > LONG_BYTES) {
        buf_printf(out, "{\"size\":%zu,\"crc32c\":%u,\"begins\":\"", bytes.len,
                   crc32c(bytes.data, bytes.len));
        append_hex(out, slice_of(bytes.data, SHOWN_BYTES));
        buf_append_str(out, "\"}");
    } else {
        buf_append_char(out, '"');
        append_hex(out, bytes);
        buf_append_char(out, '"');
    }
}

static void print_record(struct buf *out, const struct record *record)
{
    buf_printf(out, "{\"offset\":%" PRId64 ",\"timestamp\":%" PRId64 ",\"sequence\":%d,", record->offset,
               record->timestamp, record->sequence);
    print_bytes(out, "key", record->key);
    buf_append_char(out, ',');
    print_bytes(out, "value", record->value);
    buf_append_str(out, ",\"headers\":[");
    struct slice headers = record->headers;
    struct record_header header;
    for (int32_t i = 0; i < record->header_count; i++) {
        ck_assert(record_headers_next(&headers, &header));
        buf_printf(out, "%s{\"key\":\"%.*s\",", i == 0 ? "" : ",", SLICE_ARGS(header.key));
        print_bytes(out, "value", header.value);
        buf_append_char(out, '}');
    }
    ck_assert(!record_headers_next(&headers, &header));
    buf_append_str(out, "]}");
}

static void print_header(struct buf *out, const struct batch_header *h)
{
    buf_printf(out,
               "{\"baseOffset\":%" PRId64
               ",\"batchLength\":%d,\"partitionLeaderEpoch\":%d,\"magic\":%d,\"crc\":%u,"
               "\"attributes\":%d,\"lastOffsetDelta\":%d,\"baseTimestamp\":%" PRId64
               ",\"maxTimestamp\":%" PRId64 ",\"producerId\":%" PRId64
               ",\"producerEpoch\":%d,\"baseSequence\":%d,\"recordCount\":%d,\"codec\":\"%s\","
               "\"timestampType\":\"%s\",\"transactional\":%s,\"control\":%s,",
               h->base_offset, h->batch_length, h->partition_leader_epoch, h->magic, h->crc, h->attributes,
               h->last_offset_delta, h->base_timestamp, h->max_timestamp, h->producer_id, h->producer_epoch,
               h->base_sequence, h->record_count, codec_name(batch_codec(h)),
               batch_is_log_append_time(h) ? "LogAppendTime" : "CreateTime",
               batch_is_transactional(h) ? "true" : "false", batch_is_control(h) ? "true" : "false");
    if (batch_has_delete_horizon(h))
        buf_printf(out, "\"deleteHorizonMs\":%" PRId64, h->base_timestamp);
    else
        buf_append_str(out, "\"deleteHorizonMs\":null");
    buf_printf(out, ",\"lastOffset\":%" PRId64 ",\"records\":[", batch_last_offset(h));
}

static void print_batch(struct buf *out, struct slice bytes)
{
    struct batch_header header;
    size_t size;
    struct note why = {""};
    ck_assert_int_eq(batch_next(bytes, &header, &size, &why), BATCH_WHOLE);
    ck_assert_uint_eq(size, bytes.len);
    ck_assert(batch_check_crc(bytes));
    print_header(out, &header);
    struct record_iterator it;
    record_iterator_init(&it, bytes, NULL);
    struct record record;
    enum record_result result;
    for (int i = 0; (result = record_iterator_next(&it, &record, &why)) == RECORD_READ; i++) {
        if (i > 0)
            buf_append_char(out, ',');
        print_record(out, &record);
    }
    ck_assert_msg(result == RECORD_END, "%s", why.text);
    record_iterator_fini(&it);
    buf_append_str(out, "]}");
}

/* ---- valid ---- */

/* One entry of a message set of magic 0 or 1; Kafka calls each a batch. */
static void print_entry(struct buf *out, const struct message_set_entry *entry, const struct buf *records)
{
    static const char *const types[] = {"NoTimestampType", "CreateTime", "LogAppendTime"};
    buf_printf(
        out,
        "{\"magic\":%d,\"codec\":\"%s\",\"timestampType\":\"%s\",\"transactional\":false,\"control\":false,"
        "\"lastOffset\":%" PRId64 ",\"records\":[",
        entry->magic, codec_name(entry->codec),
        types[entry->magic == 0        ? 0
              : entry->log_append_time ? 2
                                       : 1],
        entry->offset);
    buf_append_slice(out, buf_slice(records));
    buf_append_str(out, "]}");
}

struct printed {
    struct buf records;
};

static bool print_old_record(void *context, const struct record *record)
{
    struct printed *printed = context;
    if (printed->records.len > 0)
        buf_append_char(&printed->records, ',');
    print_record(&printed->records, record);
    return true;
}

static void print_message_set(struct buf *out, struct slice bytes)
{
    struct buf entries = {0};
    int count = 0;
    for (; bytes.len > 0; count++) {
        struct message_set_entry entry;
        struct printed printed = {{0}};
        struct note why = {""};
        size_t size;
        ck_assert_msg(message_set_next(bytes, &entry, &size, &why), "%s", why.text);
        ck_assert_msg(message_set_records(&entry, INFLATE_CAP_DEFAULT, print_old_record, &printed, &why),
                      "%s", why.text);
        if (count > 0)
            buf_append_char(&entries, ',');
        print_entry(&entries, &entry, &printed.records);
        buf_fini(&printed.records);
        bytes = slice_from(bytes, size);
    }
    buf_printf(out, count == 1 ? "%.*s" : "[%.*s]", SLICE_ARGS(buf_slice(&entries)));
    buf_fini(&entries);
}

START_TEST(every_valid_batch_is_read_as_kafka_reads_it)
{
    FILE *file = open_recording("## valid");
    struct line line;
    int count = 0;
    for (; next_line(file, &line); count++) {
        struct buf bytes = {0}, json = {0};
        append_unhex(&bytes, line.hex, strlen(line.hex));
        if (strncmp(line.name, "magic", 5) == 0)
            print_message_set(&json, buf_slice(&bytes));
        else
            print_batch(&json, buf_slice(&bytes));
        buf_append_char(&json, '\0');
        ck_assert_msg(strcmp((char *)json.data, line.json) == 0, "%s:\n%s\nis not\n%s", line.name,
                      (char *)json.data, line.json);
        buf_fini(&bytes);
        buf_fini(&json);
        free(line.text);
    }
    ck_assert_int_eq(count, VALID_COUNT);
    fclose(file);
}
END_TEST

/* Builds a batch with the same header and records. */
static void rebuild(struct batch_builder *builder, const struct buf *bytes)
{
    struct batch_header sent;
    batch_header_read(bytes->data, &sent);
    bytes->data[BATCH_ATTRIBUTES_AT + 1] &=
        (uint8_t)~BATCH_LOG_APPEND_TIME; /* which hides the producers' timestamps */
    struct record_iterator it;
    record_iterator_init(&it, buf_slice(bytes), NULL);
    batch_builder_set_base_timestamp(builder, it.header.base_timestamp);
    struct record record;
    while (record_iterator_next(&it, &record, NULL) == RECORD_READ) {
        if (batch_is_control(&it.header))
            batch_builder_append_control(builder, record.timestamp,
                                         (enum control_type)control_record_type(&record), record.value);
        else
            batch_builder_append_raw(builder, record.offset_delta, record.timestamp, record.key, record.value,
                                     record.headers, record.header_count);
    }
    record_iterator_fini(&it);
    sent.crc = 0; /* the builder's work */
    sent.batch_length = 0;
    sent.record_count = builder->header.record_count;
    builder->header = sent;
}

START_TEST(plain_and_control_batches_are_written_as_kafka_writes_them)
{
    FILE *file = open_recording("## valid");
    struct line line;
    int count = 0;
    while (next_line(file, &line)) {
        if (strncmp(line.name, "none/", 5) == 0 || strncmp(line.name, "control/", 8) == 0) {
            struct buf bytes = {0}, hex = {0};
            append_unhex(&bytes, line.hex, strlen(line.hex));
            struct batch_builder builder;
            batch_builder_init(&builder, CODEC_NONE, 0);
            rebuild(&builder, &bytes);
            append_hex(&hex, batch_builder_finish(&builder));
            buf_append_char(&hex, '\0');
            ck_assert_msg(strcmp((char *)hex.data, line.hex) == 0, "%s:\n%s\nis not\n%s", line.name,
                          (char *)hex.data, line.hex);
            batch_builder_fini(&builder);
            buf_fini(&bytes);
            buf_fini(&hex);
            count++;
        }
        free(line.text);
    }
    ck_assert_int_eq(count, 18);
    fclose(file);
}
END_TEST

/* ---- produced ---- */

enum { HOUR_MS = 3600000, T = 1000 };

/* What a single batch cannot tell. Here the batch is good, and somebody else says no. */
static const struct {
    const char *name, *who;
} judged_elsewhere[] = {
    {"idempotent-sequence-gap", "the producer's state in the partition"},
    {"idempotent-older-epoch", "the producer's state in the partition"},
    {"idempotent-newer-epoch-sequence-3", "the producer's state in the partition"},
    {"transactional-unknown-id", "the transaction coordinator"},
    {"transactional-unknown-id-v11", "the transaction coordinator"},
    {"acks-2", "the request's acks"},
    {"unknown-topic", "the topic's existence"},
    {"unknown-partition", "the partition's existence"},
    {"negative-partition", "the partition's existence"},
};

/*
 * Kafka answered null records with silence, and this one's bytes are not in the recording (it needs
 * segment.bytes).
 */
static const char *const not_judged[] = {"null-records", "larger-than-segment-bytes"};

static bool is_judged_elsewhere(const char *name)
{
    for (size_t i = 0; i < sizeof judged_elsewhere / sizeof judged_elsewhere[0]; i++)
        if (strcmp(name, judged_elsewhere[i].name) == 0)
            return true;
    return false;
}

static bool is_not_judged(const char *name)
{
    for (size_t i = 0; i < sizeof not_judged / sizeof not_judged[0]; i++)
        if (strcmp(name, not_judged[i]) == 0)
            return true;
    return false;
}

/* What follows `key` in the line; NULL if it is not there. */
static const char *find_field(const char *json, const char *key)
{
    const char *at = strstr(json, key);
    return at == NULL ? NULL : at + strlen(key);
}

/* The time at which Kafka judged: in the range that it names, or in the batch that it stored. */
static int64_t time_of(const struct line *line, const struct buf *stored)
{
    const char *range = find_field(line->json, "should be within [");
    if (range != NULL)
        return strtoll(strchr(range, ',') + 2, NULL, 10) - HOUR_MS;
    if (stored->len > 0 && (stored->data[BATCH_ATTRIBUTES_AT + 1] & BATCH_LOG_APPEND_TIME))
        return load_i64(stored->data + BATCH_MAX_TIMESTAMP_AT);
    return 1795243399000;
}

static bool is_topic(const struct line *line, const char *topic)
{
    char field[64];
    snprintf(field, sizeof field, "\"topic\":\"%s\"", topic);
    return strstr(line->json, field) != NULL;
}

static struct batch_rules rules_of(const struct line *line, const struct buf *stored)
{
    const char *topic = find_field(line->json, "\"topic\":\"");
    return (struct batch_rules){
        .now_ms = time_of(line, stored),
        .compacted = is_topic(line, "golden-compact"),
        .log_append_time = is_topic(line, "golden-append-time"),
        .before_max_ms = is_topic(line, "golden-before") ? T : INT64_MAX,
        .after_max_ms = HOUR_MS,
        .max_message_bytes = is_topic(line, "golden-small") ? 100 : 1048588,
        .compression = is_topic(line, "golden-gzip") ? CODEC_GZIP : COMPRESSION_PRODUCER,
        .gzip_level = GZIP_LEVEL_DEFAULT,
        .lz4_level = LZ4_LEVEL_DEFAULT,
        .zstd_level = ZSTD_LEVEL_DEFAULT,
        .topic = slice_of(topic, strcspn(topic, "\"")),
        .api_version = (int)strtol(find_field(line->json, "\"produceVersion\":"), NULL, 10),
    };
}

static void print_text(struct buf *out, struct slice text)
{
    if (slice_is_null(text))
        buf_append_str(out, "null");
    else
        buf_printf(out, "\"%.*s\"", SLICE_ARGS(text));
}

static void print_verdict(struct buf *out, const struct batch_verdict *verdict)
{
    buf_printf(out, "\"code\":%d,\"error\":\"%s\",\"message\":", (int)verdict->error,
               kerr_name(verdict->error));
    print_text(out, verdict->error_message);
    buf_append_str(out, ",\"recordErrors\":[");
    for (int i = 0; i < verdict->record_error_count; i++) {
        buf_printf(out, "%s{\"batchIndex\":%d,\"message\":", i == 0 ? "" : ",",
                   verdict->record_errors[i].batch_index);
        print_text(out, verdict->record_errors[i].message);
        buf_append_char(out, '}');
    }
    buf_append_str(out, "],");
    buf_append_char(out, '\0');
}

/* In the broker's order: the scan of the whole request, the right to the transactional id, the batch. */
static void judge(const struct line *line, struct buf *bytes, const struct buf *stored, struct arena *arena,
                  struct batch_verdict *verdict)
{
    *verdict = (struct batch_verdict){.error = KERR_NONE};
    struct note why = {""};
    struct batch_scan scan;
    enum kerr error = batch_scan(buf_slice(bytes), &scan, &why);
    if (error == KERR_NONE && scan.transactional && strstr(line->json, "\"transactionalId\"") == NULL)
        error = KERR_TRANSACTIONAL_ID_AUTHORIZATION_FAILED;
    if (error != KERR_NONE) {
        verdict->error = error;
        verdict->error_message = why.text[0] == '\0' ? SLICE_NULL : arena_dup(arena, slice_str(why.text));
        return;
    }
    struct batch_rules rules = rules_of(line, stored);
    batch_validate(bytes->data, bytes->len, &rules, arena, verdict);
}

/* Compressed by us: another release of the library may find other bytes for the same records. */
static void check_same_records(const char *name, struct slice ours, struct slice kafkas)
{
    struct batch_header header;
    struct buf a = {0}, b = {0};
    struct record_iterator it[2];
    record_iterator_init(&it[0], ours, NULL);
    record_iterator_init(&it[1], kafkas, NULL);
    it[0].header.crc = it[1].header.crc;
    it[0].header.batch_length = it[1].header.batch_length;
    print_header(&a, &it[0].header);
    print_header(&b, &it[1].header);
    struct record record;
    for (int i = 0; i < 2; i++) {
        while (record_iterator_next(&it[i], &record, NULL) == RECORD_READ)
            print_record(i == 0 ? &a : &b, &record);
        ck_assert_msg(it[i].result == RECORD_END, "%s", name);
        record_iterator_fini(&it[i]);
    }
    batch_header_read(ours.data, &header);
    ck_assert_int_eq(batch_size(&header), (int64_t)ours.len);
    ck_assert(batch_check_crc(ours));
    ck_assert_msg(slice_equal(buf_slice(&a), buf_slice(&b)), "%s", name);
    buf_fini(&a);
    buf_fini(&b);
}

static void check_stored(const struct line *line, const struct batch_verdict *verdict,
                         const struct buf *bytes, const struct buf *stored)
{
    batch_set_base_offset(verdict->batch, load_i64(stored->data));
    batch_set_leader_epoch(verdict->batch, 0);
    struct slice ours = slice_of(verdict->batch, verdict->len);
    if (verdict->batch == bytes->data)
        ck_assert_msg(slice_equal(ours, buf_slice(stored)), "%s: stored bytes differ", line->name);
    else
        check_same_records(line->name, ours, buf_slice(stored));
    struct batch_header now;
    batch_header_read(verdict->batch, &now);
    ck_assert_int_eq(now.max_timestamp, verdict->header.max_timestamp);
    ck_assert_int_eq(now.max_timestamp, verdict->max_timestamp);
    ck_assert_uint_eq(now.crc, verdict->header.crc);
    ck_assert_int_eq(now.attributes, verdict->header.attributes);
}

static void check_verdict(const struct line *line, struct buf *bytes)
{
    struct buf stored = {0}, ours = {0};
    const char *hex = find_field(line->json, "\"stored\":\"");
    if (hex != NULL)
        append_unhex(&stored, hex, strcspn(hex, "\""));
    struct arena arena;
    arena_init(&arena, 1 << 20);
    struct batch_verdict verdict;
    judge(line, bytes, &stored, &arena, &verdict);
    print_verdict(&ours, &verdict);
    if (is_judged_elsewhere(line->name)) {
        ck_assert_msg(verdict.error == KERR_NONE, "%s: %s", line->name, (char *)ours.data);
        ck_assert(strstr(line->json, "\"code\":0,") == NULL);
    } else {
        ck_assert_msg(strstr(line->json, (char *)ours.data) != NULL, "%s: %s\nis not in\n%s", line->name,
                      (char *)ours.data, line->json);
        if (verdict.error == KERR_NONE)
            check_stored(line, &verdict, bytes, &stored);
        else
            ck_assert_msg(verdict.has_log_start_offset
                              == (strstr(line->json, "\"logStartOffset\":0") != NULL),
                          "%s: logStartOffset", line->name);
    }
    arena_fini(&arena);
    buf_fini(&stored);
    buf_fini(&ours);
}

START_TEST(every_produced_batch_gets_kafkas_verdict)
{
    FILE *file = open_recording("## produced");
    struct line line;
    int count = 0;
    for (; next_line(file, &line); count++) {
        if (!is_not_judged(line.name)) {
            struct buf bytes = {0};
            buf_reserve(&bytes, 1);
            append_unhex(&bytes, line.hex, strcmp(line.hex, "-") == 0 ? 0 : strlen(line.hex));
            check_verdict(&line, &bytes);
            buf_fini(&bytes);
        }
        free(line.text);
    }
    ck_assert_int_eq(count, PRODUCED_COUNT);
    fclose(file);
}
END_TEST

START_TEST(null_records_are_refused)
{
    struct arena arena;
    arena_init(&arena, 1 << 20);
    struct batch_rules rules = {
        .max_message_bytes = 100, .compression = COMPRESSION_PRODUCER, .api_version = 12};
    struct batch_verdict verdict;
    batch_validate(NULL, 0, &rules, &arena, &verdict);
    ck_assert_int_eq(verdict.error, KERR_INVALID_RECORD);
    arena_fini(&arena);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("batches");
    TCase *tcase = tcase_create("golden");
    tcase_set_timeout(tcase, 250);
    tcase_add_test(tcase, every_valid_batch_is_read_as_kafka_reads_it);
    tcase_add_test(tcase, plain_and_control_batches_are_written_as_kafka_writes_them);
    tcase_add_test(tcase, every_produced_batch_gets_kafkas_verdict);
    tcase_add_test(tcase, null_records_are_refused);
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
