/**
 * @file server/json/appdef_diff.c
 * @brief What changes from one definition to another, without what Marathon fills in by itself.
 *
 * A definition that somebody has written is short; Marathon answers the same one with every default
 * in it. Compared member by member, going back to the short one seems to remove them all.
 */
#include "server/json/appdef_parts.h"

#include "server/base/cleanup.h"
#include "server/json/patch.h"

#include <string.h>

#define FILLED_IN_MAX 96 /* members and elements that Marathon adds to one definition */

/* Both definitions as Marathon would answer them … */
struct told {
    json_t *from, *to;
    json_t *from_set, *to_set; /* … and with what decides nothing taken away, sets sorted */
};

static void told_release(struct told *told)
{
    json_decref(told->from);
    json_decref(told->to);
    json_decref(told->from_set);
    json_decref(told->to_set);
}

static bool take_ports(const json_t *wanted, json_t *actual, const char *list)
{
    static const char *const ports[] = {"port", "servicePort", "hostPort", "containerPort"};
    const json_t *asked = zdd_json_at(wanted, list);
    const json_t *given = zdd_json_at(actual, list);

    for (size_t i = 0; i < json_array_size(asked) && i < json_array_size(given); i++) {
        const json_t *port = json_array_get(asked, i);
        json_t *other = json_array_get(given, i);

        for (size_t k = 0; k < ZDD_COUNT(ports); k++) {
            json_t *value = json_object_get(port, ports[k]);

            if (zdd_appdef_port_is_chosen(ports[k], value, json_object_get(other, ports[k])) &&
                json_object_set(other, ports[k], value) != 0)
                return false;
        }
    }
    return true;
}

/* What Marathon did in its own way is as if it had done what was asked. @return false without
 * memory */
static bool settle(const json_t *asked, json_t *wanted, json_t *actual)
{
    zdd_appdef_reconcile(asked, wanted, actual);
    return take_ports(wanted, actual, "/portDefinitions") &&
           take_ports(wanted, actual, "/container/portMappings");
}

/* @return false without memory */
static bool told_read(const json_t *from, const json_t *to, struct told *told)
{
    told->from = zdd_appdef_with_defaults(from);
    told->to = zdd_appdef_with_defaults(to);
    told->from_set = zdd_appdef_comparable(from);
    told->to_set = zdd_appdef_comparable(to);
    if (!told->from || !told->to || !told->from_set || !told->to_set)
        return false;
    return settle(to, told->to, told->from) && settle(to, told->to_set, told->from_set);
}

static bool op_is(const json_t *row, const char *op)
{
    return strcmp(zdd_json_text(row, "op", ""), op) == 0;
}

static bool is_left_to_marathon(const json_t *row)
{
    const char *name = strrchr(zdd_json_text(row, "path", ""), '/');

    return op_is(row, "replace") && name &&
           zdd_appdef_port_is_chosen(name + 1, json_object_get(row, "value"),
                                     json_object_get(row, "from"));
}

/* Most differences have nothing of Marathon's in them, and cost nothing more. */
static bool has_filled_in(const json_t *rows)
{
    for (size_t i = 0; i < json_array_size(rows); i++) {
        const json_t *row = json_array_get(rows, i);

        if (op_is(row, "remove") || op_is(row, "add") || is_left_to_marathon(row))
            return true;
    }
    return false;
}

static bool is_empty(const json_t *value)
{
    return !value || ((json_is_object(value) || json_is_array(value)) &&
                      json_object_size(value) + json_array_size(value) == 0);
}

/* Without members is the same as not there. */
static bool same(const json_t *a, const json_t *b)
{
    return (is_empty(a) && is_empty(b)) || (a && b && zdd_json_same(a, b));
}

/* The whole member of the definition, however it is spelled. */
static bool member_is_same(const struct told *told, const char *path)
{
    const char *end = *path == '/' ? strchr(path + 1, '/') : NULL;
    const size_t size = end ? (size_t)(end - path) : strlen(path);
    char member[64];

    if (size >= sizeof(member))
        return false; /* none of Marathon's */
    memcpy(member, path, size);
    member[size] = '\0';
    return same(zdd_json_at(told->from_set, member), zdd_json_at(told->to_set, member));
}

static bool is_filled_in(const struct told *told, const json_t *row)
{
    const char *path = zdd_json_text(row, "path", "");

    return member_is_same(told, path) ||
           same(zdd_json_at(told->from, path), zdd_json_at(told->to, path));
}

/* A member that is left out is not gone: Marathon puts its default there. */
static bool say_default(const struct told *told, json_t *row)
{
    const json_t *after = zdd_json_at(told->to, zdd_json_text(row, "path", ""));

    if (!op_is(row, "remove") || !after)
        return true;
    return json_object_set_new(row, "op", json_string("replace")) == 0 &&
           json_object_set_new(row, "value", json_deep_copy(after)) == 0;
}

static bool explain(const struct told *told, json_t *rows)
{
    for (size_t i = json_array_size(rows); i-- > 0;) {
        json_t *row = json_array_get(rows, i);

        if (op_is(row, "more"))
            continue;
        if (is_filled_in(told, row))
            (void)json_array_remove(rows, i); /* it is there */
        else if (!say_default(told, row))
            return false;
    }
    return true;
}

static bool cut(json_t *rows, size_t max)
{
    if (json_array_size(rows) <= max)
        return true;
    while (json_array_size(rows) > max)
        (void)json_array_remove(rows, json_array_size(rows) - 1);
    return json_array_append_new(rows, json_pack("{s:s}", "op", "more")) == 0;
}

json_t *zdd_appdef_diff(const json_t *from, const json_t *to, size_t max)
{
    ZDD_AUTO_JSON json_t *rows = zdd_json_diff(from, to, max + FILLED_IN_MAX);

    if (!rows)
        return NULL;
    if (from && to && has_filled_in(rows)) {
        struct told told = {0};
        const bool done = told_read(from, to, &told) && explain(&told, rows);

        told_release(&told);
        if (!done)
            return NULL;
    }
    return cut(rows, max) ? ZDD_TAKE(rows) : NULL;
}
