/*
 * record: one record as a line: its bytes, or what they mean where the log's name tells it. Called by log.c.
 *
 * 1. What cannot be decoded is printed as bytes, with the reason: nothing is left out. It counts as damage:
 * either it is, or it comes from a release that is newer than these tables.
 */
#include "protocol/base/big_endian.h"
#include "protocol/batch_build.h"
#include "protocol/records/end_txn_marker.h"
#include "protocol/records/kraft_version_record.h"
#include "protocol/records/leader_change.h"
#include "protocol/records/metadata_record.h"
#include "protocol/records/snapshot_record.h"
#include "protocol/records/voters_record.h"
#include "protocol/schema/json.h"
#include "server/dump/dump.h"

/* A message found and read: what goes into a line. */
struct decoded {
    const struct message *message;
    int version;
    void *data;
};

/* Reads `bytes` as the message, all of them. False with the reason. */
static bool decode(struct dump *dump, const struct message *message, int version, struct slice bytes,
                   struct decoded *decoded, struct note *why)
{
    if (!message_has_version(message, version)) {
        note_set(why, "%s v%d is not known", message->name, version);
        return false;
    }
    struct reader reader;
    *decoded = (struct decoded){message, version, arena_alloc(&dump->arena, message->schema()->size)};
    reader_init(&reader, bytes, &dump->arena);
    if (!message_read(message, version, &reader, decoded->data))
        note_set(why, "%s", reader.error);
    else if (reader_left(&reader) > 0)
        note_set(why, "%s v%d: %zu bytes are left over", message->name, version, reader_left(&reader));
    else
        return true;
    return false;
}

/* "value":{"name":"TopicRecord","version":0,"data":{...}}; for people value TopicRecord v0 {...}. */
static void put_decoded(struct dump *dump, const char *name, const struct decoded *decoded)
{
    struct buf *out = line_value(&dump->lines, name);
    bool json = dump->lines.json;
    buf_append_str(out, json ? "{\"name\":\"" : "");
    buf_append_str(out, decoded->message->name);
    buf_append_str(out, json ? "\",\"version\":" : " v");
    buf_append_number(out, decoded->version);
    buf_append_str(out, json ? ",\"data\":" : " ");
    message_print_json(decoded->message, decoded->version, decoded->data, JSON_RECORDS_BASE64, out);
    buf_append_str(out, json ? "}" : "");
}

static void put_undecoded(struct dump *dump, const struct record *record, const char *why)
{
    line_bytes(&dump->lines, "key", record->key);
    line_bytes(&dump->lines, "value", record->value);
    line_bytes(&dump->lines, "undecoded", slice_str(why));
}

/* ---- the cluster log ---- */

static bool decode_frame(struct dump *dump, struct slice frame, struct decoded *decoded, struct note *why)
{
    struct reader reader;
    uint32_t type, version;
    reader_init(&reader, frame, NULL);
    if (!metadata_record_read_frame(&reader, &type, &version)) {
        note_set(why, "%s", reader.error);
        return false;
    }
    const struct message *message = find_metadata_record(type);
    if (message == NULL || version > INT16_MAX) {
        note_set(why, "no release has a metadata record of type %u, version %u", type, version);
        return false;
    }
    struct slice fields = slice_from(frame, frame.len - reader_left(&reader));
    return decode(dump, message, (int)version, fields, decoded, why);
}

static void put_frame(struct dump *dump, const struct record *record)
{
    struct decoded value;
    struct note why = {""};
    if (decode_frame(dump, record->value, &value, &why)) {
        put_decoded(dump, "value", &value);
        return;
    }
    put_undecoded(dump, record, why.text);
    dump->damaged = true;
}

/* ---- coordinators ---- */

static enum coordinator coordinator_of(enum dump_content content)
{
    return content == CONTENT_GROUPS         ? COORDINATOR_GROUP
           : content == CONTENT_TRANSACTIONS ? COORDINATOR_TRANSACTION
                                             : COORDINATOR_SHARE;
}

/* The int16 before the fields. */
static bool take_number(struct slice *bytes, int16_t *number, struct note *why)
{
    if (bytes->len < sizeof *number) {
        note_set(why, "too short to say what it is");
        return false;
    }
    *number = load_i16(bytes->data);
    *bytes = slice_from(*bytes, sizeof *number);
    return true;
}

static bool decode_coordinator(struct dump *dump, const struct record *record, enum coordinator coordinator,
                               struct decoded *key, struct decoded *value, struct note *why)
{
    struct slice bytes = record->key;
    int16_t type, version;
    if (!take_number(&bytes, &type, why))
        return false;
    const struct coordinator_record *found = find_coordinator_record(coordinator, type);
    if (found == NULL) {
        note_set(why, "no release has a record of type %d", type);
        return false;
    }
    if (!decode(dump, found->key, 0, bytes, key, why))
        return false;
    if (slice_is_null(record->value))
        return true;
    bytes = record->value;
    return take_number(&bytes, &version, why) && decode(dump, found->value, version, bytes, value, why);
}

static void put_coordinator(struct dump *dump, const struct record *record, enum coordinator coordinator)
{
    struct decoded key, value;
    struct note why = {""};
    if (!decode_coordinator(dump, record, coordinator, &key, &value, &why)) {
        put_undecoded(dump, record, why.text);
        dump->damaged = true;
        return;
    }
    put_decoded(dump, "key", &key);
    if (slice_is_null(record->value))
        line_bytes(&dump->lines, "value", SLICE_NULL);
    else
        put_decoded(dump, "value", &value);
}

/* ---- lines ---- */

static void put_headers(struct dump *dump, const struct record *record)
{
    struct slice rest = record->headers;
    struct record_header header;
    struct lines *lines = &dump->lines;
    if (record->header_count <= 0)
        return;
    if (lines->json)
        buf_append_str(line_value(lines, "headers"), "[");
    for (bool first = true; record_headers_next(&rest, &header); first = false) {
        if (lines->json) {
            buf_append_str(&lines->bytes, first ? "{" : ",{");
            line_bytes(lines, "key", header.key);
            line_bytes(lines, "value", header.value);
            buf_append_char(&lines->bytes, '}');
        } else {
            line_bytes(lines, "header", header.key);
            line_bytes(lines, "=", header.value);
        }
    }
    if (lines->json)
        buf_append_char(&lines->bytes, ']');
}

static void begin_record(struct dump *dump, const char *type, const struct record *record)
{
    line_begin(&dump->lines, type);
    line_number(&dump->lines, "offset", record->offset, 8);
    line_time(&dump->lines, "timestamp", record->timestamp);
    if (record->sequence != NO_SEQUENCE)
        line_number(&dump->lines, "sequence", record->sequence, 0);
}

void dump_record(struct dump *dump, const struct record *record, enum dump_content content)
{
    begin_record(dump, "record", record);
    if (content == CONTENT_BYTES) {
        line_bytes(&dump->lines, "key", record->key);
        line_bytes(&dump->lines, "value", record->value);
    } else {
        arena_reset(&dump->arena);
        if (content == CONTENT_CLUSTER)
            put_frame(dump, record);
        else
            put_coordinator(dump, record, coordinator_of(content));
    }
    put_headers(dump, record);
    line_end(&dump->lines);
}

/* ---- control records ---- */

static const struct {
    const char *name;
    const struct message *message;
} controls[] = {
    [CONTROL_ABORT] = {"ABORT", &end_txn_marker_message},
    [CONTROL_COMMIT] = {"COMMIT", &end_txn_marker_message},
    [CONTROL_LEADER_CHANGE] = {"LEADER_CHANGE", &leader_change_message},
    [CONTROL_SNAPSHOT_HEADER] = {"SNAPSHOT_HEADER", &snapshot_header_record_message},
    [CONTROL_SNAPSHOT_FOOTER] = {"SNAPSHOT_FOOTER", &snapshot_footer_record_message},
    [CONTROL_KRAFT_VERSION] = {"KRAFT_VERSION", &kraft_version_record_message},
    [CONTROL_KRAFT_VOTERS] = {"KRAFT_VOTERS", &voters_record_message},
};

/* Markers have their version before the fields; the others have it as their first field. */
static bool decode_control(struct dump *dump, int type, struct slice value, struct decoded *decoded,
                           struct note *why)
{
    struct slice fields = value;
    int16_t version;
    if (!take_number(&fields, &version, why))
        return false;
    bool is_marker = type == CONTROL_ABORT || type == CONTROL_COMMIT;
    return decode(dump, controls[type].message, version, is_marker ? fields : value, decoded, why);
}

void dump_control(struct dump *dump, const struct record *record)
{
    int type = control_record_type(record);
    bool known = type >= 0 && type < (int)(sizeof controls / sizeof controls[0]);
    struct decoded decoded;
    struct note why = {""};
    arena_reset(&dump->arena);
    begin_record(dump, "control", record);
    line_word(&dump->lines, "control", known ? controls[type].name : "UNKNOWN");
    if (known && decode_control(dump, type, record->value, &decoded, &why)) {
        put_decoded(dump, "value", &decoded);
    } else {
        put_undecoded(dump, record, known ? why.text : "no release has a control record of this type");
        dump->damaged = true;
    }
    line_end(&dump->lines);
}
