/*
 * topic_name: see the header.
 */
#include "metadata/controller/topic_name.h"

static bool is_legal_byte(uint8_t c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '_'
           || c == '-';
}

static bool has_illegal_bytes(struct slice name)
{
    for (size_t i = 0; i < name.len; i++)
        if (!is_legal_byte(name.data[i]))
            return true;
    return false;
}

bool topic_name_is_valid(struct slice name, struct note *why)
{
    if (name.len == 0)
        note_set(why, "Topic name is invalid: the empty string is not allowed");
    else if (slice_equal_str(name, ".") || slice_equal_str(name, ".."))
        note_set(why, "Topic name is invalid: '%.*s' is not allowed", SLICE_ARGS(name));
    else if (slice_utf16_len(name) > TOPIC_NAME_LEN_MAX)
        note_set(why, "Topic name is invalid: the length of '%.*s' is longer than the max allowed length %d",
                 SLICE_ARGS(name), TOPIC_NAME_LEN_MAX);
    else if (has_illegal_bytes(name))
        note_set(why,
                 "Topic name is invalid: '%.*s' contains one or more characters other than ASCII "
                 "alphanumerics, '.', '_' "
                 "and '-'",
                 SLICE_ARGS(name));
    else
        return true;
    return false;
}
