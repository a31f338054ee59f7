/**
 * @file server/http/cors.c
 * @brief Pages of other origins that may call.
 */
#include "server/http/cors.h"

#include <string.h>
#include <strings.h>

#define PREFLIGHT_KEPT_S 600

static const char methods[] = "GET, POST, DELETE";
static const char request_headers[] =
    "Authorization, Content-Type, Idempotency-Key, If-Match, If-None-Match, Last-Event-ID, Prefer, "
    "Traceparent, X-Request-Id";
static const char reply_headers[] =
    "ETag, Idempotent-Replayed, Link, Location, Preference-Applied, RateLimit, RateLimit-Policy, "
    "Retry-After, Traceparent, WWW-Authenticate, X-Request-Id";

_Static_assert(sizeof(request_headers) <= ZDD_CALL_HEADER_SIZE, "it would not be sent");
_Static_assert(sizeof(reply_headers) <= ZDD_CALL_HEADER_SIZE, "it would not be sent");

/* One element of the list, without blanks around it. @return what is behind it */
static const char *next(const char *list, const char **ret_origin, size_t *ret_size)
{
    list += strspn(list, " ,");
    *ret_origin = list;
    *ret_size = strcspn(list, " ,");
    return list + *ret_size;
}

static bool is_origin(const char *text, size_t size)
{
    const char *const schemes[] = {"https://", "http://"};

    if (size == 1 && *text == '*')
        return true;
    if (size >= ZDD_CALL_HEADER_SIZE)
        return false; /* a host's name has 253 bytes at most; and it is sent back in a header */
    for (size_t i = 0; i < sizeof(schemes) / sizeof(schemes[0]); i++) {
        const size_t skip = strlen(schemes[i]);

        if (size > skip && strncmp(text, schemes[i], skip) == 0)
            return strcspn(text + skip, "/?#@\\\"' ,") == size - skip;
    }
    return false;
}

bool zdd_cors_valid(const char *origins)
{
    const char *origin;
    size_t size;

    for (const char *at = origins ? origins : ""; *(at = next(at, &origin, &size)) || size > 0;) {
        if (!is_origin(origin, size))
            return false;
    }
    return true;
}

bool zdd_cors_allows(const char *origins, const char *origin)
{
    const char *allowed;
    size_t size;

    if (!origins || !origin || !*origin)
        return false;
    for (const char *at = origins; *(at = next(at, &allowed, &size)) || size > 0;) {
        if (size == 1 && *allowed == '*')
            return true;
        if (size == strlen(origin) && strncasecmp(allowed, origin, size) == 0)
            return true;
    }
    return false;
}

void zdd_cors_note(struct zdd_call *call, const char *origins)
{
    const char *origin = zdd_call_header(call, "Origin");

    if (!origins || !*origins)
        return;
    zdd_call_add_header(call, "Vary", "Origin");
    if (!zdd_cors_allows(origins, origin))
        return;
    /* Where all are allowed it is not the caller who says how long the header is. */
    zdd_call_add_header(call, "Access-Control-Allow-Origin", "%s",
                        zdd_cors_allows(origins, "*") ? "*" : origin);
    zdd_call_add_header(call, "Access-Control-Expose-Headers", "%s", reply_headers);
}

bool zdd_cors_preflight(struct zdd_call *call, const char *origins)
{
    if (strcmp(call->method, "OPTIONS") != 0 ||
        !zdd_call_header(call, "Access-Control-Request-Method") ||
        !zdd_cors_allows(origins, zdd_call_header(call, "Origin")))
        return false;
    call->status = 204;
    zdd_call_add_header(call, "Access-Control-Allow-Methods", "%s", methods);
    zdd_call_add_header(call, "Access-Control-Allow-Headers", "%s", request_headers);
    zdd_call_add_header(call, "Access-Control-Max-Age", "%d", PREFLIGHT_KEPT_S);
    return true;
}
