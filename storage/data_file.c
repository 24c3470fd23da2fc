/* data_file: see data_file.h. */
#include "storage/data_file.h"

#include "protocol/base/ensure.h"

#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

enum { OFFSET_DIGITS = 20, EPOCH_DIGITS = 10 };

static const struct {
    const char *name;
    enum data_file_kind kind;
} names[] = {
    {"meta.properties", DATA_FILE_META_PROPERTIES},
    {".kafka_cleanshutdown", DATA_FILE_CLEAN_SHUTDOWN},
    {"recovery-point-offset-checkpoint", DATA_FILE_OFFSET_CHECKPOINT},
    {"log-start-offset-checkpoint", DATA_FILE_OFFSET_CHECKPOINT},
    {"replication-offset-checkpoint", DATA_FILE_OFFSET_CHECKPOINT},
    {"cleaner-offset-checkpoint", DATA_FILE_OFFSET_CHECKPOINT},
    {"partition.metadata", DATA_FILE_PARTITION_METADATA},
    {"leader-epoch-checkpoint", DATA_FILE_EPOCH_CHECKPOINT},
    {"quorum-state", DATA_FILE_QUORUM_STATE},
    {"bootstrap.checkpoint", DATA_FILE_CLUSTER_SNAPSHOT},
    {".lock", DATA_FILE_LOCK},
    {".reserve", DATA_FILE_RESERVE},
};

static const char suspect[] = ".suspect-"; /* and the id of a directory */
static const char checkpoint[] = ".checkpoint";

static const struct {
    const char *extension;
    enum data_file_kind kind;
} extensions[] = {
    {".log", DATA_FILE_LOG},
    {".index", DATA_FILE_INDEX},
    {".timeindex", DATA_FILE_TIME_INDEX},
    {".txnindex", DATA_FILE_TXN_INDEX},
    {".snapshot", DATA_FILE_PRODUCER_SNAPSHOT},
};

static const struct {
    const char *text;
    enum data_file_suffix suffix;
} suffixes[] = {
    {".deleted", DATA_FILE_DELETED}, {".cleaned", DATA_FILE_CLEANED}, {".swap", DATA_FILE_SWAP},
    {".tmp", DATA_FILE_TMP},         {".part", DATA_FILE_PART},       {".damaged", DATA_FILE_DAMAGED},
};

static bool is_equal(const char *name, size_t len, const char *other)
{
    return len == strlen(other) && memcmp(name, other, len) == 0;
}

/* How much of the name is left without the suffix. */
static size_t take_suffix(const char *name, enum data_file_suffix *suffix)
{
    size_t len = strlen(name);
    *suffix = DATA_FILE_PLAIN;
    for (size_t i = 0; i < sizeof suffixes / sizeof suffixes[0]; i++) {
        size_t tail = strlen(suffixes[i].text);
        if (len <= tail || strcmp(name + len - tail, suffixes[i].text) != 0)
            continue;
        *suffix = suffixes[i].suffix;
        return len - tail;
    }
    return len;
}

static bool parse_digits(const char *text, size_t digits, int64_t *number)
{
    *number = 0;
    for (size_t i = 0; i < digits; i++)
        if (text[i] < '0' || text[i] > '9' || __builtin_mul_overflow(*number, 10, number)
            || __builtin_add_overflow(*number, text[i] - '0', number))
            return false;
    return true;
}

/* "-<epoch>.checkpoint", and with a suffix "-<epoch>-<random>.checkpoint". */
static void parse_snapshot(const char *rest, size_t len, struct data_file_name *parsed)
{
    int64_t epoch;
    size_t tail = sizeof checkpoint - 1;
    if (len < 1 + EPOCH_DIGITS + tail || rest[0] != '-' || !parse_digits(rest + 1, EPOCH_DIGITS, &epoch)
        || epoch > INT32_MAX || !is_equal(rest + len - tail, tail, checkpoint)
        || (len > 1 + EPOCH_DIGITS + tail && parsed->suffix != DATA_FILE_PART))
        return;
    parsed->kind = DATA_FILE_CLUSTER_SNAPSHOT;
    parsed->epoch = (int32_t)epoch;
}

/* ".<number>", without a sign or zeros before it: how much of the text it is, or 0. */
static size_t take_number(const char *text, size_t len, int64_t max, int64_t *number)
{
    size_t digits = 0;
    if (len < 2 || text[0] != '.')
        return 0;
    while (1 + digits < len && text[1 + digits] >= '0' && text[1 + digits] <= '9')
        digits++;
    bool is_plain = digits > 0 && (text[1] != '0' || digits == 1);
    return is_plain && parse_digits(text + 1, digits, number) && *number <= max ? 1 + digits : 0;
}

/* ".log.<position>.damaged" and ".log.<position>.<number>.damaged", without the suffix. */
static void parse_set_aside(const char *rest, size_t len, struct data_file_name *parsed)
{
    static const char log[] = ".log";
    int64_t position, number = 0;
    size_t at = sizeof log - 1;
    if (len < at || memcmp(rest, log, at) != 0)
        return;
    size_t taken = take_number(rest + at, len - at, INT64_MAX, &position);
    at += taken;
    size_t more = take_number(rest + at, len - at, INT32_MAX, &number);
    if (taken == 0 || at + more != len || (more > 0 && number == 0))
        return;
    parsed->kind = DATA_FILE_LOG;
    parsed->position = position;
    parsed->number = (int32_t)number;
}

static void parse_with_offset(const char *rest, size_t len, struct data_file_name *parsed)
{
    if (parsed->suffix == DATA_FILE_DAMAGED) {
        parse_set_aside(rest, len, parsed);
        return;
    }
    for (size_t i = 0; i < sizeof extensions / sizeof extensions[0]; i++)
        if (is_equal(rest, len, extensions[i].extension))
            parsed->kind = extensions[i].kind;
    if (parsed->kind == DATA_FILE_UNKNOWN)
        parse_snapshot(rest, len, parsed);
}

void data_file_parse(const char *name, struct data_file_name *parsed)
{
    *parsed = (struct data_file_name){.kind = DATA_FILE_UNKNOWN, .base = -1, .epoch = -1};
    size_t len = take_suffix(name, &parsed->suffix);
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (is_equal(name, len, names[i].name))
            parsed->kind = names[i].kind;
    if (strncmp(name, suspect, sizeof suspect - 1) == 0)
        parsed->kind = DATA_FILE_SUSPECT;
    int64_t base;
    if (len <= OFFSET_DIGITS || !parse_digits(name, OFFSET_DIGITS, &base))
        return;
    parse_with_offset(name + OFFSET_DIGITS, len - OFFSET_DIGITS, parsed);
    if (parsed->kind != DATA_FILE_UNKNOWN)
        parsed->base = base;
}

static const char *extension_of(enum data_file_kind kind)
{
    for (size_t i = 0; i < sizeof extensions / sizeof extensions[0]; i++)
        if (extensions[i].kind == kind)
            return extensions[i].extension;
    ensure(false && "its name has no offset");
    return "";
}

static const char *suffix_of(enum data_file_suffix suffix)
{
    for (size_t i = 0; i < sizeof suffixes / sizeof suffixes[0]; i++)
        if (suffixes[i].suffix == suffix)
            return suffixes[i].text;
    return "";
}

void data_file_format(struct data_file_name name, char text[DATA_FILE_NAME_MAX])
{
    const char *suffix = suffix_of(name.suffix);
    if (name.suffix == DATA_FILE_DAMAGED && name.number == 0)
        snprintf(text, DATA_FILE_NAME_MAX, "%020" PRId64 ".log.%" PRId64 "%s", name.base, name.position,
                 suffix);
    else if (name.suffix == DATA_FILE_DAMAGED)
        snprintf(text, DATA_FILE_NAME_MAX, "%020" PRId64 ".log.%" PRId64 ".%" PRId32 "%s", name.base,
                 name.position, name.number, suffix);
    else if (name.kind == DATA_FILE_CLUSTER_SNAPSHOT)
        snprintf(text, DATA_FILE_NAME_MAX, "%020" PRId64 "-%010" PRId32 "%s%s", name.base, name.epoch,
                 checkpoint, suffix);
    else
        snprintf(text, DATA_FILE_NAME_MAX, "%020" PRId64 "%s%s", name.base, extension_of(name.kind), suffix);
}

const char *data_file_kind_name(enum data_file_kind kind)
{
    static const char *const kind_names[] = {
        [DATA_FILE_META_PROPERTIES] = "directory properties",
        [DATA_FILE_CLEAN_SHUTDOWN] = "clean-shutdown marker",
        [DATA_FILE_OFFSET_CHECKPOINT] = "offset checkpoint",
        [DATA_FILE_PARTITION_METADATA] = "partition metadata",
        [DATA_FILE_EPOCH_CHECKPOINT] = "leader epochs",
        [DATA_FILE_QUORUM_STATE] = "quorum state",
        [DATA_FILE_CLUSTER_SNAPSHOT] = "cluster snapshot",
        [DATA_FILE_LOG] = "log segment",
        [DATA_FILE_INDEX] = "offset index",
        [DATA_FILE_TIME_INDEX] = "time index",
        [DATA_FILE_TXN_INDEX] = "transaction index",
        [DATA_FILE_PRODUCER_SNAPSHOT] = "producer snapshot",
        [DATA_FILE_LOCK] = "lock",
        [DATA_FILE_RESERVE] = "reserve",
        [DATA_FILE_SUSPECT] = "mark of a failed directory",
        [DATA_FILE_UNKNOWN] = "unknown",
    };
    return kind_names[kind];
}

const char *data_file_suffix_name(enum data_file_suffix suffix)
{
    static const char *const suffix_names[] = {
        [DATA_FILE_PLAIN] = "",          [DATA_FILE_DELETED] = "deleted", [DATA_FILE_CLEANED] = "cleaned",
        [DATA_FILE_SWAP] = "swap",       [DATA_FILE_TMP] = "temporary",   [DATA_FILE_PART] = "temporary",
        [DATA_FILE_DAMAGED] = "damaged",
    };
    return suffix_names[suffix];
}
