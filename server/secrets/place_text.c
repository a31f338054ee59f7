/**
 * @file server/secrets/place_text.c
 * @brief A text is secret as a whole, or it is a URL with something secret in it.
 */
#include "server/secrets/place_text.h"

#include "server/base/buf.h"
#include "server/base/cleanup.h"
#include "server/secrets/marker.h"

#include <stdio.h>
#include <string.h>

#define NAME_SIZE 400 /* the text's own and a parameter's */

/* One text on its way. */
struct reading {
    const struct zdd_places *walk;
    const struct zdd_place_text *how;
    struct zdd_place *place;
    struct zdd_buf out;
    bool changed;
};

static bool is_marker(const char *text, size_t size)
{
    char digest[ZDD_SECRET_DIGEST_SIZE];

    return zdd_marker_read(text, size, digest);
}

/* Append the @p size bytes at @p text, or what the visitor wants instead. Nothing is no secret. */
static enum zdd_err offer(struct reading *r, const char *name, const char *text, size_t size,
                          bool secret)
{
    ZDD_AUTO_FREE char *new = NULL;
    enum zdd_err err = ZDD_ERR_NONE;

    if (size > 0 && (secret || is_marker(text, size))) {
        r->place->name = name;
        r->place->text = text;
        r->place->size = size;
        r->place->secret = secret;
        err = r->walk->visit(r->walk->cls, r->place, &new);
    }
    if (new)
        zdd_buf_text(&r->out, new);
    else
        zdd_buf_append(&r->out, text, size);
    r->changed = r->changed || new;
    return err;
}

/* Before the `@` of "scheme://user:password@host": the password; all of it where there is no colon.
 */
static enum zdd_err read_authority(struct reading *r, const char *text, size_t size)
{
    const char *at = NULL;
    const char *colon = memchr(text, ':', size);
    const char *from = text;
    char name[NAME_SIZE];
    enum zdd_err err;

    for (size_t i = 0; i < size; i++) {
        if (text[i] == '@')
            at = text + i;
    }
    if (!at) {
        zdd_buf_append(&r->out, text, size);
        return ZDD_ERR_NONE;
    }
    if (colon && colon < at && !is_marker(text, (size_t)(at - text)))
        from = colon + 1;
    zdd_buf_append(&r->out, text, (size_t)(from - text));
    snprintf(name, sizeof(name), "%s@", r->how->name);
    err = offer(r, name, from, (size_t)(at - from), true);
    zdd_buf_append(&r->out, at, size - (size_t)(at - text));
    return err;
}

/* "name=value" of a query. */
static enum zdd_err read_parameter(struct reading *r, const char *text, size_t size)
{
    const char *equals = memchr(text, '=', size);
    const size_t name_size = equals ? (size_t)(equals - text) : size;
    const bool secret = equals && r->walk->globs && zdd_globs_fit(r->walk->globs, text, name_size);
    char name[NAME_SIZE];

    if (!equals) {
        zdd_buf_append(&r->out, text, size);
        return ZDD_ERR_NONE;
    }
    zdd_buf_append(&r->out, text, name_size + 1);
    snprintf(name, sizeof(name), "%s?%.*s", r->how->name, (int)(name_size < 200 ? name_size : 200),
             text);
    return offer(r, name, equals + 1, size - name_size - 1, secret);
}

/* Behind an authority: parameters stand behind `?`, `&` or `;`. Ends where the next URL begins.
 * @return how many bytes were read */
static size_t read_rest(struct reading *r, const char *text, enum zdd_err *err)
{
    const char *next = strstr(text, "://");
    const size_t size = next ? (size_t)(next - text) : strlen(text);
    size_t at = strcspn(text, "?;");

    if (at > size)
        at = size;
    zdd_buf_append(&r->out, text, at);
    while (at < size && *err == ZDD_ERR_NONE) {
        size_t piece;

        zdd_buf_append(&r->out, text + at, 1); /* what it begins with */
        at++;
        piece = strcspn(text + at, "&;# \t\r\n");
        if (piece > size - at)
            piece = size - at;
        *err = read_parameter(r, text + at, piece);
        at += piece;
    }
    return at;
}

static enum zdd_err read_urls(struct reading *r, const char *text)
{
    enum zdd_err err = ZDD_ERR_NONE;
    const char *scheme = strstr(text, "://");

    while (scheme && err == ZDD_ERR_NONE) {
        const char *authority = scheme + strlen("://");
        size_t size = strcspn(authority, "/?# \t\r\n");

        /* "amqp://u:p@a,amqp://u:p@b": the next one's scheme stands behind this one's host. */
        if (size > 0 && strncmp(authority + size - 1, "://", strlen("://")) == 0)
            size--;
        zdd_buf_append(&r->out, text, (size_t)(authority - text));
        err = read_authority(r, authority, size);
        text = authority + size;
        if (err == ZDD_ERR_NONE)
            text += read_rest(r, text, &err);
        scheme = strstr(text, "://");
    }
    zdd_buf_text(&r->out, text);
    return err;
}

enum zdd_err zdd_place_read(const struct zdd_places *walk, const struct zdd_place_text *how,
                            const char *text, struct zdd_place *place, char **ret_new)
{
    struct reading r = {.walk = walk, .how = how, .place = place};
    const char *value = text + how->skip;
    const size_t size = strlen(value);
    enum zdd_err err;

    zdd_buf_append(&r.out, text, how->skip);
    if (how->secret || how->whole || is_marker(value, size))
        err = offer(&r, how->name, value, size, how->secret);
    else if (strstr(value, "://"))
        err = read_urls(&r, value);
    else
        err = ZDD_ERR_NONE;
    if (err == ZDD_ERR_NONE)
        err = r.out.err;
    if (err == ZDD_ERR_NONE && r.changed) {
        *ret_new = zdd_buf_take(&r.out);
        err = *ret_new ? ZDD_ERR_NONE : ZDD_ERR_NO_MEMORY;
    }
    zdd_buf_release(&r.out);
    return err;
}
