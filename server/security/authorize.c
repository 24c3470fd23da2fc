/* See authorize.h. */
#include "server/security/authorize.h"

#include "server/broker.h"
#include "server/connection.h"

#define BIT(operation) (UINT32_C(1) << (operation))

enum {
    CLUSTER_BITS = BIT(ACL_CREATE) | BIT(ACL_CLUSTER_ACTION) | BIT(ACL_DESCRIBE_CONFIGS)
                   | BIT(ACL_ALTER_CONFIGS) | BIT(ACL_IDEMPOTENT_WRITE) | BIT(ACL_ALTER) | BIT(ACL_DESCRIBE),
    TOPIC_BITS = BIT(ACL_READ) | BIT(ACL_WRITE) | BIT(ACL_CREATE) | BIT(ACL_DELETE) | BIT(ACL_ALTER)
                 | BIT(ACL_DESCRIBE) | BIT(ACL_DESCRIBE_CONFIGS) | BIT(ACL_ALTER_CONFIGS),
    GROUP_BITS = BIT(ACL_READ) | BIT(ACL_DELETE) | BIT(ACL_DESCRIBE) | BIT(ACL_DESCRIBE_CONFIGS)
                 | BIT(ACL_ALTER_CONFIGS),
};

bool authorizer_is_configured(const struct call *call)
{
    return call->broker->config.authorizer.configured;
}

static struct acl_client client_of(const struct call *call)
{
    return (struct acl_client){call->connection->principal, slice_str(call->connection->peer)};
}

/* Whoever nobody needs to ask about: everybody without an authorizer, super users with one. */
static bool is_above_acls(const struct authorizer_config *config, struct slice principal)
{
    for (int32_t i = 0; config->configured && i < config->super_user_count; i++)
        if (slice_equal(config->super_users[i], principal))
            return true;
    return !config->configured;
}

static bool may_do_everything(const struct call *call)
{
    return is_above_acls(&call->broker->config.authorizer, call->connection->principal);
}

static uint32_t allowed_by(const struct authorizer_config *config, const struct acls *acls,
                           struct acl_client client, enum acl_resource type, struct slice name)
{
    struct acl_rights rights = acls_rights(acls, type, name, client);
    if (!rights.found)
        return config->allow_everyone_if_no_acl_found ? UINT32_MAX : 0;
    return rights.allowed & ~rights.denied;
}

static uint32_t allowed_to(const struct broker *broker, struct acl_client client, enum acl_resource type,
                           struct slice name)
{
    const struct authorizer_config *config = &broker->config.authorizer;
    if (is_above_acls(config, client.principal))
        return UINT32_MAX;
    uint32_t bits = allowed_by(config, cluster_read_acls(broker->cluster), client, type, name);
    cluster_read_acls_done(broker->cluster);
    return bits;
}

static uint32_t allowed(const struct call *call, enum acl_resource type, struct slice name)
{
    return allowed_to(call->broker, client_of(call), type, name);
}

bool authorize_client(const struct broker *broker, struct acl_client client, enum acl_operation operation,
                      enum acl_resource type, struct slice name)
{
    return (allowed_to(broker, client, type, name) & BIT(operation)) != 0;
}

bool authorize(const struct call *call, enum acl_operation operation, enum acl_resource type,
               struct slice name)
{
    return (allowed(call, type, name) & BIT(operation)) != 0;
}

bool authorize_cluster(const struct call *call, enum acl_operation operation)
{
    return authorize(call, operation, ACL_CLUSTER, SLICE(CLUSTER_RESOURCE));
}

bool authorize_topic(const struct call *call, enum acl_operation operation, struct slice topic)
{
    return authorize(call, operation, ACL_TOPIC, topic);
}

bool authorize_topic_by(const struct call *call, enum acl_operation operation, const struct uuid *id,
                        struct slice name)
{
    if (id == NULL || may_do_everything(call))
        return authorize_topic(call, operation, name);
    const struct image *image = cluster_read(call->broker->cluster);
    const struct topic *topic = image_find_topic_by_id(image, *id);
    bool allowed = topic == NULL || authorize_topic(call, operation, topic->name);
    cluster_read_done(call->broker->cluster);
    return allowed;
}

static bool ask(const void *who, enum acl_operation operation, enum acl_resource type, struct slice name)
{
    return authorize(who, operation, type, name);
}

struct acl_asker authorize_asker(const struct call *call)
{
    return (struct acl_asker){may_do_everything(call) ? NULL : ask, call};
}

int32_t authorize_filter(const struct call *call, enum acl_operation operation, enum acl_resource type,
                         struct slice *names, int32_t count)
{
    if (may_do_everything(call))
        return count;
    int32_t left = 0;
    const struct acls *acls = cluster_read_acls(call->broker->cluster);
    for (int32_t i = 0; i < count; i++)
        if (allowed_by(&call->broker->config.authorizer, acls, client_of(call), type, names[i])
            & BIT(operation))
            names[left++] = names[i];
    cluster_read_acls_done(call->broker->cluster);
    return left;
}

bool authorize_all(const struct call *call, enum acl_operation operation, enum acl_resource type,
                   const struct slice *names, int32_t count)
{
    if (may_do_everything(call))
        return true;
    bool all = true;
    const struct acls *acls = cluster_read_acls(call->broker->cluster);
    for (int32_t i = 0; i < count && all; i++)
        all = (allowed_by(&call->broker->config.authorizer, acls, client_of(call), type, names[i])
               & BIT(operation))
              != 0;
    cluster_read_acls_done(call->broker->cluster);
    return all;
}

/* First with a name that hardly any ACL covers, as Kafka does: that is how allow.everyone.if.no.acl.found
 * counts here. */
bool authorize_somewhere(const struct call *call, enum acl_operation operation, enum acl_resource type)
{
    if (authorize(call, operation, type, SLICE("hardcode")))
        return true;
    const struct acls *acls = cluster_read_acls(call->broker->cluster);
    bool allowed = acls_allow_somewhere(acls, type, operation, client_of(call));
    cluster_read_acls_done(call->broker->cluster);
    return allowed;
}

int32_t authorized_operations(const struct call *call, enum acl_resource type, struct slice name)
{
    uint32_t known = type == ACL_TOPIC ? TOPIC_BITS : type == ACL_GROUP ? GROUP_BITS : CLUSTER_BITS;
    return (int32_t)(allowed(call, type, name) & known);
}
