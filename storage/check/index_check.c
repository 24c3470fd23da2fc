/*
 * index_check: see index_check.h.
 *
 * What an entry promises. Offset index: whoever looks for its offset or a later one may begin at its
 * position, so a batch begins there that does not lie beyond the offset. (Releases before 4.0 name the last
 * offset of several batches that were appended together.) Time index: whoever looks for its timestamp or a
 * later one may begin at its offset, so no batch up to there has a larger one.
 */
#include "storage/check/index_check.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

static int64_t position_of_entry(const struct entry_file *file)
{
    return file->position - (int64_t)file->entry_size;
}

static void end_of_file(struct findings *findings, enum severity severity, const char *rule, const char *path,
                        const struct entry_file *file, int error)
{
    if (error == -EBADMSG)
        findings_add(findings, severity, rule, path, file->position, "%zu bytes are no whole entry",
                     entry_file_left(file));
    else if (error < 0)
        findings_add(findings, FINDING_ERROR, "unreadable", path, -1, "%s", strerror(-error));
}

/* ---- offset and time index ---- */

static const char *order_rule(const struct index_check *check)
{
    return check->kind == OFFSET_INDEX ? "index-order" : "time-index-order";
}

/* Zeros behind the entries: nothing but zeros up to the end? */
static void take_zeros(struct index_check *check)
{
    int64_t from = position_of_entry(&check->file);
    int error;
    const uint8_t *at;
    check->is_over = true;
    while ((at = entry_file_next(&check->file, &error)) != NULL)
        if (!entry_is_zero(at, check->file.entry_size)) {
            findings_add(check->findings, check->severity, order_rule(check), check->path, from,
                         "zeros, and entries behind them");
            return;
        }
    if (!check->zeros_are_fine)
        findings_add(check->findings, check->severity,
                     check->kind == OFFSET_INDEX ? "index-zeros" : "time-index-zeros", check->path, from,
                     "zeros behind the entries: they are taken for entries");
}

static bool is_in_order(const struct index_check *check, struct index_entry entry)
{
    if (entry.key < 0 || entry.value < 0)
        return false;
    if (check->count == 0)
        return true;
    return entry.key > check->last.key
           && (check->kind == OFFSET_INDEX ? entry.value > check->last.value
                                           : entry.value >= check->last.value);
}

/* Puts the next entry into `entry`. */
static void advance(struct index_check *check)
{
    int error;
    check->has_entry = false;
    if (check->is_over)
        return;
    const uint8_t *at = entry_file_next(&check->file, &error);
    if (at == NULL) {
        check->is_over = true;
        end_of_file(check->findings, FINDING_WARNING, order_rule(check), check->path, &check->file, error);
        return;
    }
    bool may_be_zero = check->kind == TIME_INDEX && check->count == 0 && !check->zeros_are_fine;
    if (entry_is_zero(at, check->file.entry_size) && !may_be_zero) {
        take_zeros(check);
        return;
    }
    struct index_entry entry = index_decode(check->kind, at);
    if (!is_in_order(check, entry)) {
        findings_add(check->findings, check->severity, order_rule(check), check->path,
                     position_of_entry(&check->file), "an entry that is not beyond the one before it");
        check->is_over = true;
        return;
    }
    check->last = check->entry = entry;
    check->count++;
    check->has_entry = true;
}

void index_check_begin(struct index_check *check, struct file_system *fs)
{
    int result = entry_file_open(&check->file, fs, check->path, index_entry_size(check->kind));
    check->is_open = result == 0;
    check->is_over = result < 0;
    if (result < 0)
        findings_add(check->findings, FINDING_ERROR, "unreadable", check->path, -1, "%s", strerror(-result));
    advance(check);
}

static void wrong_offset_entry(struct index_check *check, const char *what)
{
    findings_add(check->findings, check->severity, "index-entry", check->path,
                 position_of_entry(&check->file), "offset %" PRId64 " at byte %" PRId32 ": %s",
                 check->base + check->entry.key, check->entry.value, what);
}

static void check_offset_entries(struct index_check *check, const struct batch_header *header,
                                 int64_t position)
{
    while (check->has_entry && check->entry.value < position) {
        wrong_offset_entry(check, "no batch begins there");
        advance(check);
    }
    if (!check->has_entry || check->entry.value != position)
        return;
    if (check->base + check->entry.key < header->base_offset)
        wrong_offset_entry(check, "the batch there lies beyond that offset");
    advance(check);
}

static void check_time_entries(struct index_check *check, const struct batch_header *header,
                               int64_t max_timestamp)
{
    while (check->has_entry && check->base + check->entry.value <= batch_last_offset(header)) {
        if (max_timestamp > check->entry.key)
            findings_add(check->findings, check->severity, "time-index-entry", check->path,
                         position_of_entry(&check->file),
                         "timestamp %" PRId64 " at offset %" PRId64
                         ", and up to there is a larger one: %" PRId64,
                         check->entry.key, check->base + check->entry.value, max_timestamp);
        advance(check);
    }
}

void index_check_batch(struct index_check *check, const struct batch_header *header, int64_t position,
                       int64_t max_timestamp)
{
    if (!check->has_entry)
        return;
    if (check->kind == OFFSET_INDEX)
        check_offset_entries(check, header, position);
    else
        check_time_entries(check, header, max_timestamp);
}

void index_check_end(struct index_check *check, int64_t end_offset, int64_t max_timestamp, bool is_closed)
{
    for (; check->has_entry; advance(check)) {
        if (check->kind == OFFSET_INDEX)
            wrong_offset_entry(check, "no batch begins there");
        else
            findings_add(check->findings, check->severity, "time-index-entry", check->path,
                         position_of_entry(&check->file),
                         "an entry for offset %" PRId64 ", and the segment ends at %" PRId64,
                         check->base + check->entry.value, end_offset);
    }
    if (check->kind == TIME_INDEX && is_closed && check->is_open && max_timestamp > 0
        && (check->count == 0 || check->last.key < max_timestamp))
        findings_add(check->findings, check->severity, "time-index-last", check->path, -1,
                     "its last entry is not the segment's largest timestamp, %" PRId64, max_timestamp);
    if (check->is_open)
        entry_file_close(&check->file);
}

/* ---- aborted transactions ---- */

static void advance_txn(struct txn_index_check *check)
{
    int error;
    int64_t last = check->has_entry ? check->entry.last_offset : check->base - 1;
    check->has_entry = false;
    const uint8_t *at = entry_file_next(&check->file, &error);
    if (at == NULL) {
        end_of_file(check->findings, FINDING_WARNING, "txn-index-order", check->path, &check->file, error);
        return;
    }
    if (!txn_index_decode(at, &check->entry))
        findings_add(check->findings, FINDING_WARNING, "txn-index-version", check->path,
                     position_of_entry(&check->file), "an entry of an unknown version: it is made anew");
    else if (check->entry.last_offset < check->base)
        findings_add(check->findings, FINDING_WARNING, "txn-index-order", check->path,
                     position_of_entry(&check->file),
                     "an entry that ends before the segment begins: the index is made anew");
    else if (check->entry.last_offset <= last)
        findings_add(check->findings, check->severity, "txn-index-order", check->path,
                     position_of_entry(&check->file), "an entry that is not beyond the one before it");
    else
        check->has_entry = true;
}

void txn_index_check_begin(struct txn_index_check *check, struct file_system *fs, bool exists)
{
    check->is_open = check->has_entry = false;
    if (!exists)
        return;
    int result = entry_file_open(&check->file, fs, check->path, TXN_INDEX_ENTRY_BYTES);
    check->is_open = result == 0;
    if (result < 0)
        findings_add(check->findings, FINDING_ERROR, "unreadable", check->path, -1, "%s", strerror(-result));
    else
        advance_txn(check);
}

static void wrong_txn_entry(struct txn_index_check *check, const char *what)
{
    findings_add(check->findings, check->severity, "txn-index-entry", check->path,
                 position_of_entry(&check->file),
                 "producer %" PRId64 ", offsets %" PRId64 " to %" PRId64 ": %s", check->entry.producer_id,
                 check->entry.first_offset, check->entry.last_offset, what);
}

/* Entries without a marker are fine: compaction takes markers away. */
void txn_index_check_abort(struct txn_index_check *check, const struct batch_header *header,
                           const struct ended_transaction *ended)
{
    while (check->has_entry && check->entry.last_offset < header->base_offset)
        advance_txn(check);
    if (check->has_entry && check->entry.last_offset == header->base_offset) {
        if (check->entry.producer_id != header->producer_id)
            wrong_txn_entry(check, "the abort marker at its end is another producer's");
        else if (ended != NULL && check->entry.first_offset > ended->first_offset)
            wrong_txn_entry(check, "the transaction began before");
        advance_txn(check);
    } else if (ended != NULL && ended->aborted)
        findings_add(check->findings, check->severity, "txn-index-missing", check->path, -1,
                     "it lacks the transaction of producer %" PRId64 " that offset %" PRId64
                     " aborts: READ_COMMITTED would show its records",
                     header->producer_id, header->base_offset);
}

void txn_index_check_end(struct txn_index_check *check, int64_t end_offset)
{
    for (; check->has_entry; advance_txn(check))
        if (check->entry.last_offset >= end_offset)
            wrong_txn_entry(check, "that is beyond the segment's end");
    if (check->is_open)
        entry_file_close(&check->file);
}
