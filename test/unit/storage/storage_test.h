/*
 * storage_test: what the tests of storage/ share: a directory that goes away, default settings, batches.
 * Static functions, so that every test stays one file.
 */
#ifndef TEST_UNIT_STORAGE_STORAGE_TEST_H
#define TEST_UNIT_STORAGE_STORAGE_TEST_H

#include "protocol/base/ensure.h"
#include "protocol/batch_build.h"
#include "storage/log_config.h"
#include "storage/os/file.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define UNUSED __attribute__((unused))

static char test_directory[256];

UNUSED static void make_test_directory(void)
{
    const char *base = getenv("TMPDIR");
    snprintf(test_directory, sizeof test_directory, "%s/odradek-test-XXXXXX", base != NULL ? base : "/tmp");
    ensure(mkdtemp(test_directory) != NULL);
}

UNUSED static void remove_below(void *context, const char *name)
{
    char path[1024];
    struct file_status status;
    snprintf(path, sizeof path, "%s/%s", (const char *)context, name);
    if (file_path_status(file_system_os(), path, &status) == 0 && status.is_directory)
        file_list(file_system_os(), path, remove_below, path);
    remove(path);
}

UNUSED static void remove_test_directory(void)
{
    file_list(file_system_os(), test_directory, remove_below, test_directory);
    remove(test_directory);
}

/* "<test directory>/<name>" in one of a few static buffers. */
UNUSED static const char *test_path(const char *name)
{
    static char paths[8][512];
    static int next;
    char *path = paths[next++ % 8];
    snprintf(path, sizeof paths[0], "%s/%s", test_directory, name);
    return path;
}

/* From here on what the broker says goes into a file of the test's directory. */
UNUSED static void listen_to_broker(void)
{
    ck_assert_ptr_nonnull(freopen(test_path("said"), "w", stderr));
}

/* How many of the lines that it has said have this in them. */
UNUSED static int lines_said_with(const char *text)
{
    char line[2048];
    int count = 0;
    FILE *said = fopen(test_path("said"), "r");
    ck_assert_ptr_nonnull(said);
    while (fgets(line, sizeof line, said) != NULL)
        count += strstr(line, text) != NULL;
    fclose(said);
    return count;
}

UNUSED static struct log_config default_config(void)
{
    return (struct log_config){
        .segment_bytes = 1 << 30,
        .segment_ms = 604800000,
        .segment_index_bytes = 10485760,
        .index_interval_bytes = 4096,
        .flush_messages = INT64_MAX,
        .flush_ms = INT64_MAX,
        .retention_bytes = -1,
        .retention_ms = -1,
        .file_delete_delay_ms = 60000,
        .max_message_bytes = 1048588,
        .min_insync_replicas = 1,
        .compression_type = COMPRESSION_PRODUCER,
        .cleanup_delete = true,
        .sync_acks_all = true,
        .producer_id_expiration_ms = 86400000,
    };
}

/* What a test's batch looks like. */
struct batch_wish {
    int64_t base_offset;
    int32_t records;     /* 0: 1 */
    size_t value_len;    /* of each record */
    int64_t timestamp;   /* of the first record; each next one is 1 ms later */
    int64_t producer_id; /* 0: none; else the id */
    int16_t producer_epoch;
    int32_t base_sequence;
    int32_t leader_epoch;
    bool transactional;
    bool marker; /* a COMMIT, or with `aborted` an ABORT marker */
    bool aborted;
    int32_t coordinator_epoch;
};

/* malloc'ed. */
UNUSED static uint8_t *make_batch(const struct batch_wish *wish, size_t *len)
{
    struct batch_builder builder;
    batch_builder_init(&builder, CODEC_NONE, 0);
    uint8_t *value = calloc(1, wish->value_len + 1);
    ensure(value != NULL);
    if (wish->marker) {
        uint8_t marker[6] = {0, 0, 0, 0, 0, (uint8_t)wish->coordinator_epoch};
        batch_builder_append_control(&builder, wish->timestamp,
                                     wish->aborted ? CONTROL_ABORT : CONTROL_COMMIT,
                                     slice_of(marker, sizeof marker));
    }
    for (int32_t i = 0; !wish->marker && i < (wish->records == 0 ? 1 : wish->records); i++) {
        memset(value, 'a' + i % 26, wish->value_len);
        batch_builder_append(&builder, wish->timestamp + i, SLICE_NULL, slice_of(value, wish->value_len),
                             NULL, 0);
    }
    free(value);
    builder.header.base_offset = wish->base_offset;
    builder.header.partition_leader_epoch = wish->leader_epoch;
    if (wish->producer_id != 0) {
        builder.header.producer_id = wish->producer_id;
        builder.header.producer_epoch = wish->producer_epoch;
        builder.header.base_sequence = wish->marker ? NO_SEQUENCE : wish->base_sequence;
    }
    if (wish->transactional || wish->marker)
        builder.header.attributes = (int16_t)(builder.header.attributes | BATCH_TRANSACTIONAL);
    struct slice bytes = batch_builder_finish(&builder);
    uint8_t *copy = malloc(bytes.len);
    ensure(copy != NULL);
    memcpy(copy, bytes.data, bytes.len);
    *len = bytes.len;
    batch_builder_fini(&builder);
    return copy;
}

/* Runs the suite with one case per tcase; the directory is made and removed around each test. */
UNUSED static int run_suite(Suite *suite)
{
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

#endif
