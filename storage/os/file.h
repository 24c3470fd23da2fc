/*
 * file: the seam between storage and the operating system.
 *
 * `struct file_system` is a table of operations; file_system_os() is the real one, and crash tests put
 * another one in its place. Nothing else in storage/ opens, reads, writes, syncs or renames. Open files are
 * small numbers (`int file`), as the operating system's are. Results are 0 or more on success and -errno on
 * failure: errors become `enum kerr` one layer up. Any thread may call anything; two threads do not close and
 * use one file at once.
 */
#ifndef STORAGE_OS_FILE_H
#define STORAGE_OS_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <sys/uio.h>

enum { FILE_PATH_MAX = 4096 };

enum file_flags {
    FILE_READ = 0,
    FILE_WRITE = 1,    /* read and write */
    FILE_CREATE = 2,   /* make it if it is missing; implies FILE_WRITE */
    FILE_TRUNCATE = 4, /* empty it */
};

struct file_status {
    int64_t size;
    int64_t modified_ms; /* since 1970 */
    bool is_directory;
};

/* Of the volume that a path lies on. */
struct file_space {
    int64_t total_bytes;
    int64_t usable_bytes; /* by this process */
};

struct file_system {
    int (*open)(struct file_system *fs, const char *path, int flags, unsigned mode);
    int (*close)(struct file_system *fs, int file);
    ssize_t (*pread)(struct file_system *fs, int file, void *bytes, size_t len,
                     int64_t at); /* may be short */
    ssize_t (*pwritev)(struct file_system *fs, int file, const struct iovec *parts, int count,
                       int64_t at); /* may be short */
    int (*sync)(struct file_system *fs, int file, bool data_only);
    int (*truncate)(struct file_system *fs, int file, int64_t size);
    int (*allocate)(struct file_system *fs, int file, int64_t at, int64_t len);
    int (*lock)(struct file_system *fs, int file);      /* -EWOULDBLOCK: another process has it */
    int (*is_locked)(struct file_system *fs, int file); /* 1 or 0, without taking it */
    int (*status)(struct file_system *fs, int file, struct file_status *status);
    int (*raw_fd)(struct file_system *fs, int file); /* for sendfile; -1: there is none, read instead */

    int (*path_status)(struct file_system *fs, const char *path, struct file_status *status);
    int (*rename)(struct file_system *fs, const char *from, const char *to);
    int (*unlink)(struct file_system *fs, const char *path);
    int (*mkdir)(struct file_system *fs, const char *path);
    int (*rmdir)(struct file_system *fs, const char *path);
    int (*list)(struct file_system *fs, const char *path, void (*each)(void *context, const char *name),
                void *context);
    int (*sync_directory)(struct file_system *fs, const char *path);
    int (*set_modified)(struct file_system *fs, const char *path, int64_t modified_ms);
    int (*space)(struct file_system *fs, const char *path, struct file_space *space);
};

/* The real one. Constant; nothing to free. */
struct file_system *file_system_os(void);

/* Puts a path together. One that does not fit is a bug: data_dir_open refuses directories whose names are too
 * long. */
void file_path(char path[FILE_PATH_MAX], const char *format, ...) __attribute__((format(printf, 2, 3)));

int file_open(struct file_system *fs, const char *path, int flags); /* mode 0644 */
int file_open_mode(struct file_system *fs, const char *path, int flags, unsigned mode);
void file_close(struct file_system *fs, int file); /* -1 is harmless */

/* Reads up to `len` bytes; fewer only at the end of the file. */
ssize_t file_read(struct file_system *fs, int file, void *bytes, size_t len, int64_t at);

/* Writes everything or fails; what a failed write left behind is anyone's guess. `parts` is used up
 * (changed). */
int file_writev(struct file_system *fs, int file, struct iovec *parts, int count, int64_t at);
int file_write(struct file_system *fs, int file, const void *bytes, size_t len, int64_t at);

int file_sync(struct file_system *fs, int file);              /* fsync */
int file_sync_data(struct file_system *fs, int file);         /* fdatasync: data and size */
int file_sync_path(struct file_system *fs, const char *path); /* fsync by name; a missing file is fine */
int file_truncate(struct file_system *fs, int file, int64_t size);

/* Room on the disk for [at, at + len), whatever the file's size, which stays: what is written there later is
 * not refused for want of space. -EOPNOTSUPP where a file system cannot do it. */
int file_allocate(struct file_system *fs, int file, int64_t at, int64_t len);

/* Whether an operation was refused for want of space: it may be possible later. */
bool file_is_full(int result);

/* Whether it was refused for want of space, memory or descriptors: no sign of a broken disk, and it may be
 * possible later. */
bool file_is_refused(int result);
int file_lock(struct file_system *fs, int file);
int file_is_locked(struct file_system *fs, int file); /* by another process: 1, 0, -errno */
int file_status(struct file_system *fs, int file, struct file_status *status);
int file_fd(struct file_system *fs, int file);

int file_path_status(struct file_system *fs, const char *path, struct file_status *status);
bool file_exists(struct file_system *fs, const char *path);
int file_rename(struct file_system *fs, const char *from, const char *to);
int file_unlink(struct file_system *fs, const char *path);
int file_mkdir(struct file_system *fs, const char *path);
int file_rmdir(struct file_system *fs, const char *path);
int file_sync_directory(struct file_system *fs, const char *path);
int file_sync_parent(struct file_system *fs, const char *path); /* the directory that holds the path's name */
int file_set_modified(struct file_system *fs, const char *path, int64_t modified_ms);
int file_space(struct file_system *fs, const char *path, struct file_space *space);

/* Calls `each` for every entry but "." and "..", in no order. The directory may be changed from within. */
int file_list(struct file_system *fs, const char *path, void (*each)(void *context, const char *name),
              void *context);

/* The whole of a small file in malloc'ed memory, with a zero behind it; the caller frees. -EFBIG beyond `max`
 * bytes. */
ssize_t file_read_all(struct file_system *fs, const char *path, size_t max, char **bytes);

/* Removes a directory and the files in it (no directories in directories). */
int file_remove_tree(struct file_system *fs, const char *path);

#endif
