/*
 * data_dir: see data_dir.h.
 *
 * 1. The lock file is held from open to close; the operating system lets go of it when the process dies.
 * 2. The clean-shutdown marker is gone, durably, before a log is loaded, and comes back as the very last
 * thing.
 * 3. Offline is for ever (until the next start), and the next start knows of it (data_dir_introduce).
 */
#include "storage/data_dir.h"

#include "protocol/base/buf.h"
#include "protocol/base/ensure.h"
#include "protocol/base/memory.h"
#include "storage/checkpoint.h"
#include "storage/open_files.h"
#include "storage/os/clock.h"
#include "storage/os/diag.h"
#include "storage/os/file.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define DIAG_AREA DIAG_STORAGE

enum { PATH_BYTES_MAX = 3400, SMALL_FILE_MAX = 1 << 20, RESERVE_BYTES = 256 << 10 };

static const char meta_name[] = "meta.properties";
static const char marker_name[] = ".kafka_cleanshutdown";
static const char reserve_name[] = ".reserve";

struct data_dir {
    struct file_system *fs;
    char *path;
    int lock_file;
    struct meta_properties meta;
    struct open_files files;
    atomic_bool offline;
    atomic_bool cordoned;
    atomic_bool lacks_room; /* for new replicas */
    atomic_llong replicas;
    bool was_clean;
    bool suspect;
    bool was_believed;
    struct data_dir **all; /* the broker's directories, this one among them; borrowed */
    int32_t all_count;
    struct mutex mutex; /* RANK_DATA_DIR: one writer of checkpoint files; guards the next two */
    bool has_reserve;
    bool is_full; /* a checkpoint was refused for want of space: said once */
};

/* ---- meta.properties ---- */

/* The ASCII character of a \uXXXX, given its digits; 0 if they are not four, or of another character. */
static char unicode_escape(const char *digits)
{
    char four[5] = "";
    strncpy(four, digits, 4);
    unsigned long code = strspn(four, "0123456789abcdefABCDEF") == 4 ? strtoul(four, NULL, 16) : 0;
    return code < 0x80 ? (char)code : '\0';
}

/* Undoes the escapes of a properties file in place. \uXXXX is kept to what ASCII needs. */
static void unescape(char *text)
{
    char *to = text;
    for (const char *at = text; *at != '\0'; at++) {
        if (*at != '\\' || at[1] == '\0') {
            *to++ = *at;
            continue;
        }
        at++;
        char escaped = *at == 'u' ? unicode_escape(at + 1) : '\0';
        if (escaped != '\0') {
            *to++ = escaped;
            at += 4;
        } else {
            *to++ = *at == 't' ? '\t' : *at == 'n' ? '\n' : *at == 'r' ? '\r' : *at;
        }
    }
    *to = '\0';
}

/* Splits "key = value"; false for comments and blank lines. */
static bool split_property(char *line, char **key, char **value)
{
    line += strspn(line, " \t\f");
    if (*line == '\0' || *line == '#' || *line == '!')
        return false;
    char *end = line;
    while (*end != '\0' && strchr("=: \t\f", *end) == NULL)
        end += *end == '\\' && end[1] != '\0' ? 2 : 1;
    char *rest = end + strspn(end, " \t\f");
    if (*rest == '=' || *rest == ':')
        rest++;
    rest += strspn(rest, " \t\f");
    *end = '\0';
    *key = line;
    *value = rest;
    unescape(*key);
    unescape(*value);
    return true;
}

static bool parse_node_id(const char *text, int32_t *node_id)
{
    char *end;
    errno = 0;
    long value = strtol(text, &end, 10);
    if (errno != 0 || end == text || *end != '\0' || value < 0 || value > INT32_MAX)
        return false;
    *node_id = (int32_t)value;
    return true;
}

struct meta_found {
    char *version;
    char *cluster_id;
    char *node_id;
    char *directory_id;
};

static void find_properties(char *content, struct meta_found *found)
{
    char *rest = content;
    char *line;
    while ((line = strsep(&rest, "\r\n")) != NULL) {
        char *key;
        char *value;
        if (!split_property(line, &key, &value))
            continue;
        if (strcmp(key, "version") == 0)
            found->version = value;
        else if (strcmp(key, "cluster.id") == 0)
            found->cluster_id = value;
        else if (strcmp(key, "node.id") == 0)
            found->node_id = value;
        else if (strcmp(key, "directory.id") == 0)
            found->directory_id = value;
    }
}

static bool parse_meta(const char *path, char *content, struct meta_properties *meta, struct note *why)
{
    struct meta_found found = {0};
    find_properties(content, &found);
    if (found.version == NULL || strcmp(found.version, "1") != 0)
        note_set(why, "%s: version is %s, 1 is needed", path, found.version ? found.version : "missing");
    else if (found.cluster_id == NULL || found.cluster_id[0] == '\0')
        note_set(why, "%s: cluster.id is missing", path);
    else if (found.node_id == NULL || !parse_node_id(found.node_id, &meta->node_id))
        note_set(why, "%s: node.id is missing or no number", path);
    else if (found.directory_id != NULL && !uuid_parse(slice_str(found.directory_id), &meta->directory_id))
        note_set(why, "%s: directory.id '%.40s' is no id", path, found.directory_id);
    else {
        /* NOLINTNEXTLINE(clang-analyzer-unix.Malloc): it does not see that the slice keeps it */
        meta->cluster_id = memory_dup(slice_str(found.cluster_id));
        return true;
    }
    return false;
}

int meta_properties_read(struct file_system *fs, const char *directory, struct meta_properties *meta,
                         struct note *why)
{
    char path[FILE_PATH_MAX];
    char *content;
    *meta = (struct meta_properties){0};
    file_path(path, "%s/%s", directory, meta_name);
    ssize_t len = file_read_all(fs, path, SMALL_FILE_MAX, &content);
    if (len < 0) {
        note_set(why, "%s: %s", path, strerror((int)-len));
        return (int)len;
    }
    bool good = parse_meta(path, content, meta, why);
    free(content);
    return good ? 0 : -EBADMSG;
}

void meta_properties_fini(struct meta_properties *meta)
{
    free((void *)(uintptr_t)meta->cluster_id.data);
    *meta = (struct meta_properties){0};
}

struct emptiness {
    bool found;
    char name[NAME_MAX + 1];
};

/* What may stand in a directory that counts as empty: a file system's own, our lock, and what a formatting
 * that was cut short leaves behind (meta.properties comes last, and without it nobody can have used the
 * directory). */
static bool is_no_content(const char *name)
{
    static const char *const names[] = {".lock", "lost+found", "bootstrap.checkpoint",
                                        "bootstrap.checkpoint.tmp", "meta.properties.tmp"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (strcmp(name, names[i]) == 0)
            return true;
    return false;
}

static void look_for_content(void *context, const char *name)
{
    struct emptiness *emptiness = context;
    if (is_no_content(name))
        return;
    emptiness->found = true;
    snprintf(emptiness->name, sizeof emptiness->name, "%s", name);
}

/* Offline without a word: whoever opens it says why. */
static bool disk_says_no(struct data_dir *dir, enum data_dir_state *state, const char *path, int error,
                         struct note *why)
{
    *state = DATA_DIR_FAILED;
    atomic_store(&dir->offline, true);
    note_set(why, "%s: %s", path, strerror(-error));
    return true;
}

/* One that is missing reads as zeros, and is drawn later. Apache Kafka refuses the others too. */
static bool has_reserved_id(const struct meta_properties *meta)
{
    return !uuid_is_zero(meta->directory_id) && directory_id_is_reserved(meta->directory_id);
}

/* True unless somebody has to look. */
static bool read_meta(struct data_dir *dir, enum data_dir_state *state, struct note *why)
{
    struct note missing = {""};
    struct emptiness emptiness = {0};
    int result = meta_properties_read(dir->fs, dir->path, &dir->meta, &missing);
    *state = result == -ENOENT ? DATA_DIR_EMPTY : DATA_DIR_FORMATTED;
    if (result == -ENOENT)
        result = file_list(dir->fs, dir->path, look_for_content, &emptiness);
    if (result == -EBADMSG)
        note_set(why, "%s", missing.text);
    else if (result < 0)
        return disk_says_no(dir, state, dir->path, result, why);
    else if (has_reserved_id(&dir->meta)) {
        note_set(why, "%s/%s: directory.id is one of those that stand for something else", dir->path,
                 meta_name);
        return false;
    }
    if (emptiness.found)
        note_set(why, "%s holds %s but no %s: it is not formatted, and not empty", dir->path, emptiness.name,
                 meta_name);
    return result == 0 && !emptiness.found;
}

/* ---- life ---- */

/* Makes the directory and the missing ones above it, those durably: what is synced in a directory that a
 * power cut takes away is lost. The name of the last one is synced by who formats it. */
static int make_directories(struct file_system *fs, const char *path)
{
    char partial[FILE_PATH_MAX];
    file_path(partial, "%s", path);
    for (char *at = partial + 1; *at != '\0'; at++)
        if (*at == '/') {
            *at = '\0';
            if (!file_exists(fs, partial) && file_mkdir(fs, partial) == 0)
                (void)file_sync_parent(fs, partial);
            *at = '/';
        }
    int result = file_mkdir(fs, partial);
    return result == -EEXIST ? 0 : result;
}

/* True unless somebody has to look. */
static bool take_lock(struct data_dir *dir, enum data_dir_state *state, struct note *why)
{
    char path[FILE_PATH_MAX];
    file_path(path, "%s/.lock", dir->path);
    dir->lock_file = file_open(dir->fs, path, FILE_CREATE);
    int result = dir->lock_file < 0 ? dir->lock_file : file_lock(dir->fs, dir->lock_file);
    if (result == -EWOULDBLOCK)
        note_set(why, "%s is locked by another process", dir->path);
    return result == -EWOULDBLOCK ? false : result < 0 ? disk_says_no(dir, state, path, result, why) : true;
}

static bool open_all(struct data_dir *dir, enum data_dir_state *state, struct note *why)
{
    int result = make_directories(dir->fs, dir->path);
    if (result < 0)
        return disk_says_no(dir, state, dir->path, result, why);
    return take_lock(dir, state, why) && (data_dir_is_offline(dir) || read_meta(dir, state, why));
}

struct data_dir *data_dir_open(struct file_system *fs, const char *path, enum data_dir_state *state,
                               struct note *why)
{
    if (strlen(path) > PATH_BYTES_MAX || path[0] == '\0') {
        note_set(why, "the log directory's name is empty or too long");
        return NULL;
    }
    struct data_dir *dir = calloc(1, sizeof *dir);
    ensure(dir != NULL);
    dir->fs = fs;
    dir->path = strdup(path);
    ensure(dir->path != NULL);
    size_t len = strlen(path);
    while (len > 1 && dir->path[len - 1] == '/')
        dir->path[--len] = '\0';
    atomic_init(&dir->offline, false);
    mutex_init(&dir->mutex, RANK_DATA_DIR);
    open_files_init(&dir->files, fs);
    dir->lock_file = -1;
    if (open_all(dir, state, why))
        return dir;
    data_dir_close(dir);
    return NULL;
}

void data_dir_close(struct data_dir *dir)
{
    if (dir == NULL)
        return;
    open_files_fini(&dir->files);
    mutex_fini(&dir->mutex);
    file_close(dir->fs, dir->lock_file);
    meta_properties_fini(&dir->meta);
    free(dir->path);
    free(dir);
}

enum kerr data_dir_format(struct data_dir *dir, struct slice cluster_id, int32_t node_id,
                          struct uuid directory_id, struct note *why)
{
    char id[UUID_TEXT_LEN + 1];
    char date[64];
    struct tm utc;
    time_t now = (time_t)(clock_wall_ms() / 1000);
    uuid_format(directory_id, id);
    gmtime_r(&now, &utc);
    strftime(date, sizeof date, "%a %b %d %H:%M:%S UTC %Y", &utc);

    struct buf text = {0};
    buf_printf(&text, "#\n#%s\nnode.id=%d\ndirectory.id=%s\nversion=1\ncluster.id=%.*s\n", date, (int)node_id,
               id, SLICE_ARGS(cluster_id));
    int result = file_sync_parent(dir->fs, dir->path); /* whoever made the directory did not */
    if (result == 0)
        result = checkpoint_replace(dir->fs, dir->path, meta_name, buf_slice(&text), true);
    buf_fini(&text);
    if (result < 0) {
        note_set(why, "%s/%s: %s", dir->path, meta_name, strerror(-result));
        return KERR_KAFKA_STORAGE_ERROR;
    }
    struct slice copy = memory_dup(cluster_id); /* first: it may be the directory's own */
    meta_properties_fini(&dir->meta);
    dir->meta = (struct meta_properties){copy, node_id, directory_id};
    return KERR_NONE;
}

const char *data_dir_path(const struct data_dir *dir)
{
    return dir->path;
}

struct file_system *data_dir_fs(const struct data_dir *dir)
{
    return dir->fs;
}

struct open_files *data_dir_files(struct data_dir *dir)
{
    return &dir->files;
}

const struct meta_properties *data_dir_meta(const struct data_dir *dir)
{
    return &dir->meta;
}

/* ---- the clean-shutdown marker ---- */

/* What the marker says of the broker's last epoch; -1: nothing. */
static int64_t find_epoch(const char *marker)
{
    static const char key[] = "\"brokerEpoch\"";
    const char *at = strstr(marker, key);
    if (at == NULL)
        return -1;
    at += strlen(key);
    at += strspn(at, " :");
    char *end;
    long long epoch = strtoll(at, &end, 10);
    return end == at ? -1 : epoch;
}

/* Sets space aside while there is some, so that what has to be remembered on a full disk can be. */
static void keep_reserve(struct data_dir *dir) NEEDS(dir->mutex)
{
    char path[FILE_PATH_MAX];
    if (dir->has_reserve)
        return;
    file_path(path, "%s/%s", dir->path, reserve_name);
    int file = file_open(dir->fs, path, FILE_CREATE);
    dir->has_reserve = file >= 0 && file_allocate(dir->fs, file, 0, RESERVE_BYTES) == 0;
    file_close(dir->fs, file);
}

/* One that cannot be read goes too: the next start would believe it, after appends that nobody synced. */
bool data_dir_begin(struct data_dir *dir, int64_t *broker_epoch)
{
    char path[FILE_PATH_MAX];
    char *content;
    mutex_lock(&dir->mutex);
    keep_reserve(dir); /* a disk may be full before a checkpoint file is due */
    mutex_unlock(&dir->mutex);
    *broker_epoch = -1;
    file_path(path, "%s/%s", dir->path, marker_name);
    ssize_t len = file_read_all(dir->fs, path, SMALL_FILE_MAX, &content);
    if (len == -ENOENT)
        return false;
    if (len >= 0)
        *broker_epoch = find_epoch(content);
    free(content);
    dir->was_clean = len >= 0 && !dir->suspect;
    dir->was_believed = dir->suspect;
    int result = file_unlink(dir->fs, path);
    if (result == 0)
        result = file_sync_directory(dir->fs, dir->path);
    if (result < 0)
        data_dir_fail(dir, "%s: %s", path, strerror(-result));
    return dir->was_clean;
}

bool data_dir_was_clean(const struct data_dir *dir)
{
    return dir->was_clean;
}

enum kerr data_dir_mark_clean(struct data_dir *dir, int64_t broker_epoch)
{
    char text[80];
    snprintf(text, sizeof text, "{\"version\":0,\"brokerEpoch\":%" PRId64 "}", broker_epoch);
    return data_dir_checkpoint(dir, marker_name, slice_str(text));
}

/* Lets go of it: others may take it first, but they take pages, and this is dozens of them. */
static int replace_from_reserve(struct data_dir *dir, const char *name, struct slice content)
    NEEDS(dir->mutex)
{
    char path[FILE_PATH_MAX];
    file_path(path, "%s/%s", dir->path, reserve_name);
    (void)file_unlink(dir->fs, path);
    dir->has_reserve = false;
    return checkpoint_replace(dir->fs, dir->path, name, content, true);
}

static enum kerr checkpoint(struct data_dir *dir, const char *name, struct slice content, bool from_reserve)
{
    if (data_dir_is_offline(dir))
        return KERR_KAFKA_STORAGE_ERROR;
    mutex_lock(&dir->mutex);
    int result = checkpoint_replace(dir->fs, dir->path, name, content, true);
    if (file_is_full(result) && from_reserve)
        result = replace_from_reserve(dir, name, content);
    if (result == 0)
        keep_reserve(dir);
    bool is_news = file_is_full(result) && !dir->is_full;
    dir->is_full = file_is_full(result);
    mutex_unlock(&dir->mutex);
    if (result == 0)
        return KERR_NONE;
    if (is_news)
        diag_warn("%s/%s: %s", dir->path, name, strerror(-result));
    if (!file_is_full(result))
        data_dir_fail(dir, "%s/%s: %s", dir->path, name, strerror(-result));
    return KERR_KAFKA_STORAGE_ERROR;
}

enum kerr data_dir_checkpoint(struct data_dir *dir, const char *name, struct slice content)
{
    return checkpoint(dir, name, content, false);
}

enum kerr data_dir_remember(struct data_dir *dir, const char *name, struct slice content)
{
    return checkpoint(dir, name, content, true);
}

bool data_dir_drop_checkpoint(struct data_dir *dir, const char *name)
{
    char path[FILE_PATH_MAX];
    file_path(path, "%s/%s", dir->path, name);
    mutex_lock(&dir->mutex);
    int result = file_unlink(dir->fs, path);
    if (result == 0 || result == -ENOENT)
        result = file_sync_directory(dir->fs, dir->path);
    mutex_unlock(&dir->mutex);
    if (result < 0)
        data_dir_fail(dir, "%s: %s", path, strerror(-result));
    return result == 0;
}

/* ---- replicas ---- */

void data_dir_add_replicas(struct data_dir *dir, int64_t change)
{
    long long before = atomic_fetch_add(&dir->replicas, change);
    ensure(before + change >= 0);
}

int64_t data_dir_replicas(const struct data_dir *dir)
{
    return atomic_load(&dir->replicas);
}

void data_dir_set_cordoned(struct data_dir *dir, bool is_cordoned)
{
    atomic_store(&dir->cordoned, is_cordoned);
}

bool data_dir_is_cordoned(const struct data_dir *dir)
{
    return atomic_load(&dir->cordoned);
}

/* Less than is set aside: what comes there would be refused soon. Where nobody says there is enough. */
void data_dir_look_for_room(struct data_dir *dir)
{
    struct file_space space;
    int result = file_space(dir->fs, dir->path, &space);
    atomic_store(&dir->lacks_room, result == 0 && space.usable_bytes < RESERVE_BYTES);
}

bool data_dir_has_room(const struct data_dir *dir)
{
    return !atomic_load(&dir->lacks_room);
}

/* ---- failure ---- */

/* The mark of one directory in another, or in itself. */
static void mark_path(const struct data_dir *where, const struct data_dir *of, char path[FILE_PATH_MAX])
{
    char id[UUID_TEXT_LEN + 1];
    uuid_format(of->meta.directory_id, id);
    file_path(path, "%s/.suspect-%s", where->path, id);
}

/* As well as it can be done: a disk that is gone takes no file, and needs none before it is back. */
static void leave_marks(struct data_dir *dir)
{
    for (int32_t i = 0; i < dir->all_count; i++) {
        struct data_dir *where = dir->all[i];
        char path[FILE_PATH_MAX];
        if (where == NULL)
            continue;
        mark_path(where, dir, path);
        int file = file_open(where->fs, path, FILE_CREATE);
        file_close(where->fs, file);
    }
}

void data_dir_introduce(struct data_dir **dirs, int32_t count)
{
    for (int32_t i = 0; i < count; i++) {
        if (dirs[i] == NULL)
            continue;
        dirs[i]->all = dirs;
        dirs[i]->all_count = count;
        for (int32_t j = 0; j < count && !dirs[i]->suspect; j++) {
            char path[FILE_PATH_MAX];
            if (dirs[j] == NULL)
                continue;
            mark_path(dirs[j], dirs[i], path);
            dirs[i]->suspect = file_exists(dirs[j]->fs, path);
        }
        if (dirs[i]->suspect)
            diag_warn("%s failed before: what it holds beyond its recovery points is written again",
                      dirs[i]->path);
    }
}

bool data_dir_is_suspect(const struct data_dir *dir)
{
    return dir->suspect;
}

bool data_dir_was_believed(const struct data_dir *dir)
{
    return dir->was_believed;
}

void data_dir_trust(struct data_dir *dir)
{
    for (int32_t i = 0; i < dir->all_count; i++) {
        char path[FILE_PATH_MAX];
        if (dir->all[i] == NULL)
            continue;
        mark_path(dir->all[i], dir, path);
        (void)file_unlink(dir->all[i]->fs, path); /* one that comes back costs time, nothing else */
    }
    dir->suspect = false;
}

void data_dir_fail(struct data_dir *dir, const char *format, ...)
{
    if (atomic_exchange(&dir->offline, true))
        return;
    leave_marks(dir);
    char text[NOTE_SIZE];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    diag_error("log directory %s is offline: %s", dir->path, text);
}

bool data_dir_is_offline(const struct data_dir *dir)
{
    return atomic_load_explicit(&dir->offline, memory_order_relaxed);
}
