/*
 * quota_rules: which limit of the cluster's quotas is a client's, and with whom the client shares it
 * (KIP-13, KIP-55, KIP-124, KIP-599, KIP-612). Pure.
 */
#ifndef SERVER_THROTTLE_QUOTA_RULES_H
#define SERVER_THROTTLE_QUOTA_RULES_H

#include "metadata/quotas.h"

enum quota_kind {
    QUOTA_PRODUCE,    /* producer_byte_rate */
    QUOTA_FETCH,      /* consumer_byte_rate */
    QUOTA_REQUEST,    /* request_percentage, of one thread's time */
    QUOTA_CONTROLLER, /* controller_mutation_rate, partitions */
    QUOTA_KIND_COUNT,
};

struct quota_rule {
    double limit;   /* a second */
    bool by_user;   /* all clients of the same user and client id share it, as far as these are set */
    bool by_client; /* both: one bucket for each pair */
};

/* False: no limit. */
bool quota_rules_find(const struct quotas *quotas, enum quota_kind kind, struct slice user,
                      struct slice client_id, struct quota_rule *rule);

/* connection_creation_rate of an address; INFINITY: no limit. */
double quota_rules_connection_rate(const struct quotas *quotas, struct slice address);

/* A bit (1 << kind) for each kind of which there is a limit at all. */
unsigned quota_rules_kinds(const struct quotas *quotas);

/* Whether there is a limit for any address. */
bool quota_rules_have_addresses(const struct quotas *quotas);

#endif
