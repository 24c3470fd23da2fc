/*
 * partitions_checkpoints: the four checkpoint files of each log directory, and what they still say of
 * partitions that are gone. See partitions.c.
 *
 * 1. A file is written when its content has changed, by whoever holds the checkpoints' mutex: the ticking
 * thread at its interval, the one that closes, and for log starts also before DeleteRecords is answered.
 * 2. Between a deletion and the next creation, whatever the names, what is on stable storage stops to speak
 * of the deleted (partitions_forget_deleted): once for all of them, since a deletion alone harms nobody. An
 * entry that outlived its topic would be believed of the next one of its name, and a directory without an id
 * that came back after a power cut would be taken for it. Where a full disk takes no new file the old one
 * goes, if a start can do without it: one full log directory would stop all creation.
 */
#include "storage/partitions_private.h"

#include "protocol/base/ensure.h"
#include "storage/checkpoint.h"
#include "storage/os/file.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static const char *const checkpoint_names[CHECKPOINT_COUNT] = {
    "recovery-point-offset-checkpoint",
    "replication-offset-checkpoint",
    "log-start-offset-checkpoint",
    "cleaner-offset-checkpoint",
};

int64_t partitions_checkpoint_interval_ms(const struct partitions *partitions, int kind)
{
    switch (kind) {
    case CHECKPOINT_RECOVERY:
        return partitions->config.recovery_point_checkpoint_interval_ms;
    case CHECKPOINT_HIGH_WATERMARK:
        return partitions->config.high_watermark_checkpoint_interval_ms;
    case CHECKPOINT_START:
        return partitions->config.log_start_checkpoint_interval_ms;
    default:
        return 0; /* when something was cleaned */
    }
}

/* Negative: nothing is to be said of it. */
static int64_t offset_for(struct partition *partition, int kind)
{
    struct partition_checkpoint checkpoint;
    partition_get_checkpoint(partition, &checkpoint);
    return kind == CHECKPOINT_RECOVERY         ? checkpoint.recovery_point
           : kind == CHECKPOINT_HIGH_WATERMARK ? checkpoint.high_watermark
           : kind == CHECKPOINT_START          ? checkpoint.start_offset
                                               : checkpoint.first_dirty;
}

static void write_text(struct buf *text, struct partition **found, const int64_t *offsets, size_t count)
{
    size_t entries = 0;
    for (size_t i = 0; i < count; i++)
        entries += offsets[i] >= 0;
    buf_printf(text, "0\n%zu\n", entries);
    for (size_t i = 0; i < count; i++)
        if (offsets[i] >= 0)
            buf_printf(text, "%s %d %" PRId64 "\n", found[i]->topic, (int)found[i]->index, offsets[i]);
}

bool partitions_write_checkpoint(struct partitions *partitions, int32_t at, int kind, bool must,
                                 struct partition **found, size_t count) NEEDS(partitions->checkpoint_mutex)
{
    struct data_dir *dir = partitions->dirs[at];
    struct buf text = {0};
    int64_t *offsets = malloc(sizeof *offsets * (count + 1));
    ensure(offsets != NULL);
    for (size_t i = 0; i < count; i++)
        offsets[i] = partition_dir(found[i]) == dir ? offset_for(found[i], kind) : -1;
    write_text(&text, found, offsets, count);
    struct buf *written = &partitions->written[at * CHECKPOINT_COUNT + kind];
    enum kerr (*store)(struct data_dir * dir, const char *name, struct slice content) =
        must || kind == CHECKPOINT_START ? data_dir_remember : data_dir_checkpoint;
    bool good = slice_equal(buf_slice(written), buf_slice(&text))
                || store(dir, checkpoint_names[kind], buf_slice(&text)) == KERR_NONE;
    if (good) {
        struct buf old = *written;
        *written = text;
        text = old;
    }
    for (size_t i = 0; i < count && good && kind == CHECKPOINT_START; i++)
        if (offsets[i] >= 0)
            partition_note_stored_start(found[i], dir, offsets[i]);
    buf_fini(&text);
    free(offsets);
    return good;
}

bool partitions_write_checkpoints(struct partitions *partitions, int kind, bool *stored)
{
    size_t count;
    bool good = true;
    mutex_lock(&partitions->checkpoint_mutex);
    struct partition **found = partitions_all(partitions, &count);
    for (int32_t at = 0; at < partitions->dir_count; at++) {
        bool is_stored = data_dir_is_offline(partitions->dirs[at])
                         || partitions_write_checkpoint(partitions, at, kind, false, found, count);
        good &= is_stored;
        if (stored != NULL)
            stored[at] = is_stored;
    }
    mutex_unlock(&partitions->checkpoint_mutex);
    partitions_unref_all(found, count);
    return good;
}

bool partitions_store_log_starts(struct partitions *partitions)
{
    return partitions_write_checkpoints(partitions, CHECKPOINT_START, NULL);
}

void partitions_store_checkpoints(struct partitions *partitions)
{
    for (int kind = 0; kind < CHECKPOINT_COUNT; kind++)
        (void)partitions_write_checkpoints(partitions, kind, NULL);
}

static bool is_hosted(struct partitions *partitions, struct slice topic, int32_t index)
{
    struct partition *partition = partitions_find(partitions, topic, index);
    if (partition != NULL)
        partition_unref(partition);
    return partition != NULL;
}

/* Whether the file speaks of nobody who is gone: then it may stay as it is. Who has moved is not gone. */
static bool has_forgotten(struct partitions *partitions, int32_t at, int kind)
{
    const struct data_dir *dir = partitions->dirs[at];
    char path[FILE_PATH_MAX];
    struct checkpoint checkpoint;
    struct note why = {""};
    struct slice topic;
    int32_t index;
    int64_t offset;
    file_path(path, "%s/%s", data_dir_path(dir), checkpoint_names[kind]);
    int result = checkpoint_open(&checkpoint, data_dir_fs(dir), path, &why);
    while (result >= 0 && (result = checkpoint_next_offset(&checkpoint, &topic, &index, &offset, &why)) == 1)
        if (!is_hosted(partitions, topic, index))
            break;
    checkpoint_close(&checkpoint);
    return result == 0;
}

/* Without it a start reads all logs through, or cleans them from their beginning: that costs time, while an
 * entry of a partition that is gone may cost records. */
static bool drop(struct partitions *partitions, int32_t at, int kind) NEEDS(partitions->checkpoint_mutex)
{
    buf_fini(&partitions->written[at * CHECKPOINT_COUNT + kind]);
    return data_dir_drop_checkpoint(partitions->dirs[at], checkpoint_names[kind]);
}

static bool rewrite(struct partitions *partitions, int kind, struct partition **found, size_t count)
    NEEDS(partitions->checkpoint_mutex)
{
    bool good = true;
    for (int32_t at = 0; at < partitions->dir_count; at++) {
        struct data_dir *dir = partitions->dirs[at];
        if (data_dir_is_offline(dir))
            continue;
        good &= partitions_write_checkpoint(partitions, at, kind, true, found, count)
                || has_forgotten(partitions, at, kind)
                || (kind != CHECKPOINT_START && drop(partitions, at, kind))
                || data_dir_is_offline(dir); /* then nothing is made in it */
    }
    return good;
}

/* The kinds that a start believes. Log starts first: of a partition that has moved the old place's entry goes
 * when the new one's is there. On a full disk they come again, when the others may have left them their
 * blocks. */
static bool rewrite_checkpoints(struct partitions *partitions) NEEDS(partitions->checkpoint_mutex)
{
    size_t count;
    struct partition **found = partitions_all(partitions, &count);
    bool starts = rewrite(partitions, CHECKPOINT_START, found, count);
    bool others = rewrite(partitions, CHECKPOINT_RECOVERY, found, count);
    others &= rewrite(partitions, CHECKPOINT_CLEANER, found, count);
    starts = starts || rewrite(partitions, CHECKPOINT_START, found, count);
    partitions_unref_all(found, count);
    return starts && others;
}

static void sync_names(struct partitions *partitions)
{
    for (int32_t at = 0; at < partitions->dir_count; at++) {
        struct data_dir *dir = partitions->dirs[at];
        if (data_dir_is_offline(dir))
            continue;
        int result = file_sync_directory(data_dir_fs(dir), data_dir_path(dir));
        if (result < 0)
            data_dir_fail(dir, "%s: %s", data_dir_path(dir), strerror(-result));
    }
}

bool partitions_forget_deleted(struct partitions *partitions)
{
    bool good = true;
    mutex_lock(&partitions->checkpoint_mutex); /* always: who comes second waits until it is done */
    if (atomic_exchange(&partitions->outdated, false)) {
        good = rewrite_checkpoints(partitions);
        sync_names(partitions);
        if (!good)
            atomic_store(&partitions->outdated, true);
    }
    mutex_unlock(&partitions->checkpoint_mutex);
    return good;
}
