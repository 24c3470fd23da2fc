/*
 * Hostile bytes as any message: the first two bytes choose message and version. What can be read must write
 * and read to the same again, and print as JSON.
 */
#include "protocol/apis.h"
#include "protocol/base/ensure.h"
#include "protocol/messages.h"
#include "protocol/schema/json.h"

enum { CHOICE_BYTES = 2, RECORDS_FROM = 192, FUZZ_CAP = 64 << 20 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Twice an API's key, with 1 for the answer; from RECORDS_FROM on the records, counted from the last. So
 * saved inputs stay what they are when APIs get tables. */
static const struct message *choose(uint8_t choice)
{
    const struct api *api = find_api(choice >> 1);
    if (choice < RECORDS_FROM && api != NULL && api->request != NULL)
        return choice & 1 ? api->response : api->request;
    size_t at = choice < RECORDS_FROM ? choice : choice - RECORDS_FROM;
    return all_messages[all_messages_count - 1 - at % all_messages_count];
}

static void check_round_trip(const struct message *message, int version, const void *value)
{
    struct buf out = {0};
    struct writer writer;
    struct reader reader;
    struct arena arena;
    arena_init(&arena, FUZZ_CAP);
    writer_init(&writer, &out, &arena);
    message_write(message, version, &writer, value);
    void *again = arena_alloc(&arena, message->schema()->size);
    reader_init(&reader, buf_slice(&out), &arena);
    ensure(message_read(message, version, &reader, again));
    ensure(reader_left(&reader) == 0);
    ensure(message_equal(message, version, value, again));
    arena_fini(&arena);
    buf_fini(&out);
}

static void print(const struct message *message, int version, const void *value)
{
    struct buf text = {0};
    message_print_json(message, version, value, JSON_RECORDS_BASE64, &text);
    ensure(text.len >= 2);
    buf_fini(&text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < CHOICE_BYTES)
        return 0;
    const struct message *message = choose(data[0]);
    int version = message->min_version + data[1] % (message->max_version - message->min_version + 1);
    struct arena arena;
    struct reader reader;
    arena_init(&arena, FUZZ_CAP);
    void *value = arena_alloc(&arena, message->schema()->size);
    reader_init(&reader, slice_of(data + CHOICE_BYTES, size - CHOICE_BYTES), &arena);
    if (message_read(message, version, &reader, value)) {
        check_round_trip(message, version, value);
        print(message, version, value);
    } else {
        ensure(reader.error[0] != '\0');
    }
    arena_fini(&arena);
    return 0;
}
