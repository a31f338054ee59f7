/**
 * @file server/api/page.c
 * @brief Pages and cursors.
 */
#include "server/api/page.h"

#include "server/api/inside.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FILTER_MAX 8
#define CURSOR_SIZE ((ZDD_APP_ID_SIZE + ZDD_PAGE_HASH_SIZE) * 4 / 3 + 4)

static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/* base64url without padding (RFC 4648 section 5) */
static void encode(const char *text, char ret_cursor[static CURSOR_SIZE])
{
    const size_t size = strlen(text);
    size_t used = 0;

    for (size_t i = 0; i < size; i += 3) {
        const size_t here = size - i < 3 ? size - i : 3;
        uint32_t bits = 0;

        for (size_t k = 0; k < 3; k++)
            bits = bits << 8 | (k < here ? (unsigned char)text[i + k] : 0U);
        for (size_t k = 0; k <= here; k++)
            ret_cursor[used++] = digits[bits >> (18 - 6 * k) & 63];
    }
    ret_cursor[used] = '\0';
}

static bool decode(const char *cursor, char *ret_text, size_t size)
{
    size_t used = 0;
    uint32_t bits = 0;
    int have = 0;

    for (; *cursor; cursor++) {
        const char *digit = strchr(digits, *cursor);

        if (!digit || used + 1 >= size)
            return false;
        bits = bits << 6 | (uint32_t)(digit - digits);
        have += 6;
        if (have >= 8) {
            have -= 8;
            ret_text[used++] = (char)(bits >> have & 255);
        }
    }
    ret_text[used] = '\0';
    return strlen(ret_text) == used;
}

/* A hash of what makes this list this one: the path, and the filters in the table's order. */
static enum zdd_err hash_filters(struct zdd_page *page, const char *const filters[], size_t count)
{
    char hex[ZDD_SHA256_HEX_SIZE];
    ZDD_AUTO_BUF struct zdd_buf text = {0};

    zdd_buf_text(&text, page->call->path);
    for (size_t i = 0; i < count; i++) {
        const char *value = zdd_call_query(page->call, filters[i]);

        if (value)
            zdd_buf_printf(&text, "\n%s=%s", filters[i], value);
    }
    if (text.err != ZDD_ERR_NONE)
        return text.err;
    zdd_sha256_hex(text.data, text.size, hex);
    memcpy(page->hash, hex, ZDD_PAGE_HASH_SIZE - 1);
    page->hash[ZDD_PAGE_HASH_SIZE - 1] = '\0';
    return ZDD_ERR_NONE;
}

static enum zdd_err read_cursor(struct zdd_page *page)
{
    const char *cursor = zdd_call_query(page->call, "cursor");
    char text[ZDD_PAGE_HASH_SIZE - 1 + sizeof(page->after)];
    const size_t hash_size = ZDD_PAGE_HASH_SIZE - 1;

    if (!cursor)
        return ZDD_ERR_NONE;
    if (!decode(cursor, text, sizeof(text)) || strlen(text) <= hash_size ||
        strncmp(text, page->hash, hash_size) != 0)
        return zdd_call_fail(page->call, ZDD_ERR_QUERY_INVALID,
                             "the cursor is not one that this list gave, with these filters; start "
                             "again without it");
    snprintf(page->after, sizeof(page->after), "%s", text + hash_size);
    return ZDD_ERR_NONE;
}

enum zdd_err zdd_page_open(struct zdd_page *page, struct zdd_call *call,
                           const char *const filters[], size_t count)
{
    const char *known[FILTER_MAX + 2] = {"limit", "cursor"};
    int64_t limit;
    enum zdd_err err;

    assert(count <= FILTER_MAX);
    *page = (struct zdd_page){.call = call, .w = {.buf = &call->reply}};
    for (size_t i = 0; i < count; i++)
        known[i + 2] = filters[i];
    err = zdd_ask_known(call, known, count + 2);
    if (err == ZDD_ERR_NONE)
        err = zdd_call_query_int(call, "limit", 1, ZDD_PAGE_LIMIT_MAX, ZDD_PAGE_LIMIT_DEFAULT,
                                 &limit);
    if (err == ZDD_ERR_NONE)
        err = hash_filters(page, filters, count);
    if (err == ZDD_ERR_NONE)
        err = read_cursor(page);
    if (err != ZDD_ERR_NONE)
        return err;
    page->limit = (int)limit;
    page->ask = page->limit < ZDD_PAGE_LIMIT_MAX ? page->limit + 1 : ZDD_PAGE_LIMIT_MAX;
    zdd_w_object(&page->w, NULL);
    zdd_w_array(&page->w, "items");
    return ZDD_ERR_NONE;
}

bool zdd_page_item(struct zdd_page *page, const char *key)
{
    if (page->count == page->limit) {
        page->more = true;
        return false;
    }
    snprintf(page->last, sizeof(page->last), "%s", key);
    page->count++;
    /* Storage gives no more than this at once, so a full page may have more behind it. */
    page->more = page->count == ZDD_PAGE_LIMIT_MAX;
    return true;
}

bool zdd_page_number(struct zdd_page *page, int64_t key)
{
    char text[24];

    snprintf(text, sizeof(text), "%" PRId64, key);
    return zdd_page_item(page, text);
}

enum zdd_err zdd_page_after_number(const struct zdd_page *page, int64_t *ret_number)
{
    char *end = NULL;
    long long number;

    *ret_number = 0;
    if (!page->after[0])
        return ZDD_ERR_NONE;
    errno = 0;
    number = strtoll(page->after, &end, 10);
    if (*end || errno || number < 1)
        return zdd_call_fail(page->call, ZDD_ERR_QUERY_INVALID, "the cursor is broken");
    *ret_number = number;
    return ZDD_ERR_NONE;
}

/* The path and query of the next page: the same one with another cursor. */
static void add_link(struct zdd_page *page, const char *cursor)
{
    struct zdd_call *call = page->call;
    ZDD_AUTO_BUF struct zdd_buf link = {0};

    zdd_buf_printf(&link, "<%s?limit=%d", call->path, page->limit);
    for (size_t i = 0; i < call->query_count; i++) {
        const char *name = call->query[i].name;

        if (strcmp(name, "limit") == 0 || strcmp(name, "cursor") == 0)
            continue;
        zdd_buf_printf(&link, "&%s=", name);
        for (const char *c = call->query[i].value; *c; c++) {
            if (strchr(digits, *c) || *c == '.' || *c == '~')
                zdd_buf_append(&link, c, 1);
            else
                zdd_buf_printf(&link, "%%%02X", (unsigned)(unsigned char)*c);
        }
    }
    zdd_buf_printf(&link, "&cursor=%s", cursor);
    zdd_buf_text(&link, ">; rel=\"next\"");
    /* Too long for a header: nextCursor in the body says the same. */
    if (link.err == ZDD_ERR_NONE && link.size < ZDD_CALL_HEADER_SIZE)
        zdd_call_add_header(call, "Link", "%s", link.data);
}

enum zdd_err zdd_page_close(struct zdd_page *page)
{
    char text[ZDD_APP_ID_SIZE + ZDD_PAGE_HASH_SIZE];
    char cursor[CURSOR_SIZE];

    zdd_w_end_array(&page->w);
    if (page->more) {
        snprintf(text, sizeof(text), "%s%s", page->hash, page->last);
        encode(text, cursor);
        zdd_w_text(&page->w, "nextCursor", cursor);
        add_link(page, cursor);
    } else {
        zdd_w_null(&page->w, "nextCursor");
    }
    zdd_w_end_object(&page->w);
    return zdd_answer(page->call, ZDD_ERR_NONE);
}
