/*
 * script: see script.h. The table below is the list of all keys; the README says what they mean.
 */
#include "test/conversation/script.h"

enum {
    IN_NOTE = 1 << STEP_NOTE,
    IN_CREATE = 1 << STEP_CREATE,
    IN_AWAIT = 1 << STEP_AWAIT,
    IN_CLOSE = 1 << STEP_CLOSE,
    IN_SLEEP = 1 << STEP_SLEEP,
    IN_BYTES = 1 << STEP_BYTES,
    IN_REQUEST = 1 << STEP_REQUEST,
    IN_ANY = IN_NOTE | IN_CREATE | IN_AWAIT | IN_CLOSE | IN_SLEEP | IN_BYTES | IN_REQUEST,
    IN_ANSWERED = IN_AWAIT | IN_BYTES | IN_REQUEST,
    IN_SENT = IN_BYTES | IN_REQUEST,
};

enum {
    IS_NULL = 1 << JSON_NULL,
    IS_FLAG = 1 << JSON_TRUE | 1 << JSON_FALSE,
    IS_NUMBER = 1 << JSON_NUMBER,
    IS_STRING = 1 << JSON_STRING,
    IS_ARRAY = 1 << JSON_ARRAY,
    IS_OBJECT = 1 << JSON_OBJECT,
};

struct key {
    const char *name;
    int steps; /* in which it may stand */
    int kinds; /* of its value */
};

static const struct key keys[] = {
    {"note", IN_ANY, IS_STRING},
    {"sleep_ms", IN_SLEEP, IS_NUMBER},
    {"close", IN_CLOSE, IS_STRING},
    {"await", IN_AWAIT, IS_STRING},
    {"create", IN_CREATE, IS_STRING},
    {"partitions", IN_CREATE, IS_NUMBER},
    {"configs", IN_CREATE, IS_OBJECT},
    {"save", IN_CREATE, IS_STRING},
    {"save", IN_ANSWERED, IS_OBJECT},
    {"raw", IN_BYTES, IS_STRING},
    {"frame", IN_BYTES, IS_STRING},
    {"api", IN_SENT, IS_STRING},
    {"version", IN_SENT, IS_NUMBER | IS_STRING},
    {"request", IN_REQUEST, IS_OBJECT},
    {"on", IN_SENT, IS_STRING},
    {"client", IN_REQUEST, IS_STRING | IS_NULL},
    {"until", IN_SENT, IS_OBJECT},
    {"for_ms", IN_SENT, IS_NUMBER},
    {"async", IN_SENT, IS_FLAG},
    {"wait_ms", IN_ANSWERED, IS_NUMBER},
    {"elapsed", IN_SENT, IS_ARRAY},
    {"acks0", IN_ANSWERED, IS_FLAG},
    {"no_answer", IN_SENT, IS_FLAG},
    {"sort", IN_ANSWERED, IS_STRING | IS_ARRAY},
    {"keep", IN_ANSWERED, IS_STRING},
    {"mask", IN_ANSWERED, IS_ARRAY},
    {"throttle", IN_ANSWERED, IS_FLAG},
    {"key", IN_REQUEST, IS_NUMBER},
    {"body_version", IN_REQUEST, IS_NUMBER},
    {"answer_version", IN_SENT, IS_NUMBER},
    {"correlation", IN_SENT, IS_NUMBER},
    {"body", IN_REQUEST, IS_STRING},
    {"cut", IN_REQUEST, IS_NUMBER},
    {"append", IN_REQUEST, IS_STRING},
    {"size_off_by", IN_REQUEST, IS_NUMBER},
};

static enum step_kind kind_of(const struct json_value *value)
{
    static const struct {
        const char *name;
        enum step_kind kind;
    } marks[] = {
        {"sleep_ms", STEP_SLEEP}, {"close", STEP_CLOSE}, {"create", STEP_CREATE}, {"await", STEP_AWAIT},
        {"raw", STEP_BYTES},      {"frame", STEP_BYTES}, {"api", STEP_REQUEST},
    };
    for (size_t i = 0; i < sizeof marks / sizeof marks[0]; i++)
        if (json_find(value, marks[i].name) != NULL)
            return marks[i].kind;
    return STEP_NOTE;
}

/* A string with ${...} becomes what was saved, which may be of any kind. */
static bool is_of_kind(const struct json_value *value, int kinds)
{
    bool is_open = value->kind == JSON_STRING && memmem(value->text.data, value->text.len, "${", 2) != NULL;
    return is_open || (1 << value->kind & kinds) != 0;
}

static bool check_key(const struct json_value *member, enum step_kind kind, struct note *why)
{
    bool known = false;
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        if (!slice_equal_str(member->name, keys[i].name))
            continue;
        known = true;
        if ((keys[i].steps & 1 << kind) == 0)
            continue;
        if (is_of_kind(member, keys[i].kinds))
            return true;
        note_set(why, "'%s' cannot be %s here", keys[i].name, json_kind_name(member->kind));
        return false;
    }
    note_set(why, known ? "'%.*s' has no meaning in this kind of step" : "no key '%.*s' is known",
             SLICE_ARGS(member->name));
    return false;
}

/* A number, or "3-12". */
static bool read_versions(const struct json_value *value, struct step *step, struct note *why)
{
    step->first_version = step->last_version = 0;
    if (value == NULL)
        return true;
    const uint8_t *dash = value->text.len > 0 ? memchr(value->text.data + 1, '-', value->text.len - 1) : NULL;
    struct slice first = value->text, last = value->text;
    if (dash != NULL) {
        first.len = (size_t)(dash - first.data);
        last = slice_from(last, first.len + 1);
    }
    struct json_value from = {.kind = JSON_NUMBER, .text = first}, to = {.kind = JSON_NUMBER, .text = last};
    step->first_version = (int)tree_integer(&from, INT32_MIN);
    step->last_version = (int)tree_integer(&to, INT32_MIN);
    if (step->first_version >= INT16_MIN && step->last_version >= step->first_version
        && step->last_version <= INT16_MAX)
        return true;
    note_set(why, "'%.*s' is no version, and no range of them", SLICE_ARGS(value->text));
    return false;
}

bool script_check_step(const struct json_value *value, struct step *step, struct note *why)
{
    if (value->kind != JSON_OBJECT) {
        note_set(why, "a step is an object, not %s", json_kind_name(value->kind));
        return false;
    }
    step->value = value;
    step->kind = kind_of(value);
    tree_for_each(member, value)
        if (!check_key(member, step->kind, why))
            return false;
    if (step->kind == STEP_NOTE && json_find(value, "note") == NULL) {
        note_set(why, "a step that says nothing");
        return false;
    }
    return read_versions(json_find(value, "version"), step, why);
}

bool script_next_line(struct slice *text, struct slice *line)
{
    if (text->len == 0)
        return false;
    const uint8_t *newline = memchr(text->data, '\n', text->len);
    size_t len = newline != NULL ? (size_t)(newline - text->data) : text->len;
    *line = slice_of(text->data, len);
    *text = slice_from(*text, newline != NULL ? len + 1 : len);
    return true;
}

static bool is_left_out(struct slice line)
{
    for (size_t i = 0; i < line.len; i++)
        if (line.data[i] != ' ' && line.data[i] != '\t' && line.data[i] != '\r')
            return line.data[0] == '#' || slice_starts_with(line, SLICE("//"));
    return true;
}

bool script_read(struct slice text, struct arena *arena, struct step **steps, struct note *why)
{
    struct slice line;
    *steps = NULL;
    for (int number = 1; script_next_line(&text, &line); number++) {
        if (is_left_out(line))
            continue;
        struct step *step = arena_new(arena, struct step);
        const struct json_value *value = json_read(line, arena, why);
        if (value == NULL || !script_check_step(value, step, why)) {
            note_prefix(why, "line %d", number);
            return false;
        }
        step->line = number;
        *steps = step;
        steps = &step->next;
    }
    return true;
}
