#include "metadata/controller/config_list.h"

#include "protocol/base/buf.h"

#include <string.h>

static int32_t find_element(const struct slice *elements, int32_t count, struct slice element)
{
    for (int32_t i = 0; i < count; i++)
        if (slice_equal(elements[i], element))
            return i;
    return -1;
}

static struct slice join(const struct slice *elements, int32_t count, struct arena *arena)
{
    struct buf text = {0};
    for (int32_t i = 0; i < count; i++) {
        buf_append_str(&text, i > 0 ? "," : "");
        buf_append_slice(&text, elements[i]);
    }
    struct slice joined = arena_dup(arena, buf_slice(&text));
    buf_fini(&text);
    return joined;
}

/* At the commas and nowhere else, as Java's split() does: blanks belong to an element, empty ones at the end
 * are none. */
static int32_t split_as_written(struct slice value, struct slice **elements, struct arena *arena)
{
    int32_t count = 1;
    for (size_t i = 0; i < value.len; i++)
        count += value.data[i] == ',';
    *elements = arena_new_array(arena, struct slice, count);
    bool is_one = count == 1;
    count = 0;
    for (size_t from = 0, at = 0; at <= value.len; at++) {
        if (at < value.len && value.data[at] != ',')
            continue;
        (*elements)[count++] = slice_of(value.data + from, at - from);
        from = at + 1;
    }
    while (!is_one && count > 0 && (*elements)[count - 1].len == 0)
        count--;
    return count;
}

static int32_t remove_empty(struct slice *elements, int32_t count)
{
    int32_t kept = 0;
    for (int32_t i = 0; i < count; i++)
        if (elements[i].len > 0)
            elements[kept++] = elements[i];
    return kept;
}

struct slice config_list_change(struct slice list, struct slice values, bool append, struct arena *arena)
{
    struct slice *old = NULL;
    struct slice *named = NULL;
    int32_t count = split_as_written(list, &old, arena);
    int32_t named_count = split_as_written(values, &named, arena);
    count = remove_empty(old, count);
    struct slice *elements = arena_new_array(arena, struct slice, count + named_count);
    if (count > 0)
        memcpy(elements, old, sizeof *elements * (size_t)count);
    for (int32_t i = 0; i < named_count; i++) {
        int32_t at = find_element(elements, count, named[i]);
        if (append && at < 0) {
            elements[count++] = named[i];
        } else if (!append && at >= 0) {
            memmove(&elements[at], &elements[at + 1], sizeof *elements * (size_t)(count - at - 1));
            count--;
        }
    }
    return join(elements, count, arena);
}
