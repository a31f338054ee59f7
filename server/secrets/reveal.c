/**
 * @file server/secrets/reveal.c
 * @brief The way back: markers become values again, or are looked for.
 */
#include "server/secrets/reveal.h"

#include "server/base/cleanup.h"
#include "server/json/json.h"
#include "server/secrets/inside.h"

#include <stdlib.h>
#include <string.h>

static void drop_text(struct zdd_revealed *revealed)
{
    if (revealed->text)
        zdd_wipe(revealed->text, strlen(revealed->text));
    free(revealed->text);
    revealed->text = NULL;
}

void zdd_revealed_release(struct zdd_revealed *revealed)
{
    for (size_t i = 0; i < revealed->count; i++) {
        char *value = (char *)(uintptr_t)revealed->unspoken[i].text;

        zdd_wipe(value, strlen(value));
        free(value);
        free((char *)(uintptr_t)revealed->unspoken[i].instead);
    }
    free(revealed->unspoken);
    drop_text(revealed);
    *revealed = (struct zdd_revealed){0};
}

enum zdd_err zdd_revealed_add(struct zdd_revealed *revealed, const char *value, const char *marker)
{
    char *text = strdup(value);
    char *instead = strdup(marker);

    if (!text || !instead) {
        free(text);
        free(instead);
        return ZDD_ERR_NO_MEMORY;
    }
    if (revealed->count == revealed->room) {
        const size_t room = revealed->room ? 2 * revealed->room : 8;
        struct zdd_unspoken *grown = realloc(revealed->unspoken, room * sizeof(*grown));

        if (!grown) {
            free(text);
            free(instead);
            return ZDD_ERR_NO_MEMORY;
        }
        revealed->unspoken = grown;
        revealed->room = room;
    }
    revealed->unspoken[revealed->count++] = (struct zdd_unspoken){text, instead};
    return ZDD_ERR_NONE;
}

/* One definition on its way out, or back in with markers. */
struct going {
    const struct zdd_secrets *secrets;
    const struct zdd_conceal *how; /* looking only; NULL: values are put in */
    struct zdd_revealed *revealed; /* putting in only */
    char scope[ZDD_APP_ID_SIZE];
    bool any;
};

/* Open @p secret and see that it is the value of that app and that name. */
static enum zdd_err open_as(const struct zdd_secrets *secrets, const struct zdd_secret *secret,
                            const struct zdd_secret_at *at, char **ret_value)
{
    char found[ZDD_SECRET_DIGEST_SIZE];
    char *value = NULL;
    size_t size = 0;
    const enum zdd_err err = zdd_secrets_unseal(secrets, secret, &value, &size);

    if (err != ZDD_ERR_NONE)
        return err;
    zdd_secrets_digest(secrets, at->scope, at->name, value, found);
    if (strcmp(found, at->digest) != 0) {
        zdd_wipe(value, size);
        free(value);
        return ZDD_ERR_STORE_CORRUPT;
    }
    *ret_value = value;
    return ZDD_ERR_NONE;
}

enum zdd_err zdd_secrets_find(const struct zdd_secrets *secrets,
                              const struct zdd_secrets_kept *kept, const struct zdd_secret_at *at,
                              char **ret_value)
{
    const struct zdd_secret *known = kept ? zdd_secrets_kept_find(kept, at->digest) : NULL;
    ZDD_AUTO_SECRET struct zdd_secret stored = {0};
    enum zdd_err err;

    if (known)
        return open_as(secrets, known, at, ret_value);
    err = zdd_secret_find(secrets->store, at->scope, at->digest, &stored);
    if (err != ZDD_ERR_NONE)
        return err;
    return stored.value ? open_as(secrets, &stored, at, ret_value) : ZDD_ERR_STORE_CORRUPT;
}

/* The value of the marker at @p place. */
static enum zdd_err find(const struct going *g, const struct zdd_place *place, const char *digest,
                         char **ret_value)
{
    const struct zdd_secret_at at = {.scope = g->scope, .name = place->name, .digest = digest};

    return zdd_secrets_find(g->secrets, g->how ? g->how->kept : NULL, &at, ret_value);
}

static enum zdd_err look(void *cls, const struct zdd_place *place, char **ret_text)
{
    const struct going *g = cls;
    char digest[ZDD_SECRET_DIGEST_SIZE];
    char *value = NULL;
    enum zdd_err err;

    (void)ret_text;
    if (!zdd_marker_read(place->text, place->size, digest))
        return ZDD_ERR_NONE;
    err = find(g, place, digest, &value);
    if (err == ZDD_ERR_NONE) {
        zdd_wipe(value, strlen(value));
        free(value);
    }
    if (err != ZDD_ERR_STORE_CORRUPT)
        return err;
    zdd_field_error_add(g->how->errors, place->pointer,
                        "is a marker of a secret that %.100s has never had there; send the value "
                        "itself",
                        g->scope);
    return ZDD_ERR_NONE;
}

enum zdd_err zdd_secrets_check(const struct zdd_secrets *secrets, const struct zdd_conceal *how,
                               json_t *definition)
{
    struct going going = {.secrets = secrets, .how = how};
    const struct zdd_places walk = {.globs = &secrets->globs, .visit = look, .cls = &going};
    const size_t before = how->errors->count;
    enum zdd_err err;

    zdd_secrets_scope(how->app_id, going.scope);
    err = zdd_places_walk(&walk, definition, how->pointer);
    if (err != ZDD_ERR_NONE)
        return err;
    return how->errors->count > before ? ZDD_ERR_BODY_INVALID : ZDD_ERR_NONE;
}

static enum zdd_err put_back(void *cls, const struct zdd_place *place, char **ret_text)
{
    struct going *g = cls;
    char digest[ZDD_SECRET_DIGEST_SIZE], marker[ZDD_MARKER_SIZE];
    enum zdd_err err;

    if (!zdd_marker_read(place->text, place->size, digest))
        return ZDD_ERR_NONE;
    err = find(g, place, digest, ret_text);
    if (err != ZDD_ERR_NONE)
        return err;
    g->any = true;
    zdd_marker_write(digest, marker);
    return zdd_revealed_add(g->revealed, *ret_text, marker);
}

enum zdd_err zdd_secrets_reveal(const struct zdd_secrets *secrets, const char *app_id,
                                const char *text, struct zdd_revealed *revealed)
{
    struct going going = {.secrets = secrets, .revealed = revealed};
    const struct zdd_places walk = {.visit = put_back, .cls = &going};
    ZDD_AUTO_JSON json_t *definition = NULL;
    enum zdd_err err;

    drop_text(revealed);
    if (!text || !strstr(text, ZDD_MARKER_HEAD))
        return ZDD_ERR_NONE;
    zdd_secrets_scope(app_id, going.scope);
    err = zdd_json_read(text, strlen(text), &definition, NULL);
    if (err == ZDD_ERR_BODY_MALFORMED)
        err = ZDD_ERR_STORE_CORRUPT;
    if (err == ZDD_ERR_NONE)
        err = zdd_places_walk(&walk, definition, "#");
    if (err != ZDD_ERR_NONE || !going.any)
        return err;
    revealed->text = zdd_json_canonical(definition);
    return revealed->text ? ZDD_ERR_NONE : ZDD_ERR_NO_MEMORY;
}
