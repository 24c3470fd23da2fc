#include "protocol/base/uuid.h"

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

void uuid_format(struct uuid id, char text[UUID_TEXT_LEN + 1])
{
    uint32_t bits = 0;
    int bit_count = 0;
    size_t at = 0;
    for (size_t i = 0; i < sizeof id.bytes; i++) {
        bits = bits << 8 | id.bytes[i];
        for (bit_count += 8; bit_count >= 6; bit_count -= 6)
            text[at++] = alphabet[bits >> (bit_count - 6) & 63];
    }
    text[at++] = alphabet[bits << (6 - bit_count) & 63];
    text[at] = '\0';
}

static int digit_of(uint8_t c)
{
    if (c >= 'A' && c <= 'Z')
        return c - 'A';
    if (c >= 'a' && c <= 'z')
        return c - 'a' + 26;
    if (c >= '0' && c <= '9')
        return c - '0' + 52;
    if (c == '-' || c == '+')
        return 62;
    return c == '_' || c == '/' ? 63 : -1;
}

bool uuid_parse(struct slice text, struct uuid *id)
{
    if (text.len == UUID_TEXT_LEN + 2 && text.data[UUID_TEXT_LEN] == '='
        && text.data[UUID_TEXT_LEN + 1] == '=')
        text.len = UUID_TEXT_LEN;
    if (text.len != UUID_TEXT_LEN)
        return false;
    uint32_t bits = 0;
    int bit_count = 0;
    size_t at = 0;
    for (size_t i = 0; i < text.len; i++) {
        int digit = digit_of(text.data[i]);
        if (digit < 0)
            return false;
        bits = bits << 6 | (uint32_t)digit;
        bit_count += 6;
        if (bit_count >= 8 && at < sizeof id->bytes) {
            bit_count -= 8;
            id->bytes[at++] = (uint8_t)(bits >> bit_count);
        }
    }
    return true;
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
