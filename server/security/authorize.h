/*
 * authorize: whether the client of a call may do something. Every handler asks before it looks at what the
 * request names, and answers as Apache Kafka does where the answer is no (docs/adding-an-api.md).
 *
 *     if (!authorize(call, ACL_READ, ACL_GROUP, request->group_id)) {
 *         response->error_code = KERR_GROUP_AUTHORIZATION_FAILED;
 *         return;
 *     }
 *
 * Without an authorizer (authorizer.class.name, which is the default) every answer is yes, at the cost of one
 * comparison. With Apache Kafka's StandardAuthorizer the ACLs of the cluster decide, super.users may do
 * everything, and allow.everyone.if.no.acl.found says what becomes of resources that no ACL covers.
 *
 * Takes RANK_ACLS for the length of a look-up: any thread may call with the image read-locked, within a
 * change, or with no lock at all. Names may be null (nothing of that name is covered but by "*").
 */
#ifndef SERVER_SECURITY_AUTHORIZE_H
#define SERVER_SECURITY_AUTHORIZE_H

#include "metadata/acls.h"
#include "server/call.h"

/* Whether there is an authorizer at all: without one, ACLs are neither shown nor changed. */
bool authorizer_is_configured(const struct call *call);

bool authorize(const struct call *call, enum acl_operation operation, enum acl_resource type,
               struct slice name);

/* For a client that has asked for work which goes on when its call is over. */
bool authorize_client(const struct broker *broker, struct acl_client client, enum acl_operation operation,
                      enum acl_resource type, struct slice name);

/* With the cluster itself, or with a topic. */
bool authorize_cluster(const struct call *call, enum acl_operation operation);
bool authorize_topic(const struct call *call, enum acl_operation operation, struct slice topic);

/* Whether the client may do it with every one of these; what it may not is not told. */
bool authorize_all(const struct call *call, enum acl_operation operation, enum acl_resource type,
                   const struct slice *names, int32_t count);

/* Drops the names that the client may not do it with; the others keep their order. Returns how many are
 * left. */
int32_t authorize_filter(const struct call *call, enum acl_operation operation, enum acl_resource type,
                         struct slice *names, int32_t count);

/* The same with a topic of which the request names the id (else NULL), or the name. Yes where nobody knows
 * the id: there is nothing to hide then. Takes RANK_IMAGE as well: not for callers that hold it. */
bool authorize_topic_by(const struct call *call, enum acl_operation operation, const struct uuid *id,
                        struct slice name);

/* For what decides elsewhere (metadata/controller): asks for the client of this call, which must outlive
 * it. */
struct acl_asker authorize_asker(const struct call *call);

/* Whether there is any resource of the type, whatever its name, with which the client may do it. */
bool authorize_somewhere(const struct call *call, enum acl_operation operation, enum acl_resource type);

/* The bits 1 << enum acl_operation of what the client may do with the resource, of those operations that its
 * type knows: what answers call authorized operations (KIP-430). */
int32_t authorized_operations(const struct call *call, enum acl_resource type, struct slice name);

#endif
