/*
 * dump_command: see dump_command.h. Called by main.c, in the process's only thread.
 *
 * A directory is dumped file by file: what belongs to the whole of it first, then segment after segment, then
 * the directories in it.
 */
#include "server/dump_command.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "protocol/base/ensure.h"
#include "server/dump/dump.h"
#include "storage/partition_dir.h"

enum { EXIT_DAMAGED = 1, EXIT_USAGE = 2, MAX_DEPTH = 2 };

static const char usage[] =
    "usage: odradek dump [--json] [--batches] [--from OFFSET] [--to OFFSET] [--as KIND] FILE...\n";

static const char help[] =
    "\n"
    "Prints what stands in files of a log directory, Odradek's or Apache Kafka's, a line for each thing.\n"
    "\n"
    "  FILE  any of them: segments, indexes, snapshots, checkpoints, meta.properties, also with .deleted, .cleaned or\n"
    "        .swap behind the name; of a directory all that are in it\n"
    "\n"
    "  --json         each line is a JSON object\n"
    "  --batches      of logs only the batches, not their records\n"
    "  --from OFFSET  of logs only what is at this offset or behind it\n"
    "  --to OFFSET    of logs only what is at this offset or before it\n"
    "  --as KIND      what records are: bytes, groups, transactions, share-state or cluster, if the directory's name\n"
    "                 (__consumer_offsets-7 ...) does not tell it\n"
    "\n"
    "Nothing is changed. A damaged place is said, with the byte where it is, and what follows it is printed.\n"
    "The exit status is 0 if all was whole, 1 if something was damaged or could not be read, 2 if the command makes no\n"
    "sense.\n"
    "\n"
    "  odradek dump --json /data/t-0/00000000000000000000.log | jq 'select(.type==\"record\").value'\n";

__attribute__((format(printf, 1, 2))) static int wrong(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    fputs("odradek dump: ", stderr);
    vfprintf(stderr, format, arguments);
    fputc('\n', stderr);
    va_end(arguments);
    return EXIT_USAGE;
}

/* ---- directories ---- */

struct listed {
    char *name; /* owned */
    struct data_file_name parsed;
    bool is_directory;
};

struct listing {
    struct dump *dump;
    const char *path;
    struct listed *items;
    size_t count;
    size_t capacity;
};

static void add_name(void *context, const char *name)
{
    struct listing *listing = context;
    char path[FILE_PATH_MAX];
    struct file_status status;
    if (strlen(listing->path) + strlen(name) + 2 > sizeof path)
        return;
    file_path(path, "%s/%s", listing->path, name);
    if (listing->count == listing->capacity) {
        listing->capacity = listing->capacity == 0 ? 64 : listing->capacity * 2;
        listing->items = realloc(listing->items, listing->capacity * sizeof *listing->items);
        ensure(listing->items != NULL);
    }
    struct listed *listed = &listing->items[listing->count++];
    listed->name = strdup(name);
    ensure(listed->name != NULL);
    listed->is_directory = file_path_status(listing->dump->fs, path, &status) == 0 && status.is_directory;
    data_file_parse(name, &listed->parsed);
}

/* Files before directories; of files those without an offset first, then by offset, then by kind. */
static int compare_listed(const void *a, const void *b)
{
    const struct listed *left = a, *right = b;
    if (left->is_directory != right->is_directory)
        return left->is_directory ? 1 : -1;
    if (left->parsed.base != right->parsed.base)
        return left->parsed.base < right->parsed.base ? -1 : 1;
    if (left->parsed.kind != right->parsed.kind)
        return left->parsed.kind < right->parsed.kind ? -1 : 1;
    return strcmp(left->name, right->name);
}

static void dump_path(struct dump *dump, const char *path, int depth);

static void dump_directory(struct dump *dump, const char *path, int depth)
{
    struct listing listing = {.dump = dump, .path = path};
    int result = file_list(dump->fs, path, add_name, &listing);
    if (result < 0)
        dump_unreadable(dump, result);
    if (listing.count > 0)
        qsort(listing.items, listing.count, sizeof *listing.items, compare_listed);
    for (size_t i = 0; i < listing.count; i++) {
        const struct listed *listed = &listing.items[i];
        char inner[FILE_PATH_MAX];
        file_path(inner, "%s/%s", path, listed->name);
        if (dump->lines.error == 0 && listed->parsed.kind != DATA_FILE_LOCK)
            dump_path(dump, inner, depth + 1);
        free(listed->name);
    }
    free(listing.items);
}

/* The name of the directory that a file is in, whatever the path looks like. */
static void directory_of(const char *path, char name[PARTITION_DIR_NAME_MAX + 1])
{
    char resolved[FILE_PATH_MAX];
    name[0] = '\0';
    if (realpath(path, resolved) == NULL)
        return;
    char *slash = strrchr(resolved, '/');
    if (slash == NULL || slash == resolved)
        return;
    *slash = '\0';
    slash = strrchr(resolved, '/');
    snprintf(name, PARTITION_DIR_NAME_MAX + 1, "%s", slash == NULL ? resolved : slash + 1);
}

static void dump_path(struct dump *dump, const char *path, int depth)
{
    struct file_status status;
    char directory[PARTITION_DIR_NAME_MAX + 1];
    if (file_path_status(dump->fs, path, &status) == 0 && status.is_directory) {
        if (depth < MAX_DEPTH)
            dump_directory(dump, path, depth);
        return;
    }
    directory_of(path, directory);
    dump_file(dump, path, directory);
}

/* ---- the command line ---- */

struct dump_options {
    bool json;
    bool batches_only;
    int64_t from;
    int64_t to;
    enum dump_content content;
};

static bool parse_offset(const char *text, int64_t *offset)
{
    char *end;
    errno = 0;
    *offset = strtoll(text == NULL ? "" : text, &end, 10);
    return text != NULL && end != text && *end == '\0' && errno == 0;
}

static bool parse_content(const char *text, enum dump_content *content)
{
    static const char *const names[] = {
        [CONTENT_BYTES] = "bytes",
        [CONTENT_GROUPS] = "groups",
        [CONTENT_TRANSACTIONS] = "transactions",
        [CONTENT_SHARE_STATE] = "share-state",
        [CONTENT_CLUSTER] = "cluster",
    };
    for (int i = CONTENT_BYTES; text != NULL && i <= CONTENT_CLUSTER; i++)
        if (strcmp(text, names[i]) == 0) {
            *content = (enum dump_content)i;
            return true;
        }
    return false;
}

/* One option, of one word or two; false: it is none, or its value makes no sense. */
static bool parse_option(struct dump_options *options, int argc, char **argv, int *at)
{
    const char *word = argv[*at];
    const char *value = *at + 1 < argc ? argv[*at + 1] : NULL;
    if (strcmp(word, "--json") == 0)
        return options->json = true;
    if (strcmp(word, "--batches") == 0)
        return options->batches_only = true;
    ++*at;
    if (strcmp(word, "--from") == 0)
        return parse_offset(value, &options->from);
    if (strcmp(word, "--to") == 0)
        return parse_offset(value, &options->to);
    return strcmp(word, "--as") == 0 && parse_content(value, &options->content);
}

static int finish(struct dump *dump)
{
    bool damaged = dump->damaged;
    if (!dump_finish(dump) && dump->lines.error != EPIPE) {
        fprintf(stderr, "odradek dump: cannot write: %s\n", strerror(dump->lines.error));
        return EXIT_DAMAGED;
    }
    return damaged ? EXIT_DAMAGED : 0;
}

static int run(const struct dump_options *options, char **paths, int count)
{
    struct dump dump;
    signal(SIGPIPE, SIG_IGN); /* a reader that has seen enough is no failure */
    dump_init(&dump, file_system_os(), STDOUT_FILENO, options->json);
    dump.batches_only = options->batches_only;
    dump.from = options->from;
    dump.to = options->to;
    dump.content = options->content;
    for (int i = 0; i < count && dump.lines.error == 0; i++)
        dump_path(&dump, paths[i], 0);
    return finish(&dump);
}

int dump_command(int argc, char **argv)
{
    struct dump_options options = {.from = INT64_MIN, .to = INT64_MAX};
    int count = 0;
    for (int i = 0; i < argc; i++) {
        char *word = argv[i];
        if (strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0)
            return fputs(usage, stdout) < 0 || fputs(help, stdout) < 0 ? EXIT_DAMAGED : 0;
        if (strncmp(word, "--", 2) != 0) {
            if (strlen(word) >= FILE_PATH_MAX)
                return wrong("a name that is too long");
            argv[count++] = word;
        } else if (!parse_option(&options, argc, argv, &i))
            return wrong("not an option, or without a value that it takes: %s", word);
    }
    if (count > 0)
        return run(&options, argv, count);
    fputs(usage, stderr);
    return EXIT_USAGE;
}
