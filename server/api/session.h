/**
 * @file server/api/session.h
 * @brief Sessions of the dashboard: a cookie that stands for a token.
 *
 * The browser keeps the token nowhere: it is sent once, to log in. The cookie is HttpOnly and
 * SameSite=Strict; a call that changes something needs the session's CSRF token besides, which only
 * the session's own page can read.
 */
#pragma once

#include "server/base/crypto.h"
#include "server/http/call.h"

/** @return true when the call has a session's cookie, whatever it is worth */
bool zdd_session_cookie(const struct zdd_call *call, char ret_cookie[static ZDD_TOKEN_SIZE]);

/** The CSRF token that goes with a cookie: its hash, so nobody has to keep it. */
void zdd_session_csrf(const char *cookie, char ret_csrf[static ZDD_SHA256_HEX_SIZE]);

/** @return ZDD_ERR_CSRF_REFUSED when the browser says that another site's page makes the call */
ZDD_MUST_CHECK enum zdd_err zdd_session_same_site(struct zdd_call *call);

/**
 * Find cookie @p name in the header Cookie. Pure.
 * @param header  "a=1; b=2", or NULL
 * @return false when it is not there, is empty, or does not fit into @p size
 */
bool zdd_cookie_read(const char *header, const char *name, char *ret_value, size_t size);
