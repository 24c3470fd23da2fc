/*
 * json: messages as Kafka's own JSON, both ways, from the same tables.
 */
#ifndef PROTOCOL_SCHEMA_JSON_H
#define PROTOCOL_SCHEMA_JSON_H

#include "protocol/base/note.h"
#include "protocol/schema/schema.h"

enum json_records {
    JSON_RECORDS_BASE64,  /* as Kafka prints a message */
    JSON_RECORDS_DECODED, /* batches and records spelled out, for people and for conversations */
};

/* Appends the message on one line, fields in the order and form of Kafka's own converters
 * (golden/messages). */
void message_print_json(const struct message *message, int version, const void *from, enum json_records how,
                        struct buf *out);

/* Parses. Fields that are left out have their default; fields of other versions are accepted and dropped; a
 * name that no version has, a value of the wrong kind or out of range is an error that names its path.
 * Everything is copied into the arena. Records are base64 text, or an object/array of decoded batches as
 * printed above. */
bool message_parse_json(const struct message *message, int version, struct slice json, struct arena *arena,
                        void *to, struct note *why);

#endif
