/**
 * @file server/secrets/move.c
 * @brief Plans and revisions from before.
 */
#include "server/secrets/move.h"

#include "server/base/cleanup.h"
#include "server/json/appdef.h"
#include "server/json/json.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static enum zdd_err read_text(const char *text, json_t **ret_json)
{
    const enum zdd_err err = zdd_json_read(text, strlen(text), ret_json, NULL);

    return err == ZDD_ERR_BODY_MALFORMED ? ZDD_ERR_STORE_CORRUPT : err;
}

/* Write @p json in place of @p text if it is another one. */
static enum zdd_err put_text(const json_t *json, struct zdd_text *text, bool *changed)
{
    ZDD_AUTO_FREE char *new = zdd_json_canonical(json);

    if (!new)
        return ZDD_ERR_NO_MEMORY;
    if (strcmp(new, text->data) == 0)
        return ZDD_ERR_NONE;
    *changed = true;
    zdd_wipe(text->data, strlen(text->data));
    free(text->data);
    text->data = ZDD_TAKE(new);
    return ZDD_ERR_NONE;
}

static enum zdd_err move_text(const struct zdd_secrets *secrets, struct zdd_kept_row *row,
                              struct zdd_text *text, bool *changed)
{
    const struct zdd_conceal how = {
        .app_id = row->app_id, .pointer = "#", .kept = &row->texts.secrets, .at_rest = true};
    ZDD_AUTO_JSON json_t *json = NULL;
    enum zdd_err err;

    if (!text->data)
        return ZDD_ERR_NONE;
    err = read_text(text->data, &json);
    if (err == ZDD_ERR_NONE)
        err = zdd_secrets_conceal(secrets, &how, json);
    return err == ZDD_ERR_NONE ? put_text(json, text, changed) : err;
}

/* A request has its definition in `app`, or a part of one in `change`. */
static enum zdd_err move_request(const struct zdd_secrets *secrets, struct zdd_kept_row *row,
                                 bool *changed)
{
    static const char *const members[] = {"app", "change"};
    const struct zdd_conceal how = {
        .app_id = row->app_id, .pointer = "#", .kept = &row->texts.secrets, .at_rest = true};
    ZDD_AUTO_JSON json_t *json = NULL;
    enum zdd_err err =
        row->texts.request.data ? read_text(row->texts.request.data, &json) : ZDD_ERR_NONE;

    for (size_t i = 0; json && i < ZDD_COUNT(members) && err == ZDD_ERR_NONE; i++)
        err = zdd_secrets_conceal(secrets, &how, json_object_get(json, members[i]));
    return err == ZDD_ERR_NONE && json ? put_text(json, &row->texts.request, changed) : err;
}

/* What a plan shows of its definitions is their difference: made again from what they are now. */
static enum zdd_err show_again(struct zdd_kept_row *row)
{
    const char *before =
        row->texts.survivor.data ? row->texts.survivor.data : row->texts.previous.data;
    ZDD_AUTO_JSON json_t *body = NULL;
    ZDD_AUTO_JSON json_t *from = NULL;
    ZDD_AUTO_JSON json_t *to = NULL;
    json_t *diff = NULL;
    bool changed = false;
    enum zdd_err err = read_text(row->texts.body.data, &body);

    if (err == ZDD_ERR_NONE && before)
        err = read_text(before, &from);
    if (err == ZDD_ERR_NONE && row->texts.target.data)
        err = read_text(row->texts.target.data, &to);
    if (err != ZDD_ERR_NONE)
        return err;
    diff = zdd_appdef_diff(from, to, ZDD_APPDEF_DIFF_MAX);
    if (!diff || json_object_set_new(body, "diff", diff) != 0 ||
        json_object_set_new(body, "digest", json_string(row->digest)) != 0)
        return ZDD_ERR_NO_MEMORY;
    return put_text(body, &row->texts.body, &changed);
}

/* The old one was made over the values, and whoever has it could try some. */
static void digest_again(const struct zdd_secrets *secrets, struct zdd_kept_row *row)
{
    static const char kind[] = "sha256:";
    char hex[ZDD_SHA256_HEX_SIZE];

    zdd_secrets_body_digest(secrets, row->digest, hex);
    snprintf(row->digest, sizeof(row->digest), "%s%s", kind, hex);
}

enum zdd_err zdd_secrets_move(const struct zdd_secrets *secrets, struct zdd_kept_row *row,
                              bool *ret_changed)
{
    struct zdd_text *const texts[] = {&row->texts.target, &row->texts.previous, &row->texts.adopted,
                                      &row->texts.survivor};
    bool changed = false;
    enum zdd_err err = move_request(secrets, row, &changed);

    for (size_t i = 0; i < ZDD_COUNT(texts) && err == ZDD_ERR_NONE; i++)
        err = move_text(secrets, row, texts[i], &changed);
    if (err == ZDD_ERR_NONE && changed) {
        digest_again(secrets, row);
        if (!row->is_revision)
            err = show_again(row);
    }
    if (err == ZDD_ERR_NONE)
        *ret_changed = changed;
    return err;
}
