/*
 * file_os: the operating system's file system. The only place of storage/ with its system calls.
 *
 * pwritev and fdatasync are Linux's and the BSDs'; what a platform lacks is replaced here and nowhere else.
 */
#include "storage/os/file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

static int result_of(int value)
{
    return value < 0 ? -errno : value;
}

/* O_NONBLOCK means nothing to a file; a pipe that somebody has put in its place is not waited for. */
static int os_open(struct file_system *fs, const char *path, int flags, unsigned mode)
{
    (void)fs;
    int how = O_CLOEXEC | O_NONBLOCK;
    if (flags & FILE_CREATE)
        how |= O_RDWR | O_CREAT;
    else
        how |= flags & FILE_WRITE ? O_RDWR : O_RDONLY;
    if (flags & FILE_TRUNCATE)
        how |= O_TRUNC;
    return result_of(open(path, how, (mode_t)mode));
}

static int os_close(struct file_system *fs, int file)
{
    (void)fs;
    return result_of(close(file));
}

static ssize_t os_pread(struct file_system *fs, int file, void *bytes, size_t len, int64_t at)
{
    (void)fs;
    ssize_t got = pread(file, bytes, len, at);
    return got < 0 ? -errno : got;
}

static ssize_t os_pwritev(struct file_system *fs, int file, const struct iovec *parts, int count, int64_t at)
{
    (void)fs;
    ssize_t put = pwritev(file, parts, count, at);
    return put < 0 ? -errno : put;
}

static int os_sync(struct file_system *fs, int file, bool data_only)
{
    (void)fs;
    return result_of(data_only ? fdatasync(file) : fsync(file));
}

static int os_truncate(struct file_system *fs, int file, int64_t size)
{
    (void)fs;
    return result_of(ftruncate(file, size));
}

static int os_allocate(struct file_system *fs, int file, int64_t at, int64_t len)
{
    (void)fs;
    return result_of(fallocate(file, FALLOC_FL_KEEP_SIZE, at, len));
}

/* Two kinds, which know nothing of each other on Linux: Java, and so every Apache Kafka, takes a record lock;
 * flock is what an Odradek of before holds. An open file's record lock (F_OFD_...) is not lost when the
 * process closes another descriptor of the same file. */
static int os_lock(struct file_system *fs, int file)
{
    (void)fs;
    struct flock whole = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    int result = result_of(fcntl(file, F_OFD_SETLK, &whole));
    if (result == -EAGAIN || result == -EACCES)
        return -EWOULDBLOCK;
    return result < 0 ? result : result_of(flock(file, LOCK_EX | LOCK_NB));
}

static int os_is_locked(struct file_system *fs, int file)
{
    (void)fs;
    struct flock whole = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    int result = result_of(fcntl(file, F_OFD_GETLK, &whole));
    return result < 0 ? result : whole.l_type != F_UNLCK;
}

static void fill_status(struct file_status *status, const struct stat *from)
{
    *status = (struct file_status){
        .size = from->st_size,
        .modified_ms = (int64_t)from->st_mtim.tv_sec * 1000 + from->st_mtim.tv_nsec / 1000000,
        .is_directory = S_ISDIR(from->st_mode),
    };
}

static int os_status(struct file_system *fs, int file, struct file_status *status)
{
    (void)fs;
    struct stat found;
    if (fstat(file, &found) < 0)
        return -errno;
    fill_status(status, &found);
    return 0;
}

static int os_raw_fd(struct file_system *fs, int file)
{
    (void)fs;
    return file;
}

static int os_path_status(struct file_system *fs, const char *path, struct file_status *status)
{
    (void)fs;
    struct stat found;
    if (stat(path, &found) < 0)
        return -errno;
    fill_status(status, &found);
    return 0;
}

static int os_rename(struct file_system *fs, const char *from, const char *to)
{
    (void)fs;
    return result_of(rename(from, to));
}

static int os_unlink(struct file_system *fs, const char *path)
{
    (void)fs;
    return result_of(unlink(path));
}

static int os_mkdir(struct file_system *fs, const char *path)
{
    (void)fs;
    return result_of(mkdir(path, 0755));
}

static int os_rmdir(struct file_system *fs, const char *path)
{
    (void)fs;
    return result_of(rmdir(path));
}

static int os_list(struct file_system *fs, const char *path, void (*each)(void *context, const char *name),
                   void *context)
{
    (void)fs;
    DIR *directory = opendir(path);
    if (directory == NULL)
        return -errno;
    int error = 0;
    for (;;) {
        errno = 0;
        struct dirent *entry = readdir(directory);
        if (entry == NULL) {
            error = -errno;
            break;
        }
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
            each(context, entry->d_name);
    }
    closedir(directory);
    return error;
}

static int os_sync_directory(struct file_system *fs, const char *path)
{
    (void)fs;
    int directory = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (directory < 0)
        return -errno;
    int result = result_of(fsync(directory));
    close(directory);
    return result;
}

static int os_set_modified(struct file_system *fs, const char *path, int64_t modified_ms)
{
    (void)fs;
    struct timespec when = {.tv_sec = modified_ms / 1000, .tv_nsec = modified_ms % 1000 * 1000000};
    struct timespec times[2] = {when, when};
    return result_of(utimensat(AT_FDCWD, path, times, 0));
}

static int64_t bytes_of_blocks(uint64_t blocks, uint64_t block_size)
{
    return block_size != 0 && blocks > INT64_MAX / block_size ? INT64_MAX : (int64_t)(blocks * block_size);
}

static int os_space(struct file_system *fs, const char *path, struct file_space *space)
{
    (void)fs;
    struct statvfs found;
    if (statvfs(path, &found) < 0)
        return -errno;
    space->total_bytes = bytes_of_blocks(found.f_blocks, found.f_frsize);
    space->usable_bytes = bytes_of_blocks(found.f_bavail, found.f_frsize);
    return 0;
}

struct file_system *file_system_os(void)
{
    static const struct file_system os = {
        .open = os_open,
        .close = os_close,
        .pread = os_pread,
        .pwritev = os_pwritev,
        .sync = os_sync,
        .truncate = os_truncate,
        .allocate = os_allocate,
        .lock = os_lock,
        .is_locked = os_is_locked,
        .status = os_status,
        .raw_fd = os_raw_fd,
        .path_status = os_path_status,
        .rename = os_rename,
        .unlink = os_unlink,
        .mkdir = os_mkdir,
        .rmdir = os_rmdir,
        .list = os_list,
        .sync_directory = os_sync_directory,
        .set_modified = os_set_modified,
        .space = os_space,
    };
    /* Never written: a test's file system has state, this one has none. */
    return (struct file_system *)(uintptr_t)&os;
}
