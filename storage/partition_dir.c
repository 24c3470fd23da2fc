/* partition_dir: see partition_dir.h. Pure but for what reads and writes one file, and what renames one. */
#include "storage/partition_dir.h"

#include "protocol/base/ensure.h"
#include "storage/checkpoint.h"
#include "storage/os/clock.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { METADATA_BYTES_MAX = 4096, ID_DIGITS = 32, STRAY_NAMES = 200 };

static const char future_suffix[] = "-future";

static const char file_name[] = "partition.metadata";

static bool ends_with(const char *name, const char *suffix)
{
    size_t len = strlen(name);
    return len > strlen(suffix) && strcmp(name + len - strlen(suffix), suffix) == 0;
}

/* "<topic>-<index>" of `len` bytes. */
static bool split(const char *name, size_t len, struct slice *topic, int32_t *index)
{
    const char *dash = memrchr(name, '-', len);
    if (dash == NULL || dash == name)
        return false;
    size_t digits = len - (size_t)(dash + 1 - name);
    if (digits == 0 || digits > 10 || strspn(dash + 1, "0123456789") < digits)
        return false;
    long long number = strtoll(dash + 1, NULL, 10);
    if (number > INT32_MAX)
        return false;
    *topic = slice_of(name, (size_t)(dash - name));
    *index = (int32_t)number;
    return true;
}

static enum partition_dir_kind parse_future(const char *name, struct slice *topic, int32_t *index)
{
    size_t len = strlen(name) - strlen(future_suffix);
    const char *dot = memrchr(name, '.', len);
    if (dot == NULL || dot + 1 + ID_DIGITS != name + len || strspn(dot + 1, "0123456789abcdef") < ID_DIGITS
        || !split(name, (size_t)(dot - name), topic, index))
        return PARTITION_DIR_OTHER;
    return PARTITION_DIR_FUTURE;
}

enum partition_dir_kind partition_dir_parse(const char *name, struct slice *topic, int32_t *index)
{
    if (ends_with(name, "-delete"))
        return PARTITION_DIR_DELETE;
    if (ends_with(name, "-stray"))
        return PARTITION_DIR_STRAY;
    if (ends_with(name, future_suffix))
        return parse_future(name, topic, index);
    return split(name, strlen(name), topic, index) ? PARTITION_DIR_LIVE : PARTITION_DIR_OTHER;
}

struct uuid partition_dir_unique_id(void)
{
    struct uuid id;
    uint64_t now[2] = {(uint64_t)clock_wall_ms(), (uint64_t)clock_monotonic_us()};
    for (int i = 0; i < 2; i++) { /* splitmix64: one-to-one, so that different times stay different */
        uint64_t x = now[i] + 0x9e3779b97f4a7c15U;
        x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9U;
        x = (x ^ (x >> 27)) * 0x94d049bb133111ebU;
        x ^= x >> 31;
        memcpy(id.bytes + 8 * i, &x, sizeof x);
    }
    return id;
}

void partition_dir_name(char name[PARTITION_DIR_NAME_MAX + 1], struct slice topic, int32_t index)
{
    int len = snprintf(name, PARTITION_DIR_NAME_MAX + 1, "%.*s-%d", SLICE_ARGS(topic), (int)index);
    ensure(len > 0 && len <= PARTITION_DIR_NAME_MAX); /* topic names have at most 249 bytes, and an index of a
                                                         few digits */
}

void partition_dir_name_with(char name[PARTITION_DIR_NAME_MAX + 1], struct slice topic, int32_t index,
                             struct uuid id, const char *suffix)
{
    char tail[80];
    int at = snprintf(tail, sizeof tail, "-%d.", (int)index);
    for (size_t i = 0; i < sizeof id.bytes; i++)
        at += snprintf(tail + at, sizeof tail - (size_t)at, "%02x", id.bytes[i]);
    snprintf(tail + at, sizeof tail - (size_t)at, "%s", suffix);
    size_t room = PARTITION_DIR_NAME_MAX - strlen(tail);
    if (topic.len > room)
        topic.len = room;
    snprintf(name, PARTITION_DIR_NAME_MAX + 1, "%.*s%s", SLICE_ARGS(topic), tail);
}

int partition_dir_read_id(struct file_system *fs, const char *path, struct uuid *topic_id, struct note *why)
{
    char file[FILE_PATH_MAX];
    char *content;
    file_path(file, "%s/%s", path, file_name);
    ssize_t len = file_read_all(fs, file, METADATA_BYTES_MAX, &content);
    if (len == -ENOENT)
        return 0;
    if (len < 0) {
        note_set(why, "%s: %s", file, strerror((int)-len));
        return (int)len;
    }
    char version[8] = "";
    char id[64] = "";
    int fields = sscanf(content, "version : %7s topic_id : %63s", version, id);
    bool good = fields == 2 && strcmp(version, "0") == 0 && uuid_parse(slice_str(id), topic_id);
    /* Empty, or zeros: it was not synced when the power failed. */
    bool is_blank = strnlen(content, (size_t)len) == 0;
    int result = good ? 1 : is_blank ? 0 : -EBADMSG;
    if (result < 0)
        note_set(why, "%s is malformed", file);
    free(content);
    return result;
}

int partition_dir_set_aside(struct file_system *fs, const char *directory, const char *name,
                            char to_name[PARTITION_DIR_NAME_MAX + 1])
{
    char from[FILE_PATH_MAX];
    char to[FILE_PATH_MAX];
    struct slice topic;
    int32_t index;
    struct uuid id = UUID_ZERO;
    struct note why = {""};
    file_path(from, "%s/%s", directory, name);
    if (partition_dir_parse(name, &topic, &index) != PARTITION_DIR_LIVE)
        return -EINVAL;
    (void)partition_dir_read_id(fs, from, &id, &why);
    int result = -EEXIST;
    for (int tries = 0; tries < STRAY_NAMES && (result == -ENOTEMPTY || result == -EEXIST); tries++) {
        partition_dir_name_with(to_name, topic, index, id, "-stray");
        file_path(to, "%s/%s", directory, to_name);
        result = file_exists(fs, to) ? -EEXIST : file_rename(fs, from, to);
        id.bytes[sizeof id.bytes - 1]++; /* one was set aside before: any other name will do */
    }
    return result;
}

int partition_dir_write_id(struct file_system *fs, const char *path, struct uuid topic_id)
{
    char id[UUID_TEXT_LEN + 1];
    char text[64];
    uuid_format(topic_id, id);
    snprintf(text, sizeof text, "version: 0\ntopic_id: %s", id);
    return checkpoint_replace(fs, path, file_name, slice_str(text), false);
}
