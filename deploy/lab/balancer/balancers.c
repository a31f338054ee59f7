/**
 * @file deploy/lab/balancer/balancers.c
 * @brief All balancers of a lab, and what ties them to it.
 */
#include "deploy/lab/balancer/balancers.h"

#include "deploy/lab/api.h"
#include "deploy/lab/apps.h"
#include "deploy/lab/balancer/balancer.h"
#include "deploy/lab/lab.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#define CONNECTIONS_MAX 10000u
#define CONNECTIONS_MIN 100u
#define FDS_BESIDES 300u /* of HAProxy, besides two for each connection */

struct zdd_lab_balancers {
    int count; /* how many have started, or tried to */
    struct zdd_balancer balancer[ZDD_LAB_BALANCER_MAX];
};

/* GET /v2/apps?embed=apps.tasks, and the service ports as Marathon showed them before 1.5. */
static json_t *snapshot(void *cls)
{
    struct zdd_lab *lab = cls;
    json_t *apps = json_array();

    pthread_mutex_lock(&lab->lock);
    for (const struct zdd_lab_app *app = lab->apps; app; app = app->next) {
        json_t *json = zdd_lab_app_json(lab, app, ZDD_LAB_EMBED_TASKS);
        uint16_t port[ZDD_LAB_PORT_MAX];
        const size_t count = zdd_lab_def_ports(app->spec->def, port);
        json_t *ports = json_array();

        for (size_t i = 0; i < count; i++)
            json_array_append_new(ports, json_integer(port[i]));
        json_object_set_new(json, "ports", ports);
        json_array_append_new(apps, json);
    }
    pthread_mutex_unlock(&lab->lock);
    return apps;
}

static unsigned connections_max(void)
{
    struct rlimit files = {0};
    rlim_t most;

    (void)getrlimit(RLIMIT_NOFILE, &files); /* HAProxy raises its own up to the hard limit */
    most = files.rlim_max > FDS_BESIDES ? (files.rlim_max - FDS_BESIDES) / 2 : 0;
    if (most < CONNECTIONS_MIN)
        return CONNECTIONS_MIN;
    return most > CONNECTIONS_MAX ? CONNECTIONS_MAX : (unsigned)most;
}

static bool start_one(struct zdd_lab *lab, struct zdd_balancer *balancer, int index)
{
    const struct zdd_lab_balancer_options *options = &lab->options->balancer;

    balancer->options = options;
    balancer->snapshot = snapshot;
    balancer->cls = lab;
    balancer->number = index + 1;
    balancer->speed = lab->options->speed;
    balancer->mark = lab->mark;
    zdd_lab_balancer_address(options, index, balancer->host);
    snprintf(balancer->dir, sizeof(balancer->dir), "%s/balancer-%d", lab->state_dir, index + 1);
    balancer->settings = (struct zdd_mlb_settings){
        .host = balancer->host,
        .connections_max = connections_max(),
        .groups = options->groups,
        .speed = lab->options->speed,
        .is_first = index == 0,
    };
    if (zdd_balancer_start(balancer))
        return true;
    fprintf(stderr,
            "zdd-lab: balancer %d on %s: %s; --balancer puts it elsewhere, --no-balancer does "
            "without it\n",
            index + 1, balancer->host, balancer->view.reason);
    return false;
}

bool zdd_lab_balancers_start(struct zdd_lab *lab)
{
    struct zdd_lab_balancers *all;

    if (lab->options->balancer.off)
        return true;
    all = calloc(1, sizeof(*all));
    if (!all)
        abort();
    lab->balancers = all;
    while (all->count < lab->options->balancer.count) {
        all->count++;
        if (!start_one(lab, &all->balancer[all->count - 1], all->count - 1))
            return false;
    }
    return true;
}

static bool is_listened_to(const char *type)
{
    static const char *const types[] = {"status_update_event", "health_status_changed_event",
                                        "api_post_event"};

    for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
        if (strcmp(types[i], type) == 0)
            return true;
    return false;
}

void zdd_lab_balancers_poke(struct zdd_lab *lab, const char *type)
{
    struct zdd_lab_balancers *all = lab->balancers;

    if (!all || !is_listened_to(type))
        return;
    for (int i = 0; i < all->count; i++)
        if (!atomic_exchange(&all->balancer[i].poked, true))
            zdd_balancer_wake(&all->balancer[i], 'e');
}

void zdd_lab_balancers_stop(struct zdd_lab *lab)
{
    struct zdd_lab_balancers *all;

    pthread_mutex_lock(&lab->lock);
    all = lab->balancers;
    lab->balancers = NULL; /* from now on nobody pokes or asks them */
    pthread_mutex_unlock(&lab->lock);
    for (int i = 0; all && i < all->count; i++)
        zdd_balancer_stop(&all->balancer[i]);
    free(all);
}

bool zdd_lab_balancer_switch(struct zdd_lab *lab, int number, bool running)
{
    struct zdd_lab_balancers *all = lab->balancers;

    if (!all || number < 1 || number > all->count)
        return false;
    atomic_store(&all->balancer[number - 1].wanted, running);
    zdd_balancer_wake(&all->balancer[number - 1], 's');
    return true;
}

static json_t *one_json(struct zdd_balancer *balancer)
{
    const struct zdd_mlb_settings *settings = &balancer->settings;
    char url[64];
    json_t *json;

    snprintf(url, sizeof(url), "http://%s:%u", balancer->host, settings->stats_port);
    pthread_mutex_lock(&balancer->lock); /* copies only: what is shared would be read without it */
    json = json_pack("{s:s, s:s, s:i, s:i, s:i, s:s, s:b, s:I, s:I, s:I, s:I, s:I, s:o}", "address",
                     balancer->host, "url", url, "port", settings->stats_port, "appIdPort",
                     settings->app_id_port, "vhostPort", settings->vhost_port, "directory",
                     balancer->haproxy.dir, "running", balancer->view.running, "master",
                     (json_int_t)balancer->view.master, "worker", (json_int_t)balancer->view.worker,
                     "starts", (json_int_t)balancer->view.starts, "reloads",
                     (json_int_t)balancer->view.reloads, "looks", (json_int_t)balancer->view.looks,
                     "leftOut", json_deep_copy(balancer->view.left_out));
    if (*balancer->view.reason)
        json_object_set_new(json, "lastReason", json_string(balancer->view.reason));
    pthread_mutex_unlock(&balancer->lock);
    if (settings->admin_port)
        json_object_set_new(json, "adminPort", json_integer(settings->admin_port));
    return json;
}

json_t *zdd_lab_balancers_json(struct zdd_lab *lab)
{
    struct zdd_lab_balancers *all = lab->balancers;
    json_t *list = json_array();

    for (int i = 0; all && i < all->count; i++)
        json_array_append_new(list, one_json(&all->balancer[i]));
    return list;
}

void zdd_lab_balancers_print(struct zdd_lab *lab)
{
    const struct zdd_lab_balancers *all = lab->balancers;

    for (int i = 0; all && i < all->count; i++) {
        const struct zdd_mlb_settings *settings = &all->balancer[i].settings;

        printf("zdd-lab: balancer %d: statistics on http://%s:%u/haproxy?stats, virtual hosts on "
               "port %u",
               i + 1, settings->host, settings->stats_port, settings->vhost_port);
        if (settings->admin_port)
            printf(", Runtime API on port %u", settings->admin_port);
        printf("\n");
    }
}
