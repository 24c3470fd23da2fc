/*
 * init_producer_id: an id for an idempotent or transactional producer (key 22, v0-6; KIP-98).
 */
#ifndef PROTOCOL_MESSAGES_INIT_PRODUCER_ID_H
#define PROTOCOL_MESSAGES_INIT_PRODUCER_ID_H

#include "protocol/schema/schema.h"

struct init_producer_id_request {
    struct slice transactional_id;  /* null: idempotent only */
    int32_t transaction_timeout_ms; /* abort a transaction that is open longer; of no meaning without an id */
    int64_t producer_id;            /* its present id; -1: a new producer */
    int16_t producer_epoch;         /* its present epoch; -1: a new producer */
    bool enable2_pc;                /* the client coordinates two phases */
    bool keep_prepared_txn;         /* do not abort the transaction that is open */
};

struct init_producer_id_response {
    int32_t throttle_time_ms;
    int16_t error_code; /* enum kerr */
    int64_t producer_id;
    int16_t producer_epoch;
    int64_t ongoing_txn_producer_id;    /* of the transaction that was kept; -1: none */
    int16_t ongoing_txn_producer_epoch; /* likewise */
};

DECLARE_SCHEMA(init_producer_id_request);
DECLARE_SCHEMA(init_producer_id_response);

extern const struct message init_producer_id_request_message, init_producer_id_response_message;

#endif
