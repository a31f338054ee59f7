/**
 * @file tests/fuzz/fuzz_headers.c
 * @brief Headers with a grammar of their own: Accept, ETags, Prefer; and what replies quote back.
 */
#include "server/api/inside.h"
#include "tests/fuzz/fuzz.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static void check_accept(const char *accept)
{
    static const unsigned flags[] = {0, ZDD_ROUTE_SSE, ZDD_ROUTE_NDJSON, ZDD_ROUTE_TEXT,
                                     ZDD_ROUTE_TEXT_ONLY};

    for (size_t i = 0; i < ZDD_COUNT(flags); i++) {
        const enum zdd_media media = zdd_accept_choose(accept, flags[i]);

        FUZZ_CHECK(media != ZDD_MEDIA_SSE || flags[i] == ZDD_ROUTE_SSE);
        FUZZ_CHECK(media != ZDD_MEDIA_NDJSON || flags[i] == ZDD_ROUTE_NDJSON);
        FUZZ_CHECK(media != ZDD_MEDIA_JSON || flags[i] != ZDD_ROUTE_TEXT_ONLY);
    }
}

/* What the list names stands in it: a match must never be made up. */
static void check_etag(const char *list)
{
    static const int64_t revisions[] = {0, 1, 3, 42, INT64_MAX};

    for (size_t i = 0; i < ZDD_COUNT(revisions); i++) {
        char tag[32]; /* without its end: "3" or "3-gzip" */

        snprintf(tag, sizeof(tag), "\"%" PRId64, revisions[i]);
        if (zdd_etag_listed(list, revisions[i]))
            FUZZ_CHECK(strstr(list, tag) || strchr(list, '*'));
    }
}

static void check_prefer(const char *prefer)
{
    const int wait = zdd_prefer_wait(prefer, 60);

    FUZZ_CHECK(wait >= -1 && wait <= 60);
    FUZZ_CHECK(zdd_prefer_wait(prefer, 0) <= 0);
}

/* No value can forge a header or spoil the problem that quotes it. */
static void check_reply(const char *text)
{
    struct zdd_call call = {.status = 200};
    const char *added;
    ZDD_AUTO_JSON json_t *problem = NULL;

    zdd_call_add_header(&call, "Link", "<%s>", text);
    added = zdd_call_added(&call, "link");
    for (const char *at = added ? added : ""; *at; at++)
        FUZZ_CHECK((unsigned char)*at >= ' ' && *at != 0x7F);
    (void)zdd_call_fail(&call, ZDD_ERR_QUERY_INVALID, "not \"%.40s\" but %s", text, text);
    zdd_call_problem(&call, ZDD_ERR_QUERY_INVALID);
    problem = fuzz_must_json(call.reply.data, call.reply.size);
    FUZZ_CHECK(json_is_string(json_object_get(problem, "detail")));
    zdd_call_release(&call);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    FUZZ_AUTO_PARTS struct fuzz_parts parts = fuzz_split(data, size, 1);

    check_accept(parts.text[0]);
    check_etag(parts.text[0]);
    check_prefer(parts.text[0]);
    check_reply(parts.text[0]);
    return 0;
}
