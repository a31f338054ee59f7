/**
 * @file tests/lab/proof/test_shares.c
 * @brief Shares through a real HAProxy, counted by the client that asks and by the server that
 * reads the balancer's counters: both find what was wanted.
 */
#include "tests/support/spec.h"

#include "tests/lab/site.h"

#include "server/base/clock.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FULL_REQUESTS 20000
#define BRIEF_REQUESTS 1500
#define BRIEF_FACTOR 2 /* fewer requests, more room */
#define MORE 50        /* until the server looks again */

/* One new instance beside three old ones. */
#define STANDING                                                                                   \
    "{\"steps\":[{\"weight\":50},{\"gate\":\"go\"}],\"keepOldSeconds\":1,\"drainSeconds\":2}"

static const struct share {
    double percent, points; /* wanted, and how far off it may be */
    bool brief;             /* also in every test run */
} shares[] = {
    {50, 0.3, false}, {20, 0.3, true}, {5, 0.3, false}, {1, 0.1, false}, {0.5, 0.1, true}};

/* What a client, or the server, has counted. */
struct count {
    double requests, percent;
    double low, high; /* the server's interval */
};

struct scene {
    struct site *site;
    struct stage_load load;
    char id[E2E_ID_SIZE];
    double requests; /* to be counted for each share */
    double factor;   /* on the room for errors */
};

static double number_of(struct scene *s, const char *pointer)
{
    ZDD_AUTO_JSON json_t *run = e2e_get(s->site->e, s->id);

    return json_number_value(zdd_json_at(run, pointer));
}

static void set_share(struct scene *s, double percent)
{
    char path[120], body[80];

    snprintf(path, sizeof(path), "/v1/deployments/%s/weight", s->id);
    snprintf(body, sizeof(body), "{\"weight\":%g,\"reason\":\"measure\"}", percent);
    apiclient_expect(apiclient_post(s->site->e->api, path, body), 202, NULL);
    while (number_of(s, "/new/weight") != percent || number_of(s, "/new/measuredRequests") > 0)
        (void)stage_load_more(&s->load, MORE);
    /* The server counts anew when it has seen that every balancer has the share. */
    while (number_of(s, "/new/measuredRequests") == 0)
        (void)stage_load_more(&s->load, MORE);
}

static void read_client(struct scene *s, double *ret_all, double *ret_new)
{
    ZDD_AUTO_JSON json_t *counts = stage_load_counts(&s->load);

    *ret_all = (double)zdd_json_int(counts, "answered", -1);
    *ret_new = (double)zdd_json_int(json_object_get(counts, "versions"), "1.0", 0);
}

/* Until client and server both have enough. */
static void go_on(struct scene *s, double from)
{
    const int64_t until_ms = zdd_mono_ms() + 2 * E2E_WAIT_MS;
    double all, new;

    do {
        assert_true(zdd_mono_ms() < until_ms);
        (void)stage_load_more(&s->load, MORE);
        read_client(s, &all, &new);
    } while (all - from < s->requests || number_of(s, "/new/measuredRequests") < s->requests);
}

static struct count count_as_server(struct scene *s)
{
    ZDD_AUTO_JSON json_t *run = e2e_get(s->site->e, s->id);
    const json_t *new_side = json_object_get(run, "new");

    return (struct count){
        json_number_value(json_object_get(new_side, "measuredRequests")),
        json_number_value(json_object_get(new_side, "measuredWeight")),
        json_number_value(zdd_json_at(new_side, "/measuredInterval/0")),
        json_number_value(zdd_json_at(new_side, "/measuredInterval/1")),
    };
}

static void measure(struct scene *s, const struct share *share)
{
    double all[2], new[2];
    struct count server, client;

    set_share(s, share->percent);
    read_client(s, &all[0], &new[0]);
    go_on(s, all[0]);
    server = count_as_server(s);
    read_client(s, &all[1], &new[1]);
    client.requests = all[1] - all[0];
    client.percent = 100 * (new[1] - new[0]) / client.requests;
    printf("%7g %%  client %7.3f %% of %6.0f   server %7.3f %% of %6.0f (%.3f to %.3f)\n",
           share->percent, client.percent, client.requests, server.percent, server.requests,
           server.low, server.high);
    assert_true(client.requests >= s->requests && server.requests >= s->requests);
    assert_true(fabs(client.percent - share->percent) <= s->factor * share->points);
    assert_true(fabs(server.percent - share->percent) <= s->factor * share->points);
    assert_true(server.low <= share->percent && share->percent <= server.high);
    assert_true(server.low <= client.percent && client.percent <= server.high);
}

static void client_and_server_count_the_share_that_is_wanted(void **state)
{
    const char *wish = getenv("ZDD_PROOF");
    const bool full = wish && strcmp(wish, "full") == 0;
    const char *const options[] = {"--rate", full ? "1500" : "600", "--threads", "8", NULL};
    struct scene s = {.site = site_open(1),
                      .requests = full ? FULL_REQUESTS : BRIEF_REQUESTS,
                      .factor = full ? 1 : BRIEF_FACTOR};
    char url[64];
    const char *const urls[] = {url, NULL};

    (void)state;
    e2e_deploy_well(s.site->e, site_blue_green(site_app("0.9", "/health"), SITE_QUICK));
    snprintf(url, sizeof(url), "http://%s:%d", s.site->stage->host, STAGE_PORT);
    s.load = stage_load_open(urls, options);
    site_begin(s.site, site_canary("1.0", STANDING), "gated", s.id);
    for (size_t i = 0; i < sizeof(shares) / sizeof(shares[0]); i++)
        if (full || shares[i].brief)
            measure(&s, &shares[i]);
    e2e_command(s.site->e, s.id, "rollback");
    site_ends(s.site, s.id, "rolled-back", SITE_BLUE, "0.9");
    assert_int_equal(stage_load_stop(&s.load, NULL), 0);
    site_close(s.site);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(client_and_server_count_the_share_that_is_wanted),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
