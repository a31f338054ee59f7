/**
 * @file server/probe/verify.h
 * @brief What may stand in `verify`: one set of checks, how often, and when they are enough.
 */
#pragma once

#include "server/probe/checks.h"

/** Whether there are requests to judge by while the checks are made. */
enum zdd_verify_kind {
    ZDD_VERIFY_UNSEEN, /* the new version gets none yet */
    ZDD_VERIFY_SHARED, /* both versions get some */
};

/** `verify` as a whole. */
struct zdd_verify_options {
    struct zdd_verify verify;
    json_t *checks; /* borrowed */
};

/**
 * @param object   NULL: nothing is checked
 * @param pointer  where it stands
 * @return true when nothing is wrong; else @p errors say what
 */
bool zdd_verify_read(const json_t *object, const char *pointer, enum zdd_verify_kind kind,
                     struct zdd_verify_options *ret_options, struct zdd_field_errors *errors);

/** @return a JSON Schema of `verify`; new reference */
json_t *zdd_verify_schema(enum zdd_verify_kind kind);
