/**
 * @file server/json/appdef_check_probes.c
 * @brief The rules for health and readiness checks.
 */
#include "server/json/appdef_parts.h"
#include "server/json/words.h"

#include <stdio.h>
#include <string.h>

#define PORTS_LISTED_MAX 16 /* names told in an error */

static bool is_mesos_check(const char *protocol)
{
    return strncmp(protocol, "MESOS_", 6) == 0;
}

/* @return what is wrong with how @p check names its port, NULL when nothing is; @p check has its
 * defaults */
static const char *judge_port(const json_t *check, size_t ports)
{
    const int64_t index = zdd_json_int(check, "portIndex", -1);

    if (!zdd_appdef_marathon_check(check) || json_object_get(check, "port"))
        return NULL;
    if (ports == 0)
        return "needs a port, but the app declares none: set port, or declare one";
    return index < (int64_t)ports ? NULL : "points behind the last declared port";
}

static void check_health_check(const struct zdd_appdef_view *view, const json_t *check, size_t i)
{
    const char *protocol = zdd_json_text(check, "protocol", "HTTP");
    const bool docker =
        strcmp(zdd_json_text(json_object_get(view->canonical, "container"), "type", ""),
               "DOCKER") == 0;
    const char *wrong = judge_port(check, json_array_size(zdd_appdef_ports(view->canonical)));
    char place[64];

    snprintf(place, sizeof(place), "/healthChecks/%zu/portIndex", i);
    if (wrong)
        zdd_appdef_complain(view, place, "%s", wrong);
    snprintf(place, sizeof(place), "/healthChecks/%zu/command", i);
    if (strcmp(protocol, "COMMAND") == 0 && !json_object_get(check, "command"))
        zdd_appdef_complain(view, place, "is required for COMMAND: {\"value\": \"…\"}");
    snprintf(place, sizeof(place), "/healthChecks/%zu/ipProtocol", i);
    if (strcmp(zdd_json_text(check, "ipProtocol", "IPv4"), "IPv6") == 0 &&
        !(docker && is_mesos_check(protocol)))
        zdd_appdef_complain(view, place, "IPv6 works only for MESOS_ checks of the DOCKER engine");
}

static void check_health(const struct zdd_appdef_view *view)
{
    const json_t *checks = json_object_get(view->canonical, "healthChecks");
    size_t mesos = 0;

    for (size_t i = 0; i < json_array_size(checks); i++) {
        const json_t *check = json_array_get(checks, i);

        mesos += is_mesos_check(zdd_json_text(check, "protocol", "HTTP"));
        if (json_is_object(check))
            check_health_check(view, check, i);
    }
    if (mesos > 1)
        zdd_appdef_complain(view, "/healthChecks",
                            "must hold at most one check that Mesos runs, not %zu", mesos);
}

static void check_port_name(const struct zdd_appdef_view *view, const json_t *check)
{
    const json_t *ports = zdd_appdef_ports(view->canonical);
    const char *wanted = zdd_json_text(check, "portName", "");
    const char *names[PORTS_LISTED_MAX];
    char list[80], quoted[ZDD_WORDS_QUOTE_SIZE];
    size_t count = 0;

    for (size_t j = 0; j < json_array_size(ports); j++) {
        const char *name = zdd_json_text(json_array_get(ports, j), "name", NULL);

        if (name && strcmp(name, wanted) == 0)
            return;
        if (name && count < PORTS_LISTED_MAX)
            names[count++] = name;
    }
    zdd_words_list(names, count, list, sizeof(list));
    zdd_words_quote(wanted, quoted);
    zdd_appdef_complain(view, "/readinessChecks/0/portName", "no port is called %s; %s%s", quoted,
                        count ? "declared: " : "no declared port has a name", list);
}

static void check_codes(const struct zdd_appdef_view *view, const json_t *check)
{
    const json_t *codes = json_object_get(check, "httpStatusCodesForReady");
    bool seen[1000] = {false}; /* three digits */
    char place[80];

    for (size_t j = 0; j < json_array_size(codes); j++) {
        const json_int_t code = json_integer_value(json_array_get(codes, j));

        if (code < 0 || code > 999)
            continue;
        snprintf(place, sizeof(place), "/readinessChecks/0/httpStatusCodesForReady/%zu", j);
        if (seen[code] && code > 0)
            zdd_appdef_complain(view, place, "lists %lld a second time", (long long)code);
        seen[code] = true;
    }
}

static void check_readiness(const struct zdd_appdef_view *view)
{
    const json_t *checks = json_object_get(view->canonical, "readinessChecks");
    const json_t *check = json_array_get(checks, 0);
    const double interval_s = zdd_json_real(check, "intervalSeconds", 0);
    const double timeout_s = zdd_json_real(check, "timeoutSeconds", 0);

    if (json_array_size(checks) > 1)
        zdd_appdef_complain(view, "/readinessChecks", "must hold at most one check, not %zu",
                            json_array_size(checks));
    if (!json_is_object(check))
        return;
    if (timeout_s >= interval_s)
        zdd_appdef_complain(view, "/readinessChecks/0/timeoutSeconds",
                            "must be less than intervalSeconds: %g is not less than %g", timeout_s,
                            interval_s);
    check_port_name(view, check);
    check_codes(view, check);
}

void zdd_appdef_check_probes(const struct zdd_appdef_view *view)
{
    check_health(view);
    check_readiness(view);
}
