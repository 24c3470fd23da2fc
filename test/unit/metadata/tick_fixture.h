/*
 * tick_fixture: a cluster whose clock the test moves, what lies in its directory, and a disk that fails. For
 * the tests of what is due by the clock.
 */
#ifndef TEST_UNIT_METADATA_TICK_FIXTURE_H
#define TEST_UNIT_METADATA_TICK_FIXTURE_H

#include "metadata/snapshot.h"
#include "test/unit/metadata/cluster_fixture.h"

#include <dirent.h>
#include <errno.h>

enum { START_MS = 1000 };

FIXTURE char directory[256], log_folder[500];
FIXTURE struct node_fixture fixture;
FIXTURE struct cluster_config config;
FIXTURE int64_t now_ms;

FIXTURE void set_up(void)
{
    char path[300];
    make_scratch(directory);
    snprintf(path, sizeof path, "%s/data", directory);
    node_init(&fixture, path);
    snprintf(log_folder, sizeof log_folder, "%s/__cluster_metadata-0", fixture.path);
    config = cluster_config_defaults;
    config.max_idle_interval_ms = 0;
    fixture.node.config = &config;
    now_ms = START_MS;
}

FIXTURE void tear_down(void)
{
    remove_tree(directory);
}

FIXTURE void tick(int64_t later_ms)
{
    now_ms += later_ms;
    cluster_tick(fixture.cluster, now_ms);
}

/* A snapshot is due at every tick that finds something new. */
FIXTURE void snapshot_always(void)
{
    config.max_record_bytes_between_snapshots = 1;
}

/* ---- what lies in the directory ---- */

FIXTURE int count_files(const char *suffix)
{
    int count = 0;
    struct dirent *entry;
    DIR *listing = opendir(log_folder);
    ck_assert_ptr_nonnull(listing);
    while ((entry = readdir(listing)) != NULL) {
        size_t len = strlen(entry->d_name), suffix_len = strlen(suffix);
        count += len > suffix_len && strcmp(entry->d_name + len - suffix_len, suffix) == 0;
    }
    closedir(listing);
    return count;
}

FIXTURE void snapshot_name(size_t from_newest, char name[SNAPSHOT_NAME_SIZE])
{
    struct snapshot_list list;
    ck_assert_int_eq(snapshot_list(file_system_os(), log_folder, &list), 0);
    ck_assert_uint_gt(list.count, from_newest);
    snapshot_format_name(list.ids[list.count - 1 - from_newest], name);
    snapshot_list_fini(&list);
}

/* Turns one byte in the middle of a snapshot around. */
FIXTURE void damage_snapshot(size_t from_newest)
{
    char name[SNAPSHOT_NAME_SIZE], path[700];
    snapshot_name(from_newest, name);
    struct slice bytes = read_file(log_folder, name);
    ((uint8_t *)(uintptr_t)bytes.data)[bytes.len / 2] ^= 1;
    snprintf(path, sizeof path, "%s/%s", log_folder, name);
    ck_assert_int_eq(unlink(path), 0);
    write_file(log_folder, name, bytes.data, bytes.len);
    free_file(bytes);
}

FIXTURE void delete_log_files(void)
{
    char path[800];
    struct dirent *entry;
    DIR *listing = opendir(log_folder);
    while ((entry = readdir(listing)) != NULL)
        if (strlen(entry->d_name) == 24 && strcmp(entry->d_name + 20, ".log") == 0) {
            snprintf(path, sizeof path, "%s/%s", log_folder, entry->d_name);
            unlink(path);
        }
    closedir(listing);
}

/* ---- a disk that fails ---- */

FIXTURE struct file_system faulty;
FIXTURE int syncs, write_error, sync_error;
FIXTURE const char *failing_path; /* part of the names of files whose writing fails */
FIXTURE bool is_failing_file[1024];

FIXTURE int faulty_sync(struct file_system *fs, int file, bool data_only)
{
    syncs++;
    if (sync_error != 0 && (failing_path == NULL || is_failing_file[file]))
        return sync_error;
    return file_system_os()->sync(fs, file, data_only);
}

FIXTURE int faulty_open(struct file_system *fs, const char *path, int flags, unsigned mode)
{
    int file = file_system_os()->open(fs, path, flags, mode);
    if (file >= 0 && file < 1024)
        is_failing_file[file] = failing_path != NULL && strstr(path, failing_path) != NULL;
    return file;
}

FIXTURE ssize_t faulty_pwritev(struct file_system *fs, int file, const struct iovec *parts, int count,
                               int64_t at)
{
    if (write_error != 0 && (failing_path == NULL || is_failing_file[file]))
        return write_error;
    return file_system_os()->pwritev(fs, file, parts, count, at);
}

FIXTURE void use_faulty_disk(const char *path)
{
    faulty = *file_system_os();
    faulty.sync = faulty_sync;
    faulty.pwritev = faulty_pwritev;
    faulty.open = faulty_open;
    failing_path = path;
    syncs = write_error = sync_error = 0;
    fixture.fs = &faulty;
}

/* ---- a history of several segments ---- */

/* Opens it so that every change begins a segment. */
FIXTURE void open_for_history(void)
{
    snapshot_always();
    config.segment_bytes = 100;
    node_open(&fixture);
}

/* Topics t1..tN, each in a segment of its own, with a snapshot behind each. */
FIXTURE void write_history(int topics)
{
    for (uint8_t i = 1; i <= topics; i++) {
        char name[8];
        snprintf(name, sizeof name, "t%d", i);
        ck_assert_int_eq(node_create(&fixture, name, make_id(i), 2), KERR_NONE);
        tick(1);
    }
}

FIXTURE void check_history(int topics)
{
    for (int i = 1; i <= topics; i++) {
        char name[8];
        snprintf(name, sizeof name, "t%d", i);
        ck_assert_msg(node_partition(&fixture, name, 1).leader == 1, "%s", name);
    }
}

#endif
