/*
 * damage: see damage.h.
 *
 * 1. Whatever was damaged: a batch that is read is one that was written, but for the offset and the epoch,
 *    which no checksum covers - or its checksum is wrong, and the reader knows.
 * 2. A byte changed under a batch's checksum is found: the start after a kill takes that batch out, a reader
 *    after a clean stop sees the wrong checksum. Every other batch is still read.
 * 3. Hints: every fetch and every search by time gives what it gave before.
 */
#include "test/sim/damage.h"

#include "protocol/base/ensure.h"
#include "test/sim/digest.h"
#include "test/sim/reading.h"
#include "test/sim/sim_world.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { STEPS = 70 };

/* ---- the directory ---- */

static bool ends_with(const char *path, const char *suffix)
{
    size_t len = strlen(path);
    return len >= strlen(suffix) && strcmp(path + len - strlen(suffix), suffix) == 0;
}

static enum damaged_kind kind_of(const char *path)
{
    static const char *const hints[] = {".index",
                                        ".timeindex",
                                        ".snapshot",
                                        ".kafka_cleanshutdown",
                                        "/replication-offset-checkpoint",
                                        "/leader-epoch-checkpoint",
                                        "/recovery-point-offset-checkpoint",
                                        "/.lock"};
    if (strstr(path, "-delete/") != NULL || strstr(path, "-stray/") != NULL || ends_with(path, ".deleted"))
        return DAMAGED_HINT; /* nobody reads it */
    if (strstr(path, "__cluster_metadata-0") != NULL || strstr(path, "bootstrap.checkpoint") != NULL)
        return DAMAGED_METADATA;
    if (ends_with(path, ".log"))
        return DAMAGED_LOG;
    if (ends_with(path, ".txnindex"))
        return DAMAGED_TXN;
    for (size_t i = 0; i < sizeof hints / sizeof hints[0]; i++)
        if (ends_with(path, hints[i]))
            return DAMAGED_HINT;
    return DAMAGED_TEXT;
}

static void add_file(void *context, const char *path, int32_t inode)
{
    struct damaged *damaged = context;
    size_t size = sim_bytes_size(sim_fs_inode(damaged->fs, inode)->bytes);
    if (size == 0)
        return;
    damaged->files = realloc(damaged->files, sizeof *damaged->files * (damaged->file_count + 1));
    ensure(damaged->files != NULL);
    char *copy = strdup(path);
    ensure(copy != NULL);
    damaged->files[damaged->file_count++] = (struct damaged_file){copy, inode, size, kind_of(path)};
}

void damaged_fini(struct damaged *damaged)
{
    for (size_t i = 0; i < damaged->file_count; i++)
        free(damaged->files[i].path);
    free(damaged->files);
    workload_fini(&damaged->workload);
    sim_fs_free(damaged->fs);
}

/* ---- random damage ---- */

static void change(struct sim_inode *inode, uint64_t *random)
{
    static const int64_t edges[] = {0, 1, -1, INT32_MAX, INT32_MIN, INT64_MAX, INT64_MIN, 0x7fff, 1 << 20};
    uint32_t size = (uint32_t)sim_bytes_size(inode->bytes);
    uint32_t at = sim_draw(random, size + 1);
    uint32_t len = 1 + sim_draw(random, 64);
    uint8_t piece[64] = {0};
    if (at + len > size)
        len = size - at;
    switch (sim_draw(random, 7)) {
    case 0: /* cut */
        sim_bytes_resize(&inode->bytes, at);
        break;
    case 1: /* stretch with zeros */
        sim_bytes_resize(&inode->bytes, size + sim_draw(random, 2000));
        break;
    case 2: /* zeros within */
        sim_bytes_write(&inode->bytes, at, piece, len);
        break;
    case 3: /* a piece of it somewhere else, maybe behind it */
        if (len > 0)
            memcpy(piece, inode->bytes->data + at, len);
        sim_bytes_write(&inode->bytes, sim_draw(random, size + 1), piece, len);
        break;
    case 4: { /* bytes put in, so that what follows moves */
        struct sim_bytes *rest = NULL;
        if (size > at)
            sim_bytes_write(&rest, 0, inode->bytes->data + at, size - at);
        uint32_t more = 1 + sim_draw(random, sizeof piece);
        for (uint32_t i = 0; i < more; i++)
            piece[i] = (uint8_t)sim_random(random);
        sim_bytes_write(&inode->bytes, at, piece, more);
        if (rest != NULL)
            sim_bytes_write(&inode->bytes, at + more, rest->data, rest->size);
        sim_bytes_unref(rest);
        break;
    }
    case 5: { /* a big-endian number at its edge */
        uint64_t edge = (uint64_t)edges[sim_draw(random, sizeof edges / sizeof edges[0])];
        uint32_t width = sim_draw(random, 2) == 0 ? 4 : 8;
        for (uint32_t i = 0; i < width; i++)
            piece[i] = (uint8_t)(edge >> (8 * (width - 1 - i)));
        sim_bytes_write(&inode->bytes, at, piece, width);
        break;
    }
    default: /* a few bytes */
        for (uint32_t i = 0; i < len && i < 4; i++) {
            piece[0] = (uint8_t)sim_random(random);
            sim_bytes_write(&inode->bytes, at + i, piece, 1);
        }
    }
}

void damage_at_random(struct sim_inode *inode, uint64_t *random)
{
    for (uint32_t times = 1 + sim_draw(random, 3); times > 0; times--)
        change(inode, random);
}

/* ---- what must hold ---- */

/* The batch that was written with these bytes from the magic on. */
static const struct model_batch *find_written(const struct model_partition *part, struct slice bytes)
{
    for (size_t i = 0; i < part->count; i++)
        if (part->batches[i].len == bytes.len
            && memcmp(part->batches[i].bytes + BATCH_MAGIC_AT, bytes.data + BATCH_MAGIC_AT,
                      bytes.len - BATCH_MAGIC_AT)
                   == 0)
            return &part->batches[i];
    return NULL;
}

/* Reads all; *whole counts the batches that are exactly what was written. */
static bool check_partition(struct node *node, struct model_topic *topic, int32_t index, size_t *whole,
                            struct note *why)
{
    struct partition *partition = partitions_find_by_id(node->partitions, topic->id, index);
    if (partition == NULL)
        return true;
    struct reading reading;
    struct note ignored = {""}; /* a reader that gets no further knows it */
    bool good = true;
    (void)reading_take(&reading, partition, READ_UNCOMMITTED, -1, &ignored);
    for (size_t i = 0; i < reading.count && good; i++) {
        struct slice bytes = reading_bytes(&reading, i);
        good = !reading.batches[i].crc_is_good || find_written(&topic->parts[index], bytes) != NULL;
        if (!good)
            note_set(why, "%s-%d: the batch at %" PRId64 " was never written", topic->name, (int)index,
                     reading.batches[i].header.base_offset);
        *whole += model_find_batch(&topic->parts[index], bytes) != NULL;
    }
    reading_fini(&reading);
    reading = (struct reading){0};
    (void)reading_take(&reading, partition, READ_COMMITTED, -1, &ignored);
    reading_fini(&reading);
    partition_unref(partition);
    return good;
}

static bool check_topics(struct damaged *damaged, struct node *node, size_t *whole, struct note *why)
{
    struct model *model = &damaged->workload.model;
    *whole = 0;
    for (int32_t i = 0; i < model->topic_count; i++)
        for (int32_t p = 0; p < model->topics[i].partitions; p++)
            if (!check_partition(node, &model->topics[i], p, whole, why))
                return false;
    return true;
}

/* ---- the undamaged one ---- */

static void take_digests(struct damaged *damaged)
{
    struct note why = {""};
    struct node node;
    struct sim_fs *fs = sim_fs_copy(damaged->fs);
    bool started = node_start(&node, fs, &why);
    ensure(started);
    damaged->records = digest_records(&node, &damaged->workload.model);
    damaged->lookups = digest_lookups(&node, &damaged->workload.model);
    bool good = check_topics(damaged, &node, &damaged->written, &why);
    ensure(good);
    node_kill(&node);
    sim_fs_free(fs);
}

void damaged_init(struct damaged *damaged, bool clean, uint64_t seed)
{
    *damaged = (struct damaged){
        .name = clean ? "after a clean stop" : "after a kill", .clean = clean, .random = seed};
    struct sim_fs *fs = sim_fs_new();
    sim_world_reset(seed);
    workload_begin(&damaged->workload, fs, seed, false);
    for (int i = 0; i < STEPS || !damaged->workload.running; i++)
        workload_step(&damaged->workload);
    if (clean)
        workload_stop(&damaged->workload);
    else
        workload_kill(&damaged->workload);
    ensure(damaged->workload.complaint.text[0] == '\0');
    damaged->fs = sim_fs_copy(fs);
    sim_fs_free(fs);
    sim_fs_walk(damaged->fs, NODE_PATH, add_file, damaged);
    take_digests(damaged);
}

/* ---- one damaged ---- */

/* Where in its batch the byte lies; -1: in none. */
static int64_t place_in_batch(const struct sim_fs *fs, const struct damaged_file *file, int64_t at)
{
    const struct sim_bytes *bytes = fs->inodes[file->inode].bytes;
    struct slice left = slice_of(bytes->data, bytes->size);
    struct batch_header header;
    size_t size;
    int64_t from = 0;
    while (batch_next(left, &header, &size, NULL) == BATCH_WHOLE) {
        if (at < from + (int64_t)size)
            return at - from;
        from += (int64_t)size;
        left = slice_from(left, size);
    }
    return -1;
}

static bool check_started(struct damaged *damaged, struct node *node, const struct damaged_file *file,
                          int64_t flipped, struct note *why)
{
    size_t whole;
    if (!check_topics(damaged, node, &whole, why))
        return false;
    if (file->kind == DAMAGED_LOG && flipped >= 0
        && place_in_batch(damaged->fs, file, flipped) >= BATCH_HEADER_SIZE) {
        if (whole + 1 != damaged->written)
            note_set(why, "of %zu batches %zu are read", damaged->written, whole);
        return whole + 1 == damaged->written;
    }
    if (file->kind != DAMAGED_HINT || flipped < 0)
        return true;
    if (digest_records(node, &damaged->workload.model) != damaged->records)
        note_set(why, "readers get other records");
    else if (digest_lookups(node, &damaged->workload.model) != damaged->lookups)
        note_set(why, "look-ups find other records");
    return why->text[0] == '\0';
}

bool damage_check(struct damaged *damaged, struct sim_fs *fs, const struct damaged_file *file,
                  int64_t flipped, struct note *why)
{
    struct node node;
    struct note reason = {""};
    bool good = true;
    if (node_start(&node, fs, &reason)) {
        good = check_started(damaged, &node, file, flipped, why);
        node_kill(&node);
    } else {
        damaged->refused++;
        good = reason.text[0] != '\0' && (file->kind == DAMAGED_TEXT || file->kind == DAMAGED_METADATA);
        if (!good)
            note_set(why, "no start: '%.900s'", reason.text);
    }
    if (good && fs->open_count > 0) {
        note_set(why, "%d files are left open", (int)fs->open_count);
        good = false;
    }
    return good;
}
