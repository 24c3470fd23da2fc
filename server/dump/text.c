/*
 * text: the small text files of a log directory. Called by file.c. They are read whole, up to a bound.
 */
#include "metadata/quorum_state.h"
#include "server/dump/dump.h"
#include "server/properties.h"
#include "storage/checkpoint.h"

#include <errno.h>
#include <stdlib.h>

enum { SMALL_FILE_MAX = 1 << 20 };

/* ---- checkpoints ---- */

static bool open_checkpoint(struct dump *dump, struct checkpoint *checkpoint, const char *path)
{
    struct note why = {""};
    int result = checkpoint_open(checkpoint, dump->fs, path, &why);
    if (result == -EBADMSG)
        dump_damage(dump, -1, -1, why.text);
    else if (result < 0)
        dump_unreadable(dump, result);
    return result == 0;
}

/* Says what is wrong with a line. False: it was about the number of lines, and there is no more. */
static bool go_on_behind(struct dump *dump, const struct checkpoint *checkpoint, const char *why)
{
    dump_damage(dump, -1, -1, why);
    return checkpoint->next != NULL && *checkpoint->next != '\0';
}

void dump_offset_checkpoint(struct dump *dump, const char *path)
{
    struct checkpoint checkpoint;
    struct lines *lines = &dump->lines;
    if (!open_checkpoint(dump, &checkpoint, path))
        return;
    for (;;) {
        struct slice topic;
        int32_t partition;
        int64_t offset;
        struct note why = {""};
        int result = checkpoint_next_offset(&checkpoint, &topic, &partition, &offset, &why);
        if (result == 0 || (result < 0 && !go_on_behind(dump, &checkpoint, why.text)))
            break;
        if (result < 0)
            continue;
        line_begin(lines, "offset");
        line_bytes(lines, "topic", topic);
        line_number(lines, "partition", partition, 0);
        line_number(lines, "offset", offset, 0);
        line_end(lines);
    }
    checkpoint_close(&checkpoint);
}

void dump_epoch_checkpoint(struct dump *dump, const char *path)
{
    struct checkpoint checkpoint;
    struct lines *lines = &dump->lines;
    if (!open_checkpoint(dump, &checkpoint, path))
        return;
    for (;;) {
        int32_t epoch;
        int64_t start_offset;
        struct note why = {""};
        int result = checkpoint_next_epoch(&checkpoint, &epoch, &start_offset, &why);
        if (result == 0 || (result < 0 && !go_on_behind(dump, &checkpoint, why.text)))
            break;
        if (result < 0)
            continue;
        line_begin(lines, "epoch");
        line_number(lines, "epoch", epoch, 5);
        line_number(lines, "startOffset", start_offset, 0);
        line_end(lines);
    }
    checkpoint_close(&checkpoint);
}

/* ---- others ---- */

/* The caller frees. NULL if it has said why not. */
static char *read_small(struct dump *dump, const char *path, struct slice *text)
{
    char *content;
    ssize_t len = file_read_all(dump->fs, path, SMALL_FILE_MAX, &content);
    if (len < 0) {
        dump_unreadable(dump, (int)len);
        return NULL;
    }
    *text = slice_of(content, (size_t)len);
    return content;
}

void dump_properties(struct dump *dump, const char *path)
{
    struct slice text;
    struct properties properties;
    int32_t line = 0;
    struct note why = {""};
    char *content = read_small(dump, path, &text);
    if (content == NULL)
        return;
    arena_reset(&dump->arena);
    if (!properties_parse(text, &dump->arena, &properties, &line, &why)) {
        note_prefix(&why, "line %d", line);
        dump_damage(dump, -1, -1, why.text);
        properties.count = 0;
    }
    for (int32_t i = 0; i < properties.count; i++) {
        line_begin(&dump->lines, "property");
        line_bytes(&dump->lines, "name", properties.items[i].name);
        line_bytes(&dump->lines, "value", properties.items[i].value);
        line_end(&dump->lines);
    }
    free(content);
}

void dump_quorum_state(struct dump *dump, const char *path)
{
    struct slice text;
    struct quorum_state state;
    struct note why = {""};
    struct lines *lines = &dump->lines;
    char *content = read_small(dump, path, &text);
    if (content == NULL)
        return;
    if (quorum_state_parse(text, &state, &why)) {
        line_begin(lines, "quorumState");
        line_number(lines, "dataVersion", state.data_version, 0);
        line_number(lines, "leaderId", state.leader_id, 0);
        line_number(lines, "leaderEpoch", state.leader_epoch, 0);
        line_number(lines, "votedId", state.voted_id, 0);
        struct buf *out = line_value(lines, "currentVoters");
        for (int32_t i = 0; i < state.voter_count; i++) {
            buf_append_char(out, i == 0 ? '[' : ',');
            buf_append_number(out, state.voters[i]);
        }
        buf_append_str(out, state.voter_count == 0 ? "[]" : "]");
        line_end(lines);
    } else
        dump_damage(dump, -1, -1, why.text);
    free(content);
}

void dump_marker(struct dump *dump, const char *path)
{
    struct slice text;
    char *content = read_small(dump, path, &text);
    if (content == NULL)
        return;
    line_begin(&dump->lines, "cleanShutdown");
    line_bytes(&dump->lines, "content", text);
    line_end(&dump->lines);
    free(content);
}
