/*
 * no_op_record: nothing (type 20, v0; KIP-835). A controller writes it so that the end of the log moves.
 */
#ifndef PROTOCOL_RECORDS_NO_OP_RECORD_H
#define PROTOCOL_RECORDS_NO_OP_RECORD_H

#include "protocol/schema/schema.h"

struct no_op_record {
    struct slice unknown_tags;
};

DECLARE_SCHEMA(no_op_record);

extern const struct message no_op_record_message;

#endif
