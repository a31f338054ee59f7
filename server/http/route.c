/**
 * @file server/http/route.c
 * @brief Which row of a route table fits a path.
 */
#include "server/http/call.h"
#include "server/http/percent.h"

#include <assert.h>
#include <string.h>
#include <strings.h>

/* Where the arguments lie in the path, still encoded. */
struct match {
    size_t count;
    struct {
        const char *text;
        size_t size;
    } arg[ZDD_CALL_ARG_MAX];
};

/* Take one argument from *path by the "{…}" or "{…*}" at *pattern; move both behind it. */
static bool take_arg(const char **pattern, const char **path, struct match *match)
{
    const char *end = strchr(*pattern, '}');
    const bool rest = end[-1] == '*';
    const size_t size = rest ? strlen(*path) : strcspn(*path, "/");

    assert(match->count < ZDD_CALL_ARG_MAX);
    assert(!rest || !end[1]);
    if (size == 0)
        return false;
    match->arg[match->count].text = *path;
    match->arg[match->count].size = size;
    match->count++;
    *pattern = end + 1;
    *path += size;
    return true;
}

static bool path_fits(const char *pattern, const char *path, struct match *match)
{
    match->count = 0;
    while (*pattern) {
        if (*pattern == '{') {
            if (!take_arg(&pattern, &path, match))
                return false;
        } else if (*pattern++ != *path++) {
            return false;
        }
    }
    return *path == '\0';
}

static bool method_fits(const char *routed, const char *method)
{
    return strcmp(routed, method) == 0 ||
           (strcmp(routed, "GET") == 0 && strcmp(method, "HEAD") == 0);
}

/* There is room for the whole path: each argument's NUL takes the place of a slash or of the end.
 */
static enum zdd_err keep_args(struct zdd_call *call, const struct match *match)
{
    char *room = call->arg_memory;

    for (size_t i = 0; i < match->count; i++) {
        memcpy(room, match->arg[i].text, match->arg[i].size);
        room[match->arg[i].size] = '\0';
        if (!zdd_percent_decode(room, false))
            return zdd_call_fail(call, ZDD_ERR_QUERY_INVALID,
                                 "path argument %zu: broken percent-encoding (each %%XX is a byte "
                                 "of UTF-8, never 00)",
                                 i + 1);
        call->arg[i] = room;
        room += match->arg[i].size + 1;
    }
    return ZDD_ERR_NONE;
}

struct methods {
    char text[128];
};

/* "GET, HEAD, POST": each once. */
static void allow(struct methods *methods, const char *method)
{
    const size_t size = strlen(methods->text);
    const size_t more = strlen(method);
    const char *found = methods->text;

    for (; (found = strstr(found, method)); found += more) {
        if (found[more] == ',' || found[more] == '\0')
            return;
    }
    assert(size + 2 + more < sizeof(methods->text)); /* there are nine methods in all */
    if (size > 0)
        memcpy(methods->text + size, ", ", 2);
    memcpy(methods->text + size + (size ? 2 : 0), method, more + 1);
    if (strcmp(method, "GET") == 0)
        allow(methods, "HEAD");
}

enum zdd_err zdd_call_route(struct zdd_call *call, const struct zdd_route *routes,
                            size_t route_count)
{
    struct methods methods = {""};
    struct match match;

    for (size_t i = 0; i < route_count; i++) {
        if (!path_fits(routes[i].path, call->path, &match))
            continue;
        if (method_fits(routes[i].method, call->method)) {
            call->route = &routes[i];
            return keep_args(call, &match);
        }
        allow(&methods, routes[i].method);
    }
    if (!methods.text[0])
        return zdd_call_fail(call, ZDD_ERR_ROUTE_UNKNOWN, "nothing is at %.200s", call->path);
    zdd_call_add_header(call, "Allow", "%s", methods.text);
    return zdd_call_fail(call, ZDD_ERR_METHOD_UNKNOWN, "%.20s is not possible here, but %s",
                         call->method, methods.text);
}
