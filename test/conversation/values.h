/*
 * values: what stands for more than itself in a script: ${name} for what was saved, {"$batch":...} and its
 * like for bytes.
 */
#ifndef CONVERSATION_VALUES_H
#define CONVERSATION_VALUES_H

#include "test/conversation/masks.h"

/* What ${...} can name. Everything lies in `arena`, which lives as long as the script. */
struct saved {
    struct arena *arena;
    struct saved_value *values;
};

void saved_put(struct saved *saved, struct slice name, const struct json_value *value);
void saved_remove(struct saved *saved, struct slice name);
const struct json_value *saved_find(const struct saved *saved, struct slice name);

/* What is needed to expand a value. */
struct expanding {
    const struct saved *saved;
    struct masks *masks; /* hears of the times that the script gives */
    struct arena *arena; /* of the result */
    struct note *why;
};

/* A copy with ${name}, ${name+5}, ${name-5} replaced: a string that is nothing else becomes the value itself.
 * NULL with the reason if nothing is saved by that name. */
struct json_value *values_substitute(const struct expanding *in, const struct json_value *value);

/* A copy with every {"$form":...} replaced, at any depth; bytes become base64. NULL with the reason. */
struct json_value *values_expand(const struct expanding *in, const struct json_value *value);

/* What a text, null or {"$form":...} stands for as bytes, as keys and values of records are; null for NULL.
 * False with the reason. */
bool values_read_bytes(const struct expanding *in, const struct json_value *value, struct slice *bytes);

/* "00ff 80" to bytes. False if it is none. */
bool values_unhex(struct slice text, struct arena *arena, struct slice *bytes);

#endif
