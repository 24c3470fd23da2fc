/* set_aside: see set_aside.h. Called at start, before anybody else knows the log. */
#include "storage/set_aside.h"

#include "protocol/base/ensure.h"

#include <stdlib.h>
#include <string.h>

enum { PIECE_BYTES = 1 << 20 };

static size_t piece_of(int64_t left)
{
    return left < PIECE_BYTES ? (size_t)left : PIECE_BYTES;
}

int64_t set_aside_copy(struct file_system *fs, int file, int64_t from, int64_t to, int copy, int64_t at)
{
    uint8_t *bytes = malloc(PIECE_BYTES);
    ensure(bytes != NULL && "out of memory");
    int64_t done = 0, result = 1;
    while (result > 0 && from + done < to) {
        result = file_read(fs, file, bytes, piece_of(to - from - done), from + done);
        int error = result > 0 ? file_write(fs, copy, bytes, (size_t)result, at + done) : 0;
        if (error < 0)
            result = error;
        done += result > 0 ? result : 0;
    }
    free(bytes);
    return result < 0 ? result : done;
}

/* Whether the first `len` bytes of the copy are those of the file at `from`: 1, 0 or -errno. */
static int64_t is_same(struct file_system *fs, int file, int64_t from, int copy, int64_t len)
{
    uint8_t *bytes = malloc((size_t)2 * PIECE_BYTES);
    ensure(bytes != NULL && "out of memory");
    int64_t result = 1;
    for (int64_t done = 0; result == 1 && done < len;) {
        size_t want = piece_of(len - done);
        ssize_t ours = file_read(fs, file, bytes, want, from + done);
        ssize_t theirs = ours < 0 ? ours : file_read(fs, copy, bytes + PIECE_BYTES, want, done);
        if (theirs < 0)
            result = theirs;
        else
            result = ours == (ssize_t)want && ours == theirs && memcmp(bytes, bytes + PIECE_BYTES, want) == 0;
        done += (int64_t)want;
    }
    free(bytes);
    return result;
}

/* Makes the copy what it is to be, if it is new, or a beginning of that: 1; if it is another's, 0; -errno. */
static int64_t keep_in(struct file_system *fs, int file, int64_t from, int64_t to, int copy)
{
    struct file_status status;
    int64_t result = file_status(fs, copy, &status);
    if (result < 0 || status.size > to - from)
        return result < 0 ? result : 0;
    result = is_same(fs, file, from, copy, status.size);
    if (result != 1)
        return result;
    result = set_aside_copy(fs, file, from + status.size, to, copy, status.size);
    if (result >= 0)
        result = file_sync(fs, copy); /* also what a start before this one may not have come to sync */
    return result < 0 ? result : 1;
}

int set_aside(struct file_system *fs, const char *directory, int64_t base, int file, int64_t from, int64_t to,
              char name[DATA_FILE_NAME_MAX])
{
    struct data_file_name kept = {
        .kind = DATA_FILE_LOG, .suffix = DATA_FILE_DAMAGED, .base = base, .position = from};
    int64_t result = 0;
    for (; result == 0; kept.number++) {
        char path[FILE_PATH_MAX];
        data_file_format(kept, name);
        file_path(path, "%s/%s", directory, name);
        int copy = file_open(fs, path, FILE_CREATE);
        if (copy < 0)
            return copy;
        result = keep_in(fs, file, from, to, copy);
        file_close(fs, copy);
    }
    return result < 0 ? (int)result : 0;
}
