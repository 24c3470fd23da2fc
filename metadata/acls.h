/*
 * acls: the access control entries of a cluster (KIP-801), and what follows from them for one client and one
 * resource, as Apache Kafka's StandardAuthorizer has it (kafka-apis 15.3).
 *
 * A value without locks, part of an image. Everything in it is its own; what callers find lives until the
 * next change. A question costs one hash of the resource's name, a binary search among the prefixes of its
 * type, and one among the principals of each pattern that covers the name; it never walks all entries.
 */
#ifndef METADATA_ACLS_H
#define METADATA_ACLS_H

#include "protocol/base/map.h"
#include "protocol/base/slice.h"
#include "protocol/base/uuid.h"

/* The codes of records and of the wire. */
enum acl_resource {
    ACL_ANY_RESOURCE = 1, /* in filters */
    ACL_TOPIC = 2,
    ACL_GROUP = 3,
    ACL_CLUSTER = 4, /* of which there is one: CLUSTER_RESOURCE */
    ACL_TRANSACTIONAL_ID = 5,
    ACL_DELEGATION_TOKEN = 6,
    ACL_USER = 7,
    ACL_RESOURCE_TYPES, /* one more than the last */
};

enum acl_pattern_type {
    ACL_ANY_PATTERN = 1, /* in filters: of this name, whatever the pattern */
    ACL_MATCH = 2,       /* in filters: all that cover the name */
    ACL_LITERAL = 3,     /* the name, or "*" for all */
    ACL_PREFIXED = 4,
};

enum acl_operation {
    ACL_ANY_OPERATION = 1, /* in filters */
    ACL_ALL = 2,
    ACL_READ = 3,
    ACL_WRITE = 4,
    ACL_CREATE = 5,
    ACL_DELETE = 6,
    ACL_ALTER = 7,
    ACL_DESCRIBE = 8,
    ACL_CLUSTER_ACTION = 9,
    ACL_DESCRIBE_CONFIGS = 10,
    ACL_ALTER_CONFIGS = 11,
    ACL_IDEMPOTENT_WRITE = 12,
    ACL_CREATE_TOKENS = 13,
    ACL_DESCRIBE_TOKENS = 14,
    ACL_TWO_PHASE_COMMIT = 15,
};

enum acl_permission {
    ACL_ANY_PERMISSION = 1, /* in filters */
    ACL_DENY = 2,
    ACL_ALLOW = 3,
};

#define CLUSTER_RESOURCE "kafka-cluster"
#define ACL_WILDCARD     "*"

/* One entry: who may (or may not) do what, from where, with which resources. */
struct acl {
    struct uuid id;
    int8_t resource_type;   /* enum acl_resource, or what a record said instead */
    int8_t pattern_type;    /* likewise */
    int8_t operation;       /* likewise */
    int8_t permission_type; /* likewise */
    struct slice name;      /* of the resource, or how it begins */
    struct slice principal; /* "User:name"; "User:*" is everybody */
    struct slice host;      /* an address as Java prints it, or "*" */
};

struct acl_pattern;

/* The patterns of one type of resource. */
struct acl_patterns {
    struct map literals;           /* name -> struct acl_pattern */
    struct acl_pattern **prefixes; /* by name, ascending */
    size_t prefix_count;
    size_t prefix_capacity;
};

struct acls {
    struct map by_id; /* uuid -> struct acl */
    struct acl_patterns of_type[ACL_RESOURCE_TYPES];
};

void acls_init(struct acls *acls, uint64_t hash_seed);
void acls_fini(struct acls *acls);

/* Adds a copy. The id must be new. */
void acls_add(struct acls *acls, const struct acl *acl);

/* False: there is none of this id. */
bool acls_remove(struct acls *acls, struct uuid id);

const struct acl *acls_find(const struct acls *acls, struct uuid id);

/* One that says the same as `acl`, whatever their ids; NULL if there is none. */
const struct acl *acls_find_same(const struct acls *acls, const struct acl *acl);

/* All of them by id, ascending: an array of acls->by_id.count, malloc'ed, the caller frees. */
const struct acl **acls_sorted(const struct acls *acls);

/* ---- what follows ---- */

/* Who asks: the principal ("User:name") and the address as Java prints it. */
struct acl_client {
    struct slice principal;
    struct slice host;
};

/* Bits are 1 << enum acl_operation. */
struct acl_rights {
    uint32_t allowed; /* somewhere; with what the operations imply (READ, WRITE, DELETE, ALTER: DESCRIBE) */
    uint32_t denied;  /* wins */
    bool found;       /* whether any entry, be it of another principal, covers the resource */
};

/* Adds up every entry that covers this resource and this client. */
struct acl_rights acls_rights(const struct acls *acls, enum acl_resource type, struct slice name,
                              struct acl_client client);

/* Whether the client may do this with some resource of the type, whatever its name: there is an entry that
 * allows it and that none which denies it covers whole. */
bool acls_allow_somewhere(const struct acls *acls, enum acl_resource type, enum acl_operation operation,
                          struct acl_client client);

/* How what decides for a client asks what that client may do, without knowing who it is. `may` NULL: all. */
struct acl_asker {
    bool (*may)(const void *who, enum acl_operation operation, enum acl_resource type, struct slice name);
    const void *who;
};

static inline bool acl_asker_may(const struct acl_asker *asker, enum acl_operation operation,
                                 enum acl_resource type, struct slice name)
{
    return asker->may == NULL || asker->may(asker->who, operation, type, name);
}

/* ---- filters ---- */

/* What DescribeAcls and DeleteAcls ask for; null texts and ANY match everything. */
struct acl_filter {
    int8_t resource_type;
    int8_t pattern_type;
    int8_t operation;
    int8_t permission_type;
    struct slice name;
    struct slice principal;
    struct slice host;
};

bool acl_filter_matches(const struct acl_filter *filter, const struct acl *acl);

#endif
