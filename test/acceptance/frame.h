/* Writes bytes as Kafka has them: big-endian integers, varints, compact strings and arrays. For the
 * requests that the stages send and the files that lie there before the program starts. */
#ifndef ACCEPTANCE_FRAME_H
#define ACCEPTANCE_FRAME_H

#include "arena.h"

#include <stddef.h>
#include <stdint.h>

enum {
    API_PRODUCE = 0,
    API_FETCH = 1,
    API_API_VERSIONS = 18,
    API_CREATE_TOPICS = 19,
    API_DESCRIBE_TOPIC_PARTITIONS = 75,
};

enum { UUID_SIZE = 16 };

struct frame {
    struct arena *arena;
    uint8_t *bytes;
    size_t size;
    size_t capacity;
};

struct frame frame_new(struct arena *arena);

void put_bytes(struct frame *frame, const void *bytes, size_t size);
void put_i8(struct frame *frame, int64_t value);
void put_i16(struct frame *frame, int64_t value);
void put_i32(struct frame *frame, int64_t value);
void put_i64(struct frame *frame, int64_t value);
void put_uvarint(struct frame *frame, uint64_t value);
void put_varint(struct frame *frame, int64_t value);
void put_count(struct frame *frame, int64_t count);   /* of a compact array; -1 is null */
void put_text(struct frame *frame, const char *text); /* compact; NULL is null */
void put_uuid(struct frame *frame, const uint8_t uuid[UUID_SIZE]);
void put_no_tags(struct frame *frame);

/* Overwrites what was put before. */
void patch_i32(struct frame *frame, size_t at, int64_t value);
void patch_i64(struct frame *frame, size_t at, int64_t value);

/* A request: length (filled in by request_end), header version 2, then whatever is put. */
struct frame request_begin(struct arena *arena, int key, int version, int32_t correlation_id);
void request_end(struct frame *frame);

#endif
