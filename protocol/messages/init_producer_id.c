/*
 * InitProducerId: v0-6. Version notes:
 * v0  is the first (KIP-98)
 * v1  throttles after the answer (KIP-219)
 * v2  is flexible (KIP-482)
 * v3  adds the producer's present id and epoch, so that it can go on after an error (KIP-360)
 * v4  may answer PRODUCER_FENCED (KIP-588)
 * v5  may answer TRANSACTION_ABORTABLE (KIP-890)
 * v6  adds two-phase commit (KIP-939); unstable in Kafka 4.3, so offered by no broker that is not told to
 */
#include "protocol/messages/init_producer_id.h"

SCHEMA(init_producer_id_request,
       STRING(transactional_id, NULLABLE(0)),
       I32(transaction_timeout_ms),
       I64(producer_id, SINCE(3), DEFAULT(-1)),
       I16(producer_epoch, SINCE(3), DEFAULT(-1)),
       BOOL(enable2_pc, SINCE(6)),
       BOOL(keep_prepared_txn, SINCE(6)));

const struct message init_producer_id_request_message = {
    .name = "InitProducerIdRequest",
    .schema = init_producer_id_request_schema,
    .key = 22,
    .min_version = 0,
    .max_version = 6,
    .flexible_since = 2,
};

SCHEMA(init_producer_id_response,
       I32(throttle_time_ms),
       I16(error_code),
       I64(producer_id, DEFAULT(-1)),
       I16(producer_epoch),
       I64(ongoing_txn_producer_id, SINCE(6), DEFAULT(-1)),
       I16(ongoing_txn_producer_epoch, SINCE(6), DEFAULT(-1)));

const struct message init_producer_id_response_message = {
    .name = "InitProducerIdResponse",
    .schema = init_producer_id_response_schema,
    .key = 22,
    .min_version = 0,
    .max_version = 6,
    .flexible_since = 2,
};
