/**
 * @file deploy/lab/balancer/apply.c
 * @brief From the apps to a configuration HAProxy takes, and into HAProxy.
 */
#include "deploy/lab/balancer/balancer.h"
#include "deploy/lab/balancer/ports.h"
#include "deploy/lab/balancer/remember.h"
#include "server/base/clock.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define RETRY_MS 10000 /* after a reload that failed: Marathon-LB's --reload-interval */

/* @return new reference: the addresses that are not ours yet and that somebody else has */
static json_t *find_taken(const struct zdd_balancer *balancer, const struct zdd_mlb_config *config)
{
    json_t *taken = json_object();
    const char *bind;
    json_t *app;

    json_object_foreach(config->binds, bind, app)
    {
        int error = 0;

        if (!json_object_get(balancer->applied.binds, bind))
            error = zdd_bind_try(bind);
        if (error)
            json_object_set_new(taken, bind, json_string(strerror(error)));
    }
    return taken;
}

/* HAProxy does not say until it is too late that it cannot bind: the new worker dies and the old
 * one goes on. So it is tried before. */
static bool configure(struct zdd_balancer *balancer, const json_t *apps,
                      struct zdd_mlb_config *ret_config, char ret_reason[static 200])
{
    ZDD_AUTO_JSON json_t *taken = NULL;

    if (!zdd_mlb_configure(&balancer->settings, apps, NULL, ret_config, ret_reason))
        return false;
    taken = find_taken(balancer, ret_config);
    if (json_object_size(taken) == 0)
        return true;
    zdd_mlb_config_release(ret_config);
    return zdd_mlb_configure(&balancer->settings, apps, taken, ret_config, ret_reason);
}

static const char *id_of(const json_t *app)
{
    return zdd_json_text(app, "id", "?");
}

/* @return new reference */
static json_t *without(const json_t *apps, const json_t *rejected)
{
    json_t *list = json_array();
    size_t i;
    json_t *app;

    json_array_foreach(apps, i, app)
    {
        if (!json_object_get(rejected, id_of(app)))
            json_array_append(list, app);
    }
    return list;
}

/* @return true when HAProxy takes a configuration of these apps, which is then in @p ret */
static bool works(struct zdd_balancer *balancer, const json_t *apps, struct zdd_mlb_config *ret,
                  char reason[static ZDD_HAPROXY_REASON_SIZE])
{
    if (!configure(balancer, apps, ret, reason))
        return false;
    if (zdd_haproxy_check(&balancer->haproxy, ret->text, reason))
        return true;
    zdd_mlb_config_release(ret);
    return false;
}

/* Marathon-LB's way out: one app after the other, and who breaks it is left out. */
static bool build_up(struct zdd_balancer *balancer, const json_t *apps, struct zdd_mlb_config *ret)
{
    ZDD_AUTO_JSON json_t *good = json_array();
    char reason[ZDD_HAPROXY_REASON_SIZE] = "";
    bool any = works(balancer, good, ret, reason);
    size_t i;
    json_t *app;

    json_object_clear(balancer->rejected);
    json_array_foreach(apps, i, app)
    {
        struct zdd_mlb_config next;

        json_array_append(good, app);
        if (works(balancer, good, &next, reason)) {
            if (any)
                zdd_mlb_config_release(ret);
            *ret = next;
            any = true;
            continue;
        }
        json_array_remove(good, json_array_size(good) - 1);
        json_object_set_new(balancer->rejected, id_of(app), json_string(reason));
    }
    return any;
}

/* With all apps; without those that were refused before; or built up anew. */
static bool find_working(struct zdd_balancer *balancer, const json_t *apps,
                         struct zdd_mlb_config *whole, struct zdd_mlb_config *ret)
{
    ZDD_AUTO_JSON json_t *rest = NULL;
    char reason[ZDD_HAPROXY_REASON_SIZE] = "";

    if (zdd_haproxy_check(&balancer->haproxy, whole->text, reason)) {
        json_object_clear(balancer->rejected);
        *ret = *whole;
        *whole = (struct zdd_mlb_config){0};
        return true;
    }
    rest = without(apps, balancer->rejected);
    if (json_array_size(rest) < json_array_size(apps) && works(balancer, rest, ret, reason))
        return true;
    return build_up(balancer, apps, ret);
}

static void tell_left_out(struct zdd_balancer *balancer, const struct zdd_mlb_config *config)
{
    json_t *now = json_copy(config->left_out);
    const char *id;
    json_t *why;

    json_object_update(now, balancer->rejected);
    pthread_mutex_lock(&balancer->lock);
    json_object_foreach(now, id, why)
    {
        if (!json_equal(why, json_object_get(balancer->view.left_out, id)))
            zdd_balancer_log(balancer, "%s is left out: %s", id, json_string_value(why));
    }
    json_object_foreach(balancer->view.left_out, id, why)
    {
        if (!json_object_get(now, id))
            zdd_balancer_log(balancer, "%s is no longer left out", id);
    }
    json_decref(balancer->view.left_out);
    balancer->view.left_out = now;
    pthread_mutex_unlock(&balancer->lock);
}

static bool write_files(struct zdd_balancer *balancer, const struct zdd_mlb_config *config)
{
    struct zdd_haproxy *haproxy = &balancer->haproxy;

    return zdd_haproxy_write(haproxy, ZDD_MLB_DOMAIN_MAP_FILE, config->domain_map) &&
           zdd_haproxy_write(haproxy, ZDD_MLB_APP_MAP_FILE, config->app_map) &&
           zdd_haproxy_write(haproxy, ZDD_MLB_CONFIG_FILE, config->text);
}

/* Say a reason once, not at every look; "" for none. */
static void tell_trouble(struct zdd_balancer *balancer, const char *what, const char *reason)
{
    pthread_mutex_lock(&balancer->lock);
    if (*reason && strcmp(balancer->view.reason, reason) != 0)
        zdd_balancer_log(balancer, "%s: %s", what, reason);
    snprintf(balancer->view.reason, sizeof(balancer->view.reason), "%s", reason);
    pthread_mutex_unlock(&balancer->lock);
}

static bool reload(struct zdd_balancer *balancer)
{
    char reason[ZDD_HAPROXY_REASON_SIZE] = "";
    const bool reloaded = zdd_haproxy_reload(&balancer->haproxy, reason);

    pthread_mutex_lock(&balancer->lock);
    balancer->view.worker = balancer->haproxy.worker;
    balancer->view.reloads += reloaded;
    pthread_mutex_unlock(&balancer->lock);
    tell_trouble(balancer, "the reload failed", reason);
    return reloaded;
}

/* @param config  taken over */
static void take(struct zdd_balancer *balancer, struct zdd_mlb_config *config, bool force)
{
    const char *before = balancer->applied.text;
    bool done = true;

    tell_left_out(balancer, config);
    if (force || !before || strcmp(before, config->text) != 0) {
        done = write_files(balancer, config);
        if (done && balancer->haproxy.master)
            done = reload(balancer);
    }
    if (done) {
        zdd_mlb_config_release(&balancer->applied);
        balancer->applied = *config;
        return;
    }
    /* The next look tries again, whatever it finds, and comes soon. */
    free(balancer->wished);
    balancer->wished = NULL;
    balancer->look_at_ms = zdd_mono_ms() + RETRY_MS;
    zdd_mlb_config_release(config);
}

static void look(struct zdd_balancer *balancer, bool force)
{
    ZDD_AUTO_JSON json_t *apps = balancer->snapshot(balancer->cls);
    char reason[ZDD_HAPROXY_REASON_SIZE] = "";
    struct zdd_mlb_config whole;
    struct zdd_mlb_config working;

    zdd_mlb_remember(apps, balancer->memory);
    if (!configure(balancer, apps, &whole, reason)) {
        tell_trouble(balancer, "the configuration stays as it is", reason);
        return;
    }
    tell_trouble(balancer, "", ""); /* what was wrong is over; a reload may say its own */
    if (!force && balancer->wished && strcmp(balancer->wished, whole.text) == 0) {
        tell_left_out(balancer, &whole);
        zdd_mlb_config_release(&whole);
        return;
    }
    free(balancer->wished);
    balancer->wished = strdup(whole.text);
    if (find_working(balancer, apps, &whole, &working))
        take(balancer, &working, force);
    zdd_mlb_config_release(&whole);
}

void zdd_balancer_apply(struct zdd_balancer *balancer, bool force)
{
    look(balancer, force);
    pthread_mutex_lock(&balancer->lock);
    balancer->view.looks++;
    pthread_mutex_unlock(&balancer->lock);
}
