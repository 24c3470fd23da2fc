/*
 * fixture: what the tests of the metadata layer share: records of everyday kinds, and a directory to write
 * in.
 */
#ifndef TEST_UNIT_METADATA_FIXTURE_H
#define TEST_UNIT_METADATA_FIXTURE_H

#include "metadata/image.h"
#include "metadata/record_list.h"
#include "protocol/records/config_record.h"
#include "protocol/records/feature_level_record.h"
#include "protocol/records/metadata_record.h"
#include "protocol/records/partition_change_record.h"
#include "protocol/records/partition_record.h"
#include "protocol/records/register_broker_record.h"
#include "protocol/records/topic_record.h"
#include "protocol/schema/json.h"

#include <check.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define FIXTURE __attribute__((unused)) static

FIXTURE struct uuid make_id(uint8_t number)
{
    struct uuid id = {{0x10, 0, 0, 0, 0, 0, 0x40, 0, 0x80, 0, 0, 0, 0, 0, 0, number}};
    return id;
}

/* Runs what main has put into the suite: main's exit status. */
FIXTURE int run_suite(Suite *suite)
{
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

/* ---- records ---- */

FIXTURE void add_topic(struct record_list *list, const char *name, struct uuid id)
{
    struct topic_record topic;
    schema_set_defaults(topic_record_schema(), &topic);
    topic.name = slice_str(name);
    topic.topic_id = id;
    record_list_add(list, &topic_record_message, &topic);
}

/* make_id of it is the directory.id in node_write_meta. */
enum { NODE_DIRECTORY = 1 };

/* A partition of which broker 1 is the only replica and the leader. */
FIXTURE void add_partition_in(struct record_list *list, struct uuid topic_id, int32_t index,
                              struct uuid directory)
{
    struct partition_record partition;
    int32_t broker = 1;
    schema_set_defaults(partition_record_schema(), &partition);
    partition.partition_id = index;
    partition.topic_id = topic_id;
    partition.replicas.items = partition.isr.items = &broker;
    partition.replicas.count = partition.isr.count = 1;
    partition.leader = broker;
    partition.leader_epoch = partition.partition_epoch = 0;
    partition.directories.items = &directory;
    partition.directories.count = 1;
    record_list_add(list, &partition_record_message, &partition);
}

FIXTURE void add_partition(struct record_list *list, struct uuid topic_id, int32_t index)
{
    add_partition_in(list, topic_id, index, make_id(NODE_DIRECTORY));
}

FIXTURE struct partition_change_record change_of(struct uuid topic_id, int32_t index)
{
    struct partition_change_record change;
    schema_set_defaults(partition_change_record_schema(), &change);
    change.partition_id = index;
    change.topic_id = topic_id;
    return change;
}

FIXTURE void add_config(struct record_list *list, int8_t type, const char *resource, const char *name,
                        const char *value)
{
    struct config_record config;
    schema_set_defaults(config_record_schema(), &config);
    config.resource_type = type;
    config.resource_name = slice_str(resource);
    config.name = slice_str(name);
    config.value = slice_str(value);
    record_list_add(list, &config_record_message, &config);
}

FIXTURE void add_feature(struct record_list *list, const char *name, int16_t level)
{
    struct feature_level_record feature;
    schema_set_defaults(feature_level_record_schema(), &feature);
    feature.name = slice_str(name);
    feature.feature_level = level;
    record_list_add(list, &feature_level_record_message, &feature);
}

FIXTURE void add_broker(struct record_list *list, int32_t id, int64_t epoch, const char *host)
{
    struct register_broker_record broker;
    struct register_broker_endpoint endpoint;
    struct uuid directory = make_id((uint8_t)id);
    schema_set_defaults(register_broker_record_schema(), &broker);
    schema_set_defaults(register_broker_endpoint_schema(), &endpoint);
    endpoint.name = SLICE("PLAINTEXT");
    endpoint.host = slice_str(host);
    endpoint.port = 9092;
    broker.broker_id = id;
    broker.broker_epoch = epoch;
    broker.rack = SLICE_NULL;
    broker.end_points.items = &endpoint;
    broker.end_points.count = 1;
    broker.log_dirs.items = &directory;
    broker.log_dirs.count = 1;
    record_list_add(list, &register_broker_record_message, &broker);
}

/* A list in Kafka's JSON, one record in a line, each behind its name. It lives in the list's arena. */
FIXTURE const char *text_of_records(const struct record_list *list)
{
    struct buf text = {0};
    for (int32_t i = 0; i < list->count; i++) {
        struct reader reader;
        uint32_t type, version;
        reader_init(&reader, list->records[i], list->arena);
        ck_assert(metadata_record_read_frame(&reader, &type, &version));
        const struct message *message = find_metadata_record(type);
        void *record = arena_alloc(list->arena, message->schema()->size);
        ck_assert(message_read(message, (int)version, &reader, record));
        buf_printf(&text, "%s ", message->name);
        message_print_json(message, (int)version, record, JSON_RECORDS_BASE64, &text);
        buf_append_char(&text, '\n');
    }
    buf_append_char(&text, '\0');
    struct slice copy = arena_dup(list->arena, buf_slice(&text));
    buf_fini(&text);
    return (const char *)copy.data;
}

/* ---- a directory ---- */

FIXTURE int remove_one(const char *path, const struct stat *status, int type, struct FTW *walk)
{
    (void)status;
    (void)type;
    (void)walk;
    return remove(path);
}

FIXTURE void remove_tree(const char *path)
{
    nftw(path, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

/* A new empty directory; `path` has room for 256 bytes. */
FIXTURE void make_scratch(char *path)
{
    const char *base = getenv("TMPDIR");
    snprintf(path, 256, "%s/odradek-metadata-XXXXXX", base != NULL ? base : "/tmp");
    ck_assert_ptr_nonnull(mkdtemp(path));
}

FIXTURE void write_file(const char *directory, const char *name, const void *bytes, size_t len)
{
    char path[700];
    snprintf(path, sizeof path, "%s/%s", directory, name);
    FILE *file = fopen(path, "wb");
    ck_assert_ptr_nonnull(file);
    ck_assert_uint_eq(fwrite(bytes, 1, len, file), len);
    fclose(file);
}

/* The whole of a file in malloc'ed memory, a zero behind it. */
FIXTURE struct slice read_file(const char *directory, const char *name)
{
    char path[700];
    snprintf(path, sizeof path, "%s/%s", directory, name);
    FILE *file = fopen(path, "rb");
    ck_assert_msg(file != NULL, "%s", path);
    fseek(file, 0, SEEK_END);
    long len = ftell(file);
    rewind(file);
    uint8_t *bytes = malloc((size_t)len + 1);
    ck_assert_uint_eq(fread(bytes, 1, (size_t)len, file), (size_t)len);
    bytes[len] = 0;
    fclose(file);
    return slice_of(bytes, (size_t)len);
}

FIXTURE void free_file(struct slice bytes)
{
    free((void *)(uintptr_t)bytes.data);
}

#endif
