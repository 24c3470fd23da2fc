/*
 * masks: see masks.h. Called for each answer, in the order in which they came.
 *
 * Invariants:
 * 1. A name once given stays. Two things of one kind never have the same name.
 * 2. Texts in `names`, `times` and `cluster_id` lie in the masks' own arena.
 */
#include "test/conversation/masks.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <strings.h>

#include "protocol/base/uuid.h"

static const int64_t near_ms = 86400000; /* a number that is no further from t0 is a time of this run */

struct mask_name {
    const char *kind;
    struct slice value;
    struct slice shown;
    struct mask_name *next;
};

struct mask_time {
    int64_t time;
    struct mask_time *next;
};

struct masking {
    struct masks *masks;
    const struct mask_options *options;
    struct arena *arena; /* of the result */
};

void masks_init(struct masks *masks, struct arena *arena, const char *host, uint16_t port, int64_t t0)
{
    *masks = (struct masks){.arena = arena, .host = host, .port = port, .t0 = t0};
    masks->last_name = &masks->names;
}

void masks_add_time(struct masks *masks, int64_t time)
{
    for (struct mask_time *known = masks->times; known != NULL; known = known->next)
        if (known->time == time)
            return;
    struct mask_time *added = arena_new(masks->arena, struct mask_time);
    *added = (struct mask_time){time, masks->times};
    masks->times = added;
}

static struct slice name_of(struct masks *masks, const char *kind, struct slice value)
{
    int number = 1;
    for (struct mask_name *name = masks->names; name != NULL; name = name->next) {
        if (strcmp(name->kind, kind) != 0)
            continue;
        if (slice_equal(name->value, value))
            return name->shown;
        number++;
    }
    struct mask_name *name = arena_new(masks->arena, struct mask_name);
    name->kind = kind;
    name->value = arena_dup(masks->arena, value);
    name->shown = arena_printf(masks->arena, "<%s:%d>", kind, number);
    *masks->last_name = name;
    masks->last_name = &name->next;
    return name->shown;
}

/* ---- times ---- */

static bool is_near(const struct masks *masks, int64_t number)
{
    int64_t distance = (int64_t)((uint64_t)number - (uint64_t)masks->t0);
    return distance > -near_ms && distance < near_ms;
}

static struct slice show_time(const struct masks *masks, int64_t number, struct arena *arena)
{
    for (const struct mask_time *known = masks->times; known != NULL; known = known->next)
        if (known->time == number)
            return number == masks->t0 ? SLICE("<t0>")
                                       : arena_printf(arena, "<t0%+" PRId64 ">", number - masks->t0);
    return SLICE("<time>");
}

/* ---- inside texts ---- */

/* How many bytes at `at` a pattern takes (0: it is not there), and what is shown instead. */
typedef size_t pattern_fn(struct masking *in, struct slice text, size_t at, struct slice *shown);

static struct slice replace(struct masking *in, struct slice text, pattern_fn *pattern)
{
    struct buf out = {0};
    bool found = false;
    for (size_t at = 0; at < text.len;) {
        struct slice shown;
        size_t len = pattern(in, text, at, &shown);
        if (len > 0)
            buf_append_slice(&out, shown);
        else
            buf_append_char(&out, (char)text.data[at]);
        found |= len > 0;
        at += len > 0 ? len : 1;
    }
    if (found)
        text = arena_dup(in->arena, buf_slice(&out));
    buf_fini(&out);
    return text;
}

static bool is_word(struct slice text, size_t at)
{
    return at < text.len && (isalnum(text.data[at]) || text.data[at] == '_');
}

static size_t count_digits(struct slice text, size_t at)
{
    size_t count = 0;
    while (at + count < text.len && isdigit(text.data[at + count]))
        count++;
    return count;
}

static bool starts_at(struct slice text, size_t at, struct slice with)
{
    return with.len > 0 && slice_starts_with(slice_from(text, at), with);
}

static size_t known_id(struct masking *in, struct slice text, size_t at, struct slice *shown)
{
    for (const struct mask_name *name = in->masks->names; name != NULL; name = name->next)
        if (strcmp(name->kind, "uuid") == 0 && starts_at(text, at, name->value)) {
            *shown = name->shown;
            return name->value.len;
        }
    return 0;
}

/* 8-4-4-4-12 hexadecimal digits: the random part of a member id. */
static size_t random_part(struct masking *in, struct slice text, size_t at, struct slice *shown)
{
    static const char form[] = "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx";
    enum { LEN = sizeof form - 1 };
    if (text.len - at < LEN)
        return 0;
    for (size_t i = 0; i < LEN; i++) {
        uint8_t c = text.data[at + i];
        if (form[i] == '-' ? c != '-' : !(isdigit(c) || (c >= 'a' && c <= 'f')))
            return 0;
    }
    *shown = name_of(in->masks, "id", slice_of(text.data + at, LEN));
    return LEN;
}

/* A word of thirteen digits, the first a one. */
static size_t time_text(struct masking *in, struct slice text, size_t at, struct slice *shown)
{
    enum { DIGITS = 13 };
    int64_t number = 0;
    if (text.data[at] != '1' || (at > 0 && is_word(text, at - 1)) || count_digits(text, at) != DIGITS
        || is_word(text, at + DIGITS))
        return 0;
    for (size_t i = 0; i < DIGITS; i++)
        number = number * 10 + (text.data[at + i] - '0');
    if (!is_near(in->masks, number))
        return 0;
    *shown = show_time(in->masks, number, in->arena);
    return DIGITS;
}

static size_t cluster_text(struct masking *in, struct slice text, size_t at, struct slice *shown)
{
    *shown = SLICE("<cluster>");
    return starts_at(text, at, in->masks->cluster_id) ? in->masks->cluster_id.len : 0;
}

/* Now less the largest number, as Kafka prints the earliest time that it takes. */
static size_t long_ago(struct masking *in, struct slice text, size_t at, struct slice *shown)
{
    enum { DIGITS = 19 };
    (void)in;
    *shown = SLICE("<long ago>");
    bool found = starts_at(text, at, SLICE("-92233")) && count_digits(text, at + 1) == DIGITS
                 && !is_word(text, at + 1 + DIGITS);
    return found ? 1 + DIGITS : 0;
}

static size_t address_text(struct masking *in, struct slice text, size_t at, struct slice *shown)
{
    char address[300];
    int len = snprintf(address, sizeof address, "%s:%u", in->masks->host, in->masks->port);
    *shown = SLICE("<host>:<port>");
    return starts_at(text, at, slice_str(address)) ? (size_t)len : 0;
}

static bool ends_with(struct slice text, const char *end)
{
    size_t len = strlen(end);
    return text.len >= len && strncasecmp((const char *)text.data + text.len - len, end, len) == 0;
}

/* Fields that hold ids in their 22-character form. */
static bool is_id_field(struct slice field)
{
    static const char *const names[] = {"topicId", "memberId", "leader", "topicIds", "clientInstanceId"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (slice_equal_str(field, names[i]))
            return true;
    return ends_with(field, "directoryId") || ends_with(field, "directories");
}

static bool is_id(struct slice text)
{
    if (text.len != UUID_TEXT_LEN
        || slice_starts_with(text, SLICE("AAAAAAAAAAAAAAAAAAAAA"))) /* a reserved one */
        return false;
    for (size_t i = 0; i < text.len; i++)
        if (!isalnum(text.data[i]) && text.data[i] != '-' && text.data[i] != '_')
            return false;
    return true;
}

/* ---- values ---- */

static struct json_value *mask_text(struct masking *in, struct slice field, struct slice text)
{
    struct masks *masks = in->masks;
    if (slice_equal_str(field, "clusterId")) {
        if (text.len > 0) /* an error leaves it out */
            masks->cluster_id = arena_dup(masks->arena, text);
        return tree_string(in->arena, SLICE("<cluster>"));
    }
    if (slice_equal_str(field, "host") && slice_equal_str(text, masks->host))
        return tree_string(in->arena, SLICE("<host>"));
    if (is_id_field(field) && is_id(text))
        name_of(masks, "uuid", text);
    static pattern_fn *const patterns[] = {known_id,     random_part, time_text,
                                           cluster_text, long_ago,    address_text};
    for (size_t i = 0; i < sizeof patterns / sizeof patterns[0]; i++)
        text = replace(in, text, patterns[i]);
    return tree_string(in->arena, arena_dup(in->arena, text));
}

static struct json_value *mask_number(struct masking *in, struct slice field, const struct json_value *value)
{
    struct masks *masks = in->masks;
    int64_t number;
    if (!json_integer(value, INT64_MIN, INT64_MAX, &number))
        return tree_copy(value, in->arena);
    struct slice shown = SLICE_NULL;
    if (slice_equal_str(field, "port") && number == masks->port)
        shown = SLICE("<port>");
    else if (slice_equal_str(field, "port") && number == masks->controller_port && number != 0)
        shown = SLICE("<controller port>");
    else if (slice_equal_str(field, "sessionId") && number != 0)
        shown = name_of(masks, "session", value->text);
    else if (slice_equal_str(field, "finalizedFeaturesEpoch") && number >= 0)
        shown = SLICE("<epoch>");
    else if (ends_with(field, "producerId") && number >= 0)
        shown = name_of(masks, "producer", value->text);
    else if (is_near(masks, number))
        shown = show_time(masks, number, in->arena);
    return slice_is_null(shown) ? tree_copy(value, in->arena) : tree_string(in->arena, shown);
}

static bool is_hidden(const struct masking *in, struct slice field)
{
    tree_for_each(name, in->options->hidden)
        if (slice_equal(name->text, field))
            return true;
    return false;
}

static struct json_value *mask(struct masking *in, struct slice field, const struct json_value *value,
                               bool failed);

static struct json_value *mask_children(struct masking *in, struct slice field,
                                        const struct json_value *value)
{
    bool is_object = value->kind == JSON_OBJECT;
    struct json_value *copy = is_object ? tree_object(in->arena) : tree_array(in->arena),
                      **link = &copy->first;
    bool failed = is_object && tree_integer(json_find(value, "errorCode"), 0) != 0;
    tree_for_each(child, value) {
        if (is_object && !in->options->shows_throttle && slice_equal_str(child->name, "throttleTimeMs"))
            continue;
        *link = mask(in, is_object ? child->name : field, child, failed);
        (*link)->name = arena_dup(in->arena, child->name);
        link = &(*link)->next;
        copy->count++;
    }
    return copy;
}

/* `failed`: it stands beside an error, and then a producer id of 0 is only a default. */
static struct json_value *mask(struct masking *in, struct slice field, const struct json_value *value,
                               bool failed)
{
    bool is_default = failed && slice_equal_str(field, "producerId");
    if (is_hidden(in, field) && !is_default)
        return tree_string(in->arena, SLICE("<masked>"));
    if (!tree_is_plain(value))
        return mask_children(in, field, value);
    if (value->kind == JSON_NUMBER && !is_default)
        return mask_number(in, field, value);
    if (value->kind == JSON_STRING)
        return mask_text(in, field, value->text);
    return tree_copy(value, in->arena);
}

struct json_value *masks_apply(struct masks *masks, const struct json_value *answer,
                               const struct mask_options *options, struct arena *arena)
{
    struct masking in = {masks, options, arena};
    return mask(&in, SLICE(""), answer, false);
}
