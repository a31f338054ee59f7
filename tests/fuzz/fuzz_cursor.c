/**
 * @file tests/fuzz/fuzz_cursor.c
 * @brief Lists: any query is refused or opens a page, and the cursor a page gives leads on from it.
 */
#include "server/api/page.h"
#include "tests/fuzz/fuzz.h"

#include <string.h>

static const char *const filters[] = {"appId", "state", "type"};

static enum zdd_err open_page(struct zdd_page *page, struct zdd_call *call, const char *target)
{
    const enum zdd_err err = zdd_call_open(call, target);

    return err == ZDD_ERR_NONE ? zdd_page_open(page, call, filters, ZDD_COUNT(filters)) : err;
}

static void must_go_on(const char *path, const char *cursor, const char *query, const char *key)
{
    struct zdd_call call = {.status = 200};
    struct zdd_page page;
    ZDD_AUTO_BUF struct zdd_buf target = {0};

    zdd_buf_printf(&target, "%s?%s%scursor=%s", path, query, *query ? "&" : "", cursor);
    FUZZ_CHECK(open_page(&page, &call, target.data) == ZDD_ERR_NONE);
    FUZZ_CHECK(strcmp(page.after, key) == 0);
    zdd_call_release(&call);
}

/* Fill a page and one item more, with @p key as the last one that it holds. */
static void fill(struct zdd_page *page, const char *key)
{
    for (int i = 0; i < page->limit; i++) {
        FUZZ_CHECK(zdd_page_item(page, i + 1 < page->limit ? "another" : key));
        zdd_w_text(&page->w, NULL, "item");
    }
    if (page->limit < ZDD_PAGE_LIMIT_MAX)
        FUZZ_CHECK(!zdd_page_item(page, "one more"));
}

static void check_page(struct zdd_page *page, const char *key)
{
    ZDD_AUTO_JSON json_t *json = NULL;
    int64_t number = -1;

    FUZZ_CHECK(page->limit >= 1 && page->limit <= ZDD_PAGE_LIMIT_MAX);
    if (zdd_page_after_number(page, &number) == ZDD_ERR_NONE)
        FUZZ_CHECK(number >= 0);
    fill(page, key);
    FUZZ_CHECK(zdd_page_close(page) == ZDD_ERR_NONE);
    json = fuzz_must_json(page->call->reply.data, page->call->reply.size);
    FUZZ_CHECK(json_array_size(json_object_get(json, "items")) == (size_t)page->limit);
    FUZZ_CHECK(json_is_string(json_object_get(json, "nextCursor")));
    if (page->call->query_count == 0)
        must_go_on(page->call->path, json_string_value(json_object_get(json, "nextCursor")), "",
                   key);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    FUZZ_AUTO_PARTS struct fuzz_parts parts = fuzz_split(data, size, 2);
    struct zdd_call call = {.status = 200};
    struct zdd_page page;
    char *key = parts.text[1];

    /* Keys are ids and numbers: texts that fit. */
    if (parts.size[1] >= ZDD_APP_ID_SIZE)
        key[ZDD_APP_ID_SIZE - 1] = '\0';
    if (!*key || !fuzz_is_utf8(key))
        key = parts.text[1] + strlen(parts.text[1]);
    if (open_page(&page, &call, parts.text[0]) == ZDD_ERR_NONE)
        check_page(&page, *key ? key : "7");
    else
        FUZZ_CHECK(call.detail[0]);
    zdd_call_release(&call);
    return 0;
}
