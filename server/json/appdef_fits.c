/**
 * @file server/json/appdef_fits.c
 * @brief Does what Marathon answers carry out what was asked?
 *
 * Two comparable forms must be equal, but for what Marathon was asked to choose, or
 * chooses unasked in a way that depends on its version.
 */
#include "server/json/appdef_parts.h"

/* Nobody asked for @p key, so what the server filled in is right: any of @p texts, JSON each. */
static void accept_default(const json_t *asked, json_t *actual, const char *key,
                           const char *const texts[])
{
    if (json_object_get(asked, key))
        return;
    for (size_t i = 0; texts[i]; i++) {
        ZDD_AUTO_JSON json_t *value = json_loads(texts[i], JSON_DECODE_ANY, NULL);

        if (zdd_json_same(json_object_get(actual, key), value)) {
            json_object_del(actual, key);
            return;
        }
    }
}

/* Defaults that differ between versions and servers of Marathon. */
static void accept_defaults(const json_t *asked, json_t *wanted, json_t *actual)
{
    static const struct {
        const char *key;
        const char *texts[4];
    } defaults[] = {
        {"maxLaunchDelaySeconds", {"300", "3600", NULL}},
        {"unreachableStrategy",
         {"{\"inactiveAfterSeconds\":0,\"expungeAfterSeconds\":0}",
          "{\"inactiveAfterSeconds\":300,\"expungeAfterSeconds\":600}", NULL}},
        {"acceptedResourceRoles", {"[\"*\"]", NULL}},
    };
    static const char *const single[] = {"{\"minimumHealthCapacity\":0,\"maximumOverCapacity\":0}",
                                         "{\"minimumHealthCapacity\":1,\"maximumOverCapacity\":1}",
                                         NULL};

    for (size_t i = 0; i < sizeof(defaults) / sizeof(defaults[0]); i++) {
        accept_default(asked, wanted, defaults[i].key, defaults[i].texts);
        accept_default(asked, actual, defaults[i].key, defaults[i].texts);
    }
    if (zdd_appdef_single_instance(wanted)) {
        accept_default(asked, wanted, "upgradeStrategy", single);
        accept_default(asked, actual, "upgradeStrategy", single);
    }
    if (!json_object_get(asked, "role"))
        json_object_del(actual, "role");
}

/* Half an object was asked for: the server filled in the other half. */
static void accept_members(const json_t *asked, const char *key, json_t *wanted, json_t *actual)
{
    const json_t *given = json_object_get(asked, key);
    json_t *members = json_object_get(wanted, key);
    void *next;

    if (!json_is_object(given))
        return;
    for (void *at = json_object_iter(members); at; at = next) {
        const char *name = json_object_iter_key(at);

        next = json_object_iter_next(members, at);
        if (!json_object_get(given, name)) {
            json_object_del(json_object_get(actual, key), name);
            json_object_del(members, name);
        }
    }
}

/* A container network without a name joins the one that the server has for it. */
static void accept_network_names(const json_t *wanted, json_t *actual)
{
    const json_t *asked = json_object_get(wanted, "networks");
    json_t *networks = json_object_get(actual, "networks");

    for (size_t i = 0; i < json_array_size(networks); i++) {
        if (!json_object_get(json_array_get(asked, i), "name"))
            json_object_del(json_array_get(networks, i), "name");
    }
}

void zdd_appdef_reconcile(const json_t *asked, json_t *wanted, json_t *actual)
{
    accept_defaults(asked, wanted, actual);
    accept_members(asked, "unreachableStrategy", wanted, actual);
    accept_network_names(wanted, actual);
}

bool zdd_appdef_port_is_chosen(const char *key, const json_t *wanted, const json_t *actual)
{
    static const char *const ports[] = {"port", "servicePort", "hostPort", "containerPort", NULL};

    return zdd_appdef_is_one_of(key, ports) && json_is_number(wanted) && json_is_number(actual) &&
           json_number_value(wanted) == 0;
}

static bool ports_fit(const json_t *wanted, const json_t *actual)
{
    json_t *members = (json_t *)(uintptr_t)wanted; /* the walk below changes nothing */
    const char *key;
    json_t *value;

    if (!json_is_object(wanted) || json_object_size(wanted) != json_object_size(actual))
        return zdd_json_same(wanted, actual);
    json_object_foreach(members, key, value)
    {
        const json_t *other = json_object_get(actual, key);

        if (!zdd_appdef_port_is_chosen(key, value, other) &&
            !(other && zdd_json_same(value, other)))
            return false;
    }
    return true;
}

/* Compare two lists of ports and take them away, so that the rest can be compared as it is. */
static bool port_lists_fit(json_t *wanted, json_t *actual, const char *key)
{
    const json_t *asked = json_object_get(wanted, key);
    const json_t *given = json_object_get(actual, key);
    bool fit = json_array_size(asked) == json_array_size(given);

    for (size_t i = 0; fit && i < json_array_size(asked); i++)
        fit = ports_fit(json_array_get(asked, i), json_array_get(given, i));
    json_object_del(wanted, key);
    json_object_del(actual, key);
    return fit;
}

/* Without members is the same as not there. */
static const json_t *members_of(const json_t *canonical, const char *key)
{
    const json_t *value = json_object_get(canonical, key);

    return json_is_object(value) && json_object_size(value) == 0 ? NULL : value;
}

/*
 * What most new versions differ in, and where neither defaults nor versions of Marathon have a say:
 * a difference here is one below, too, and is found at a tenth of the price.
 */
static bool differ_plainly(const json_t *asked, const json_t *answered)
{
    static const char image[] = "/container/docker/image";

    return !zdd_json_same(json_object_get(asked, "cmd"), json_object_get(answered, "cmd")) ||
           !zdd_json_same(members_of(asked, "env"), members_of(answered, "env")) ||
           !zdd_json_same(zdd_json_at(asked, image), zdd_json_at(answered, image));
}

bool zdd_appdef_fits(const json_t *wanted, const json_t *actual, bool ignore_instances)
{
    ZDD_AUTO_JSON json_t *asked = zdd_appdef_canonical(wanted);
    ZDD_AUTO_JSON json_t *answered = zdd_appdef_canonical(actual);

    return asked && answered && zdd_appdef_canonical_fits(asked, answered, ignore_instances);
}

bool zdd_appdef_canonical_fits(const json_t *asked, const json_t *answered, bool ignore_instances)
{
    if (differ_plainly(asked, answered))
        return false;

    ZDD_AUTO_JSON json_t *ours = zdd_appdef_comparable(asked);
    ZDD_AUTO_JSON json_t *theirs = zdd_appdef_comparable(answered);

    if (!ours || !theirs)
        return false;
    if (ignore_instances) {
        json_object_del(ours, "instances");
        json_object_del(theirs, "instances");
    }
    zdd_appdef_reconcile(asked, ours, theirs);
    return port_lists_fit(ours, theirs, "portDefinitions") &&
           port_lists_fit(json_object_get(ours, "container"), json_object_get(theirs, "container"),
                          "portMappings") &&
           zdd_json_same(ours, theirs);
}
