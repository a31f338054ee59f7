/**
 * @file server/api/blueprint_units.h
 * @brief The small texts of a blueprint: "32MB", "0.5", "100m", "10s", "80%", "8080/http". Pure.
 *
 * Each takes the value as it stands in the document and says whether it is one; a wrong one leaves
 * the result untouched.
 */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

/** MiB: "64MB", "0.5GB", "512MiB", "1GiB", or a number of MiB. VAMP's MB are Marathon's, 2^20. */
bool zdd_blueprint_memory(const json_t *value, double *ret_mib);
/** Cores: a number, "0.5", or "500m". */
bool zdd_blueprint_cpus(const json_t *value, double *ret_cpus);
/** Seconds: a number or "10s"; whole ones, as Marathon has them. */
bool zdd_blueprint_seconds(const json_t *value, int64_t *ret_seconds);
/** "80%", 0 to 100, fractions allowed. */
bool zdd_blueprint_percent(const json_t *value, double *ret_percent);
/** 8080, "8080", "8080/http" or "8080/tcp"; without a word it is http, as in VAMP. */
bool zdd_blueprint_port(const json_t *value, int64_t *ret_port, bool *ret_is_http);
/** The same for a text; @p ret_typed tells whether it says http or tcp itself. */
bool zdd_blueprint_port_text(const char *text, int64_t *ret_port, bool *ret_is_http,
                             bool *ret_typed);
