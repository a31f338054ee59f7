/**
 * @file server/net/url.h
 * @brief Building URLs: percent-encoding and "HOST:PORT".
 */
#pragma once

#include "server/base/buf.h"

#include <stdbool.h>
#include <stdint.h>

/** Append @p text percent-encoded, all but RFC 3986's unreserved characters and those in @p keep.
 */
void zdd_url_encode(struct zdd_buf *buf, const char *text, const char *keep);

/** Read "127.0.0.1:8090" or "[::1]:8090"; port 0 is fine. @return false, nothing changed, if not */
bool zdd_hostport_parse(const char *text, char ret_host[static 64], uint16_t *ret_port);

/** @return true when @p url is http or https with a host, no credentials inside and no fragment */
bool zdd_url_valid(const char *url);
