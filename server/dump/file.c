/*
 * file: which kind a file is, and what all kinds have in common. Called by dump_command.c.
 */
#include "server/dump/dump.h"

#include <stdio.h>
#include <string.h>

enum { DECODED_BYTES_MAX = 256 << 20 };

void dump_init(struct dump *dump, struct file_system *fs, int fd, bool json)
{
    *dump = (struct dump){.fs = fs, .from = INT64_MIN, .to = INT64_MAX};
    lines_init(&dump->lines, fd, json);
    arena_init(&dump->arena, DECODED_BYTES_MAX);
    inflater_init(&dump->inflater);
}

bool dump_finish(struct dump *dump)
{
    inflater_fini(&dump->inflater);
    arena_fini(&dump->arena);
    return lines_finish(&dump->lines);
}

void dump_damage(struct dump *dump, int64_t position, int64_t size, const char *why)
{
    dump->damaged = true;
    line_begin(&dump->lines, "damage");
    if (position >= 0)
        line_number(&dump->lines, "position", position, 0);
    if (size >= 0)
        line_number(&dump->lines, "size", size, 0);
    line_bytes(&dump->lines, "why", slice_str(why));
    line_end(&dump->lines);
}

void dump_unreadable(struct dump *dump, int error)
{
    dump_damage(dump, -1, -1, strerror(-error));
}

/* What a partition's records are, by the name of its directory (which may end in -delete or the like). */
static enum dump_content content_of(const char *directory)
{
    static const struct {
        const char *topic;
        enum dump_content content;
    } known[] = {
        {"__cluster_metadata-", CONTENT_CLUSTER},
        {"__consumer_offsets-", CONTENT_GROUPS},
        {"__transaction_state-", CONTENT_TRANSACTIONS},
        {"__share_group_state-", CONTENT_SHARE_STATE},
    };
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
        if (strncmp(directory, known[i].topic, strlen(known[i].topic)) == 0)
            return known[i].content;
    return CONTENT_BYTES;
}

/* The line that opens a file. False if there is no such file, which is said then. */
static bool put_file(struct dump *dump, const char *path, const struct data_file_name *name)
{
    struct file_status status;
    int result = file_path_status(dump->fs, path, &status);
    line_begin(&dump->lines, "file");
    line_bytes(&dump->lines, "path", slice_str(path));
    line_bytes(&dump->lines, "kind", slice_str(data_file_kind_name(name->kind)));
    if (name->suffix != DATA_FILE_PLAIN)
        line_word(&dump->lines, "state", data_file_suffix_name(name->suffix));
    if (name->base >= 0)
        line_number(&dump->lines, "offset", name->base, 0);
    if (name->epoch >= 0)
        line_number(&dump->lines, "epoch", name->epoch, 0);
    if (result == 0)
        line_number(&dump->lines, "size", status.size, 0);
    line_end(&dump->lines);
    if (result < 0)
        dump_unreadable(dump, result);
    return result == 0;
}

void dump_file(struct dump *dump, const char *path, const char *directory)
{
    struct data_file_name name;
    const char *slash = strrchr(path, '/');
    const char *file = slash == NULL ? path : slash + 1;
    data_file_parse(file, &name);
    if (!put_file(dump, path, &name))
        return;
    switch (name.kind) {
    case DATA_FILE_LOG:
        dump_log(dump, path, &name, dump->content == CONTENT_BY_NAME ? content_of(directory) : dump->content);
        break;
    case DATA_FILE_CLUSTER_SNAPSHOT:
        dump_log(dump, path, &name, dump->content == CONTENT_BY_NAME ? CONTENT_CLUSTER : dump->content);
        break;
    case DATA_FILE_INDEX:
    case DATA_FILE_TIME_INDEX:
        dump_index(dump, path, &name);
        break;
    case DATA_FILE_TXN_INDEX:
        dump_txn_index(dump, path);
        break;
    case DATA_FILE_PRODUCER_SNAPSHOT:
        dump_producer_snapshot(dump, path);
        break;
    case DATA_FILE_OFFSET_CHECKPOINT:
        dump_offset_checkpoint(dump, path);
        break;
    case DATA_FILE_EPOCH_CHECKPOINT:
        dump_epoch_checkpoint(dump, path);
        break;
    case DATA_FILE_QUORUM_STATE:
        dump_quorum_state(dump, path);
        break;
    case DATA_FILE_META_PROPERTIES:
    case DATA_FILE_PARTITION_METADATA:
        dump_properties(dump, path);
        break;
    case DATA_FILE_CLEAN_SHUTDOWN:
        dump_marker(dump, path);
        break;
    case DATA_FILE_LOCK:
    case DATA_FILE_RESERVE:
    case DATA_FILE_SUSPECT:
        break;
    case DATA_FILE_UNKNOWN:
        dump_damage(dump, -1, -1, "no file of this name belongs into a log directory");
        break;
    }
}
