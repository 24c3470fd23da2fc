/* The files that lie there before the program starts. See directory.h.
 *
 * The oddities are the course's tester's own and matter: the metadata log's first offset is 1 in a file
 * named 0, ids are padded base64, stored messages carry producer 0 at sequence 0 and a header count
 * of -1, and there are no indexes, checkpoints or snapshots. */
#include "directory.h"

#include "batch.h"

#include <errno.h>
#include <ftw.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

const uint8_t directory_id[UUID_SIZE] = {0x10, 0, 0, 0, 0, 0, 0x40, 0, 0x80, 0, 0, 0, 0, 0, 0, 1};
const int64_t message_timestamp_ms = 1726045973899;

static const int64_t feature_timestamp_ms = 1726045943832;
static const int64_t topic_timestamp_ms = 1726045957397;

static const char server_properties[] =
    "process.roles=broker,controller\n"
    "node.id=1\n"
    "controller.quorum.voters=1@localhost:9093\n"
    "listeners=PLAINTEXT://:9092,CONTROLLER://:9093\n"
    "controller.listener.names=CONTROLLER\n"
    "listener.security.protocol.map=CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT,SSL:SSL,"
    "SASL_PLAINTEXT:SASL_PLAINTEXT,SASL_SSL:SASL_SSL\n"
    "log.dirs=" LOG_DIRECTORY;

enum { METADATA_VERSION = 20, NODE_ID = 1 };

char *base64_encode(struct arena *arena, const uint8_t uuid[UUID_SIZE], bool padded)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    char *text = arena_alloc(arena, 25);
    for (int i = 0; i < 22; i++) { /* the last digit holds two bits only */
        int bit = 6 * i;
        unsigned two = (unsigned)uuid[bit / 8] << 8 | (bit / 8 + 1 < UUID_SIZE ? uuid[bit / 8 + 1] : 0);
        text[i] = digits[two >> (10 - bit % 8) & 63];
    }
    if (padded)
        memcpy(text + 22, "==", 2);
    return text;
}

static struct frame feature_level_record(struct arena *arena)
{
    struct frame value = frame_new(arena);
    put_bytes(&value, (const uint8_t[]){1, 12, 0}, 3); /* frame version, key, version */
    put_text(&value, "metadata.version");
    put_i16(&value, METADATA_VERSION);
    put_no_tags(&value);
    return value;
}

static struct frame topic_record(struct arena *arena, const struct topic *topic)
{
    struct frame value = frame_new(arena);
    put_bytes(&value, (const uint8_t[]){1, 2, 0}, 3);
    put_text(&value, topic->name);
    put_uuid(&value, topic->id);
    put_no_tags(&value);
    return value;
}

static struct frame partition_record(struct arena *arena, const struct topic *topic, int partition)
{
    struct frame value = frame_new(arena);
    put_bytes(&value, (const uint8_t[]){1, 3, 1}, 3);
    put_i32(&value, partition);
    put_uuid(&value, topic->id);
    for (int list = 0; list < 2; list++) { /* replicas, in-sync replicas */
        put_count(&value, 1);
        put_i32(&value, NODE_ID);
    }
    put_count(&value, 0); /* being removed */
    put_count(&value, 0); /* being added */
    put_i32(&value, NODE_ID);
    put_i32(&value, 0); /* leader epoch */
    put_i32(&value, 0); /* partition epoch */
    put_count(&value, 1);
    put_uuid(&value, directory_id);
    put_no_tags(&value);
    return value;
}

static void put_metadata_batch(struct frame *log, int64_t base_offset, int64_t timestamp_ms,
                               const struct frame *values, int count)
{
    struct batch batch = {.base_offset = base_offset,
                          .leader_epoch = 1,
                          .timestamp_ms = timestamp_ms,
                          .producer_id = -1,
                          .producer_epoch = -1,
                          .base_sequence = -1,
                          .values = values,
                          .value_count = count};
    put_batch(log, &batch);
}

static void put_topic_batch(struct frame *log, const struct topic *topic, int64_t base_offset)
{
    struct frame values[1 + 64];
    values[0] = topic_record(log->arena, topic);
    for (int partition = 0; partition < topic->partitions; partition++)
        values[1 + partition] = partition_record(log->arena, topic, partition);
    put_metadata_batch(log, base_offset, topic_timestamp_ms, values, 1 + topic->partitions);
}

struct frame directory_metadata_log(const struct directory *directory, struct arena *arena,
                                    int64_t *next_offset)
{
    struct frame log = frame_new(arena);
    struct frame feature_level = feature_level_record(arena);
    int64_t offset = 1;
    put_metadata_batch(&log, offset++, feature_timestamp_ms, &feature_level, 1);
    for (int i = 0; i < directory->topic_count; i++) {
        put_topic_batch(&log, &directory->topics[i], offset);
        offset += 1 + directory->topics[i].partitions;
    }
    if (directory->more_metadata.size > 0) {
        size_t at = log.size;
        put_bytes(&log, directory->more_metadata.bytes, directory->more_metadata.size);
        patch_i64(&log, at, offset);
        offset += batch_record_count(&directory->more_metadata);
    }
    if (next_offset != NULL)
        *next_offset = offset;
    return log;
}

struct frame directory_partition_log(const struct topic *topic, struct arena *arena)
{
    struct frame log = frame_new(arena);
    for (int i = 0; i < topic->message_count; i++) {
        struct frame value = frame_new(arena);
        put_bytes(&value, topic->messages[i], strlen(topic->messages[i]));
        struct batch batch = {.base_offset = i,
                              .timestamp_ms = message_timestamp_ms,
                              .header_count = -1,
                              .values = &value,
                              .value_count = 1};
        put_batch(&log, &batch);
    }
    return log;
}

/* Writing -------------------------------------------------------------------------------------- */

static bool write_file(const char *path, const void *bytes, size_t size)
{
    FILE *file = fopen(path, "we");
    if (file == NULL)
        return false;
    bool written = size == 0 || fwrite(bytes, 1, size, file) == size;
    return fclose(file) == 0 && written;
}

static bool write_text(struct arena *arena, const char *path, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static bool write_text(struct arena *arena, const char *path, const char *format, ...)
{
    va_list values;
    va_start(values, format);
    const char *text = arena_vprintf(arena, format, values);
    va_end(values);
    return write_file(path, text, strlen(text));
}

static int remove_entry(const char *path, const struct stat *status, int type, struct FTW *walk)
{
    (void)status, (void)type, (void)walk;
    return remove(path);
}

static bool make_empty(const char *path)
{
    struct stat status;
    if (lstat(path, &status) == 0 && nftw(path, remove_entry, 16, FTW_DEPTH | FTW_PHYS) != 0)
        return false;
    return mkdir(path, 0755) == 0;
}

static bool write_log_directory(struct arena *arena)
{
    char date[64];
    time_t now = time(NULL);
    struct tm utc;
    strftime(date, sizeof date, "%a %b %d %H:%M:%S UTC %Y", gmtime_r(&now, &utc));
    return make_empty(LOG_DIRECTORY)
           && write_text(arena, LOG_DIRECTORY "/meta.properties",
                         "#\n#%s\ncluster.id=IAAAAAAAQACAAAAAAAAAAQ\n"
                         "directory.id=%s\nnode.id=1\nversion=1\n",
                         date, base64_encode(arena, directory_id, true))
           && write_text(arena, LOG_DIRECTORY "/.kafka_cleanshutdown", "%s",
                         "{\"version\":0,\"brokerEpoch\":10}");
}

static bool write_log(struct arena *arena, const char *name, const char *topic_id, const struct frame *log)
{
    const char *path = arena_printf(arena, LOG_DIRECTORY "/%s", name);
    return mkdir(path, 0755) == 0
           && write_text(arena, arena_printf(arena, "%s/partition.metadata", path),
                         "version: 0\ntopic_id: %s", topic_id)
           && write_file(arena_printf(arena, "%s/" FIRST_SEGMENT, path), log->bytes, log->size);
}

static bool write_topic(struct arena *arena, const struct topic *topic)
{
    struct frame log = directory_partition_log(topic, arena);
    const char *id = base64_encode(arena, topic->id, true);
    for (int partition = 0; partition < topic->partitions; partition++)
        if (!write_log(arena, arena_printf(arena, "%s-%d", topic->name, partition), id, &log))
            return false;
    return true;
}

static bool write_logs(const struct directory *directory, struct arena *arena)
{
    struct frame log = directory_metadata_log(directory, arena, NULL);
    for (int i = 0; i < directory->topic_count; i++)
        if (!write_topic(arena, &directory->topics[i]))
            return false;
    return write_log(arena, METADATA_DIRECTORY, "AAAAAAAAAAAAAAAAAAAAAQ", &log);
}

bool directory_write(const struct directory *directory, struct arena *arena, char *complaint,
                     size_t complaint_size)
{
    const char *more = directory->more_properties == NULL ? "" : directory->more_properties;
    bool written = write_text(arena, SERVER_PROPERTIES, "%s%s", server_properties, more)
                   && write_log_directory(arena)
                   && (directory->without_metadata_log || write_logs(directory, arena));
    if (!written)
        snprintf(complaint, complaint_size, "the files under /tmp cannot be written: %s", strerror(errno));
    return written;
}
