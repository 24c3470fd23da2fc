/* Reads answers and files field by field. See reader.h. */
#include "reader.h"

#include "stage.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void reader_fail(const struct reader *reader, const char *format, ...)
{
    va_list values;
    va_start(values, format);
    const char *text = arena_vprintf(&reader->stage->arena, format, values);
    va_end(values);
    stage_fail(reader->stage, "%s: %s%s", reader->what, reader->path, text);
}

static int note(const struct reader *reader, enum field_kind kind, const char *name, size_t start,
                size_t lead)
{
    struct tape *tape = reader->stage->tape;
    if (!tape->mapping)
        return -1;
    struct field field = {
        .kind = kind, .seen = reader->seen, .start = start, .lead = lead, .size = reader->at - start};
    field.path = arena_printf(&reader->stage->arena, "%s: %s%s", reader->what, reader->path, name);
    return tape_note(tape, &field);
}

void enter(struct reader *reader, const char *format, ...)
{
    size_t length = strlen(reader->path);
    char name[64];
    va_list values;
    va_start(values, format);
    vsnprintf(name, sizeof name, format, values);
    va_end(values);
    if (reader->depth == MAX_DEPTH)
        reader_fail(reader, "%s nests too deeply", name);
    reader->path_ends[reader->depth] = length;
    reader->elements[reader->depth] = note(reader, FIELD_ELEMENT, name, reader->at, 0);
    reader->depth++;
    snprintf(reader->path + length, sizeof reader->path - length, "%s.", name);
}

void leave(struct reader *reader)
{
    reader->depth--;
    reader->path[reader->path_ends[reader->depth]] = '\0';
    tape_field_ends(reader->stage->tape, reader->elements[reader->depth], reader->at);
}

/* Takes size bytes; the stage ends if they are not there. */
static const uint8_t *take(struct reader *reader, const char *name, size_t size)
{
    size_t left = reader->end - reader->at;
    if (size > left)
        reader_fail(reader, "%s takes %zu bytes, %zu are left", name, size, left);
    const uint8_t *bytes = reader->bytes + reader->at;
    reader->at += size;
    return bytes;
}

static int64_t read_int(struct reader *reader, const char *name, size_t width)
{
    size_t start = reader->at;
    const uint8_t *bytes = take(reader, name, width);
    uint64_t value = (bytes[0] & 0x80) != 0 ? UINT64_MAX : 0;
    for (size_t i = 0; i < width; i++)
        value = value << 8 | bytes[i];
    note(reader, FIELD_INT, name, start, 0);
    return (int64_t)value;
}

int8_t read_i8(struct reader *reader, const char *name)
{
    return (int8_t)read_int(reader, name, 1);
}

int16_t read_i16(struct reader *reader, const char *name)
{
    return (int16_t)read_int(reader, name, 2);
}

int32_t read_i32(struct reader *reader, const char *name)
{
    return (int32_t)read_int(reader, name, 4);
}

int64_t read_i64(struct reader *reader, const char *name)
{
    return read_int(reader, name, 8);
}

static uint64_t take_uvarint(struct reader *reader, const char *name)
{
    uint64_t value = 0;
    for (int shift = 0; shift < 64; shift += 7) {
        uint8_t byte = *take(reader, name, 1);
        value |= (uint64_t)(byte & 0x7f) << shift;
        if (byte < 0x80)
            return value;
    }
    reader_fail(reader, "%s is a varint without an end", name);
}

uint64_t read_uvarint(struct reader *reader, const char *name)
{
    size_t start = reader->at;
    uint64_t value = take_uvarint(reader, name);
    note(reader, FIELD_VARINT, name, start, 0);
    return value;
}

int64_t read_varint(struct reader *reader, const char *name)
{
    uint64_t value = read_uvarint(reader, name);
    return (int64_t)(value >> 1 ^ (0 - (value & 1)));
}

const char *read_text(struct reader *reader, const char *name)
{
    size_t start = reader->at;
    uint64_t length = take_uvarint(reader, name);
    size_t lead = reader->at - start;
    const char *text = NULL;
    if (length > 0) {
        const uint8_t *bytes = take(reader, name, length - 1);
        char *copy = arena_alloc(&reader->stage->arena, length);
        memcpy(copy, bytes, length - 1);
        text = copy;
    }
    note(reader, FIELD_TEXT, name, start, lead);
    return text;
}

const uint8_t *read_uuid(struct reader *reader, const char *name)
{
    size_t start = reader->at;
    const uint8_t *uuid = take(reader, name, UUID_SIZE);
    note(reader, FIELD_UUID, name, start, 0);
    return uuid;
}

const uint8_t *read_bytes(struct reader *reader, const char *name, size_t size)
{
    size_t start = reader->at;
    const uint8_t *bytes = take(reader, name, size);
    note(reader, FIELD_BYTES, name, start, 0);
    return bytes;
}

int read_count(struct reader *reader, const char *name)
{
    size_t start = reader->at;
    uint64_t count = take_uvarint(reader, name);
    note(reader, FIELD_COUNT, name, start, 0);
    if (count > 0 && count - 1 > reader->end - reader->at)
        reader_fail(reader, "%s: %llu elements do not fit into %zu bytes", name,
                    (unsigned long long)count - 1, reader->end - reader->at);
    return (int)count - 1;
}

size_t read_size(struct reader *reader, const char *name)
{
    size_t start = reader->at;
    uint64_t size = take_uvarint(reader, name);
    size_t lead = reader->at - start;
    size = size > 0 ? size - 1 : 0;
    take(reader, name, size);
    note(reader, FIELD_SIZE, name, start, lead);
    reader->at -= size;
    return size;
}

void skip_tags(struct reader *reader)
{
    int count = read_count(reader, "tags") + 1; /* unlike an array's: zero is none */
    for (int i = 0; i < count; i++) {
        enter(reader, "tags[%d]", i);
        read_uvarint(reader, "tag");
        size_t size = (size_t)take_uvarint(reader, "size");
        read_bytes(reader, "content", size);
        leave(reader);
    }
}

void expect_no_tags(struct reader *reader)
{
    int count = read_count(reader, "tags") + 1;
    if (count != 0)
        reader_fail(reader, "tags has %d element(s), expected none", count);
}

void expect_equal(const struct reader *reader, const char *name, int64_t value, int64_t expected)
{
    if (value != expected)
        reader_fail(reader, "%s is %lld, expected %lld", name, (long long)value, (long long)expected);
}

void expect_i8(struct reader *reader, const char *name, int8_t expected)
{
    expect_equal(reader, name, read_i8(reader, name), expected);
}

void expect_i16(struct reader *reader, const char *name, int16_t expected)
{
    expect_equal(reader, name, read_i16(reader, name), expected);
}

void expect_i32(struct reader *reader, const char *name, int32_t expected)
{
    expect_equal(reader, name, read_i32(reader, name), expected);
}

void expect_i64(struct reader *reader, const char *name, int64_t expected)
{
    expect_equal(reader, name, read_i64(reader, name), expected);
}

void expect_uvarint(struct reader *reader, const char *name, uint64_t expected)
{
    expect_equal(reader, name, (int64_t)read_uvarint(reader, name), (int64_t)expected);
}

void expect_text(struct reader *reader, const char *name, const char *expected)
{
    const char *text = read_text(reader, name);
    bool same = text == NULL || expected == NULL ? text == expected : strcmp(text, expected) == 0;
    if (!same)
        reader_fail(reader, "%s is %s%s%s, expected %s%s%s", name, text ? "'" : "", text ? text : "null",
                    text ? "'" : "", expected ? "'" : "", expected ? expected : "null", expected ? "'" : "");
}

static const char *hex(struct arena *arena, const uint8_t *bytes, size_t size)
{
    char *text = arena_alloc(arena, 2 * size + 1);
    for (size_t i = 0; i < size; i++)
        snprintf(text + 2 * i, 3, "%02x", bytes[i]);
    return text;
}

void expect_uuid(struct reader *reader, const char *name, const uint8_t expected[UUID_SIZE])
{
    const uint8_t *uuid = read_uuid(reader, name);
    struct arena *arena = &reader->stage->arena;
    if (memcmp(uuid, expected, UUID_SIZE) != 0)
        reader_fail(reader, "%s is %s, expected %s", name, hex(arena, uuid, UUID_SIZE),
                    hex(arena, expected, UUID_SIZE));
}

void expect_some_uuid(struct reader *reader, const char *name)
{
    static const uint8_t zero[UUID_SIZE];
    if (memcmp(read_uuid(reader, name), zero, UUID_SIZE) == 0)
        reader_fail(reader, "%s is zero", name);
}

void expect_count(struct reader *reader, const char *name, int expected)
{
    int count = read_count(reader, name);
    if (count == -1)
        reader_fail(reader, "%s is null, expected %d element(s)", name, expected);
    if (count != expected)
        reader_fail(reader, "%s has %d element(s), expected %d", name, count, expected);
}

void expect_end(const struct reader *reader)
{
    if (reader->at != reader->end)
        reader_fail(reader, "%zu byte(s) are left over at the end", reader->end - reader->at);
}
