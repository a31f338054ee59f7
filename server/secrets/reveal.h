/**
 * @file server/secrets/reveal.h
 * @brief PRIVATE to server/secrets/: the list of what is not to be told again.
 */
#pragma once

#include "server/secrets/secrets.h"

/** Add @p value and what is told instead; both are copied. */
ZDD_MUST_CHECK enum zdd_err zdd_revealed_add(struct zdd_revealed *revealed, const char *value,
                                             const char *marker);
