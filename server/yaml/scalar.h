/**
 * @file server/yaml/scalar.h
 * @brief PRIVATE to server/yaml/: what a plain word of YAML means.
 */
#pragma once

#include "strategies/model/err.h"

#include <jansson.h>

/**
 * Read a plain (unquoted) word by YAML 1.2's core schema.
 * @param[out] ret_json  new reference, set on success only
 * @param[out] ret_why   set on BODY_MALFORMED: "can be read in two ways; …"
 * @return ZDD_ERR_NONE, ZDD_ERR_BODY_MALFORMED or ZDD_ERR_NO_MEMORY
 */
ZDD_MUST_CHECK enum zdd_err zdd_yaml_scalar(const char *word, json_t **ret_json,
                                            const char **ret_why);
