/**
 * @file strategies/model/colours.h
 * @brief How the two apps of a pair are named: the one place that knows.
 *
 * A pair has a name, "/shop/web", and two apps, the blue and the green one. zdd.py writes the
 * colour behind a dash; others give the pair a folder of its own.
 */
#pragma once

#include "strategies/model/limits.h"

#include <stdbool.h>
#include <stddef.h>

enum zdd_colour { ZDD_BLUE, ZDD_GREEN, ZDD_COLOUR_COUNT };

enum zdd_naming {
    ZDD_NAMING_DASH,   /* "/shop/web-blue"; a plain "/shop/web" may stand beside it */
    ZDD_NAMING_FOLDER, /* "/shop/web/blue"; Marathon has no app "/shop/web" beside it */
    ZDD_NAMING_COUNT
};

/** An app id that ends in a colour. */
struct zdd_coloured {
    enum zdd_naming naming;
    enum zdd_colour colour;
    size_t pair_size; /* bytes of the id that are the name of the pair */
};

/** @return true when the @p size bytes at @p app_id end in a colour and name a pair before it */
bool zdd_coloured_read(const char *app_id, size_t size, struct zdd_coloured *ret_coloured);

/** Write the id of an app of pair @p pair_id. @return false when it has no room */
bool zdd_coloured_write(const char *pair_id, enum zdd_naming naming, enum zdd_colour colour,
                        char ret_id[static ZDD_APP_ID_SIZE]);

/**
 * Deployments of apps with the same lock exclude each other: those of a pair, of either colour, and
 * of the plain app. @return how many of the @p size bytes at @p app_id are the lock's name
 */
size_t zdd_lock_size(const char *app_id, size_t size);

const char *zdd_colour_name(enum zdd_colour colour); /* "blue" */
