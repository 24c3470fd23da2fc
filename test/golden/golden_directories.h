/*
 * golden_directories: unpacks Apache Kafka's data directories for tests, and reads what Kafka found in them.
 * Static functions, so that every test stays one file.
 */
#ifndef TEST_GOLDEN_GOLDEN_DIRECTORIES_H
#define TEST_GOLDEN_GOLDEN_DIRECTORIES_H

#include "storage/os/clock.h"
#include "storage/partition_dir.h"
#include "storage/partition_private.h"
#include "storage/partitions.h"
#include "test/unit/storage/storage_test.h"

#include <sys/wait.h>

static const char *const golden_names[] = {"4.3.1-clean", "4.3.1-killed", "3.9.2-clean", "3.9.2-killed"};
enum { GOLDEN_COUNT = 4 };

UNUSED static bool golden_is_clean(const char *name)
{
    return strstr(name, "clean") != NULL;
}

UNUSED static const char *golden_source(void)
{
    const char *root = getenv("ODRADEK_SOURCE_DIR");
    return root != NULL ? root : ODRADEK_SOURCE_DIR;
}

/* Unpacks into <test directory>/<into>. */
UNUSED static const char *golden_unpack(const char *name, const char *into)
{
    char command[2048];
    const char *path = test_path(into);
    snprintf(command, sizeof command,
             "mkdir '%s' && tar -C '%s' -xJpf '%s/test/golden/directories/%s.tar.xz'", path, path,
             golden_source(), name);
    int status = system(command);
    ck_assert_msg(WIFEXITED(status) && WEXITSTATUS(status) == 0, "%s (tar and xz are needed)", command);
    return path;
}

/* What Kafka found, as one string; the caller frees. */
UNUSED static char *golden_expected(const char *name)
{
    char command[2048];
    snprintf(command, sizeof command, "xz -dc '%s/test/golden/directories/%s.expected.txt.xz'",
             golden_source(), name);
    FILE *pipe = popen(command, "r");
    ck_assert_ptr_nonnull(pipe);
    size_t capacity = 1 << 20;
    size_t len = 0;
    char *text = malloc(capacity);
    size_t got;
    while ((got = fread(text + len, 1, capacity - len - 1, pipe)) > 0) {
        len += got;
        if (capacity - len < 2)
            text = realloc(text, capacity *= 2);
    }
    text[len] = '\0';
    ck_assert_int_eq(pclose(pipe), 0);
    return text;
}

/* The text behind the line that begins with `header`; ends at the next line that begins with "==". */
UNUSED static const char *golden_section(const char *expected, const char *header)
{
    char line[200];
    snprintf(line, sizeof line, "\n%s", header);
    const char *at = strstr(expected, line);
    ck_assert_msg(at != NULL, "no section %s", header);
    at = strchr(at + 1, '\n');
    ck_assert_ptr_nonnull(at);
    return at + 1;
}

/* Copies the next line, without its end, into `line`; false at the section's end. */
UNUSED static bool golden_line(const char **at, char *line, size_t size)
{
    if (**at == '\0' || strncmp(*at, "==", 2) == 0)
        return false;
    size_t len = strcspn(*at, "\n");
    size_t keep = len < size - 1 ? len : size - 1;
    memcpy(line, *at, keep);
    line[keep] = '\0';
    *at += len + ((*at)[len] == '\n');
    return true;
}

/* The number behind `label` in a line of dump-log. */
UNUSED static long long golden_number(const char *line, const char *label)
{
    const char *at = strstr(line, label);
    ck_assert_msg(at != NULL, "no %s in %s", label, line);
    return atoll(at + strlen(label));
}

/* The settings that the golden directories were written with. */
UNUSED static struct log_config golden_config(const char *name, struct slice topic)
{
    struct log_config config = default_config();
    config.segment_index_bytes = 4096;
    config.producer_id_expiration_ms = INT64_MAX;
    if (slice_starts_with(topic, SLICE("plain")))
        config.index_interval_bytes = 100;
    if (slice_starts_with(topic, SLICE("sized")))
        config.index_interval_bytes = 1000;
    if (slice_starts_with(topic, SLICE("sized")) || (strncmp(name, "3.9.2", 5) == 0 && topic.data[0] != '_'))
        config.segment_bytes = 4096;
    if (slice_starts_with(topic, SLICE("plain")) || slice_starts_with(topic, SLICE("compacted"))
        || slice_starts_with(topic, SLICE("trimmed")) || slice_equal_str(topic, "txn"))
        config.segment_ms = 10000;
    return config;
}

/* ---- a broker's storage on one directory ---- */

enum { GOLDEN_PARTITIONS_MAX = 64 };

struct golden {
    const char *name;
    const char *path;
    struct data_dir *dir;
    struct partitions *partitions;
    size_t count;
    struct hosted_partition hosted[GOLDEN_PARTITIONS_MAX];
    char topics[GOLDEN_PARTITIONS_MAX][256];
};

static void golden_add(void *context, const char *name)
{
    struct golden *golden = context;
    struct slice topic;
    int32_t index;
    if (partition_dir_parse(name, &topic, &index) != PARTITION_DIR_LIVE
        || strcmp(name, "__cluster_metadata-0") == 0)
        return;
    ensure(golden->count < GOLDEN_PARTITIONS_MAX);
    struct hosted_partition *hosted = &golden->hosted[golden->count];
    char *copy = golden->topics[golden->count++];
    char path[1024];
    struct note why = {""};
    snprintf(path, sizeof path, "%s/%s", golden->path, name);
    memcpy(copy, topic.data, topic.len);
    *hosted = (struct hosted_partition){
        .topic = slice_of(copy, topic.len),
        .index = index,
        .is_leader = true,
        .config = golden_config(golden->name, topic),
    };
    ck_assert_int_eq(partition_dir_read_id(file_system_os(), path, &hosted->topic_id, &why), 1);
}

/* Loads every partition in <test directory>/<into>. */
UNUSED static void golden_open(struct golden *golden, const char *name, const char *path)
{
    struct note why = {""};
    enum data_dir_state state;
    int64_t broker_epoch;
    *golden = (struct golden){.name = name, .path = path};
    golden->dir = data_dir_open(file_system_os(), path, &state, &why);
    ck_assert_msg(golden->dir != NULL && state == DATA_DIR_FORMATTED, "%s", why.text);
    ck_assert(slice_equal_str(data_dir_meta(golden->dir)->cluster_id, "GoldenDirectoriesAAAAw"));
    ck_assert_int_eq(data_dir_meta(golden->dir)->node_id, 1);
    ck_assert(!uuid_is_zero(data_dir_meta(golden->dir)->directory_id));
    file_list(file_system_os(), path, golden_add, golden);
    ck_assert_int_eq(data_dir_begin(golden->dir, &broker_epoch), golden_is_clean(name));
    ck_assert_int_eq(broker_epoch > 0, golden_is_clean(name));
    const struct storage_config storage = storage_config_default();
    golden->partitions = partitions_new(&golden->dir, 1, &storage);
    ck_assert_msg(partitions_load(golden->partitions, golden->hosted, golden->count, &why) == KERR_NONE, "%s",
                  why.text);
}

UNUSED static void golden_close(struct golden *golden)
{
    ck_assert(partitions_close(golden->partitions, 99));
    data_dir_close(golden->dir);
}

/* By "<topic>-<index>". */
UNUSED static struct partition *golden_partition(const struct golden *golden, const char *name)
{
    struct slice topic;
    int32_t index;
    ck_assert_int_eq(partition_dir_parse(name, &topic, &index), PARTITION_DIR_LIVE);
    struct partition *partition = partitions_find(golden->partitions, topic, index);
    ck_assert_msg(partition != NULL, "%s", name);
    return partition;
}

#endif
