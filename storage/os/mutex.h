/*
 * mutex: pthread mutexes and read-write locks that know their rank.
 *
 * Locks are taken in rank order, lowest first; two of one rank are never held at once. docs/locking.md is the
 * same table with what each guards. Checked builds (ODRADEK_CHECK_LOCKS, on in every sanitizer preset) keep
 * the ranks that the thread holds and stop at the first violation; release builds pay nothing.
 */
#ifndef STORAGE_OS_MUTEX_H
#define STORAGE_OS_MUTEX_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

enum lock_rank {
    RANK_BROKER = 10,         /* server/broker: life cycle */
    RANK_LISTENER = 20,       /* server/listener: the connections of one listener */
    RANK_FETCH_SESSIONS = 30, /* server/fetch_sessions: the cache of KIP-227 sessions */
    RANK_COORDINATORS = 33,   /* server/coordinator: making the shards */
    RANK_GROUPS = 35,         /* server/coordinator: one shard; held across its append, never a sync */
    RANK_CONTROLLER = 40,     /* metadata/cluster: one change at a time; held across the cluster log's sync */
    RANK_IMAGE = 50,          /* metadata/cluster: the image (read-write); never held across I/O */
    RANK_ACLS = 52,         /* metadata/cluster: the ACLs in it (read-write); asked while the image is held */
    RANK_TELEMETRY = 53,    /* server/telemetry: clients that push metrics */
    RANK_THROTTLE = 54,     /* server/throttle: rules and buckets of quotas */
    RANK_QUOTA_BUCKET = 55, /* server/throttle: one bucket */
    RANK_CHECKPOINTS = 56,  /* storage/partitions: one writer of the directories' checkpoint files */
    RANK_MOVER = 58,        /* storage/mover: moves that wait, and its threads */
    RANK_CREATIONS = 58,    /* storage/partitions: which partitions are being made */
    RANK_PARTITIONS = 60,   /* storage/partitions: the registry (read-write) */
    RANK_CLEANER = 65,      /* storage/cleaner: its threads, its throttle */
    RANK_PARTITION =
        70,           /* storage/partition: one partition's log; held across a write, never across a sync */
    RANK_SYNC = 80,   /* storage/partition: who syncs, who waits */
    RANK_WAITER = 90, /* server/waiter: one waiting request */
    RANK_DATA_DIR = 100, /* storage/data_dir: state of a directory, its checkpoint files */
    RANK_FILES = 110,    /* storage: the cache of open segment files */
};

/* A field says who guards it; in C no compiler checks that. */
#define GUARDED_BY(lock)

#if defined(__clang__)
/* clang checks who holds what (-Wthread-safety); gcc does not know these attributes. */
#define CAPABILITY           __attribute__((capability("mutex")))
#define ACQUIRES(...)        __attribute__((acquire_capability(__VA_ARGS__)))
#define ACQUIRES_SHARED(...) __attribute__((acquire_shared_capability(__VA_ARGS__)))
#define RELEASES(...)        __attribute__((release_capability(__VA_ARGS__)))
#define RELEASES_SHARED(...) __attribute__((release_shared_capability(__VA_ARGS__)))
#define NEEDS(...)           __attribute__((requires_capability(__VA_ARGS__)))
#else
#define CAPABILITY
#define ACQUIRES(...)
#define ACQUIRES_SHARED(...)
#define RELEASES(...)
#define RELEASES_SHARED(...)
#define NEEDS(...)
#endif

struct CAPABILITY mutex {
    pthread_mutex_t mutex;
    enum lock_rank rank;
};

struct CAPABILITY rwlock {
    pthread_rwlock_t rwlock;
    enum lock_rank rank;
};

void mutex_init(struct mutex *mutex, enum lock_rank rank);
void mutex_fini(struct mutex *mutex);
void mutex_lock(struct mutex *mutex) ACQUIRES(mutex);
void mutex_unlock(struct mutex *mutex) RELEASES(mutex);

void rwlock_init(struct rwlock *rwlock, enum lock_rank rank);
void rwlock_fini(struct rwlock *rwlock);
void rwlock_read(struct rwlock *rwlock) ACQUIRES_SHARED(rwlock);
void rwlock_read_done(struct rwlock *rwlock) RELEASES_SHARED(rwlock);
void rwlock_write(struct rwlock *rwlock) ACQUIRES(rwlock);
void rwlock_write_done(struct rwlock *rwlock) RELEASES(rwlock);

/* A condition that waits on the monotonic clock. */
struct condition {
    pthread_cond_t cond;
};

void condition_init(struct condition *condition);
void condition_fini(struct condition *condition);
void condition_wait(struct condition *condition, struct mutex *mutex) NEEDS(mutex);

/* False once the deadline (clock_monotonic_ms) has passed. INT64_MAX: no deadline. */
bool condition_wait_until(struct condition *condition, struct mutex *mutex, int64_t deadline_ms) NEEDS(mutex);
void condition_signal(struct condition *condition);
void condition_broadcast(struct condition *condition);

#endif
