/* base64: see the header. Called by uuid.c and schema/json_text.c. */
#include "protocol/base/base64.h"

static char digit_for(uint32_t value, enum base64_alphabet alphabet)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
    return value < 62 ? digits[value] : (alphabet == BASE64_URL ? "-_" : "+/")[value - 62];
}

void base64_encode(struct slice bytes, enum base64_alphabet alphabet, char *text)
{
    uint32_t bits = 0;
    int bit_count = 0;
    for (size_t i = 0; i < bytes.len; i++) {
        bits = bits << 8 | bytes.data[i];
        for (bit_count += 8; bit_count >= 6; bit_count -= 6)
            *text++ = digit_for(bits >> (bit_count - 6) & 63, alphabet);
    }
    if (bit_count > 0)
        *text = digit_for(bits << (6 - bit_count) & 63, alphabet);
}

static int value_of(uint8_t digit, enum base64_alphabet alphabet)
{
    if (digit >= 'A' && digit <= 'Z')
        return digit - 'A';
    if (digit >= 'a' && digit <= 'z')
        return digit - 'a' + 26;
    if (digit >= '0' && digit <= '9')
        return digit - '0' + 52;
    if ((alphabet & BASE64_STANDARD) != 0 && (digit == '+' || digit == '/'))
        return digit == '+' ? 62 : 63;
    if ((alphabet & BASE64_URL) != 0 && (digit == '-' || digit == '_'))
        return digit == '-' ? 62 : 63;
    return -1;
}

bool base64_decode(struct slice text, enum base64_alphabet alphabet, uint8_t *bytes)
{
    uint32_t bits = 0;
    if (text.len % 4 == 1)
        return false;
    for (size_t i = 0; i < text.len; i++) {
        int value = value_of(text.data[i], alphabet);
        if (value < 0)
            return false;
        bits = bits << 6 | (uint32_t)value;
        if (i % 4 != 0)
            *bytes++ = (uint8_t)(bits >> (6 - 2 * (i % 4)));
    }
    return true;
}
