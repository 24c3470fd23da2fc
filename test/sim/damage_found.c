/* damage_found: see damage_found.h. */
#include "test/sim/damage_found.h"

#include "protocol/base/ensure.h"
#include "storage/checkpoint.h"
#include "storage/data_file.h"
#include "test/sim/digest.h"
#include "test/sim/sim_world.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct slice slice_of_file(const struct sim_bytes *bytes)
{
    return slice_of(bytes == NULL ? NULL : bytes->data, sim_bytes_size(bytes));
}

/* ---- what is kept ---- */

/* A file beside `path` with the end of `before` from a place at or before `upto`, or with [upto, to). */
struct kept {
    struct sim_fs *fs;
    const char *path; /* of the segment */
    struct slice before;
    size_t upto;
    size_t to;
    char name[FILE_PATH_MAX]; /* "": there is none */
};

static void look_at(void *context, const char *path, int32_t inode)
{
    struct kept *kept = context;
    struct data_file_name name, segment;
    size_t directory = (size_t)(strrchr(kept->path, '/') + 1 - kept->path);
    if (strncmp(path, kept->path, directory) != 0)
        return;
    data_file_parse(path + directory, &name);
    data_file_parse(kept->path + directory, &segment);
    size_t from = (size_t)name.position;
    if (name.suffix != DATA_FILE_DAMAGED || name.base != segment.base || from > kept->upto)
        return;
    struct slice bytes = slice_of_file(sim_fs_inode(kept->fs, inode)->bytes);
    if (slice_equal(bytes, slice_of(kept->before.data + from, kept->to - from)))
        snprintf(kept->name, sizeof kept->name, "%s", path + directory);
}

static bool is_told_of(const char *name)
{
    return name[0] != '\0' && strstr(sim_world_told(), name) != NULL;
}

/* ---- a byte under a checksum ---- */

struct place {
    size_t from;
    size_t size;
    struct batch_header header;
};

/* The batch of the undamaged file that the byte lies in. */
static struct place find_batch(struct slice log, size_t at)
{
    struct place place = {0};
    while (batch_next(slice_from(log, place.from), &place.header, &place.size, NULL) == BATCH_WHOLE
           && at >= place.from + place.size)
        place.from += place.size;
    ensure(place.size > 0 && at < place.from + place.size);
    return place;
}

/* What recovery begins with in the partition of this path; 0 if nothing says. */
static int64_t recovery_point(struct damaged *damaged, const char *path)
{
    struct checkpoint checkpoint;
    struct slice topic;
    int32_t index;
    int64_t offset, found = 0;
    int result = checkpoint_open(&checkpoint, &damaged->fs->table,
                                 NODE_PATH "/recovery-point-offset-checkpoint", NULL);
    while (result >= 0 && checkpoint_next_offset(&checkpoint, &topic, &index, &offset, NULL) == 1) {
        char directory[FILE_PATH_MAX];
        int len = snprintf(directory, sizeof directory, NODE_PATH "/%.*s-%d/", SLICE_ARGS(topic), (int)index);
        if (strncmp(path, directory, (size_t)len) == 0)
            found = offset;
    }
    checkpoint_close(&checkpoint);
    return found;
}

/* A last offset that nobody has checked: whoever asks for a later batch is given this one, with its wrong
 * checksum, or an error, and gets no further. */
static bool hides_others(int64_t at_in_batch)
{
    enum { LAST_OFFSET_DELTA_AT = 23 };
    return at_in_batch >= LAST_OFFSET_DELTA_AT && at_in_batch < LAST_OFFSET_DELTA_AT + 4;
}

bool damage_is_found(struct damaged *damaged, struct sim_fs *fs, const struct damaged_file *file, int64_t at,
                     const struct sim_bytes *before, const struct tally *tally, struct note *why)
{
    struct slice undamaged = slice_of_file(sim_fs_inode(damaged->fs, file->inode)->bytes);
    struct place place = find_batch(undamaged, (size_t)at);
    size_t end = place.from + place.size;
    struct kept kept = {fs, file->path, slice_of_file(before), place.from, end, ""};
    sim_fs_walk(fs, NODE_PATH, look_at, &kept);
    bool is_last = end == undamaged.len;
    bool is_kept = is_told_of(kept.name);
    bool is_cut = is_last && strstr(sim_world_told(), "are cut off") != NULL;
    bool may_be_read = damaged->clean || place.header.base_offset < recovery_point(damaged, file->path);
    damaged->set_aside += is_kept;
    damaged->cut += !is_kept && is_cut;
    damaged->read += tally->bad > 0;
    if (tally->bad > 0 && !may_be_read)
        note_set(why, "the batch at byte %zu is served", place.from);
    else if (!is_kept && !is_cut && !(may_be_read && tally->bad > 0))
        note_set(why, "the batch at byte %zu is gone; told: '%.300s'", place.from, sim_world_told());
    else if (tally->whole + 1 != damaged->written
             && !(tally->bad > 0 && hides_others(at - (int64_t)place.from)))
        note_set(why, "of %zu batches %zu are read", damaged->written, tally->whole);
    return why->text[0] == '\0';
}

/* ---- the cluster log ---- */

enum { NO_OP_BYTES = 80 };

size_t damage_last_change(struct slice log)
{
    struct batch_header header;
    size_t at = 0, size, last = 0;
    int64_t last_ms = -1;
    for (; batch_next(slice_from(log, at), &header, &size, NULL) == BATCH_WHOLE; at += size) {
        bool is_no_op = header.record_count == 1 && size <= NO_OP_BYTES;
        if (is_no_op || header.max_timestamp == last_ms)
            continue;
        last = at;
        last_ms = header.max_timestamp;
    }
    return last;
}

static bool is_zeros(struct slice bytes)
{
    for (size_t i = 0; i < bytes.len; i++)
        if (bytes.data[i] != 0)
            return false;
    return true;
}

/* What a start finds and does not leave in the log is in a file beside it. */
static bool is_all_kept(struct damaged *damaged, struct sim_fs *fs, const struct damaged_file *file,
                        struct slice before, struct note *why)
{
    struct slice after = slice_of_file(sim_fs_inode(fs, file->inode)->bytes);
    size_t same = 0;
    while (same < before.len && same < after.len && before.data[same] == after.data[same])
        same++;
    if (is_zeros(slice_from(before, same)))
        return true;
    struct kept kept = {fs, file->path, before, same, before.len, ""};
    sim_fs_walk(fs, NODE_PATH "/__cluster_metadata-0", look_at, &kept);
    damaged->set_aside++;
    if (!is_told_of(kept.name))
        note_set(why, "of the cluster log's %zu bytes %zu are left, and the others are %s", before.len, same,
                 kept.name[0] == '\0' ? "not kept" : "kept without a word");
    return is_told_of(kept.name);
}

bool damage_cost_no_topics(struct damaged *damaged, struct node *node, struct sim_fs *fs,
                           const struct damaged_file *file, int64_t flipped, const struct sim_bytes *before,
                           struct note *why)
{
    if (!is_all_kept(damaged, fs, file, slice_of_file(before), why))
        return false;
    uint64_t topics = digest_topics(node);
    if (flipped < 0 || topics == damaged->topics)
        return true;
    bool is_last = topics == damaged->topics_before && flipped >= (int64_t)damaged->last_change;
    damaged->lost += is_last;
    if (!is_last)
        note_set(why, "other topics than before, and more than the last change is lost (it begins at %zu)",
                 damaged->last_change);
    return is_last;
}
