/*
 * format: see the header. Called by the server before it opens the cluster, and by `odradek format`; one
 * thread.
 *
 * meta.properties is written last: a directory that has it is formatted whole.
 */
#include "metadata/format.h"

#include "metadata/atomic_file.h"
#include "metadata/cluster_log.h"
#include "metadata/features.h"
#include "metadata/image.h"
#include "metadata/snapshot.h"
#include "protocol/base/ensure.h"
#include "protocol/records/feature_level_record.h"
#include "protocol/records/voters_record.h"
#include "storage/os/clock.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

enum { KRAFT_VERSION = 1 };

/* ---- releases ---- */

static const struct {
    int major, minor;
    int first_iv, last_iv; /* 3.3-IV3 has the level of the first, each further one one more */
    int16_t level;
} releases[] = {
    {3, 3, 3, 3, 7},  {3, 4, 0, 0, 8},  {3, 5, 0, 2, 9},  {3, 6, 0, 2, 12},
    {3, 7, 0, 4, 15}, {3, 8, 0, 0, 20}, {3, 9, 0, 0, 21}, {4, 0, 0, 3, 22},
    {4, 1, 0, 1, 26}, {4, 2, 0, 1, 28}, {4, 3, 0, 0, 30},
};

/* Takes a number of one or two digits off the text; -1 if there is none. */
static int take_number(struct slice *text)
{
    int number = -1;
    for (int digits = 0; digits < 2 && text->len > 0 && text->data[0] >= '0' && text->data[0] <= '9';
         digits++) {
        number = (number < 0 ? 0 : number * 10) + (text->data[0] - '0');
        *text = slice_from(*text, 1);
    }
    return number;
}

static bool take_text(struct slice *text, struct slice expected)
{
    if (!slice_starts_with(*text, expected))
        return false;
    *text = slice_from(*text, expected.len);
    return true;
}

int16_t format_release_level(struct slice release)
{
    int major = take_number(&release);
    int minor = take_text(&release, SLICE(".")) ? take_number(&release) : -1;
    int iv = -1;
    bool has_iv = take_text(&release, SLICE("-IV"));
    if (has_iv)
        iv = take_number(&release);
    if (release.len > 0 && (has_iv || release.data[0] != '.'))
        return -1;
    for (size_t i = 0; i < sizeof releases / sizeof releases[0]; i++) {
        if (releases[i].major != major || releases[i].minor != minor)
            continue;
        int wanted = has_iv ? iv : releases[i].last_iv;
        if (wanted < releases[i].first_iv || wanted > releases[i].last_iv)
            return -1;
        return (int16_t)(releases[i].level + wanted - releases[i].first_iv);
    }
    return -1;
}

void format_release_name(int16_t level, char name[RELEASE_NAME_SIZE])
{
    ensure(level >= METADATA_VERSION_MIN && level <= METADATA_VERSION_MAX);
    size_t at = 0;
    while (at + 1 < sizeof releases / sizeof releases[0] && releases[at + 1].level <= level)
        at++;
    snprintf(name, RELEASE_NAME_SIZE, "%d.%d-IV%d", releases[at].major, releases[at].minor,
             releases[at].first_iv + level - releases[at].level);
}

/* ---- features ---- */

/* In order of name, as Apache Kafka writes them. */
static const struct {
    const char *name;
    int16_t level; /* the highest, which a new cluster gets */
    int16_t since; /* metadata.version from which on it does */
} kinds[FORMAT_FEATURE_COUNT] = {
    {ELR_FEATURE, 1, 26},       {"group.version", 1, 22},       {"share.version", 1, 28},
    {"streams.version", 1, 29}, {"transaction.version", 2, 24},
};

void format_features_init(struct format_features *features, int16_t metadata_version)
{
    ensure(metadata_version >= METADATA_VERSION_MIN && metadata_version <= METADATA_VERSION_MAX);
    features->metadata_version = metadata_version;
    for (size_t i = 0; i < FORMAT_FEATURE_COUNT; i++)
        features->levels[i] = metadata_version >= kinds[i].since ? kinds[i].level : 0;
}

static bool no_such_feature(struct slice name, struct note *why)
{
    note_set(why, "there is no feature %.*s; there are metadata.version", SLICE_ARGS(name));
    for (size_t i = 0, at = strlen(why->text); i < FORMAT_FEATURE_COUNT && at < NOTE_SIZE; i++)
        at += (size_t)snprintf(why->text + at, NOTE_SIZE - at, ", %s", kinds[i].name);
    return false;
}

bool format_features_set(struct format_features *features, struct slice name, int16_t level, struct note *why)
{
    size_t at = 0;
    while (at < FORMAT_FEATURE_COUNT && !slice_equal_str(name, kinds[at].name))
        at++;
    if (at == FORMAT_FEATURE_COUNT)
        return no_such_feature(name, why);
    if (level < 0 || level > kinds[at].level)
        note_set(why, "%s has the levels 0 to %d, and no %d", kinds[at].name, kinds[at].level, level);
    else if (level > 0 && features->metadata_version < find_supported_feature(name)->needs)
        note_set(why, "%s cannot be %d below metadata.version %d", kinds[at].name, level,
                 find_supported_feature(name)->needs);
    else
        features->levels[at] = level;
    return why->text[0] == '\0';
}

static void add_feature(struct record_list *records, struct slice name, int16_t level)
{
    struct feature_level_record record;
    schema_set_defaults(feature_level_record_schema(), &record);
    record.name = name;
    record.feature_level = level;
    record_list_add(records, &feature_level_record_message, &record);
}

void format_features_add(const struct format_features *features, struct record_list *records)
{
    add_feature(records, SLICE(METADATA_VERSION), features->metadata_version);
    for (size_t i = 0; i < FORMAT_FEATURE_COUNT; i++)
        if (features->levels[i] > 0)
            add_feature(records, slice_str(kinds[i].name), features->levels[i]);
}

void format_add_features(struct record_list *records)
{
    struct format_features features;
    format_features_init(&features, records->metadata_version);
    format_features_add(&features, records);
}

/* ---- directories ---- */

struct uuid format_random_uuid(void)
{
    struct uuid id;
    uint8_t random[16];
    do
        ensure(getentropy(random, sizeof random) == 0);
    while (!uuid_from_random(random, &id));
    return id;
}

static bool is_formatted(const struct data_dir *dir)
{
    return !slice_is_null(data_dir_meta(dir)->cluster_id);
}

struct formatting {
    struct slice cluster_id;
    int32_t node_id;
    const struct record_list *records;
    const struct format_voter *voter; /* NULL: none */
};

void format_encode_voters(struct buf *bytes, int32_t node_id, struct uuid directory_id,
                          const struct endpoint *endpoints, int32_t count)
{
    struct arena arena;
    struct writer writer;
    struct voters_record record;
    struct voters_voter self;
    arena_init(&arena, SIZE_MAX);
    schema_set_defaults(voters_record_schema(), &record);
    schema_set_defaults(voters_voter_schema(), &self);
    self.voter_id = node_id;
    self.voter_directory_id = directory_id;
    self.k_raft_version_feature.max_supported_version = KRAFT_VERSION;
    array_init(&self.endpoints, voters_endpoint, &arena, count);
    for (int32_t i = 0; i < count; i++) {
        self.endpoints.items[i].name = endpoints[i].name;
        self.endpoints.items[i].host = endpoints[i].host;
        self.endpoints.items[i].port = endpoints[i].port;
    }
    record.voters.items = &self;
    record.voters.count = 1;
    writer_init(&writer, bytes, &arena);
    message_write(&voters_record_message, 0, &writer, &record);
    arena_fini(&arena);
}

/* The snapshot of a log that has no records yet: who may vote about the first. */
static int write_first_snapshot(const struct data_dir *dir, const struct formatting *formatting,
                                struct uuid directory_id)
{
    struct file_system *fs = data_dir_fs(dir);
    char folder[FILE_PATH_MAX];
    struct buf voters = {0}, bytes = {0};
    int error = atomic_file_path(folder, data_dir_path(dir), CLUSTER_DIRECTORY);
    if (error >= 0)
        error = file_mkdir(fs, folder);
    if (error < 0 && error != -EEXIST)
        return error;
    format_encode_voters(&voters, formatting->node_id, directory_id, formatting->voter->endpoints,
                         formatting->voter->endpoint_count);
    struct snapshot_head head = {
        .kraft_version = KRAFT_VERSION,
        .voters_record = buf_slice(&voters),
        .last_timestamp_ms = clock_wall_ms(),
        .now_ms = clock_wall_ms(),
    };
    snapshot_encode(&head, NULL, &bytes);
    error = snapshot_store(fs, folder, head.id, buf_slice(&bytes));
    buf_fini(&voters);
    buf_fini(&bytes);
    return error;
}

static enum kerr format_one(struct data_dir *dir, const struct formatting *formatting, struct note *why)
{
    struct uuid directory_id = format_random_uuid();
    const char *what = BOOTSTRAP_CHECKPOINT;
    int error = bootstrap_write(data_dir_fs(dir), data_dir_path(dir), formatting->records, clock_wall_ms());
    if (error >= 0 && formatting->voter != NULL && formatting->voter->dir == dir) {
        what = CLUSTER_DIRECTORY;
        error = write_first_snapshot(dir, formatting, directory_id);
    }
    if (error >= 0)
        return data_dir_format(dir, formatting->cluster_id, formatting->node_id, directory_id, why);
    note_set(why, "%s/%s: %s", data_dir_path(dir), what, strerror(-error));
    return KERR_KAFKA_STORAGE_ERROR;
}

/* That of a directory that has one, else a random one, which is printed into `text`. */
static struct slice choose_cluster_id(struct data_dir **dirs, int32_t count, char text[UUID_TEXT_LEN + 1])
{
    for (int32_t i = 0; i < count; i++)
        if (is_formatted(dirs[i]))
            return data_dir_meta(dirs[i])->cluster_id;
    uuid_format(format_random_uuid(), text);
    return slice_str(text);
}

enum kerr format_dirs_with(struct data_dir **dirs, int32_t count, struct slice cluster_id, int32_t node_id,
                           const struct format_features *features, const struct format_voter *voter,
                           struct note *why)
{
    char random_id[UUID_TEXT_LEN + 1];
    if (slice_is_null(cluster_id))
        cluster_id = choose_cluster_id(dirs, count, random_id);
    struct arena arena;
    struct record_list records;
    arena_init(&arena, SIZE_MAX);
    record_list_init(&records, &arena, features->metadata_version);
    format_features_add(features, &records);
    struct formatting formatting = {cluster_id, node_id, &records, voter};
    enum kerr error = KERR_NONE;
    for (int32_t i = 0; i < count && error == KERR_NONE; i++)
        if (!is_formatted(dirs[i]))
            error = format_one(dirs[i], &formatting, why);
    arena_fini(&arena);
    return error;
}

enum kerr format_dirs(struct data_dir **dirs, int32_t count, struct slice cluster_id, int32_t node_id,
                      int16_t metadata_version, struct note *why)
{
    struct format_features features;
    format_features_init(&features, metadata_version);
    return format_dirs_with(dirs, count, cluster_id, node_id, &features, NULL, why);
}
