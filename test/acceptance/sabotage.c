/* Breaking one thing of what a stage has seen. See sabotage.h. */
#include "sabotage.h"

#include "batch.h"
#include "crc32c.h"
#include "directory.h"

#include <string.h>

enum {
    BATCH_AT_LENGTH = 8,
    BATCH_AFTER_LENGTH = 12,
    BATCH_AT_CRC = 17,
    BATCH_AFTER_CRC = 21,
    BATCH_AT_COUNT = 57
};

bool is_done_to_whole(enum how how)
{
    return how >= MISSING;
}

static uint32_t load_u32(const uint8_t *at)
{
    return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

static void store(uint8_t *at, uint64_t value, size_t width)
{
    for (size_t i = 0; i < width; i++)
        at[i] = (uint8_t)(value >> 8 * (width - 1 - i));
}

static uint64_t load_uvarint(const uint8_t *at)
{
    uint64_t value = 0;
    int shift = 0;
    do {
        value |= (uint64_t)(*at & 0x7f) << shift;
        shift += 7;
    } while ((*at++ & 0x80) != 0);
    return value;
}

static struct frame uvarint(struct arena *arena, uint64_t value)
{
    struct frame frame = frame_new(arena);
    put_uvarint(&frame, value);
    return frame;
}

struct seen splice(const struct seen *seen, size_t start, size_t old_size, const void *bytes, size_t size,
                   bool right_size, struct arena *arena)
{
    struct frame frame = frame_new(arena);
    struct seen spliced = *seen;
    put_bytes(&frame, seen->bytes, start);
    put_bytes(&frame, bytes, size);
    put_bytes(&frame, seen->bytes + start + old_size, seen->size - start - old_size);
    if (right_size && seen->kind == SEEN_ANSWER && size != old_size)
        store(frame.bytes, load_u32(frame.bytes) + size - old_size, 4);
    spliced.bytes = frame.bytes;
    spliced.size = frame.size;
    return spliced;
}

/* Everything that says how long something around at is follows a change of its length: so far, only
 * the records in a Fetch answer. */
static void right_sizes(const struct tape *tape, const struct field *inner, int64_t change,
                        struct arena *arena, struct seen *broken)
{
    for (int i = 0; i < tape->field_count; i++) {
        const struct field *outer = &tape->fields[i];
        if (outer->kind != FIELD_SIZE || outer->seen != inner->seen
            || inner->start < outer->start + outer->lead || inner->start >= outer->start + outer->size
            || change == 0)
            continue;
        uint64_t size = load_uvarint(broken->bytes + outer->start) + (uint64_t)change;
        struct frame raw = uvarint(arena, size);
        *broken = splice(broken, outer->start, outer->lead, raw.bytes, raw.size, true, arena);
    }
}

/* Makes the checksums of all batches from..to right. */
static void right_checksums(uint8_t *from, const uint8_t *to)
{
    while (to - from > BATCH_AFTER_CRC) {
        size_t size = BATCH_AFTER_LENGTH + (size_t)load_u32(from + BATCH_AT_LENGTH);
        if (size > (size_t)(to - from))
            return;
        store(from + BATCH_AT_CRC, crc32c(from + BATCH_AFTER_CRC, size - BATCH_AFTER_CRC), 4);
        from += size;
    }
}

/* Where the batches around a field lie: a whole file, or the records of an answer. */
static bool right_checksums_around(const struct tape *tape, const struct field *inner, struct seen *broken)
{
    uint8_t *bytes = (uint8_t *)(uintptr_t)broken->bytes; /* splice made them ours */
    if (broken->kind == SEEN_FILE) {
        right_checksums(bytes, bytes + broken->size);
        return true;
    }
    for (int i = 0; i < tape->field_count; i++) {
        const struct field *outer = &tape->fields[i];
        size_t end = outer->start + outer->size;
        if (outer->kind == FIELD_SIZE && outer->seen == inner->seen && inner->start < end
            && inner->start >= outer->start + outer->lead) {
            right_checksums(bytes + outer->start + outer->lead, bytes + end);
            return true;
        }
    }
    return false;
}

/* The field's new bytes, given its old ones; none if this cannot be done to it. */
static struct frame altered(const struct field *field, const uint8_t *old, struct arena *arena)
{
    struct frame bytes = frame_new(arena);
    if (field->kind == FIELD_COUNT)
        return uvarint(arena, load_uvarint(old) + 2);
    if (field->kind == FIELD_TEXT && field->size == field->lead) {
        put_text(&bytes, "x"); /* it was null or empty */
        return bytes;
    }
    if (field->kind == FIELD_ELEMENT || field->size == 0)
        return bytes;
    put_bytes(&bytes, old, field->size);
    if (field->kind == FIELD_SIZE || field->kind == FIELD_VARINT)
        bytes.bytes[0] ^= 2;
    else
        bytes.bytes[field->size - 1] ^= 1;
    return bytes;
}

static struct frame set_to(const struct field *field, const uint8_t *old, int64_t value, struct arena *arena)
{
    struct frame bytes = frame_new(arena);
    if (field->kind == FIELD_ELEMENT || field->kind == FIELD_BYTES)
        return bytes;
    if (field->kind == FIELD_COUNT || field->kind == FIELD_VARINT || field->kind == FIELD_TEXT)
        return uvarint(arena, (uint64_t)value);
    put_bytes(&bytes, old, field->size);
    if (field->kind == FIELD_SIZE)
        bytes.bytes[0] = (uint8_t)value;
    else if (field->kind == FIELD_UUID)
        memset(bytes.bytes, (int)value, field->size);
    else
        store(bytes.bytes, (uint64_t)value, field->size);
    return bytes;
}

/* The count of the array that an element is in: what its path is without the index. */
static const struct field *count_around(const struct tape *tape, const struct field *element)
{
    size_t length = (size_t)(strrchr(element->path, '[') - element->path);
    const struct field *found = NULL;
    for (int i = 0; i < tape->field_count && &tape->fields[i] != element; i++) {
        const struct field *field = &tape->fields[i];
        if (field->kind == FIELD_COUNT && field->seen == element->seen && strlen(field->path) == length
            && strncmp(field->path, element->path, length) == 0)
            found = field;
    }
    return found;
}

static bool drop(const struct tape *tape, const struct field *element, struct arena *arena,
                 struct seen *broken)
{
    if (element->kind != FIELD_ELEMENT || element->size == 0)
        return false;
    const struct field *count = strchr(element->path, '[') ? count_around(tape, element) : NULL;
    *broken = splice(broken, element->start, element->size, "", 0, true, arena);
    if (count != NULL) {
        struct frame raw = uvarint(arena, load_uvarint(broken->bytes + count->start) - 1);
        *broken = splice(broken, count->start, count->size, raw.bytes, raw.size, true, arena);
    }
    right_sizes(tape, element, -(int64_t)element->size, arena, broken);
    return true;
}

/* The element right after this one in the same array. */
static const struct field *next_element(const struct tape *tape, const struct field *element)
{
    size_t length = (size_t)(strrchr(element->path, '[') - element->path);
    for (int i = 0; i < tape->field_count; i++) {
        const struct field *field = &tape->fields[i];
        if (field->kind == FIELD_ELEMENT && field->seen == element->seen
            && field->start == element->start + element->size && field->size > 0
            && strncmp(field->path, element->path, length + 1) == 0
            && strchr(field->path + length + 1, '[') == NULL)
            return field;
    }
    return NULL;
}

static bool swap(const struct tape *tape, const struct field *element, struct arena *arena,
                 struct seen *broken)
{
    if (element->kind != FIELD_ELEMENT || strrchr(element->path, '[') == NULL)
        return false;
    const struct field *next = next_element(tape, element);
    if (next == NULL)
        return false;
    struct frame swapped = frame_new(arena);
    put_bytes(&swapped, broken->bytes + next->start, next->size);
    put_bytes(&swapped, broken->bytes + element->start, element->size);
    *broken = splice(broken, element->start, swapped.size, swapped.bytes, swapped.size, true, arena);
    return true;
}

static bool replace(const struct tape *tape, const struct field *field, const struct frame *bytes,
                    struct arena *arena, struct seen *broken)
{
    if (bytes->size == 0)
        return false;
    *broken = splice(broken, field->start, field->size, bytes->bytes, bytes->size, true, arena);
    right_sizes(tape, field, (int64_t)bytes->size - (int64_t)field->size, arena, broken);
    return true;
}

bool sabotage_field(const struct tape *tape, const struct field *field, enum how how, int64_t value,
                    struct arena *arena, struct seen *broken)
{
    *broken = tape->seen[field->seen];
    const uint8_t *old = broken->bytes + field->start;
    struct frame bytes;
    switch (how) {
    case ALTERED:
    case ALTERED_WITH_CRC:
        bytes = altered(field, old, arena);
        return replace(tape, field, &bytes, arena, broken)
               && (how == ALTERED || right_checksums_around(tape, field, broken));
    case SET_TO:
        bytes = set_to(field, old, value, arena);
        return replace(tape, field, &bytes, arena, broken);
    case DROPPED:
        return drop(tape, field, arena, broken);
    case SWAPPED:
        return swap(tape, field, arena, broken);
    default:
        return false;
    }
}

/* One more sound batch, with a topic in it, that follows the last one. */
static struct seen with_topic(const struct seen *seen, struct arena *arena)
{
    struct frame value = frame_new(arena);
    struct frame added = frame_new(arena);
    struct batch batch = {.values = &value, .value_count = 1};
    put_bytes(&value, (const uint8_t[]){1, 2, 0}, 3); /* TopicRecord */
    put_text(&value, "surprise");
    put_uuid(&value, directory_id);
    put_no_tags(&value);
    for (size_t at = 0; at < seen->size;) {
        const uint8_t *bytes = seen->bytes + at;
        batch.base_offset = (int64_t)((uint64_t)load_u32(bytes) << 32 | load_u32(bytes + 4))
                            + load_u32(bytes + BATCH_AT_COUNT);
        batch.leader_epoch = (int32_t)load_u32(bytes + BATCH_AFTER_LENGTH);
        at += BATCH_AFTER_LENGTH + (size_t)load_u32(bytes + BATCH_AT_LENGTH);
    }
    put_batch(&added, &batch);
    return splice(seen, seen->size, 0, added.bytes, added.size, false, arena);
}

bool sabotage_whole(const struct seen *seen, enum how how, struct arena *arena, struct seen *broken)
{
    static const uint8_t zeros[4096];
    *broken = *seen;
    switch (how) {
    case MISSING:
    case PRESENT:
        broken->present = how == PRESENT;
        return broken->present != seen->present;
    case EMPTY:
        broken->size = 0;
        return true;
    case SHORTENED:
        broken->size--;
        return seen->size > 0;
    case LENGTHENED:
        *broken = splice(seen, seen->size, 0, zeros, sizeof zeros, false, arena);
        return true;
    case BYTE_ALTERED:
        *broken = splice(seen, 0, 0, "", 0, false, arena);
        ((uint8_t *)(uintptr_t)broken->bytes)[seen->size / 2] ^= 1;
        return seen->size > 0;
    case WITH_TOPIC:
        *broken = with_topic(seen, arena);
        return true;
    default:
        return false;
    }
}
