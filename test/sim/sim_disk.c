/*
 * sim_disk: see sim_disk.h.
 *
 * 1. What is durable never changes but by a sync; what is pending is a list of operations in their order.
 * 2. An image holds what can be reached from the root: a file whose entry is lost is lost, synced or not.
 * 3. A sector is never newer in one part than in another, and never shows bytes that a truncation before it
 *    has dropped.
 */
#include "test/sim/sim_disk.h"

#include "protocol/base/ensure.h"
#include "test/sim/sim_world.h"

#include <stdlib.h>
#include <string.h>

struct pending {
    const struct sim_op *op;
    bool lost; /* a write that a failed sync has dropped */
};

struct disk_inode {
    bool known;
    bool is_directory;
    char *name; /* the last one */
    struct sim_bytes *bytes;
    struct sim_inode entries; /* of a directory */
    int64_t modified_ms;
    struct pending *pending;
    int32_t pending_count;
    int32_t pending_capacity;
};

struct sim_disk {
    const struct sim_lie *lie; /* may be NULL */
    size_t steps;
    struct disk_inode *inodes;
    int32_t count;
    int32_t capacity;
};

static struct disk_inode *inode_of(struct sim_disk *disk, int32_t inode)
{
    if (inode >= disk->capacity) {
        int32_t capacity = inode < 32 ? 64 : inode * 2;
        disk->inodes = realloc(disk->inodes, sizeof *disk->inodes * (size_t)capacity);
        ensure(disk->inodes != NULL);
        disk->capacity = capacity;
    }
    while (disk->count <= inode)
        disk->inodes[disk->count++] = (struct disk_inode){0};
    return &disk->inodes[inode];
}

static void set_name(struct disk_inode *inode, const char *name)
{
    free(inode->name);
    inode->name = strdup(name);
    ensure(inode->name != NULL);
}

struct sim_disk *sim_disk_new(const struct sim_fs *base, const struct sim_lie *lie)
{
    struct sim_disk *disk = calloc(1, sizeof *disk);
    ensure(disk != NULL);
    disk->lie = lie;
    for (int32_t i = 0; i < base->inode_count; i++) {
        const struct sim_inode *from = &base->inodes[i];
        struct disk_inode *to = inode_of(disk, i);
        to->known = from->used;
        to->is_directory = from->is_directory;
        to->bytes = sim_bytes_ref(from->bytes);
        to->modified_ms = from->modified_ms;
        for (int32_t at = 0; at < from->entry_count; at++)
            sim_entry_add(&to->entries, from->entries[at].name, from->entries[at].inode);
    }
    for (int32_t i = 0; i < base->inode_count; i++)
        for (int32_t at = 0; at < base->inodes[i].entry_count; at++)
            set_name(&disk->inodes[base->inodes[i].entries[at].inode], base->inodes[i].entries[at].name);
    return disk;
}

static void clear_entries(struct sim_inode *directory)
{
    for (int32_t i = 0; i < directory->entry_count; i++)
        free(directory->entries[i].name);
    free(directory->entries);
    *directory = (struct sim_inode){0};
}

void sim_disk_free(struct sim_disk *disk)
{
    for (int32_t i = 0; i < disk->count; i++) {
        sim_bytes_unref(disk->inodes[i].bytes);
        clear_entries(&disk->inodes[i].entries);
        free(disk->inodes[i].pending);
        free(disk->inodes[i].name);
    }
    free(disk->inodes);
    free(disk);
}

/* ---- following the trace ---- */

static void add_pending(struct disk_inode *inode, const struct sim_op *op)
{
    if (inode->pending_count == inode->pending_capacity) {
        inode->pending_capacity = inode->pending_capacity == 0 ? 8 : inode->pending_capacity * 2;
        inode->pending = realloc(inode->pending, sizeof *inode->pending * (size_t)inode->pending_capacity);
        ensure(inode->pending != NULL);
    }
    inode->pending[inode->pending_count++] = (struct pending){op, false};
}

static void apply_data(struct sim_bytes **bytes, const struct pending *pending)
{
    const struct sim_op *op = pending->op;
    if (op->kind == SIM_TRUNCATE) {
        sim_bytes_resize(bytes, op->at);
        return;
    }
    int64_t end = op->at + (int64_t)sim_bytes_size(op->bytes);
    if (!pending->lost)
        sim_bytes_write(bytes, op->at, op->bytes->data, sim_bytes_size(op->bytes));
    else if (end > (int64_t)sim_bytes_size(*bytes))
        sim_bytes_resize(bytes, end);
}

/* Does one change of a directory if it still fits. */
static void apply_name(struct sim_inode *directory, const struct sim_op *op)
{
    int32_t at = sim_entry_find(directory, op->name);
    if (op->kind == SIM_CREATE || op->kind == SIM_MKDIR) {
        if (at < 0)
            sim_entry_add(directory, op->name, op->inode);
        return;
    }
    if (at < 0 || directory->entries[at].inode != op->inode)
        return;
    sim_entry_remove(directory, at);
    if (op->kind != SIM_RENAME)
        return;
    int32_t before = sim_entry_find(directory, op->to);
    if (before >= 0)
        sim_entry_remove(directory, before);
    sim_entry_add(directory, op->to, op->inode);
}

static void make_durable(struct disk_inode *inode)
{
    for (int32_t i = 0; i < inode->pending_count; i++)
        if (inode->is_directory)
            apply_name(&inode->entries, inode->pending[i].op);
        else
            apply_data(&inode->bytes, &inode->pending[i]);
    inode->pending_count = 0;
}

static void lose_pages(struct disk_inode *inode)
{
    for (int32_t i = 0; i < inode->pending_count; i++)
        if (inode->pending[i].op->kind == SIM_WRITE)
            inode->pending[i].lost = true;
}

static bool is_lie(const struct sim_disk *disk, const struct disk_inode *inode, const struct sim_op *op)
{
    const struct sim_lie *lie = disk->lie;
    return lie != NULL && lie->kind == op->kind && disk->steps > lie->from && inode->name != NULL
           && strstr(inode->name, lie->name) != NULL;
}

void sim_disk_step(struct sim_disk *disk, const struct sim_op *op)
{
    struct disk_inode *inode = inode_of(disk, op->inode);
    disk->steps++;
    if (op->name != NULL)
        set_name(inode, op->to != NULL ? op->to : op->name);
    switch (op->kind) {
    case SIM_CREATE:
    case SIM_MKDIR:
        inode->known = true;
        inode->is_directory = op->kind == SIM_MKDIR;
        add_pending(inode_of(disk, op->directory), op);
        break;
    case SIM_RENAME:
    case SIM_UNLINK:
    case SIM_RMDIR:
        add_pending(inode_of(disk, op->directory), op);
        break;
    case SIM_WRITE:
    case SIM_TRUNCATE:
        add_pending(inode, op);
        break;
    case SIM_SYNC:
    case SIM_SYNC_DIRECTORY:
        if (!is_lie(disk, inode, op))
            make_durable(inode);
        break;
    case SIM_SYNC_FAILED:
        lose_pages(inode);
        break;
    case SIM_OP_KINDS:
        break;
    }
}

/* ---- what a power cut leaves of a file ---- */

enum data_mode { DATA_NONE, DATA_ALL, DATA_SIZES, DATA_TORN };

static struct sim_bytes *all_of(const struct disk_inode *inode, bool sizes_only)
{
    struct sim_bytes *bytes = sim_bytes_ref(inode->bytes);
    for (int32_t i = 0; i < inode->pending_count; i++) {
        struct pending pending = inode->pending[i];
        pending.lost |= sizes_only;
        apply_data(&bytes, &pending);
    }
    return bytes;
}

/* A moment for each sector, 0 (durable) to `last`; half of the time writing back has come to some sector in
 * order. */
static void choose_moments(int32_t *moments, size_t sectors, int32_t last, uint64_t *random)
{
    bool in_order = sim_draw(random, 2) == 0;
    size_t reached = sim_draw(random, (uint32_t)sectors + 1);
    for (size_t i = 0; i < sectors; i++)
        moments[i] = in_order ? (i < reached ? last : 0) : (int32_t)sim_draw(random, (uint32_t)last + 1);
}

static void fill_unwritten(uint8_t *at, size_t len, bool garbage, uint64_t *random)
{
    memset(at, 0, len);
    for (size_t i = 0; garbage && i < len; i++)
        at[i] = (uint8_t)sim_random(random);
}

/* Takes the sectors of this moment out of the file as it was then. */
static void take_sectors(uint8_t *out, const int32_t *moments, size_t sectors, int32_t moment,
                         const struct sim_bytes *then)
{
    size_t size = sim_bytes_size(then);
    for (size_t i = 0; i < sectors && i * SIM_SECTOR < size; i++) {
        size_t at = i * SIM_SECTOR;
        if (moments[i] == moment)
            memcpy(out + at, then->data + at, size - at < SIM_SECTOR ? size - at : SIM_SECTOR);
    }
}

/* Where a size may end that the file system was just about to write: at the whole, or at a sector's end. */
static size_t torn_size(size_t before, size_t after, uint64_t *random)
{
    if (after <= before || sim_draw(random, 2) == 0)
        return after;
    size_t first = (before + SIM_SECTOR - 1) / SIM_SECTOR;
    size_t last = after / SIM_SECTOR;
    return last < first ? after : (first + sim_draw(random, (uint32_t)(last - first) + 1)) * SIM_SECTOR;
}

static struct sim_bytes *torn(const struct disk_inode *inode, uint64_t *random)
{
    int32_t last = (int32_t)sim_draw(random, (uint32_t)inode->pending_count + 1);
    size_t largest = sim_bytes_size(inode->bytes);
    for (int32_t i = 0; i < last; i++) {
        const struct sim_op *op = inode->pending[i].op;
        size_t end = (size_t)op->at + (op->kind == SIM_WRITE ? sim_bytes_size(op->bytes) : 0);
        largest = end > largest ? end : largest;
    }
    size_t sectors = (largest + SIM_SECTOR - 1) / SIM_SECTOR;
    int32_t *moments = malloc(sizeof *moments * (sectors + 1));
    uint8_t *out = malloc(sectors * SIM_SECTOR + 1);
    ensure(moments != NULL && out != NULL);
    choose_moments(moments, sectors, last, random);
    bool garbage = sim_draw(random, 4) == 0;
    fill_unwritten(out, sectors * SIM_SECTOR, garbage, random);

    struct sim_bytes *now = sim_bytes_ref(inode->bytes);
    take_sectors(out, moments, sectors, 0, now);
    size_t size = sim_bytes_size(now);
    for (int32_t i = 0; i < last; i++) {
        size_t before = sim_bytes_size(now);
        apply_data(&now, &inode->pending[i]);
        size_t after = sim_bytes_size(now);
        if (after < before)
            fill_unwritten(out + after, sectors * SIM_SECTOR - after, garbage, random);
        take_sectors(out, moments, sectors, i + 1, now);
        size = i == last - 1 ? torn_size(before, after, random) : after;
    }
    sim_bytes_unref(now);
    struct sim_bytes *bytes = NULL;
    sim_bytes_write(&bytes, 0, out, size);
    free(moments);
    free(out);
    return bytes;
}

static struct sim_bytes *bytes_after(const struct disk_inode *inode, enum data_mode mode, uint64_t *random)
{
    if (mode == DATA_NONE || inode->pending_count == 0)
        return sim_bytes_ref(inode->bytes);
    return mode == DATA_TORN ? torn(inode, random) : all_of(inode, mode == DATA_SIZES);
}

/* ---- what it leaves of a directory, and of everything ---- */

enum names_mode { NAMES_NONE, NAMES_ALL, NAMES_PREFIX, NAMES_ANY };

static const struct {
    enum names_mode names;
    enum data_mode data;
} modes[SIM_CRASH_KINDS] = {
    [SIM_CRASH_NOTHING] = {NAMES_NONE, DATA_NONE}, [SIM_CRASH_ALL] = {NAMES_ALL, DATA_ALL},
    [SIM_CRASH_NAMES] = {NAMES_ALL, DATA_NONE},    [SIM_CRASH_SIZES] = {NAMES_ALL, DATA_SIZES},
    [SIM_CRASH_BYTES] = {NAMES_NONE, DATA_ALL},    [SIM_CRASH_JOURNAL] = {NAMES_PREFIX, DATA_TORN},
    [SIM_CRASH_ANY] = {NAMES_ANY, DATA_TORN},
};

static void entries_after(const struct disk_inode *inode, enum names_mode mode, uint64_t *random,
                          struct sim_inode *entries)
{
    for (int32_t i = 0; i < inode->entries.entry_count; i++)
        sim_entry_add(entries, inode->entries.entries[i].name, inode->entries.entries[i].inode);
    int32_t last = mode == NAMES_NONE     ? 0
                   : mode == NAMES_PREFIX ? (int32_t)sim_draw(random, (uint32_t)inode->pending_count + 1)
                                          : inode->pending_count;
    for (int32_t i = 0; i < last; i++)
        if (mode != NAMES_ANY || sim_draw(random, 3) != 0)
            apply_name(entries, inode->pending[i].op);
}

static void build(const struct sim_disk *disk, struct sim_fs *fs, int32_t from, int32_t to,
                  enum sim_crash how, uint64_t *random)
{
    struct sim_inode entries = {0};
    entries_after(&disk->inodes[from], modes[how].names, random, &entries);
    for (int32_t i = 0; i < entries.entry_count; i++) {
        const struct disk_inode *child = &disk->inodes[entries.entries[i].inode];
        int32_t made = sim_fs_new_inode(fs, child->is_directory);
        fs->inodes[made].links = 1;
        if (child->modified_ms != 0)
            fs->inodes[made].modified_ms = child->modified_ms;
        sim_entry_add(&fs->inodes[to], entries.entries[i].name, made);
        if (child->is_directory)
            build(disk, fs, entries.entries[i].inode, made, how, random);
        else
            fs->inodes[made].bytes = bytes_after(child, modes[how].data, random);
    }
    clear_entries(&entries);
}

struct sim_fs *sim_disk_crash(const struct sim_disk *disk, enum sim_crash how, uint64_t *random)
{
    struct sim_fs *fs = sim_fs_new();
    build(disk, fs, SIM_ROOT, SIM_ROOT, how, random);
    return fs;
}

struct sim_fs *sim_disk_crash_at_end(const struct sim_fs *base, const struct sim_fs *fs, enum sim_crash how,
                                     uint64_t *random)
{
    struct sim_disk *disk = sim_disk_new(base, NULL);
    for (size_t i = 0; i < fs->trace_count; i++)
        sim_disk_step(disk, &fs->trace[i]);
    struct sim_fs *image = sim_disk_crash(disk, how, random);
    sim_disk_free(disk);
    return image;
}
