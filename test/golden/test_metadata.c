/* Cluster logs that Apache Kafka wrote: what it finds in them we find, and what it writes on a fresh
 * directory we write. */
#include "metadata/cluster_log.h"
#include "metadata/registration.h"
#include "metadata/replay.h"
#include "metadata/snapshot.h"
#include "test/unit/metadata/cluster_fixture.h"

#include <dirent.h>
#include <sys/stat.h>

/* The last two have no expected.txt, but ACLs, quotas, SCRAM credentials and configs of every kind. */
static const char *const directories[] = {"4.3.1-clean",  "4.3.1-killed",   "3.9.2-clean",
                                          "3.9.2-killed", "4.3.1-security", "3.9.2-security"};

enum { LISTED_COUNT = 4, DIRECTORY_COUNT = 6 };

static char scratch[256];
static struct node_fixture fixture;

static void set_up(void)
{
    char path[300];
    make_scratch(scratch);
    snprintf(path, sizeof path, "%s/data", scratch);
    node_init(&fixture, path);
}

static void tear_down(void)
{
    remove_tree(scratch);
}

static const char *source_dir(void)
{
    const char *named = getenv("ODRADEK_SOURCE_DIR");
    return named != NULL ? named : ODRADEK_SOURCE_DIR;
}

/* ---- copies: opening writes ---- */

static void copy_folder(const char *from, const char *to)
{
    DIR *folder = opendir(from);
    struct dirent *entry;
    ck_assert_msg(folder != NULL, "%s", from);
    ck_assert_int_eq(mkdir(to, 0755), 0);
    while ((entry = readdir(folder)) != NULL) {
        if (entry->d_name[0] == '.' || strcmp(entry->d_name, "__cluster_metadata-0") == 0)
            continue;
        struct slice bytes = read_file(from, entry->d_name);
        write_file(to, entry->d_name, bytes.data, bytes.len);
        free_file(bytes);
    }
    closedir(folder);
}

static void golden_path(int which, const char *name, char *path, size_t size)
{
    snprintf(path, size, "%s/test/golden/metadata/%s%s", source_dir(), directories[which], name);
}

static void take_copy(int which)
{
    char from[600], to[600];
    golden_path(which, "", from, sizeof from);
    copy_folder(from, fixture.path);
    golden_path(which, "/__cluster_metadata-0", from, sizeof from);
    snprintf(to, sizeof to, "%s/__cluster_metadata-0", fixture.path);
    copy_folder(from, to);
}

/* ---- expected.txt ---- */

static struct slice take_field(struct slice *line)
{
    const uint8_t *tab = line->len == 0 ? NULL : memchr(line->data, '\t', line->len);
    size_t len = tab == NULL ? line->len : (size_t)(tab - line->data);
    struct slice field = slice_of(line->data, len);
    *line = slice_from(*line, tab == NULL ? len : len + 1);
    return field;
}

static int take_number(struct slice *line)
{
    char text[16];
    struct slice field = take_field(line);
    ck_assert_uint_lt(field.len, sizeof text);
    memcpy(text, field.data, field.len);
    text[field.len] = 0;
    return atoi(text);
}

static void check_topic(const struct image *image, struct slice line)
{
    struct slice name = take_field(&line);
    struct uuid id;
    ck_assert(uuid_parse(take_field(&line), &id));
    const struct topic *topic = image_find_topic(image, name);
    ck_assert_msg(topic != NULL, "%.*s", SLICE_ARGS(name));
    ck_assert(uuid_equal(topic->id, id));
    ck_assert_int_eq(topic->partition_count, take_number(&line));
    for (int32_t i = 0; i < topic->partition_count; i++) {
        const struct partition_state *partition = image_find_partition(topic, i);
        ck_assert_int_eq(partition->leader, 1);
        ck_assert_int_eq(partition->isr.count, 1);
        ck_assert_int_eq(partition->isr.items[0], 1);
        ck_assert_int_eq(partition->replicas.count, 1);
        ck_assert_int_eq(partition->eligible_leader_replicas.count, 0);
        ck_assert_int_eq(partition->last_known_elr.count, 0);
    }
}

static void check_config(const struct image *image, struct slice line)
{
    enum resource_type type = (enum resource_type)take_number(&line);
    const struct config_set *set = image_find_configs(image, type, take_field(&line));
    struct slice name = take_field(&line);
    const struct config_entry *entry = config_set_find(set, name);
    ck_assert_msg(entry != NULL, "%.*s", SLICE_ARGS(name));
    ck_assert_msg(slice_equal(entry->value, line), "%.*s", SLICE_ARGS(name));
}

struct counts {
    size_t features, topics, configs;
};

static void check_line(const struct image *image, struct slice line, struct counts *counts)
{
    struct slice kind = take_field(&line);
    if (slice_equal_str(kind, "topic")) {
        counts->topics++;
        check_topic(image, line);
    } else if (slice_equal_str(kind, "config")) {
        counts->configs++;
        check_config(image, line);
    } else {
        counts->features++;
        struct slice name = take_field(&line);
        ck_assert_int_eq(image_feature_level(image, name), take_number(&line));
    }
}

static size_t count_configs(const struct image *image)
{
    size_t count = 0, cursor = 0;
    struct map_entry *entry;
    while ((entry = map_next(&image->configs, &cursor)) != NULL)
        count += (size_t)((const struct config_set *)entry->value)->count;
    return count;
}

/* Everything in the file is in the image, and nothing else. */
static void check_expected(int which, const struct image *image)
{
    char path[600];
    struct counts counts = {0};
    golden_path(which, "", path, sizeof path);
    struct slice file = read_file(path, "expected.txt"), left = file;
    while (left.len > 0) {
        size_t len = (size_t)((const uint8_t *)memchr(left.data, '\n', left.len) - left.data);
        check_line(image, slice_of(left.data, len), &counts);
        left = slice_from(left, len + 1);
    }
    free_file(file);
    ck_assert_uint_gt(counts.topics, 15);
    ck_assert_uint_eq(image->topics_by_name.count, counts.topics);
    ck_assert_uint_eq(image->features.count, counts.features);
    ck_assert_uint_eq(count_configs(image), counts.configs);
}

/* The leader epoch rises by two: after a clean stop Apache Kafka has written the first half, after a kill we
 * write both. */
START_TEST(what_kafka_finds_in_its_directory_we_find)
{
    take_copy(_i);
    node_open(&fixture);
    const struct image *image = cluster_read(fixture.cluster);
    check_expected(_i, image);
    ck_assert_int_eq(image->broker_count, 1);
    ck_assert(!image->brokers[0].fenced);
    ck_assert(!image->brokers[0].in_controlled_shutdown);
    ck_assert_int_eq(image->epoch, 2);
    cluster_read_done(fixture.cluster);
    ck_assert_int_eq(node_partition(&fixture, "plain", 0).leader_epoch, 2);
    node_close(&fixture);
    node_open(&fixture);
    image = cluster_read(fixture.cluster);
    check_expected(_i, image);
    cluster_read_done(fixture.cluster);
    ck_assert_int_eq(node_partition(&fixture, "plain", 0).leader_epoch, 4); /* our own stop and start */
    int64_t id;
    ck_assert_int_eq(cluster_next_producer_id(fixture.cluster, &id), KERR_NONE);
    ck_assert_int_eq(id, 1000); /* Kafka gave out of 0 to 999 */
    node_close(&fixture);
}
END_TEST

/* ---- snapshots against the log ---- */

static void check_same_topic(const struct topic *a, const struct topic *b)
{
    ck_assert(slice_equal(a->name, b->name));
    ck_assert(uuid_equal(a->id, b->id));
    ck_assert_int_eq(a->partition_count, b->partition_count);
    for (int32_t i = 0; i < a->partition_count; i++) {
        const struct partition_state *p = &a->partitions[i], *q = &b->partitions[i];
        ck_assert_int_eq(p->leader, q->leader);
        ck_assert_int_eq(p->leader_epoch, q->leader_epoch);
        ck_assert_int_eq(p->partition_epoch, q->partition_epoch);
        ck_assert_int_eq(p->isr.count, q->isr.count);
        ck_assert_int_eq(p->eligible_leader_replicas.count, q->eligible_leader_replicas.count);
        ck_assert_int_eq(p->last_known_elr.count, q->last_known_elr.count);
        ck_assert(uuid_equal(p->directories[0], q->directories[0]));
    }
}

static void check_same(const struct image *a, const struct image *b)
{
    ck_assert_uint_eq(a->topics_by_name.count, b->topics_by_name.count);
    struct topic **left = image_sorted_topics(a), **right = image_sorted_topics(b);
    for (size_t i = 0; i < a->topics_by_name.count; i++)
        check_same_topic(left[i], right[i]);
    free(left);
    free(right);
    ck_assert_uint_eq(count_configs(a), count_configs(b));
    ck_assert_uint_eq(a->features.count, b->features.count);
    ck_assert_int_eq(a->next_producer_id, b->next_producer_id);
    ck_assert_int_eq(a->broker_count, b->broker_count);
    ck_assert_int_eq(a->brokers[0].epoch, b->brokers[0].epoch);
    ck_assert_int_eq(a->brokers[0].fenced, b->brokers[0].fenced);
    ck_assert_int_eq(a->partition_count, b->partition_count);
}

struct limited {
    struct replay replay;
    int64_t end_offset;
};

static bool replay_below(void *context, struct slice batch, struct note *why)
{
    struct limited *limited = context;
    struct batch_header header;
    batch_header_read(batch.data, &header);
    return header.base_offset >= limited->end_offset || replay_batch(&limited->replay, batch, why);
}

static void check_snapshot(const char *folder, const char *name, struct snapshot_id id)
{
    struct image from_log, from_snapshot;
    struct limited limited = {.end_offset = id.end_offset};
    struct replay snapshot;
    struct note why = {""};
    struct cluster_log log;
    char path[900];
    image_init(&from_log, 1);
    image_init(&from_snapshot, 2);
    replay_init(&limited.replay, &from_log);
    replay_init(&snapshot, &from_snapshot);
    ck_assert_msg(cluster_log_open(&log, file_system_os(), folder, 0, replay_below, &limited, &why), "%s",
                  why.text);
    cluster_log_close(&log);
    snprintf(path, sizeof path, "%s/%s", folder, name);
    ck_assert_int_eq(snapshot_read(file_system_os(), path, replay_batch, &snapshot, &why), 0);
    ck_assert(snapshot.had_header && snapshot.had_footer);
    ck_assert(!snapshot.in_transaction && !limited.replay.in_transaction);
    ck_assert_int_eq(from_log.offset, id.end_offset - 1);
    ck_assert_int_eq(from_log.epoch, id.epoch);
    check_same(&from_log, &from_snapshot);
    replay_fini(&limited.replay);
    replay_fini(&snapshot);
    image_fini(&from_log);
    image_fini(&from_snapshot);
}

/* Kafka's snapshots at every point of its log are what our replay has at that point. */
START_TEST(each_snapshot_says_what_the_log_below_it_says)
{
    char folder[600];
    struct dirent *entry;
    struct snapshot_id id;
    int count = 0;
    take_copy(_i);
    snprintf(folder, sizeof folder, "%s/__cluster_metadata-0", fixture.path);
    DIR *listing = opendir(folder);
    while ((entry = readdir(listing)) != NULL)
        if (snapshot_parse_name(entry->d_name, &id)) {
            check_snapshot(folder, entry->d_name, id);
            count++;
        }
    closedir(listing);
    ck_assert_int_ge(count, 2);
}
END_TEST

/* ---- our snapshots against theirs ---- */

struct frames {
    struct arena arena;
    struct record_list list;
    int32_t kinds[64]; /* types in order of their first record */
    int32_t kind_count;
};

static void add_kind(struct frames *frames, int32_t kind)
{
    if (kind == 3) /* partitions follow their topics */
        kind = 2;
    if (frames->kind_count > 0 && frames->kinds[frames->kind_count - 1] == kind)
        return;
    ck_assert_int_lt(frames->kind_count, 64);
    frames->kinds[frames->kind_count++] = kind;
}

static bool take_snapshot_batch(void *context, struct slice batch, struct note *why)
{
    struct frames *frames = context;
    struct record_iterator it;
    struct record record;
    record_iterator_init(&it, batch, NULL);
    while (record_iterator_next(&it, &record, why) == RECORD_READ) {
        if (batch_is_control(&it.header))
            continue;
        record_list_add_frame(&frames->list, record.value);
        add_kind(frames, record.value.data[1]);
    }
    record_iterator_fini(&it);
    return true;
}

static int compare_frames(const void *a, const void *b)
{
    return slice_compare(*(const struct slice *)a, *(const struct slice *)b);
}

static void read_frames(struct frames *frames, const char *path)
{
    struct note why = {""};
    *frames = (struct frames){.kind_count = 0};
    arena_init(&frames->arena, SIZE_MAX);
    record_list_init(&frames->list, &frames->arena, 30);
    ck_assert_msg(snapshot_read(file_system_os(), path, take_snapshot_batch, frames, &why) == 0, "%s",
                  why.text);
    qsort(frames->list.records, (size_t)frames->list.count, sizeof(struct slice), compare_frames);
}

static void write_ours(const char *folder, const char *name, struct snapshot_id id)
{
    struct image image;
    struct replay replay;
    struct note why = {""};
    struct buf bytes = {0};
    char path[900];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    image_init(&image, 1);
    replay_init(&replay, &image);
    ck_assert_int_eq(snapshot_read(file_system_os(), path, replay_batch, &replay, &why), 0);
    struct snapshot_head head = {.id = id, .last_timestamp_ms = replay.last_timestamp_ms, .now_ms = 7};
    snapshot_encode(&head, &image, &bytes);
    ck_assert_int_eq(snapshot_store(file_system_os(), scratch, id, buf_slice(&bytes)), 0);
    buf_fini(&bytes);
    replay_fini(&replay);
    image_fini(&image);
}

static void check_rewritten(const char *folder, const char *name, struct snapshot_id id)
{
    struct frames theirs, ours;
    struct stat status;
    char path[900], mine[900];
    write_ours(folder, name, id);
    snprintf(path, sizeof path, "%s/%s", folder, name);
    snprintf(mine, sizeof mine, "%s/%s", scratch, name);
    read_frames(&theirs, path);
    read_frames(&ours, mine);
    ck_assert_int_eq(theirs.list.count, ours.list.count);
    for (int32_t i = 0; i < ours.list.count; i++)
        ck_assert_msg(slice_equal(theirs.list.records[i], ours.list.records[i]), "%s: a record of type %d",
                      name, ours.list.records[i].data[1]);
    ck_assert_int_eq(theirs.kind_count, ours.kind_count);
    ck_assert_mem_eq(theirs.kinds, ours.kinds, sizeof ours.kinds);
    struct slice their_file = read_file(folder, name), our_file = read_file(scratch, name);
    ck_assert_uint_eq(their_file.len, our_file.len);
    ck_assert_mem_eq(their_file.data + 61, our_file.data + 61, 22); /* the header record: the log's time */
    ck_assert_int_eq(stat(mine, &status), 0);
    ck_assert_int_eq(status.st_mode & 07777, 0400);
    free_file(their_file);
    free_file(our_file);
    arena_fini(&theirs.arena);
    arena_fini(&ours.arena);
}

/* Each record in the same bytes, kind after kind in the same order; only hash maps decide on the order
 * within a kind. */
START_TEST(each_snapshot_is_written_again_with_the_same_records)
{
    char folder[600];
    struct dirent *entry;
    struct snapshot_id id;
    int count = 0;
    golden_path(_i, "/__cluster_metadata-0", folder, sizeof folder);
    DIR *listing = opendir(folder);
    while ((entry = readdir(listing)) != NULL)
        if (snapshot_parse_name(entry->d_name, &id)) {
            check_rewritten(folder, entry->d_name, id);
            count++;
        }
    closedir(listing);
    ck_assert_int_ge(count, 1);
}
END_TEST

START_TEST(without_its_snapshots_the_directory_says_the_same)
{
    char folder[600], path[900];
    struct dirent *entry;
    struct snapshot_id id;
    take_copy(_i);
    snprintf(folder, sizeof folder, "%s/__cluster_metadata-0", fixture.path);
    DIR *listing = opendir(folder);
    while ((entry = readdir(listing)) != NULL)
        if (snapshot_parse_name(entry->d_name, &id)) {
            snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
            unlink(path);
        }
    closedir(listing);
    node_open(&fixture);
    const struct image *image = cluster_read(fixture.cluster);
    check_expected(_i, image);
    cluster_read_done(fixture.cluster);
    node_close(&fixture);
}
END_TEST

/* ---- what we write ---- */

static void take_frames(const char *folder, struct record_list *records)
{
    struct note why = {""};
    ck_assert_msg(bootstrap_read(file_system_os(), folder, records, &why) == 0, "%s", why.text);
}

/* The same records in the same bytes; only times differ. */
START_TEST(a_fresh_directory_has_kafka_s_bootstrap_records)
{
    struct arena arena;
    struct note why;
    struct record_list ours, kafkas;
    char path[600];
    arena_init(&arena, SIZE_MAX);
    record_list_init(&ours, &arena, 30);
    record_list_init(&kafkas, &arena, 30);
    golden_path(_i, "", path, sizeof path);
    take_frames(path, &kafkas);
    ck_assert_msg(node_try_open(&fixture, _i < 2 ? 30 : 21, &why), "%s", why.text);
    node_close(&fixture);
    take_frames(fixture.path, &ours);
    ck_assert_int_eq(ours.count, kafkas.count);
    for (int32_t i = 0; i < ours.count; i++)
        ck_assert(slice_equal(ours.records[i], kafkas.records[i]));
    struct slice mine = read_file(fixture.path, BOOTSTRAP_CHECKPOINT),
                 theirs = read_file(path, BOOTSTRAP_CHECKPOINT);
    ck_assert_uint_eq(mine.len, theirs.len);
    free_file(mine);
    free_file(theirs);
    arena_fini(&arena);
}
END_TEST

/* ---- what a clean stop writes, against Apache Kafka's own ---- */

/* A log up to the stop of its broker, and what that said. */
struct last_stop {
    struct replay replay;
    struct record_list said;
    bool has_begun;
};

enum { TYPE_AT = 1, NO_OP = 20 };

static bool take_stop_batch(void *context, struct slice batch, struct note *why)
{
    static const uint8_t in_controlled_shutdown[] = {1, 17, 1};
    struct last_stop *stop = context;
    struct record_iterator it;
    struct record record;
    record_iterator_init(&it, batch, NULL);
    while (!batch_is_control(&it.header) && record_iterator_next(&it, &record, why) == RECORD_READ) {
        stop->has_begun |= memcmp(record.value.data, in_controlled_shutdown, 3) == 0;
        if (stop->has_begun && record.value.data[TYPE_AT] != NO_OP)
            record_list_add_frame(&stop->said, record.value);
    }
    record_iterator_fini(&it);
    return stop->has_begun || replay_batch(&stop->replay, batch, why);
}

static void sort_partitions(struct record_list *said)
{
    ck_assert_int_gt(said->count, 15);
    qsort(said->records + 1, (size_t)said->count - 2, sizeof(struct slice), compare_frames);
}

/* Byte for byte, but for the order of partitions, which a hash map decides. */
START_TEST(a_clean_stop_says_what_kafka_s_said)
{
    struct arena arena;
    struct image image;
    struct cluster_log log;
    struct record_list ours;
    struct last_stop stop = {.has_begun = false};
    struct note why = {""};
    char folder[600];
    arena_init(&arena, SIZE_MAX);
    image_init(&image, 1);
    replay_init(&stop.replay, &image);
    record_list_init(&stop.said, &arena, METADATA_VERSION_MAX);
    take_copy(_i);
    snprintf(folder, sizeof folder, "%s/__cluster_metadata-0", fixture.path);
    ck_assert(cluster_log_open(&log, file_system_os(), folder, 0, take_stop_batch, &stop, &why));
    cluster_log_close(&log);
    record_list_init(&ours, &arena, image_feature_level(&image, SLICE(METADATA_VERSION)));
    registration_add_shutdown(&ours, &image, &fixture.node, image_find_broker(&image, 1)->epoch);
    ck_assert_int_eq(ours.count, stop.said.count);
    sort_partitions(&ours);
    sort_partitions(&stop.said);
    for (int32_t i = 0; i < ours.count; i++)
        ck_assert_msg(slice_equal(ours.records[i], stop.said.records[i]), "record %d", i);
    replay_fini(&stop.replay);
    image_fini(&image);
    arena_fini(&arena);
}
END_TEST

/* ---- what `odradek format` writes, against kafka-storage format ---- */

static size_t take_word(const char **line, char word[64])
{
    size_t len = strcspn(*line, " \n");
    ck_assert_uint_lt(len, 64);
    memcpy(word, *line, len);
    word[len] = 0;
    *line += len + 1;
    return len;
}

static uint8_t hex_digit(char digit)
{
    return (uint8_t)(digit <= '9' ? digit - '0' : digit - 'a' + 10);
}

/* Times, and the checksums over them, are the one thing that may differ. */
static void forget_times(uint8_t *bytes, size_t len)
{
    struct batch_header header;
    for (size_t at = 0; at < len; at += (size_t)batch_size(&header)) {
        batch_header_read(bytes + at, &header);
        memset(bytes + at + 17, 0, 4);
        memset(bytes + at + 27, 0, 16);
    }
}

static void check_bootstrap(const char *line)
{
    char word[64], release[64], setting[64];
    struct note why = {""};
    struct format_features features;
    enum data_dir_state state;
    take_word(&line, word);
    take_word(&line, release);
    take_word(&line, setting);
    format_features_init(&features, format_release_level(slice_str(release)));
    if (strcmp(setting, "-") != 0) {
        struct slice name = slice_of(setting, strcspn(setting, "="));
        ck_assert(format_features_set(&features, name, (int16_t)atoi(setting + name.len + 1), &why));
    }
    struct data_dir *dir = data_dir_open(file_system_os(), fixture.path, &state, &why);
    ck_assert_int_eq(format_dirs_with(&dir, 1, SLICE_NULL, 1, &features, NULL, &why), KERR_NONE);
    data_dir_close(dir);
    struct slice ours = read_file(fixture.path, BOOTSTRAP_CHECKPOINT);
    uint8_t theirs[1000];
    size_t len = strcspn(line, "\n") / 2;
    ck_assert_uint_eq(len, ours.len);
    for (size_t i = 0; i < len; i++)
        theirs[i] = (uint8_t)(hex_digit(line[2 * i]) << 4 | hex_digit(line[2 * i + 1]));
    forget_times((uint8_t *)(uintptr_t)ours.data, len);
    forget_times(theirs, len);
    ck_assert_msg(memcmp(ours.data, theirs, len) == 0, "%s %s", release, setting);
    free_file(ours);
    remove_tree(fixture.path);
}

START_TEST(every_release_s_bootstrap_file_is_kafka_s)
{
    char path[600];
    int count = 0;
    snprintf(path, sizeof path, "%s/test/golden/metadata", source_dir());
    struct slice file = read_file(path, "bootstrap.txt");
    for (const char *line = (const char *)file.data; *line != 0; line = strchr(line, '\n') + 1, count++)
        check_bootstrap(line);
    ck_assert_int_eq(count, 10);
    free_file(file);
}
END_TEST

/* The voter's directory id and the times apart, byte for byte. */
START_TEST(the_first_snapshot_of_a_standalone_quorum_is_kafka_s)
{
    enum { CONTAINED_TIMESTAMP = 75, DIRECTORY_ID = 117 };
    char path[600];
    struct note why = {""};
    struct format_features features;
    enum data_dir_state state;
    struct endpoint controller = {SLICE("CONTROLLER"), SLICE("127.0.0.1"), 19093, 0};
    struct data_dir *dir = data_dir_open(file_system_os(), fixture.path, &state, &why);
    struct format_voter voter = {.dir = dir, .endpoints = &controller, .endpoint_count = 1};
    format_features_init(&features, 30);
    ck_assert_int_eq(format_dirs_with(&dir, 1, SLICE_NULL, 1, &features, &voter, &why), KERR_NONE);
    struct uuid id = data_dir_meta(dir)->directory_id;
    data_dir_close(dir);
    snprintf(path, sizeof path, "%s/test/golden/metadata", source_dir());
    struct slice theirs = read_file(path, "standalone.checkpoint"),
                 ours = read_file(fixture.path,
                                  "__cluster_metadata-0/00000000000000000000-0000000000.checkpoint");
    ck_assert_uint_eq(theirs.len, ours.len);
    ck_assert_mem_eq(ours.data + DIRECTORY_ID, id.bytes, sizeof id.bytes);
    uint8_t *files[] = {(uint8_t *)(uintptr_t)theirs.data, (uint8_t *)(uintptr_t)ours.data};
    for (int i = 0; i < 2; i++) {
        forget_times(files[i], ours.len);
        memset(files[i] + CONTAINED_TIMESTAMP, 0, sizeof(int64_t));
        memset(files[i] + DIRECTORY_ID, 0, sizeof id.bytes);
    }
    ck_assert_mem_eq(theirs.data, ours.data, ours.len);
    free_file(theirs);
    free_file(ours);
}
END_TEST

static bool take_all(void *context, struct slice batch, struct note *why)
{
    struct record_list *records = context;
    struct record_iterator it;
    struct record record;
    record_iterator_init(&it, batch, NULL);
    while (record_iterator_next(&it, &record, why) == RECORD_READ)
        record_list_add_frame(records, record.value);
    record_iterator_fini(&it);
    return true;
}

/* LeaderChange and the bootstrap transaction, byte for byte; the rest holds random ids. */
START_TEST(a_fresh_log_begins_as_kafka_s_does)
{
    struct arena arena;
    struct note why = {""};
    struct record_list ours, kafkas;
    struct cluster_log log;
    char folder[600];
    int count = _i < 2 ? 10 : 3; /* 3.9 puts a ZkMigrationStateRecord behind the features; we do not */
    arena_init(&arena, SIZE_MAX);
    record_list_init(&ours, &arena, 30);
    record_list_init(&kafkas, &arena, 30);
    ck_assert_msg(node_try_open(&fixture, _i < 2 ? 30 : 21, &why), "%s", why.text);
    node_close(&fixture);
    snprintf(folder, sizeof folder, "%s/__cluster_metadata-0", fixture.path);
    ck_assert(cluster_log_open(&log, file_system_os(), folder, 0, take_all, &ours, &why));
    cluster_log_close(&log);
    remove_tree(fixture.path);
    take_copy(_i);
    ck_assert(cluster_log_open(&log, file_system_os(), folder, 0, take_all, &kafkas, &why));
    cluster_log_close(&log);
    for (int32_t i = 0; i < count; i++)
        ck_assert_msg(slice_equal(ours.records[i], kafkas.records[i]), "record %d", i);
    arena_fini(&arena);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("golden metadata");
    TCase *tcase = tcase_create("golden metadata");
    tcase_add_checked_fixture(tcase, set_up, tear_down);
    tcase_set_timeout(tcase, 250);
    tcase_add_loop_test(tcase, what_kafka_finds_in_its_directory_we_find, 0, LISTED_COUNT);
    tcase_add_loop_test(tcase, each_snapshot_says_what_the_log_below_it_says, 0, DIRECTORY_COUNT);
    tcase_add_loop_test(tcase, each_snapshot_is_written_again_with_the_same_records, 0, DIRECTORY_COUNT);
    tcase_add_loop_test(tcase, without_its_snapshots_the_directory_says_the_same, 0, LISTED_COUNT);
    tcase_add_loop_test(tcase, a_fresh_directory_has_kafka_s_bootstrap_records, 0, LISTED_COUNT);
    for (int which = 0; which < LISTED_COUNT; which += 2) /* those that were stopped */
        tcase_add_loop_test(tcase, a_clean_stop_says_what_kafka_s_said, which, which + 1);
    tcase_add_test(tcase, every_release_s_bootstrap_file_is_kafka_s);
    tcase_add_test(tcase, the_first_snapshot_of_a_standalone_quorum_is_kafka_s);
    tcase_add_loop_test(tcase, a_fresh_log_begins_as_kafka_s_does, 0, LISTED_COUNT);
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
