/*
 * cleaned_transactions: see cleaned_transactions.h.
 *
 * 1. A producer has at most one open transaction. It is an aborted one from the moment that the walk reaches
 * its first offset, which the transaction index tells ahead of the marker.
 * Transactions that ended before the walk began are none of its business.
 * 2. A producer stays in `open` from its transaction's first batch (or index entry) to its marker.
 *
 * Called by log_compact.
 */
#include "storage/cleaned_transactions.h"

#include "protocol/base/ensure.h"

#include <stdlib.h>

struct open_transaction {
    int64_t producer_id; /* the map's key */
    bool aborted;
    bool has_data; /* of an aborted one: a batch of it was there */
    struct aborted_entry entry;
};

static int by_first_offset(const void *a, const void *b)
{
    int64_t left = ((const struct aborted_entry *)a)->first_offset;
    int64_t right = ((const struct aborted_entry *)b)->first_offset;
    return (left > right) - (left < right);
}

void aborted_entries_sort(struct aborted_entry *entries, int64_t count)
{
    if (count > 1)
        qsort(entries, (size_t)count, sizeof *entries, by_first_offset);
}

void cleaned_transactions_init(struct cleaned_transactions *transactions, int64_t from,
                               const struct aborted_entry *aborted, int64_t count, uint64_t seed)
{
    *transactions = (struct cleaned_transactions){.aborted = aborted, .aborted_count = count, .from = from};
    map_init(&transactions->open, seed);
}

void cleaned_transactions_fini(struct cleaned_transactions *transactions)
{
    size_t cursor = 0;
    struct map_entry *entry;
    while ((entry = map_next(&transactions->open, &cursor)) != NULL)
        free(entry->value);
    map_fini(&transactions->open);
}

static struct slice key_of(const int64_t *producer_id)
{
    return slice_of(producer_id, sizeof *producer_id);
}

/* The producer's open transaction; begins one if there is none. */
static struct open_transaction *find_or_begin(struct cleaned_transactions *transactions, int64_t producer_id)
{
    struct open_transaction *open = map_find(&transactions->open, key_of(&producer_id));
    if (open != NULL)
        return open;
    open = calloc(1, sizeof *open);
    ensure(open != NULL);
    open->producer_id = producer_id;
    map_put(&transactions->open, key_of(&open->producer_id), open);
    return open;
}

static void reach(struct cleaned_transactions *transactions, int64_t offset)
{
    while (transactions->next < transactions->aborted_count
           && transactions->aborted[transactions->next].first_offset <= offset) {
        const struct aborted_entry *entry = &transactions->aborted[transactions->next++];
        if (entry->last_offset < transactions->from)
            continue;
        struct open_transaction *open = find_or_begin(transactions, entry->producer_id);
        if (open->aborted)
            continue;
        open->aborted = true;
        open->entry = *entry;
    }
}

bool cleaned_transactions_data(struct cleaned_transactions *transactions, const struct batch_header *header)
{
    reach(transactions, batch_last_offset(header));
    if (!batch_is_transactional(header))
        return false;
    struct open_transaction *open = find_or_begin(transactions, header->producer_id);
    open->has_data = true;
    return open->aborted;
}

bool cleaned_transactions_marker(struct cleaned_transactions *transactions, const struct batch_header *header,
                                 enum marker_type type, struct aborted_entry *entry, bool *has_entry)
{
    reach(transactions, batch_last_offset(header));
    *has_entry = false;
    if (type == MARKER_EMPTIED)
        return true;
    if (type == MARKER_OTHER)
        return false;
    struct open_transaction *open = map_find(&transactions->open, key_of(&header->producer_id));
    if (open == NULL)
        return true;
    bool has_data = open->has_data;
    if (type == MARKER_ABORT && open->aborted && has_data) {
        *entry = open->entry;
        *has_entry = true;
    }
    map_remove(&transactions->open, key_of(&header->producer_id));
    free(open);
    return !has_data;
}
