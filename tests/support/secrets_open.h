/**
 * @file tests/support/secrets_open.h
 * @brief A vault for tests: the default patterns, no key unless one is given.
 */
#pragma once

#include "server/secrets/secrets.h"

/** Never NULL: a test that cannot have it has failed. */
struct zdd_secrets *secrets_open(struct zdd_store *store);
