/* entry_file: see entry_file.h. Called by the tools that look at directories (dump and check). */
#include "storage/entry_file.h"

#include <errno.h>

int entry_file_open(struct entry_file *entries, struct file_system *fs, const char *path, size_t entry_size)
{
    entries->fs = fs;
    entries->entry_size = entry_size;
    entries->position = 0;
    entries->at = entries->len = 0;
    entries->file = file_open(fs, path, FILE_READ);
    return entries->file < 0 ? entries->file : 0;
}

void entry_file_close(struct entry_file *entries)
{
    file_close(entries->fs, entries->file);
    entries->file = -1;
}

const uint8_t *entry_file_next(struct entry_file *entries, int *error)
{
    *error = 0;
    if (entries->at == entries->len) {
        size_t most = ENTRY_FILE_BYTES / entries->entry_size * entries->entry_size;
        ssize_t got = file_read(entries->fs, entries->file, entries->bytes, most, entries->position);
        *error = got < 0 ? (int)got : 0;
        entries->at = 0;
        entries->len = got < 0 ? 0 : (size_t)got;
    }
    if (entries->len - entries->at < entries->entry_size) {
        if (entries->len > entries->at)
            *error = -EBADMSG;
        return NULL;
    }
    const uint8_t *entry = entries->bytes + entries->at;
    entries->at += entries->entry_size;
    entries->position += (int64_t)entries->entry_size;
    return entry;
}

bool entry_is_zero(const uint8_t *entry, size_t size)
{
    for (size_t i = 0; i < size; i++)
        if (entry[i] != 0)
            return false;
    return true;
}
