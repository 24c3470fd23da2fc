#include "protocol/errors.h"

#include <stddef.h>

struct kerr_row {
    int code;
    bool retriable;
    const char *name;
    const char *message;
};

static const struct kerr_row rows[] = {
#define KERR(code, name, retriable, message) {code, retriable, #name, message},
#include "protocol/errors.def"
#undef KERR
};

static const struct kerr_row *find_row(int code)
{
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if (rows[i].code == code)
            return &rows[i];
    return NULL;
}

const char *kerr_name(int code)
{
    const struct kerr_row *row = find_row(code);
    return row ? row->name : "UNKNOWN";
}

const char *kerr_message(int code)
{
    const struct kerr_row *row = find_row(code);
    return row ? row->message : "";
}

bool kerr_is_retriable(int code)
{
    const struct kerr_row *row = find_row(code);
    return row && row->retriable;
}
