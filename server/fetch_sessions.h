/*
 * fetch_sessions: the partitions that a client fetches again and again, so that it need not name them each
 * time (KIP-227).
 *
 * One cache for the broker, bounded by max.incremental.fetch.session.cache.slots (and a thousand partitions
 * for each); when it is full, a session that has been idle for two minutes makes room, else the client gets
 * no session (id 0), which is always right. Any thread; RANK_FETCH_SESSIONS is held for the time of one look
 * or update, never across a wait or a read.
 */
#ifndef SERVER_FETCH_SESSIONS_H
#define SERVER_FETCH_SESSIONS_H

#include "protocol/base/arena.h"
#include "protocol/errors.h"
#include "protocol/messages/fetch.h"

struct fetch_sessions;

/* `seed` is random. */
struct fetch_sessions *fetch_sessions_new(int32_t slots, uint64_t seed);
void fetch_sessions_free(struct fetch_sessions *sessions);

/* One partition to read, in the order to read it. */
struct fetch_target {
    struct slice topic;   /* null if the id is not known here, or by id only */
    struct uuid topic_id; /* zero below v13 */
    int32_t partition;
    int32_t max_bytes;
    int64_t fetch_offset;
    int64_t log_start_offset; /* the follower's */
    int32_t current_leader_epoch;
    int32_t last_fetched_epoch;

    /* What the session last told the client; -1 if nothing. Outside a session always -1. */
    int64_t told_high_watermark;
    int64_t told_log_start_offset;
};

/* What a request means once its session has been looked up. */
struct fetch_context {
    /* FETCH_SESSION_ID_NOT_FOUND, INVALID_FETCH_SESSION_EPOCH, FETCH_SESSION_TOPIC_ID_ERROR */
    enum kerr error;
    int32_t session_id;           /* what the answer says; 0: none */
    bool incremental;             /* the answer holds only what changed */
    struct fetch_target *targets; /* in the arena */
    int32_t target_count;
};

/* Applies the request's session fields, additions and forgotten partitions (kafka-apis 5.6). */
void fetch_sessions_begin(struct fetch_sessions *sessions, const struct fetch_request *request, int version,
                          struct arena *arena, struct fetch_context *context);

/* What was answered for one target. */
struct fetch_told {
    int64_t high_watermark; /* -1 after an error, so that the next good answer is sent */
    int64_t log_start_offset;
    bool has_records; /* moves to the end of the session's order */
};

/* Remembers what has been told; told[i] belongs to context->targets[i]. A session that has gone meanwhile is
 * left alone. */
void fetch_sessions_end(struct fetch_sessions *sessions, const struct fetch_context *context,
                        const struct fetch_told *told);

/* The session that this request has made is not told to the client: there is none. */
void fetch_sessions_cancel(struct fetch_sessions *sessions, const struct fetch_context *context);

#endif
