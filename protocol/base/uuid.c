#include "protocol/base/uuid.h"

#include "protocol/base/base64.h"

void uuid_format(struct uuid id, char text[UUID_TEXT_LEN + 1])
{
    base64_encode(slice_of(id.bytes, sizeof id.bytes), BASE64_URL, text);
    text[UUID_TEXT_LEN] = '\0';
}

bool uuid_parse(struct slice text, struct uuid *id)
{
    if (text.len == UUID_TEXT_LEN + 2 && text.data[UUID_TEXT_LEN] == '='
        && text.data[UUID_TEXT_LEN + 1] == '=')
        text.len = UUID_TEXT_LEN;
    return text.len == UUID_TEXT_LEN && base64_decode(text, BASE64_EITHER, id->bytes);
}

bool uuid_from_random(const uint8_t random[16], struct uuid *id)
{
    memcpy(id->bytes, random, sizeof id->bytes);
    id->bytes[6] = (uint8_t)((id->bytes[6] & 0x0f) | 0x40);
    id->bytes[8] = (uint8_t)((id->bytes[8] & 0x3f) | 0x80);
    char text[UUID_TEXT_LEN + 1];
    uuid_format(*id, text);
    return text[0] != '-';
}
