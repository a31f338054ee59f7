/**
 * @file server/router/answers.h
 * @brief What the agent says of every server of every pair, and who has fetched it. Thread-safe.
 *
 * The rules of marathon-lb.md §4.c in one place: a weight is said in percent of the base weight 1,
 * so "7500%" is 75; drain and maint end by "ready" only, a "down" that anybody said by "up" only,
 * so each answer says all of it.
 */
#pragma once

#include "server/engine/router.h"

#define ZDD_ANSWER_SIZE 24 /* "up ready 25600%", line feed, NUL */

struct zdd_answers;

/** What one server shall do. */
struct zdd_wish {
    enum zdd_serving serving;
    int32_t weight; /* 0 unless it serves */
};

/** @return NULL without memory */
struct zdd_answers *zdd_answers_new(void);

/** NULL is fine. @return NULL */
struct zdd_answers *zdd_answers_free(struct zdd_answers *answers);

/**
 * From now on say this of the pair's servers, and nothing of those that it had before. What is said
 * of a server as before stays fetched. When two pairs claim one address the later order counts.
 * @return ZDD_ERR_NONE; ZDD_ERR_NO_MEMORY, and all is as before
 */
ZDD_MUST_CHECK enum zdd_err zdd_answers_set(struct zdd_answers *answers,
                                            const struct zdd_router_order *order);

/** Say nothing of the pair any more. An unknown one is fine. */
void zdd_answers_forget(struct zdd_answers *answers, const char *pair);

/**
 * The answer for the server at @p address, fetched by @p source ("10.0.0.5") at @p now_ms.
 * @return its bytes, line feed included; 0 for a server that nothing is said of
 */
size_t zdd_answers_fetch(struct zdd_answers *answers, const char *address, const char *source,
                         int64_t now_ms, char ret_text[static ZDD_ANSWER_SIZE]);

/** Look up what a server shall do, without a receipt. @return false when nothing is said of it */
bool zdd_answers_wish(struct zdd_answers *answers, const char *address, struct zdd_wish *ret_wish);

/** Who has asked for servers of the pair. @return how many */
size_t zdd_answers_receipts(struct zdd_answers *answers, const char *pair,
                            struct zdd_router_receipt ret_receipts[static ZDD_SOURCE_MAX]);
