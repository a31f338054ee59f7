/**
 * @file server/http/cors.h
 * @brief Pages of other origins that may call (Fetch standard, "CORS protocol"): those of a list,
 * with a token in a header. Cookies do not count across origins, so credentials are never allowed.
 */
#pragma once

#include "server/http/call.h"

/**
 * @param origins  "https://ops.example,http://127.0.0.1:3000", "*" for all, "" or NULL for none
 * @return true when every element is an origin: scheme and host, a port perhaps, and nothing more
 */
bool zdd_cors_valid(const char *origins);

/** @return true when header Origin, or NULL for none, is one of @p origins */
bool zdd_cors_allows(const char *origins, const char *origin);

/**
 * Add to the reply what a page of an allowed origin needs to read it. Nothing for others, but that
 * caches learn that it depends on who asks.
 */
void zdd_cors_note(struct zdd_call *call, const char *origins);

/** @return true when the call asks, before another one, whether that is allowed, and its origin is:
 * then the reply is whole, 204 */
bool zdd_cors_preflight(struct zdd_call *call, const char *origins);
