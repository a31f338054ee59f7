/**
 * @file server/json/json_hush.h
 * @brief JSON of others, without the secrets that its texts repeat.
 */
#pragma once

#include "server/base/hush.h"
#include "server/json/json.h"

/** zdd_hush() for each text in @p json, a document or NULL, at any depth; names of members stay.
 * @return false without memory: then some may be left */
bool zdd_json_hush(json_t *json, const struct zdd_unspoken_list *unspoken);
