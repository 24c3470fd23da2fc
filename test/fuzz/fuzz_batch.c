/*
 * Hostile bytes as a partition's records: validated with rules taken from the first bytes, then read in every
 * way. The CRC is made right, so that the fuzzer gets behind it. What the validator lets through must be
 * readable to the end.
 */
#include "protocol/base/arena.h"
#include "protocol/base/big_endian.h"
#include "protocol/base/ensure.h"
#include "protocol/batch_validate.h"
#include "protocol/message_set.h"
#include "protocol/record.h"

#include <stdlib.h>

enum { RULE_BYTES = 4, FUZZ_CAP = 1 << 20 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct batch_rules rules_from(const uint8_t *at)
{
    return (struct batch_rules){
        .now_ms = 1700000000000,
        .compacted = at[0] & 1,
        .log_append_time = at[0] & 2,
        .before_max_ms = at[0] & 4 ? 1000 : INT64_MAX,
        .after_max_ms = 3600000,
        .max_message_bytes = at[0] & 8 ? 100 : FUZZ_CAP,
        .compression = at[1] % (CODEC_COUNT + 1) - 1,
        .gzip_level = GZIP_LEVEL_DEFAULT,
        .lz4_level = LZ4_LEVEL_DEFAULT,
        .zstd_level = ZSTD_LEVEL_DEFAULT,
        .topic = SLICE("topic"),
        .api_version = at[2] % 14,
        .inflate_cap = FUZZ_CAP,
    };
}

static void mend_crc(uint8_t *bytes, size_t len)
{
    if (len < BATCH_HEADER_SIZE)
        return;
    struct batch_header header;
    size_t size;
    if (batch_next(slice_of(bytes, len), &header, &size, NULL) == BATCH_WHOLE)
        store_u32(bytes + BATCH_CRC_AT, batch_compute_crc(slice_of(bytes, size)));
}

static enum record_result read_all(struct slice batch, bool tolerant)
{
    const struct record_options options = {.inflate_cap = FUZZ_CAP, .tolerant = tolerant};
    struct record_iterator it;
    struct record record;
    struct record_header header;
    enum record_result result;
    record_iterator_init(&it, batch, &options);
    while ((result = record_iterator_next(&it, &record, NULL)) == RECORD_READ) {
        struct slice headers = record.headers;
        for (int32_t i = 0; i < record.header_count; i++)
            ensure(record_headers_next(&headers, &header));
        ensure(!record_headers_next(&headers, &header) || tolerant);
    }
    record_iterator_fini(&it);
    return result;
}

static bool take_old_record(void *context, const struct record *record)
{
    uint64_t *sum = context;
    *sum += (uint64_t)record->offset + record->key.len + record->value.len;
    return true;
}

static void read_message_set(struct slice bytes)
{
    struct message_set_entry entry;
    size_t size;
    uint64_t sum = 0;
    for (; message_set_next(bytes, &entry, &size, NULL); bytes = slice_from(bytes, size))
        message_set_records(&entry, FUZZ_CAP, take_old_record, &sum, NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < RULE_BYTES)
        return 0;
    struct batch_rules rules = rules_from(data);
    size_t len = size - RULE_BYTES;
    uint8_t *bytes = malloc(len + 1);
    ensure(bytes != NULL);
    memcpy(bytes, data + RULE_BYTES, len);
    read_message_set(slice_of(bytes, len));
    if (data[3] & 1)
        mend_crc(bytes, len);
    struct batch_header header;
    size_t batch_len;
    if (batch_next(slice_of(bytes, len), &header, &batch_len, NULL) == BATCH_WHOLE)
        for (int tolerant = 0; tolerant < 2; tolerant++)
            read_all(slice_of(bytes, batch_len), tolerant);
    struct arena arena;
    arena_init(&arena, FUZZ_CAP);
    struct batch_verdict verdict;
    batch_validate(bytes, len, &rules, &arena, &verdict);
    if (verdict.error == KERR_NONE) {
        struct slice stored = slice_of(verdict.batch, verdict.len);
        ensure(batch_check_crc(stored));
        ensure(read_all(stored, false) == RECORD_END);
    }
    arena_fini(&arena);
    free(bytes);
    return 0;
}
