/*
 * epochs: a sorted array; a log has few epochs.
 *
 * 1. Both columns strictly increase: a later epoch starts at a later offset.
 * 2. The last entry may start at the log end (a leader that has not written yet).
 */
#include "storage/epochs.h"

#include "protocol/base/ensure.h"
#include "storage/checkpoint.h"

#include <stdlib.h>

static const char file_name[] = "leader-epoch-checkpoint";

void epochs_init(struct epochs *epochs)
{
    *epochs = (struct epochs){0};
}

void epochs_fini(struct epochs *epochs)
{
    free(epochs->entries);
    *epochs = (struct epochs){0};
}

void epochs_take(struct epochs *epochs, struct epochs *from)
{
    epochs_fini(epochs);
    *epochs = *from;
    epochs_init(from);
}

static void add(struct epochs *epochs, int32_t epoch, int64_t start_offset)
{
    if (epochs->count == epochs->capacity) {
        epochs->capacity = epochs->capacity == 0 ? 2 : epochs->capacity * 2;
        epochs->entries = realloc(epochs->entries, sizeof *epochs->entries * (size_t)epochs->capacity);
        ensure(epochs->entries != NULL);
    }
    epochs->entries[epochs->count++] = (struct epoch_start){epoch, start_offset};
}

int epochs_load(struct epochs *epochs, struct file_system *fs, const char *directory, struct note *why)
{
    char path[FILE_PATH_MAX];
    file_path(path, "%s/%s", directory, file_name);
    struct checkpoint checkpoint;
    int result = checkpoint_open(&checkpoint, fs, path, why);
    int32_t epoch;
    int64_t start_offset;
    epochs->count = 0;
    if (result == 0) {
        while ((result = checkpoint_next_epoch(&checkpoint, &epoch, &start_offset, why)) == 1)
            epochs_assign(epochs, epoch, start_offset);
        if (result < 0)
            note_prefix(why, "%s", path);
    }
    checkpoint_close(&checkpoint);
    epochs->changed = false;
    return result;
}

int epochs_store(struct epochs *epochs, struct file_system *fs, const char *directory)
{
    if (!epochs->changed)
        return 0;
    struct buf text = {0};
    buf_printf(&text, "0\n%d\n", (int)epochs->count);
    for (int32_t i = 0; i < epochs->count; i++)
        buf_printf(&text, "%d %lld\n", (int)epochs->entries[i].epoch,
                   (long long)epochs->entries[i].start_offset);
    int result = epochs->is_new ? checkpoint_create(fs, directory, file_name, buf_slice(&text))
                                : checkpoint_replace(fs, directory, file_name, buf_slice(&text), false);
    buf_fini(&text);
    if (result == 0)
        epochs->changed = epochs->is_new = epochs->is_led = false;
    return result;
}

void epochs_assign(struct epochs *epochs, int32_t epoch, int64_t start_offset)
{
    ensure(epoch >= 0 && start_offset >= 0);
    const struct epoch_start *last = epochs->count > 0 ? &epochs->entries[epochs->count - 1] : NULL;
    if (last != NULL && last->epoch == epoch && last->start_offset <= start_offset) {
        epochs->changed |= epochs->is_led;
        epochs->is_led = false;
        return;
    }
    while (epochs->count > 0) {
        last = &epochs->entries[epochs->count - 1];
        if (last->epoch < epoch && last->start_offset < start_offset)
            break;
        epochs->count--;
    }
    add(epochs, epoch, start_offset);
    epochs->changed = true;
    epochs->is_led = false;
}

void epochs_lead(struct epochs *epochs, int32_t epoch, int64_t end_offset)
{
    bool had_changed = epochs->changed;
    if (epoch <= epochs_latest(epochs))
        return;
    epochs_assign(epochs, epoch, end_offset);
    epochs->is_led = !epochs->is_new;
    epochs->changed = had_changed || epochs->is_new;
}

void epochs_truncate_end(struct epochs *epochs, int64_t end_offset)
{
    while (epochs->count > 0 && epochs->entries[epochs->count - 1].start_offset >= end_offset) {
        epochs->count--;
        epochs->changed = true;
    }
}

void epochs_truncate_start(struct epochs *epochs, int64_t start_offset)
{
    int32_t below = 0;
    while (below < epochs->count && epochs->entries[below].start_offset <= start_offset)
        below++;
    if (below == 0 || (below == 1 && epochs->entries[0].start_offset == start_offset))
        return;
    epochs->entries[below - 1].start_offset = start_offset;
    epochs->count -= below - 1;
    memmove(epochs->entries, epochs->entries + below - 1, sizeof *epochs->entries * (size_t)epochs->count);
    epochs->changed = true;
}

int32_t epochs_latest(const struct epochs *epochs)
{
    return epochs->count > 0 ? epochs->entries[epochs->count - 1].epoch : -1;
}

int32_t epochs_of_offset(const struct epochs *epochs, int64_t offset)
{
    for (int32_t i = epochs->count - 1; i >= 0; i--)
        if (epochs->entries[i].start_offset <= offset)
            return epochs->entries[i].epoch;
    return -1;
}

void epochs_end_of(const struct epochs *epochs, int32_t epoch, int64_t log_end_offset, int32_t *found_epoch,
                   int64_t *end_offset)
{
    *found_epoch = -1;
    *end_offset = -1;
    int32_t latest = epochs_latest(epochs);
    if (epoch < 0 || latest < epoch)
        return;
    if (epoch == latest) {
        *found_epoch = epoch;
        *end_offset = log_end_offset;
        return;
    }
    int32_t higher = 0;
    while (epochs->entries[higher].epoch <= epoch)
        higher++;
    *found_epoch = higher == 0 ? epoch : epochs->entries[higher - 1].epoch;
    *end_offset = epochs->entries[higher].start_offset;
}
