/*
 * uuid: Kafka's 16-byte ids of topics, directories and incarnations, and their text: base64 with the URL-safe
 * alphabet, 22 characters, no padding.
 */
#ifndef PROTOCOL_BASE_UUID_H
#define PROTOCOL_BASE_UUID_H

#include "protocol/base/slice.h"

struct uuid {
    uint8_t bytes[16];
};

enum { UUID_TEXT_LEN = 22 };

#define UUID_ZERO ((struct uuid){{0}})

/* The topic id of __cluster_metadata; as a directory id the same bits mean UNASSIGNED. */
#define UUID_ONE ((struct uuid){{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1}})

static inline bool uuid_equal(struct uuid a, struct uuid b)
{
    return memcmp(a.bytes, b.bytes, sizeof a.bytes) == 0;
}

static inline bool uuid_is_zero(struct uuid id)
{
    return uuid_equal(id, UUID_ZERO);
}

/* Borrows the id's own bytes: the map key of things that are found by id. */
static inline struct slice uuid_key(const struct uuid *id)
{
    return slice_of(id->bytes, sizeof id->bytes);
}

/* Writes 22 characters and a terminator. */
void uuid_format(struct uuid id, char text[UUID_TEXT_LEN + 1]);

/* Takes the URL-safe and the standard alphabet, with or without "==" behind it (Kafka's files have both). */
bool uuid_parse(struct slice text, struct uuid *id);

/* Makes 16 random bytes a version-4 id. False if Kafka would draw again: its text begins with '-', or it is
 * one of the reserved ids. */
bool uuid_from_random(const uint8_t random[16], struct uuid *id);

#endif
