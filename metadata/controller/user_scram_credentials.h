/*
 * user_scram_credentials: the decisions of AlterUserScramCredentials and the answer of
 * DescribeUserScramCredentials (kafka-apis 15.4; KIP-554).
 */
#ifndef METADATA_CONTROLLER_USER_SCRAM_CREDENTIALS_H
#define METADATA_CONTROLLER_USER_SCRAM_CREDENTIALS_H

#include "metadata/controller/controller.h"
#include "protocol/messages/alter_user_scram_credentials.h"
#include "protocol/messages/describe_user_scram_credentials.h"

/* Each user is answered once: what is deleted first, then what is set, then what is refused. */
void controller_alter_user_scram_credentials(const struct controller *controller,
                                             const struct alter_user_scram_credentials_request *request,
                                             struct alter_user_scram_credentials_response *response,
                                             struct record_list *records);

/* The answer is in the arena; nothing in it is borrowed from the credentials. */
void describe_user_scram_credentials(const struct scram_credentials *credentials,
                                     const struct describe_user_scram_credentials_request *request,
                                     struct arena *arena,
                                     struct describe_user_scram_credentials_response *response);

#endif
