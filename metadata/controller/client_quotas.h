/*
 * client_quotas: the decisions of AlterClientQuotas and the answer of DescribeClientQuotas (kafka-apis 15.5).
 */
#ifndef METADATA_CONTROLLER_CLIENT_QUOTAS_H
#define METADATA_CONTROLLER_CLIENT_QUOTAS_H

#include "metadata/controller/controller.h"
#include "protocol/messages/alter_client_quotas.h"
#include "protocol/messages/describe_client_quotas.h"

/* Each entity of the request changes whole or not at all, and is answered once, in order of its first
 * mention. `resolves[i]`: whether entry i's address is one, or a name that leads to one (the caller knows:
 * nothing here asks the network). */
void controller_alter_client_quotas(const struct controller *controller,
                                    const struct alter_client_quotas_request *request, const bool *resolves,
                                    struct alter_client_quotas_response *response,
                                    struct record_list *records);

/* The answer is in the arena; nothing in it is borrowed from the quotas. */
void describe_client_quotas(const struct quotas *quotas, const struct describe_client_quotas_request *request,
                            struct arena *arena, struct describe_client_quotas_response *response);

#endif
