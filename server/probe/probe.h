/**
 * @file server/probe/probe.h
 * @brief Checks by HTTP, behind the engine's interface: every new instance is asked directly, all
 * side by side, within ZDD_PROBE_TOTAL_MS together.
 *
 * Whoever may plan can make the server GET any path of the new instances, and any page of the hosts
 * in the setting verify-hosts. Redirects are not followed, answers are cut at
 * ZDD_PROBE_BODY_MAX, and of what they say only the judged value is kept.
 */
#pragma once

#include "server/engine/probe.h"

#define ZDD_PROBE_TOTAL_MS 5000
#define ZDD_PROBE_BODY_MAX ((size_t)64 * 1024)

struct zdd_http_probe {
    const char *hosts; /* as zdd_check_host_allowed() takes them; borrowed */
};

/** @return the probe behind the interface; @p probe stays borrowed */
struct zdd_probe zdd_http_probe(const struct zdd_http_probe *probe);
