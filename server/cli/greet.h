/**
 * @file server/cli/greet.h
 * @brief What a server says when it serves.
 */
#pragma once

#include "server/config/config.h"
#include "storage/store.h"

/** Print and log where it serves, and how to make a token when there is none. */
void zdd_cli_greet(const struct zdd_config *config, struct zdd_store *store, uint16_t port,
                   bool https);
