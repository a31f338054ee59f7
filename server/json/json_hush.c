/**
 * @file server/json/json_hush.c
 * @brief Each text of a tree.
 */
#include "server/json/json_hush.h"

/* @return what shall stand in the place of @p value, new; NULL: it stays */
static json_t *hushed(json_t *value, const struct zdd_unspoken_list *unspoken, bool *ret_good)
{
    ZDD_AUTO_BUF struct zdd_buf said = {0};
    json_t *new = NULL;
    bool changed;

    if (!json_is_string(value)) {
        *ret_good = zdd_json_hush(value, unspoken);
        return NULL;
    }
    changed = zdd_hush(&said, json_string_value(value), unspoken);
    if (changed && said.err == ZDD_ERR_NONE)
        new = json_string(said.data);
    *ret_good = said.err == ZDD_ERR_NONE && (new || !changed);
    return new;
}

bool zdd_json_hush(json_t *json, const struct zdd_unspoken_list *unspoken)
{
    bool good = true;
    const char *key;
    json_t *value;
    size_t i;

    if (unspoken->count == 0)
        return true;
    json_object_foreach(json, key, value)
    {
        json_t *new = good ? hushed(value, unspoken, &good) : NULL;

        if (new &&json_object_set_new(json, key, new) != 0)
            good = false;
    }
    json_array_foreach(json, i, value)
    {
        json_t *new = good ? hushed(value, unspoken, &good) : NULL;

        if (new &&json_array_set_new(json, i, new) != 0)
            good = false;
    }
    return good;
}
