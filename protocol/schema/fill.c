/*
 * fill: a struct with content by chance, for round-trip tests and benchmarks. Fields that the version lacks
 * get their default, so that what is filled equals what comes back. Strings are valid UTF-8 and doubles are
 * numbers, so that JSON can say them too.
 */
#include "protocol/base/ensure.h"
#include "protocol/base/varint.h"
#include "protocol/schema/field.h"

#include <math.h>

enum {
    FIRST_UNKNOWN_TAG = 99,  /* above every tag that a table has */
    UNKNOWN_TAGS_SIZE = 256, /* room for two of them with short values */
    LONG_LEN = 300,          /* takes two bytes as a varint */
};

struct filling {
    uint64_t (*next_random)(void *state);
    void *state;
    struct arena *arena;
    int version;
    bool flexible;
};

static void fill_struct(const struct filling *in, const struct schema *schema, uint8_t *to, int depth);

static uint64_t below(const struct filling *in, uint64_t limit)
{
    return in->next_random(in->state) % limit;
}

/* Small, at the edges, or anything. */
static uint64_t fill_number(const struct filling *in, size_t size)
{
    uint64_t highest = UINT64_MAX >> (64 - 8 * size);
    switch (below(in, 6)) {
    case 0:
        return 0;
    case 1:
        return highest; /* -1 */
    case 2:
        return highest >> 1;
    case 3:
        return (highest >> 1) + 1;
    case 4:
        return below(in, 100);
    default:
        return in->next_random(in->state) & highest;
    }
}

static double fill_double(const struct filling *in)
{
    uint64_t bits = in->next_random(in->state);
    double value;
    memcpy(&value, &bits, sizeof value);
    return isfinite(value) && below(in, 2) ? value : (double)(int64_t)(bits % 2000) / 8 - 100;
}

static size_t fill_len(const struct filling *in)
{
    switch (below(in, 5)) {
    case 0:
        return 0;
    case 1:
        return LONG_LEN + below(in, 100);
    default:
        return below(in, 12);
    }
}

static struct slice fill_string(const struct filling *in)
{
    static const char *const pieces[] = {
        "a", "topic-", "\"", "\\", "\n", "\x01", "\xc3\xa9", "\xe6\x97\xa5", "\xf0\x9f\x98\x80", "/"};
    size_t len = fill_len(in), at = 0;
    char *text = arena_alloc(in->arena, len + 4);
    while (at < len) {
        const char *piece = pieces[below(in, sizeof pieces / sizeof pieces[0])];
        if (at + strlen(piece) > len)
            piece = "x";
        memcpy(text + at, piece, strlen(piece));
        at += strlen(piece);
    }
    return slice_of(text, len);
}

static struct slice fill_bytes(const struct filling *in)
{
    size_t len = fill_len(in);
    uint8_t *bytes = arena_alloc(in->arena, len);
    for (size_t i = 0; i < len; i++)
        bytes[i] = (uint8_t)in->next_random(in->state);
    return slice_of(bytes, len);
}

static void fill_uuid(const struct filling *in, uint8_t *to)
{
    for (size_t i = 0; i < sizeof(struct uuid); i++)
        to[i] = (uint8_t)in->next_random(in->state);
}

static void fill_element(const struct filling *in, const struct field *field, uint8_t *to, int depth)
{
    size_t size = scalar_size(field->element);
    if (field->element == FIELD_STRUCT)
        fill_struct(in, field->of(), to, depth + 1);
    else if (field->element == FIELD_STRING)
        *(struct slice *)(void *)to = fill_string(in);
    else if (field->element == FIELD_UUID)
        fill_uuid(in, to);
    else {
        uint64_t number = fill_number(in, size);
        memcpy(to, &number, size);
    }
}

/* Deeper arrays are shorter, so that no message grows without bound. */
static struct any_array fill_array(const struct filling *in, const struct field *field, int depth)
{
    size_t size = element_size(field);
    uint64_t most = depth > 2 ? 1 : field->element != FIELD_STRUCT && below(in, 8) == 0 ? 200 : 4;
    int32_t count = (int32_t)below(in, most + 1);
    uint8_t *items = arena_alloc(in->arena, size * (size_t)count);
    for (int32_t i = 0; i < count; i++)
        fill_element(in, field, items + (size_t)i * size, depth);
    return (struct any_array){.items = items, .count = count};
}

/* Tag, size and value of up to two fields that no table has, as they lie on the wire. */
static struct slice fill_unknown_tags(const struct filling *in)
{
    uint8_t *bytes = arena_alloc(in->arena, UNKNOWN_TAGS_SIZE);
    size_t at = 0;
    uint64_t count = in->flexible ? below(in, 3) : 0;
    for (uint64_t i = 0; i < count; i++) {
        size_t len = below(in, 20);
        at += uvarlong_write(bytes + at, FIRST_UNKNOWN_TAG + i * 1000);
        at += uvarlong_write(bytes + at, len);
        memset(bytes + at, (int)(0x40 + i), len);
        at += len;
    }
    return count == 0 ? SLICE_NULL : slice_of(bytes, at);
}

static void fill_present(const struct filling *in, const struct field *field, uint8_t *to, int depth)
{
    switch (field->kind) {
    case FIELD_BOOL:
        *(bool *)to = below(in, 2) != 0;
        break;
    case FIELD_F64:
        *(double *)(void *)to = fill_double(in);
        break;
    case FIELD_UUID:
        fill_uuid(in, to);
        break;
    case FIELD_STRING:
        *(struct slice *)(void *)to = fill_string(in);
        break;
    case FIELD_BYTES:
        *(struct slice *)(void *)to = fill_bytes(in);
        break;
    case FIELD_RECORDS:
        *(struct records *)(void *)to = (struct records){.bytes = fill_bytes(in)};
        break;
    case FIELD_STRUCT:
        fill_struct(in, field->of(), to, depth + 1);
        break;
    case FIELD_STRUCT_OR_NULL: {
        uint8_t *member = arena_alloc(in->arena, field->of()->size);
        fill_struct(in, field->of(), member, depth + 1);
        *(void **)(void *)to = member;
        break;
    }
    case FIELD_ARRAY:
        store_array(to, fill_array(in, field, depth));
        break;
    case FIELD_UNKNOWN_TAGS:
        *(struct slice *)(void *)to = fill_unknown_tags(in);
        break;
    default: {
        uint64_t number = fill_number(in, scalar_size(field->kind));
        memcpy(to, &number, scalar_size(field->kind));
    }
    }
}

static void fill_null(const struct field *field, uint8_t *to)
{
    switch (field->kind) {
    case FIELD_STRING:
    case FIELD_BYTES:
        *(struct slice *)(void *)to = SLICE_NULL;
        break;
    case FIELD_RECORDS:
        *(struct records *)(void *)to = (struct records){0};
        break;
    case FIELD_STRUCT_OR_NULL:
        *(void **)(void *)to = NULL;
        break;
    case FIELD_ARRAY:
        store_array(to, (struct any_array){.count = -1});
        break;
    default:
        ensure(false && "something that may be null");
    }
}

static void fill_struct(const struct filling *in, const struct schema *schema, uint8_t *to, int depth)
{
    schema_set_defaults(schema, to);
    for (size_t i = 0; i < schema->field_count; i++) {
        const struct field *field = &schema->fields[i];
        if (!field_is_present(field, in->version)
            || (field_is_tagged(field, in->version) && below(in, 3) == 0))
            continue;
        if (field_may_be_null(field, in->version) && below(in, 4) == 0)
            fill_null(field, to + field->offset);
        else
            fill_present(in, field, to + field->offset, depth);
    }
}

void message_fill(const struct message *message, int version, uint64_t (*next_random)(void *state),
                  void *state, struct arena *arena, void *to)
{
    ensure(message_has_version(message, version));
    struct filling in = {next_random, state, arena, version, message_is_flexible(message, version)};
    fill_struct(&in, message->schema(), to, 0);
}
