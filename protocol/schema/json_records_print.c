/*
 * json_records_print: decoded batches to JSON, see json_records.h. Called by json_print.c. Batches are read
 * with batch.h and record.h; here is only how they look.
 */
#include "protocol/base/big_endian.h"
#include "protocol/batch.h"
#include "protocol/batch_build.h"
#include "protocol/record.h"
#include "protocol/schema/json_records.h"
#include "protocol/schema/json_text.h"

#include <inttypes.h>

enum {
    TEXT_MAX =
        200, /* characters (UTF-16, as Java counts) that are shown whole; of longer ones the first TEXT_CUT */
    TEXT_CUT = 40,
};

static const char *const control_names[] = {"ABORT",           "COMMIT",          "LEADER_CHANGE",
                                            "SNAPSHOT_HEADER", "SNAPSHOT_FOOTER", "KRAFT_VERSION",
                                            "KRAFT_VOTERS"};
enum { CONTROL_NAME_COUNT = sizeof control_names / sizeof control_names[0] };

static bool is_text(struct slice bytes)
{
    size_t skip, len;
    for (size_t at = 0; at < bytes.len; at += len) {
        len = utf8_char_len(bytes, at, &skip);
        if (len == 0 || bytes.data[at] < 0x20
            || (len == 3 && memcmp(bytes.data + at, "\xef\xbf\xbd", 3) == 0))
            return false;
    }
    return true;
}

/* How many bytes the first `most` UTF-16 units take; *units is how many there are in all. */
static size_t cut_at(struct slice text, size_t most, size_t *units)
{
    size_t skip, len, cut = 0;
    *units = 0;
    for (size_t at = 0; at < text.len; at += len) {
        len = utf8_char_len(text, at, &skip);
        *units += len == 4 ? 2 : 1;
        if (*units <= most)
            cut = at + len;
    }
    return cut;
}

static void print_text(struct buf *out, struct slice bytes)
{
    struct buf shown = {0};
    size_t units;
    if (slice_is_null(bytes)) {
        buf_append_str(out, "null");
        return;
    }
    if (is_text(bytes))
        buf_append_slice(&shown, bytes);
    else {
        buf_append_str(&shown, "0x");
        for (size_t i = 0; i < bytes.len; i++)
            buf_printf(&shown, "%02x", bytes.data[i]);
    }
    size_t cut = cut_at(buf_slice(&shown), TEXT_CUT, &units);
    if (units > TEXT_MAX) {
        shown.len = cut;
        buf_printf(&shown, "... %zu bytes", bytes.len);
    }
    json_print_string(out, buf_slice(&shown));
    buf_fini(&shown);
}

static void print_control(struct buf *out, const struct record *record)
{
    int type = control_record_type(record);
    buf_printf(out, ",\"control\":\"%s\"",
               type >= 0 && type < CONTROL_NAME_COUNT ? control_names[type] : "UNKNOWN");
    if ((type == CONTROL_ABORT || type == CONTROL_COMMIT) && record->value.len >= 6)
        buf_printf(out, ",\"coordinatorEpoch\":%" PRId32, load_i32(record->value.data + 2));
}

static void print_headers(struct buf *out, struct slice headers)
{
    struct record_header header;
    const char *before = ",\"headers\":[[";
    while (record_headers_next(&headers, &header)) {
        buf_append_str(out, before);
        json_print_string(out, header.key);
        buf_append_char(out, ',');
        print_text(out, header.value);
        before = "],[";
    }
    if (*before == ']')
        buf_append_str(out, "]]");
}

static void print_record(struct buf *out, const struct record *record, bool is_control)
{
    buf_printf(out, "{\"offset\":%" PRId64 ",\"timestamp\":%" PRId64, record->offset, record->timestamp);
    if (is_control)
        print_control(out, record);
    else {
        buf_append_str(out, ",\"key\":");
        print_text(out, record->key);
        buf_append_str(out, ",\"value\":");
        print_text(out, record->value);
        print_headers(out, record->headers);
    }
    buf_append_char(out, '}');
}

static void print_unreadable(struct buf *out, const char *why)
{
    buf_append_str(out, "{\"unreadable\":");
    json_print_string(out, slice_str(why));
    buf_append_char(out, '}');
}

static const char *truth(bool value)
{
    return value ? "true" : "false";
}

static void print_header(struct buf *out, const struct batch_header *header, struct slice batch)
{
    buf_printf(out,
               "{\"baseOffset\":%" PRId64 ",\"lastOffset\":%" PRId64 ",\"size\":%zu,\"leaderEpoch\":%" PRId32,
               header->base_offset, batch_last_offset(header), batch.len, header->partition_leader_epoch);
    buf_printf(out, ",\"magic\":%d,\"crc\":\"%s\",\"codec\":\"%s\",\"timestampType\":\"%s\"", header->magic,
               batch_check_crc(batch) ? "right" : "wrong", codec_name(batch_codec(header)),
               batch_is_log_append_time(header) ? "LogAppendTime" : "CreateTime");
    buf_printf(out,
               ",\"maxTimestamp\":%" PRId64 ",\"producerId\":%" PRId64 ",\"epoch\":%d,\"sequence\":%" PRId32,
               header->max_timestamp, header->producer_id, header->producer_epoch, header->base_sequence);
    buf_printf(out, ",\"transactional\":%s,\"control\":%s,\"count\":%" PRId32,
               truth(batch_is_transactional(header)), truth(batch_is_control(header)), header->record_count);
    if (batch_has_delete_horizon(header))
        buf_printf(out, ",\"deleteHorizon\":%" PRId64, header->base_timestamp);
}

/* False if its records cannot all be read. */
static bool print_batch(struct buf *out, const struct batch_header *header, struct slice batch,
                        struct note *why)
{
    struct record_iterator it;
    struct record record;
    enum record_result result;
    const char *before = "";
    print_header(out, header, batch);
    buf_append_str(out, ",\"records\":[");
    record_iterator_init(&it, batch, NULL);
    while ((result = record_iterator_next(&it, &record, why)) == RECORD_READ) {
        buf_append_str(out, before);
        print_record(out, &record, batch_is_control(header));
        before = ",";
    }
    record_iterator_fini(&it);
    buf_append_str(out, "]}");
    return result == RECORD_END;
}

void json_print_records(struct buf *out, struct slice bytes)
{
    const char *before = "";
    struct note why = {""};
    bool readable = true;
    buf_append_char(out, '[');
    while (bytes.len > 0 && readable) {
        struct batch_header header;
        size_t size;
        enum batch_status status = batch_next(bytes, &header, &size, &why);
        if (status == BATCH_INCOMPLETE)
            break;
        buf_append_str(out, before);
        before = ",";
        readable = status == BATCH_WHOLE && print_batch(out, &header, slice_of(bytes.data, size), &why);
        if (!readable) {
            buf_append_str(out, status == BATCH_WHOLE ? "," : "");
            print_unreadable(out, why.text);
        }
        if (status == BATCH_WHOLE)
            bytes = slice_from(bytes, size);
    }
    if (bytes.len > 0)
        buf_printf(out, "%s{\"cut batch\":%zu}", before, bytes.len);
    buf_append_char(out, ']');
}
