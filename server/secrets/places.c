/**
 * @file server/secrets/places.c
 * @brief Walking through a definition.
 */
#include "server/secrets/places.h"

#include "server/base/buf.h"
#include "server/base/cleanup.h"
#include "server/json/words.h"
#include "server/secrets/place_text.h"
#include "strategies/model/limits.h"

#include <stdio.h>
#include <string.h>

#define NAME_SIZE 300 /* what is longer counts by its beginning, here as in every other look */

/* One member of an object, or one element of a list. */
struct spot {
    json_t *in;
    const char *key; /* NULL: an element … */
    size_t index;    /* … this one */
};

static json_t *value_of(const struct spot *spot)
{
    return spot->key ? json_object_get(spot->in, spot->key) : json_array_get(spot->in, spot->index);
}

static enum zdd_err put(const struct spot *spot, const char *text)
{
    json_t *new = json_string(text);
    const int failed = spot->key ? json_object_set_new(spot->in, spot->key, new)
                                 : json_array_set_new(spot->in, spot->index, new);

    return failed ? ZDD_ERR_NO_MEMORY : ZDD_ERR_NONE;
}

static void point_at(char pointer[static ZDD_FIELD_POINTER_SIZE], const char *base,
                     const struct spot *spot)
{
    char index[24];

    snprintf(index, sizeof(index), "%zu", spot->index);
    zdd_field_pointer(pointer, base, spot->key ? spot->key : index);
}

/* Hand the text at @p spot to the reader of texts, and put back what it makes of it. */
static enum zdd_err walk_text(const struct zdd_places *walk, const struct spot *spot,
                              const char *pointer, const struct zdd_place_text *how)
{
    const char *text = json_string_value(value_of(spot));
    struct zdd_place place = {0};
    ZDD_AUTO_FREE char *new = NULL;
    enum zdd_err err;

    if (!text)
        return ZDD_ERR_NONE;
    point_at(place.pointer, pointer, spot);
    err = zdd_place_read(walk, how, text, &place, &new);
    return err == ZDD_ERR_NONE && new ? put(spot, new) : err;
}

/* Marathon-LB, Marathon and we ourselves read these, whatever the patterns say; only HAPROXY_n_AUTH
 * holds a secret. */
static bool is_read(const char *label)
{
    const size_t size = strlen(label);

    if (strncmp(label, "MARATHON_", strlen("MARATHON_")) == 0)
        return true;
    return strncmp(label, "HAPROXY_", strlen("HAPROXY_")) == 0 &&
           (size < strlen("_AUTH") || strcmp(label + size - strlen("_AUTH"), "_AUTH") != 0);
}

static bool fits(const struct zdd_places *walk, const char *key, size_t size)
{
    return walk->globs && zdd_globs_fit(walk->globs, key, size);
}

/* What is no text would be quoted by whoever checks it. */
static enum zdd_err refuse_type(const struct zdd_places *walk, const struct spot *spot,
                                const char *pointer)
{
    const json_t *value = value_of(spot);
    char full[ZDD_FIELD_POINTER_SIZE];

    if (!walk->errors || !(json_is_number(value) || json_is_boolean(value)))
        return ZDD_ERR_NONE;
    point_at(full, pointer, spot);
    zdd_field_error_add(walk->errors, full, "must be a text");
    return put(spot, "");
}

/* The name of a secret of Marathon's, below member @p key of @p object. */
static enum zdd_err walk_reference(const struct zdd_places *walk, json_t *object, const char *key,
                                   const char *name, const char *pointer)
{
    const struct spot spot = {.in = object, .key = key};

    return walk_text(walk, &spot, pointer,
                     &(struct zdd_place_text){.name = name, .secret = true, .whole = true});
}

/* env or labels. */
static enum zdd_err walk_named(const struct zdd_places *walk, json_t *definition, const char *kind,
                               const char *pointer)
{
    json_t *object = json_object_get(definition, kind);
    const bool labels = strcmp(kind, "labels") == 0;
    enum zdd_err err = ZDD_ERR_NONE;
    char base[ZDD_FIELD_POINTER_SIZE], full[ZDD_FIELD_POINTER_SIZE];
    const char *key;
    json_t *value;
    void *next;

    zdd_field_pointer(base, pointer, kind);
    if (walk->errors && object && !json_is_object(object) && !json_is_null(object)) {
        zdd_field_error_add(walk->errors, base, "must be an object");
        return json_object_del(definition, kind) == 0 ? ZDD_ERR_NONE : ZDD_ERR_INTERNAL;
    }
    json_object_foreach_safe(object, next, key, value)
    {
        const struct spot spot = {.in = object, .key = key};
        const bool secret = !(labels && is_read(key)) && fits(walk, key, strlen(key));
        char name[NAME_SIZE];

        snprintf(name, sizeof(name), "%s/%s", kind, key);
        zdd_field_pointer(full, base, key);
        if (json_is_object(value))
            err = walk_reference(walk, value, "secret", "secret", full);
        else if (secret && !json_is_string(value))
            err = refuse_type(walk, &spot, base);
        else
            err = walk_text(walk, &spot, base,
                            &(struct zdd_place_text){.name = name, .secret = secret});
        if (err != ZDD_ERR_NONE)
            return err;
    }
    return ZDD_ERR_NONE;
}

/* Keys of `secrets` are what `env` refers to: they get the same marker there as here. */
static enum zdd_err walk_declared(const struct zdd_places *walk, json_t *definition,
                                  const char *pointer)
{
    json_t *secrets = json_object_get(definition, "secrets");
    ZDD_AUTO_JSON json_t *renamed = json_object();
    char base[ZDD_FIELD_POINTER_SIZE];
    const char *key;
    json_t *value;

    if (!json_is_object(secrets) || json_object_size(secrets) == 0)
        return ZDD_ERR_NONE;
    zdd_field_pointer(base, pointer, "secrets");
    json_object_foreach(secrets, key, value)
    {
        const struct zdd_place_text how = {.name = "secret", .secret = true, .whole = true};
        struct zdd_place place = {0};
        ZDD_AUTO_FREE char *new = NULL;
        char full[ZDD_FIELD_POINTER_SIZE];
        enum zdd_err err;

        zdd_field_pointer(place.pointer, base, key);
        err = zdd_place_read(walk, &how, key, &place, &new);
        zdd_field_pointer(full, base, new ? new : key);
        if (err == ZDD_ERR_NONE)
            err = walk_reference(walk, value, "source", "source", full);
        if (err != ZDD_ERR_NONE)
            return err;
        if (json_object_set(renamed, new ? new : key, value) != 0)
            return ZDD_ERR_NO_MEMORY;
    }
    return json_object_set(definition, "secrets", renamed) == 0 ? ZDD_ERR_NONE : ZDD_ERR_NO_MEMORY;
}

/* "--env NAME=value" of the Docker command. */
static enum zdd_err walk_parameter(const struct zdd_places *walk, json_t *parameter,
                                   const char *pointer)
{
    static const char *const keys[] = {"env", "e", "label", "l"};
    const char *key = zdd_json_text(parameter, "key", "");
    const char *text = zdd_json_text(parameter, "value", "");
    const char *equals = strchr(text, '=');
    const struct spot spot = {.in = parameter, .key = "value"};
    bool known = false;
    char name[NAME_SIZE];

    for (size_t i = 0; i < ZDD_COUNT(keys); i++)
        known = known || strcmp(key, keys[i]) == 0;
    if (!known || !equals)
        return ZDD_ERR_NONE;
    snprintf(name, sizeof(name), "parameter/%.*s", (int)(equals - text), text);
    return walk_text(walk, &spot, pointer,
                     &(struct zdd_place_text){.name = name,
                                              .skip = (size_t)(equals - text) + 1,
                                              .secret = fits(walk, text, (size_t)(equals - text))});
}

static enum zdd_err walk_uri(const struct zdd_places *walk, const struct spot *spot,
                             const char *pointer)
{
    return walk_text(walk, spot, pointer, &(struct zdd_place_text){.name = "fetch"});
}

static enum zdd_err walk_fetch(const struct zdd_places *walk, json_t *element, const char *pointer)
{
    return walk_uri(walk, &(struct spot){.in = element, .key = "uri"}, pointer);
}

static enum zdd_err walk_volume(const struct zdd_places *walk, json_t *element, const char *pointer)
{
    return walk_reference(walk, element, "secret", "secret", pointer);
}

/* Every object of list @p key. */
static enum zdd_err walk_list(const struct zdd_places *walk, json_t *object, const char *key,
                              enum zdd_err (*each)(const struct zdd_places *, json_t *,
                                                   const char *),
                              const char *pointer)
{
    json_t *list = json_object_get(object, key);
    enum zdd_err err = ZDD_ERR_NONE;
    char base[ZDD_FIELD_POINTER_SIZE], full[ZDD_FIELD_POINTER_SIZE];

    zdd_field_pointer(base, pointer, key);
    for (size_t i = 0; i < json_array_size(list) && err == ZDD_ERR_NONE; i++) {
        point_at(full, base, &(struct spot){.in = list, .index = i});
        err = each(walk, json_array_get(list, i), full);
    }
    return err;
}

static enum zdd_err walk_uris(const struct zdd_places *walk, json_t *definition,
                              const char *pointer)
{
    json_t *uris = json_object_get(definition, "uris");
    enum zdd_err err = ZDD_ERR_NONE;
    char base[ZDD_FIELD_POINTER_SIZE];

    zdd_field_pointer(base, pointer, "uris");
    for (size_t i = 0; i < json_array_size(uris) && err == ZDD_ERR_NONE; i++)
        err = walk_uri(walk, &(struct spot){.in = uris, .index = i}, base);
    return err;
}

static enum zdd_err walk_container(const struct zdd_places *walk, json_t *container,
                                   const char *pointer)
{
    static const char *const holders[] = {"pullConfig", "credential"};
    json_t *docker = json_object_get(container, "docker");
    char full[ZDD_FIELD_POINTER_SIZE], inner[ZDD_FIELD_POINTER_SIZE];
    enum zdd_err err = walk_list(walk, container, "volumes", walk_volume, pointer);

    zdd_field_pointer(full, pointer, "docker");
    if (err == ZDD_ERR_NONE)
        err = walk_list(walk, docker, "parameters", walk_parameter, full);
    for (size_t i = 0; i < ZDD_COUNT(holders) && err == ZDD_ERR_NONE; i++) {
        zdd_field_pointer(inner, full, holders[i]);
        err = walk_reference(walk, json_object_get(docker, holders[i]), "secret", "secret", inner);
    }
    return err;
}

enum zdd_err zdd_places_walk(const struct zdd_places *walk, json_t *definition, const char *pointer)
{
    char full[ZDD_FIELD_POINTER_SIZE];
    enum zdd_err err = walk_named(walk, definition, "env", pointer);

    if (err == ZDD_ERR_NONE)
        err = walk_named(walk, definition, "labels", pointer);
    if (err == ZDD_ERR_NONE)
        err = walk_declared(walk, definition, pointer);
    zdd_field_pointer(full, pointer, "container");
    if (err == ZDD_ERR_NONE)
        err = walk_container(walk, json_object_get(definition, "container"), full);
    if (err == ZDD_ERR_NONE)
        err = walk_list(walk, definition, "fetch", walk_fetch, pointer);
    return err == ZDD_ERR_NONE ? walk_uris(walk, definition, pointer) : err;
}
