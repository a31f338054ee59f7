/**
 * @file server/router/traces.c
 * @brief What the labels of an app tell of the deployment that it came by.
 */
#include "server/router/traces.h"

#include "server/base/clock.h"
#include "server/router/dress_check.h"
#include "server/router/label.h"
#include "server/router/labels.h"
#include "strategies/model/limits.h"

#include <stdio.h>
#include <string.h>

#define DATE_SIZE 10 /* "2024-05-01" */

bool zdd_started_parse(const char *started, int64_t *ret_ms)
{
    char whole[64];

    snprintf(whole, sizeof(whole), "%.40s%s%s", started,
             strlen(started) == DATE_SIZE ? "T00:00:00" : "",
             zdd_started_has_zone(started) ? "" : "Z");
    if (strlen(whole) > DATE_SIZE && whole[DATE_SIZE] == ' ')
        whole[DATE_SIZE] = 'T';
    return zdd_time_parse(whole, ret_ms);
}

/* A label with a number of instances; 0 when it is absent, no number, or beyond any app. */
static int32_t count_of(const json_t *app, const char *name)
{
    const char *label = zdd_label_of(app, name);
    int32_t count = 0;

    for (; label && *label >= '0' && *label <= '9' && count <= ZDD_INSTANCES_MAX; label++)
        count = count * 10 + (*label - '0');
    return label && !*label && count <= ZDD_INSTANCES_MAX ? count : 0;
}

static bool has_our_line(const json_t *app)
{
    for (size_t i = 0; i < ZDD_APP_PORT_MAX; i++) {
        const char *line = zdd_label_of_port(app, i, "BACKEND_SERVER_OPTIONS");

        if (line && (strstr(line, "agent-check") || zdd_label_is_ours(line)))
            return true;
    }
    return false;
}

struct zdd_traces zdd_traces_of(const json_t *app)
{
    struct zdd_traces traces = {
        .started_at = zdd_label_of(app, ZDD_STARTED_AT),
        .target = count_of(app, "HAPROXY_DEPLOYMENT_TARGET_INSTANCES"),
        .new_instances = count_of(app, "HAPROXY_DEPLOYMENT_NEW_INSTANCES"),
        .is_dressed = zdd_label_of(app, "HAPROXY_DEPLOYMENT_GROUP") && has_our_line(app),
    };

    if (traces.started_at && !zdd_started_parse(traces.started_at, &traces.started_ms))
        traces.started_ms = 0;
    return traces;
}
