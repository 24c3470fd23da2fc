/*
 * coordinator_record: finds the tables of the records that coordinators keep in topics of their own. A key is
 * an int16 that says the type, then the key's fields; a value an int16 that says the version, then the
 * value's fields. No value: what the key names is gone.
 */
#ifndef PROTOCOL_RECORDS_COORDINATOR_RECORD_H
#define PROTOCOL_RECORDS_COORDINATOR_RECORD_H

#include "protocol/schema/schema.h"

enum coordinator {
    COORDINATOR_NONE,        /* of no coordinator's topic */
    COORDINATOR_GROUP,       /* __consumer_offsets */
    COORDINATOR_TRANSACTION, /* __transaction_state */
    COORDINATOR_SHARE,       /* __share_group_state */
};

struct coordinator_record {
    enum coordinator coordinator;
    const struct message *key; /* its `key` is the type */
    const struct message *value;
};

/* Whose topic this is. */
enum coordinator coordinator_of_topic(struct slice topic);

/* NULL: no release that we know has such a record. */
const struct coordinator_record *find_coordinator_record(enum coordinator coordinator, int16_t type);

#endif
