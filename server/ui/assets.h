/**
 * @file server/ui/assets.h
 * @brief The dashboard's files, which are part of the program.
 */
#pragma once

#include <stddef.h>

struct zdd_asset {
    const char *name; /* "now.js" */
    const unsigned char *data;
    size_t size;
    const char *etag; /* with its quotes */
};

/** The page itself. */
#define ZDD_ASSET_PAGE "index.html"
/** The page of the API; it needs the renderer, which may be missing, and then the other one says
 * so. */
#define ZDD_ASSET_DOCS "docs.html"
#define ZDD_ASSET_DOCS_RENDERER "swagger-ui-bundle.js"
#define ZDD_ASSET_DOCS_MISSING "docs-missing.html"

/** @return the file called @p name, or NULL */
const struct zdd_asset *zdd_asset_find(const char *name);

/** @return what changes whenever any of the files does: the folder's name in their addresses */
const char *zdd_asset_version(void);

/** @return the Content-Type that belongs to a name's ending */
const char *zdd_asset_type(const char *name);
