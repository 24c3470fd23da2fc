/*
 * scram_credentials: what users prove their passwords against, as UserScramCredentialRecords set it
 * (KIP-554, KIP-900). From neither key can the password be had.
 *
 * A value without locks, part of an image. Everything in it is its own; what callers find lives until the
 * next change.
 */
#ifndef METADATA_SCRAM_CREDENTIALS_H
#define METADATA_SCRAM_CREDENTIALS_H

#include "protocol/base/map.h"
#include "protocol/base/slice.h"

/* As the wire and the records number them. */
enum scram_mechanism {
    SCRAM_SHA_256 = 1,
    SCRAM_SHA_512 = 2,
};

struct scram_credential {
    struct slice user;
    int8_t mechanism; /* enum scram_mechanism, or what a record said instead */
    struct slice salt;
    struct slice stored_key; /* the hash of what a client proves that it has */
    struct slice server_key; /* what the server proves itself with */
    int32_t iterations;
};

struct scram_credentials {
    struct map by_user; /* mechanism as a byte and the user's name -> struct scram_credential */
};

void scram_credentials_init(struct scram_credentials *credentials, uint64_t hash_seed);
void scram_credentials_fini(struct scram_credentials *credentials);

/* Adds a copy, or replaces the user's credential of this mechanism by it. */
void scram_credentials_set(struct scram_credentials *credentials, const struct scram_credential *credential);

/* Nothing, if there is none. */
void scram_credentials_remove(struct scram_credentials *credentials, int8_t mechanism, struct slice user);

/* NULL: there is none. */
const struct scram_credential *scram_credentials_find(const struct scram_credentials *credentials,
                                                      int8_t mechanism, struct slice user);

/* All of them by mechanism and user: an array of credentials->by_user.count, malloc'ed, the caller frees. */
const struct scram_credential **scram_credentials_sorted(const struct scram_credentials *credentials);

#endif
