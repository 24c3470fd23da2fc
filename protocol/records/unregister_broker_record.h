/*
 * unregister_broker_record: a broker is gone for good (type 1, v0).
 */
#ifndef PROTOCOL_RECORDS_UNREGISTER_BROKER_RECORD_H
#define PROTOCOL_RECORDS_UNREGISTER_BROKER_RECORD_H

#include "protocol/schema/schema.h"

struct unregister_broker_record {
    int32_t broker_id;
    int64_t broker_epoch; /* of the registration that ends */
    struct slice unknown_tags;
};

DECLARE_SCHEMA(unregister_broker_record);

extern const struct message unregister_broker_record_message;

#endif
