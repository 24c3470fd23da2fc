/*
 * old_batches: see old_batches.h. A message:
 *
 *      0 offset  8 size  12 crc | 16 magic  17 attributes  (18 timestamp, magic 1)  key  value
 *
 * Key and value have a length of four bytes, -1 for null. Compressed ones lie, as a set, in the value of
 * another message.
 */
#include "test/conversation/old_batches.h"

#include "protocol/base/big_endian.h"
#include "protocol/wire/writer.h"

enum { CRC_AT = 12, MAGIC_AT = 16, OVERHEAD = 12 };

/* CRC-32 (not 32C), a bit at a time. */
static uint32_t crc32(struct slice bytes)
{
    uint32_t crc = UINT32_MAX;
    for (size_t i = 0; i < bytes.len; i++) {
        crc ^= bytes.data[i];
        for (int bit = 0; bit < 8; bit++)
            crc = crc >> 1 ^ (crc & 1 ? 0xedb88320 : 0);
    }
    return ~crc;
}

static void write_bytes(struct writer *writer, struct slice bytes)
{
    write_i32(writer, slice_is_null(bytes) ? -1 : (int32_t)bytes.len);
    write_raw(writer, bytes);
}

static void append_message(struct buf *out, int magic, enum codec codec, int64_t offset,
                           const struct batch_record *record)
{
    struct writer writer;
    size_t start = out->len;
    writer_init(&writer, out, NULL);
    write_i64(&writer, offset);
    write_i32(&writer, 0);
    write_u32(&writer, 0);
    write_i8(&writer, (int8_t)magic);
    write_i8(&writer, (int8_t)codec);
    if (magic > 0)
        write_i64(&writer, record->timestamp);
    write_bytes(&writer, record->key);
    write_bytes(&writer, record->value);
    struct slice covered = slice_from(buf_slice(out), start + MAGIC_AT);
    uint32_t crc = crc32(covered);
    store_u32(out->data + start + CRC_AT, crc);
    store_u32(out->data + start + OVERHEAD - 4, (uint32_t)(out->len - start - OVERHEAD));
}

bool old_batches_append(const struct expanding *in, const struct batch_records *records, int magic,
                        enum codec codec, struct buf *out)
{
    struct batch_record wrapper = {.timestamp = NO_TIMESTAMP};
    struct buf set = {0}, packed = {0};
    if (magic < 0 || magic > 1 || (codec != CODEC_NONE && codec != CODEC_GZIP)) {
        note_set(in->why, "$batch: magic %d with %s cannot be made", magic, codec_name((int)codec));
        return false;
    }
    for (int32_t i = 0; i < records->count; i++) {
        const struct batch_record *record = &records->items[i];
        append_message(&set, magic, CODEC_NONE, record->delta, record);
        if (record->timestamp > wrapper.timestamp)
            wrapper.timestamp = record->timestamp;
    }
    bool packs = codec != CODEC_NONE && records->count > 0;
    bool good = !packs || compress_into(codec, codec_default_level(codec), buf_slice(&set), &packed);
    if (packs && good) {
        wrapper.value = buf_slice(&packed);
        append_message(out, magic, codec, records->items[records->count - 1].delta, &wrapper);
    } else
        buf_append_slice(out, buf_slice(&set));
    buf_fini(&set);
    buf_fini(&packed);
    return good;
}
