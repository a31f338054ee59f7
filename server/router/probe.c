/**
 * @file server/router/probe.c
 * @brief Trying Runtime APIs.
 */
#include "server/router/probe.h"

#include "server/base/buf.h"
#include "server/base/clock.h"
#include "server/router/runtime.h"

#include <stdio.h>
#include <string.h>

#define ANSWER_MAX 4096

/* HAProxy looks at the level first, and then for the server. */
static const char order[] = "set server zdd-server/probe weight 1";

static bool is_good(const struct zdd_place *place, char reason[static ZDD_ROUTER_REASON_SIZE])
{
    ZDD_AUTO_BUF struct zdd_buf words = {.max = ANSWER_MAX};

    if (!place->known) {
        snprintf(reason, ZDD_ROUTER_REASON_SIZE, "%s: nobody knows an address of it", place->name);
        return false;
    }
    if (zdd_runtime_ask(place, order, zdd_mono_ms() + ZDD_PROBE_LIMIT_MS, &words, reason) !=
        ZDD_ERR_NONE)
        return false;
    const char *answer = words.size > 0 ? words.data : "";

    if (strstr(answer, "No such"))
        return true;
    if (strstr(answer, "Permission denied"))
        snprintf(reason, ZDD_ROUTER_REASON_SIZE,
                 "%s: its level does not let weights be set; the configuration needs \"level "
                 "admin\" behind that \"stats socket\"",
                 place->name);
    else
        snprintf(reason, ZDD_ROUTER_REASON_SIZE, "%s: this is no Runtime API of HAProxy",
                 place->name);
    return false;
}

bool zdd_haproxy_probe(const struct zdd_router_options *options, zdd_probe_say *say, void *cls)
{
    const struct zdd_places_options given = {.targets = options->balancers,
                                             .target_count = options->balancer_count,
                                             .resolve = options->resolve,
                                             .cls = options->resolve_cls};
    char reason[ZDD_ROUTER_REASON_SIZE] = "there is no memory or no thread";
    struct zdd_place list[ZDD_BALANCER_MAX];
    struct zdd_places *places = NULL;
    bool good = true;

    if (zdd_places_open(&given, &places, reason) != ZDD_ERR_NONE) {
        say(cls, reason);
        return false;
    }
    const size_t found = zdd_places_list(places, ZDD_PROBE_LIMIT_MS, list);

    for (size_t i = 0; i < found && i < ZDD_BALANCER_MAX; i++) {
        if (is_good(&list[i], reason))
            continue;
        good = false;
        say(cls, reason);
    }
    zdd_places_close(places);
    return good;
}
