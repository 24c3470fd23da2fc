/*
 * config_authorizer: who decides who may do what (authorizer.class.name), and the settings that Apache
 * Kafka's StandardAuthorizer reads beside it: super.users and allow.everyone.if.no.acl.found. Those two are
 * not in the broker's own tables, as in Apache Kafka: they belong to the class, and without it they change
 * nothing.
 */
#include "server/config_parts.h"

#include <strings.h>

#define STANDARD_AUTHORIZER "org.apache.kafka.metadata.authorizer.StandardAuthorizer"
#define SUPER_USERS         "super.users"
#define ALLOW_EVERYONE      "allow.everyone.if.no.acl.found"

bool is_authorizer_setting(struct slice name)
{
    return slice_equal_str(name, SUPER_USERS) || slice_equal_str(name, ALLOW_EVERYONE);
}

/* As it was written, trimmed; null: not set. */
static struct slice find_value(const struct loader *loader, const char *name)
{
    const struct setting *setting = find_setting(loader, name);
    return setting == NULL ? SLICE_NULL : config_trim(setting->value);
}

/* What stands before the next ';' (or the end), trimmed; *text begins behind it then. */
static struct slice next_user(struct slice *text)
{
    size_t len = 0;
    while (len < text->len && text->data[len] != ';')
        len++;
    struct slice user = config_trim(slice_of(text->data, len));
    *text = slice_from(*text, len < text->len ? len + 1 : len);
    return user;
}

static bool load_super_users(struct loader *loader)
{
    struct authorizer_config *authorizer = &loader->config->authorizer;
    struct slice text = find_value(loader, SUPER_USERS);
    authorizer->super_users = arena_new_array(&loader->config->arena, struct slice, text.len + 1);
    while (text.len > 0) {
        struct slice user = next_user(&text);
        if (user.len == 0)
            continue;
        if (memchr(user.data, ':', user.len) == NULL)
            return refuse_value(loader, SUPER_USERS, find_value(loader, SUPER_USERS),
                                "expected a string in format principalType:principalName but got %.*s",
                                SLICE_ARGS(user));
        authorizer->super_users[authorizer->super_user_count++] = arena_dup(&loader->config->arena, user);
    }
    return true;
}

bool load_authorizer(struct loader *loader)
{
    struct slice name = setting_value(loader, "authorizer.class.name");
    if (slice_is_null(name) || name.len == 0)
        return true;
    if (!slice_equal_str(name, STANDARD_AUTHORIZER))
        return refuse_setting(loader, "authorizer.class.name",
                              "there is no such class here; only " STANDARD_AUTHORIZER " is known");
    struct authorizer_config *authorizer = &loader->config->authorizer;
    struct slice everyone = find_value(loader, ALLOW_EVERYONE);
    authorizer->configured = true;
    authorizer->allow_everyone_if_no_acl_found =
        everyone.len == 4 && strncasecmp((const char *)everyone.data, "true", 4) == 0;
    return load_super_users(loader);
}
