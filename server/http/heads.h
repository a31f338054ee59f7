/**
 * @file server/http/heads.h
 * @brief Inside server/http only: what request headers say, and which of them are refused.
 */
#pragma once

#include "server/http/call.h"

struct MHD_Connection;

/** @return ZDD_ERR_NONE or ZDD_ERR_QUERY_INVALID with detail and perhaps status set (server.h) */
ZDD_MUST_CHECK enum zdd_err zdd_heads_check(struct zdd_call *call,
                                            struct MHD_Connection *connection, size_t head_max);

/** @return the Content-Length, 0 when there is none */
uint64_t zdd_heads_length(const struct zdd_call *call);

/** Fill call->request_id: from X-Request-Id when it has 1 to 63 of A-Z a-z 0-9 . _ -, else a
 * UUIDv7. */
void zdd_heads_request_id(struct zdd_call *call);
