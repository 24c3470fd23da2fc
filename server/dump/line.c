/*
 * line: see line.h. Called by the files beside it and by check_command.
 *
 * 1. `bytes` holds at most WRITE_BYTES and one line; of a line with a large value, one piece of that.
 */
#include "server/dump/line.h"

#include "protocol/schema/json_text.h"

#include <errno.h>
#include <unistd.h>

enum { WRITE_BYTES = 256 * 1024, PIECE_BYTES = 3 * 64 * 1024 };

void lines_init(struct lines *lines, int fd, bool json)
{
    *lines = (struct lines){.fd = fd, .json = json};
    buf_reserve(&lines->bytes, 2 * WRITE_BYTES);
}

static void write_out(struct lines *lines)
{
    size_t at = 0;
    while (lines->fd >= 0 && lines->error == 0 && at < lines->bytes.len) {
        ssize_t written = write(lines->fd, lines->bytes.data + at, lines->bytes.len - at);
        if (written >= 0)
            at += (size_t)written;
        else if (errno != EINTR)
            lines->error = errno;
    }
    buf_clear(&lines->bytes, 4 * WRITE_BYTES);
}

static void write_if_many(struct lines *lines)
{
    if (lines->bytes.len >= WRITE_BYTES)
        write_out(lines);
}

bool lines_finish(struct lines *lines)
{
    write_out(lines);
    buf_fini(&lines->bytes);
    return lines->error == 0;
}

void line_begin(struct lines *lines, const char *type)
{
    if (lines->json)
        buf_append_str(&lines->bytes, "{\"type\":\"");
    buf_append_str(&lines->bytes, type);
    if (lines->json)
        buf_append_char(&lines->bytes, '"');
}

void line_end(struct lines *lines)
{
    buf_append_str(&lines->bytes, lines->json ? "}\n" : "\n");
    write_if_many(lines);
}

static void begin_field(struct lines *lines, const char *name, const char *more)
{
    bool first = lines->bytes.len > 0 && lines->bytes.data[lines->bytes.len - 1] == '{';
    buf_append_str(&lines->bytes, !lines->json ? " " : first ? "\"" : ",\"");
    buf_append_str(&lines->bytes, name);
    if (lines->json)
        buf_append_str(&lines->bytes, more);
    buf_append_str(&lines->bytes, lines->json ? "\":" : " ");
}

struct buf *line_value(struct lines *lines, const char *name)
{
    begin_field(lines, name, "");
    return &lines->bytes;
}

void line_number(struct lines *lines, const char *name, int64_t number, int width)
{
    begin_field(lines, name, "");
    size_t from = lines->bytes.len;
    buf_append_number(&lines->bytes, number);
    for (size_t len = lines->bytes.len - from; !lines->json && len < (size_t)width; len++)
        buf_append_char(&lines->bytes, ' ');
}

void line_number_if_any(struct lines *lines, const char *name, int64_t number)
{
    if (lines->json || number != -1)
        line_number(lines, name, number, 0);
}

static void put_digits(char *at, int64_t number, int digits)
{
    for (int i = digits - 1; i >= 0; i--) {
        at[i] = (char)('0' + number % 10);
        number /= 10;
    }
}

/* Days since 1970 to a date of the Gregorian calendar: years that begin in March, so that the leap day is the
 * last one. */
static void put_date(char *at, int64_t days)
{
    int64_t shifted = days + 719468;
    int64_t era = shifted / 146097;
    int64_t of_era = shifted % 146097;
    int64_t year = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
    int64_t of_year = of_era - (365 * year + year / 4 - year / 100);
    int64_t month = (5 * of_year + 2) / 153;
    int64_t day = of_year - (153 * month + 2) / 5 + 1;
    month = month < 10 ? month + 3 : month - 9;
    put_digits(at, year + era * 400 + (month <= 2), 4);
    put_digits(at + 5, month, 2);
    put_digits(at + 8, day, 2);
}

void line_time(struct lines *lines, const char *name, int64_t ms)
{
    static const int64_t day_ms = 86400000, year_10000_ms = 253402300800000;
    if (lines->json || ms < 0 || ms >= year_10000_ms) {
        line_number(lines, name, ms, 0);
        return;
    }
    char text[] = "0000-00-00T00:00:00.000Z";
    int64_t of_day = ms % day_ms;
    put_date(text, ms / day_ms);
    put_digits(text + 11, of_day / 3600000, 2);
    put_digits(text + 14, of_day / 60000 % 60, 2);
    put_digits(text + 17, of_day / 1000 % 60, 2);
    put_digits(text + 20, of_day % 1000, 3);
    begin_field(lines, name, "");
    buf_append(&lines->bytes, text, sizeof text - 1);
}

void line_word(struct lines *lines, const char *name, const char *word)
{
    begin_field(lines, name, "");
    if (lines->json)
        json_print_string(&lines->bytes, slice_str(word));
    else
        buf_append_str(&lines->bytes, word);
}

void line_flag(struct lines *lines, const char *name, bool flag)
{
    if (lines->json) {
        begin_field(lines, name, "");
        buf_append_str(&lines->bytes, flag ? "true" : "false");
    } else if (flag) {
        buf_append_char(&lines->bytes, ' ');
        buf_append_str(&lines->bytes, name);
    }
}

/* The end of the last whole character of the first PIECE_BYTES. */
static size_t text_piece(struct slice text)
{
    if (text.len <= PIECE_BYTES)
        return text.len;
    size_t end = PIECE_BYTES;
    while ((text.data[end] & 0xc0) == 0x80)
        end--;
    return end;
}

static void put_text(struct lines *lines, struct slice text)
{
    buf_append_char(&lines->bytes, '"');
    while (text.len > 0) {
        size_t piece = text_piece(text);
        json_print_text(&lines->bytes, slice_of(text.data, piece));
        text = slice_from(text, piece);
        write_if_many(lines);
    }
    buf_append_char(&lines->bytes, '"');
}

static void put_base64(struct lines *lines, struct slice bytes)
{
    while (bytes.len > 0) {
        size_t piece = bytes.len < PIECE_BYTES ? bytes.len : PIECE_BYTES;
        json_print_base64_text(&lines->bytes, slice_of(bytes.data, piece));
        bytes = slice_from(bytes, piece);
        write_if_many(lines);
    }
}

void line_bytes(struct lines *lines, const char *name, struct slice bytes)
{
    if (slice_is_null(bytes)) {
        begin_field(lines, name, "");
        buf_append_str(&lines->bytes, "null");
    } else if (utf8_is_valid(bytes)) {
        begin_field(lines, name, "");
        put_text(lines, bytes);
    } else {
        begin_field(lines, name, "Base64");
        buf_append_str(&lines->bytes, lines->json ? "\"" : "base64:");
        put_base64(lines, bytes);
        buf_append_str(&lines->bytes, lines->json ? "\"" : "");
    }
}
