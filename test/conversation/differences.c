/* differences: see differences.h. */
#include "test/conversation/differences.h"

#include "test/conversation/script.h"

struct reading {
    struct arena *arena;
    struct difference **end;
    struct note *why;
    int line;
    bool has_reason;
    struct slice script, step;
};

/* '*' in the pattern stands for any text, also for none. */
static bool matches(struct slice pattern, struct slice text)
{
    size_t p = 0, t = 0, star = SIZE_MAX, resume = 0;
    while (t < text.len) {
        if (p < pattern.len && pattern.data[p] == '*') {
            star = p++;
            resume = t;
        } else if (p < pattern.len && pattern.data[p] == text.data[t]) {
            p++;
            t++;
        } else if (star != SIZE_MAX) {
            p = star + 1;
            t = ++resume;
        } else
            return false;
    }
    while (p < pattern.len && pattern.data[p] == '*')
        p++;
    return p == pattern.len;
}

static bool fail(struct reading *in, const char *what)
{
    note_set(in->why, "line %d: %s", in->line, what);
    return false;
}

static bool read_script(struct reading *in, struct slice line)
{
    if (!in->has_reason)
        return fail(in, "no reason (a line that begins with #) stands before it");
    if (line.data[line.len - 1] != ':')
        return fail(in, "a script's name ends in a colon");
    in->script = slice_of(line.data, line.len - 1);
    in->step = SLICE_NULL;
    return true;
}

static bool read_field(struct reading *in, struct slice line)
{
    if (slice_is_null(in->step))
        return fail(in, "no step (two blanks, 'line N, ...') stands before it");
    struct difference *added = arena_new(in->arena, struct difference);
    *added = (struct difference){.line = in->line, .script = in->script, .step = in->step, .field = line};
    *in->end = added;
    in->end = &added->next;
    return true;
}

static bool read_line(struct reading *in, struct slice line)
{
    size_t blanks = 0;
    while (blanks < line.len && line.data[blanks] == ' ')
        blanks++;
    if (blanks == line.len) {
        in->has_reason = false;
        in->script = SLICE_NULL;
        return true;
    }
    if (line.data[0] == '#') {
        in->has_reason = true;
        return true;
    }
    struct slice text = slice_from(line, blanks);
    if (blanks == 0)
        return read_script(in, text);
    if (slice_is_null(in->script))
        return fail(in, "no script's name stands before it");
    if (blanks == 4)
        return read_field(in, text);
    in->step = text;
    return blanks == 2 || fail(in, "two blanks before a step, four before a field");
}

bool differences_read(struct slice text, struct arena *arena, struct difference **list, struct note *why)
{
    struct reading in = {.arena = arena, .end = list, .why = why};
    *list = NULL;
    for (struct slice line; script_next_line(&text, &line);) {
        in.line++;
        if (!read_line(&in, line))
            return false;
    }
    return true;
}

bool differences_take(struct difference *list, struct slice script, struct slice step, struct slice field)
{
    bool found = false;
    for (struct difference *known = list; known != NULL; known = known->next)
        if (slice_equal(known->script, script) && matches(known->step, step)
            && matches(known->field, field)) {
            known->seen++;
            found = true;
        }
    return found;
}

struct difference *differences_find_unseen(struct difference *from, struct slice script)
{
    for (; from != NULL; from = from->next)
        if (from->seen == 0 && slice_equal(from->script, script))
            return from;
    return NULL;
}
