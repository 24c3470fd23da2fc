/* request: see request.h. */
#include "test/conversation/request.h"

#include "protocol/base/big_endian.h"
#include "protocol/schema/json.h"
#include "server/client.h"

enum { LENGTH_SIZE = 4 };

/* Kafka's own name, to the letter. */
static const struct api *find_step_api(const struct expanding *in, const struct json_value *name)
{
    const struct api *api = find_api_by_name(name->text);
    if (api == NULL || !slice_equal_str(name->text, api->name))
        note_set(in->why, "no API is named %.*s", SLICE_ARGS(name->text));
    else if (api->request == NULL)
        note_set(in->why, "no tables for %s yet", api->name);
    else
        return api;
    return NULL;
}

static bool append_hex(const struct expanding *in, const struct json_value *value, const char *key,
                       struct buf *out)
{
    struct slice bytes = SLICE("");
    const struct json_value *text = json_find(value, key);
    if (text != NULL && !values_unhex(text->text, in->arena, &bytes)) {
        note_set(in->why, "'%s' is not pairs of hexadecimal digits", key);
        return false;
    }
    buf_append_slice(out, bytes);
    return true;
}

/* "raw": as it is; "frame": behind its length. */
static bool append_bytes(const struct expanding *in, const struct json_value *value, struct buf *out)
{
    size_t start = out->len;
    if (json_find(value, "raw") != NULL)
        return append_hex(in, value, "raw", out);
    memset(buf_reserve(out, LENGTH_SIZE), 0, LENGTH_SIZE);
    out->len += LENGTH_SIZE;
    if (!append_hex(in, value, "frame", out))
        return false;
    store_u32(out->data + start, (uint32_t)(out->len - start - LENGTH_SIZE));
    return true;
}

/* The request's fields, by the tables. */
static bool append_message(const struct expanding *in, const struct json_value *value, const struct api *api,
                           int version, struct buf *out)
{
    const struct json_value *request = json_find(value, "request");
    struct json_value *expanded = request != NULL ? values_expand(in, request) : tree_object(in->arena);
    void *data = arena_alloc(in->arena, api->request->schema()->size);
    struct buf json = {0};
    struct writer writer;
    if (expanded == NULL)
        return false;
    tree_print(&json, expanded);
    bool parsed = message_parse_json(api->request, version, buf_slice(&json), in->arena, data, in->why);
    buf_fini(&json);
    if (!parsed)
        return false;
    writer_init(&writer, out, in->arena);
    message_write(api->request, version, &writer, data);
    return true;
}

static bool append_body(const struct expanding *in, const struct json_value *value, const struct api *api,
                        int version, struct buf *out)
{
    bool good = json_find(value, "body") != NULL ? append_hex(in, value, "body", out)
                                                 : append_message(in, value, api, version, out);
    int64_t cut = tree_integer(json_find(value, "cut"), 0);
    if (!good)
        return false;
    if (cut < 0 || cut > (int64_t)out->len) {
        note_set(in->why, "the body has %zu bytes, not %lld to cut", out->len, (long long)cut);
        return false;
    }
    out->len -= (size_t)cut;
    return append_hex(in, value, "append", out);
}

static bool append_request(const struct expanding *in, const struct json_value *value, int version,
                           const struct pending *pending, struct buf *out)
{
    const struct api *api = pending->api;
    const struct json_value *client = json_find(value, "client");
    int body_version = (int)tree_integer(json_find(value, "body_version"), version);
    size_t start = out->len;
    struct buf body = {0};
    struct request_header header = {
        .request_api_key = (int16_t)tree_integer(json_find(value, "key"), api->key),
        .request_api_version = (int16_t)version,
        .correlation_id = pending->correlation_id,
        .client_id = client == NULL ? SLICE("converse") : client->text, /* null stays null */
    };
    if (!message_has_version(api->request, body_version)) {
        note_set(in->why, "%s has the versions %d to %d; body_version says as which to write another",
                 api->name, api->request->min_version, api->request->max_version);
        return false;
    }
    bool good = append_body(in, value, api, body_version, &body);
    if (good) {
        client_append_frame(out, &header, request_header_version(api, body_version), buf_slice(&body));
        int64_t size = load_i32(out->data + start) + tree_integer(json_find(value, "size_off_by"), 0);
        store_u32(out->data + start, (uint32_t)size);
    }
    buf_fini(&body);
    return good;
}

bool request_append(const struct expanding *in, const struct json_value *value, int version,
                    int32_t next_correlation_id, struct buf *out, struct pending *pending)
{
    const struct json_value *name = json_find(value, "api");
    bool is_bytes = json_find(value, "raw") != NULL || json_find(value, "frame") != NULL;
    *pending = (struct pending){
        .version = (int)tree_integer(json_find(value, "answer_version"), version),
        .correlation_id =
            (int32_t)tree_integer(json_find(value, "correlation"), is_bytes ? 0 : next_correlation_id),
    };
    if (name != NULL && (pending->api = find_step_api(in, name)) == NULL)
        return false;
    return is_bytes ? append_bytes(in, value, out) : append_request(in, value, version, pending, out);
}
