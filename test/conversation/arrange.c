/* arrange: see arrange.h. Changes the tree in place; no state. */
#include "test/conversation/arrange.h"

#include <inttypes.h>
#include <regex.h>
#include <stdio.h>
#include <stdlib.h>

/* ---- keep ---- */

/* What elements are called, the first that they have counts. */
static const char *const name_fields[] = {"name",  "groupId",      "transactionalId", "topicName",
                                          "topic", "resourceName", "configName",      "user"};

static bool is_wanted(const struct json_value *element, const regex_t *wanted)
{
    for (size_t i = 0; i < sizeof name_fields / sizeof name_fields[0]; i++) {
        const struct json_value *name = json_find(element, name_fields[i]);
        if (name == NULL)
            continue;
        char text[1024];
        snprintf(text, sizeof text, "%.*s", SLICE_ARGS(tree_text(name)));
        return regexec(wanted, text, 0, NULL, 0) == 0;
    }
    return true;
}

static void keep(struct json_value *value, const regex_t *wanted)
{
    for (struct json_value *child = value->first; child != NULL; child = child->next) {
        struct json_value **link = &child->first;
        if (child->kind != JSON_ARRAY)
            continue;
        while (*link != NULL) {
            if (is_wanted(*link, wanted)) {
                keep(*link, wanted);
                link = &(*link)->next;
            } else {
                *link = (*link)->next;
                child->count--;
            }
        }
    }
}

bool arrange_keep(struct json_value *answer, struct slice pattern, struct note *why)
{
    char text[256];
    regex_t wanted;
    int len = snprintf(text, sizeof text, "%.*s", SLICE_ARGS(pattern));
    int error = len >= (int)sizeof text ? REG_ESPACE : regcomp(&wanted, text, REG_EXTENDED | REG_NOSUB);
    if (error != 0) {
        note_set(why, "keep: '%s' is no pattern", text);
        return false;
    }
    keep(answer, &wanted);
    regfree(&wanted);
    return true;
}

/* ---- sort ---- */

struct sort_key {
    struct slice array; /* null: arrays of any name */
    struct slice by;    /* empty: arrays of plain values */
};

struct sort_item {
    struct json_value *value;
    struct slice text;
    char number[24]; /* what text is, if the key is a number */
    int32_t place;   /* as it came */
};

static void set_text(struct sort_item *item, struct slice by)
{
    const struct json_value *key = by.len == 0 ? item->value : tree_at(item->value, by);
    int64_t number;
    if (key == NULL)
        item->text = SLICE("");
    else if (json_integer(key, INT64_MIN, INT64_MAX, &number))
        snprintf(item->number, sizeof item->number, "%020" PRId64, number);
    else
        item->text = tree_text(key);
}

static int compare_items(const void *a, const void *b)
{
    const struct sort_item *left = a, *right = b;
    struct slice left_text = left->number[0] ? slice_str(left->number) : left->text;
    struct slice right_text = right->number[0] ? slice_str(right->number) : right->text;
    int order = slice_compare(left_text, right_text);
    return order != 0 ? order : left->place - right->place;
}

/* `by` as a pointer: "/name", or "". */
static void sort_array(struct json_value *array, struct slice by)
{
    struct json_value *first = array->first;
    if (array->kind != JSON_ARRAY || first == NULL || tree_is_plain(first) != (by.len == 0)
        || tree_at(first, by) == NULL)
        return;
    struct sort_item *items = calloc((size_t)array->count, sizeof *items);
    if (items == NULL)
        abort();
    int32_t count = 0;
    for (struct json_value *element = first; element != NULL; element = element->next, count++) {
        items[count] = (struct sort_item){.value = element, .place = count};
        set_text(&items[count], by);
    }
    qsort(items, (size_t)count, sizeof *items, compare_items);
    struct json_value **link = &array->first;
    for (int32_t i = 0; i < count; i++) {
        *link = items[i].value;
        link = &items[i].value->next;
    }
    *link = NULL;
    free(items);
}

static void sort_all(struct json_value *value, const struct sort_key *key)
{
    for (struct json_value *child = value->first; child != NULL; child = child->next) {
        if (value->kind == JSON_OBJECT && (slice_is_null(key->array) || slice_equal(child->name, key->array)))
            sort_array(child, key->by);
        sort_all(child, key);
    }
}

static void sort_by(struct json_value *answer, struct slice text)
{
    const uint8_t *colon = text.len > 0 ? memchr(text.data, ':', text.len) : NULL;
    struct sort_key key = {SLICE_NULL, SLICE("")};
    char pointer[128] = "";
    if (colon != NULL) {
        key.array = slice_of(text.data, (size_t)(colon - text.data));
        text = slice_from(text, key.array.len + 1);
    }
    if (text.len > 0)
        snprintf(pointer, sizeof pointer, "/%.*s", SLICE_ARGS(text));
    key.by = slice_str(pointer);
    sort_all(answer, &key);
}

void arrange_sort(struct json_value *answer, const struct json_value *sort)
{
    if (sort == NULL)
        return;
    if (sort->kind != JSON_ARRAY)
        sort_by(answer, sort->text);
    else
        tree_for_each(key, sort)
            sort_by(answer, key->text);
}
