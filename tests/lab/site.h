/**
 * @file tests/lab/site.h
 * @brief A lab with balancers, a server that knows them, and one app behind them: /shop/web.
 */
#pragma once

#include "tests/lab/e2e.h"
#include "tests/lab/stage.h"

#define SITE_OPTION_MAX 8

/* Options of blue-green: the old version goes soon, or stays for as long as a test wants it. */
#define SITE_QUICK "{\"keepOldSeconds\":1,\"drainSeconds\":2}"
#define SITE_HOT "{\"keepOldSeconds\":300,\"drainSeconds\":2}"

struct site {
    struct stage *stage;
    struct e2e *e;
    int balancers;
    char addresses[160], agent[64];
    const char *options[SITE_OPTION_MAX];
    struct stage_load load;
    char urls[2][64];
};

/** @param balancers  1 or 2. The agent's port stays when the server starts again: it stands in the
 * apps' labels. */
struct site *site_open(int balancers);
/** The same with one balancer and further options of the lab, NULL-terminated. */
struct site *site_open_with(const char *const *lab_options);
/** The same with one balancer whose weights the server sets over its Runtime API: the router
 * haproxy, and no agent. */
struct site *site_open_runtime(void);
void site_close(struct site *site);

/** Three instances of a simpleservice behind STAGE_PORT, in the host's network; new reference. */
json_t *site_app(const char *version, const char *health_path);
/** @param app  stolen @param options  the object of that name, JSON; new reference */
json_t *site_blue_green(json_t *app, const char *options);

/** Ask through every balancer all the time, from now on. */
void site_load(struct site *site);
/** Requests go on for a while after the last change, and none has failed. */
void site_none_failed(struct site *site);

/** This version answers at the first balancer. */
void site_serves(struct site *site, const char *version);
/** Exactly this app is there. */
void site_only(struct site *site, const char *app_id);
/** Wait for a phase of a deployment. It may be over before anybody has seen it: then that is as
 * good. */
void site_until_phase(struct site *site, const char *id, const char *phase);
