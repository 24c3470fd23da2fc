/* compare: see compare.h. Pure. */
#include "test/conversation/compare.h"

#include <inttypes.h>

enum { SHOWN_MAX = 160 }; /* bytes of a value */

struct comparing {
    struct buf path;
    difference_fn *found;
    void *context;
};

static void compare(struct comparing *in, const struct json_value *kafka, const struct json_value *here);

static void show(struct buf *out, const struct json_value *value)
{
    size_t start = out->len;
    if (value == NULL) {
        buf_append_str(out, "nothing");
        return;
    }
    tree_print(out, value);
    if (out->len - start <= SHOWN_MAX)
        return;
    out->len = start + SHOWN_MAX;
    while ((out->data[out->len] & 0xc0) == 0x80) /* not inside of a character */
        out->len--;
    buf_append_str(out, "...");
}

static void report(struct comparing *in, const struct json_value *kafka, const struct json_value *here)
{
    struct buf text = {0};
    buf_printf(&text, "%.*s: Kafka ", SLICE_ARGS(in->path.len > 0 ? buf_slice(&in->path) : SLICE("/")));
    show(&text, kafka);
    buf_append_str(&text, ", here ");
    show(&text, here);
    buf_append_char(&text, '\0');
    in->found(in->context, (const char *)text.data);
    buf_fini(&text);
}

static const struct json_value *find_twin(const struct json_value *object, struct slice name)
{
    tree_for_each(member, object)
        if (slice_equal(member->name, name))
            return member;
    return NULL;
}

static void compare_objects(struct comparing *in, const struct json_value *kafka,
                            const struct json_value *here)
{
    size_t len = in->path.len;
    tree_for_each(member, kafka) {
        buf_printf(&in->path, "/%.*s", SLICE_ARGS(member->name));
        compare(in, member, find_twin(here, member->name));
        in->path.len = len;
    }
    tree_for_each(extra, here) {
        buf_printf(&in->path, "/%.*s", SLICE_ARGS(extra->name));
        if (find_twin(kafka, extra->name) == NULL)
            compare(in, NULL, extra);
        in->path.len = len;
    }
}

static void compare_by_place(struct comparing *in, const struct json_value *kafka,
                             const struct json_value *here)
{
    const struct json_value *left = kafka->first, *right = here->first;
    size_t len = in->path.len;
    for (int i = 0; left != NULL || right != NULL; i++) {
        buf_printf(&in->path, "/%d", i);
        compare(in, left, right);
        in->path.len = len;
        left = left != NULL ? left->next : NULL;
        right = right != NULL ? right->next : NULL;
    }
}

/* ---- arrays that do not hold the same elements ---- */

/* The element's first member that says which one it is, and not how it fared. */
static const struct json_value *key_of(const struct json_value *element)
{
    const struct json_value *key = element->kind == JSON_OBJECT ? element->first : NULL;
    while (key != NULL
           && (slice_equal_str(key->name, "errorCode") || slice_equal_str(key->name, "errorMessage")))
        key = key->next;
    return key != NULL && (key->kind == JSON_NUMBER || key->kind == JSON_STRING) ? key : NULL;
}

static const struct json_value *find_by_key(const struct json_value *array, const struct json_value *key)
{
    tree_for_each(element, array)
        if (slice_equal(key_of(element)->name, key->name) && tree_equal(key_of(element), key))
            return element;
    return NULL;
}

/* Each element has a key, and no two have the same. */
static bool has_keys(const struct json_value *array)
{
    tree_for_each(element, array)
        if (key_of(element) == NULL)
            return false;
    tree_for_each(element, array)
        if (find_by_key(array, key_of(element)) != element)
            return false;
    return true;
}

/* Those that both have stand in the same order in both. */
static bool order_is_same(const struct json_value *kafka, const struct json_value *here)
{
    const struct json_value *left = kafka->first, *right = here->first;
    for (;;) {
        while (left != NULL && find_by_key(here, key_of(left)) == NULL)
            left = left->next;
        while (right != NULL && find_by_key(kafka, key_of(right)) == NULL)
            right = right->next;
        if (left == NULL || right == NULL)
            return true;
        if (!tree_equal(key_of(left), key_of(right)))
            return false;
        left = left->next;
        right = right->next;
    }
}

static void compare_by_key(struct comparing *in, const struct json_value *kafka,
                           const struct json_value *here)
{
    size_t len = in->path.len;
    const struct json_value *arrays[] = {kafka, here};
    for (int i = 0; i < 2; i++) {
        tree_for_each(element, arrays[i]) {
            const struct json_value *key = key_of(element), *twin = find_by_key(arrays[1 - i], key);
            buf_printf(&in->path, "/[%.*s %.*s]", SLICE_ARGS(key->name), SLICE_ARGS(key->text));
            if (i == 0)
                compare(in, element, twin);
            else if (twin == NULL)
                compare(in, NULL, element);
            in->path.len = len;
        }
    }
}

static void compare_arrays(struct comparing *in, const struct json_value *kafka,
                           const struct json_value *here)
{
    bool keyed = kafka->count != here->count && kafka->count > 0 && here->count > 0 && has_keys(kafka)
                 && has_keys(here);
    if (keyed && order_is_same(kafka, here))
        compare_by_key(in, kafka, here);
    else
        compare_by_place(in, kafka, here);
}

static void compare(struct comparing *in, const struct json_value *kafka, const struct json_value *here)
{
    if (kafka == NULL || here == NULL || kafka->kind != here->kind)
        report(in, kafka, here);
    else if (kafka->kind == JSON_OBJECT)
        compare_objects(in, kafka, here);
    else if (kafka->kind == JSON_ARRAY)
        compare_arrays(in, kafka, here);
    else if (!tree_equal(kafka, here))
        report(in, kafka, here);
}

void compare_answers(const struct json_value *kafka, const struct json_value *here, difference_fn *found,
                     void *context)
{
    struct comparing in = {.found = found, .context = context};
    compare(&in, kafka, here);
    buf_fini(&in.path);
}
