/* Writes down what a process did and saw, and makes and checks the records that it sends and reads. */
#include "journal.h"

#include "../interop/clients/client.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

static const volatile uint64_t *the_clock;

void journal_use_clock(const char *path)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    void *page = fd < 0 ? MAP_FAILED : mmap(NULL, sizeof *the_clock, PROT_READ, MAP_SHARED, fd, 0);
    if (page == MAP_FAILED)
        client_die("%s: no clock", path);
    the_clock = page;
}

void journal_open(struct journal *journal, const char *dir, const char *process, int number)
{
    char path[4096];
    snprintf(path, sizeof path, "%s/%s", dir, process);
    *journal = (struct journal){.file = fopen(path, "w"), .last_value = number * INT64_C(1000000000)};
    if (!journal->file)
        client_die("%s cannot be made", path);
    snprintf(journal->process, sizeof journal->process, "%s", process);
    journal->clock = the_clock;
}

void journal_close(struct journal *journal)
{
    if (fclose(journal->file))
        client_die("the journal of %s cannot be written", journal->process);
}

void journal_write(struct journal *journal, const char *format, ...)
{
    uint64_t now = journal->clock ? *journal->clock : 0;
    if (now != journal->last_clock)
        fprintf(journal->file, "at %" PRIu64 "\n", now);
    journal->last_clock = now;
    va_list arguments;
    va_start(arguments, format);
    vfprintf(journal->file, format, arguments);
    va_end(arguments);
    fputc('\n', journal->file);
}

/* Mostly small; one in 200 is larger than most batches. */
static size_t filler_size(int64_t value)
{
    return value % 200 == 199 ? 9000 : (size_t)(value * 37 % 251);
}

size_t payload_make(char *payload, int64_t value)
{
    size_t start = (size_t)sprintf(payload, "%" PRId64 " ", value), size = filler_size(value);
    for (size_t i = 0; i < size; i++)
        payload[start + i] = (char)('a' + ((size_t)value + i) % 26);
    return start + size;
}

int64_t payload_value(const char *payload, size_t size)
{
    char want[PAYLOAD_MAX], digits[24] = "";
    memcpy(digits, payload, size < sizeof digits - 1 ? size : sizeof digits - 1);
    int64_t value = atoll(digits);
    return value > 0 && size == payload_make(want, value) && !memcmp(payload, want, size) ? value : -1;
}
