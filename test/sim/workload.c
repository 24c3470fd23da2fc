/* workload: see workload.h. */
#include "test/sim/workload.h"

#include "protocol/base/ensure.h"
#include "protocol/batch_build.h"
#include "storage/os/clock.h"
#include "storage/partition_clean.h"
#include "storage/segment.h"
#include "test/sim/sim_world.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { CHAIN_MAX = 3, TRANSACTIONAL = MODEL_PRODUCERS - 1 };

static const char *const names[] = {"orders", "a", "payments-eu", "cache"};
enum { NAMES = sizeof names / sizeof names[0] };

static uint32_t draw(struct workload *workload, uint32_t below)
{
    return sim_draw(&workload->random, below);
}

static size_t now_at(const struct workload *workload)
{
    return workload->fs->trace_count + (workload->other != NULL ? workload->other->trace_count : 0);
}

/* `excused`: faults that are expected may be the reason. */
static void complain(struct workload *workload, bool excused, const char *what, enum kerr error)
{
    if (!workload->faults_are_expected || !excused)
        note_set(&workload->complaint, "at %zu: %s: error %d", now_at(workload), what, (int)error);
}

/* ---- batches ---- */

int64_t workload_producer_id(const struct model_topic *topic, int32_t partition, int which)
{
    return topic->id.bytes[15] * 100 + partition * 10 + which + 1;
}

static uint8_t *copy_of(struct batch_builder *builder, size_t *len)
{
    struct slice batch = batch_builder_finish(builder);
    uint8_t *copy = malloc(batch.len);
    ensure(copy != NULL);
    memcpy(copy, batch.data, batch.len);
    *len = batch.len;
    batch_builder_fini(builder);
    return copy;
}

uint8_t *workload_make_batch(struct workload *workload, int64_t producer_id, int32_t sequence,
                             bool transactional, size_t *len)
{
    struct batch_builder builder;
    batch_builder_init(&builder, CODEC_NONE, 0);
    int32_t records = 1 + (int32_t)draw(workload, 4);
    int64_t timestamp = clock_wall_ms() - (int64_t)draw(workload, 40);
    for (int32_t i = 0; i < records; i++) {
        char key[8];
        uint8_t value[160];
        snprintf(key, sizeof key, "%c%u", transactional ? 't' : 'k', draw(workload, 8));
        size_t value_len = draw(workload, 10) == 0 ? 0 : 1 + draw(workload, sizeof value);
        for (size_t b = 0; b < value_len; b++)
            value[b] = (uint8_t)draw(workload, 256);
        batch_builder_append(&builder, timestamp + i, slice_str(key),
                             value_len == 0 ? SLICE_NULL : slice_of(value, value_len), NULL, 0);
    }
    if (producer_id >= 0) {
        builder.header.producer_id = producer_id;
        builder.header.producer_epoch = 0;
        builder.header.base_sequence = sequence;
    }
    if (transactional)
        builder.header.attributes = (int16_t)(builder.header.attributes | BATCH_TRANSACTIONAL);
    return copy_of(&builder, len);
}

static uint8_t *make_marker(int64_t producer_id, bool aborts, size_t *len)
{
    struct batch_builder builder;
    uint8_t value[6] = {0};
    batch_builder_init(&builder, CODEC_NONE, 0);
    batch_builder_append_control(&builder, clock_wall_ms(), aborts ? CONTROL_ABORT : CONTROL_COMMIT,
                                 slice_of(value, sizeof value));
    builder.header.producer_id = producer_id;
    builder.header.producer_epoch = 0;
    builder.header.attributes = (int16_t)(builder.header.attributes | BATCH_TRANSACTIONAL);
    return copy_of(&builder, len);
}

/* ---- appending ---- */

/* A chain on its way in. */
struct sending {
    struct model_topic *topic;
    int32_t index;
    struct partition *partition; /* referenced */
    struct append entries[CHAIN_MAX];
    size_t first; /* of its batches in the model */
    int count;
    int which; /* of the producers; -1: none */
    int16_t acks;
    bool is_marker;
    bool aborts;
};

static struct model_partition *part_of(const struct sending *sending)
{
    return &sending->topic->parts[sending->index];
}

static void make_entries(struct workload *workload, struct sending *sending)
{
    struct model_partition *part = part_of(sending);
    int64_t id =
        sending->which < 0 ? -1 : workload_producer_id(sending->topic, sending->index, sending->which);
    int32_t sequence = sending->which < 0 ? -1 : part->next_sequence[sending->which];
    struct partition_offsets offsets;
    partition_get_offsets(sending->partition, &offsets);
    int64_t next = offsets.log_end_offset;
    sending->first = part->count;
    for (int i = 0; i < sending->count; i++) {
        struct append *entry = &sending->entries[i];
        *entry = (struct append){.acks = sending->acks, .is_coordinators = sending->is_marker};
        entry->next = i + 1 < sending->count ? &sending->entries[i + 1] : NULL;
        entry->batch = sending->is_marker ? make_marker(id, sending->aborts, &entry->len)
                                          : workload_make_batch(workload, id, sequence,
                                                                sending->which == TRANSACTIONAL, &entry->len);
        batch_header_read(entry->batch, &entry->header);
        if (sequence >= 0)
            sequence += entry->header.record_count;
        /* As the partition is about to make it: it may be found after a cut in the middle of the append. */
        batch_set_base_offset(entry->batch, next);
        batch_set_leader_epoch(entry->batch, offsets.leader_epoch);
        struct model_batch *batch = model_add_batch(part, entry->batch, entry->len);
        batch->first_timestamp = entry->header.base_timestamp;
        batch->acks_all = sending->acks == -1;
        batch->is_marker = sending->is_marker;
        batch->aborts = sending->aborts;
        next = batch_next_offset(&batch->header);
    }
}

/* Whether the disk that may fail has it. */
static bool may_fail(const struct workload *workload, const struct model_topic *topic, int32_t index)
{
    return workload->other == NULL || node_has_on_other(&workload->node, topic->id, index);
}

static bool is_excused(const struct workload *workload, const struct sending *sending, enum kerr error)
{
    return may_fail(workload, sending->topic, sending->index)
           && (workload->other == NULL || error == KERR_KAFKA_STORAGE_ERROR);
}

/* What the answers say. */
static void take_answers(struct workload *workload, struct sending *sending)
{
    struct model_partition *part = part_of(sending);
    for (int i = 0; i < sending->count; i++) {
        const struct append *entry = &sending->entries[i];
        struct model_batch *batch = &part->batches[sending->first + (size_t)i];
        batch->stored = entry->error == KERR_NONE;
        if (!batch->stored)
            complain(workload, is_excused(workload, sending, entry->error), "an append was refused",
                     entry->error);
        else if (entry->duplicate || entry->base_offset != batch->header.base_offset)
            note_set(&workload->complaint, "at %zu: appended at %" PRId64 ", not %" PRId64, now_at(workload),
                     entry->base_offset, batch->header.base_offset);
        else if (sending->which >= 0 && !sending->is_marker)
            part->next_sequence[sending->which] += entry->header.record_count;
        free(entry->batch);
    }
}

/* Waits as a request with acks=all does; what is acknowledged then is promised. */
static void await_sync(struct workload *workload, struct sending *sending)
{
    struct model_partition *part = part_of(sending);
    for (int i = 0; i < sending->count; i++) {
        const struct append *entry = &sending->entries[i];
        if (entry->error != KERR_NONE || entry->sync_offset < 0)
            continue;
        enum kerr error = partition_sync(sending->partition, entry->sync_offset, INT64_MAX);
        if (error != KERR_NONE)
            complain(workload, is_excused(workload, sending, error), "a sync failed", error);
        else
            model_mark(&part->durable, now_at(workload), entry->last_offset + 1);
    }
}

static void note_visible(struct workload *workload, struct model_partition *part, struct partition *partition)
{
    struct partition_offsets offsets;
    partition_get_offsets(partition, &offsets);
    model_note_visible(part, offsets.high_watermark, now_at(workload));
}

static void send(struct workload *workload, struct sending *sending)
{
    make_entries(workload, sending);
    (void)partition_append(sending->partition, sending->entries, clock_wall_ms());
    take_answers(workload, sending);
    note_visible(workload, part_of(sending), sending->partition);
    await_sync(workload, sending);
    note_visible(workload, part_of(sending), sending->partition);
}

/* A partition that is there, referenced; false if there is none. */
static bool choose_partition(struct workload *workload, struct sending *sending)
{
    struct model *model = &workload->model;
    for (int tries = 0; tries < 20 && model->topic_count > 0; tries++) {
        struct model_topic *topic = &model->topics[draw(workload, (uint32_t)model->topic_count)];
        int32_t index = (int32_t)draw(workload, (uint32_t)topic->partitions);
        if (topic->created == MODEL_NEVER || topic->asked_to_go != MODEL_NEVER)
            continue;
        sending->topic = topic;
        sending->index = index;
        sending->partition = partitions_find_by_id(workload->node.partitions, topic->id, index);
        if (sending->partition != NULL)
            return true;
        complain(workload, may_fail(workload, topic, index), "a partition is not hosted",
                 KERR_NOT_LEADER_OR_FOLLOWER);
    }
    return false;
}

static void append(struct workload *workload)
{
    struct sending sending = {.count = 1 + (int)draw(workload, CHAIN_MAX)};
    if (!choose_partition(workload, &sending))
        return;
    sending.which = (int)draw(workload, MODEL_PRODUCERS + 1) - 1;
    sending.acks = (int16_t)((int)draw(workload, 3) - 1);
    send(workload, &sending);
    if (sending.which == TRANSACTIONAL)
        part_of(&sending)->in_transaction |= sending.entries[0].error == KERR_NONE;
    partition_unref(sending.partition);
}

static void read_first(struct workload *workload, const struct sending *sending, bool is_offline)
{
    struct partition_offsets offsets;
    partition_get_offsets(sending->partition, &offsets);
    struct partition_read read = {
        .fetch_offset = offsets.log_start_offset,
        .max_bytes = 1,
        .at_least_one = true,
        .current_leader_epoch = -1,
        .last_fetched_epoch = -1,
    };
    partition_read(sending->partition, &read);
    if (read.records.segment != NULL)
        segment_unref(read.records.segment);
    if (is_offline && read.error != KERR_KAFKA_STORAGE_ERROR)
        complain(workload, false, "a directory is offline, and a read says so not", read.error);
    else if (read.error != KERR_NONE)
        complain(workload, is_excused(workload, sending, read.error), "a read was refused", read.error);
}

static void visit(struct workload *workload, struct model_topic *topic, int32_t index)
{
    struct sending sending = {.topic = topic, .index = index, .count = 1, .which = -1, .acks = -1};
    sending.partition = partitions_find_by_id(workload->node.partitions, topic->id, index);
    if (sending.partition == NULL) {
        complain(workload, may_fail(workload, topic, index), "a partition is not hosted", KERR_NONE);
        return;
    }
    bool is_offline =
        node_has_on_other(&workload->node, topic->id, index) && node_other_is_offline(&workload->node);
    send(workload, &sending);
    if (is_offline && sending.entries[0].error != KERR_KAFKA_STORAGE_ERROR)
        complain(workload, false, "a directory is offline, and an append says so not",
                 sending.entries[0].error);
    read_first(workload, &sending, is_offline);
    partition_unref(sending.partition);
}

void workload_visit_all(struct workload *workload)
{
    for (int32_t i = 0; i < workload->model.topic_count && workload->running; i++) {
        struct model_topic *topic = &workload->model.topics[i];
        for (int32_t p = 0; p < topic->partitions; p++)
            if (topic->created != MODEL_NEVER && topic->asked_to_go == MODEL_NEVER)
                visit(workload, topic, p);
    }
}

static void end_transaction(struct workload *workload)
{
    struct sending sending = {.count = 1, .which = TRANSACTIONAL, .is_marker = true};
    if (!choose_partition(workload, &sending))
        return;
    sending.acks = draw(workload, 2) == 0 ? -1 : 1;
    sending.aborts = draw(workload, 2) == 0;
    if (part_of(&sending)->in_transaction) {
        send(workload, &sending);
        part_of(&sending)->in_transaction = sending.entries[0].error != KERR_NONE;
    }
    partition_unref(sending.partition);
}

/* ---- topics ---- */

static bool is_taken(const struct workload *workload, const char *name)
{
    for (int32_t i = 0; i < workload->model.topic_count; i++) {
        const struct model_topic *topic = &workload->model.topics[i];
        if (strcmp(topic->name, name) == 0 && topic->deleted == MODEL_NEVER)
            return true;
    }
    return false;
}

static void create_topic(struct workload *workload)
{
    const char *name = names[draw(workload, NAMES)];
    int32_t partitions = 1 + (int32_t)draw(workload, 2);
    if (is_taken(workload, name))
        return;
    struct model_topic *topic = model_add_topic(&workload->model, name, partitions, now_at(workload));
    if (topic == NULL)
        return;
    enum kerr error = node_create_topic(&workload->node, name, topic->id, partitions);
    if (error == KERR_NONE)
        topic->created = now_at(workload);
    else
        complain(workload, workload->other == NULL, "a topic was not created", error);
}

static void delete_topic(struct workload *workload)
{
    if (workload->model.topic_count == 0)
        return;
    struct model_topic *topic =
        &workload->model.topics[draw(workload, (uint32_t)workload->model.topic_count)];
    if (topic->created == MODEL_NEVER || topic->asked_to_go != MODEL_NEVER)
        return;
    topic->asked_to_go = now_at(workload);
    enum kerr error = node_delete_topic(&workload->node, topic->id, topic->partitions);
    if (error == KERR_NONE)
        topic->deleted = now_at(workload);
    else
        complain(workload, workload->other == NULL, "a topic was not deleted", error);
}

/* ---- life ---- */

/* After a start everything that is shown was synced, whatever its acks. */
static void note_shown(struct workload *workload)
{
    for (int32_t i = 0; i < workload->model.topic_count; i++) {
        struct model_topic *topic = &workload->model.topics[i];
        for (int32_t p = 0; p < topic->partitions; p++) {
            struct partition *partition = partitions_find_by_id(workload->node.partitions, topic->id, p);
            struct partition_offsets offsets;
            if (partition == NULL)
                continue;
            partition_get_offsets(partition, &offsets);
            model_mark(&topic->parts[p].durable, now_at(workload), offsets.high_watermark);
            partition_unref(partition);
        }
    }
}

void workload_start(struct workload *workload)
{
    struct note why = {""};
    workload->running = node_start_on_two(&workload->node, workload->fs, workload->other, &why);
    if (workload->running)
        note_shown(workload);
    else if (!workload->faults_are_expected || workload->other != NULL)
        note_set(&workload->complaint, "at %zu: no start: %s", now_at(workload), why.text);
}

static void begin(struct workload *workload)
{
    workload->fs->tracing = true;
    workload_start(workload);
    for (int i = 0; i < 3 && workload->running; i++)
        create_topic(workload);
}

void workload_begin(struct workload *workload, struct sim_fs *fs, uint64_t seed, bool faults_are_expected)
{
    *workload = (struct workload){.fs = fs, .random = seed, .faults_are_expected = faults_are_expected};
    begin(workload);
}

void workload_begin_on_two(struct workload *workload, struct sim_fs *fs, struct sim_fs *other, uint64_t seed)
{
    *workload = (struct workload){.fs = fs, .other = other, .random = seed, .faults_are_expected = true};
    other->tracing = true;
    begin(workload);
}

void workload_stop(struct workload *workload)
{
    if (!workload->running)
        return;
    workload->running = false;
    if (!node_stop(&workload->node))
        complain(workload, true, "no clean stop", KERR_KAFKA_STORAGE_ERROR);
}

void workload_kill(struct workload *workload)
{
    if (workload->running)
        node_kill(&workload->node);
    workload->running = false;
}

void workload_fini(struct workload *workload)
{
    workload_kill(workload);
    model_fini(&workload->model);
}

/* Retention moves log starts: where to is known afterwards, that it may have been done already before. */
static void note_starts(struct workload *workload, size_t at)
{
    for (int32_t i = 0; i < workload->model.topic_count; i++) {
        struct model_topic *topic = &workload->model.topics[i];
        for (int32_t p = 0; p < topic->partitions; p++) {
            struct partition *partition = partitions_find_by_id(workload->node.partitions, topic->id, p);
            struct partition_offsets offsets;
            if (partition == NULL)
                continue;
            partition_get_offsets(partition, &offsets);
            model_mark(&topic->parts[p].start, at, offsets.log_start_offset);
            partition_unref(partition);
        }
    }
}

static int no_pace(void *context, size_t bytes, bool (*go_on)(void *go_on_context), void *go_on_context)
{
    (void)context;
    (void)bytes;
    return go_on(go_on_context) ? 0 : -1;
}

/* What the cleaner's threads would do, in this one. */
static void clean(struct workload *workload)
{
    const struct cleaning_means means = {.map_bytes = 1 << 16,
                                         .map_load_factor = 0.9,
                                         .buffer_bytes = 1 << 15,
                                         .backoff_ms = 1000,
                                         .pace = no_pace};
    size_t count;
    struct partition **all = partitions_all(workload->node.partitions, &count);
    for (size_t i = 0; i < count; i++) {
        struct cleanable cleanable;
        struct cleaning_result result;
        if (partition_needs_cleaning(all[i], clock_wall_ms(), &cleanable))
            (void)partition_clean(all[i], &means, clock_wall_ms(), &result);
    }
    partitions_unref_all(all, count);
}

static void tick(struct workload *workload)
{
    size_t at = now_at(workload);
    sim_world_pass(700 + draw(workload, 1500));
    partitions_tick(workload->node.partitions, clock_monotonic_ms());
    clean(workload);
    note_starts(workload, at);
}

/* Up to some record, or to all of them; sometimes into the middle of a batch. */
static void delete_records(struct workload *workload)
{
    struct sending sending = {0};
    if (!choose_partition(workload, &sending))
        return;
    struct model_partition *part = part_of(&sending);
    struct partition_offsets offsets;
    partition_get_offsets(sending.partition, &offsets);
    int64_t room = offsets.high_watermark - offsets.log_start_offset;
    int64_t to = offsets.log_start_offset + (int64_t)draw(workload, (uint32_t)(room < 12 ? room + 1 : 12));
    int64_t start_offset;
    if (to > offsets.log_start_offset)
        model_mark(&part->start, now_at(workload), to);
    enum kerr error = partition_delete_records(sending.partition, to, &start_offset);
    if (error == KERR_NONE) {
        (void)partitions_store_log_starts(workload->node.partitions);
        if (!partition_start_is_stored(sending.partition, start_offset))
            error = KERR_KAFKA_STORAGE_ERROR;
    }
    if (error == KERR_NONE)
        model_mark(&part->deleted, now_at(workload), start_offset);
    else if (error != KERR_POLICY_VIOLATION)
        complain(workload, is_excused(workload, &sending, error), "records were not deleted", error);
    partition_unref(sending.partition);
}

void workload_step(struct workload *workload)
{
    sim_world_pass(draw(workload, 30));
    if (!workload->running) {
        workload_start(workload);
        return;
    }
    uint32_t what = draw(workload, 100);
    if (what < 60)
        append(workload);
    else if (what < 70)
        end_transaction(workload);
    else if (what < 74)
        delete_records(workload);
    else if (what < 86)
        tick(workload);
    else if (what < 91)
        create_topic(workload);
    else if (what < 94)
        delete_topic(workload);
    else if (what < 98)
        workload_stop(workload);
    else
        workload_kill(workload);
}
