/*
 * Hostile bytes as the quotas of a cluster, and as clients that have them: changes of any entity, key and
 * number, records that no broker of ours would write, and clients that use any amount at any time. Whatever
 * the numbers are, a client is told to be quiet for a time that there is, and not for ever.
 */
#include "metadata/controller/client_quotas.h"
#include "protocol/base/big_endian.h"
#include "protocol/base/ensure.h"
#include "server/throttle/throttle.h"

#include <string.h>

enum { OP_BYTES = 16, OPS_MAX = 300, CLIENTS = 3, ENTRIES = 2, PARTS = 2 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct life {
    struct arena arena;
    struct image image;
    struct config_view view;
    struct throttle *throttle;
    struct quota_window window;
    struct throttle_client clients[CLIENTS];
    uint64_t random;
    int64_t now_ms;
    int64_t offset;
};

static const char *const types[] = {QUOTA_USER, QUOTA_CLIENT_ID, QUOTA_IP, "colour"};
static const char *const names[] = {NULL, "a", "b", "", "127.0.0.1", "a\nb", "*", "User:a"};
static const char *const keys[] = {"producer_byte_rate",       "consumer_byte_rate",
                                   "request_percentage",       "controller_mutation_rate",
                                   "connection_creation_rate", "no_such_rate"};

static uint64_t next_random(void *state)
{
    uint64_t *number = state;
    *number = *number * 6364136223846793005U + 1442695040888963407U;
    return *number ^ (*number >> 29);
}

static struct slice key_of(uint8_t byte)
{
    return slice_str(keys[byte % (sizeof keys / sizeof keys[0])]);
}

/* A number as it stands, so that every kind of number comes. */
static double number_of(const uint8_t *op)
{
    uint64_t bits = load_u64(op + 8);
    double number;
    memcpy(&number, &bits, sizeof number);
    return number;
}

static struct quota_part part_of(uint8_t bits)
{
    return (struct quota_part){slice_str(types[bits & 3]), slice_str(names[bits >> 2 & 7])};
}

/* ---- the quotas ---- */

static void fill_entry(struct life *life, const uint8_t *op, struct alter_client_quotas_entry *entry)
{
    array_init(&entry->entity, alter_client_quotas_entity, &life->arena, op[1] >> 6 & 3);
    for (int32_t i = 0; i < entry->entity.count; i++) {
        struct quota_part part = part_of((uint8_t)(op[1 + i % PARTS] + i / PARTS));
        entry->entity.items[i].entity_type = part.type;
        entry->entity.items[i].entity_name = part.name;
    }
    array_init(&entry->ops, alter_client_quotas_op, &life->arena, 1 + (op[4] & 1));
    for (int32_t i = 0; i < entry->ops.count; i++) {
        entry->ops.items[i].key = key_of((uint8_t)(op[3] + i * (op[4] >> 4)));
        entry->ops.items[i].value = number_of(op);
        entry->ops.items[i].remove = (op[4] & 2) != 0;
    }
}

static void commit(struct life *life, const struct record_list *records)
{
    for (int32_t i = 0; i < records->count; i++) {
        struct note why = {""};
        ensure(image_apply(&life->image, records->records[i], life->offset++, 1, &why));
    }
    throttle_follow(life->throttle, &life->image.quotas);
}

static void alter(struct life *life, const uint8_t *op)
{
    struct controller controller = {.image = &life->image,
                                    .configs = &life->view,
                                    .arena = &life->arena,
                                    .next_random = next_random,
                                    .random_state = &life->random};
    struct alter_client_quotas_request request = {.validate_only = false};
    struct alter_client_quotas_response response = {0};
    struct record_list records;
    bool resolves[ENTRIES] = {op[5] & 1, op[5] & 2};
    array_init(&request.entries, alter_client_quotas_entry, &life->arena, 1 + (op[5] >> 2 & 1));
    for (int32_t i = 0; i < request.entries.count; i++)
        fill_entry(life, op, &request.entries.items[i]);
    record_list_init(&records, &life->arena, METADATA_VERSION_MAX);
    controller_alter_client_quotas(&controller, &request, resolves, &response, &records);
    ensure(response.entries.count >= 1 && response.entries.count <= request.entries.count);
    for (int32_t i = 0; i < response.entries.count; i++)
        ensure(response.entries.items[i].error_code == KERR_NONE
               || response.entries.items[i].error_message.len > 0);
    commit(life, &records);
}

/* What nobody has checked: another broker's cluster log may say it. */
static void set_unchecked(struct life *life, const uint8_t *op)
{
    struct quota_part parts[PARTS] = {part_of(op[1]), part_of(op[2])};
    quotas_set(&life->image.quotas, parts, op[1] >> 7 ? 2 : 1, key_of(op[3]), number_of(op));
    throttle_follow(life->throttle, &life->image.quotas);
}

static void describe(struct life *life, const uint8_t *op)
{
    struct describe_client_quotas_request request = {.strict = op[4] & 1};
    struct describe_client_quotas_response response = {0};
    array_init(&request.components, describe_client_quotas_component, &life->arena, op[4] >> 1 & 3);
    for (int32_t i = 0; i < request.components.count; i++) {
        struct quota_part part = part_of(op[1 + i % PARTS]);
        request.components.items[i].entity_type = part.type;
        request.components.items[i].match = part.name;
        request.components.items[i].match_type = (int8_t)(op[5] >> 2 * i & 3);
    }
    describe_client_quotas(&life->image.quotas, &request, &life->arena, &response);
    ensure(response.error_code == KERR_NONE || response.error_message.len > 0);
}

/* ---- the clients ---- */

static void use(struct life *life, const uint8_t *op)
{
    struct throttle_asker asker = {.client = &life->clients[op[1] % CLIENTS],
                                   .user = slice_str(op[2] & 1 ? "a" : "ANONYMOUS"),
                                   .client_id = slice_str(names[op[2] >> 1 & 7]),
                                   .now_ms = life->now_ms};
    static const enum quota_kind kinds[] = {QUOTA_PRODUCE, QUOTA_FETCH, QUOTA_REQUEST, QUOTA_REQUEST};
    enum quota_kind kind = kinds[op[3] & 3];
    double used = load_u32(op + 8) / (double)(1 + op[12]);
    int32_t ms = throttle_record(life->throttle, &asker, kind, used);
    ensure(ms >= 0);
    ensure(kind != QUOTA_REQUEST || ms <= life->window.sample_ms);
    if (op[3] & 4)
        throttle_unrecord(life->throttle, &asker, kind, used);
    ensure(throttle_fetch_max_bytes(life->throttle, &asker) >= 0);
    int32_t told_ms = 0;
    bool gets_it = throttle_take_mutations(life->throttle, &asker, op[4], op[3] & 16, &told_ms);
    ensure(told_ms >= 0 && (gets_it || told_ms > 0));
    ms = throttle_connection(life->throttle, op[3] & 32 ? "127.0.0.1" : "::1", life->now_ms);
    ensure(ms >= 0 && ms <= life->window.sample_ms);
}

static void live(struct life *life, const uint8_t *op)
{
    switch (op[0] % 8) {
    case 0:
    case 1:
        alter(life, op);
        break;
    case 2:
        set_unchecked(life, op);
        break;
    case 3:
        describe(life, op);
        break;
    case 4:
        life->now_ms += load_u32(op + 8) % (op[1] & 1 ? 100 : 100 * 1000);
        break;
    default:
        use(life, op);
    }
}

static void init(struct life *life, uint8_t byte)
{
    static const struct quota_window windows[] = {{11, 1000}, {1, 1}, {2, 1000}, {INT32_MAX, INT64_MAX}};
    struct throttle_settings settings = {windows[byte & 3], windows[byte >> 2 & 3]};
    *life = (struct life){.random = 1, .now_ms = 1};
    arena_init(&life->arena, SIZE_MAX);
    image_init(&life->image, 1);
    life->view = (struct config_view){.image = &life->image, .node_id = 1};
    life->window = settings.window;
    life->throttle = throttle_new(&settings, 1);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct life life;
    if (size == 0)
        return 0;
    init(&life, data[0]);
    for (size_t i = 1; i + OP_BYTES <= size && i < (size_t)OPS_MAX * OP_BYTES; i += OP_BYTES)
        live(&life, data + i);
    for (int i = 0; i < CLIENTS; i++)
        throttle_client_fini(life.throttle, &life.clients[i]);
    throttle_free(life.throttle);
    image_fini(&life.image);
    arena_fini(&life.arena);
    return 0;
}
