/* findings: see findings.h. */
#include "storage/check/findings.h"

#include "protocol/base/ensure.h"
#include "protocol/base/note.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FINDINGS_MAX = 1000, SAME_MAX = 5, LOOK_BACK = 40 };

void findings_fini(struct findings *findings)
{
    for (int32_t i = 0; i < findings->count; i++) {
        free(findings->items[i].path);
        free(findings->items[i].text);
    }
    free(findings->items);
    *findings = (struct findings){0};
}

/* The last one of the rule in this file, once there are so many of them that further ones are only counted.
 * Only the newest few are looked at: a hostile file must not make this slow. */
static struct finding *find_full(struct findings *findings, const char *rule, const char *path)
{
    struct finding *last = NULL;
    int same = 0;
    for (int32_t i = findings->count - 1; i >= 0 && i >= findings->count - LOOK_BACK; i--) {
        struct finding *item = &findings->items[i];
        if (item->rule != rule || strcmp(item->path, path) != 0)
            continue;
        last = last == NULL ? item : last;
        if (++same == SAME_MAX || item->more > 0)
            return last;
    }
    return NULL;
}

static struct finding *append(struct findings *findings)
{
    if (findings->count == findings->capacity) {
        findings->capacity = findings->capacity == 0 ? 8 : findings->capacity * 2;
        findings->items = realloc(findings->items, sizeof *findings->items * (size_t)findings->capacity);
        ensure(findings->items != NULL);
    }
    return &findings->items[findings->count++];
}

void findings_add(struct findings *findings, enum severity severity, const char *rule, const char *path,
                  int64_t position, const char *format, ...)
{
    findings->errors += severity == FINDING_ERROR;
    findings->warnings += severity == FINDING_WARNING;
    struct finding *full = find_full(findings, rule, path);
    if (full != NULL) {
        full->more++;
        return;
    }
    if (findings->count == FINDINGS_MAX) {
        findings->left_out++;
        return;
    }
    char text[NOTE_SIZE];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    struct finding *finding = append(findings);
    *finding = (struct finding){severity, rule, strdup(path), position, 0, strdup(text)};
    ensure(finding->path != NULL && finding->text != NULL);
}

const char *severity_name(enum severity severity)
{
    static const char *const names[] = {"error", "warning", "note"};
    return names[severity];
}
