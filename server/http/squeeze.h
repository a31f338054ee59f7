/**
 * @file server/http/squeeze.h
 * @brief Replies in gzip (RFC 9110 §8.4.1.3) for callers that take it.
 */
#pragma once

#include "server/http/call.h"

/** Compressing costs more than it saves below. */
#define ZDD_SQUEEZE_MIN 1024

/** @return true when a reply of that media type is text that shrinks */
bool zdd_squeeze_fits(const char *type);

/** @return true when header Accept-Encoding, or NULL for none, takes gzip (RFC 9110 §12.5.3) */
bool zdd_squeeze_wanted(const char *accept_encoding);

/**
 * What a strong ETag of a compressed reply has at its end, inside the quotes: other bytes, another
 * tag (RFC 9110 §8.8.3). Whoever compares tags takes both for the same state of the resource.
 */
#define ZDD_SQUEEZE_TAG "-gzip"

/** Mark the reply's ETag, if it has one. Without memory it goes: better none than a wrong one. */
void zdd_squeeze_tag(struct zdd_call *call);

/** The same for a reply "not modified", where If-None-Match has the tag of the compressed reply and
 * not the other: that one is what the caller keeps. */
void zdd_squeeze_tag_known(struct zdd_call *call);

/** Put the compressed bytes in the place of @p reply. @return false, and the reply as it was,
 * without memory or when it would not shrink */
bool zdd_squeeze(struct zdd_buf *reply);
