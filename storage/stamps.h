/**
 * @file storage/stamps.h
 * @brief Has it changed since? For those who keep what they have read.
 *
 * Each key (a deployment's id, ZDD_STAMP_TOKENS) has a number that grows with each transaction of
 * this store which touches it; keys share numbers, so one can grow for nothing. It is odd from the
 * first touch until the transaction is committed or undone, else even:
 *
 *     stamp = zdd_stamp_of(store, key);    before reading
 *     read; keep what was read with the stamp, unless it is odd
 *     …
 *     what is kept holds while zdd_stamp_of(store, key) is the same
 *
 * A commit is answered after its keys have got their next even number: so whoever has heard of a
 * change cannot be served what was before. Other processes are not seen; they write tokens only,
 * see ZDD_TOKEN_KEPT_MS. (After the kernel's sequence locks.)
 */
#pragma once

#include "storage/store.h"

#include <stdbool.h>
#include <stdint.h>

/** The key of all tokens and sessions together. */
#define ZDD_STAMP_TOKENS "tokens"

/** @return the key's number now; from any thread, without a lock */
uint64_t zdd_stamp_of(const struct zdd_store *store, const char *key);

/** @return true when what was read under @p stamp may be kept */
static inline bool zdd_stamp_rests(uint64_t stamp)
{
    return stamp % 2 == 0;
}
