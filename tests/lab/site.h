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

/* Its colours: the first version is blue, each that takes over the other one. */
#define SITE_BLUE "/shop/web-blue"
#define SITE_GREEN "/shop/web-green"

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
/** The same, with version 0.9 as SITE_BLUE, which clients ask all the time: most tests begin so. */
struct site *site_open_old(int balancers);
/** The same with one balancer and further options of the lab, NULL-terminated. */
struct site *site_open_with(const char *const *lab_options);
/** The same with one balancer whose weights the server sets over its Runtime API: the router
 * haproxy, and no agent. */
struct site *site_open_runtime(void);
void site_close(struct site *site);
/** The end of a test with clients: site_none_failed(), then close it. */
void site_close_well(struct site *site);

/** Three instances of a simpleservice behind STAGE_PORT, in the host's network; new reference. */
json_t *site_app(const char *version, const char *health_path);
/** @param app  stolen @param options  the object of that name, JSON; new reference */
json_t *site_blue_green(json_t *app, const char *options);
/** The same for a version of site_app(), with a canary's options. */
json_t *site_canary(const char *version, const char *options);

/** Ask through every balancer all the time, from now on. */
void site_load(struct site *site);
/** Requests go on for a while after the last change, and none has failed. */
void site_none_failed(struct site *site);

/** This version answers at the first balancer. */
void site_serves(struct site *site, const char *version);
/** Exactly this app is there. */
void site_only(struct site *site, const char *app_id);
/** It ends in this state, and then exactly this app is there, and this version answers. */
void site_ends(struct site *site, const char *id, const char *state, const char *app_id,
               const char *version);
/** Wait for a phase of a deployment. It may be over before anybody has seen it: then that is as
 * good. */
void site_until_phase(struct site *site, const char *id, const char *phase);
/** Deploy it until that phase. @param request  stolen */
void site_begin(struct site *site, json_t *request, const char *phase,
                char ret_id[static E2E_ID_SIZE]);
/** For each of these phases one deployment, of versions v1, v2, …: the server is killed in that
 * phase and started again, and the deployment succeeds. @param request  makes that of a version */
void site_kill_in_each(struct site *site, json_t *(*request)(const char *version),
                       const char *const *phases, size_t count);
