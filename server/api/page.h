/**
 * @file server/api/page.h
 * @brief Lists: a page of items, an opaque cursor for the next, a Link header.
 *
 * A cursor is the key of the last item with a hash of path and filters, so that it fits only the
 * list it came from. Keyset paging: page 1000 costs what page 1 costs.
 */
#pragma once

#include "server/http/call.h"
#include "server/json/writer.h"
#include "strategies/model/limits.h"

#define ZDD_PAGE_LIMIT_MAX 200
#define ZDD_PAGE_LIMIT_DEFAULT 50
#define ZDD_PAGE_HASH_SIZE 17

struct zdd_page {
    struct zdd_call *call;
    struct zdd_writer w;           /* writes into the reply, inside "items" */
    char after[ZDD_APP_ID_SIZE];   /* key of the last item of the page before, "" on the first */
    char last[ZDD_APP_ID_SIZE];    /* key of the last item written */
    char hash[ZDD_PAGE_HASH_SIZE]; /* of path and filters */
    int limit;                     /* items of this page */
    int ask;                       /* items to ask storage for: one more, where it may */
    int count;                     /* items written */
    bool more;                     /* there are more */
};

/**
 * Read limit and cursor and begin the reply. @p filters are the other query parameters the list
 * knows; any further one is refused.
 * @return NONE or QUERY_INVALID
 */
ZDD_MUST_CHECK enum zdd_err zdd_page_open(struct zdd_page *page, struct zdd_call *call,
                                          const char *const filters[], size_t count);

/** Before an item is written: note its key. @return false when the page is full; then write nothing
 * and stop */
bool zdd_page_item(struct zdd_page *page, const char *key);
/** The same with a number as key. */
bool zdd_page_number(struct zdd_page *page, int64_t key);

/** Key of the page before as a number, 0 on the first page. @return NONE or QUERY_INVALID */
ZDD_MUST_CHECK enum zdd_err zdd_page_after_number(const struct zdd_page *page, int64_t *ret_number);

/** End the reply: nextCursor and Link. @return what went wrong while it was written */
ZDD_MUST_CHECK enum zdd_err zdd_page_close(struct zdd_page *page);
