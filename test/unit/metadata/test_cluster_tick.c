/* cluster_tick: no-ops, snapshots and the deletion of what they stand for, with every way to fail in
 * between. */
#include "metadata/check_cluster.h"
#include "metadata/image_records.h"
#include "metadata/snapshot.h"
#include "test/unit/metadata/cluster_fixture.h"

#include "protocol/records/access_control_entry_record.h"
#include "protocol/records/client_quota_record.h"

#include <dirent.h>
#include <errno.h>
#include <pthread.h>

enum { START_MS = 1000 };

static char directory[256], log_folder[500];
static struct node_fixture fixture;
static struct cluster_config config;
static int64_t now_ms;

static void set_up(void)
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

static void tear_down(void)
{
    remove_tree(directory);
}

static void tick(int64_t later_ms)
{
    now_ms += later_ms;
    cluster_tick(fixture.cluster, now_ms);
}

/* A snapshot is due at every tick that finds something new. */
static void snapshot_always(void)
{
    config.max_record_bytes_between_snapshots = 1;
}

/* ---- what lies in the directory ---- */

static int count_files(const char *suffix)
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

static void snapshot_name(size_t from_newest, char name[SNAPSHOT_NAME_SIZE])
{
    struct snapshot_list list;
    ck_assert_int_eq(snapshot_list(file_system_os(), log_folder, &list), 0);
    ck_assert_uint_gt(list.count, from_newest);
    snapshot_format_name(list.ids[list.count - 1 - from_newest], name);
    snapshot_list_fini(&list);
}

/* Turns one byte in the middle of a snapshot around. */
static void damage_snapshot(size_t from_newest)
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

static void delete_log_files(void)
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

/* ---- no-ops ---- */

static struct file_system faulty;
static int syncs, write_error, sync_error;
static const char *failing_path; /* part of the names of files whose writing fails */
static bool is_failing_file[1024];

static int faulty_sync(struct file_system *fs, int file, bool data_only)
{
    syncs++;
    if (sync_error != 0 && (failing_path == NULL || is_failing_file[file]))
        return sync_error;
    return file_system_os()->sync(fs, file, data_only);
}

static int faulty_open(struct file_system *fs, const char *path, int flags, unsigned mode)
{
    int file = file_system_os()->open(fs, path, flags, mode);
    if (file >= 0 && file < 1024)
        is_failing_file[file] = failing_path != NULL && strstr(path, failing_path) != NULL;
    return file;
}

static ssize_t faulty_pwritev(struct file_system *fs, int file, const struct iovec *parts, int count,
                              int64_t at)
{
    if (write_error != 0 && (failing_path == NULL || is_failing_file[file]))
        return write_error;
    return file_system_os()->pwritev(fs, file, parts, count, at);
}

static void use_faulty_disk(const char *path)
{
    faulty = *file_system_os();
    faulty.sync = faulty_sync;
    faulty.pwritev = faulty_pwritev;
    faulty.open = faulty_open;
    failing_path = path;
    syncs = write_error = sync_error = 0;
    fixture.fs = &faulty;
}

START_TEST(a_quiet_leader_moves_its_log_and_waits_for_no_disk)
{
    config.max_idle_interval_ms = 500;
    use_faulty_disk(NULL);
    node_open(&fixture);
    int64_t offset = node_offset(&fixture);
    tick(0);
    tick(499);
    ck_assert_int_eq(node_offset(&fixture), offset);
    syncs = 0;
    tick(1);
    ck_assert_int_eq(node_offset(&fixture), offset + 1);
    tick(500);
    ck_assert_int_eq(node_offset(&fixture), offset + 2);
    ck_assert_int_eq(syncs, 0);
    node_create(&fixture, "t", make_id(1), 1);
    ck_assert_int_eq(syncs, 1);
    offset = node_offset(&fixture);
    tick(500); /* something was written since the last tick */
    ck_assert_int_eq(node_offset(&fixture), offset);
    tick(500);
    ck_assert_int_eq(node_offset(&fixture), offset + 1);
    node_close(&fixture);
    node_open(&fixture);
    ck_assert_int_eq(node_partition(&fixture, "t", 0).leader, 1);
    node_close(&fixture);
}
END_TEST

START_TEST(an_interval_of_zero_leaves_it_quiet)
{
    node_open(&fixture);
    int64_t offset = node_offset(&fixture);
    for (int i = 0; i < 5; i++)
        tick(100000);
    ck_assert_int_eq(node_offset(&fixture), offset);
    node_close(&fixture);
}
END_TEST

START_TEST(a_full_disk_keeps_no_ops_away_and_nothing_else_happens)
{
    config.max_idle_interval_ms = 500;
    use_faulty_disk(NULL);
    node_open(&fixture);
    int64_t offset = node_offset(&fixture);
    tick(0);
    write_error = -ENOSPC;
    tick(500);
    ck_assert_int_eq(node_offset(&fixture), offset);
    ck_assert(!data_dir_is_offline(fixture.dir));
    write_error = 0;
    tick(500);
    ck_assert_int_eq(node_offset(&fixture), offset + 1);
    write_error = -EIO;
    tick(500);
    ck_assert(data_dir_is_offline(fixture.dir));
    tick(500);
    node_close(&fixture);
}
END_TEST

/* A log with one topic, then so many no-ops, then perhaps another topic and a no-op; where the first
 * no-op begins. */
static size_t write_no_ops(int count, bool change_behind)
{
    config.max_idle_interval_ms = 500;
    node_open(&fixture);
    node_create(&fixture, "before", make_id(1), 1);
    usleep(2000); /* appends are told apart by their times */
    tick(0);
    struct slice bytes = read_file(fixture.path, LOG_NAME);
    size_t at = bytes.len;
    free_file(bytes);
    for (int i = 0; i < count; i++)
        tick(500);
    if (change_behind) {
        usleep(2000);
        node_create(&fixture, "behind", make_id(2), 1);
        usleep(2000);
        tick(500);
        tick(500);
    }
    return at;
}

/* As a crash leaves it: without what a stop writes. */
static void damage_and_open(size_t at, const char *refusal)
{
    struct slice bytes = read_file(fixture.path, LOG_NAME);
    node_close(&fixture);
    ((uint8_t *)(uintptr_t)bytes.data)[at] ^= 1;
    write_file(fixture.path, LOG_NAME, bytes.data, bytes.len);
    free_file(bytes);
    if (refusal != NULL) {
        node_refuse(&fixture, refusal);
        return;
    }
    node_open(&fixture);
    ck_assert_int_eq(node_partition(&fixture, "before", 0).leader, 1);
    ck_assert_int_eq(node_partition(&fixture, "behind", 0).leader, -9);
    node_close(&fixture);
}

START_TEST(torn_no_ops_are_cut_off_also_with_whole_ones_behind)
{
    size_t at = write_no_ops(5, false);
    damage_and_open(at + 70, NULL);
}
END_TEST

START_TEST(a_rotten_no_op_before_a_synced_change_is_refused)
{
    size_t at = write_no_ops(3, true);
    damage_and_open(at + 70, "the disk has lost data");
}
END_TEST

START_TEST(a_rotten_change_before_no_ops_is_refused)
{
    size_t at = write_no_ops(2, false);
    damage_and_open(at - 20, "the disk has lost data");
}
END_TEST

/* ---- snapshots ---- */

struct frames {
    struct buf bytes;
};

static void take_frame(void *context, struct slice frame)
{
    struct frames *frames = context;
    if (frame.data[1] != 0 && frame.data[1] != 27) /* registrations are of a start */
        buf_append_slice(&frames->bytes, frame);
}

/* Everything that the image says, registrations apart. */
static struct buf image_bytes(void)
{
    struct frames frames = {{0}};
    image_write_records(cluster_read(fixture.cluster), take_frame, &frames);
    cluster_read_done(fixture.cluster);
    return frames.bytes;
}

static void change(const struct message *message, const void *record)
{
    struct arena arena;
    struct record_list list;
    struct note why = {""};
    arena_init(&arena, SIZE_MAX);
    record_list_init(&list, &arena, 30);
    (void)cluster_change_begin(fixture.cluster);
    record_list_add(&list, message, record);
    ck_assert_int_eq(cluster_change_commit(fixture.cluster, &list, &why), KERR_NONE);
    cluster_change_end(fixture.cluster);
    arena_fini(&arena);
}

static void add_acl(uint8_t id)
{
    struct access_control_entry_record acl;
    schema_set_defaults(access_control_entry_record_schema(), &acl);
    acl.id = make_id(id);
    acl.resource_name = SLICE("t");
    acl.principal = SLICE("User:u");
    acl.host = SLICE("*");
    change(&access_control_entry_record_message, &acl);
}

static void set_quota(const char *first, const char *second, double value, bool remove)
{
    struct client_quota_entity parts[] = {{slice_str(first), SLICE("x"), SLICE_NULL},
                                          {slice_str(second), SLICE_NULL, SLICE_NULL}};
    struct client_quota_record quota;
    schema_set_defaults(client_quota_record_schema(), &quota);
    quota.entity.items = parts;
    quota.entity.count = 2;
    quota.key = SLICE("producer_byte_rate");
    quota.value = value;
    quota.remove = remove;
    change(&client_quota_record_message, &quota);
}

START_TEST(a_snapshot_alone_makes_the_same_image)
{
    snapshot_always();
    node_open(&fixture);
    node_create(&fixture, "a.b", make_id(1), 3);
    node_create(&fixture, "c", make_id(2), 1);
    add_acl(1);
    set_quota("user", "client-id", 7, false);
    int64_t id;
    ck_assert_int_eq(cluster_next_producer_id(fixture.cluster, &id), KERR_NONE);
    tick(0);
    tick(500); /* nothing new: no second one */
    ck_assert_int_eq(count_files(".checkpoint"), 1);
    ck_assert_int_eq(count_files(".part"), 0);
    struct buf before = image_bytes();
    int64_t offset = node_offset(&fixture);
    node_close(&fixture);
    delete_log_files();
    node_open(&fixture);
    struct buf after = image_bytes();
    ck_assert(slice_equal(buf_slice(&before), buf_slice(&after)));
    ck_assert_int_gt(node_offset(&fixture), offset);
    ck_assert_int_eq(node_epoch(&fixture), 2);
    ck_assert_int_eq(cluster_next_producer_id(fixture.cluster, &id), KERR_NONE);
    ck_assert_int_eq(id, 1000);
    buf_fini(&before);
    buf_fini(&after);
    node_close(&fixture);
}
END_TEST

START_TEST(a_check_sees_that_a_log_ends_where_its_snapshot_does)
{
    char path[FILE_PATH_MAX];
    snapshot_always();
    node_open(&fixture);
    node_create(&fixture, "t", make_id(1), 1);
    tick(0);
    ck_assert_int_eq(count_files(".checkpoint"), 1);
    file_path(path, "%s/__cluster_metadata-0", data_dir_path(fixture.dir));
    struct cluster_check check;
    check_cluster(&check, data_dir_fs(fixture.dir), path, -1);
    ck_assert_int_eq(check.end_offset, node_offset(&fixture) + 1);
    ck_assert_int_eq(check.findings.warnings, 0);
    ck_assert_int_eq(check.findings.errors, 0);
    cluster_check_fini(&check);
    node_close(&fixture);
}
END_TEST

/* kraft.version 1: who may vote stands in the log, and so in what stands for it. */
START_TEST(a_snapshot_has_the_quorum_s_voters)
{
    char path[700];
    struct note why = {""};
    struct format_features features;
    enum data_dir_state state;
    snapshot_always();
    fixture.dir = data_dir_open(fixture.fs, fixture.path, &state, &why);
    struct format_voter voter = {
        .dir = fixture.dir, .endpoints = &fixture.controller_endpoint, .endpoint_count = 1};
    format_features_init(&features, 30);
    ck_assert_int_eq(format_dirs_with(&fixture.dir, 1, SLICE_NULL, 1, &features, &voter, &why), KERR_NONE);
    data_dir_close(fixture.dir);
    node_open(&fixture);
    tick(0);
    ck_assert_int_eq(count_files(".checkpoint"), 2);
    node_close(&fixture);
    delete_log_files();
    snprintf(path, sizeof path, "%s/00000000000000000000-0000000000.checkpoint", log_folder);
    ck_assert_int_eq(unlink(path), 0);
    node_open(&fixture);
    node_close(&fixture);
    struct slice quorum = read_file(log_folder, "quorum-state");
    ck_assert_ptr_nonnull(strstr((const char *)quorum.data, "\"data_version\":1"));
    free_file(quorum);
    fixture.node.node_id = 2; /* not the voter */
    node_refuse(&fixture, "[1]");
}
END_TEST

START_TEST(what_was_removed_is_in_no_snapshot)
{
    node_open(&fixture);
    struct buf before = image_bytes();
    add_acl(1);
    set_quota("user", "client-id", 7, false);
    set_quota("user", "ip", 8, false);
    struct buf between = image_bytes();
    set_quota("client-id", "user", 9, false); /* x is another client here: not the same entity */
    ck_assert_uint_eq(cluster_read(fixture.cluster)->quotas.by_identity.count, 3);
    cluster_read_done(fixture.cluster);
    set_quota("client-id", "user", 0, true);
    struct buf again = image_bytes();
    ck_assert(slice_equal(buf_slice(&between), buf_slice(&again)));
    set_quota("user", "client-id", 0, true);
    set_quota("user", "ip", 0, true);
    struct remove_access_control_entry_record gone = {.id = make_id(1)};
    change(&remove_access_control_entry_record_message, &gone);
    change(&remove_access_control_entry_record_message, &gone); /* once more: nothing */
    struct buf after = image_bytes();
    ck_assert(slice_equal(buf_slice(&before), buf_slice(&after)));
    buf_fini(&before);
    buf_fini(&between);
    buf_fini(&again);
    buf_fini(&after);
    node_close(&fixture);
}
END_TEST

START_TEST(a_snapshot_is_due_by_bytes_or_by_time)
{
    config.max_record_bytes_between_snapshots = 3000;
    config.max_snapshot_interval_ms = 10000;
    node_open(&fixture);
    tick(0);
    ck_assert_int_eq(count_files(".checkpoint"), 0);
    node_create(&fixture, "large", make_id(1), 40);
    tick(1);
    ck_assert_int_eq(count_files(".checkpoint"), 1);
    node_create(&fixture, "small", make_id(2), 1);
    tick(9999);
    ck_assert_int_eq(count_files(".checkpoint"), 1);
    tick(1);
    ck_assert_int_eq(count_files(".checkpoint"), 2);
    tick(20000); /* nothing new */
    ck_assert_int_eq(count_files(".checkpoint"), 2);
    node_close(&fixture);
}
END_TEST

/* What a start replays counts: a log that was long before is not replayed twice. */
START_TEST(a_start_counts_the_bytes_that_it_replayed)
{
    node_open(&fixture);
    node_create(&fixture, "large", make_id(1), 100);
    node_close(&fixture);
    config.max_record_bytes_between_snapshots = 5000;
    node_open(&fixture);
    tick(0);
    ck_assert_int_eq(count_files(".checkpoint"), 1);
    node_close(&fixture);
    node_open(&fixture);
    tick(0);
    ck_assert_int_eq(count_files(".checkpoint"), 1);
    node_close(&fixture);
}
END_TEST

START_TEST(no_ops_are_synced_before_a_snapshot_stands_for_them)
{
    config.max_idle_interval_ms = 500;
    config.max_snapshot_interval_ms = 1000;
    use_faulty_disk("0.log");
    node_open(&fixture);
    tick(0);
    tick(500);
    syncs = 0;
    tick(500);
    ck_assert_int_eq(count_files(".checkpoint"), 1);
    ck_assert_int_eq(syncs, 2); /* the log, the snapshot */
    sync_error = -EIO;
    tick(1000);
    ck_assert_int_eq(count_files(".checkpoint"), 1);
    ck_assert(data_dir_is_offline(fixture.dir));
    node_close(&fixture);
}
END_TEST

START_TEST(a_snapshot_for_which_there_is_no_space_is_tried_again)
{
    snapshot_always();
    use_faulty_disk(".part");
    node_open(&fixture);
    write_error = -ENOSPC;
    tick(0);
    ck_assert_int_eq(count_files(".checkpoint"), 0);
    ck_assert_int_eq(count_files(".part"), 0);
    ck_assert(!data_dir_is_offline(fixture.dir));
    ck_assert_int_eq(node_create(&fixture, "t", make_id(1), 1), KERR_NONE);
    write_error = 0;
    tick(59999);
    ck_assert_int_eq(count_files(".checkpoint"), 0);
    tick(1);
    ck_assert_int_eq(count_files(".checkpoint"), 1);
    node_close(&fixture);
}
END_TEST

START_TEST(a_disk_that_fails_under_a_snapshot_is_offline)
{
    snapshot_always();
    use_faulty_disk(".part");
    node_open(&fixture);
    sync_error = -EIO;
    tick(0);
    ck_assert_int_eq(count_files(".checkpoint"), 0);
    ck_assert_int_eq(count_files(".part"), 0);
    ck_assert(data_dir_is_offline(fixture.dir));
    node_close(&fixture);
    fixture.fs = file_system_os();
    node_open(&fixture);
    node_close(&fixture);
}
END_TEST

/* ---- cleaning ---- */

/* Opens it so that every change begins a segment. */
static void open_for_history(void)
{
    snapshot_always();
    config.segment_bytes = 100;
    node_open(&fixture);
}

/* Topics t1..tN, each in a segment of its own, with a snapshot behind each. */
static void write_history(int topics)
{
    for (uint8_t i = 1; i <= topics; i++) {
        char name[8];
        snprintf(name, sizeof name, "t%d", i);
        ck_assert_int_eq(node_create(&fixture, name, make_id(i), 2), KERR_NONE);
        tick(1);
    }
}

static void check_history(int topics)
{
    for (int i = 1; i <= topics; i++) {
        char name[8];
        snprintf(name, sizeof name, "t%d", i);
        ck_assert_msg(node_partition(&fixture, name, 1).leader == 1, "%s", name);
    }
}

START_TEST(what_is_too_much_goes_from_the_oldest_on)
{
    open_for_history();
    write_history(6);
    ck_assert_int_eq(count_files(".checkpoint"), 6);
    ck_assert_int_eq(count_files(".log"), 7);                         /* the start's too */
    write_file(log_folder, "00000000000000000000.timeindex", "x", 1); /* as Apache Kafka leaves them */
    write_file(log_folder, "00000000000000000000.snapshot", "x", 1);
    config.max_retention_bytes = 6500;
    tick(60000);
    int left = count_files(".checkpoint");
    ck_assert_int_lt(left, 6);
    ck_assert_int_ge(left, 2);
    ck_assert_int_le(count_files(".log"), left + 2);
    ck_assert_int_eq(count_files(".timeindex"), 0);
    ck_assert_int_eq(count_files(".snapshot"), 0);
    ck_assert_int_eq(count_files(".deleted"), 0);
    struct slice epochs = read_file(log_folder, "leader-epoch-checkpoint");
    ck_assert_ptr_nonnull(strstr((const char *)epochs.data, "0\n1\n1 "));
    ck_assert_ptr_null(strstr((const char *)epochs.data, "0\n1\n1 0\n"));
    free_file(epochs);
    config.max_retention_bytes = 0;
    tick(60000);
    ck_assert_int_eq(count_files(".checkpoint"), 1); /* the newest stays */
    node_close(&fixture);
    node_open(&fixture);
    check_history(6);
    node_close(&fixture);
}
END_TEST

START_TEST(what_is_too_old_goes_too)
{
    open_for_history();
    write_history(4);
    tick(60000);
    ck_assert_int_eq(count_files(".checkpoint"), 4);
    usleep(3000);
    config.max_retention_ms = 1;
    tick(59999);
    ck_assert_int_eq(count_files(".checkpoint"), 4);
    tick(1);
    ck_assert_int_eq(count_files(".checkpoint"), 1);
    ck_assert_int_le(count_files(".log"), 2);
    node_close(&fixture);
    node_open(&fixture);
    check_history(4);
    node_close(&fixture);
}
END_TEST

START_TEST(an_old_segment_is_followed_by_a_new_one)
{
    node_open(&fixture);
    tick(0);
    ck_assert_int_eq(count_files(".log"), 1);
    config.segment_ms = 1;
    node_close(&fixture);
    usleep(5000);
    node_open(&fixture);
    ck_assert_int_eq(count_files(".log"), 2);
    usleep(5000);
    node_create(&fixture, "t", make_id(1), 1);
    ck_assert_int_eq(count_files(".log"), 3);
    node_close(&fixture);
    config.segment_ms = 100000;
    node_open(&fixture);
    ck_assert_int_eq(node_partition(&fixture, "t", 0).leader, 1);
    node_close(&fixture);
}
END_TEST

/* ---- a process that dies ---- */

static int steps, steps_allowed;

static bool dies_here(void)
{
    return ++steps > steps_allowed;
}

static int mortal_sync(struct file_system *fs, int file, bool data_only)
{
    return dies_here() ? -EIO : file_system_os()->sync(fs, file, data_only);
}

static ssize_t mortal_pwritev(struct file_system *fs, int file, const struct iovec *parts, int count,
                              int64_t at)
{
    if (!dies_here())
        return file_system_os()->pwritev(fs, file, parts, count, at);
    struct iovec half = {parts[0].iov_base, parts[0].iov_len / 2};
    if (steps == steps_allowed + 1)
        (void)file_system_os()->pwritev(fs, file, &half, 1, at);
    return -EIO;
}

static int mortal_rename(struct file_system *fs, const char *from, const char *to)
{
    return dies_here() ? -EIO : file_system_os()->rename(fs, from, to);
}

static int mortal_unlink(struct file_system *fs, const char *path)
{
    return dies_here() ? -EIO : file_system_os()->unlink(fs, path);
}

static int mortal_open(struct file_system *fs, const char *path, int flags, unsigned mode)
{
    if ((flags & FILE_CREATE) != 0 && strstr(path, ".lock") == NULL && dies_here())
        return -EIO;
    return file_system_os()->open(fs, path, flags, mode);
}

static int mortal_sync_directory(struct file_system *fs, const char *path)
{
    return dies_here() ? -EIO : file_system_os()->sync_directory(fs, path);
}

/* A life of snapshots and deletions that ends after so many steps. Returns how many topics were
 * acknowledged. */
static int live_and_die(int allowed)
{
    int acknowledged = 0;
    faulty = *file_system_os();
    faulty.sync = mortal_sync;
    faulty.pwritev = mortal_pwritev;
    faulty.rename = mortal_rename;
    faulty.unlink = mortal_unlink;
    faulty.open = mortal_open;
    faulty.sync_directory = mortal_sync_directory;
    fixture.fs = &faulty;
    steps = 0;
    steps_allowed = INT32_MAX;
    node_open(&fixture);
    steps = 0;
    steps_allowed = allowed;
    for (uint8_t i = 1; i <= 4; i++) {
        char name[8];
        snprintf(name, sizeof name, "t%d", i);
        if (node_create(&fixture, name, make_id(i), 2) == KERR_NONE)
            acknowledged = i;
        tick(60000);
    }
    node_close(&fixture);
    fixture.fs = file_system_os();
    return acknowledged;
}

START_TEST(wherever_snapshotting_or_cleaning_ends_nothing_is_lost)
{
    int allowed = 0, acknowledged;
    snapshot_always();
    config.segment_bytes = 100;
    config.max_retention_bytes = 2500;
    do {
        remove_tree(fixture.path);
        acknowledged = live_and_die(allowed);
        node_open(&fixture);
        check_history(acknowledged);
        ck_assert_int_eq(count_files(".part"), 0);
        ck_assert_int_eq(count_files(".deleted"), 0);
        tick(60000); /* and it goes on where it was left */
        tick(60000);
        ck_assert_int_ge(count_files(".checkpoint"), 1);
        node_close(&fixture);
        node_open(&fixture);
        check_history(acknowledged);
        node_close(&fixture);
        allowed++;
    } while (steps > steps_allowed);
    ck_assert_int_eq(acknowledged, 4);
    ck_assert_int_gt(allowed, 50);
}
END_TEST

/* ---- beside requests ---- */

static void *create_and_read(void *context)
{
    for (uint8_t i = 1; i <= 40; i++) {
        char name[16];
        snprintf(name, sizeof name, "t%d", i);
        if (node_create(&fixture, name, make_id(i), 2) != KERR_NONE
            || node_partition(&fixture, name, 1).leader != 1)
            return context;
    }
    return NULL;
}

START_TEST(changes_and_reads_go_on_meanwhile)
{
    pthread_t thread;
    void *failed;
    config.max_retention_bytes = 5000;
    config.max_idle_interval_ms = 1;
    open_for_history();
    ck_assert_int_eq(pthread_create(&thread, NULL, create_and_read, &fixture), 0);
    while (node_partition(&fixture, "t40", 1).leader != 1)
        tick(60000);
    pthread_join(thread, &failed);
    ck_assert_ptr_null(failed);
    tick(60000);
    ck_assert_int_lt(count_files(".log"), 40);
    node_close(&fixture);
    node_open(&fixture);
    check_history(40);
    node_close(&fixture);
}
END_TEST

/* ---- starting from them ---- */

START_TEST(a_damaged_newest_snapshot_is_replaced_by_an_older_one_and_the_log)
{
    open_for_history();
    write_history(3);
    node_close(&fixture);
    damage_snapshot(0);
    snapshot_always();
    config.max_record_bytes_between_snapshots = INT64_MAX;
    node_open(&fixture);
    check_history(3);
    ck_assert_int_eq(count_files(".checkpoint"), 2); /* Apache Kafka would stumble over it */
    node_close(&fixture);
}
END_TEST

START_TEST(without_any_whole_snapshot_the_whole_log_will_do)
{
    open_for_history();
    write_history(2);
    node_close(&fixture);
    damage_snapshot(0);
    damage_snapshot(1);
    node_open(&fixture);
    check_history(2);
    ck_assert_int_eq(count_files(".checkpoint"), 0);
    node_close(&fixture);
}
END_TEST

START_TEST(a_damaged_snapshot_that_nothing_replaces_is_refused_and_kept)
{
    open_for_history();
    write_history(4);
    config.max_retention_bytes = 0;
    tick(60000);
    ck_assert_int_eq(count_files(".checkpoint"), 1);
    node_close(&fixture);
    damage_snapshot(0);
    node_refuse(&fixture, "are missing");
    node_refuse(&fixture, "a checksum is wrong");
    ck_assert_int_eq(count_files(".checkpoint"), 1);
}
END_TEST

START_TEST(a_log_that_ends_before_a_damaged_snapshot_is_refused)
{
    open_for_history();
    write_history(3);
    node_close(&fixture);
    damage_snapshot(0);
    delete_log_files(); /* the second newest would do, but for what came behind it */
    node_refuse(&fixture, "the log ends at");
    ck_assert_int_eq(count_files(".checkpoint"), 3);
}
END_TEST

START_TEST(what_was_left_half_done_is_swept)
{
    open_for_history();
    write_history(1);
    node_close(&fixture);
    write_file(log_folder, "00000000000000000099-0000000001-1234.checkpoint.part", "x", 1);
    write_file(log_folder, "00000000000000000003-0000000001.checkpoint.deleted", "x", 1);
    write_file(log_folder, "00000000000000000000.index.deleted", "x", 1);
    node_open(&fixture);
    ck_assert_int_eq(count_files(".part"), 0);
    ck_assert_int_eq(count_files(".deleted"), 0);
    check_history(1);
    node_close(&fixture);
}
END_TEST

/* Kept by a voter that was away and then got the snapshot of a later leader: its own log is another one. */
START_TEST(a_log_of_older_epochs_than_the_snapshot_s_goes)
{
    char name[SNAPSHOT_NAME_SIZE];
    open_for_history();
    write_history(1);
    node_create(&fixture, "of another history", make_id(9), 1);
    node_close(&fixture);
    snapshot_name(0, name);
    struct slice bytes = read_file(log_folder, name);
    memcpy(name + 28, "007", 3);
    write_file(log_folder, name, bytes.data, bytes.len);
    free_file(bytes);
    node_open(&fixture);
    check_history(1);
    ck_assert_int_eq(node_partition(&fixture, "of another history", 0).leader, -9);
    ck_assert_int_eq(node_epoch(&fixture), 8);
    node_close(&fixture);
    node_open(&fixture);
    check_history(1);
    node_close(&fixture);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("cluster_tick");
    TCase *tcase = tcase_create("cluster_tick");
    tcase_add_checked_fixture(tcase, set_up, tear_down);
    tcase_set_timeout(tcase, 120);
    tcase_add_test(tcase, a_quiet_leader_moves_its_log_and_waits_for_no_disk);
    tcase_add_test(tcase, an_interval_of_zero_leaves_it_quiet);
    tcase_add_test(tcase, a_full_disk_keeps_no_ops_away_and_nothing_else_happens);
    tcase_add_test(tcase, torn_no_ops_are_cut_off_also_with_whole_ones_behind);
    tcase_add_test(tcase, a_rotten_no_op_before_a_synced_change_is_refused);
    tcase_add_test(tcase, a_rotten_change_before_no_ops_is_refused);
    tcase_add_test(tcase, a_snapshot_alone_makes_the_same_image);
    tcase_add_test(tcase, a_check_sees_that_a_log_ends_where_its_snapshot_does);
    tcase_add_test(tcase, a_snapshot_has_the_quorum_s_voters);
    tcase_add_test(tcase, what_was_removed_is_in_no_snapshot);
    tcase_add_test(tcase, a_snapshot_is_due_by_bytes_or_by_time);
    tcase_add_test(tcase, a_start_counts_the_bytes_that_it_replayed);
    tcase_add_test(tcase, no_ops_are_synced_before_a_snapshot_stands_for_them);
    tcase_add_test(tcase, a_snapshot_for_which_there_is_no_space_is_tried_again);
    tcase_add_test(tcase, a_disk_that_fails_under_a_snapshot_is_offline);
    tcase_add_test(tcase, what_is_too_much_goes_from_the_oldest_on);
    tcase_add_test(tcase, what_is_too_old_goes_too);
    tcase_add_test(tcase, an_old_segment_is_followed_by_a_new_one);
    tcase_add_test(tcase, wherever_snapshotting_or_cleaning_ends_nothing_is_lost);
    tcase_add_test(tcase, changes_and_reads_go_on_meanwhile);
    tcase_add_test(tcase, a_damaged_newest_snapshot_is_replaced_by_an_older_one_and_the_log);
    tcase_add_test(tcase, without_any_whole_snapshot_the_whole_log_will_do);
    tcase_add_test(tcase, a_damaged_snapshot_that_nothing_replaces_is_refused_and_kept);
    tcase_add_test(tcase, a_log_that_ends_before_a_damaged_snapshot_is_refused);
    tcase_add_test(tcase, what_was_left_half_done_is_swept);
    tcase_add_test(tcase, a_log_of_older_epochs_than_the_snapshot_s_goes);
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
