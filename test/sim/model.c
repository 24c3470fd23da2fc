/* model: see model.h. */
#include "test/sim/model.h"

#include "protocol/base/ensure.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void model_fini(struct model *model)
{
    for (int32_t i = 0; i < model->topic_count; i++)
        for (int32_t p = 0; p < MODEL_PARTITIONS; p++) {
            struct model_partition *partition = &model->topics[i].parts[p];
            for (size_t b = 0; b < partition->count; b++)
                free(partition->batches[b].bytes);
            free(partition->batches);
            free(partition->durable.items);
            free(partition->start.items);
            free(partition->deleted.items);
        }
    *model = (struct model){0};
}

struct model_topic *model_add_topic(struct model *model, const char *name, int32_t partitions, size_t at)
{
    if (model->topic_count == MODEL_TOPICS)
        return NULL;
    struct model_topic *topic = &model->topics[model->topic_count++];
    *topic = (struct model_topic){
        .partitions = partitions,
        .asked = at,
        .created = MODEL_NEVER,
        .asked_to_go = MODEL_NEVER,
        .deleted = MODEL_NEVER,
    };
    snprintf(topic->name, sizeof topic->name, "%s", name);
    topic->id = (struct uuid){{0x20, 0, 0, 0, 0, 0, 0x40, 0, 0x80, 0, 0, 0, 0, 0, 0, 0}};
    topic->id.bytes[15] = (uint8_t)model->topic_count;
    return topic;
}

struct model_topic *model_find_topic(struct model *model, struct uuid id)
{
    for (int32_t i = 0; i < model->topic_count; i++)
        if (uuid_equal(model->topics[i].id, id))
            return &model->topics[i];
    return NULL;
}

struct model_batch *model_add_batch(struct model_partition *partition, const uint8_t *bytes, size_t len)
{
    if (partition->count == partition->capacity) {
        partition->capacity = partition->capacity == 0 ? 16 : partition->capacity * 2;
        partition->batches = realloc(partition->batches, sizeof *partition->batches * partition->capacity);
        ensure(partition->batches != NULL);
    }
    struct model_batch *batch = &partition->batches[partition->count++];
    *batch = (struct model_batch){.bytes = malloc(len), .len = len};
    ensure(batch->bytes != NULL);
    memcpy(batch->bytes, bytes, len);
    batch_header_read(bytes, &batch->header);
    return batch;
}

void model_mark(struct model_marks *marks, size_t at, int64_t value)
{
    if (marks->count > 0 && marks->items[marks->count - 1].value >= value)
        return;
    if ((marks->count & (marks->count - 1)) == 0) {
        size_t capacity = marks->count == 0 ? 1 : marks->count * 2;
        marks->items = realloc(marks->items, sizeof *marks->items * capacity);
        ensure(marks->items != NULL);
    }
    marks->items[marks->count++] = (struct model_mark){at, value};
}

int64_t model_value_at(const struct model_marks *marks, size_t at)
{
    int64_t value = 0;
    for (size_t i = 0; i < marks->count && marks->items[i].at <= at; i++)
        value = marks->items[i].value;
    return value;
}

void model_note_visible(struct model_partition *partition, int64_t high_watermark, size_t at)
{
    for (size_t i = partition->count; i > 0; i--) {
        const struct model_batch *batch = &partition->batches[i - 1];
        if (!batch->stored || !batch->acks_all || batch_next_offset(&batch->header) > high_watermark)
            continue;
        model_mark(&partition->durable, at, batch_next_offset(&batch->header));
        return;
    }
}

const struct model_batch *model_find_batch(const struct model_partition *partition, struct slice bytes)
{
    for (size_t i = partition->count; i > 0; i--) {
        const struct model_batch *batch = &partition->batches[i - 1];
        if (batch->len == bytes.len && memcmp(batch->bytes, bytes.data, bytes.len) == 0)
            return batch;
    }
    return NULL;
}
