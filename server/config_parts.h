/*
 * config_parts: what config*.c share while they load. Nobody else includes it.
 */
#ifndef SERVER_CONFIG_PARTS_H
#define SERVER_CONFIG_PARTS_H

#include "server/config.h"

enum setting_origin { FROM_FILE, FROM_OVERRIDE, FROM_PRESET };

struct setting {
    struct slice name;
    struct slice value; /* as it was written */
    enum setting_origin origin;
    int32_t line; /* FROM_FILE */
};

struct loader {
    struct config *config;
    const char *path; /* NULL: no file */
    struct setting *settings;
    int32_t count;
    int32_t capacity;
    struct note *why;
};

/* NULL: not set. */
const struct setting *find_setting(const struct loader *loader, const char *name);

/* What is set, else the default; trimmed. Null where that is null. */
struct slice setting_value(const struct loader *loader, const char *name);

/* The number of a config that is one, as checked before. */
int64_t setting_number(const struct loader *loader, const char *name);

/* The elements of a LIST, without duplicates. */
int32_t setting_elements(const struct loader *loader, const char *name, struct slice **elements);

/* Says where and what is wrong: "FILE:LINE: name=value: reason". Always false. */
bool refuse_setting(struct loader *loader, const char *name, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* The same of a setting that is in no table. */
bool refuse_value(struct loader *loader, const char *name, struct slice value, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* authorizer.class.name, and what that class reads. */
bool load_authorizer(struct loader *loader);

/* Whether the name is one of those that are not the broker's, but its authorizer's. */
bool is_authorizer_setting(struct slice name);

/* group.consumer.*, group.coordinator.rebalance.protocols: what must hold between them. */
bool check_groups(struct loader *loader);

/* listeners, advertised.listeners, the controller's, inter.broker.listener.name, the voters. */
bool load_listeners(struct loader *loader);

#endif
