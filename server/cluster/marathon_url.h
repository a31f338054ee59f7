/**
 * @file server/cluster/marathon_url.h
 * @brief Addresses: where a redirect leads, and whether that is a place we know.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#define ZDD_MARATHON_URL_SIZE 1024 /* base, path of an app id, query */

/** Copy the host and port of @p url in lower case ("marathon.example:8080"; the scheme's own port
 * when it names none). @return false when @p url is no http or https URL, or does not fit */
bool zdd_marathon_authority(const char *url, char *ret_authority, size_t size);

/** Copy scheme, host and port of @p url ("https://marathon.example:443"). @return false as above */
bool zdd_marathon_origin(const char *url, char *ret_origin, size_t size);

/** @return true when both URLs lead to the same host and port */
bool zdd_marathon_same_place(const char *a, const char *b);

/** @return true when both URLs name the same host, whatever the port, and @p to does not drop TLS
 * that @p from has */
bool zdd_marathon_same_host(const char *from, const char *to);

/**
 * Resolve @p location (absolute, "//host/path" or "/path") against @p url.
 * @param[out] ret_url  ZDD_MARATHON_URL_SIZE bytes; may be the array of neither argument
 * @return false when that is no http or https URL or does not fit
 */
bool zdd_marathon_resolve(const char *url, const char *location,
                          char ret_url[static ZDD_MARATHON_URL_SIZE]);
