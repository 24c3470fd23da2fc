/* The data set that every interop client sends and expects back: record NUMBER as README.md defines it. */
#ifndef INTEROP_RECORDS_H
#define INTEROP_RECORDS_H

#include <stddef.h>
#include <stdint.h>

enum { RECORD_HEADERS_MAX = 3, RECORD_VALUE_MAX = 20100 };

struct record_header {
    const char *name;
    const char *value;
};

/* Key and value are NULL where the record has a null. They point into this struct, so it must not be moved.
 */
struct record {
    int64_t number;
    int64_t timestamp_ms;
    const char *key;
    size_t key_size;
    const char *value;
    size_t value_size;
    int header_count;
    struct record_header headers[RECORD_HEADERS_MAX];
    char number_text[24];
    char key_text[24];
    char value_text[RECORD_VALUE_MAX];
};

/* The partition's part of the data set is what leaves this remainder. */
int32_t record_partition(int64_t number, int32_t partition_count);

int64_t record_timestamp_ms(int64_t number);

void record_make(struct record *record, int64_t number);

#endif
