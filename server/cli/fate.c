/**
 * @file server/cli/fate.c
 * @brief For tests only: the end at a named point.
 */
#include "server/cli/fate.h"

#include "server/cli/cli.h"
#include "strategies/model/limits.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>

#define PASSINGS_MAX 1000000

static const char *const names[] = {
#define ZDD_POINT(name, text_name, text) text_name,
#include "server/engine/points.def"
#undef ZDD_POINT
#define ZDD_STORE_POINT(name, text_name, text) text_name,
#include "storage/points.def"
#undef ZDD_STORE_POINT
};
_Static_assert(ZDD_COUNT(names) == (size_t)ZDD_POINT_COUNT + (size_t)ZDD_STORE_POINT_COUNT,
               "the engine's points, then the store's");

static int find(const char *text, size_t size)
{
    for (size_t i = 0; i < ZDD_COUNT(names); i++) {
        if (strlen(names[i]) == size && strncmp(text, names[i], size) == 0)
            return (int)i;
    }
    return -1;
}

bool zdd_fate_read(struct zdd_fate *ret_fate)
{
    /* Before any other thread exists. NOLINTNEXTLINE(concurrency-mt-unsafe) */
    const char *text = getenv(ZDD_FATE_ENV);
    const char *colon = text ? strchr(text, ':') : NULL;
    char *end = NULL;
    long passings = 0;

    ret_fate->point = -1;
    if (!text)
        return true;
    if (colon) {
        passings = strtol(colon + 1, &end, 10);
        ret_fate->point = find(text, (size_t)(colon - text));
    }
    if (ret_fate->point < 0 || end == colon + 1 || *end || passings < 1 ||
        passings > PASSINGS_MAX) {
        zdd_cli_say(ZDD_FATE_ENV " is for tests; it wants \"<point>:<n>\", not \"%.100s\"", text);
        return false;
    }
    atomic_init(&ret_fate->left, (int)passings);
    return true;
}

static void pass(struct zdd_fate *fate, int point)
{
    if (point == fate->point && atomic_fetch_sub(&fate->left, 1) == 1)
        (void)raise(SIGKILL);
}

bool zdd_fate_dies(void *cls, enum zdd_point point)
{
    pass(cls, (int)point);
    return false;
}

void zdd_fate_passes(void *cls, enum zdd_store_point point)
{
    pass(cls, (int)ZDD_POINT_COUNT + (int)point);
}
