/* partition_dir: see partition_dir.h. Pure but for the two functions that read and write one file. */
#include "storage/partition_dir.h"

#include "protocol/base/ensure.h"
#include "storage/checkpoint.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { METADATA_BYTES_MAX = 4096 };

static const char file_name[] = "partition.metadata";

static bool ends_with(const char *name, const char *suffix)
{
    size_t len = strlen(name);
    return len > strlen(suffix) && strcmp(name + len - strlen(suffix), suffix) == 0;
}

enum partition_dir_kind partition_dir_parse(const char *name, struct slice *topic, int32_t *index)
{
    if (ends_with(name, "-delete"))
        return PARTITION_DIR_DELETE;
    if (ends_with(name, "-stray") || ends_with(name, "-future"))
        return PARTITION_DIR_STRAY;
    const char *dash = strrchr(name, '-');
    if (dash == NULL || dash == name || dash[1] == '\0' || strspn(dash + 1, "0123456789") != strlen(dash + 1)
        || strlen(dash + 1) > 10)
        return PARTITION_DIR_OTHER;
    long long number = strtoll(dash + 1, NULL, 10);
    if (number > INT32_MAX)
        return PARTITION_DIR_OTHER;
    *topic = slice_of(name, (size_t)(dash - name));
    *index = (int32_t)number;
    return PARTITION_DIR_LIVE;
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

int partition_dir_write_id(struct file_system *fs, const char *path, struct uuid topic_id)
{
    char id[UUID_TEXT_LEN + 1];
    char text[64];
    uuid_format(topic_id, id);
    snprintf(text, sizeof text, "version: 0\ntopic_id: %s", id);
    return checkpoint_replace(fs, path, file_name, slice_str(text), false);
}
