/*
 * A disk whose power can be cut afterwards, at any moment: a file system (FUSE) with one file in it, to be
 * mounted through a loop device, that keeps a log of everything written to it and of every flush.
 *
 *   disk serve IMAGE LOG CLOCK MOUNT      serves IMAGE as MOUNT/disk until it is unmounted
 *   disk cut IMAGE LOG OUT POSITION SEED  makes OUT from IMAGE as it was before: what the disk could hold
 *                                         after a power cut when the log had POSITION entries
 *
 * 1. A flush promises everything that was written before it. Of what was written after the last flush any
 *    sectors may have arrived, whatever their order: SEED says which.
 * 2. The first eight bytes of CLOCK are the number of entries, for others to map. An entry counts before it
 *    is answered: whoever is told of something done by the disk finds the entries that made it.
 * 3. It runs in one thread, so the log's order is the order in which things happened.
 */
#define FUSE_USE_VERSION 31
#include <fuse.h>

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

enum { SECTOR = 512, WRITE_MAX = 4 << 20 };

/* Before the bytes of a write; a flush has size 0. */
struct entry {
    uint64_t offset;
    uint64_t size;
};

static int image, record;
static volatile uint64_t *entry_count;

static _Noreturn void die(const char *what)
{
    fprintf(stderr, "disk: %s: %s\n", what, strerror(errno));
    exit(1);
}

static int open_or_die(const char *path, int flags)
{
    int fd = open(path, flags | O_CLOEXEC, 0600);
    if (fd < 0)
        die(path);
    return fd;
}

/* ---- serve ----------------------------------------------------- */

static bool is_disk(const char *path)
{
    return !strcmp(path, "/disk");
}

static int disk_getattr(const char *path, struct stat *stat, struct fuse_file_info *info)
{
    (void)info;
    if (is_disk(path))
        return fstat(image, stat) ? -errno : 0;
    *stat = (struct stat){.st_mode = S_IFDIR | 0700, .st_nlink = 2};
    return strcmp(path, "/") ? -ENOENT : 0;
}

static int disk_open(const char *path, struct fuse_file_info *info)
{
    info->direct_io = 1; /* or the kernel would keep writes for itself */
    return is_disk(path) ? 0 : -ENOENT;
}

static int disk_read(const char *path, char *bytes, size_t size, off_t offset, struct fuse_file_info *info)
{
    (void)path, (void)info;
    ssize_t got = pread(image, bytes, size, offset);
    return got < 0 ? -errno : (int)got;
}

static int disk_write(const char *path, const char *bytes, size_t size, off_t offset,
                      struct fuse_file_info *info)
{
    (void)path, (void)info;
    struct entry entry = {(uint64_t)offset, size};
    if (write(record, &entry, sizeof entry) != sizeof entry || write(record, bytes, size) != (ssize_t)size
        || pwrite(image, bytes, size, offset) != (ssize_t)size)
        return -EIO;
    ++*entry_count;
    return (int)size;
}

static int disk_fsync(const char *path, int data_only, struct fuse_file_info *info)
{
    (void)path, (void)data_only, (void)info;
    if (write(record, &(struct entry){0}, sizeof(struct entry)) != sizeof(struct entry))
        return -EIO;
    ++*entry_count;
    return 0;
}

static const struct fuse_operations operations = {
    .getattr = disk_getattr,
    .open = disk_open,
    .read = disk_read,
    .write = disk_write,
    .fsync = disk_fsync,
};

static int serve(char **arguments)
{
    image = open_or_die(arguments[0], O_RDWR);
    record = open_or_die(arguments[1], O_WRONLY | O_CREAT | O_TRUNC);
    int clock = open_or_die(arguments[2], O_RDWR | O_CREAT | O_TRUNC);
    if (ftruncate(clock, sizeof *entry_count))
        die(arguments[2]);
    entry_count = mmap(NULL, sizeof *entry_count, PROT_READ | PROT_WRITE, MAP_SHARED, clock, 0);
    if (entry_count == MAP_FAILED)
        die(arguments[2]);
    char *fuse[] = {(char[]){"disk"}, (char[]){"-f"}, (char[]){"-s"}, arguments[3], NULL};
    return fuse_main(4, fuse, &operations, NULL);
}

/* ---- cut ----------------------------------------------------- */

static void copy_image(const char *path, int out)
{
    int in = open_or_die(path, O_RDONLY);
    struct stat stat;
    if (fstat(in, &stat))
        die(path);
    for (off_t left = stat.st_size; left > 0;) {
        ssize_t sent = sendfile(out, in, NULL, (size_t)left);
        if (sent <= 0)
            die("copying the image");
        left -= sent;
    }
    close(in);
}

static bool next_entry(FILE *log, struct entry *entry)
{
    return fread(entry, sizeof *entry, 1, log) == 1;
}

/* How many of the first entries are promised: those up to the last flush among them. */
static uint64_t promised(FILE *log, uint64_t position)
{
    struct entry entry;
    uint64_t flushed = 0;
    for (uint64_t i = 0; i < position && next_entry(log, &entry); i++) {
        if (entry.size == 0)
            flushed = i + 1;
        else
            fseeko(log, (off_t)entry.size, SEEK_CUR);
    }
    rewind(log);
    return flushed;
}

/* chance: of each sector, in percent. */
static void arrive(int out, const struct entry *entry, const char *bytes, unsigned chance, unsigned *seed)
{
    for (uint64_t at = 0; at < entry->size; at += SECTOR) {
        size_t size = entry->size - at < SECTOR ? entry->size - at : SECTOR;
        if ((unsigned)rand_r(seed) % 100 < chance
            && pwrite(out, bytes + at, size, (off_t)(entry->offset + at)) < 0)
            die("writing the image");
    }
}

static int cut(char **arguments)
{
    static const unsigned chances[] = {0, 10, 50, 90, 100};
    static char bytes[WRITE_MAX];
    FILE *log = fopen(arguments[1], "r");
    int out = open_or_die(arguments[2], O_RDWR | O_CREAT | O_TRUNC);
    uint64_t position = strtoull(arguments[3], NULL, 10);
    unsigned seed = (unsigned)strtoul(arguments[4], NULL, 10);
    if (!log)
        die(arguments[1]);
    copy_image(arguments[0], out);
    uint64_t flushed = promised(log, position);
    unsigned chance = chances[(unsigned)rand_r(&seed) % 5];
    struct entry entry;
    for (uint64_t i = 0; i < position && next_entry(log, &entry); i++) {
        if (entry.size > sizeof bytes || fread(bytes, 1, entry.size, log) != entry.size)
            die("reading the log");
        arrive(out, &entry, bytes, i < flushed ? 100 : chance, &seed);
    }
    printf("%ju of %ju entries flushed, %u %% of the other sectors written\n", (uintmax_t)flushed,
           (uintmax_t)position, chance);
    return 0;
}

int main(int argc, char **argv)
{
    if (argc == 6 && !strcmp(argv[1], "serve"))
        return serve(argv + 2);
    if (argc == 7 && !strcmp(argv[1], "cut"))
        return cut(argv + 2);
    fputs("disk: say: serve IMAGE LOG CLOCK MOUNT | cut IMAGE LOG OUT POSITION SEED\n", stderr);
    return 2;
}
