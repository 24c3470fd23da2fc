/*
 * message_set: the record formats before record batches (magic 0 and 1, up to Kafka 0.10), read only. Produce
 * refuses them, and no Kafka since 0.11 writes them by default, but segments copied through the years still
 * hold some.
 *
 * A set is entries one behind the other: offset int64, size int32, CRC-32, magic, attributes, timestamp
 * (magic 1), key, value. A compressed entry's value is a set of its own. Pure.
 */
#ifndef PROTOCOL_MESSAGE_SET_H
#define PROTOCOL_MESSAGE_SET_H

#include "protocol/base/note.h"
#include "protocol/base/slice.h"
#include "protocol/record.h"

struct message_set_entry {
    int64_t offset; /* of its last record, if it is compressed */
    int magic;      /* 0 or 1 */
    int codec;      /* CODEC_NONE to CODEC_LZ4 */
    bool log_append_time;
    int64_t timestamp; /* ms; NO_TIMESTAMP for magic 0 */
    struct slice key, value;
};

/*
 * The first entry of `bytes`, its CRC checked, and its size. False with the reason if it is cut, damaged or
 * of another magic.
 */
bool message_set_next(struct slice bytes, struct message_set_entry *entry, size_t *size, struct note *why);

/*
 * Gives the entry's records to `take` in order, with absolute offsets, borrowed for the call; no headers, no
 * sequence. Stops if take returns false. False with the reason if what is inside is damaged or inflates to
 * more than `cap` bytes.
 */
bool message_set_records(const struct message_set_entry *entry, size_t cap,
                         bool (*take)(void *context, const struct record *record), void *context,
                         struct note *why);

#endif
