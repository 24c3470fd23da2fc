/*
 * json_records: a `records` field spelled out, batch by batch and record by record, as the recorded
 * conversations show it:
 *
 *     [{"baseOffset":0,"lastOffset":0,"size":72,"leaderEpoch":0,"magic":2,"crc":"right","codec":"none",
 *       "timestampType":"CreateTime","maxTimestamp":1,"producerId":-1,"epoch":-1,"sequence":-1,"transactional":false,
 *       "control":false,"count":1,"records":[{"offset":0,"timestamp":1,"key":"k0","value":"v0"}]}]
 *
 * A batch that is cut shows as {"cut batch":BYTES}, one that makes no sense as {"unreadable":"why"}. Bytes
 * that are not text show as 0x and hex, and long ones cut: such an answer is to be read, not sent again.
 */
#ifndef PROTOCOL_SCHEMA_JSON_RECORDS_H
#define PROTOCOL_SCHEMA_JSON_RECORDS_H

#include "protocol/base/arena.h"
#include "protocol/base/buf.h"
#include "protocol/base/note.h"
#include "protocol/schema/json_reader.h"

/* Prints the decoded batches of `bytes`. */
void json_print_records(struct buf *out, struct slice bytes);

/* Makes batches of what is printed above (an array of batches, or one); the bytes lie in the arena. False:
 * why says what is wrong with which member. */
bool json_parse_records(const struct json_value *value, struct arena *arena, struct slice *bytes,
                        struct note *why);

#endif
