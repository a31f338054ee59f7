/**
 * @file server/secrets/conceal.c
 * @brief The inlets.
 */
#include "server/base/cleanup.h"
#include "server/json/json.h"
#include "server/secrets/inside.h"
#include "server/secrets/reveal.h"
#include "strategies/model/colours.h"

#include <stdlib.h>
#include <string.h>

void zdd_secrets_scope(const char *app_id, char ret_scope[static ZDD_APP_ID_SIZE])
{
    const size_t given = strlen(app_id);
    size_t size = zdd_lock_size(app_id, given);

    if (size >= ZDD_APP_ID_SIZE)
        size = ZDD_APP_ID_SIZE - 1; /* no app has such an id: it will be refused */
    memcpy(ret_scope, app_id, size);
    ret_scope[size] = '\0';
}

/* One definition on its way in. */
struct coming {
    const struct zdd_secrets *secrets;
    const struct zdd_conceal *how;
    char scope[ZDD_APP_ID_SIZE];
    struct zdd_revealed *spoken; /* or NULL: values and markers, for what is quoted elsewhere */
};

static enum zdd_err keep(const struct coming *c, const char *value, size_t size, const char *digest)
{
    ZDD_AUTO_SECRET struct zdd_secret secret = {0};
    enum zdd_err err;

    if (!c->how->kept || zdd_secrets_kept_find(c->how->kept, digest))
        return ZDD_ERR_NONE;
    memcpy(c->how->kept->app_id, c->scope, sizeof(c->scope));
    memcpy(secret.digest, digest, sizeof(secret.digest));
    err = zdd_secrets_seal(c->secrets, value, size, &secret);
    return err == ZDD_ERR_NONE ? zdd_secrets_kept_add(c->how->kept, &secret) : err;
}

/* @return whether the text at @p place is a marker that shall stay. zdd_secrets_check() looks for
 * what a caller's stands for. */
static enum zdd_err is_kept(const struct coming *c, const struct zdd_place *place, bool *ret_kept)
{
    char digest[ZDD_SECRET_DIGEST_SIZE];
    const struct zdd_secret_at at = {.scope = c->scope, .name = place->name, .digest = digest};
    char *value = NULL;
    enum zdd_err err;

    *ret_kept =
        (c->how->errors || c->how->at_rest) && zdd_marker_read(place->text, place->size, digest);
    if (!*ret_kept || c->how->errors)
        return ZDD_ERR_NONE;
    err = zdd_secrets_find(c->secrets, c->how->kept, &at, &value);
    *ret_kept = err == ZDD_ERR_NONE;
    if (value)
        zdd_wipe(value, strlen(value));
    free(value);
    return err == ZDD_ERR_STORE_CORRUPT ? ZDD_ERR_NONE : err;
}

static enum zdd_err conceal(void *cls, const struct zdd_place *place, char **ret_text)
{
    const struct coming *c = cls;
    char digest[ZDD_SECRET_DIGEST_SIZE], marker[ZDD_MARKER_SIZE];
    ZDD_AUTO_FREE char *value = NULL;
    bool stays;
    enum zdd_err err = is_kept(c, place, &stays);

    if (err != ZDD_ERR_NONE || stays)
        return err;
    value = calloc(1, place->size + 1);
    if (!value)
        return ZDD_ERR_NO_MEMORY;
    memcpy(value, place->text, place->size);
    zdd_secrets_digest(c->secrets, c->scope, place->name, value, digest);
    zdd_marker_write(digest, marker);
    err = keep(c, value, place->size, digest);
    if (err == ZDD_ERR_NONE && c->spoken)
        err = zdd_revealed_add(c->spoken, value, marker);
    zdd_wipe(value, place->size);
    if (err != ZDD_ERR_NONE)
        return err;
    *ret_text = strdup(marker);
    return *ret_text ? ZDD_ERR_NONE : ZDD_ERR_NO_MEMORY;
}

static enum zdd_err come_in(struct coming *c, json_t *definition)
{
    const struct zdd_places walk = {
        .globs = &c->secrets->globs, .visit = conceal, .cls = c, .errors = c->how->errors};

    zdd_secrets_scope(c->how->app_id, c->scope);
    return zdd_places_walk(&walk, definition, c->how->pointer);
}

enum zdd_err zdd_secrets_conceal(const struct zdd_secrets *secrets, const struct zdd_conceal *how,
                                 json_t *definition)
{
    struct coming coming = {.secrets = secrets, .how = how};
    const size_t before = how->errors ? how->errors->count : 0;
    const enum zdd_err err = come_in(&coming, definition);

    if (err != ZDD_ERR_NONE)
        return err;
    return how->errors && how->errors->count > before ? ZDD_ERR_BODY_INVALID : ZDD_ERR_NONE;
}

/* Mesos quotes the docker command, and with it the environment. */
static enum zdd_err hush_failure(json_t *app, const struct zdd_revealed *spoken)
{
    json_t *failure = json_object_get(app, "lastTaskFailure");
    const char *message = zdd_json_text(failure, "message", "");
    const struct zdd_unspoken_list list = {.count = spoken->count, .item = spoken->unspoken};
    ZDD_AUTO_BUF struct zdd_buf said = {0};

    if (!zdd_hush(&said, message, &list))
        return said.err;
    return json_object_set_new(failure, "message", json_string(said.data)) == 0 ? ZDD_ERR_NONE
                                                                                : ZDD_ERR_NO_MEMORY;
}

static enum zdd_err conceal_app(const struct zdd_secrets *secrets, struct zdd_secrets_kept *kept,
                                json_t *app)
{
    ZDD_AUTO_REVEALED struct zdd_revealed spoken = {0};
    const struct zdd_conceal how = {
        .app_id = zdd_json_text(app, "id", ""), .pointer = "#", .kept = kept};
    struct coming coming = {.secrets = secrets, .how = &how, .spoken = &spoken};
    const enum zdd_err err = come_in(&coming, app);

    return err == ZDD_ERR_NONE ? hush_failure(app, &spoken) : err;
}

enum zdd_err zdd_secrets_conceal_answer(const struct zdd_secrets *secrets,
                                        struct zdd_secrets_kept *kept, json_t *answer)
{
    enum zdd_err err = conceal_app(secrets, kept, json_object_get(answer, "app"));
    size_t i;
    json_t *each;

    json_array_foreach(json_object_get(answer, "apps"), i, each)
    {
        if (err == ZDD_ERR_NONE)
            err = conceal_app(secrets, NULL, each);
    }
    json_array_foreach(json_object_get(answer, "queue"), i, each)
    {
        if (err == ZDD_ERR_NONE)
            err = conceal_app(secrets, NULL, json_object_get(each, "app"));
    }
    return err;
}

enum zdd_err zdd_secrets_conceal_app(const void *secrets, json_t *app)
{
    return conceal_app(secrets, NULL, app);
}
