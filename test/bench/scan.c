/*
 * The limit of a restart after a crash (S3): every .log below a folder is read in pieces of 1 MB and each
 * batch's CRC is checked, a thread a processor, a file at a time. Nothing is kept.
 */
#include "protocol/batch.h"
#include "test/bench/die.h"
#include "test/bench/latency.h"
#include "test/bench/process.h"
#include "test/bench/scenarios.h"

#include <fcntl.h>
#include <ftw.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { PIECE = 1 << 20, FILES_MAX = 100000, THREADS_MAX = 64 };

static char *files[FILES_MAX]; /* nftw's callback has no argument of ours */
static int file_count;
static atomic_int next_file;
static atomic_llong bytes_read;

static int note_file(const char *path, const struct stat *status, int type, struct FTW *where)
{
    (void)status;
    (void)where;
    size_t len = strlen(path);
    if (type == FTW_F && len > 4 && strcmp(path + len - 4, ".log") == 0 && file_count < FILES_MAX)
        files[file_count++] = strdup(path);
    return 0;
}

/* Checks the whole batches in front; how many bytes they are. */
static size_t check_batches(struct slice bytes)
{
    struct batch_header header;
    size_t size, done = 0;
    while (batch_next(slice_from(bytes, done), &header, &size, NULL) == BATCH_WHOLE) {
        if (!batch_check_crc(slice_of(bytes.data + done, size)))
            die("a batch has a wrong checksum");
        done += size;
    }
    return done;
}

static void scan_file(const char *path, uint8_t *buffer)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    off_t at = 0;
    size_t done = 0;
    if (fd < 0)
        die("%s:", path);
    do {
        ssize_t got = pread(fd, buffer, PIECE, at);
        if (got < 0)
            die("%s:", path);
        done = check_batches(slice_of(buffer, (size_t)got));
        at += (off_t)done;
    } while (done > 0);
    atomic_fetch_add(&bytes_read, at);
    close(fd);
}

static void *scan(void *argument)
{
    uint8_t *buffer = malloc(PIECE);
    (void)argument;
    if (buffer == NULL)
        die("malloc:");
    for (int i; (i = atomic_fetch_add(&next_file, 1)) < file_count;)
        scan_file(files[i], buffer);
    free(buffer);
    return NULL;
}

void scan_scenario(const char *folder)
{
    pthread_t threads[THREADS_MAX];
    long count = sysconf(_SC_NPROCESSORS_ONLN);
    int64_t from_ns = now_ns(), cpu_ns = own_cpu_ns();
    if (nftw(folder, note_file, 16, FTW_PHYS) != 0)
        die("%s:", folder);
    for (int i = 0; i < count && i < THREADS_MAX; i++)
        if (pthread_create(&threads[i], NULL, scan, NULL) != 0)
            die("cannot start a thread");
    for (int i = 0; i < count && i < THREADS_MAX; i++)
        pthread_join(threads[i], NULL);
    double ms = (double)(now_ns() - from_ns) / 1e6;
    printf("ms=%.2f port_ms=%.2f cpu_ms=%.2f mb=%.0f\n", ms, ms, (double)(own_cpu_ns() - cpu_ns) / 1e6,
           (double)atomic_load(&bytes_read) / 1e6);
}
