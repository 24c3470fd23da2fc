/*
 * damage: see damage.h.
 *
 * 1. Whatever was damaged: a batch that is read is one that was written, but for the offset and the epoch,
 *    which no checksum covers - or its checksum is wrong, and the reader knows.
 * 2. A byte changed under a batch's checksum is found (damage_found).
 * 3. Hints: every fetch and every search by time gives what it gave before.
 * 4. A start leads in a leader epoch that no batch has (KIP-320).
 * 5. No topic is lost, but for the last change, if that is what was damaged, and then it is told and kept.
 */
#include "test/sim/damage_found.h"

#include "protocol/base/ensure.h"
#include "storage/os/clock.h"
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
    if (ends_with(path, "/__cluster_metadata-0/00000000000000000000.log"))
        return DAMAGED_CLUSTER;
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

/* Reads all, and counts what is read. */
static bool check_partition(struct node *node, struct model_topic *topic, int32_t index, struct tally *tally,
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
        tally->whole += model_find_batch(&topic->parts[index], bytes) != NULL;
        tally->led += reading.batches[i].header.partition_leader_epoch >= reading.offsets.leader_epoch;
        tally->bad += !reading.batches[i].crc_is_good;
    }
    tally->bad += reading.passed + (reading.error != KERR_NONE);
    reading_fini(&reading);
    reading = (struct reading){0};
    (void)reading_take(&reading, partition, READ_COMMITTED, -1, &ignored);
    reading_fini(&reading);
    partition_unref(partition);
    return good;
}

static bool check_topics(struct damaged *damaged, struct node *node, struct tally *tally, struct note *why)
{
    struct model *model = &damaged->workload.model;
    *tally = (struct tally){0};
    for (int32_t i = 0; i < model->topic_count; i++)
        for (int32_t p = 0; p < model->topics[i].partitions; p++)
            if (!check_partition(node, &model->topics[i], p, tally, why))
                return false;
    return true;
}

/* ---- the undamaged one ---- */

static void start(struct node *node, struct sim_fs *fs)
{
    struct note why = {""};
    bool started = node_start(node, fs, &why);
    ensure(started);
}

static void take_digests(struct damaged *damaged)
{
    struct note why = {""};
    struct node node;
    struct tally tally;
    struct sim_fs *fs = sim_fs_copy(damaged->fs);
    start(&node, fs);
    damaged->records = digest_records(&node, &damaged->workload.model);
    damaged->lookups = digest_lookups(&node, &damaged->workload.model);
    damaged->topics = digest_topics(&node);
    bool good = check_topics(damaged, &node, &tally, &why);
    ensure(good && tally.bad == 0 && tally.led == 0);
    damaged->written = tally.whole;
    node_kill(&node);
    sim_fs_free(fs);
}

/* What the cluster has without its last change. */
static void take_topics_before(struct damaged *damaged)
{
    struct node node;
    struct sim_fs *fs = sim_fs_copy(damaged->fs);
    int32_t at = sim_fs_find(fs, NODE_PATH "/__cluster_metadata-0/00000000000000000000.log");
    struct sim_inode *log = sim_fs_inode(fs, at);
    damaged->last_change = damage_last_change(slice_of(log->bytes->data, log->bytes->size));
    sim_bytes_resize(&log->bytes, (int64_t)damaged->last_change);
    start(&node, fs);
    damaged->topics_before = digest_topics(&node);
    node_kill(&node);
    sim_fs_free(fs);
}

/* The first batch of a new topic: of the leader epoch in which the stop that follows ends. */
static void append_first(struct workload *workload, struct model_topic *topic)
{
    size_t len;
    uint8_t *bytes = workload_make_batch(workload, -1, -1, false, &len);
    batch_set_leader_epoch(bytes, 0);
    struct model_batch *batch = model_add_batch(&topic->parts[0], bytes, len);
    batch->first_timestamp = batch->header.base_timestamp;
    batch->stored = true;
    struct append entry = {.batch = bytes, .len = len, .acks = -1, .header = batch->header};
    struct partition *partition = partitions_find_by_id(workload->node.partitions, topic->id, 0);
    ensure(partition != NULL);
    (void)partition_append(partition, &entry, clock_wall_ms());
    ensure(entry.error == KERR_NONE && entry.base_offset == 0);
    ensure(partition_sync(partition, entry.sync_offset, INT64_MAX) == KERR_NONE);
    partition_unref(partition);
    free(bytes);
}

/* A topic is made and written to, then nothing happens for a while, but that the log's end moves. */
static void make_last_change(struct workload *workload)
{
    struct model_topic *topic = model_add_topic(&workload->model, "last", 1, workload->fs->trace_count);
    ensure(topic != NULL);
    sim_world_pass(10);
    enum kerr error = node_create_topic(&workload->node, topic->name, topic->id, topic->partitions);
    ensure(error == KERR_NONE);
    topic->created = workload->fs->trace_count;
    append_first(workload, topic);
    for (int i = 0; i < 4; i++) {
        sim_world_pass(600);
        cluster_tick(workload->node.cluster, clock_monotonic_ms());
    }
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
    make_last_change(&damaged->workload);
    if (clean)
        workload_stop(&damaged->workload);
    else
        workload_kill(&damaged->workload);
    ensure(damaged->workload.complaint.text[0] == '\0');
    damaged->fs = sim_fs_copy(fs);
    sim_fs_free(fs);
    sim_fs_walk(damaged->fs, NODE_PATH, add_file, damaged);
    take_digests(damaged);
    take_topics_before(damaged);
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

/* The batches' own epochs, which no checksum covers; or the id of the directory: what is in one that the
 * cluster does not know is not led anew. */
static bool may_change_epochs(const struct damaged_file *file, int64_t flipped)
{
    return file->kind == DAMAGED_LOG || file->kind == DAMAGED_TEXT
           || (file->kind == DAMAGED_CLUSTER && flipped < 0); /* a file that is shorter tells of nothing */
}

static bool check_started(struct damaged *damaged, struct node *node, const struct damaged_file *file,
                          int64_t flipped, const struct sim_bytes *before, struct note *why)
{
    struct tally tally;
    if (!check_topics(damaged, node, &tally, why))
        return false;
    if (tally.led > 0 && !may_change_epochs(file, flipped)) {
        note_set(why, "a leader epoch is led twice");
        return false;
    }
    if (file->kind == DAMAGED_CLUSTER)
        return damage_cost_no_topics(damaged, node, node->fs, file, flipped, before, why);
    if (digest_topics(node) != damaged->topics)
        note_set(why, "the cluster has other topics");
    else if (file->kind == DAMAGED_LOG && flipped >= 0
             && place_in_batch(damaged->fs, file, flipped) >= BATCH_ATTRIBUTES_AT)
        return damage_is_found(damaged, node->fs, file, flipped, before, &tally, why);
    else if (file->kind == DAMAGED_HINT && flipped >= 0
             && digest_records(node, &damaged->workload.model) != damaged->records)
        note_set(why, "readers get other records");
    else if (file->kind == DAMAGED_HINT && flipped >= 0
             && digest_lookups(node, &damaged->workload.model) != damaged->lookups)
        note_set(why, "look-ups find other records");
    return why->text[0] == '\0';
}

static bool may_be_refused(const struct damaged_file *file)
{
    return file->kind == DAMAGED_TEXT || file->kind == DAMAGED_METADATA || file->kind == DAMAGED_CLUSTER;
}

bool damage_check(struct damaged *damaged, struct sim_fs *fs, const struct damaged_file *file,
                  int64_t flipped, struct note *why)
{
    struct node node;
    struct note reason = {""};
    bool good = true;
    struct sim_bytes *before = sim_bytes_ref(sim_fs_inode(fs, file->inode)->bytes);
    sim_world_forget();
    if (node_start(&node, fs, &reason)) {
        good = check_started(damaged, &node, file, flipped, before, why);
        node_kill(&node);
    } else {
        damaged->refused++;
        good = reason.text[0] != '\0' && may_be_refused(file);
        if (!good)
            note_set(why, "no start: '%.900s'", reason.text);
    }
    sim_bytes_unref(before);
    if (good && fs->open_count > 0) {
        note_set(why, "%d files are left open", (int)fs->open_count);
        good = false;
    }
    return good;
}
