/**
 * @file strategies/model/err.h
 * @brief The one error vocabulary: what failed, and which kind of failure it is.
 *
 * The class, not the code, drives behaviour: the engine retries TRANSIENT and
 * fails the order on the rest; the HTTP layer turns a class into a status.
 */
#pragma once

#define ZDD_MUST_CHECK __attribute__((warn_unused_result))

enum zdd_class {
    ZDD_CLASS_OK,
    ZDD_CLASS_MALFORMED,       /* 400: not JSON, not UTF-8, a broken query */
    ZDD_CLASS_UNAUTHENTICATED, /* 401 */
    ZDD_CLASS_FORBIDDEN,       /* 403 */
    ZDD_CLASS_MISSING,         /* 404 */
    ZDD_CLASS_METHOD,          /* 405 */
    ZDD_CLASS_NOT_ACCEPTABLE,  /* 406 */
    ZDD_CLASS_CONFLICT,        /* 409: the state does not allow it now */
    ZDD_CLASS_STALE,           /* 412: the caller looked at an older state */
    ZDD_CLASS_TOO_BIG,         /* 413 */
    ZDD_CLASS_MEDIA_TYPE,      /* 415 */
    ZDD_CLASS_INVALID,         /* 422: understood, but breaks a rule */
    ZDD_CLASS_TOO_MANY,        /* 429 */
    ZDD_CLASS_INTERNAL,        /* 500: our bug, or a broken machine */
    ZDD_CLASS_UPSTREAM,        /* 502: Marathon answers nonsense or not at all */
    ZDD_CLASS_TRANSIENT,       /* 503: try again */
    ZDD_CLASS_UPSTREAM_SLOW,   /* 504 */
    ZDD_CLASS_FULL,            /* 507: disk full */
    ZDD_CLASS_COUNT
};

enum zdd_err {
#define ZDD_ERR(name, slug, class, text) ZDD_ERR_##name,
#include "strategies/model/err.def"
#undef ZDD_ERR
    ZDD_ERR_COUNT
};

/** @return the public slug of @p err, static storage, never NULL */
const char *zdd_err_slug(enum zdd_err err);

/** @return one English sentence for @p err, static storage, never NULL */
const char *zdd_err_text(enum zdd_err err);

/** @return the class of @p err */
enum zdd_class zdd_err_class(enum zdd_err err);
