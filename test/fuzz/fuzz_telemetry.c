/*
 * Hostile bytes as subscriptions to clients' metrics, and as clients: any pattern, metric and interval, as
 * the controller would take it or not; any id and attribute; pushes in every codec, of every size, at any
 * time. A client is asked for each metric once, and what is accepted is within the bound.
 */
#include "metadata/controller/config_checks.h"
#include "metadata/image_parts.h"
#include "protocol/base/big_endian.h"
#include "protocol/base/ensure.h"
#include "protocol/compress.h"
#include "server/telemetry/telemetry.h"

#include <string.h>

enum {
    OP_BYTES = 6, /* what to do, for whom, how; then how many bytes of text follow */
    OPS_MAX = 200,
    CLIENTS = 4,
    PATTERN_MAX = 200, /* a longer one takes PCRE2's time and shows nothing new */
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct life {
    struct arena arena;
    struct image image;
    struct config_view view;
    struct controller controller;
    struct telemetry *telemetry;
    struct metrics_client clients[CLIENTS];
    int32_t subscription_ids[CLIENTS]; /* that they were told */
    int64_t now_ms;
};

/* ---- subscriptions ---- */

static struct slice subscription_of(const uint8_t *op)
{
    static const char *const names[] = {"one", "two", "three", ""};
    return slice_str(names[op[1] & 3]);
}

/* Also what the controller would not take: the cluster log may be somebody else's. That it takes it or not is
 * no accident, at least. */
static void subscribe(struct life *life, const uint8_t *op, struct slice text)
{
    static const char *const keys[] = {"interval.ms", "match", "metrics", "match"};
    struct config_entry entry = {.name = slice_str(keys[op[2] & 3]), .value = text};
    struct overrides overrides = {&entry, 1};
    struct note why = {""}, again = {""};
    enum kerr error = check_client_metrics_configs(&life->controller, &overrides, &why);
    ensure(error == check_client_metrics_configs(&life->controller, &overrides, &again));
    ensure(error == KERR_NONE || why.text[0] != '\0');
    bool removed = op[2] & 4;
    if (error == KERR_NONE || op[2] & 8)
        image_set_config(&life->image, RESOURCE_CLIENT_METRICS, subscription_of(op), entry.name,
                         removed ? SLICE_NULL : text);
    telemetry_follow(life->telemetry, &life->view);
}

/* ---- clients ---- */

static void become(struct metrics_client *client, const uint8_t *op, struct slice text)
{
    struct slice *const attributes[] = {&client->client_id, &client->software_name, &client->software_version,
                                        &client->address};
    *attributes[op[2] & 3] = op[2] & 4 && (op[2] & 3) != 3 ? SLICE_NULL : text;
    client->port = load_u16(op + 3);
    if (op[2] & 8)
        client->instance_id = (struct uuid){{[0] = op[3], [15] = op[4]}};
}

static void check_wanted(const struct wanted_metrics *wanted)
{
    ensure(wanted->count >= 0);
    for (int32_t i = 0; i < wanted->count; i++)
        for (int32_t j = 0; j < i; j++)
            ensure(!slice_equal(wanted->metrics[i], wanted->metrics[j]));
}

static void ask(struct life *life, int who)
{
    struct wanted_metrics wanted;
    enum kerr error =
        telemetry_subscribe(life->telemetry, &life->clients[who], life->now_ms, &life->arena, &wanted);
    ensure(error == KERR_NONE || error == KERR_THROTTLING_QUOTA_EXCEEDED);
    check_wanted(&wanted);
    if (error == KERR_NONE)
        life->subscription_ids[who] = wanted.id;
}

/* As they came, or compressed by ourselves, or that with one byte changed. */
static struct slice metrics_of(struct life *life, const uint8_t *op, struct slice text, int codec)
{
    struct buf out = {0};
    if ((op[2] & 3) == 0 || codec <= CODEC_NONE || codec >= CODEC_COUNT)
        return text;
    ensure(compress_into((enum codec)codec, codec_default_level((enum codec)codec), text, &out));
    if (op[2] & 1 && out.len > 0)
        out.data[op[3] % out.len] ^= op[4];
    struct slice metrics = arena_dup(&life->arena, buf_slice(&out));
    buf_fini(&out);
    return metrics;
}

/* What was accepted is what it says, and no more than may be. */
static void check_accepted(const struct metrics_push *push)
{
    struct buf out = {0};
    struct note why = {""};
    ensure(push->metrics.len <= push->max_bytes);
    ensure(decompress_into((enum codec)push->compression_type, push->metrics, push->max_bytes, &out, &why)
           || push->metrics.len == 0);
    ensure(out.len <= push->max_bytes);
    buf_fini(&out);
}

static void push(struct life *life, const uint8_t *op, struct slice text, int who)
{
    struct metrics_push push = {.subscription_id = life->subscription_ids[who] + (op[2] >> 7),
                                .terminating = (op[2] & 64) != 0,
                                .compression_type = (int8_t)((op[2] >> 2 & 7) - 1),
                                .max_bytes = 1 + (size_t)op[3] * op[4]};
    push.metrics = metrics_of(life, op, text, push.compression_type);
    enum kerr error = telemetry_push(life->telemetry, &life->clients[who], &push, life->now_ms);
    if (error == KERR_NONE)
        check_accepted(&push);
    else
        ensure(error == KERR_INVALID_REQUEST || error == KERR_THROTTLING_QUOTA_EXCEEDED
               || error == KERR_UNKNOWN_SUBSCRIPTION_ID || error == KERR_UNSUPPORTED_COMPRESSION_TYPE
               || error == KERR_TELEMETRY_TOO_LARGE || error == KERR_INVALID_RECORD);
}

static void live(struct life *life, const uint8_t *op, struct slice text)
{
    int who = op[1] % CLIENTS;
    switch (op[0] % 8) {
    case 0:
    case 1:
        subscribe(life, op, slice_of(text.data, text.len < PATTERN_MAX ? text.len : PATTERN_MAX));
        break;
    case 2:
        become(&life->clients[who], op, text);
        break;
    case 3:
        ask(life, who);
        break;
    case 4:
        life->now_ms += load_u16(op + 2) * (op[1] & 16 ? 1000 : 1);
        break;
    case 5:
        telemetry_forget(life->telemetry, life->clients[who].instance_id);
        break;
    default:
        push(life, op, text, who);
    }
    ensure(telemetry_instance_count(life->telemetry) <= OPS_MAX);
}

static void init(struct life *life)
{
    *life = (struct life){.now_ms = 1};
    arena_init(&life->arena, SIZE_MAX);
    image_init(&life->image, 1);
    life->view = (struct config_view){.image = &life->image, .node_id = 1};
    life->controller =
        (struct controller){.image = &life->image, .configs = &life->view, .arena = &life->arena};
    life->telemetry = telemetry_new(1);
    telemetry_follow(life->telemetry, &life->view);
    for (int i = 0; i < CLIENTS; i++)
        life->clients[i] = (struct metrics_client){.instance_id = {{[15] = (uint8_t)(i + 2)}},
                                                   .client_id = SLICE("app"),
                                                   .address = SLICE("127.0.0.1")};
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct life life;
    init(&life);
    for (int ops = 0; ops < OPS_MAX && size >= OP_BYTES; ops++) {
        size_t len = data[OP_BYTES - 1] < size - OP_BYTES ? data[OP_BYTES - 1] : size - OP_BYTES;
        live(&life, data, slice_of(data + OP_BYTES, len));
        data += OP_BYTES + len;
        size -= OP_BYTES + len;
    }
    telemetry_free(life.telemetry);
    image_fini(&life.image);
    arena_fini(&life.arena);
    return 0;
}
