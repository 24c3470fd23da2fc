/* values: see values.h. */
#include "test/conversation/values.h"

#include <ctype.h>

#include "protocol/messages.h"
#include "protocol/schema/json.h"
#include "protocol/schema/json_text.h"
#include "test/conversation/batches.h"

/* ---- what was saved ---- */

struct saved_value {
    struct slice name;
    const struct json_value *value;
    struct saved_value *next;
};

static struct saved_value **find_link(struct saved *saved, struct slice name)
{
    struct saved_value **link = &saved->values;
    while (*link != NULL && !slice_equal((*link)->name, name))
        link = &(*link)->next;
    return link;
}

void saved_put(struct saved *saved, struct slice name, const struct json_value *value)
{
    struct saved_value **link = find_link(saved, name);
    if (*link == NULL) {
        *link = arena_new(saved->arena, struct saved_value);
        (*link)->name = arena_dup(saved->arena, name);
    }
    (*link)->value = tree_copy(value, saved->arena);
}

void saved_remove(struct saved *saved, struct slice name)
{
    struct saved_value **link = find_link(saved, name);
    if (*link != NULL)
        *link = (*link)->next;
}

const struct json_value *saved_find(const struct saved *saved, struct slice name)
{
    for (const struct saved_value *known = saved->values; known != NULL; known = known->next)
        if (slice_equal(known->name, name))
            return known->value;
    return NULL;
}

/* ---- ${name} ---- */

struct reference {
    size_t len; /* of "${name+5}"; 0: there is none */
    struct slice name;
    int64_t add;
    bool adds;
};

static struct reference find_reference(struct slice text, size_t at)
{
    struct reference found = {0};
    size_t end = at + 2, digits;
    if (!slice_starts_with(slice_from(text, at), SLICE("${")))
        return found;
    while (end < text.len && (isalnum(text.data[end]) || text.data[end] == '_'))
        end++;
    found.name = slice_of(text.data + at + 2, end - at - 2);
    if (end < text.len && (text.data[end] == '+' || text.data[end] == '-')) {
        bool plus = text.data[end] == '+';
        for (digits = end + 1; digits < text.len && isdigit(text.data[digits]);)
            digits++;
        struct json_value number = {
            .kind = JSON_NUMBER,
            .text = slice_of(text.data + end + plus, digits - end - plus),
        };
        found.adds = digits > end + 1 && json_integer(&number, INT64_MIN, INT64_MAX, &found.add);
        end = found.adds ? digits : text.len;
    }
    if (found.name.len > 0 && end < text.len && text.data[end] == '}')
        found.len = end + 1 - at;
    return found;
}

/* The value that a reference stands for; NULL with the reason. */
static struct json_value *resolve(const struct expanding *in, const struct reference *reference)
{
    const struct json_value *value = saved_find(in->saved, reference->name);
    if (value == NULL) {
        note_set(in->why, "nothing is saved as '%.*s'", SLICE_ARGS(reference->name));
        return NULL;
    }
    struct json_value *copy = tree_copy(value, in->arena);
    if (reference->adds)
        copy = tree_number(in->arena, (int64_t)((uint64_t)tree_integer(value, 0) + (uint64_t)reference->add));
    if (slice_equal_str(reference->name, "t0"))
        masks_add_time(in->masks, tree_integer(copy, 0));
    return copy;
}

static struct json_value *substitute_text(const struct expanding *in, struct slice text)
{
    struct buf out = {0};
    struct json_value *value = NULL;
    for (size_t at = 0; at < text.len;) {
        struct reference reference = find_reference(text, at);
        if (reference.len == 0) {
            buf_append_char(&out, (char)text.data[at++]);
            continue;
        }
        value = resolve(in, &reference);
        if (value == NULL || reference.len == text.len) {
            buf_fini(&out);
            return value;
        }
        buf_append_slice(&out, tree_text(value));
        at += reference.len;
    }
    value = tree_string(in->arena, arena_dup(in->arena, buf_slice(&out)));
    buf_fini(&out);
    return value;
}

struct json_value *values_substitute(const struct expanding *in, const struct json_value *value)
{
    if (value->kind == JSON_STRING)
        return substitute_text(in, value->text);
    if (tree_is_plain(value))
        return tree_copy(value, in->arena);
    struct json_value *copy = value->kind == JSON_OBJECT ? tree_object(in->arena) : tree_array(in->arena);
    struct json_value **link = &copy->first;
    tree_for_each(child, value) {
        *link = values_substitute(in, child);
        if (*link == NULL)
            return NULL;
        (*link)->name = child->name;
        link = &(*link)->next;
        copy->count++;
    }
    return copy;
}

/* ---- {"$form":...} ---- */

static int hex_digit(uint8_t c)
{
    return isdigit(c)             ? c - '0'
           : c >= 'a' && c <= 'f' ? c - 'a' + 10
           : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                  : -1;
}

bool values_unhex(struct slice text, struct arena *arena, struct slice *bytes)
{
    uint8_t *to = arena_alloc(arena, text.len / 2 + 1);
    size_t digits = 0;
    for (size_t i = 0; i < text.len; i++) {
        int digit = hex_digit(text.data[i]);
        if (text.data[i] == ' ')
            continue;
        if (digit < 0)
            return false;
        to[digits / 2] = (uint8_t)(to[digits / 2] << 4 | digit);
        digits++;
    }
    *bytes = slice_of(to, digits / 2);
    return digits % 2 == 0;
}

static bool expand_batches(const struct expanding *in, const struct json_value *what, struct slice *bytes)
{
    struct buf out = {0};
    bool built = true;
    if (what->kind == JSON_ARRAY)
        tree_for_each(batch, what)
            built = built && batches_append(in, batch, &out);
    else
        built = batches_append(in, what, &out);
    *bytes = arena_dup(in->arena, buf_slice(&out));
    buf_fini(&out);
    return built;
}

static bool expand_hex(const struct expanding *in, const struct json_value *what, struct slice *bytes)
{
    if (what->kind == JSON_STRING && values_unhex(what->text, in->arena, bytes))
        return true;
    note_set(in->why, "$hex: not pairs of hexadecimal digits");
    return false;
}

/* The consumer's embedded protocol: a version in two bytes, then the message. */
static bool expand_embedded(const struct expanding *in, const char *name, const struct json_value *what,
                            int64_t version, struct slice *bytes)
{
    const struct message *message = find_message(name);
    struct json_value *body = values_expand(in, what);
    if (message == NULL || body == NULL || !message_has_version(message, (int)version)) {
        note_set(in->why, message == NULL ? "no tables for %s yet" : "%s has no such version", name);
        return false;
    }
    struct buf json = {0}, out = {0};
    struct writer writer;
    void *data = arena_alloc(in->arena, message->schema()->size);
    tree_print(&json, body);
    bool parsed = message_parse_json(message, (int)version, buf_slice(&json), in->arena, data, in->why);
    if (parsed) {
        writer_init(&writer, &out, in->arena);
        write_i16(&writer, (int16_t)version);
        message_write(message, (int)version, &writer, data);
        *bytes = arena_dup(in->arena, buf_slice(&out));
    }
    buf_fini(&json);
    buf_fini(&out);
    return parsed;
}

static struct json_value *bytes_value(const struct expanding *in, struct slice bytes)
{
    struct buf quoted = {0};
    json_print_base64(&quoted, bytes);
    struct json_value *value =
        tree_string(in->arena, arena_dup(in->arena, slice_of(quoted.data + 1, quoted.len - 2)));
    buf_fini(&quoted);
    return value;
}

static bool has_two(const struct json_value *what)
{
    return what->kind == JSON_ARRAY && what->count == 2;
}

/* {"$repeat":["x",300]} */
static struct json_value *expand_repeat(const struct expanding *in, const struct json_value *what)
{
    int64_t times = has_two(what) ? tree_integer(what->first->next, -1) : -1;
    if (times < 0 || times > 100 * 1000 * 1000 || what->first->kind != JSON_STRING) {
        note_set(in->why, "$repeat: wants a string and how often");
        return NULL;
    }
    struct buf out = {0};
    for (int64_t i = 0; i < times; i++)
        buf_append_slice(&out, what->first->text);
    struct json_value *value = tree_string(in->arena, arena_dup(in->arena, buf_slice(&out)));
    buf_fini(&out);
    return value;
}

/* A copy of `json` with each '#' replaced by the index. */
static struct json_value *numbered(const struct expanding *in, struct slice json, int64_t index)
{
    struct buf out = {0};
    for (size_t i = 0; i < json.len; i++) {
        if (json.data[i] == '#')
            buf_printf(&out, "%lld", (long long)index);
        else
            buf_append_char(&out, (char)json.data[i]);
    }
    struct json_value *value = json_read(arena_dup(in->arena, buf_slice(&out)), in->arena, in->why);
    buf_fini(&out);
    return value == NULL ? NULL : values_expand(in, value);
}

/* {"$many":[3,"t#"]} */
static struct json_value *expand_many(const struct expanding *in, const struct json_value *what)
{
    int64_t count = has_two(what) ? tree_integer(what->first, -1) : -1;
    if (count < 0 || count > 1000 * 1000) {
        note_set(in->why, "$many: wants how many, and what");
        return NULL;
    }
    struct json_value *many = tree_array(in->arena), **link = &many->first;
    struct buf json = {0};
    tree_print(&json, what->first->next);
    bool good = true;
    for (; good && many->count < count; many->count++) {
        *link = numbered(in, buf_slice(&json), many->count);
        good = *link != NULL;
        if (good)
            link = &(*link)->next;
    }
    buf_fini(&json);
    return good ? many : NULL;
}

/* "$hex" alone; "$subscription" and "$assignment" may stand beside "version". */
static bool has_only(const struct expanding *in, const struct json_value *value, bool may_have_version)
{
    if (value->count == 1 || (may_have_version && value->count == 2 && json_find(value, "version") != NULL))
        return true;
    note_set(in->why, "more beside '%.*s' than it takes", SLICE_ARGS(value->first->name));
    return false;
}

static const struct json_value *find_form(const struct json_value *value)
{
    if (value->kind == JSON_OBJECT)
        tree_for_each(member, value)
            if (member->name.len > 0 && member->name.data[0] == '$')
                return member;
    return NULL;
}

/* Forms that stand for bytes. *known: it is one. */
static bool expand_to_bytes(const struct expanding *in, const struct json_value *value,
                            const struct json_value *form, struct slice *bytes, bool *known)
{
    bool subscription = slice_equal_str(form->name, "$subscription");
    int64_t version = tree_integer(json_find(value, "version"), 0);
    *known = true;
    if (subscription || slice_equal_str(form->name, "$assignment"))
        return has_only(in, value, true)
               && expand_embedded(
                   in, subscription ? "ConsumerProtocolSubscription" : "ConsumerProtocolAssignment", form,
                   version, bytes);
    if (!has_only(in, value, false))
        return false;
    if (slice_equal_str(form->name, "$batch") || slice_equal_str(form->name, "$batches"))
        return expand_batches(in, form, bytes);
    if (slice_equal_str(form->name, "$hex"))
        return expand_hex(in, form, bytes);
    if (slice_equal_str(form->name, "$text")) {
        *bytes = tree_text(form);
        return true;
    }
    *known = false;
    return false;
}

static struct json_value *expand_form(const struct expanding *in, const struct json_value *value,
                                      const struct json_value *form)
{
    struct slice bytes;
    bool known;
    if (expand_to_bytes(in, value, form, &bytes, &known))
        return bytes_value(in, bytes);
    if (known)
        return NULL;
    if (slice_equal_str(form->name, "$repeat"))
        return expand_repeat(in, form);
    if (slice_equal_str(form->name, "$many"))
        return expand_many(in, form);
    note_set(in->why, "no form '%.*s' is known", SLICE_ARGS(form->name));
    return NULL;
}

struct json_value *values_expand(const struct expanding *in, const struct json_value *value)
{
    const struct json_value *form = find_form(value);
    if (form != NULL)
        return expand_form(in, value, form);
    if (tree_is_plain(value))
        return tree_copy(value, in->arena);
    struct json_value *copy = value->kind == JSON_OBJECT ? tree_object(in->arena) : tree_array(in->arena);
    struct json_value **link = &copy->first;
    tree_for_each(child, value) {
        *link = values_expand(in, child);
        if (*link == NULL)
            return NULL;
        (*link)->name = child->name;
        link = &(*link)->next;
        copy->count++;
    }
    return copy;
}

bool values_read_bytes(const struct expanding *in, const struct json_value *value, struct slice *bytes)
{
    bool known = false;
    *bytes = SLICE_NULL;
    if (value == NULL || value->kind == JSON_NULL)
        return true;
    const struct json_value *form = find_form(value);
    if (form != NULL && expand_to_bytes(in, value, form, bytes, &known))
        return true;
    struct json_value *text = known ? NULL : values_expand(in, value);
    if (text == NULL)
        return false;
    *bytes = tree_text(text);
    return true;
}
