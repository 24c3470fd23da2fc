/*
 * change_acls: what CreateAcls and DeleteAcls decide (kafka-apis 15.2). Pure, as everything beside it.
 *
 * Whether a request names a code of 0, and whether the client may change ACLs at all, has been asked before.
 */
#ifndef METADATA_CONTROLLER_CHANGE_ACLS_H
#define METADATA_CONTROLLER_CHANGE_ACLS_H

#include "metadata/controller/controller.h"
#include "protocol/messages/create_acls.h"
#include "protocol/messages/delete_acls.h"

/* One result a creation. What is there already, or comes twice, is a success and writes nothing. */
void controller_create_acls(const struct controller *controller, const struct create_acls_request *request,
                            struct create_acls_response *response, struct record_list *records);

/* One result a filter, with what it removes; where two meet, both tell. */
void controller_delete_acls(const struct controller *controller, const struct delete_acls_request *request,
                            struct delete_acls_response *response, struct record_list *records);

#endif
