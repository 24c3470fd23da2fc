/*
 * config_listeners: the endpoints of this node, and the rules that hold between them.
 *
 * 1. Names are upper case; those in controller.listener.names are checked and bound with the rest, and
 * clients are never told of them: the cluster log is.
 * 2. Every bound listener speaks PLAINTEXT; other protocols are refused by name.
 * 3. Texts are Kafka's where Kafka refuses the same.
 *
 * Called by config_load only.
 */
#include "server/config_parts.h"

#include "metadata/java_number.h"

#include <arpa/inet.h>
#include <unistd.h>

enum { HOST_NAME_SIZE = 256 };

static const char *const protocols[] = {"PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"};

struct endpoints {
    struct endpoint *items;
    int32_t count;
};

/* ---- small things ---- */

static const char *terminated(struct loader *loader, struct slice text)
{
    return (const char *)arena_printf(&loader->config->arena, "%.*s%c", SLICE_ARGS(text), '\0').data;
}

static struct slice upper(struct loader *loader, struct slice text)
{
    uint8_t *copy = arena_alloc(&loader->config->arena, text.len);
    for (size_t i = 0; i < text.len; i++)
        copy[i] = text.data[i] >= 'a' && text.data[i] <= 'z' ? (uint8_t)(text.data[i] - 32) : text.data[i];
    return slice_of(copy, text.len);
}

/* Where the last such byte is; the length if there is none. */
static size_t last_of(struct slice text, uint8_t byte)
{
    for (size_t i = text.len; i > 0; i--)
        if (text.data[i - 1] == byte)
            return i - 1;
    return text.len;
}

static bool contains(const struct slice *names, int32_t count, struct slice name)
{
    for (int32_t i = 0; i < count; i++)
        if (slice_equal(names[i], name))
            return true;
    return false;
}

static const struct endpoint *find_endpoint(const struct endpoints *endpoints, struct slice name)
{
    for (int32_t i = 0; i < endpoints->count; i++)
        if (slice_equal(endpoints->items[i].name, name))
            return &endpoints->items[i];
    return NULL;
}

static struct slice join_names(struct loader *loader, const struct endpoints *endpoints)
{
    struct slice all = SLICE("");
    for (int32_t i = 0; i < endpoints->count; i++)
        all = arena_printf(&loader->config->arena, "%.*s%s%.*s", SLICE_ARGS(all), i > 0 ? "," : "",
                           SLICE_ARGS(endpoints->items[i].name));
    return all;
}

/* ---- listener.security.protocol.map ---- */

static int16_t protocol_by_name(struct slice name)
{
    for (int16_t i = 0; i < 4; i++)
        if (slice_equal_str(name, protocols[i]))
            return i;
    return -1;
}

struct protocol_map {
    struct slice *names; /* upper case */
    int16_t *protocols;
    int32_t count;
    bool implied; /* not set: the controller's listeners speak PLAINTEXT */
};

static bool read_protocol_map(struct loader *loader, struct protocol_map *map)
{
    static const char name[] = "listener.security.protocol.map";
    struct slice *elements = NULL;
    map->implied = !find_setting(loader, name);
    map->count = config_split(setting_value(loader, name), &loader->config->arena, &elements);
    map->names = arena_new_array(&loader->config->arena, struct slice, map->count);
    map->protocols = arena_new_array(&loader->config->arena, int16_t, map->count);
    for (int32_t i = 0; i < map->count; i++) {
        size_t colon = last_of(elements[i], ':');
        if (colon == elements[i].len)
            return refuse_setting(loader, name, "'%.*s' is not of the form NAME:PROTOCOL",
                                  SLICE_ARGS(elements[i]));
        map->names[i] = upper(loader, config_trim(slice_of(elements[i].data, colon)));
        struct slice protocol = upper(loader, config_trim(slice_from(elements[i], colon + 1)));
        map->protocols[i] = protocol_by_name(protocol);
        if (map->protocols[i] < 0)
            return refuse_setting(loader, name, "Invalid security protocol `%.*s` defined in %s",
                                  SLICE_ARGS(protocol), name);
    }
    return true;
}

/* -1: the map does not say. The last entry of a name counts. */
static int16_t find_protocol(const struct protocol_map *map, struct slice listener)
{
    for (int32_t i = map->count; i > 0; i--)
        if (slice_equal(map->names[i - 1], listener))
            return map->protocols[i - 1];
    return -1;
}

/* ---- endpoints ---- */

static bool is_host_byte(uint8_t c)
{
    return (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z')
           || (c != 0 && strchr("-%._:", c));
}

/* NAME://host:port, NAME://[v6]:port. */
static bool parse_endpoint(struct loader *loader, struct slice text, struct endpoint *endpoint)
{
    size_t name_end = 0;
    while (name_end + 3 <= text.len && memcmp(text.data + name_end, "://", 3) != 0)
        name_end++;
    if (name_end + 3 > text.len)
        return false;
    struct slice address = slice_from(text, name_end + 3);
    size_t colon = last_of(address, ':');
    int64_t port;
    if (colon == address.len || !java_parse_long(slice_from(address, colon + 1), 0, UINT16_MAX, &port))
        return false;
    struct slice host = slice_of(address.data, colon);
    if (host.len > 0 && host.data[0] == '[')
        host = slice_from(host, 1);
    if (host.len > 0 && host.data[host.len - 1] == ']')
        host.len--;
    for (size_t i = 0; i < host.len; i++)
        if (!is_host_byte(host.data[i]))
            return false;
    endpoint->name = upper(loader, slice_of(text.data, name_end));
    endpoint->host = slice_str(terminated(loader, host));
    endpoint->port = (uint16_t)port;
    return true;
}

static bool parse_endpoints(struct loader *loader, const char *name, const struct protocol_map *map,
                            struct endpoints *endpoints)
{
    struct slice *elements = NULL;
    endpoints->count = setting_elements(loader, name, &elements);
    endpoints->items = arena_new_array(&loader->config->arena, struct endpoint, endpoints->count);
    for (int32_t i = 0; i < endpoints->count; i++) {
        struct endpoint *endpoint = &endpoints->items[i];
        if (!parse_endpoint(loader, elements[i], endpoint))
            return refuse_setting(loader, name, "Unable to parse %.*s to a broker endpoint",
                                  SLICE_ARGS(elements[i]));
        endpoint->security_protocol = find_protocol(map, endpoint->name);
        if (endpoint->security_protocol < 0)
            return refuse_setting(loader, name, "No security protocol defined for listener %.*s",
                                  SLICE_ARGS(endpoint->name));
        for (int32_t j = 0; j < i; j++)
            if (slice_equal(endpoints->items[j].name, endpoint->name))
                return refuse_setting(loader, name, "Each listener must have a different name");
    }
    return true;
}

/* AF_INET, AF_INET6, or 0 for a name. */
static int address_family(struct slice host)
{
    unsigned char address[sizeof(struct in6_addr)];
    if (inet_pton(AF_INET, (const char *)host.data, address) == 1)
        return AF_INET;
    return inet_pton(AF_INET6, (const char *)host.data, address) == 1 ? AF_INET6 : 0;
}

/* One port may serve twice only as one IPv4 and one IPv6 address. */
static bool check_ports(struct loader *loader, const struct endpoints *endpoints)
{
    for (int32_t i = 0; i < endpoints->count; i++) {
        for (int32_t j = 0; j < i; j++) {
            const struct endpoint *a = &endpoints->items[j];
            const struct endpoint *b = &endpoints->items[i];
            if (a->port != b->port || a->port == 0)
                continue;
            int families[] = {address_family(a->host), address_family(b->host)};
            if (families[0] == 0 || families[1] == 0)
                return refuse_setting(loader, "listeners", "Each listener must have a different port");
            if (families[0] == families[1])
                return refuse_setting(
                    loader, "listeners",
                    "If you have two listeners on the same port then one needs to be IPv4 and the "
                    "other IPv6, port: %u",
                    a->port);
        }
    }
    return true;
}

/* ---- which is whose ---- */

struct node {
    struct slice *controller_names;
    int32_t controller_name_count;
    struct protocol_map map;
    struct endpoints listeners;  /* all that `listeners` says */
    struct endpoints advertised; /* what clients are told */
};

/* Kafka gives the controller's listeners PLAINTEXT by itself where the map is not set and nobody asked for
 * security. */
static void imply_controller_protocols(struct loader *loader, struct node *node)
{
    struct slice all = upper(loader, setting_value(loader, "listeners"));
    struct protocol_map *map = &node->map;
    if (!map->implied || strstr(terminated(loader, all), "SSL:") || strstr(terminated(loader, all), "SASL_"))
        return;
    struct protocol_map more = {.count = map->count + node->controller_name_count};
    more.names = arena_new_array(&loader->config->arena, struct slice, more.count);
    more.protocols = arena_new_array(&loader->config->arena, int16_t, more.count);
    for (int32_t i = 0; i < more.count; i++) {
        bool old = i < map->count;
        more.names[i] = old ? map->names[i] : node->controller_names[i - map->count];
        more.protocols[i] = old ? map->protocols[i] : (int16_t)PROTOCOL_PLAINTEXT;
    }
    *map = more;
}

static bool read_controller_names(struct loader *loader, struct node *node)
{
    node->controller_name_count =
        setting_elements(loader, "controller.listener.names", &node->controller_names);
    for (int32_t i = 0; i < node->controller_name_count; i++)
        node->controller_names[i] = upper(loader, node->controller_names[i]);
    return true;
}

/* The endpoints that are not the controller's. */
static struct endpoints select_endpoints(struct loader *loader, const struct node *node,
                                         const struct endpoints *from)
{
    struct endpoints selected = {arena_new_array(&loader->config->arena, struct endpoint, from->count), 0};
    for (int32_t i = 0; i < from->count; i++)
        if (!contains(node->controller_names, node->controller_name_count, from->items[i].name))
            selected.items[selected.count++] = from->items[i];
    return selected;
}

/* In the order of controller.listener.names, of which the first is the one that nodes use among themselves.
 */
static struct endpoints select_controllers(struct loader *loader, const struct node *node)
{
    struct endpoints selected = {
        arena_new_array(&loader->config->arena, struct endpoint, node->listeners.count), 0};
    for (int32_t i = 0; i < node->controller_name_count; i++) {
        const struct endpoint *named = find_endpoint(&node->listeners, node->controller_names[i]);
        if (named && !find_endpoint(&selected, named->name))
            selected.items[selected.count++] = *named;
    }
    return selected;
}

static bool check_protocols(struct loader *loader, const struct endpoints *endpoints)
{
    for (int32_t i = 0; i < endpoints->count; i++)
        if (endpoints->items[i].security_protocol != PROTOCOL_PLAINTEXT)
            return refuse_setting(loader, "listeners", "%s is not supported yet (listener %.*s)",
                                  protocols[endpoints->items[i].security_protocol],
                                  SLICE_ARGS(endpoints->items[i].name));
    return true;
}

static bool split_listeners(struct loader *loader, struct node *node)
{
    struct config *config = loader->config;
    struct endpoints controllers = select_controllers(loader, node);
    struct endpoints brokers = select_endpoints(loader, node, &node->listeners);
    const struct setting *named = find_setting(loader, "controller.listener.names");
    if (controllers.count == 0 && named->origin != FROM_PRESET)
        return refuse_setting(
            loader, "controller.listener.names",
            "controller.listener.names must contain at least one value appearing in the 'listeners' "
            "configuration when running the KRaft controller role");
    if (brokers.count == 0)
        return refuse_setting(
            loader, "listeners",
            "There must be at least one broker advertised listener. Perhaps all listeners appear in "
            "controller.listener.names?");
    if (!check_protocols(loader, &node->listeners))
        return false;
    config->listeners = brokers.items;
    config->listener_count = brokers.count;
    config->controller_listeners = controllers.items;
    config->controller_listener_count = controllers.count;
    return true;
}

/* ---- advertised ---- */

static struct slice host_name(struct loader *loader)
{
    char name[HOST_NAME_SIZE];
    if (gethostname(name, sizeof name) != 0)
        return SLICE("localhost");
    name[sizeof name - 1] = '\0';
    return arena_dup(&loader->config->arena, slice_str(name));
}

static void fill_hosts(struct loader *loader, struct endpoint *items, int32_t count)
{
    for (int32_t i = 0; i < count; i++)
        if (items[i].host.len == 0)
            items[i].host = host_name(loader);
}

static bool is_meta_address(const struct endpoint *endpoint)
{
    return slice_equal_str(endpoint->host, "0.0.0.0");
}

static bool refuse_meta_address(struct loader *loader, const char *name)
{
    return refuse_setting(
        loader, name,
        "advertised.listeners cannot use the nonroutable meta-address 0.0.0.0. Use a routable "
        "IP address.");
}

static bool check_advertised(struct loader *loader, const struct node *node, const char *name)
{
    const struct endpoints bound = {loader->config->listeners, loader->config->listener_count};
    for (int32_t i = 0; i < node->advertised.count; i++) {
        const struct endpoint *endpoint = &node->advertised.items[i];
        if (is_meta_address(endpoint))
            return refuse_meta_address(loader, name);
        if (!find_endpoint(&bound, endpoint->name)) {
            struct slice found = join_names(loader, &node->advertised);
            struct slice valid = join_names(loader, &bound);
            return refuse_setting(
                loader, name,
                "advertised.listeners listener names must be equal to or a subset of the ones defined "
                "in listeners. Found %.*s. The valid options based on the current configuration are "
                "%.*s",
                SLICE_ARGS(found), SLICE_ARGS(valid));
        }
    }
    return true;
}

/* What the cluster is told of the controller's listeners: what advertised.listeners says, if it names them
 * (`advertised` are its endpoints), else what is bound, where every address is this host. */
static bool load_advertised_controllers(struct loader *loader, const struct endpoints *advertised)
{
    struct config *config = loader->config;
    int32_t count = config->controller_listener_count;
    config->advertised_controller_listeners = arena_new_array(&config->arena, struct endpoint, count);
    for (int32_t i = 0; i < count; i++) {
        struct endpoint *endpoint = &config->advertised_controller_listeners[i];
        const struct endpoint *named = find_endpoint(advertised, config->controller_listeners[i].name);
        *endpoint = named ? *named : config->controller_listeners[i];
        if (named && is_meta_address(endpoint))
            return refuse_meta_address(loader, "advertised.listeners");
        if (is_meta_address(endpoint))
            endpoint->host = SLICE("");
    }
    fill_hosts(loader, config->advertised_controller_listeners, count);
    return true;
}

static bool load_advertised(struct loader *loader, struct node *node)
{
    struct config *config = loader->config;
    bool set = find_setting(loader, "advertised.listeners") != NULL;
    const char *name = set ? "advertised.listeners" : "listeners";
    struct endpoints all = {config->listeners, config->listener_count};
    if (set && !parse_endpoints(loader, name, &node->map, &all))
        return false;
    node->advertised = select_endpoints(loader, node, &all);
    if (node->advertised.count == 0)
        return refuse_setting(
            loader, name,
            "There must be at least one broker advertised listener. Perhaps all listeners appear in "
            "controller.listener.names?");
    if (!check_advertised(loader, node, name))
        return false;
    fill_hosts(loader, node->advertised.items, node->advertised.count);
    config->advertised_listeners = node->advertised.items;
    config->advertised_listener_count = node->advertised.count;
    return load_advertised_controllers(loader, &all);
}

static bool load_inter_broker(struct loader *loader, const struct node *node)
{
    const struct setting *named = find_setting(loader, "inter.broker.listener.name");
    if (named && find_setting(loader, "security.inter.broker.protocol"))
        return refuse_setting(
            loader, "inter.broker.listener.name",
            "Only one of inter.broker.listener.name and security.inter.broker.protocol should be set.");
    const char *key = named ? "inter.broker.listener.name" : "security.inter.broker.protocol";
    struct slice name = upper(loader, setting_value(loader, key));
    if (named && find_protocol(&node->map, name) < 0)
        return refuse_setting(loader, key,
                              "Listener with name %.*s defined in inter.broker.listener.name not found in "
                              "listener.security.protocol.map.",
                              SLICE_ARGS(name));
    loader->config->inter_broker_listener_name = name;
    if (find_endpoint(&node->advertised, name))
        return true;
    struct slice valid = join_names(loader, &node->advertised);
    return refuse_setting(
        loader, key,
        "inter.broker.listener.name must be a listener name defined in advertised.listeners. The valid "
        "options based on currently configured listeners are %.*s",
        SLICE_ARGS(valid));
}

/* ---- the quorum: this node, alone ---- */

/* id@host:port; -1 if it is not. */
static int64_t voter_id(struct slice voter)
{
    size_t at = last_of(voter, '@');
    size_t colon = last_of(voter, ':');
    int64_t id, port;
    if (at == voter.len || colon == voter.len || colon < at + 2
        || !java_parse_long(slice_of(voter.data, at), 0, INT32_MAX, &id)
        || !java_parse_long(slice_from(voter, colon + 1), 0, UINT16_MAX, &port))
        return -1;
    return id;
}

static bool check_voters(struct loader *loader)
{
    static const char name[] = "controller.quorum.voters";
    struct slice *voters = NULL;
    int32_t count = setting_elements(loader, name, &voters);
    bool present = count == 0;
    for (int32_t i = 0; i < count; i++) {
        int64_t id = voter_id(voters[i]);
        if (id < 0)
            return refuse_setting(loader, name, "Each entry should be in the form `{id}@{host}:{port}`.");
        present = present || id == loader->config->node_id;
    }
    if (!present)
        return refuse_setting(
            loader, name,
            "If process.roles contains the 'controller' role, the node id %d must be included in the "
            "set of voters",
            loader->config->node_id);
    if (count > 1)
        return refuse_setting(
            loader, name,
            "other controllers than this node (%d) are named; joining a cluster is not supported yet",
            loader->config->node_id);
    return true;
}

/* One host:port, with the port of one of our controller listeners (whose name it is cannot be told without
 * asking around). */
static bool check_bootstrap_servers(struct loader *loader)
{
    static const char name[] = "controller.quorum.bootstrap.servers";
    const struct config *config = loader->config;
    struct slice *servers = NULL;
    int32_t count = setting_elements(loader, name, &servers);
    for (int32_t i = 0; i < count; i++) {
        size_t colon = last_of(servers[i], ':');
        int64_t port;
        if (colon == 0 || colon == servers[i].len
            || !java_parse_long(slice_from(servers[i], colon + 1), 0, UINT16_MAX, &port))
            return refuse_setting(loader, name, "Each entry should be in the form \"{host}:{port}\"");
        bool ours = count == 1 && config->controller_listener_count == 0;
        for (int32_t j = 0; count == 1 && j < config->controller_listener_count; j++)
            ours = ours || config->controller_listeners[j].port == port
                   || config->controller_listeners[j].port == 0;
        if (!ours)
            return refuse_setting(
                loader, name,
                "other controllers than this node are named; joining a cluster is not supported yet");
    }
    return true;
}

bool load_listeners(struct loader *loader)
{
    struct node node = {0};
    if (!read_controller_names(loader, &node) || !read_protocol_map(loader, &node.map))
        return false;
    imply_controller_protocols(loader, &node);
    return parse_endpoints(loader, "listeners", &node.map, &node.listeners)
           && check_ports(loader, &node.listeners) && split_listeners(loader, &node)
           && load_advertised(loader, &node) && load_inter_broker(loader, &node) && check_voters(loader)
           && check_bootstrap_servers(loader);
}
