/* See copying.h. */
#include "test/bench/copying.h"

#include "protocol/base/crc32c.h"
#include "test/bench/die.h"
#include "test/bench/latency.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    PIECE = 256 * 1024,
    PIECE_NS = 550 * 1000,         /* what our cleaner needs for so much of 100 B records */
    SYNC_BYTES = 1024 * 1024,      /* as our cleaner does (storage/log_compact.c) */
    FILE_BYTES = 64 * 1024 * 1024, /* run: segment.bytes */
};

static int open_file(const char *path, int flags)
{
    int fd = open(path, flags | O_CLOEXEC, 0600);
    if (fd < 0)
        die("%s:", path);
    return fd;
}

static void write_piece(int fd, const uint8_t *piece, int64_t at)
{
    if (pwrite(fd, piece, PIECE, at) != PIECE)
        die("pwrite:");
}

static void sync_file(int fd)
{
    if (fdatasync(fd) != 0)
        die("fdatasync:");
}

static uint8_t *new_piece(void)
{
    uint8_t *piece = malloc(PIECE);
    if (piece == NULL)
        die("malloc:");
    memset(piece, 'x', PIECE);
    return piece;
}

void copying_init(struct copying *copying, const char *folder, int64_t bytes)
{
    *copying = (struct copying){.bytes = bytes / PIECE * PIECE};
    snprintf(copying->from, sizeof copying->from, "%s/copied", folder);
    snprintf(copying->to, sizeof copying->to, "%s/copy", folder);
    uint8_t *piece = new_piece();
    int fd = open_file(copying->from, O_RDWR | O_CREAT | O_TRUNC);
    for (int64_t at = 0; at < copying->bytes; at += PIECE)
        write_piece(fd, piece, at);
    sync_file(fd);
    close(fd);
    free(piece);
}

/* Until the time is over. Returns what the compiler must not leave out. */
static uint32_t check(const uint8_t *piece, int64_t until_ns)
{
    uint32_t sum = 0;
    do
        sum ^= crc32c(piece, PIECE);
    while (now_ns() < until_ns);
    return sum;
}

/* The other file, from nothing: at most FILE_BYTES from `*at` of the file on. */
static void copy_file(struct copying *copying, int from, int64_t *at, uint8_t *piece)
{
    int to = open_file(copying->to, O_RDWR | O_CREAT | O_TRUNC);
    int64_t written = 0;
    for (int64_t read = 0; written < FILE_BYTES && !atomic_load(&copying->stopping); read += PIECE) {
        int64_t from_ns = now_ns();
        if (pread(from, piece, PIECE, *at) != PIECE)
            die("pread:");
        *at = (*at + PIECE) % copying->bytes;
        piece[0] = (uint8_t)check(piece, from_ns + PIECE_NS);
        if (read / PIECE % 2 == 0)
            continue;
        write_piece(to, piece, written);
        written += PIECE;
        if (written % SYNC_BYTES == 0)
            sync_file(to);
    }
    sync_file(to);
    close(to);
    unlink(copying->to);
}

static void *copy_all(void *context)
{
    struct copying *copying = context;
    uint8_t *piece = new_piece();
    int from = open_file(copying->from, O_RDONLY);
    thread_lower_priority();
    for (int64_t at = 0; !atomic_load(&copying->stopping);)
        copy_file(copying, from, &at, piece);
    close(from);
    free(piece);
    return NULL;
}

void copying_begin(struct copying *copying)
{
    if (thread_start(&copying->thread, "copying", copy_all, copying) != 0)
        die("cannot start a thread");
}

void copying_end(struct copying *copying)
{
    atomic_store(&copying->stopping, true);
    thread_join(&copying->thread);
}

void copying_fini(struct copying *copying)
{
    unlink(copying->from);
}
