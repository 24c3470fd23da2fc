/*
 * message_set: see message_set.h. Called by what reads logs for people and for clients, never when producing.
 */
#include "protocol/message_set.h"

#include "protocol/base/big_endian.h"

#include <zlib.h>

enum {
    SIZE_AT = 8,
    CRC_AT = 12,
    MAGIC_AT = 16, /* the first byte that the CRC covers */
    ATTRIBUTES_AT = 17,
    BODY_AT = 18,
    LENGTH_SIZE = 4,
    LOG_APPEND_TIME = 0x08,
};

static bool damaged(struct note *why, const char *what)
{
    note_set(why, "message set: %s", what);
    return false;
}

/* An int32 length and so many bytes; any negative length is null. */
static bool take_bytes(struct slice *from, struct slice *bytes)
{
    *bytes = SLICE_NULL;
    if (from->len < LENGTH_SIZE)
        return false;
    int32_t len = load_i32(from->data);
    *from = slice_from(*from, LENGTH_SIZE);
    if (len < 0)
        return true;
    if ((size_t)len > from->len)
        return false;
    *bytes = slice_of(from->data, (size_t)len);
    *from = slice_from(*from, (size_t)len);
    return true;
}

static bool read_body(struct slice body, struct message_set_entry *entry, struct note *why)
{
    entry->timestamp = NO_TIMESTAMP;
    if (entry->magic == 1) {
        if (body.len < sizeof(int64_t))
            return damaged(why, "an entry ends early");
        entry->timestamp = load_i64(body.data);
        body = slice_from(body, sizeof(int64_t));
    }
    bool whole = take_bytes(&body, &entry->key) && take_bytes(&body, &entry->value) && body.len == 0;
    return whole ? true : damaged(why, "an entry's lengths are wrong");
}

bool message_set_next(struct slice bytes, struct message_set_entry *entry, size_t *size, struct note *why)
{
    if (bytes.len < BODY_AT)
        return damaged(why, "an entry ends early");
    int32_t length = load_i32(bytes.data + SIZE_AT);
    if (length < BODY_AT - CRC_AT || (size_t)length > bytes.len - CRC_AT)
        return damaged(why, "an entry's size is wrong");
    *size = (size_t)length + CRC_AT;
    uLong crc = crc32(crc32(0, NULL, 0), bytes.data + MAGIC_AT, (uInt)(*size - MAGIC_AT));
    if (crc != load_u32(bytes.data + CRC_AT))
        return damaged(why, "a CRC is wrong");
    uint8_t attributes = bytes.data[ATTRIBUTES_AT];
    *entry = (struct message_set_entry){
        .offset = load_i64(bytes.data),
        .magic = bytes.data[MAGIC_AT],
        .codec = attributes & BATCH_CODEC_MASK,
        .log_append_time = bytes.data[MAGIC_AT] == 1 && (attributes & LOG_APPEND_TIME) != 0,
    };
    if (entry->magic > 1 || entry->codec > CODEC_LZ4)
        return damaged(why, "the magic or the codec is another");
    return read_body(slice_of(bytes.data + BODY_AT, *size - BODY_AT), entry, why);
}

/*
 * Clients of magic 0 computed the checksum of the LZ4 frame's header over the wrong bytes. They all wrote
 * independent blocks and no other flags, so that it depends on the block size alone.
 */
static void mend_lz4(struct buf *frame)
{
    enum { FLAGS_AT = 4, BLOCK_SIZE_AT = 5, CHECKSUM_AT = 6, HEADER_SIZE = 7, PLAIN_FLAGS = 0x60 };
    static const uint8_t checksums[] = {[4] = 0x82, [5] = 0xfb, [6] = 0x51, [7] = 0x73};
    if (frame->len < HEADER_SIZE || frame->data[FLAGS_AT] != PLAIN_FLAGS)
        return;
    unsigned block_size = frame->data[BLOCK_SIZE_AT] >> 4;
    if (block_size >= 4 && block_size < sizeof checksums)
        frame->data[CHECKSUM_AT] = checksums[block_size];
}

static bool inflate_entry(const struct message_set_entry *entry, size_t cap, struct buf *set,
                          struct note *why)
{
    struct slice value = slice_is_null(entry->value) ? SLICE("") : entry->value;
    struct buf mended = {0};
    if (entry->magic == 0 && entry->codec == CODEC_LZ4) {
        buf_append_slice(&mended, value);
        mend_lz4(&mended);
        value = buf_slice(&mended);
    }
    bool good = decompress_into((enum codec)entry->codec, value, cap, set, why);
    buf_fini(&mended);
    return good;
}

/* Inner offsets of magic 1 count from 0; the entry outside has the last one's. */
static bool first_offset(const struct message_set_entry *outer, struct slice set, int64_t *first,
                         struct note *why)
{
    struct message_set_entry inner = {0};
    for (size_t size; set.len > 0; set = slice_from(set, size)) {
        if (!message_set_next(set, &inner, &size, why))
            return false;
        if (inner.codec != CODEC_NONE)
            return damaged(why, "compressed inside compressed");
    }
    *first = outer->magic == 0 ? 0 : (int64_t)((uint64_t)outer->offset - (uint64_t)inner.offset);
    return true;
}

static struct record record_of(const struct message_set_entry *entry, int64_t offset, int64_t timestamp)
{
    return (struct record){
        .offset = offset,
        .timestamp = timestamp,
        .sequence = NO_SEQUENCE,
        .key = entry->key,
        .value = entry->value,
        .headers = SLICE(""),
    };
}

bool message_set_records(const struct message_set_entry *entry, size_t cap,
                         bool (*take)(void *context, const struct record *record), void *context,
                         struct note *why)
{
    if (entry->codec == CODEC_NONE) {
        struct record record = record_of(entry, entry->offset, entry->timestamp);
        take(context, &record);
        return true;
    }
    struct buf set = {0};
    int64_t first = 0;
    bool good = inflate_entry(entry, cap, &set, why) && first_offset(entry, buf_slice(&set), &first, why);
    bool wanted = good;
    for (struct slice rest = buf_slice(&set); wanted && rest.len > 0;) {
        struct message_set_entry inner;
        size_t size;
        wanted = message_set_next(rest, &inner, &size, why);
        if (!wanted)
            break;
        struct record record = record_of(&inner, (int64_t)((uint64_t)first + (uint64_t)inner.offset),
                                         entry->log_append_time ? entry->timestamp : inner.timestamp);
        wanted = take(context, &record);
        rest = slice_from(rest, size);
    }
    buf_fini(&set);
    return good;
}
