/**
 * @file tests/lab/site.c
 * @brief A lab with balancers, and a server that knows them.
 */
#include "tests/support/spec.h"

#include "tests/lab/site.h"

#include "server/base/clock.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define AGENT_PORT 23000
#define ANSWERED_MIN 200

static struct site *open_site(int balancers, const char *const *lab_options)
{
    struct site *site = calloc(1, sizeof(*site));

    assert_non_null(site);
    site->balancers = balancers;
    site->stage = stage_start(lab_options);
    snprintf(site->addresses, sizeof(site->addresses), "http://%s:%d", site->stage->host,
             (int)stage_number(site->stage, 0, "port"));
    if (balancers == 2) {
        const size_t used = strlen(site->addresses);

        snprintf(site->addresses + used, sizeof(site->addresses) - used, ",http://%s:%d",
                 site->stage->second, (int)stage_number(site->stage, 1, "port"));
    }
    snprintf(site->agent, sizeof(site->agent), "%s:%d", site->stage->host, AGENT_PORT);
    site->options[0] = "--balancer";
    site->options[1] = site->addresses;
    site->options[2] = "--agent-listen";
    site->options[3] = site->agent;
    site->options[4] = "--verify-hosts"; /* services of a test's own */
    site->options[5] = "127.0.0.1";
    site->e = e2e_on(site->stage->lab, site->options);
    return site;
}

struct site *site_open_runtime(void)
{
    static const char *const admin[] = {"--balancer-admin", NULL};
    struct site *site = calloc(1, sizeof(*site));

    assert_non_null(site);
    site->balancers = 1;
    site->stage = stage_start(admin);
    snprintf(site->addresses, sizeof(site->addresses), "%s:%d", site->stage->host,
             (int)stage_number(site->stage, 0, "adminPort"));
    site->options[0] = "--haproxy";
    site->options[1] = site->addresses;
    site->e = e2e_on(site->stage->lab, site->options);
    return site;
}

struct site *site_open(int balancers)
{
    static const char *const two[] = {"--balancers", "2", NULL};

    return open_site(balancers, balancers == 2 ? two : NULL);
}

struct site *site_open_old(int balancers)
{
    struct site *site = site_open(balancers);

    e2e_deploy_well(site->e, site_blue_green(site_app("0.9", "/health"), SITE_QUICK));
    site_load(site);
    return site;
}

struct site *site_open_with(const char *const *lab_options)
{
    return open_site(1, lab_options);
}

void site_close(struct site *site)
{
    e2e_stop(site->e);
    free(site->stage); /* its lab has ended with the rest */
    free(site);
}

void site_close_well(struct site *site)
{
    site_none_failed(site);
    site_close(site);
}

json_t *site_app(const char *version, const char *health_path)
{
    char port[16];

    snprintf(port, sizeof(port), "%d", STAGE_PORT);
    return json_pack("{s:s, s:i, s:f, s:i, s:{s:s, s:{s:s}}, s:[{s:s}], s:{s:s}, s:{s:s, s:s, s:s},"
                     " s:[{s:s, s:s, s:i, s:i, s:i, s:i}]}",
                     "id", "/shop/web", "instances", 3, "cpus", 0.1, "mem", 32, "container", "type",
                     "DOCKER", "docker", "image", "mhausenblas/simpleservice:0.4.0", "networks",
                     "mode", "host", "env", "SIMPLE_SERVICE_VERSION", version, "labels",
                     "HAPROXY_GROUP", "external", "HAPROXY_0_PORT", port, "HAPROXY_0_MODE", "http",
                     "healthChecks", "protocol", "HTTP", "path", health_path, "gracePeriodSeconds",
                     300, "intervalSeconds", 5, "timeoutSeconds", 20, "maxConsecutiveFailures",
                     100);
}

json_t *site_blue_green(json_t *app, const char *options)
{
    json_t *request = e2e_request("blue-green", app);

    assert_int_equal(json_object_set_new(request, "options", json_loads(options, 0, NULL)), 0);
    return request;
}

json_t *site_canary(const char *version, const char *options)
{
    json_t *request = site_blue_green(site_app(version, "/health"), options);

    assert_int_equal(json_object_set_new(request, "strategy", json_string("canary")), 0);
    return request;
}

void site_load(struct site *site)
{
    const char *urls[3] = {site->urls[0], site->balancers == 2 ? site->urls[1] : NULL, NULL};

    snprintf(site->urls[0], sizeof(site->urls[0]), "http://%s:%d", site->stage->host, STAGE_PORT);
    snprintf(site->urls[1], sizeof(site->urls[1]), "http://%s:%d", site->stage->second, STAGE_PORT);
    site->load = stage_load_start(urls, NULL);
}

void site_none_failed(struct site *site)
{
    long answered;

    stage_load_more(&site->load, ANSWERED_MIN);
    assert_int_equal(stage_load_stop(&site->load, &answered), 0);
    assert_true(answered > ANSWERED_MIN);
}

void site_serves(struct site *site, const char *version)
{
    char seen[32];

    stage_until_status(site->stage->host, STAGE_PORT, NULL, 200, seen);
    assert_string_equal(seen, version);
}

void site_only(struct site *site, const char *app_id)
{
    ZDD_AUTO_JSON json_t *apps = NULL;
    const json_t *list;

    assert_int_equal(lab_call(site->e->lab, "GET", "/v2/apps", NULL, &apps), 200);
    list = json_object_get(apps, "apps");
    assert_int_equal(json_array_size(list), 1);
    assert_string_equal(zdd_json_text(json_array_get(list, 0), "id", ""), app_id);
}

void site_until_phase(struct site *site, const char *id, const char *phase)
{
    const int64_t until_ms = zdd_mono_ms() + E2E_WAIT_MS;
    bool there = false;

    while (!there && zdd_mono_ms() < until_ms) {
        ZDD_AUTO_JSON json_t *run = e2e_get(site->e, id);

        there = strcmp(zdd_json_text(run, "phase", ""), phase) == 0 ||
                json_is_string(json_object_get(run, "endedAt"));
    }
    assert_true(there);
}

void site_ends(struct site *site, const char *id, const char *state, const char *app_id,
               const char *version)
{
    e2e_await(site->e, id, state);
    site_only(site, app_id);
    site_serves(site, version);
}

void site_begin(struct site *site, json_t *request, const char *phase,
                char ret_id[static E2E_ID_SIZE])
{
    e2e_deploy(site->e, request, ret_id);
    site_until_phase(site, ret_id, phase);
}

void site_kill_in_each(struct site *site, json_t *(*request)(const char *version),
                       const char *const *phases, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        char id[E2E_ID_SIZE], version[32];

        snprintf(version, sizeof(version), "v%zu", i + 1);
        site_begin(site, request(version), phases[i], id);
        e2e_kill(site->e);
        e2e_boot(site->e);
        e2e_await(site->e, id, "succeeded");
        site_serves(site, version);
    }
}
