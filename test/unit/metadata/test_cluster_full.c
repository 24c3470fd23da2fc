/* cluster on a disk without room, and on one that failed to sync: what the reserve is for. */
#include "metadata/cluster_log.h"
#include "protocol/records/topic_record.h"
#include "test/unit/metadata/cluster_fixture.h"

#include <errno.h>
#include <stdatomic.h>

/* The real file system. Where it is full, a write finds room only where some was set aside before. */
static struct file_system disk;
static bool is_full;
static int log_file = -1;      /* descriptor of the cluster log's segment */
static int64_t room_end;       /* what was set aside in it, whoever has it open */
static int synced_after_write; /* the last byte written was synced: 1, 0 */
static int64_t written;

static int disk_open(struct file_system *fs, const char *path, int flags, unsigned mode)
{
    (void)fs;
    int file = file_system_os()->open(file_system_os(), path, flags, mode);
    size_t len = strlen(path);
    if (len > strlen(LOG_NAME) && strcmp(path + len - strlen(LOG_NAME), LOG_NAME) == 0)
        log_file = file;
    else if (file == log_file)
        log_file = -1;
    return file;
}

static bool has_room(int file, int64_t end)
{
    return !is_full || (file == log_file && end <= room_end);
}

static int disk_allocate(struct file_system *fs, int file, int64_t at, int64_t len)
{
    (void)fs;
    if (!has_room(file, at + len))
        return -ENOSPC;
    if (file == log_file && at + len > room_end)
        room_end = at + len;
    return 0;
}

static ssize_t disk_pwritev(struct file_system *fs, int file, const struct iovec *parts, int count,
                            int64_t at)
{
    (void)fs;
    int64_t len = 0;
    for (int i = 0; i < count; i++)
        len += (int64_t)parts[i].iov_len;
    if (!has_room(file, at + len))
        return -ENOSPC;
    written += len;
    synced_after_write = 0;
    return file_system_os()->pwritev(file_system_os(), file, parts, count, at);
}

static int disk_sync(struct file_system *fs, int file, bool data_only)
{
    (void)fs;
    synced_after_write = 1;
    return file_system_os()->sync(file_system_os(), file, data_only);
}

static char scratch[256];
static struct node_fixture node;

static void set_up(void)
{
    char path[300];
    make_scratch(scratch);
    snprintf(path, sizeof path, "%s/data", scratch);
    disk = *file_system_os();
    disk.open = disk_open;
    disk.allocate = disk_allocate;
    disk.pwritev = disk_pwritev;
    disk.sync = disk_sync;
    is_full = false;
    node_init(&node, path);
    node.fs = &disk;
    node_open(&node);
}

static void tear_down(void)
{
    remove_tree(scratch);
}

static struct uuid id_of(int number)
{
    return (struct uuid){{1, [14] = (uint8_t)(number >> 8), [15] = (uint8_t)number}};
}

static int create_until_refused(void)
{
    for (int i = 0;; i++) {
        char name[20];
        snprintf(name, sizeof name, "topic-%d", i);
        enum kerr error = node_create(&node, name, id_of(i), 50);
        if (error == KERR_NONE)
            continue;
        ck_assert_int_eq(error, KERR_KAFKA_STORAGE_ERROR);
        return i;
    }
}

static enum kerr delete (int number) {
    struct arena arena; struct record_list list; struct note why = {""}; arena_init(&arena, SIZE_MAX);
    const struct image *image = cluster_change_begin(node.cluster);
    record_list_init(&list, &arena, image_feature_level(image, SLICE(METADATA_VERSION)));
    const struct remove_topic_record removal = {.topic_id = id_of(number)};
    record_list_add(&list, &remove_topic_record_message, &removal);
    enum kerr error = cluster_change_commit(node.cluster, &list, &why);
    cluster_change_end(node.cluster);
    arena_fini(&arena);
    return error;
}

START_TEST(a_full_disk_refuses_topics_but_not_their_deletion)
{
    is_full = true;
    int count = create_until_refused();
    ck_assert(!data_dir_is_offline(node.dir));
    for (int i = 0; i < count; i++)
        ck_assert_int_eq(delete (i), KERR_NONE);
    int64_t producer_id;
    ck_assert_int_eq(cluster_next_producer_id(node.cluster, &producer_id), KERR_NONE);
    is_full = false;
    ck_assert_int_eq(node_create(&node, "again", id_of(count), 1), KERR_NONE);
    node_close(&node);
}
END_TEST

START_TEST(a_node_comes_and_goes_on_a_full_disk)
{
    is_full = true;
    int count = create_until_refused();
    int32_t epoch = node_epoch(&node);
    char last[20];
    snprintf(last, sizeof last, "topic-%d", count - 1);
    for (int i = 0; i < 3; i++) {
        node_close(&node);
        node_open(&node);
        ck_assert_int_gt(node_epoch(&node), epoch);
        epoch = node_epoch(&node);
        ck_assert_int_eq(node_partition(&node, last, 0).leader, 1);
        ck_assert_int_eq(node_partition(&node, last, 0).leader_epoch, 0); /* no stop had room for more */
        ck_assert_int_eq(delete (i), KERR_NONE);
    }
    ck_assert_int_gt(count, 3);
    is_full = false;
    node_close(&node);
    node_open(&node);
    ck_assert_int_eq(node_partition(&node, last, 0).leader_epoch, 2);
    node_close(&node);
}
END_TEST

/* Epoch after epoch as it stands in the file, behind the two lines of its head. */
static void check_epochs(const int32_t *epochs, int count)
{
    char directory[600], expected[100], first[20];
    snprintf(directory, sizeof directory, "%s/__cluster_metadata-0", node.path);
    struct slice text = read_file(directory, "leader-epoch-checkpoint");
    snprintf(first, sizeof first, "0\n%d\n", count);
    const char *at = (const char *)text.data;
    ck_assert_msg(strncmp(at, first, strlen(first)) == 0, "%s", at);
    for (int i = 0; i < count; i++) {
        snprintf(expected, sizeof expected, "\n%d ", epochs[i]);
        at = strstr(at + 1, expected);
        ck_assert_msg(at != NULL, "no epoch %d in:\n%s", epochs[i], (const char *)text.data);
    }
    free_file(text);
}

/* 0: a start that has room, 1: a start without, and then there is room, 2: the file is nonsense, 3: it is
 * empty, as a power cut may leave it, 4: an older one, 5: the same, and a snapshot stands for what it lacks.
 */
START_TEST(epochs_that_found_no_room_are_written_again)
{
    static const int32_t epochs[] = {1, 2, 3, 4};
    static const char *const files[] = {[2] = "nonsense", [3] = "", [4] = "0\n1\n1 0\n", [5] = "0\n1\n1 0\n"};
    char directory[600];
    snprintf(directory, sizeof directory, "%s/__cluster_metadata-0", node.path);
    check_epochs(epochs, 1);
    ck_assert_int_eq(node_create(&node, "topic", id_of(0), 1), KERR_NONE);
    for (int i = 0; i < 2; i++) {
        is_full = true;
        node_kill(&node);
        node_open(&node);
        check_epochs(epochs, 1);
        is_full = false;
    }
    if (_i == 1) {
        cluster_tick(node.cluster, 100);
        check_epochs(epochs, 3);
    }
    if (_i == 5) {
        cluster_tick(node.cluster, 100);
        cluster_tick(node.cluster, 100 + 3600000);
    }
    if (_i > 1)
        write_file(directory, "leader-epoch-checkpoint", files[_i], strlen(files[_i]));
    node_kill(&node);
    node_open(&node);
    check_epochs(epochs, 4);
    node_close(&node);
}
END_TEST

/* Nothing is cut that cannot be kept. */
START_TEST(a_bad_end_without_room_beside_it_stays_and_is_refused)
{
    node_kill(&node);
    struct slice log = read_file(node.path, LOG_NAME);
    char *bad = malloc(log.len + 8);
    memcpy(bad, log.data, log.len);
    memcpy(bad + log.len, "no batch", 8);
    write_file(node.path, LOG_NAME, bad, log.len + 8);
    is_full = true;
    node_refuse(&node, "the last 8 bytes cannot be set aside: No space left on device");
    struct slice after = read_file(node.path, LOG_NAME);
    ck_assert(slice_equal(after, slice_of(bad, log.len + 8)));
    is_full = false;
    node_open(&node);
    node_close(&node);
    free_file(after);
    free_file(log);
    free(bad);
}
END_TEST

START_TEST(after_a_failed_sync_the_last_segment_is_written_again_before_it_is_read)
{
    struct file_status status;
    char path[700];
    ck_assert_int_eq(node_create(&node, "topic", id_of(0), 1), KERR_NONE);
    node_close(&node);
    snprintf(path, sizeof path, "%s/" LOG_NAME, node.path);
    ck_assert_int_eq(file_path_status(file_system_os(), path, &status), 0);
    written = 0;
    snprintf(path, sizeof path, "%s/__cluster_metadata-0", node.path);
    ck_assert_int_eq(cluster_log_write_again(&disk, path), 0);
    ck_assert_int_eq(written, status.size);
    ck_assert_int_eq(synced_after_write, 1);
    node_open(&node);
    ck_assert_int_eq(node_partition(&node, "topic", 0).leader, 1);
    node_close(&node);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("cluster_full");
    TCase *tcase = tcase_create("cluster_full");
    tcase_add_checked_fixture(tcase, set_up, tear_down);
    tcase_set_timeout(tcase, 250);
    tcase_add_test(tcase, a_full_disk_refuses_topics_but_not_their_deletion);
    tcase_add_test(tcase, a_node_comes_and_goes_on_a_full_disk);
    tcase_add_loop_test(tcase, epochs_that_found_no_room_are_written_again, 0, 6);
    tcase_add_test(tcase, a_bad_end_without_room_beside_it_stays_and_is_refused);
    tcase_add_test(tcase, after_a_failed_sync_the_last_segment_is_written_again_before_it_is_read);
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
