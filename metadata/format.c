/*
 * format: see the header. Called by the server before it opens the cluster, and by `odradek format`; one
 * thread.
 *
 * bootstrap.checkpoint is written before meta.properties: a directory with the latter is formatted whole.
 */
#include "metadata/format.h"

#include "metadata/image.h"
#include "metadata/snapshot.h"
#include "protocol/base/ensure.h"
#include "protocol/records/feature_level_record.h"
#include "storage/os/clock.h"

#include <unistd.h>

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

/* ---- features ---- */

/* In order of name, as Apache Kafka writes them. */
static const struct {
    const char *name;
    int16_t level;
    int16_t since; /* metadata.version from which on a new cluster gets it */
} features[] = {
    {"eligible.leader.replicas.version", 1, 26},
    {"group.version", 1, 22},
    {"share.version", 1, 28},
    {"streams.version", 1, 29},
    {"transaction.version", 2, 24},
};

static void add_feature(struct record_list *records, struct slice name, int16_t level)
{
    struct feature_level_record record;
    schema_set_defaults(feature_level_record_schema(), &record);
    record.name = name;
    record.feature_level = level;
    record_list_add(records, &feature_level_record_message, &record);
}

void format_add_features(struct record_list *records)
{
    add_feature(records, SLICE(METADATA_VERSION), records->metadata_version);
    for (size_t i = 0; i < sizeof features / sizeof features[0]; i++)
        if (records->metadata_version >= features[i].since)
            add_feature(records, slice_str(features[i].name), features[i].level);
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

static enum kerr format_one(struct data_dir *dir, struct slice cluster_id, int32_t node_id,
                            const struct record_list *records, struct note *why)
{
    int error = bootstrap_write(data_dir_fs(dir), data_dir_path(dir), records, clock_wall_ms());
    if (error < 0) {
        note_set(why, "%s/" BOOTSTRAP_CHECKPOINT ": %s", data_dir_path(dir), strerror(-error));
        return KERR_KAFKA_STORAGE_ERROR;
    }
    return data_dir_format(dir, cluster_id, node_id, format_random_uuid(), why);
}

enum kerr format_dirs(struct data_dir **dirs, int32_t count, struct slice cluster_id, int32_t node_id,
                      int16_t metadata_version, struct note *why)
{
    ensure(metadata_version >= METADATA_VERSION_MIN && metadata_version <= METADATA_VERSION_MAX);
    for (int32_t i = 0; i < count && slice_is_null(cluster_id); i++)
        if (is_formatted(dirs[i]))
            cluster_id = data_dir_meta(dirs[i])->cluster_id;
    char random_id[UUID_TEXT_LEN + 1];
    if (slice_is_null(cluster_id)) {
        uuid_format(format_random_uuid(), random_id);
        cluster_id = slice_str(random_id);
    }
    struct arena arena;
    struct record_list records;
    arena_init(&arena, SIZE_MAX);
    record_list_init(&records, &arena, metadata_version);
    format_add_features(&records);
    enum kerr error = KERR_NONE;
    for (int32_t i = 0; i < count && error == KERR_NONE; i++)
        if (!is_formatted(dirs[i]))
            error = format_one(dirs[i], cluster_id, node_id, &records, why);
    arena_fini(&arena);
    return error;
}
