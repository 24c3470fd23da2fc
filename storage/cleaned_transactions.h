/*
 * cleaned_transactions: which transactions the cleaner is inside of, as it walks through a log: whether a
 * data batch belongs to an aborted one, and whether a marker still has records that need it. For one walk, in
 * offset order; used by one thread.
 */
#ifndef STORAGE_CLEANED_TRANSACTIONS_H
#define STORAGE_CLEANED_TRANSACTIONS_H

#include "protocol/base/map.h"
#include "protocol/batch.h"
#include "storage/txn_index.h"

struct cleaned_transactions {
    const struct aborted_entry *aborted; /* borrowed; by first offset */
    int64_t aborted_count;
    int64_t from;    /* where the walk begins */
    int64_t next;    /* the first entry that the walk has not reached */
    struct map open; /* producer id -> struct open_transaction */
};

/* Sorts the entries (borrowed, by first offset). */
void aborted_entries_sort(struct aborted_entry *entries, int64_t count);

/* For a walk that begins at the offset `from`. */
void cleaned_transactions_init(struct cleaned_transactions *transactions, int64_t from,
                               const struct aborted_entry *aborted, int64_t count, uint64_t seed);
void cleaned_transactions_fini(struct cleaned_transactions *transactions);

/* A data batch. True: its transaction was aborted, its records are nobody's. */
bool cleaned_transactions_data(struct cleaned_transactions *transactions, const struct batch_header *header);

enum marker_type { MARKER_EMPTIED, MARKER_ABORT, MARKER_COMMIT, MARKER_OTHER };

/*
 * A control batch; `type` is its record's, MARKER_EMPTIED if an earlier cleaning took that away. True: no
 * record of its transaction is left before it, so it may go in time. An ABORT that must stay fills *entry
 * (of the transaction index) and sets *has_entry.
 */
bool cleaned_transactions_marker(struct cleaned_transactions *transactions, const struct batch_header *header,
                                 enum marker_type type, struct aborted_entry *entry, bool *has_entry);

#endif
