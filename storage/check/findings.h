/*
 * findings: what is wrong with a directory, and where. A list that one thread fills; bounded, so that a
 * hostile file cannot fill the memory.
 */
#ifndef STORAGE_CHECK_FINDINGS_H
#define STORAGE_CHECK_FINDINGS_H

#include <stdbool.h>
#include <stdint.h>

enum severity {
    FINDING_ERROR,   /* Apache Kafka refuses the directory, loses something, or serves something wrong */
    FINDING_WARNING, /* it puts that right by itself */
    FINDING_NOTE,    /* as it may be: said because somebody may want to know */
};

struct finding {
    enum severity severity;
    const char *rule; /* a name that stays: "batch-checksum" */
    char *path;       /* owned */
    int64_t position; /* byte in the file; -1: none */
    int64_t more;     /* as many others of this rule follow in the same file, and are not listed */
    char *text;       /* owned */
};

struct findings {
    struct finding *items;
    int32_t count;
    int32_t capacity;
    int64_t left_out; /* beyond what the list holds */
    int32_t errors;
    int32_t warnings;
};

/* A zeroed struct is an empty list. */
void findings_fini(struct findings *findings);

void findings_add(struct findings *findings, enum severity severity, const char *rule, const char *path,
                  int64_t position, const char *format, ...) __attribute__((format(printf, 6, 7)));

const char *severity_name(enum severity severity);

#endif
