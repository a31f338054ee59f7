/**
 * @file server/json/patch.c
 * @brief Merge patch and difference.
 */
#include "server/json/patch.h"

#include "server/base/buf.h"
#include "server/base/cleanup.h"

#include <stdbool.h>
#include <string.h>

/* The walk through two documents at once. */
struct walk {
    struct zdd_buf path; /* of the place compared now */
    json_t *rows;
    size_t max;
    bool failed; /* without memory */
};

/* One level deep. json_copy() would leave a member out when there is no memory for it. */
static json_t *copy_members(const json_t *object)
{
    ZDD_AUTO_JSON json_t *copy = json_object();
    json_t *members = (json_t *)(uintptr_t)object; /* the walk below changes nothing */
    const char *key;
    json_t *value;

    json_object_foreach(members, key, value)
    {
        if (json_object_set_nocheck(copy, key, value))
            return NULL;
    }
    return ZDD_TAKE(copy);
}

json_t *zdd_json_merge_patch(const json_t *target, const json_t *patch)
{
    ZDD_AUTO_JSON json_t *result = NULL;
    json_t *members = (json_t *)(uintptr_t)patch; /* the walk below changes nothing */
    const char *key;
    json_t *value;

    if (!json_is_object(patch))
        return json_deep_copy(patch);
    /* Only what lies on the way to a change becomes new. */
    result = copy_members(target);
    json_object_foreach(members, key, value)
    {
        if (json_is_null(value))
            json_object_del(result, key); /* fails when there is none: just as well */
        else if (json_object_set_new(result, key,
                                     zdd_json_merge_patch(json_object_get(target, key), value)))
            return NULL; /* jansson has freed what it refused */
    }
    return ZDD_TAKE(result);
}

/* Add "/key" to the path, escaped by RFC 6901. @return the size to go back to */
static size_t path_enter(struct walk *walk, const char *key)
{
    const size_t before = walk->path.size;

    zdd_buf_append(&walk->path, "/", 1);
    for (size_t size; *key; key += size) {
        size = strcspn(key, "~/");
        if (size == 0) {
            zdd_buf_text(&walk->path, *key == '~' ? "~0" : "~1");
            size = 1;
        } else {
            zdd_buf_append(&walk->path, key, size);
        }
    }
    return before;
}

static void path_leave(struct walk *walk, size_t before)
{
    if (walk->path.err != ZDD_ERR_NONE) {
        walk->failed = true;
        return;
    }
    walk->path.size = before;
    walk->path.data[before] = '\0';
}

static bool full(const struct walk *walk)
{
    return walk->failed || json_array_size(walk->rows) > walk->max;
}

static void add_row(struct walk *walk, const char *op, const json_t *from, const json_t *to)
{
    json_t *row;

    if (full(walk))
        return;
    if (json_array_size(walk->rows) == walk->max) {
        row = json_pack("{s:s}", "op", "more");
    } else {
        row = json_pack("{s:s, s:s}", "op", op, "path", walk->path.size ? walk->path.data : "");
        if (from && json_object_set_new(row, "from", json_deep_copy(from)))
            walk->failed = true;
        if (to && json_object_set_new(row, "value", json_deep_copy(to)))
            walk->failed = true;
    }
    if (json_array_append_new(walk->rows, row))
        walk->failed = true;
}

static void compare(struct walk *walk, const json_t *from, const json_t *to);

/* Both key lists are sorted: walk them like a merge, so that rows come in the order of paths. */
static void compare_objects(struct walk *walk, const json_t *from, const json_t *to)
{
    ZDD_AUTO_FREE const char **old_keys = zdd_json_keys(from);
    ZDD_AUTO_FREE const char **new_keys = zdd_json_keys(to);
    size_t i = 0, j = 0;

    if (!old_keys || !new_keys) {
        walk->failed = true;
        return;
    }
    while ((old_keys[i] || new_keys[j]) && !full(walk)) {
        const int order = !old_keys[i] ? 1 : !new_keys[j] ? -1 : strcmp(old_keys[i], new_keys[j]);
        const char *key = order <= 0 ? old_keys[i] : new_keys[j];
        const size_t before = path_enter(walk, key);

        compare(walk, order <= 0 ? json_object_get(from, key) : NULL,
                order >= 0 ? json_object_get(to, key) : NULL);
        path_leave(walk, before);
        i += order <= 0;
        j += order >= 0;
    }
}

static void compare_arrays(struct walk *walk, const json_t *from, const json_t *to)
{
    for (size_t i = 0; i < json_array_size(from) && !full(walk); i++) {
        const size_t before = walk->path.size;

        zdd_buf_printf(&walk->path, "/%zu", i);
        compare(walk, json_array_get(from, i), json_array_get(to, i));
        path_leave(walk, before);
    }
}

static void compare(struct walk *walk, const json_t *from, const json_t *to)
{
    if (!from)
        add_row(walk, "add", NULL, to);
    else if (!to)
        add_row(walk, "remove", from, NULL);
    else if (json_is_object(from) && json_is_object(to))
        compare_objects(walk, from, to);
    else if (json_is_array(from) && json_array_size(from) == json_array_size(to) &&
             json_is_array(to))
        compare_arrays(walk, from, to);
    else if (!zdd_json_same(from, to))
        add_row(walk, "replace", from, to);
}

json_t *zdd_json_diff(const json_t *from, const json_t *to, size_t max)
{
    struct walk walk = {.rows = json_array(), .max = max};

    if (!walk.rows)
        return NULL;
    if (from || to)
        compare(&walk, from, to);
    zdd_buf_release(&walk.path);
    if (walk.failed) {
        json_decref(walk.rows);
        return NULL;
    }
    return walk.rows;
}
