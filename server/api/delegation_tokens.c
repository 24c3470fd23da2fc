/*
 * CreateDelegationToken v1-3, RenewDelegationToken v1-2, ExpireDelegationToken v1-2, DescribeDelegationToken
 * v1-3 (KIP-48, KIP-373). A token stands for a user whom the connection has proved, and listeners prove
 * nobody: Apache Kafka refuses all four there before it looks whether tokens are enabled at all, and so do
 * we. Nothing here blocks.
 */
#include "protocol/messages/create_delegation_token.h"
#include "protocol/messages/describe_delegation_token.h"
#include "protocol/messages/expire_delegation_token.h"
#include "protocol/messages/renew_delegation_token.h"
#include "server/api/handlers.h"
#include "server/connection.h"

/* The two halves of "User:name". */
static struct slice principal_type(const struct call *call)
{
    struct slice principal = call->connection->principal;
    const uint8_t *colon = memchr(principal.data, ':', principal.len);
    return slice_of(principal.data, (size_t)(colon - principal.data));
}

static struct slice principal_name(const struct call *call)
{
    return slice_from(call->connection->principal, principal_type(call).len + 1);
}

void handle_create_delegation_token(struct call *call)
{
    struct create_delegation_token_response *response = call->response;
    response->error_code = KERR_DELEGATION_TOKEN_REQUEST_NOT_ALLOWED;
    response->principal_type = response->token_requester_principal_type = principal_type(call);
    response->principal_name = response->token_requester_principal_name = principal_name(call);
    response->issue_timestamp_ms = response->expiry_timestamp_ms = response->max_timestamp_ms = -1;
}

void handle_renew_delegation_token(struct call *call)
{
    struct renew_delegation_token_response *response = call->response;
    response->error_code = KERR_DELEGATION_TOKEN_REQUEST_NOT_ALLOWED;
    response->expiry_timestamp_ms = -1;
}

void handle_expire_delegation_token(struct call *call)
{
    struct expire_delegation_token_response *response = call->response;
    response->error_code = KERR_DELEGATION_TOKEN_REQUEST_NOT_ALLOWED;
    response->expiry_timestamp_ms = -1;
}

void handle_describe_delegation_token(struct call *call)
{
    struct describe_delegation_token_response *response = call->response;
    response->error_code = call->role == LISTENER_OF_CONTROLLER
                               ? KERR_UNKNOWN_SERVER_ERROR /* Apache Kafka's lists it and cannot do it */
                               : KERR_DELEGATION_TOKEN_REQUEST_NOT_ALLOWED;
}
