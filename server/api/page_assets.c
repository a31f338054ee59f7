/**
 * @file server/api/page_assets.c
 * @brief GET /, /docs and /ui/…: the dashboard and the API's page, out of the program itself.
 */
#include "server/api/handlers.h"
#include "server/api/inside.h"
#include "server/ui/assets.h"

#include <string.h>

/*
 * Nothing from elsewhere, nothing inline, and no text that becomes markup or code: what apps,
 * reasons and Marathon say cannot be more than text.
 */
static const char page_policy[] =
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
    "require-trusted-types-for 'script'; trusted-types 'none'";

/*
 * The renderer of /docs makes markup out of texts, cleaned; and those are of our own document. Its
 * pictures stand in its styles.
 */
static const char docs_policy[] =
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

_Static_assert(sizeof(page_policy) <= ZDD_CALL_HEADER_SIZE, "it would not be sent");
_Static_assert(sizeof(docs_policy) <= ZDD_CALL_HEADER_SIZE, "it would not be sent");

static enum zdd_err send_asset(struct zdd_call *call, const struct zdd_asset *asset,
                               const char *keeping, const char *policy)
{
    const char *known = zdd_call_header(call, "If-None-Match");

    call->type = zdd_asset_type(asset->name);
    zdd_call_add_header(call, "ETag", "%s", asset->etag);
    zdd_call_add_header(call, "Cache-Control", "%s", keeping);
    zdd_call_add_header(call, "Content-Security-Policy", "%s", policy);
    zdd_call_add_header(call, "Referrer-Policy", "no-referrer");
    if (known && zdd_etag_text_listed(known, asset->etag))
        call->status = 304;
    else
        zdd_buf_append(&call->reply, asset->data, asset->size);
    return zdd_answer(call, ZDD_ERR_NONE);
}

enum zdd_err zdd_api_get_page(struct zdd_call *call)
{
    const enum zdd_err err = zdd_ask_known(call, NULL, 0);

    /* Asked for each time, so a new version is seen at once: its files have other addresses. */
    return err == ZDD_ERR_NONE
               ? send_asset(call, zdd_asset_find(ZDD_ASSET_PAGE), "no-cache", page_policy)
               : err;
}

enum zdd_err zdd_api_get_docs(struct zdd_call *call)
{
    const char *name =
        zdd_asset_find(ZDD_ASSET_DOCS_RENDERER) ? ZDD_ASSET_DOCS : ZDD_ASSET_DOCS_MISSING;
    const enum zdd_err err = zdd_ask_known(call, NULL, 0);

    return err == ZDD_ERR_NONE ? send_asset(call, zdd_asset_find(name), "no-cache", docs_policy)
                               : err;
}

enum zdd_err zdd_api_get_asset(struct zdd_call *call)
{
    const struct zdd_asset *asset = zdd_asset_find(call->arg[1]);
    const enum zdd_err err = zdd_ask_known(call, NULL, 0);

    if (err != ZDD_ERR_NONE)
        return err;
    if (!asset || strcmp(call->arg[0], zdd_asset_version()) != 0)
        return zdd_call_fail(call, ZDD_ERR_ROUTE_UNKNOWN,
                             "the dashboard has no such file in this version; load it anew");
    return send_asset(call, asset, "public, max-age=31536000, immutable", page_policy);
}
