/* Makes record NUMBER of the interop data set. The same rule stands in records.py, JavaClient.java and
 * go/records.go. */
#include "records.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

int32_t record_partition(int64_t number, int32_t partition_count)
{
    return (int32_t)(number % partition_count);
}

int64_t record_timestamp_ms(int64_t number)
{
    return 1700000000000 + 10 * number - 33 * (number % 7);
}

static void make_key(struct record *record)
{
    record->key = record->number % 5 == 0 ? NULL : record->key_text;
    record->key_size = 0;
    if (record->number % 5 == 0 || record->number % 25 == 1)
        return;
    int size = snprintf(record->key_text, sizeof record->key_text, "key-%" PRId64, record->number % 1000);
    record->key_size = (size_t)size;
}

static void make_value(struct record *record)
{
    int64_t number = record->number;
    record->value = number % 10 == 3 ? NULL : record->value_text;
    record->value_size = 0;
    if (number % 10 == 3 || number % 10 == 4)
        return;
    size_t filler_size = number % 1000 == 999 ? 20000 : (size_t)(number % 200);
    uint32_t scrambled = (uint32_t)number * 2654435761u;
    int start = snprintf(record->value_text, sizeof record->value_text, "value-%" PRId64 " %08" PRIx32 " ",
                         number, scrambled);
    char *end = record->value_text + start;
    memset(end, 'x', filler_size);
    end += filler_size;
    static const char tail[] = " \xc3\xa9\"\\";
    memcpy(end, tail, sizeof tail - 1);
    record->value_size = (size_t)(end - record->value_text) + sizeof tail - 1;
}

static void make_headers(struct record *record)
{
    snprintf(record->number_text, sizeof record->number_text, "%" PRId64, record->number);
    record->header_count = (int)(record->number % 4);
    record->headers[0] = (struct record_header){"i", record->number_text};
    record->headers[1] = (struct record_header){"empty", ""};
    record->headers[2] = (struct record_header){"i", "again"};
}

void record_make(struct record *record, int64_t number)
{
    record->number = number;
    record->timestamp_ms = record_timestamp_ms(number);
    make_key(record);
    make_value(record);
    make_headers(record);
}
