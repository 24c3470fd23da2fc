/*
 * checkpoint: small text files that are never seen half written.
 *
 * 1. The new content is on stable storage before its name is: tmp, fsync, rename, fsync of the directory
 * (unless the caller says that the content can be found again).
 * 2. The first of its name in a directory made just now may be written in place: who is killed in between
 * leaves an empty file, which for these is none (checkpoint_create).
 * 3. A file that breaks its own format is reported, never half believed.
 *
 * Called by epochs, data_dir and partitions. No locks: callers serialise writers of one file.
 */
#include "storage/checkpoint.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

static int write_file(struct file_system *fs, const char *path, struct slice content, bool durable)
{
    int file = file_open(fs, path, FILE_CREATE | FILE_TRUNCATE);
    if (file < 0)
        return file;
    int result = file_write(fs, file, content.data, content.len, 0);
    if (result == 0 && durable)
        result = file_sync(fs, file);
    file_close(fs, file);
    return result;
}

int checkpoint_create(struct file_system *fs, const char *directory, const char *name, struct slice content)
{
    char path[FILE_PATH_MAX];
    file_path(path, "%s/%s", directory, name);
    int result = write_file(fs, path, content, false);
    if (result < 0)
        (void)file_unlink(fs, path); /* half of one is none */
    return result;
}

int checkpoint_replace(struct file_system *fs, const char *directory, const char *name, struct slice content,
                       bool durable)
{
    char temporary[FILE_PATH_MAX];
    char path[FILE_PATH_MAX];
    file_path(path, "%s/%s", directory, name);
    file_path(temporary, "%s/%s.tmp", directory, name);

    int result = write_file(fs, temporary, content, durable);
    if (result == 0)
        result = file_rename(fs, temporary, path);
    if (file_is_full(result))
        (void)file_unlink(fs, temporary); /* what little it takes may be what others need */
    if (result == 0 && durable)
        result = file_sync_directory(fs, directory);
    return result;
}

/* The next line without its end, or NULL. */
static char *next_line(struct checkpoint *checkpoint)
{
    if (checkpoint->next == NULL || *checkpoint->next == '\0')
        return NULL;
    char *line = checkpoint->next;
    char *end = strchr(line, '\n');
    if (end != NULL)
        *end = '\0';
    checkpoint->next = end == NULL ? NULL : end + 1;
    checkpoint->line++;
    return line;
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\f' || c == '\v';
}

/* The next field of a line, terminated in place; NULL if there is none. */
static char *next_field(char **at)
{
    while (is_blank(**at))
        (*at)++;
    if (**at == '\0')
        return NULL;
    char *field = *at;
    while (**at != '\0' && !is_blank(**at))
        (*at)++;
    if (**at != '\0')
        *(*at)++ = '\0';
    return field;
}

static bool parse_number(const char *text, int64_t min, int64_t max, int64_t *number)
{
    if (text == NULL || *text == '\0')
        return false;
    char *end;
    errno = 0;
    long long value = strtoll(text, &end, 10);
    if (errno != 0 || *end != '\0' || value < min || value > max)
        return false;
    *number = value;
    return true;
}

int checkpoint_open(struct checkpoint *checkpoint, struct file_system *fs, const char *path, struct note *why)
{
    *checkpoint = (struct checkpoint){0};
    ssize_t len = file_read_all(fs, path, CHECKPOINT_BYTES_MAX, &checkpoint->content);
    if (len == -ENOENT)
        return 0;
    if (len < 0) {
        note_set(why, "%s: %s", path, strerror((int)-len));
        return (int)len;
    }
    checkpoint->next = checkpoint->content;
    char *version = next_line(checkpoint);
    int64_t number;
    if (version == NULL)
        return 0;
    if (!parse_number(version, 0, 0, &number)) {
        note_set(why, "%s: version '%.20s' where 0 is expected", path, version);
        checkpoint_close(checkpoint);
        return -EBADMSG;
    }
    char *count = next_line(checkpoint);
    if (count != NULL && !parse_number(count, 0, INT_MAX, &checkpoint->entries)) {
        note_set(why, "%s: '%.20s' is no number of entries", path, count);
        checkpoint_close(checkpoint);
        return -EBADMSG;
    }
    return 0;
}

void checkpoint_close(struct checkpoint *checkpoint)
{
    free(checkpoint->content);
    *checkpoint = (struct checkpoint){0};
}

/* The next entry's line: 1, 0 at a proper end, -EBADMSG. */
static int next_entry(struct checkpoint *checkpoint, char **line, struct note *why)
{
    *line = next_line(checkpoint);
    if (*line == NULL && checkpoint->entries == 0)
        return 0;
    if (*line == NULL || checkpoint->entries == 0) {
        note_set(why, "%s entries than the second line says", *line == NULL ? "fewer" : "more");
        return -EBADMSG;
    }
    checkpoint->entries--;
    return 1;
}

static int malformed(struct checkpoint *checkpoint, struct note *why)
{
    note_set(why, "line %lld is malformed", (long long)checkpoint->line);
    return -EBADMSG;
}

int checkpoint_next_offset(struct checkpoint *checkpoint, struct slice *topic, int32_t *partition,
                           int64_t *offset, struct note *why)
{
    char *line;
    int result = next_entry(checkpoint, &line, why);
    if (result != 1)
        return result;
    char *name = next_field(&line);
    int64_t number;
    if (name == NULL || !parse_number(next_field(&line), 0, INT32_MAX, &number)
        || !parse_number(next_field(&line), INT64_MIN, INT64_MAX, offset) || next_field(&line) != NULL)
        return malformed(checkpoint, why);
    *topic = slice_str(name);
    *partition = (int32_t)number;
    return 1;
}

int checkpoint_next_epoch(struct checkpoint *checkpoint, int32_t *epoch, int64_t *start_offset,
                          struct note *why)
{
    char *line;
    int result = next_entry(checkpoint, &line, why);
    if (result != 1)
        return result;
    int64_t number;
    if (!parse_number(next_field(&line), 0, INT32_MAX, &number)
        || !parse_number(next_field(&line), 0, INT64_MAX, start_offset) || next_field(&line) != NULL)
        return malformed(checkpoint, why);
    *epoch = (int32_t)number;
    return 1;
}
