/* segment_list: see segment_list.h. */
#include "storage/check/segment_list.h"

#include "protocol/base/ensure.h"
#include "storage/data_file.h"

#include <stdlib.h>

static void take_name(void *context, const char *name)
{
    struct segment_list *list = context;
    struct data_file_name parsed;
    data_file_parse(name, &parsed);
    if (parsed.kind != DATA_FILE_LOG || parsed.suffix != DATA_FILE_PLAIN)
        return;
    if (list->count == list->capacity) {
        list->capacity = list->capacity == 0 ? 16 : list->capacity * 2;
        list->bases = realloc(list->bases, list->capacity * sizeof *list->bases);
        ensure(list->bases != NULL);
    }
    list->bases[list->count++] = parsed.base;
}

static int compare_bases(const void *a, const void *b)
{
    const int64_t *left = a, *right = b;
    return (*left > *right) - (*left < *right);
}

int segment_list_read(struct segment_list *list, struct file_system *fs, const char *directory)
{
    *list = (struct segment_list){0};
    int result = file_list(fs, directory, take_name, list);
    if (list->count > 0)
        qsort(list->bases, list->count, sizeof *list->bases, compare_bases);
    return result < 0 ? result : 0;
}

void segment_list_fini(struct segment_list *list)
{
    free(list->bases);
    list->bases = NULL;
}
