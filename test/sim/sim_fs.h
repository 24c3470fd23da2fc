/*
 * sim_fs: a file system in memory behind `struct file_system`, for one thread.
 *
 * It is the live one: what programs see while the machine runs (the page cache, so to say). What the disk
 * holds is another question, which sim_disk answers from the trace: every operation that changes something is
 * recorded here in order. Contents are shared and copied on write, so that a copy of a whole file system
 * costs a few hundred bytes a file.
 *
 * Faults: the n-th call fails, once or from then on.
 */
#ifndef TEST_SIM_SIM_FS_H
#define TEST_SIM_SIM_FS_H

#include "storage/os/file.h"

enum { SIM_NAME_MAX = 255, SIM_ROOT = 0, SIM_HANDLES = 256 };

/* ---- contents ---- */

/* Bytes that several may hold; whoever changes them makes them his own first. */
struct sim_bytes {
    int refs;
    size_t size;
    size_t capacity;
    uint8_t data[];
};

struct sim_bytes *sim_bytes_ref(struct sim_bytes *bytes); /* NULL is the empty content everywhere */
void sim_bytes_unref(struct sim_bytes *bytes);
void sim_bytes_write(struct sim_bytes **bytes, int64_t at, const void *from, size_t len);
void sim_bytes_resize(struct sim_bytes **bytes, int64_t size); /* grows with zeros */
size_t sim_bytes_size(const struct sim_bytes *bytes);

/* ---- the trace ---- */

enum sim_op_kind {
    SIM_CREATE, /* a new file `inode` as `name` in `directory` */
    SIM_MKDIR,
    SIM_WRITE,    /* `bytes` at `at` of `inode` */
    SIM_TRUNCATE, /* `inode` to `at` bytes */
    SIM_SYNC,     /* `inode`; `data_only`: fdatasync */
    SIM_SYNC_DIRECTORY,
    SIM_RENAME, /* `name` in `directory` to `to` */
    SIM_UNLINK,
    SIM_RMDIR,
    SIM_SYNC_FAILED, /* a sync that was answered with an error: nobody knows what it did */
    SIM_OP_KINDS,
};

struct sim_op {
    enum sim_op_kind kind;
    bool data_only;
    int32_t inode;
    int32_t directory;
    int64_t at;
    struct sim_bytes *bytes;
    char *name;
    char *to;
};

/* ---- the file system ---- */

struct sim_entry {
    char *name;
    int32_t inode;
};

struct sim_inode {
    bool used;
    bool is_directory;
    int32_t links; /* its entry and open handles */
    struct sim_bytes *bytes;
    int64_t modified_ms;
    struct sim_entry *entries; /* of a directory, in order of their making */
    int32_t entry_count;
    int32_t entry_capacity;
};

struct sim_fault {
    int64_t at;    /* the call (1, 2, ...) that fails; 0: none */
    bool for_ever; /* ... and all that follow */
    int error;     /* as -errno */
    bool is_short; /* instead: a read or write of half; other calls succeed */
    bool fired;
};

struct sim_fs {
    struct file_system table; /* first: the address is the same */
    struct sim_inode *inodes;
    int32_t inode_count;
    int32_t inode_capacity;
    struct {
        int32_t inode;
        bool open;
        bool locked;
    } handles[SIM_HANDLES];
    int32_t open_count;
    int64_t calls;
    int64_t failed_syncs;
    bool is_off; /* nothing happens any more: for a process that is being killed */
    struct sim_fault fault;
    bool tracing;
    struct sim_op *trace;
    size_t trace_count;
    size_t trace_capacity;
};

struct sim_fs *sim_fs_new(void);
void sim_fs_free(struct sim_fs *fs);

/* The same files, with nothing open, no trace and no fault. */
struct sim_fs *sim_fs_copy(const struct sim_fs *fs);

/* Drops the trace so far. */
void sim_fs_forget_trace(struct sim_fs *fs);

/* One line an operation, on stderr. */
void sim_fs_print_trace(const struct sim_fs *fs);

/* For tests that look or put a hand in: -1 if the path is not there. */
int32_t sim_fs_find(const struct sim_fs *fs, const char *path);
struct sim_inode *sim_fs_inode(struct sim_fs *fs, int32_t inode);
int32_t sim_entry_find(const struct sim_inode *directory, const char *name);
void sim_entry_add(struct sim_inode *directory, const char *name, int32_t inode);
void sim_entry_remove(struct sim_inode *directory, int32_t at);

/* A new inode; for those who build an image. */
int32_t sim_fs_new_inode(struct sim_fs *fs, bool is_directory);

/* Calls `each` for every file below the path ("" is the root), sorted by path. */
typedef void sim_file_fn(void *context, const char *path, int32_t inode);
void sim_fs_walk(struct sim_fs *fs, const char *path, sim_file_fn *each, void *context);

#endif
