/* See java_string.h. Pure. */
#include "protocol/base/java_string.h"

enum { REPLACEMENT = 0xfffd, SUPPLEMENT = 0x10000 };

/* The character at the front, and how many bytes it takes. */
static uint32_t next_character(struct slice text, size_t *len)
{
    static const uint32_t least[] = {0, 0x80, 0x800, SUPPLEMENT};
    uint8_t first = text.data[0];
    *len = 1;
    if (first < 0x80)
        return first;
    int more = first >= 0xf0 ? 3 : first >= 0xe0 ? 2 : 1;
    if (first < 0xc2 || first > 0xf4 || text.len <= (size_t)more)
        return REPLACEMENT;
    uint32_t character = first & (0x3f >> more);
    for (int i = 1; i <= more; i++) {
        if ((text.data[i] & 0xc0) != 0x80)
            return REPLACEMENT;
        character = character << 6 | (text.data[i] & 0x3f);
    }
    bool surrogate = character >= 0xd800 && character < 0xe000;
    if (character < least[more] || surrogate || character > 0x10ffff)
        return REPLACEMENT;
    *len = (size_t)more + 1;
    return character;
}

int32_t java_string_hash(struct slice text)
{
    uint32_t hash = 0;
    while (text.len > 0) {
        size_t len;
        uint32_t character = next_character(text, &len);
        if (character >= SUPPLEMENT) {
            hash = 31 * hash + (0xd800 + ((character - SUPPLEMENT) >> 10));
            character = 0xdc00 + ((character - SUPPLEMENT) & 0x3ff);
        }
        hash = 31 * hash + character;
        text = slice_from(text, len);
    }
    return (int32_t)hash;
}

uint32_t java_string_place(struct slice text, int32_t count)
{
    uint32_t capacity = 16;
    while ((uint32_t)count > capacity / 4 * 3)
        capacity *= 2;
    uint32_t hash = (uint32_t)java_string_hash(text);
    return (hash ^ hash >> 16) & (capacity - 1);
}
