/* regex_writer: see regex_writer.h. */
#include "server/coordinator/regex_writer.h"

#include <string.h>

static bool is_in_names(unsigned c)
{
    return regex_is_letter(c) || regex_is_digit(c) || c == '.' || c == '_' || c == '-';
}

static void begin_atom(struct regex_writer *writer, size_t at)
{
    writer->atom_at = at;
    writer->has_atom = true;
    writer->is_repeated = false;
}

void regex_writer_atom(struct regex_writer *writer, const char *text)
{
    begin_atom(writer, writer->to->len);
    buf_append_str(writer->to, text);
}

/* Runs of neighbours. No name has a newline: it stands for the empty set. */
void regex_writer_set(struct regex_writer *writer, struct regex_set set)
{
    struct buf *to = writer->to;
    size_t start = to->len;
    for (unsigned c = 0; c < 128; c++) {
        unsigned end = c;
        while (end < 128 && is_in_names(end) && regex_set_has(&set, end))
            end++;
        if (end == c)
            continue;
        buf_printf(to, "%s\\x%02x-\\x%02x", to->len == start ? "[" : "", c, end - 1);
        c = end;
    }
    buf_append_str(to, to->len == start ? "\\n" : "]");
    begin_atom(writer, start);
}

size_t regex_writer_open(struct regex_writer *writer)
{
    size_t at = writer->to->len;
    buf_append_str(writer->to, "(?:");
    writer->has_atom = false;
    return at;
}

void regex_writer_close(struct regex_writer *writer, size_t opened_at)
{
    buf_append_char(writer->to, ')');
    begin_atom(writer, opened_at);
}

void regex_writer_bar(struct regex_writer *writer)
{
    buf_append_char(writer->to, '|');
    writer->has_atom = false;
}

/* What stands between two operators may be nothing but flags: PCRE2 would read the second one otherwise. */
static void enclose_atom(struct regex_writer *writer)
{
    static const char opening[] = "(?:";
    size_t len = sizeof opening - 1;
    buf_append(writer->to, opening, len);
    uint8_t *at = writer->to->data + writer->atom_at;
    memmove(at + len, at, writer->to->len - writer->atom_at - len);
    memcpy(at, opening, len);
    buf_append_char(writer->to, ')');
}

void regex_writer_repeat(struct regex_writer *writer, const char *operator)
{
    if (writer->is_repeated)
        enclose_atom(writer);
    buf_append_str(writer->to, operator);
    writer->is_repeated = true;
}
