/* Everything that a stage learns from outside. See tape.h. */
#include "tape.h"

#include <stdlib.h>
#include <string.h>

/* Room for one more; grows by doubling at powers of two. */
static void *grown(void *items, int count, size_t item_size)
{
    if ((count & (count - 1)) != 0 || (count != 0 && count < 16))
        return items;
    size_t capacity = count < 16 ? 16 : 2 * (size_t)count;
    void *larger = realloc(items, capacity * item_size);
    if (larger == NULL)
        abort();
    return larger;
}

int tape_record(struct tape *tape, const struct seen *seen)
{
    tape->seen = grown(tape->seen, tape->seen_count, sizeof *tape->seen);
    struct seen *copy = &tape->seen[tape->seen_count];
    *copy = *seen;
    copy->what = arena_printf(&tape->arena, "%s", seen->what);
    copy->bytes = arena_copy(&tape->arena, seen->bytes, seen->size);
    return tape->seen_count++;
}

int tape_next(struct tape *tape, enum seen_kind kind, const char *what)
{
    if (tape->next == tape->seen_count)
        return -1;
    const struct seen *seen = &tape->seen[tape->next];
    if (seen->kind != kind || strcmp(seen->what, what) != 0)
        return -1;
    return tape->next++;
}

int tape_note(struct tape *tape, const struct field *field)
{
    if (!tape->mapping)
        return -1;
    tape->fields = grown(tape->fields, tape->field_count, sizeof *tape->fields);
    struct field *copy = &tape->fields[tape->field_count];
    *copy = *field;
    copy->path = arena_printf(&tape->arena, "%s", field->path);
    return tape->field_count++;
}

void tape_field_ends(struct tape *tape, int field, size_t end)
{
    if (field >= 0)
        tape->fields[field].size = end - tape->fields[field].start;
}

void tape_fini(struct tape *tape)
{
    free(tape->seen);
    free(tape->fields);
    arena_fini(&tape->arena);
}
