/* batch_writer: see the header. Pure; one thread uses a writer at a time. */
#include "metadata/batch_writer.h"

void batch_writer_init(struct batch_writer *writer, int64_t next_offset, int32_t epoch, int64_t now_ms)
{
    *writer = (struct batch_writer){.next_offset = next_offset, .epoch = epoch, .now_ms = now_ms};
    batch_builder_init(&writer->builder, CODEC_NONE, 0);
}

void batch_writer_fini(struct batch_writer *writer)
{
    batch_builder_fini(&writer->builder);
    buf_fini(&writer->bytes);
}

void batch_writer_add(struct batch_writer *writer, struct slice frame)
{
    batch_builder_append(&writer->builder, writer->now_ms, SLICE_NULL, frame, NULL, 0);
}

void batch_writer_add_control_bytes(struct batch_writer *writer, enum control_type type, struct slice value)
{
    batch_builder_append_control(&writer->builder, writer->now_ms, type, value);
}

void batch_writer_add_control(struct batch_writer *writer, enum control_type type,
                              const struct message *message, const void *value)
{
    struct buf encoded = {0};
    struct writer to;
    writer_init(&to, &encoded, NULL);
    message_write(message, 0, &to, value);
    batch_writer_add_control_bytes(writer, type, buf_slice(&encoded));
    buf_fini(&encoded);
}

size_t batch_writer_pending(const struct batch_writer *writer)
{
    return batch_builder_size(&writer->builder);
}

void batch_writer_end(struct batch_writer *writer)
{
    int32_t count = writer->builder.header.record_count;
    if (count == 0)
        return;
    writer->builder.header.base_offset = writer->next_offset;
    writer->builder.header.partition_leader_epoch = writer->epoch;
    writer->next_offset += count;
    buf_append_slice(&writer->bytes, batch_builder_finish(&writer->builder));
    batch_builder_reset(&writer->builder);
}
