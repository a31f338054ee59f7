/**
 * @file server/secrets/place_text.h
 * @brief PRIVATE to server/secrets/: the secrets in one text.
 */
#pragma once

#include "server/secrets/places.h"

struct zdd_place_text {
    const char *name; /* of the whole text; what is in a URL adds to it */
    size_t skip;      /* bytes at the beginning that are no value: "NAME=" */
    bool secret;      /* all of it, by its name */
    bool whole;       /* it is no URL, whatever it looks like */
};

/**
 * Visit what is secret, or could be, in @p text.
 * @param place         its pointer is filled in; the rest is this function's
 * @param[out] ret_new  the text as it shall be; left alone when it stays
 */
ZDD_MUST_CHECK enum zdd_err zdd_place_read(const struct zdd_places *walk,
                                           const struct zdd_place_text *how, const char *text,
                                           struct zdd_place *place, char **ret_new);
