/*
 * metadata_record: the frame around each record of the cluster log: frame version 1, the record's type, its
 * version (three unsigned varints), then the record itself. The frame is the value of a Kafka record; keys
 * are null.
 */
#ifndef PROTOCOL_RECORDS_METADATA_RECORD_H
#define PROTOCOL_RECORDS_METADATA_RECORD_H

#include "protocol/schema/schema.h"

/* The table of a metadata record by its type; NULL: no release that we know has it. */
const struct message *find_metadata_record(uint32_t type);

/* Takes the three numbers; the record is next then: message_read. Neither type nor version is checked:
 * find_metadata_record and message_has_version do that. False: reader->error says why. */
bool metadata_record_read_frame(struct reader *reader, uint32_t *type, uint32_t *version);

/* Writes the frame and the record. The version must be one that the record has. */
void metadata_record_write(struct writer *writer, const struct message *message, int version,
                           const void *record);

#endif
