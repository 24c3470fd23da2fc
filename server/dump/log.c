/*
 * log: the batches and records of a segment or of a snapshot of the cluster log. Called by file.c.
 */
#include "server/dump/dump.h"
#include "storage/batch_file.h"

#include <errno.h>

static void put_batch(struct dump *dump, const struct found_batch *found)
{
    const struct batch_header *header = &found->header;
    struct lines *lines = &dump->lines;
    line_begin(lines, "batch");
    line_number(lines, "baseOffset", header->base_offset, 8);
    line_number(lines, "lastOffset", batch_last_offset(header), 8);
    line_number(lines, "position", found->position, 10);
    line_number(lines, "size", found->size, 7);
    line_number(lines, "count", header->record_count, 5);
    line_number(lines, "partitionLeaderEpoch", header->partition_leader_epoch, 0);
    line_word(lines, "codec", codec_name(batch_codec(header)));
    if (lines->json) {
        line_number(lines, "magic", header->magic, 0);
        line_number(lines, "crc", header->crc, 0);
        line_number(lines, "attributes", header->attributes, 0);
    }
    line_word(lines, "timestampType", batch_is_log_append_time(header) ? "LogAppendTime" : "CreateTime");
    if (lines->json)
        line_number(lines, "baseTimestamp", header->base_timestamp, 0);
    line_time(lines, "maxTimestamp", header->max_timestamp);
    if (batch_has_delete_horizon(header))
        line_time(lines, "deleteHorizon", header->base_timestamp);
    line_number_if_any(lines, "producerId", header->producer_id);
    line_number_if_any(lines, "producerEpoch", header->producer_epoch);
    line_number_if_any(lines, "baseSequence", header->base_sequence);
    line_number_if_any(lines, "lastSequence", batch_last_sequence(header));
    line_flag(lines, "isTransactional", batch_is_transactional(header));
    line_flag(lines, "isControl", batch_is_control(header));
    line_flag(lines, lines->json ? "isValid" : "crcIsWrong", lines->json == found->crc_right);
    line_end(lines);
}

static bool is_wanted(const struct dump *dump, int64_t offset)
{
    return offset >= dump->from && offset <= dump->to;
}

static void put_records(struct dump *dump, const struct found_batch *found, enum dump_content content)
{
    struct record_iterator it;
    struct record record;
    struct note why = {""};
    int64_t offset = found->header.base_offset;
    enum record_result result;
    record_iterator_init(&it, found->bytes,
                         &(struct record_options){.tolerant = true, .inflater = &dump->inflater});
    while ((result = record_iterator_next(&it, &record, &why)) == RECORD_READ && dump->lines.error == 0) {
        offset = record.offset;
        if (!is_wanted(dump, offset))
            continue;
        if (batch_is_control(&found->header))
            dump_control(dump, &record);
        else
            dump_record(dump, &record, content);
    }
    if (result != RECORD_END && result != RECORD_READ) {
        note_prefix(&why, "the records cannot all be read, behind offset %lld", (long long)offset);
        dump_damage(dump, found->position, found->size, why.text);
    }
    record_iterator_fini(&it);
}

static void take_batch(struct dump *dump, const struct found_batch *found, enum dump_content content)
{
    if (batch_last_offset(&found->header) < dump->from || found->header.base_offset > dump->to)
        return;
    put_batch(dump, found);
    if (!found->crc_right)
        dump_damage(dump, found->position, found->size, "the checksum is wrong");
    if (dump->batches_only)
        return;
    if (slice_is_null(found->bytes))
        dump_damage(dump, found->position, found->size, "the batch is too large for its records to be shown");
    else
        put_records(dump, found, content);
}

void dump_log(struct dump *dump, const char *path, const struct data_file_name *name,
              enum dump_content content)
{
    struct batch_file reader;
    struct found_batch found;
    bool is_segment = name->kind == DATA_FILE_LOG;
    int result = batch_file_open(&reader, dump->fs, path, is_segment && name->base > 0 ? name->base : 0);
    if (result < 0) {
        dump_unreadable(dump, result);
        return;
    }
    while (dump->lines.error == 0
           && ((result = batch_file_next(&reader, &found)) == 1 || result == -EBADMSG)) {
        if (result == 1)
            take_batch(dump, &found, content);
        else
            dump_damage(dump, found.position, found.size, found.why.text);
    }
    if (result < 0 && result != -EBADMSG)
        dump_unreadable(dump, result);
    batch_file_close(&reader);
}
