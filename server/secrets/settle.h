/**
 * @file server/secrets/settle.h
 * @brief At the start: what is at rest is brought to the present rules and the present key.
 */
#pragma once

#include "server/secrets/secrets.h"

/** What was done. */
struct zdd_settled {
    int64_t definitions;    /* plans and revisions that held secrets, or held them by other rules */
    int64_t sealed;         /* values sealed by the present key that were not */
    int64_t audited;        /* audit entries that quote a secret: they stay, for the chain is not
                               rewritten */
    bool wrung;             /* the file was written anew without its free pages */
    enum zdd_err wring_err; /* why that could not be; the next start tries again */
};

/** Who waits for it: a large database takes minutes. */
struct zdd_settle_watch {
    const bool *give_up;                   /* polled for each row; NULL: never */
    void (*tell)(void *cls, int64_t rows); /* now and then: so many were looked at; NULL: nobody */
    void *cls;
};

/**
 * Move secrets out of plans and revisions from before, or found by other patterns now; seal values
 * of former keys, and those without, by the first key. In transactions of bounded size, each of
 * which can be the last one: the next start goes on. Before anybody else uses the store.
 * @param[out] ret_reason  on failure: what, and what to do
 * @return NONE, BODY_INVALID (a former key is missing), STORE_BUSY (told to give up), NO_MEMORY or
 * a store error
 */
ZDD_MUST_CHECK enum zdd_err zdd_secrets_settle(const struct zdd_secrets *secrets,
                                               const struct zdd_settle_watch *watch,
                                               struct zdd_settled *ret_settled,
                                               char ret_reason[static ZDD_SECRETS_REASON_SIZE]);
