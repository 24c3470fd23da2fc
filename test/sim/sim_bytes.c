/* sim_bytes: the contents of simulated files, copied when they are written to (sim_fs.h). */
#include "test/sim/sim_fs.h"

#include "protocol/base/ensure.h"

#include <stdlib.h>
#include <string.h>

struct sim_bytes *sim_bytes_ref(struct sim_bytes *bytes)
{
    if (bytes != NULL)
        bytes->refs++;
    return bytes;
}

void sim_bytes_unref(struct sim_bytes *bytes)
{
    if (bytes != NULL && --bytes->refs == 0)
        free(bytes);
}

size_t sim_bytes_size(const struct sim_bytes *bytes)
{
    return bytes == NULL ? 0 : bytes->size;
}

/* Nobody else holds it afterwards, and it has the room. */
static void make_own(struct sim_bytes **bytes, size_t room)
{
    struct sim_bytes *old = *bytes;
    if (old != NULL && old->refs == 1 && old->capacity >= room)
        return;
    size_t size = sim_bytes_size(old);
    size_t capacity = room > size ? room + room / 2 + 64 : size;
    struct sim_bytes *own = malloc(sizeof *own + capacity);
    ensure(own != NULL);
    *own = (struct sim_bytes){.refs = 1, .size = size, .capacity = capacity};
    if (size > 0)
        memcpy(own->data, old->data, size);
    sim_bytes_unref(old);
    *bytes = own;
}

void sim_bytes_resize(struct sim_bytes **bytes, int64_t size)
{
    size_t old = sim_bytes_size(*bytes);
    make_own(bytes, (size_t)size);
    if ((size_t)size > old)
        memset((*bytes)->data + old, 0, (size_t)size - old);
    (*bytes)->size = (size_t)size;
}

void sim_bytes_write(struct sim_bytes **bytes, int64_t at, const void *from, size_t len)
{
    if (len == 0)
        return;
    size_t end = (size_t)at + len;
    if (end > sim_bytes_size(*bytes))
        sim_bytes_resize(bytes, (int64_t)end);
    make_own(bytes, (*bytes)->size);
    memcpy((*bytes)->data + at, from, len);
}
