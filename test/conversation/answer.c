/* answer: see answer.h. */
#include "test/conversation/answer.h"

#include "protocol/base/ensure.h"
#include "protocol/schema/json.h"
#include "server/client.h"

static struct json_value *hex_of(struct slice bytes, struct arena *arena)
{
    struct buf text = {0};
    for (size_t i = 0; i < bytes.len; i++)
        buf_printf(&text, "%02x", bytes.data[i]);
    struct json_value *value = tree_string(arena, arena_dup(arena, buf_slice(&text)));
    buf_fini(&text);
    return value;
}

/* Whether these are the bytes that an encoder writes for this content: no padded numbers, no unknown tags,
 * defaults left out. */
static bool is_canonical(const struct pending *pending, const struct client_answer *answer)
{
    struct buf again = {0};
    struct writer writer;
    writer_init(&writer, &again, NULL);
    message_write(pending->api->response, pending->version, &writer, answer->body);
    bool same = slice_equal(buf_slice(&again), answer->body_bytes);
    buf_fini(&again);
    return same;
}

static struct json_value *to_json(const struct pending *pending, const void *body, struct arena *arena)
{
    struct buf text = {0};
    struct note why = {""};
    message_print_json(pending->api->response, pending->version, body, JSON_RECORDS_DECODED, &text);
    struct json_value *value = json_read(arena_dup(arena, buf_slice(&text)), arena, &why);
    buf_fini(&text);
    ensure(value != NULL && "we read what we print");
    return value;
}

static bool decode(const struct pending *pending, struct slice frame, struct arena *arena,
                   struct client_answer *answer, struct note *why)
{
    if (message_has_version(pending->api->response, pending->version))
        return client_read_answer(pending->api, pending->version, frame, arena, answer, why);
    note_set(why, "%s has no answer of version %d", pending->api->name, pending->version);
    return false;
}

struct json_value *answer_read(const struct pending *pending, struct slice frame, struct arena *arena,
                               struct json_value *result)
{
    struct client_answer answer;
    struct note why = {""};
    bool known = pending != NULL && pending->api != NULL;
    if (!known || !decode(pending, frame, arena, &answer, &why)) {
        if (known)
            tree_put(result, SLICE("undecodable"), tree_string(arena, arena_dup(arena, slice_str(why.text))));
        tree_put(result, SLICE("hex"), hex_of(frame, arena));
        return NULL;
    }
    int32_t off_by = (int32_t)((uint32_t)answer.correlation_id - (uint32_t)pending->correlation_id);
    if (off_by != 0)
        tree_put(result, SLICE("correlation"), tree_number(arena, off_by));
    if (answer.left_over.len > 0)
        tree_put(result, SLICE("left over"), hex_of(answer.left_over, arena));
    if (!is_canonical(pending, &answer))
        tree_put(result, SLICE("encoding"), tree_string(arena, SLICE("not as Kafka encodes this")));
    return to_json(pending, answer.body, arena);
}

static bool is_one_of(const struct json_value *value, const struct json_value *wanted)
{
    if (wanted->kind != JSON_ARRAY)
        return slice_equal(tree_text(value), tree_text(wanted));
    tree_for_each(one, wanted)
        if (slice_equal(tree_text(value), tree_text(one)))
            return true;
    return false;
}

bool answer_matches(const struct json_value *answer, const struct json_value *wanted)
{
    if (answer == NULL)
        return false;
    tree_for_each(want, wanted) {
        const struct json_value *value = tree_at(answer, want->name);
        if (value == NULL || !is_one_of(value, want))
            return false;
    }
    return true;
}
