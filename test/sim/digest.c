/* digest: see digest.h. FNV-1a; equal for equal answers, whatever the order of the maps inside. */
#include "test/sim/digest.h"

#include "test/sim/reading.h"

#include <stdlib.h>

static void add_bytes(uint64_t *digest, const void *bytes, size_t len)
{
    const uint8_t *at = bytes;
    for (size_t i = 0; i < len; i++)
        *digest = (*digest ^ at[i]) * 0x100000001b3U;
}

static void add_number(uint64_t *digest, int64_t number)
{
    add_bytes(digest, &number, sizeof number);
}

/* Calls `add` for every partition of the model that is hosted. */
static uint64_t digest_all(struct node *node, struct model *model,
                           void (*add)(uint64_t *digest, struct partition *partition,
                                       const struct model_partition *part))
{
    uint64_t digest = 0xcbf29ce484222325U;
    for (int32_t i = 0; i < model->topic_count; i++)
        for (int32_t p = 0; p < model->topics[i].partitions; p++) {
            struct partition *partition = partitions_find_by_id(node->partitions, model->topics[i].id, p);
            add_number(&digest, partition != NULL);
            if (partition == NULL)
                continue;
            add(&digest, partition, &model->topics[i].parts[p]);
            partition_unref(partition);
        }
    return digest;
}

static void add_records(uint64_t *digest, struct partition *partition, const struct model_partition *part)
{
    struct note why = {""};
    (void)part;
    for (int isolation = READ_UNCOMMITTED; isolation <= READ_COMMITTED; isolation++) {
        struct reading reading;
        (void)reading_take(&reading, partition, (enum isolation)isolation, -1, &why);
        add_number(digest, reading.offsets.log_start_offset);
        add_number(digest, reading.offsets.log_end_offset);
        add_number(digest, reading.offsets.last_stable_offset);
        add_number(digest, reading.error);
        if (reading.bytes.len > 0)
            add_bytes(digest, reading.bytes.data, reading.bytes.len);
        for (size_t i = 0; i < reading.aborted_count; i++)
            add_number(digest, reading.aborted[i].first_offset);
        reading_fini(&reading);
    }
}

uint64_t digest_records(struct node *node, struct model *model)
{
    return digest_all(node, model, add_records);
}

static void add_fetch(uint64_t *digest, struct partition *partition, int64_t offset)
{
    struct reading one;
    struct note why = {""};
    (void)reading_take(&one, partition, READ_UNCOMMITTED, offset, &why);
    add_number(digest, one.error);
    add_number(digest, one.count == 0 ? -1 : one.batches[0].header.base_offset);
    reading_fini(&one);
}

static void add_lookups(uint64_t *digest, struct partition *partition, const struct model_partition *part)
{
    struct offset_and_timestamp found;
    for (size_t i = 0; i < part->count; i++) {
        const struct batch_header *header = &part->batches[i].header;
        if (i % 4 == 0)
            add_fetch(digest, partition, batch_last_offset(header));
        add_number(digest, partition_find_timestamp(partition, header->max_timestamp, &found));
        add_number(digest, found.offset);
        add_number(digest, partition_find_timestamp(partition, header->max_timestamp + 1, &found));
        add_number(digest, found.offset);
    }
    add_number(digest, partition_find_max_timestamp(partition, &found));
    add_number(digest, found.offset);
}

uint64_t digest_lookups(struct node *node, struct model *model)
{
    return digest_all(node, model, add_lookups);
}

static void add_topic(uint64_t *digest, const struct topic *topic)
{
    add_bytes(digest, topic->name.data, topic->name.len);
    add_bytes(digest, topic->id.bytes, sizeof topic->id.bytes);
    add_number(digest, topic->partition_count);
    for (int32_t i = 0; i < topic->partition_count; i++) {
        const struct partition_state *partition = image_find_partition(topic, i);
        add_number(digest, partition != NULL);
        for (int32_t r = 0; partition != NULL && r < partition->replicas.count; r++)
            add_number(digest, partition->replicas.items[r]);
    }
}

uint64_t digest_topics(struct node *node)
{
    uint64_t digest = 0xcbf29ce484222325U;
    const struct image *image = cluster_read(node->cluster);
    struct topic **topics = image_sorted_topics(image);
    for (size_t i = 0; i < image->topics_by_name.count; i++)
        add_topic(&digest, topics[i]);
    free(topics);
    cluster_read_done(node->cluster);
    return digest;
}
