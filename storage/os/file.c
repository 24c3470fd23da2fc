/*
 * file: the checked wrappers round a file system's operations, the same for the real one and for a test's.
 *
 * 1. EINTR and short reads and writes end here; nobody above sees them.
 * 2. A write of zero bytes to a non-empty request is an error (EIO), never a loop.
 *
 * Called from all of storage/ and from server/respond (file_fd, file_read).
 */
#include "storage/os/file.h"

#include "protocol/base/ensure.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void file_path(char path[FILE_PATH_MAX], const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    int len = vsnprintf(path, FILE_PATH_MAX, format, arguments);
    va_end(arguments);
    ensure(len >= 0 && len < FILE_PATH_MAX);
}

int file_open_mode(struct file_system *fs, const char *path, int flags, unsigned mode)
{
    int file;
    do
        file = fs->open(fs, path, flags, mode);
    while (file == -EINTR);
    return file;
}

int file_open(struct file_system *fs, const char *path, int flags)
{
    return file_open_mode(fs, path, flags, 0644);
}

void file_close(struct file_system *fs, int file)
{
    if (file >= 0)
        (void)fs->close(fs, file);
}

ssize_t file_read(struct file_system *fs, int file, void *bytes, size_t len, int64_t at)
{
    size_t done = 0;
    while (done < len) {
        ssize_t got = fs->pread(fs, file, (uint8_t *)bytes + done, len - done, at + (int64_t)done);
        if (got == -EINTR)
            continue;
        if (got < 0)
            return got;
        if (got == 0)
            break;
        done += (size_t)got;
    }
    return (ssize_t)done;
}

/* Drops `written` bytes from the front of the parts. */
static void advance(struct iovec **parts, int *count, size_t written)
{
    while (*count > 0 && written >= (*parts)->iov_len) {
        written -= (*parts)->iov_len;
        (*parts)++;
        (*count)--;
    }
    if (written > 0) {
        ensure(*count > 0);
        (*parts)->iov_base = (uint8_t *)(*parts)->iov_base + written;
        (*parts)->iov_len -= written;
    }
}

int file_writev(struct file_system *fs, int file, struct iovec *parts, int count, int64_t at)
{
    advance(&parts, &count, 0);
    while (count > 0) {
        ssize_t put = fs->pwritev(fs, file, parts, count, at);
        if (put == -EINTR)
            continue;
        if (put < 0)
            return (int)put;
        if (put == 0)
            return -EIO;
        at += put;
        advance(&parts, &count, (size_t)put);
    }
    return 0;
}

int file_write(struct file_system *fs, int file, const void *bytes, size_t len, int64_t at)
{
    struct iovec part = {(void *)(uintptr_t)bytes, len};
    return file_writev(fs, file, &part, 1, at);
}

int file_sync(struct file_system *fs, int file)
{
    return fs->sync(fs, file, false);
}

int file_sync_data(struct file_system *fs, int file)
{
    return fs->sync(fs, file, true);
}

int file_sync_path(struct file_system *fs, const char *path)
{
    int file = file_open(fs, path, FILE_READ);
    if (file < 0)
        return file == -ENOENT ? 0 : file;
    int result = file_sync(fs, file);
    file_close(fs, file);
    return result;
}

int file_truncate(struct file_system *fs, int file, int64_t size)
{
    int result;
    do
        result = fs->truncate(fs, file, size);
    while (result == -EINTR);
    return result;
}

int file_allocate(struct file_system *fs, int file, int64_t at, int64_t len)
{
    int result;
    do
        result = fs->allocate(fs, file, at, len);
    while (result == -EINTR);
    return result;
}

bool file_is_full(int result)
{
    return result == -ENOSPC || result == -EDQUOT;
}

bool file_is_refused(int result)
{
    return file_is_full(result) || result == -EMFILE || result == -ENFILE || result == -ENOMEM;
}

int file_lock(struct file_system *fs, int file)
{
    return fs->lock(fs, file);
}

int file_is_locked(struct file_system *fs, int file)
{
    return fs->is_locked(fs, file);
}

int file_status(struct file_system *fs, int file, struct file_status *status)
{
    return fs->status(fs, file, status);
}

int file_fd(struct file_system *fs, int file)
{
    return fs->raw_fd(fs, file);
}

int file_path_status(struct file_system *fs, const char *path, struct file_status *status)
{
    return fs->path_status(fs, path, status);
}

bool file_exists(struct file_system *fs, const char *path)
{
    struct file_status status;
    return fs->path_status(fs, path, &status) == 0;
}

int file_rename(struct file_system *fs, const char *from, const char *to)
{
    return fs->rename(fs, from, to);
}

int file_unlink(struct file_system *fs, const char *path)
{
    return fs->unlink(fs, path);
}

int file_mkdir(struct file_system *fs, const char *path)
{
    return fs->mkdir(fs, path);
}

int file_rmdir(struct file_system *fs, const char *path)
{
    return fs->rmdir(fs, path);
}

int file_sync_directory(struct file_system *fs, const char *path)
{
    return fs->sync_directory(fs, path);
}

int file_sync_parent(struct file_system *fs, const char *path)
{
    char parent[FILE_PATH_MAX];
    file_path(parent, "%s", path);
    char *slash = strrchr(parent, '/');
    if (slash == NULL)
        return file_sync_directory(fs, ".");
    *slash = '\0';
    return file_sync_directory(fs, slash == parent ? "/" : parent);
}

int file_set_modified(struct file_system *fs, const char *path, int64_t modified_ms)
{
    return fs->set_modified(fs, path, modified_ms);
}

int file_space(struct file_system *fs, const char *path, struct file_space *space)
{
    return fs->space == NULL ? -ENOSYS : fs->space(fs, path, space);
}

int file_list(struct file_system *fs, const char *path, void (*each)(void *context, const char *name),
              void *context)
{
    return fs->list(fs, path, each, context);
}

ssize_t file_read_all(struct file_system *fs, const char *path, size_t max, char **bytes)
{
    *bytes = NULL;
    int file = file_open(fs, path, FILE_READ);
    if (file < 0)
        return file;

    struct file_status status;
    ssize_t result = file_status(fs, file, &status);
    if (result == 0 && (uint64_t)status.size > max)
        result = -EFBIG;
    if (result == 0) {
        char *content = malloc((size_t)status.size + 1);
        ensure(content != NULL);
        result = file_read(fs, file, content, (size_t)status.size, 0);
        if (result < 0) {
            free(content);
        } else {
            content[result] = '\0';
            *bytes = content;
        }
    }
    file_close(fs, file);
    return result;
}

struct removal {
    struct file_system *fs;
    const char *directory;
    int error; /* the first one */
};

static void remove_entry(void *context, const char *name)
{
    struct removal *removal = context;
    char path[FILE_PATH_MAX];
    int len = snprintf(path, sizeof path, "%s/%s", removal->directory, name);
    int result = len < 0 || (size_t)len >= sizeof path ? -ENAMETOOLONG : file_unlink(removal->fs, path);
    if (result < 0 && result != -ENOENT && removal->error == 0)
        removal->error = result;
}

int file_remove_tree(struct file_system *fs, const char *path)
{
    struct removal removal = {.fs = fs, .directory = path};
    int result = file_list(fs, path, remove_entry, &removal);
    if (result < 0)
        return result;
    return removal.error != 0 ? removal.error : file_rmdir(fs, path);
}
