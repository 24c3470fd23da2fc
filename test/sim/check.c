/*
 * check: see check.h.
 *
 * What is found is a row of batches that were appended, in their order. It has no holes where something was
 * promised; behind that anything may be missing.
 */
#include "test/sim/check.h"

#include "protocol/base/ensure.h"
#include "protocol/record.h"
#include "storage/os/clock.h"
#include "test/sim/reading.h"
#include "test/sim/sim_world.h"
#include "test/sim/workload.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LOOKUPS = 6 };

/* One partition being looked at. */
struct look {
    struct model_topic *topic;
    struct model_partition *part;
    int32_t index;
    struct partition *partition;
    struct reading reading;
    bool *is_there; /* for each batch of the model: it was read */
    size_t at;
    struct note *why;
};

__attribute__((format(printf, 2, 3))) static bool wrong(const struct look *look, const char *format, ...)
{
    char text[400];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    note_set(look->why, "%s-%d: %s", look->topic->name, (int)look->index, text);
    return false;
}

/* ---- the rows of batches ---- */

static bool check_offsets(const struct look *look)
{
    const struct partition_offsets *offsets = &look->reading.offsets;
    int64_t durable = model_value_at(&look->part->durable, look->at);
    int64_t start = model_value_at(&look->part->start, look->at);
    if (offsets->log_start_offset > offsets->last_stable_offset
        || offsets->last_stable_offset > offsets->high_watermark
        || offsets->high_watermark != offsets->log_end_offset)
        return wrong(look, "start %" PRId64 ", stable %" PRId64 ", high watermark %" PRId64 ", end %" PRId64,
                     offsets->log_start_offset, offsets->last_stable_offset, offsets->high_watermark,
                     offsets->log_end_offset);
    if (offsets->log_start_offset < model_value_at(&look->part->deleted, look->at))
        return wrong(look, "starts at %" PRId64 ", but records up to %" PRId64 " were deleted",
                     offsets->log_start_offset, model_value_at(&look->part->deleted, look->at));
    if (offsets->log_end_offset < durable)
        return wrong(look, "ends at %" PRId64 ", but %" PRId64 " was promised", offsets->log_end_offset,
                     durable);
    if (offsets->log_start_offset > start && start < durable)
        return wrong(look, "starts at %" PRId64 ", though nobody asked for more than %" PRId64,
                     offsets->log_start_offset, start);
    return true;
}

/* Whether anything that was promised lies in [from, to), behind the log start that was found. That may be
 * before the one that was asked for, but nothing behind it is gone then: a segment goes after its start. */
static bool is_promised(const struct look *look, int64_t from, int64_t to)
{
    int64_t durable = model_value_at(&look->part->durable, look->at);
    return from < (to < durable ? to : durable);
}

/* ---- compacted topics ---- */

static bool is_compacted(const struct look *look)
{
    return look->topic->name[0] == 'c';
}

/* The record of the model with this offset and these contents: NULL if nobody wrote it. */
static bool was_written(const struct look *look, const struct record *wanted)
{
    for (size_t i = 0; i < look->part->count; i++) {
        const struct model_batch *batch = &look->part->batches[i];
        if (wanted->offset < batch->header.base_offset || wanted->offset > batch_last_offset(&batch->header))
            continue;
        struct record_iterator it;
        struct record record;
        bool found = false;
        record_iterator_init(&it, slice_of(batch->bytes, batch->len), NULL);
        while (!found && record_iterator_next(&it, &record, NULL) == RECORD_READ)
            found = record.offset == wanted->offset && slice_equal(record.key, wanted->key)
                    && slice_equal(record.value, wanted->value);
        record_iterator_fini(&it);
        if (found)
            return true;
    }
    return false;
}

static bool check_cleaned_batch(const struct look *look, size_t i)
{
    struct record_iterator it;
    struct record record;
    bool good = look->reading.batches[i].crc_is_good;
    record_iterator_init(&it, reading_bytes(&look->reading, i), NULL);
    while (good && record_iterator_next(&it, &record, NULL) == RECORD_READ)
        good = was_written(look, &record);
    record_iterator_fini(&it);
    return good
           || wrong(look, "a record of the batch at %" PRId64 " was never written",
                    look->reading.batches[i].header.base_offset);
}

enum { KEYS = 8 };

/* The newest record of each key, of producers that make no transactions. */
struct newest {
    int64_t offset[KEYS]; /* -1: none */
    bool is_null[KEYS];
};

static void note_newest(struct newest *newest, struct slice batch, int64_t below)
{
    struct record_iterator it;
    struct record record;
    record_iterator_init(&it, batch, NULL);
    while (record_iterator_next(&it, &record, NULL) == RECORD_READ) {
        if (record.key.len != 2 || record.key.data[0] != 'k' || record.offset >= below)
            continue;
        int key = record.key.data[1] - '0';
        if (record.offset > newest->offset[key]) {
            newest->offset[key] = record.offset;
            newest->is_null[key] = slice_is_null(record.value);
        }
    }
    record_iterator_fini(&it);
}

/* Whatever was cleaned: of each key the last promised record is there, or a later one. */
static bool check_newest(const struct look *look)
{
    struct newest promised, found;
    memset(&promised, 0xff, sizeof promised);
    memset(&found, 0xff, sizeof found);
    int64_t durable = model_value_at(&look->part->durable, look->at);
    for (size_t i = 0; i < look->part->count; i++)
        if (look->part->batches[i].stored && !look->part->batches[i].is_marker)
            note_newest(&promised, slice_of(look->part->batches[i].bytes, look->part->batches[i].len),
                        durable);
    for (size_t i = 0; i < look->reading.count; i++)
        if (!batch_is_control(&look->reading.batches[i].header))
            note_newest(&found, reading_bytes(&look->reading, i), INT64_MAX);
    for (int key = 0; key < KEYS; key++)
        if (promised.offset[key] > found.offset[key] && !promised.is_null[key])
            return wrong(look, "k%d ends at %" PRId64 ", but %" PRId64 " was promised", key,
                         found.offset[key], promised.offset[key]);
    return true;
}

/* ---- rows ---- */

static bool check_row(const struct look *look, size_t i, int64_t next)
{
    int64_t durable = model_value_at(&look->part->durable, look->at);
    const struct batch_header *header = &look->reading.batches[i].header;
    const struct model_batch *batch = model_find_batch(look->part, reading_bytes(&look->reading, i));
    if (batch == NULL && is_compacted(look))
        return check_cleaned_batch(look, i);
    if (batch == NULL)
        return wrong(look, "the batch at %" PRId64 " was never written", header->base_offset);
    if (header->base_offset < durable && !batch->stored)
        return wrong(look, "the batch at %" PRId64 " was refused", header->base_offset);
    if (i > 0 && header->base_offset < next)
        return wrong(look, "%" PRId64 " comes behind %" PRId64, header->base_offset, next - 1);
    if (!is_compacted(look) && is_promised(look, next, header->base_offset))
        return wrong(look, "%" PRId64 " follows where %" PRId64 " was promised", header->base_offset, next);
    int32_t epoch = partition_epoch_of_offset(look->partition, batch_last_offset(header));
    if (epoch != header->partition_leader_epoch)
        return wrong(look, "%" PRId64 " is of epoch %d, the cache says %d", header->base_offset,
                     (int)header->partition_leader_epoch, (int)epoch);
    look->is_there[batch - look->part->batches] = true;
    return true;
}

static bool check_rows(const struct look *look)
{
    const struct reading *reading = &look->reading;
    int64_t next = reading->offsets.log_start_offset;
    for (size_t i = 0; i < reading->count; i++) {
        if (!check_row(look, i, next))
            return false;
        next = batch_next_offset(&reading->batches[i].header);
    }
    if (is_compacted(look) && reading->error == KERR_NONE)
        return check_newest(look);
    if (reading->error != KERR_NONE || is_promised(look, next, reading->offsets.log_end_offset))
        return wrong(look, "reading stops at %" PRId64 ", the end is %" PRId64 " (error %d)", next,
                     reading->offsets.log_end_offset, (int)reading->error);
    return true;
}

/* ---- looking things up ---- */

static bool check_fetch_at(const struct look *look, const struct reading_batch *wanted, int64_t offset)
{
    struct reading one;
    bool good = reading_take(&one, look->partition, READ_UNCOMMITTED, offset, look->why);
    if (good && (one.count == 0 || one.batches[0].header.base_offset != wanted->header.base_offset))
        good = wrong(look, "a fetch at %" PRId64 " does not begin with the batch at %" PRId64, offset,
                     wanted->header.base_offset);
    reading_fini(&one);
    return good;
}

/* The first record at or above the start with this timestamp or a later one; -1: none. */
static int64_t find_time(const struct look *look, int64_t timestamp)
{
    const struct reading *reading = &look->reading;
    for (size_t i = 0; i < reading->count; i++) {
        const struct batch_header *header = &reading->batches[i].header;
        const struct model_batch *batch = model_find_batch(look->part, reading_bytes(reading, i));
        for (int64_t offset = header->base_offset; offset <= batch_last_offset(header); offset++)
            if (offset >= reading->offsets.log_start_offset
                && batch->first_timestamp + offset - header->base_offset >= timestamp)
                return offset;
    }
    return -1;
}

static bool check_time(const struct look *look, int64_t timestamp)
{
    struct offset_and_timestamp found;
    enum kerr error = partition_find_timestamp(look->partition, timestamp, &found);
    int64_t wanted = find_time(look, timestamp);
    if (error != KERR_NONE)
        return wrong(look, "looking for %" PRId64 " ms: error %d", timestamp, (int)error);
    /* As in Kafka, the first segment whose largest timestamp fits decides; where the log start has moved into
     * it, it may hold nothing any more that fits. */
    if (found.offset != wanted && !(found.offset == -1 && look->reading.offsets.log_start_offset > 0))
        return wrong(look, "%" PRId64 " ms is at %" PRId64 ", not %" PRId64, timestamp, wanted, found.offset);
    return true;
}

static bool check_lookups(const struct look *look, uint64_t *random)
{
    for (int i = 0; i < LOOKUPS && look->reading.count > 0; i++) {
        const struct reading_batch *wanted =
            &look->reading.batches[sim_draw(random, (uint32_t)look->reading.count)];
        const struct batch_header *header = &wanted->header;
        int64_t offset = header->base_offset + sim_draw(random, (uint32_t)header->last_offset_delta + 1);
        if (offset < look->reading.offsets.log_start_offset)
            offset = batch_last_offset(header);
        if (!check_fetch_at(look, wanted, offset))
            return false;
        if (!is_compacted(look) && !check_time(look, header->max_timestamp - (int64_t)sim_draw(random, 20)))
            return false;
    }
    return true;
}

/* ---- transactions ---- */

struct transaction {
    int64_t producer_id;
    int64_t first_offset;
    int64_t first_read;  /* its first batch that is not deleted: where it begins once nobody knows more */
    int64_t last_offset; /* of its marker; INT64_MAX: open */
    bool aborted;
};

/* The transactions among what was read and what was deleted before it. In malloc'ed memory. */
static struct transaction *transactions_of(const struct look *look, size_t *count)
{
    struct transaction *found = calloc(look->part->count + 1, sizeof *found);
    ensure(found != NULL);
    *count = 0;
    int64_t deleted_below = look->reading.offsets.log_start_offset;
    for (size_t i = 0; i < look->part->count; i++) {
        const struct model_batch *batch = &look->part->batches[i];
        struct transaction *last = *count > 0 ? &found[*count - 1] : NULL;
        bool is_open = last != NULL && last->last_offset == INT64_MAX; /* one transactional producer each */
        bool was_there = batch->stored && batch_last_offset(&batch->header) < deleted_below;
        if (!batch_is_transactional(&batch->header) || (!was_there && !look->is_there[i]))
            continue;
        if (!batch->is_marker && !is_open) {
            last = &found[(*count)++];
            *last = (struct transaction){.producer_id = batch->header.producer_id,
                                         .first_offset = batch->header.base_offset,
                                         .first_read = -1,
                                         .last_offset = INT64_MAX};
        } else if (batch->is_marker && is_open) {
            last->last_offset = batch->header.base_offset;
            last->aborted = batch->aborts;
        }
        if (!batch->is_marker && last->first_read < 0 && look->is_there[i])
            last->first_read = batch->header.base_offset;
    }
    return found;
}

/* Of a transaction whose beginning is deleted a recovery may know less than all: the batches below the log
 * start that lie in the same segment as it. To readers any of them is the same. */
static bool is_of(const struct aborted_transaction *said, const struct transaction *transaction)
{
    return said->producer_id == transaction->producer_id
           && (said->first_offset == transaction->first_offset
               || (said->first_offset > transaction->first_offset
                   && said->first_offset <= transaction->first_read));
}

static bool said_aborted(const struct reading *reading, const struct transaction *transaction)
{
    for (size_t i = 0; i < reading->aborted_count; i++)
        if (is_of(&reading->aborted[i], transaction))
            return true;
    return false;
}

static bool check_committed(const struct look *look, const struct transaction *found, size_t count)
{
    struct reading committed;
    if (!reading_take(&committed, look->partition, READ_COMMITTED, -1, look->why))
        return false;
    bool good = true;
    int64_t start = look->reading.offsets.log_start_offset;
    int64_t stable = look->reading.offsets.last_stable_offset;
    int64_t asked = model_value_at(&look->part->start, look->at); /* below it nothing is promised any more */
    size_t known = 0;
    for (size_t i = 0; i < count && good; i++) {
        bool said = said_aborted(&committed, &found[i]);
        if (found[i].aborted && found[i].first_read >= 0
            && found[i].last_offset >= (start > asked ? start : asked) && found[i].last_offset < stable
            && !said)
            good = wrong(look, "readers are not told that the transaction at %" PRId64 " was aborted",
                         found[i].first_offset);
        if (said && !found[i].aborted)
            good = wrong(look, "readers are told that the transaction at %" PRId64 " was aborted",
                         found[i].first_offset);
        for (size_t a = 0; said && a < committed.aborted_count; a++)
            known += is_of(&committed.aborted[a], &found[i]);
    }
    if (good && known < committed.aborted_count)
        good = wrong(look, "readers are told of aborted transactions that nobody began");
    int64_t end = start;
    for (size_t i = 0; i < look->reading.count; i++)
        if (batch_next_offset(&look->reading.batches[i].header) <= stable)
            end = batch_next_offset(&look->reading.batches[i].header);
    int64_t read_end =
        committed.count == 0 ? start : batch_next_offset(&committed.batches[committed.count - 1].header);
    if (good && read_end != end)
        good = wrong(look, "READ_COMMITTED ends at %" PRId64 ", stable is %" PRId64, end, stable);
    reading_fini(&committed);
    return good;
}

static bool check_transactions(const struct look *look)
{
    if (is_compacted(look))
        return true;
    size_t count;
    struct transaction *found = transactions_of(look, &count);
    const struct partition_offsets *offsets = &look->reading.offsets;
    const struct transaction *last = count > 0 ? &found[count - 1] : NULL;
    bool is_open =
        last != NULL && last->last_offset == INT64_MAX && last->first_offset >= offsets->log_start_offset;
    int64_t wanted = is_open ? last->first_offset : offsets->high_watermark;
    bool good =
        offsets->last_stable_offset == wanted || (is_open && offsets->last_stable_offset == last->first_read)
        || (is_open && last->first_read < 0 /* all of it is lost, with a deletion that moved the start */
            && offsets->last_stable_offset == offsets->high_watermark)
        || (last != NULL && last->last_offset == INT64_MAX && !is_open)
        || wrong(look, "the last stable offset is %" PRId64 ", not %" PRId64, offsets->last_stable_offset,
                 wanted);
    if (good)
        good = check_committed(look, found, count);
    free(found);
    return good;
}

/* ---- who leads ---- */

/* Whatever a stop or a start had begun to say: the node leads, alone in sync, in an epoch that no batch is
 * ahead of. */
static bool check_leader(const struct look *look, struct node *node)
{
    int32_t self = node->self.node_id;
    const struct image *image = cluster_read(node->cluster);
    const struct topic *topic = image_find_topic_by_id(image, look->topic->id);
    const struct partition_state *state = image_find_partition(topic, look->index);
    bool leads = state->leader == self && state->isr.count == 1 && state->isr.items[0] == self
                 && state->eligible_leader_replicas.count == 0;
    int32_t epoch = state->leader_epoch;
    cluster_read_done(node->cluster);
    if (!leads)
        return wrong(look, "is not led by the node alone");
    if (look->reading.offsets.leader_epoch != epoch)
        return wrong(look, "is led in epoch %d, but the cluster says %d",
                     (int)look->reading.offsets.leader_epoch, (int)epoch);
    for (size_t i = 0; i < look->reading.count; i++)
        if (look->reading.batches[i].header.partition_leader_epoch > epoch)
            return wrong(look, "a batch is of epoch %d, but it is led in %d",
                         (int)look->reading.batches[i].header.partition_leader_epoch, (int)epoch);
    return true;
}

/* ---- topics ---- */

static bool check_partition(struct look *look, struct node *node, uint64_t *random)
{
    look->is_there = calloc(look->part->count + 1, sizeof *look->is_there);
    ensure(look->is_there != NULL);
    bool good = reading_take(&look->reading, look->partition, READ_UNCOMMITTED, -1, look->why)
                && check_leader(look, node) && check_offsets(look) && check_rows(look)
                && check_lookups(look, random) && check_transactions(look);
    free(look->is_there);
    reading_fini(&look->reading);
    return good;
}

static bool check_topic(struct node *node, struct model_topic *topic, size_t at, uint64_t *random,
                        struct note *why)
{
    for (int32_t i = 0; i < topic->partitions; i++) {
        struct look look = {.topic = topic, .part = &topic->parts[i], .index = i, .at = at, .why = why};
        look.partition = partitions_find_by_id(node->partitions, topic->id, i);
        if (look.partition == NULL)
            return wrong(&look, "is not hosted");
        bool good = check_partition(&look, node, random);
        partition_unref(look.partition);
        if (!good) {
            note_prefix(why, "%s-%d", topic->name, (int)i);
            return false;
        }
    }
    return true;
}

static bool is_in_image(struct node *node, const struct model_topic *topic)
{
    const struct image *image = cluster_read(node->cluster);
    const struct topic *found = image_find_topic_by_id(image, topic->id);
    bool whole = found != NULL && found->partition_count == topic->partitions;
    cluster_read_done(node->cluster);
    return whole;
}

bool check_node(struct node *node, struct model *model, size_t at, uint64_t *random, struct note *why)
{
    size_t known = 0;
    for (int32_t i = 0; i < model->topic_count; i++) {
        struct model_topic *topic = &model->topics[i];
        bool found = is_in_image(node, topic);
        known += found;
        if (!found && topic->created <= at && topic->asked_to_go > at) {
            note_set(why, "topic %s (the %dth) is lost", topic->name, (int)i + 1);
            return false;
        }
        if (found && (topic->deleted <= at || topic->asked > at)) {
            note_set(why, "topic %s (the %dth) should not be there", topic->name, (int)i + 1);
            return false;
        }
        if (found && !check_topic(node, topic, at, random, why))
            return false;
    }
    size_t there = cluster_read(node->cluster)->topics_by_name.count;
    cluster_read_done(node->cluster);
    if (there != known)
        note_set(why, "%zu topics are there, %zu of them known", there, known);
    return there == known;
}

/* ---- afterwards ---- */

static bool append_one(const struct look *look, uint8_t *bytes, size_t len, struct append *entry)
{
    *entry = (struct append){.batch = bytes, .len = len, .acks = -1};
    batch_header_read(bytes, &entry->header);
    (void)partition_append(look->partition, entry, clock_wall_ms());
    enum kerr error = entry->error;
    if (error == KERR_NONE && entry->sync_offset >= 0)
        error = partition_sync(look->partition, entry->sync_offset, INT64_MAX);
    return error == KERR_NONE
           || wrong(look, "an append of producer %" PRId64 " afterwards, from sequence %d on: error %d",
                    entry->header.producer_id, (int)entry->header.base_sequence, (int)error);
}

/* The last data batch of a producer, if that was read; -1: none. */
static int64_t last_of(const struct look *look, int64_t producer_id)
{
    for (size_t i = look->reading.count; i > 0; i--) {
        const struct batch_header *header = &look->reading.batches[i - 1].header;
        if (header->producer_id == producer_id && !batch_is_control(header))
            return (int64_t)i - 1;
    }
    return -1;
}

static bool repeat_last(const struct look *look, int which)
{
    const struct reading *reading = &look->reading;
    int64_t at = last_of(look, workload_producer_id(look->topic, look->index, which));
    if (at < 0)
        return true;
    const struct reading_batch *last = &reading->batches[at];
    if (model_find_batch(look->part, reading_bytes(reading, (size_t)at)) == NULL)
        return true; /* cleaned: it cannot be repeated as it was */
    uint8_t *bytes = malloc(last->len);
    ensure(bytes != NULL);
    memcpy(bytes, reading->bytes.data + last->at, last->len);
    struct append entry;
    bool good = append_one(look, bytes, last->len, &entry);
    free(bytes);
    if (good && (!entry.duplicate || entry.base_offset != last->header.base_offset))
        return wrong(look, "the repeated batch of producer %" PRId64 " at %" PRId64 " is %s at %" PRId64,
                     last->header.producer_id, last->header.base_offset,
                     entry.duplicate ? "a duplicate of that" : "appended", entry.base_offset);
    return good;
}

static bool append_next(const struct look *look, int which)
{
    const struct reading *reading = &look->reading;
    int64_t id = workload_producer_id(look->topic, look->index, which);
    int64_t at = last_of(look, id);
    if (at < 0)
        return true;
    struct workload maker = {.random = (uint64_t)id};
    size_t len;
    int32_t sequence = batch_sequence_add(batch_last_sequence(&reading->batches[at].header), 1);
    uint8_t *bytes = workload_make_batch(&maker, id, sequence, which == MODEL_PRODUCERS - 1, &len);
    struct append entry;
    bool good = append_one(look, bytes, len, &entry);
    free(bytes);
    return good;
}

bool check_life_goes_on(struct node *node, struct model *model, size_t at, struct note *why)
{
    bool good = true;
    for (int32_t i = 0; i < model->topic_count && good; i++)
        for (int32_t p = 0; p < model->topics[i].partitions && good; p++) {
            struct look look = {.topic = &model->topics[i],
                                .part = &model->topics[i].parts[p],
                                .index = p,
                                .at = at,
                                .why = why};
            look.partition = partitions_find_by_id(node->partitions, look.topic->id, p);
            if (look.partition == NULL)
                continue;
            good = reading_take(&look.reading, look.partition, READ_UNCOMMITTED, -1, why);
            for (int which = 0; which < MODEL_PRODUCERS && good; which++)
                good = repeat_last(&look, which) && append_next(&look, which);
            reading_fini(&look.reading);
            partition_unref(look.partition);
        }
    return good;
}
