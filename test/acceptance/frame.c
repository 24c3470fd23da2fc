/* Writes bytes as Kafka has them. See frame.h. */
#include "frame.h"

#include <string.h>

static const char client_id[] = "kafka-tester";

struct frame frame_new(struct arena *arena)
{
    return (struct frame){.arena = arena};
}

void put_bytes(struct frame *frame, const void *bytes, size_t size)
{
    if (frame->size + size > frame->capacity) {
        size_t capacity = 2 * (frame->size + size) + 64;
        uint8_t *larger = arena_alloc(frame->arena, capacity);
        if (frame->size > 0)
            memcpy(larger, frame->bytes, frame->size);
        frame->bytes = larger;
        frame->capacity = capacity;
    }
    if (size > 0)
        memcpy(frame->bytes + frame->size, bytes, size);
    frame->size += size;
}

static void big_endian(uint8_t *at, int64_t value, size_t width)
{
    for (size_t i = 0; i < width; i++)
        at[i] = (uint8_t)((uint64_t)value >> (8 * (width - 1 - i)));
}

static void put_int(struct frame *frame, int64_t value, size_t width)
{
    uint8_t bytes[8];
    big_endian(bytes, value, width);
    put_bytes(frame, bytes, width);
}

void put_i8(struct frame *frame, int64_t value)
{
    put_int(frame, value, 1);
}

void put_i16(struct frame *frame, int64_t value)
{
    put_int(frame, value, 2);
}

void put_i32(struct frame *frame, int64_t value)
{
    put_int(frame, value, 4);
}

void put_i64(struct frame *frame, int64_t value)
{
    put_int(frame, value, 8);
}

void put_uvarint(struct frame *frame, uint64_t value)
{
    while (value >= 0x80) {
        put_int(frame, (int64_t)((value & 0x7f) | 0x80), 1);
        value >>= 7;
    }
    put_int(frame, (int64_t)value, 1);
}

void put_varint(struct frame *frame, int64_t value)
{
    put_uvarint(frame, ((uint64_t)value << 1) ^ (value < 0 ? UINT64_MAX : 0));
}

void put_count(struct frame *frame, int64_t count)
{
    put_uvarint(frame, (uint64_t)(count + 1));
}

void put_text(struct frame *frame, const char *text)
{
    if (text == NULL) {
        put_count(frame, -1);
        return;
    }
    put_count(frame, (int64_t)strlen(text));
    put_bytes(frame, text, strlen(text));
}

void put_uuid(struct frame *frame, const uint8_t uuid[UUID_SIZE])
{
    put_bytes(frame, uuid, UUID_SIZE);
}

void put_no_tags(struct frame *frame)
{
    put_uvarint(frame, 0);
}

void patch_i32(struct frame *frame, size_t at, int64_t value)
{
    big_endian(frame->bytes + at, value, 4);
}

void patch_i64(struct frame *frame, size_t at, int64_t value)
{
    big_endian(frame->bytes + at, value, 8);
}

struct frame request_begin(struct arena *arena, int key, int version, int32_t correlation_id)
{
    struct frame frame = frame_new(arena);
    put_i32(&frame, 0);
    put_i16(&frame, key);
    put_i16(&frame, version);
    put_i32(&frame, correlation_id);
    put_i16(&frame, (int64_t)strlen(client_id)); /* not compact, even in header version 2 */
    put_bytes(&frame, client_id, strlen(client_id));
    put_no_tags(&frame);
    return frame;
}

void request_end(struct frame *frame)
{
    patch_i32(frame, 0, (int64_t)frame->size - 4);
}
