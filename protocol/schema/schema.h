/*
 * schema: messages as data. A message is a plain C struct and a table with one row for each field; one
 * interpreter reads, writes, prints, parses, compares and fills them all.
 *
 *     struct fetch_partition {
 *         int32_t partition;
 *         int32_t current_leader_epoch; // -1: the client does not know
 *         ...
 *     };
 *
 *     SCHEMA(fetch_partition,
 *            I32(partition),
 *            I32(current_leader_epoch, SINCE(9), DEFAULT(-1)),
 *            UUID(replica_directory_id, SINCE(17), TAG(0)));
 *
 * A row names the struct's member; the member's type is checked and its offset taken at compile time. The
 * name in Kafka's JSON is the same in camelCase. Tables are constant; everything here may be used by any
 * number of threads at once.
 *
 * What a struct holds:
 *   bool int8_t int16_t uint16_t int32_t uint32_t int64_t double struct uuid     scalars
 *   struct slice     a string or bytes, borrowed; data NULL is null, or empty in a field that cannot be null
 *   struct records   record batches in memory or in a file
 *   ARRAY_OF(type)   items and count; count -1 is null, all zero is empty
 *   struct x         a struct of its own; struct x * one that may be null. Tagged and without DEFAULT_NULL
 *                    it is read as an empty struct where it is left out, and null is written out
 *
 * SCHEMA(x, ...) defines `const struct schema *x_schema(void)`; a header declares it with DECLARE_SCHEMA(x)
 * if others nest x.
 */
#ifndef PROTOCOL_SCHEMA_SCHEMA_H
#define PROTOCOL_SCHEMA_SCHEMA_H

#include "protocol/base/arena.h"
#include "protocol/base/buf.h"
#include "protocol/base/records.h"
#include "protocol/base/uuid.h"
#include "protocol/wire/reader.h"
#include "protocol/wire/writer.h"

#define ARRAY_OF(type) \
    struct {           \
        type *items;   \
        int32_t count; \
    }

/* What every ARRAY_OF looks like to the interpreter. */
struct any_array {
    void *items;
    int32_t count; /* -1: null */
};

enum field_kind {
    FIELD_BOOL,
    FIELD_I8,
    FIELD_I16,
    FIELD_U16,
    FIELD_I32,
    FIELD_U32,
    FIELD_I64,
    FIELD_F64,
    FIELD_UUID,
    FIELD_STRING,
    FIELD_BYTES,
    FIELD_RECORDS,
    FIELD_STRUCT,         /* a member struct */
    FIELD_STRUCT_OR_NULL, /* a pointer to one */
    FIELD_ARRAY,          /* of `element`s */
    FIELD_UNKNOWN_TAGS,   /* tagged fields that this table does not know, as they came */
};

struct schema;
typedef const struct schema *schema_fn(void);

struct field {
    const char *name; /* snake_case, the member's */
    schema_fn *of;    /* of a struct, or of an array's elements if they are structs */
    int64_t default_number;
    uint16_t offset;
    uint8_t kind;      /* enum field_kind */
    uint8_t element;   /* FIELD_ARRAY: the kind of its elements */
    uint8_t since;     /* first version that has the field */
    uint8_t removed;   /* first version that has it no more; 0: none */
    uint8_t nullable;  /* 1 + the first version in which it may be null; 0: never */
    uint8_t tag;       /* 1 + its tag number; 0: not tagged */
    uint8_t tag_since; /* first version in which it is tagged; plain before */
    bool not_flexible; /* keeps the old length encoding in flexible versions (the header's client id) */
    bool default_null;
};

struct schema {
    const char *name; /* the struct's tag */
    const struct field *fields;
    uint16_t field_count;
    uint16_t size; /* sizeof the struct */
};

/* ---- rows ---- */

#define SINCE(version)     .since = (version)
#define UNTIL(version)     .removed = (version) + 1 /* the last version that has it */
#define NULLABLE(version)  .nullable = (version) + 1
#define TAG(number)        .tag = (number) + 1
#define TAG_SINCE(version) .tag_since = (version)
#define NOT_FLEXIBLE       .not_flexible = true
#define DEFAULT(number)    .default_number = (number)
#define DEFAULT_NULL       .default_null = true

#define FIELD_ROW(member, kind_, type, ...)                                                            \
    {                                                                                                  \
        .name = #member, .kind = (kind_),                                                              \
        .offset = offsetof(self, member) + 0 * _Generic(((self *)NULL)->member, type : 1), __VA_ARGS__ \
    }
#define ARRAY_ROW(member, element_, type, ...)                                                     \
    {                                                                                              \
        .name = #member, .kind = FIELD_ARRAY, .element = (element_),                               \
        .offset = offsetof(self, member) + 0 * _Generic(((self *)NULL)->member.items, type * : 1), \
        __VA_ARGS__                                                                                \
    }

#define BOOL(member, ...)    FIELD_ROW(member, FIELD_BOOL, bool, __VA_ARGS__)
#define I8(member, ...)      FIELD_ROW(member, FIELD_I8, int8_t, __VA_ARGS__)
#define I16(member, ...)     FIELD_ROW(member, FIELD_I16, int16_t, __VA_ARGS__)
#define U16(member, ...)     FIELD_ROW(member, FIELD_U16, uint16_t, __VA_ARGS__)
#define I32(member, ...)     FIELD_ROW(member, FIELD_I32, int32_t, __VA_ARGS__)
#define U32(member, ...)     FIELD_ROW(member, FIELD_U32, uint32_t, __VA_ARGS__)
#define I64(member, ...)     FIELD_ROW(member, FIELD_I64, int64_t, __VA_ARGS__)
#define F64(member, ...)     FIELD_ROW(member, FIELD_F64, double, __VA_ARGS__)
#define UUID(member, ...)    FIELD_ROW(member, FIELD_UUID, struct uuid, __VA_ARGS__)
#define STRING(member, ...)  FIELD_ROW(member, FIELD_STRING, struct slice, __VA_ARGS__)
#define BYTES(member, ...)   FIELD_ROW(member, FIELD_BYTES, struct slice, __VA_ARGS__)
#define RECORDS(member, ...) FIELD_ROW(member, FIELD_RECORDS, struct records, __VA_ARGS__)
#define STRUCT(member, tag_, ...) \
    FIELD_ROW(member, FIELD_STRUCT, struct tag_, .of = tag_##_schema, __VA_ARGS__)
#define STRUCT_OR_NULL(member, tag_, ...) \
    FIELD_ROW(member, FIELD_STRUCT_OR_NULL, struct tag_ *, .of = tag_##_schema, __VA_ARGS__)
#define UNKNOWN_TAGS(member, ...) FIELD_ROW(member, FIELD_UNKNOWN_TAGS, struct slice, __VA_ARGS__)

#define ARRAY(member, tag_, ...) \
    ARRAY_ROW(member, FIELD_STRUCT, struct tag_, .of = tag_##_schema, __VA_ARGS__)
#define I8S(member, ...)     ARRAY_ROW(member, FIELD_I8, int8_t, __VA_ARGS__)
#define I16S(member, ...)    ARRAY_ROW(member, FIELD_I16, int16_t, __VA_ARGS__)
#define I32S(member, ...)    ARRAY_ROW(member, FIELD_I32, int32_t, __VA_ARGS__)
#define I64S(member, ...)    ARRAY_ROW(member, FIELD_I64, int64_t, __VA_ARGS__)
#define UUIDS(member, ...)   ARRAY_ROW(member, FIELD_UUID, struct uuid, __VA_ARGS__)
#define STRINGS(member, ...) ARRAY_ROW(member, FIELD_STRING, struct slice, __VA_ARGS__)

/* The function is where `self` can mean this struct and no other. */
#define SCHEMA(tag_, ...)                                    \
    const struct schema *tag_##_schema(void)                 \
    {                                                        \
        typedef struct tag_ self;                            \
        static const struct field fields[] = {__VA_ARGS__};  \
        static const struct schema schema = {                \
            .name = #tag_,                                   \
            .fields = fields,                                \
            .field_count = sizeof fields / sizeof fields[0], \
            .size = sizeof(self),                            \
        };                                                   \
        return &schema;                                      \
    }

/* A message without fields (a request that says all with its key). Its struct needs some member. */
#define SCHEMA_EMPTY(tag_)                                                                \
    const struct schema *tag_##_schema(void)                                              \
    {                                                                                     \
        static const struct schema schema = {.name = #tag_, .size = sizeof(struct tag_)}; \
        return &schema;                                                                   \
    }

#define DECLARE_SCHEMA(tag_) schema_fn tag_##_schema

/* ---- messages ---- */

enum { NEVER_FLEXIBLE = 127 };

/* A schema with its versions: a request, a response, a header or a record. */
struct message {
    const char *name; /* Kafka's, as in its JSON schemas and golden files: "FetchRequest" */
    schema_fn *schema;
    int16_t key; /* API key of a request or response, type of a metadata or coordinator record, else -1 */
    int8_t min_version;
    int8_t max_version;
    int8_t flexible_since; /* NEVER_FLEXIBLE for those that are never */
};

static inline bool message_has_version(const struct message *message, int version)
{
    return version >= message->min_version && version <= message->max_version;
}

static inline bool message_is_flexible(const struct message *message, int version)
{
    return version >= message->flexible_since;
}

/* ---- what the interpreter does (read.c write.c defaults.c compare.c fill.c) ---- */

/* Decodes one message into *to, which it first sets to the defaults. Slices borrow from the bytes, arrays
 * live in the reader's arena. Bytes after the message are left unread (Kafka ignores them). False:
 * reader->error says what and where, as "FetchRequest v12: topics[3].partitions[0].fetch_offset: 3 bytes
 * left, 8 needed", and *to is not to be used. `version` must be one that the message has. */
bool message_read(const struct message *message, int version, struct reader *reader, void *to);

/* Encodes. Fields that the version does not have are left out, tagged ones also where they have their
 * default. A string that is too long for its length field is a bug of the caller. */
void message_write(const struct message *message, int version, struct writer *writer, const void *from);

/* Sets one struct to its defaults. */
void schema_set_defaults(const struct schema *schema, void *to);

/* An array of `count` structs with their defaults, in the arena. Never NULL. */
void *schema_new_array(const struct schema *schema, struct arena *arena, int32_t count);

/* Lays out an answer's array: `array` is any ARRAY_OF(struct tag_). */
#define array_init(array, tag_, arena, count_) \
    ((array)->items = schema_new_array(tag_##_schema(), (arena), (count_)), (array)->count = (count_))

/* True if the two structs say the same in this version. */
bool message_equal(const struct message *message, int version, const void *a, const void *b);

/* Fills a struct with content that `next_random` chooses (for round-trip tests): every kind of value, nulls,
 * empty and long ones, unknown tags where they are kept. Allocates in the arena. */
void message_fill(const struct message *message, int version, uint64_t (*next_random)(void *state),
                  void *state, struct arena *arena, void *to);

#endif
