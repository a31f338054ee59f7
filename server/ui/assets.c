/**
 * @file server/ui/assets.c
 * @brief The table of the dashboard's files.
 */
#include "server/ui/assets.h"

#include <assert.h>
#include <stdbool.h>
#include <string.h>

#include "ui_assets.inc"

#define ASSET_COUNT (sizeof(assets) / sizeof(assets[0]))

const struct zdd_asset *zdd_asset_find(const char *name)
{
    for (size_t i = 0; i < ASSET_COUNT; i++) {
        if (strcmp(assets[i].name, name) == 0)
            return &assets[i];
    }
    return NULL;
}

const char *zdd_asset_version(void)
{
    return asset_version;
}

const char *zdd_asset_type(const char *name)
{
    static const struct {
        const char *ending;
        const char *type;
    } types[] = {
        {".html", "text/html; charset=utf-8"},
        {".css", "text/css; charset=utf-8"},
        {".js", "text/javascript; charset=utf-8"},
        {".svg", "image/svg+xml"},
    };
    const char *ending = strrchr(name, '.');

    for (size_t i = 0; ending && i < sizeof(types) / sizeof(types[0]); i++) {
        if (strcmp(types[i].ending, ending) == 0)
            return types[i].type;
    }
    assert(false && "a file of the dashboard needs its type here");
    return "application/octet-stream";
}
