/*
 * sim_fs: see sim_fs.h.
 *
 * 1. An operation happens whole or not at all, and is in the trace exactly if it changed something (syncs
 *    always are).
 * 2. Inode numbers are never used twice: the trace names files by them.
 * 3. Every call but close and raw_fd counts, and may be the one that fails.
 */
#include "test/sim/sim_fs.h"

#include "protocol/base/ensure.h"
#include "storage/os/clock.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct sim_fs *of(struct file_system *fs)
{
    return (struct sim_fs *)fs;
}

/* ---- inodes and entries ---- */

int32_t sim_fs_new_inode(struct sim_fs *fs, bool is_directory)
{
    if (fs->inode_count == fs->inode_capacity) {
        fs->inode_capacity = fs->inode_capacity == 0 ? 64 : fs->inode_capacity * 2;
        fs->inodes = realloc(fs->inodes, sizeof *fs->inodes * (size_t)fs->inode_capacity);
        ensure(fs->inodes != NULL);
    }
    fs->inodes[fs->inode_count] =
        (struct sim_inode){.used = true, .is_directory = is_directory, .modified_ms = clock_wall_ms()};
    return fs->inode_count++;
}

struct sim_inode *sim_fs_inode(struct sim_fs *fs, int32_t inode)
{
    ensure(inode >= 0 && inode < fs->inode_count);
    return &fs->inodes[inode];
}

int32_t sim_entry_find(const struct sim_inode *directory, const char *name)
{
    for (int32_t i = 0; i < directory->entry_count; i++)
        if (strcmp(directory->entries[i].name, name) == 0)
            return i;
    return -1;
}

void sim_entry_add(struct sim_inode *directory, const char *name, int32_t inode)
{
    if (directory->entry_count == directory->entry_capacity) {
        directory->entry_capacity = directory->entry_capacity == 0 ? 8 : directory->entry_capacity * 2;
        directory->entries =
            realloc(directory->entries, sizeof *directory->entries * (size_t)directory->entry_capacity);
        ensure(directory->entries != NULL);
    }
    char *copy = strdup(name);
    ensure(copy != NULL);
    directory->entries[directory->entry_count++] = (struct sim_entry){copy, inode};
}

void sim_entry_remove(struct sim_inode *directory, int32_t at)
{
    free(directory->entries[at].name);
    memmove(directory->entries + at, directory->entries + at + 1,
            sizeof *directory->entries * (size_t)(directory->entry_count - at - 1));
    directory->entry_count--;
}

static void free_inode(struct sim_inode *inode)
{
    sim_bytes_unref(inode->bytes);
    for (int32_t i = 0; i < inode->entry_count; i++)
        free(inode->entries[i].name);
    free(inode->entries);
    *inode = (struct sim_inode){0};
}

static void unlink_inode(struct sim_fs *fs, int32_t at)
{
    if (--fs->inodes[at].links == 0)
        free_inode(&fs->inodes[at]);
}

/* Finds the directory that holds the last component of the path: 0 or -errno. */
static int find_parent(const struct sim_fs *fs, const char *path, int32_t *directory, const char **name)
{
    *directory = SIM_ROOT;
    for (;;) {
        while (*path == '/')
            path++;
        const char *slash = strchr(path, '/');
        if (slash == NULL)
            break;
        char part[SIM_NAME_MAX + 1];
        if (slash - path > SIM_NAME_MAX)
            return -ENAMETOOLONG;
        memcpy(part, path, (size_t)(slash - path));
        part[slash - path] = '\0';
        int32_t at = sim_entry_find(&fs->inodes[*directory], part);
        if (at < 0)
            return -ENOENT;
        *directory = fs->inodes[*directory].entries[at].inode;
        if (!fs->inodes[*directory].is_directory)
            return -ENOTDIR;
        path = slash;
    }
    *name = path;
    return strlen(path) > SIM_NAME_MAX ? -ENAMETOOLONG : 0;
}

static int find_path(const struct sim_fs *fs, const char *path, int32_t *inode)
{
    int32_t directory;
    const char *name;
    int result = find_parent(fs, path, &directory, &name);
    if (result < 0)
        return result;
    *inode = directory;
    if (*name == '\0')
        return 0;
    int32_t at = sim_entry_find(&fs->inodes[directory], name);
    if (at < 0)
        return -ENOENT;
    *inode = fs->inodes[directory].entries[at].inode;
    return 0;
}

int32_t sim_fs_find(const struct sim_fs *fs, const char *path)
{
    int32_t inode;
    return find_path(fs, path, &inode) < 0 ? -1 : inode;
}

/* ---- the trace and the faults ---- */

static struct sim_op *record(struct sim_fs *fs, enum sim_op_kind kind, int32_t inode)
{
    static struct sim_op nobody_looks;
    if (!fs->tracing) {
        nobody_looks = (struct sim_op){0};
        return &nobody_looks;
    }
    if (fs->trace_count == fs->trace_capacity) {
        fs->trace_capacity = fs->trace_capacity == 0 ? 256 : fs->trace_capacity * 2;
        fs->trace = realloc(fs->trace, sizeof *fs->trace * fs->trace_capacity);
        ensure(fs->trace != NULL);
    }
    struct sim_op *op = &fs->trace[fs->trace_count++];
    *op = (struct sim_op){.kind = kind, .inode = inode};
    return op;
}

static void record_names(struct sim_fs *fs, enum sim_op_kind kind, int32_t inode, int32_t directory,
                         const char *name, const char *to)
{
    if (!fs->tracing)
        return;
    struct sim_op *op = record(fs, kind, inode);
    op->directory = directory;
    op->name = strdup(name);
    op->to = to != NULL ? strdup(to) : NULL;
    ensure(op->name != NULL && (to == NULL || op->to != NULL));
}

void sim_fs_forget_trace(struct sim_fs *fs)
{
    for (size_t i = 0; i < fs->trace_count; i++) {
        sim_bytes_unref(fs->trace[i].bytes);
        free(fs->trace[i].name);
        free(fs->trace[i].to);
    }
    fs->trace_count = 0;
}

/* Counts the call; -errno if it is the one that fails. */
static int count(struct sim_fs *fs, bool is_sync)
{
    struct sim_fault *fault = &fs->fault;
    if (fs->is_off)
        return -EIO;
    fs->calls++;
    bool hit = fault->at != 0 && (fs->calls == fault->at || (fault->for_ever && fs->calls > fault->at));
    if (!hit)
        return 0;
    fault->fired = true;
    fs->failed_syncs += is_sync && !fault->is_short;
    return fault->is_short ? 0 : fault->error;
}

/* How much of a read or write is done: all, or half (of more than a byte) at a short one. */
static size_t shortened(struct sim_fs *fs, size_t len)
{
    const struct sim_fault *fault = &fs->fault;
    bool hit = fault->is_short && fault->at != 0 && fs->calls >= fault->at
               && (fault->for_ever || fs->calls == fault->at);
    return hit && len > 1 ? len / 2 : len;
}

/* ---- files ---- */

static int take_handle(struct sim_fs *fs, int32_t inode)
{
    for (int i = 0; i < SIM_HANDLES; i++)
        if (!fs->handles[i].open) {
            fs->handles[i].open = true;
            fs->handles[i].locked = false;
            fs->handles[i].inode = inode;
            fs->inodes[inode].links++;
            fs->open_count++;
            return i;
        }
    return -EMFILE;
}

static void resize(struct sim_fs *fs, int32_t inode, int64_t size)
{
    if ((int64_t)sim_bytes_size(fs->inodes[inode].bytes) == size)
        return;
    sim_bytes_resize(&fs->inodes[inode].bytes, size);
    fs->inodes[inode].modified_ms = clock_wall_ms();
    record(fs, SIM_TRUNCATE, inode)->at = size;
}

static int sim_open(struct file_system *table, const char *path, int flags, unsigned mode)
{
    struct sim_fs *fs = of(table);
    (void)mode;
    int result = count(fs, false);
    int32_t directory;
    const char *name;
    if (result == 0)
        result = find_parent(fs, path, &directory, &name);
    if (result < 0)
        return result;
    int32_t at = *name == '\0' ? -1 : sim_entry_find(&fs->inodes[directory], name);
    if (at < 0 && (*name == '\0' || !(flags & FILE_CREATE)))
        return -ENOENT;
    int32_t inode = at >= 0 ? fs->inodes[directory].entries[at].inode : -1;
    if (inode >= 0 && fs->inodes[inode].is_directory)
        return -EISDIR;
    if (fs->open_count == SIM_HANDLES)
        return -EMFILE;
    if (inode < 0) {
        inode = sim_fs_new_inode(fs, false);
        fs->inodes[inode].links = 1;
        sim_entry_add(&fs->inodes[directory], name, inode);
        record_names(fs, SIM_CREATE, inode, directory, name, NULL);
    } else if (flags & FILE_TRUNCATE) {
        resize(fs, inode, 0);
    }
    return take_handle(fs, inode);
}

static struct sim_inode *opened(struct sim_fs *fs, int file)
{
    ensure(file >= 0 && file < SIM_HANDLES && fs->handles[file].open);
    return &fs->inodes[fs->handles[file].inode];
}

static int sim_close(struct file_system *table, int file)
{
    struct sim_fs *fs = of(table);
    (void)opened(fs, file);
    fs->handles[file].open = false;
    fs->open_count--;
    unlink_inode(fs, fs->handles[file].inode);
    return 0;
}

static ssize_t sim_pread(struct file_system *table, int file, void *bytes, size_t len, int64_t at)
{
    struct sim_fs *fs = of(table);
    const struct sim_bytes *content = opened(fs, file)->bytes;
    int result = count(fs, false);
    if (result < 0)
        return result;
    if (at < 0)
        return -EINVAL;
    size_t size = sim_bytes_size(content);
    size_t left = (uint64_t)at < size ? size - (size_t)at : 0;
    len = shortened(fs, len < left ? len : left);
    if (len > 0)
        memcpy(bytes, content->data + at, len);
    return (ssize_t)len;
}

static ssize_t sim_pwritev(struct file_system *table, int file, const struct iovec *parts, int parts_count,
                           int64_t at)
{
    struct sim_fs *fs = of(table);
    struct sim_inode *inode = opened(fs, file);
    int result = count(fs, false);
    if (result < 0)
        return result;
    if (at < 0)
        return -EINVAL;
    struct sim_bytes *all = NULL;
    for (int i = 0; i < parts_count; i++)
        sim_bytes_write(&all, (int64_t)sim_bytes_size(all), parts[i].iov_base, parts[i].iov_len);
    size_t len = shortened(fs, sim_bytes_size(all));
    if (len > 0) {
        sim_bytes_resize(&all, (int64_t)len);
        sim_bytes_write(&inode->bytes, at, all->data, len);
        inode->modified_ms = clock_wall_ms();
        struct sim_op *op = record(fs, SIM_WRITE, fs->handles[file].inode);
        op->at = at;
        op->bytes = fs->tracing ? sim_bytes_ref(all) : NULL;
    }
    sim_bytes_unref(all);
    return (ssize_t)len;
}

static int sim_sync(struct file_system *table, int file, bool data_only)
{
    struct sim_fs *fs = of(table);
    (void)opened(fs, file);
    int result = count(fs, true);
    if (!fs->is_off)
        record(fs, result < 0 ? SIM_SYNC_FAILED : SIM_SYNC, fs->handles[file].inode)->data_only = data_only;
    return result;
}

static int sim_truncate(struct file_system *table, int file, int64_t size)
{
    struct sim_fs *fs = of(table);
    (void)opened(fs, file);
    int result = count(fs, false);
    if (result == 0)
        resize(fs, fs->handles[file].inode, size);
    return result;
}

static int sim_allocate(struct file_system *table, int file, int64_t at, int64_t len)
{
    struct sim_fs *fs = of(table);
    (void)opened(fs, file);
    (void)at, (void)len; /* this disk is never full, and a file's size stays as it is */
    return count(fs, false);
}

static int sim_lock(struct file_system *table, int file)
{
    struct sim_fs *fs = of(table);
    (void)opened(fs, file);
    int result = count(fs, false);
    if (result < 0)
        return result;
    for (int i = 0; i < SIM_HANDLES; i++)
        if (i != file && fs->handles[i].open && fs->handles[i].locked
            && fs->handles[i].inode == fs->handles[file].inode)
            return -EWOULDBLOCK;
    fs->handles[file].locked = true;
    return 0;
}

static void fill_status(const struct sim_inode *inode, struct file_status *status)
{
    *status = (struct file_status){
        .size = (int64_t)sim_bytes_size(inode->bytes),
        .modified_ms = inode->modified_ms,
        .is_directory = inode->is_directory,
    };
}

static int sim_status(struct file_system *table, int file, struct file_status *status)
{
    struct sim_fs *fs = of(table);
    int result = count(fs, false);
    if (result == 0)
        fill_status(opened(fs, file), status);
    return result;
}

static int sim_raw_fd(struct file_system *table, int file)
{
    (void)opened(of(table), file);
    return -1;
}

/* ---- names ---- */

static int sim_path_status(struct file_system *table, const char *path, struct file_status *status)
{
    struct sim_fs *fs = of(table);
    int32_t inode;
    int result = count(fs, false);
    if (result == 0)
        result = find_path(fs, path, &inode);
    if (result == 0)
        fill_status(&fs->inodes[inode], status);
    return result;
}

static int sim_rename(struct file_system *table, const char *from, const char *to)
{
    struct sim_fs *fs = of(table);
    int32_t from_directory, to_directory;
    const char *from_name, *to_name;
    int result = count(fs, false);
    if (result == 0)
        result = find_parent(fs, from, &from_directory, &from_name);
    if (result == 0)
        result = find_parent(fs, to, &to_directory, &to_name);
    if (result < 0)
        return result;
    struct sim_inode *directory = &fs->inodes[from_directory];
    int32_t at = sim_entry_find(directory, from_name);
    if (at < 0)
        return -ENOENT;
    if (from_directory != to_directory)
        return -EXDEV; /* nothing in storage/ does that, and sim_disk could not tell it */
    int32_t inode = directory->entries[at].inode;
    if (strcmp(from_name, to_name) == 0)
        return 0;
    int32_t before = sim_entry_find(directory, to_name);
    if (before >= 0) {
        int32_t old = directory->entries[before].inode;
        if (fs->inodes[old].is_directory && fs->inodes[old].entry_count > 0)
            return -ENOTEMPTY;
        if (fs->inodes[old].is_directory != fs->inodes[inode].is_directory)
            return fs->inodes[old].is_directory ? -EISDIR : -ENOTDIR;
        sim_entry_remove(directory, before);
        unlink_inode(fs, old);
    }
    sim_entry_remove(directory, sim_entry_find(directory, from_name));
    sim_entry_add(directory, to_name, inode);
    record_names(fs, SIM_RENAME, inode, from_directory, from_name, to_name);
    return 0;
}

/* unlink and rmdir */
static int remove_entry(struct sim_fs *fs, const char *path, bool is_directory)
{
    int32_t directory;
    const char *name;
    int result = count(fs, false);
    if (result == 0)
        result = find_parent(fs, path, &directory, &name);
    if (result < 0)
        return result;
    int32_t at = sim_entry_find(&fs->inodes[directory], name);
    if (at < 0)
        return -ENOENT;
    int32_t inode = fs->inodes[directory].entries[at].inode;
    if (fs->inodes[inode].is_directory != is_directory)
        return is_directory ? -ENOTDIR : -EISDIR;
    if (fs->inodes[inode].entry_count > 0)
        return -ENOTEMPTY;
    record_names(fs, is_directory ? SIM_RMDIR : SIM_UNLINK, inode, directory, name, NULL);
    sim_entry_remove(&fs->inodes[directory], at);
    unlink_inode(fs, inode);
    return 0;
}

static int sim_unlink(struct file_system *table, const char *path)
{
    return remove_entry(of(table), path, false);
}

static int sim_rmdir(struct file_system *table, const char *path)
{
    return remove_entry(of(table), path, true);
}

static int sim_mkdir(struct file_system *table, const char *path)
{
    struct sim_fs *fs = of(table);
    int32_t directory;
    const char *name;
    int result = count(fs, false);
    if (result == 0)
        result = find_parent(fs, path, &directory, &name);
    if (result < 0)
        return result;
    if (*name == '\0' || sim_entry_find(&fs->inodes[directory], name) >= 0)
        return -EEXIST;
    int32_t inode = sim_fs_new_inode(fs, true);
    fs->inodes[inode].links = 1;
    sim_entry_add(&fs->inodes[directory], name, inode);
    record_names(fs, SIM_MKDIR, inode, directory, name, NULL);
    return 0;
}

static int sim_list(struct file_system *table, const char *path,
                    void (*each)(void *context, const char *name), void *context)
{
    struct sim_fs *fs = of(table);
    int32_t inode;
    int result = count(fs, false);
    if (result == 0)
        result = find_path(fs, path, &inode);
    if (result < 0)
        return result;
    if (!fs->inodes[inode].is_directory)
        return -ENOTDIR;
    /* The directory may be changed from within. */
    int32_t names_count = fs->inodes[inode].entry_count;
    char **names = malloc(sizeof *names * (size_t)(names_count + 1));
    ensure(names != NULL);
    for (int32_t i = 0; i < names_count; i++)
        names[i] = strdup(fs->inodes[inode].entries[i].name);
    for (int32_t i = 0; i < names_count; i++) {
        each(context, names[i]);
        free(names[i]);
    }
    free(names);
    return 0;
}

static int sim_sync_directory(struct file_system *table, const char *path)
{
    struct sim_fs *fs = of(table);
    int32_t inode;
    int result = count(fs, true);
    int found = find_path(fs, path, &inode);
    if (found < 0)
        return result < 0 ? result : found;
    if (result == 0)
        record(fs, SIM_SYNC_DIRECTORY, inode);
    return result;
}

static int sim_set_modified(struct file_system *table, const char *path, int64_t modified_ms)
{
    struct sim_fs *fs = of(table);
    int32_t inode;
    int result = count(fs, false);
    if (result == 0)
        result = find_path(fs, path, &inode);
    if (result == 0)
        fs->inodes[inode].modified_ms = modified_ms;
    return result;
}

/* ---- life ---- */

struct sim_fs *sim_fs_new(void)
{
    struct sim_fs *fs = calloc(1, sizeof *fs);
    ensure(fs != NULL);
    fs->table = (struct file_system){
        .open = sim_open,
        .close = sim_close,
        .pread = sim_pread,
        .pwritev = sim_pwritev,
        .sync = sim_sync,
        .truncate = sim_truncate,
        .allocate = sim_allocate,
        .lock = sim_lock,
        .status = sim_status,
        .raw_fd = sim_raw_fd,
        .path_status = sim_path_status,
        .rename = sim_rename,
        .unlink = sim_unlink,
        .mkdir = sim_mkdir,
        .rmdir = sim_rmdir,
        .list = sim_list,
        .sync_directory = sim_sync_directory,
        .set_modified = sim_set_modified,
    };
    int32_t root = sim_fs_new_inode(fs, true);
    ensure(root == SIM_ROOT);
    fs->inodes[root].links = 1;
    return fs;
}

void sim_fs_free(struct sim_fs *fs)
{
    if (fs == NULL)
        return;
    sim_fs_forget_trace(fs);
    free(fs->trace);
    for (int32_t i = 0; i < fs->inode_count; i++)
        if (fs->inodes[i].used)
            free_inode(&fs->inodes[i]);
    free(fs->inodes);
    free(fs);
}

struct sim_fs *sim_fs_copy(const struct sim_fs *fs)
{
    struct sim_fs *copy = sim_fs_new();
    for (int32_t i = 0; i < fs->inode_count; i++) {
        if (i != SIM_ROOT)
            (void)sim_fs_new_inode(copy, fs->inodes[i].is_directory);
        const struct sim_inode *from = &fs->inodes[i];
        struct sim_inode *to = &copy->inodes[i];
        to->used = from->used;
        to->links = i == SIM_ROOT;
        to->bytes = sim_bytes_ref(from->bytes);
        to->modified_ms = from->modified_ms;
        for (int32_t at = 0; at < from->entry_count; at++)
            sim_entry_add(to, from->entries[at].name, from->entries[at].inode);
    }
    for (int32_t i = 0; i < copy->inode_count; i++)
        for (int32_t at = 0; at < copy->inodes[i].entry_count; at++)
            copy->inodes[copy->inodes[i].entries[at].inode].links++;
    for (int32_t i = 0; i < copy->inode_count; i++) /* deleted, and only open in the original */
        if (copy->inodes[i].used && copy->inodes[i].links == 0)
            free_inode(&copy->inodes[i]);
    return copy;
}

/* ---- looking at it ---- */

struct walk {
    struct sim_fs *fs;
    sim_file_fn *each;
    void *context;
};

static int compare_names(const void *a, const void *b)
{
    return strcmp(((const struct sim_entry *)a)->name, ((const struct sim_entry *)b)->name);
}

static void walk_directory(const struct walk *walk, const char *path, int32_t at)
{
    int32_t entry_count = walk->fs->inodes[at].entry_count;
    struct sim_entry *sorted = malloc(sizeof *sorted * (size_t)(entry_count + 1));
    ensure(sorted != NULL);
    memcpy(sorted, walk->fs->inodes[at].entries, sizeof *sorted * (size_t)entry_count);
    qsort(sorted, (size_t)entry_count, sizeof *sorted, compare_names);
    for (int32_t i = 0; i < entry_count; i++) {
        char name[FILE_PATH_MAX];
        file_path(name, "%s/%s", path, sorted[i].name);
        if (walk->fs->inodes[sorted[i].inode].is_directory)
            walk_directory(walk, name, sorted[i].inode);
        else
            walk->each(walk->context, name, sorted[i].inode);
    }
    free(sorted);
}

void sim_fs_walk(struct sim_fs *fs, const char *path, sim_file_fn *each, void *context)
{
    const struct walk walk = {fs, each, context};
    int32_t at = sim_fs_find(fs, path);
    if (at >= 0 && fs->inodes[at].is_directory)
        walk_directory(&walk, path, at);
}

void sim_fs_print_trace(const struct sim_fs *fs)
{
    static const char *const kinds[SIM_OP_KINDS] = {"create", "mkdir",          "write",  "truncate",
                                                    "sync",   "sync directory", "rename", "unlink",
                                                    "rmdir",  "failed sync"};
    for (size_t i = 0; i < fs->trace_count; i++) {
        const struct sim_op *op = &fs->trace[i];
        fprintf(stderr, "%4zu %s #%d", i + 1, kinds[op->kind], (int)op->inode);
        if (op->name != NULL)
            fprintf(stderr, " %s%s%s in #%d", op->name, op->to != NULL ? " to " : "",
                    op->to != NULL ? op->to : "", (int)op->directory);
        if (op->kind == SIM_WRITE || op->kind == SIM_TRUNCATE)
            fprintf(stderr, " %zu bytes at %" PRId64, sim_bytes_size(op->bytes), op->at);
        fprintf(stderr, "\n");
    }
}
