/*
 * header: what stands before every request and every answer, behind the frame's length.
 */
#ifndef PROTOCOL_HEADER_H
#define PROTOCOL_HEADER_H

#include "protocol/apis.h"
#include "protocol/schema/schema.h"

struct request_header {
    int16_t request_api_key;     /* struct api */
    int16_t request_api_version; /* of the request; not checked against what we have */
    int32_t correlation_id;      /* comes back in the answer's header */
    struct slice client_id;      /* null: not told; borrowed from the frame */
};

struct response_header {
    int32_t correlation_id;
};

DECLARE_SCHEMA(request_header);
DECLARE_SCHEMA(response_header);

extern const struct message request_header_message, response_header_message;

/* The header version of a request of this version, 1 or 2. The version may be one that the API does not
 * have: a newer one has the header that the newest has. The API must have tables. */
int request_header_version(const struct api *api, int version);

/* The header version of an answer of this version, 0 or 1; always 0 for ApiVersions. The API must have
 * tables. */
int response_header_version(const struct api *api, int version);

#endif
