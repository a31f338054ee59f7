/**
 * @file deploy/lab/health.c
 * @brief When checks run: one schedule per app version and check; all its tasks at each tick.
 */
#include "deploy/lab/health.h"

#include "deploy/lab/apps.h"
#include "deploy/lab/process.h"
#include "deploy/lab/tasks.h"
#include "server/base/buf.h"
#include "server/base/clock.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#define FIRST_TICK_MS 5000

struct zdd_lab_checker {
    struct zdd_lab_checker *next;
    struct zdd_lab_spec *spec;
    size_t check;
    struct zdd_lab_timer tick;
};

bool zdd_lab_check_is_mesos(const struct zdd_lab_check *check)
{
    return check->protocol >= ZDD_LAB_COMMAND;
}

static bool is_version_of(const struct zdd_lab_spec *a, const struct zdd_lab_spec *b)
{
    return a == b || (a->version_ms == b->version_ms && strcmp(a->id, b->id) == 0);
}

void zdd_lab_check_send(struct zdd_lab *lab, const struct zdd_lab_instance *instance,
                        const struct zdd_lab_check *check, size_t where,
                        void (*done)(struct zdd_lab *lab, const char *key, size_t check,
                                     const struct zdd_lab_probe_answer *answer))
{
    const bool tcp = check->protocol == ZDD_LAB_TCP || check->protocol == ZDD_LAB_MESOS_TCP;
    const bool tls = check->protocol == ZDD_LAB_HTTPS || check->protocol == ZDD_LAB_MESOS_HTTPS;
    struct zdd_lab_probe probe = {
        .connect_only = tcp, .timeout_ms = check->timeout_ms, .check = where, .done = done};
    struct zdd_buf url = {0};

    zdd_lab_task_id(instance, probe.key);
    zdd_buf_printf(&url, "%s://%s:%u%s%s", tls ? "https" : "http", ZDD_LAB_HOST,
                   zdd_lab_check_port(check, instance), *check->path == '/' || tcp ? "" : "/",
                   tcp ? "" : check->path);
    probe.url = url.data;
    if (url.data)
        zdd_lab_probe_send(lab->probes, &probe);
    zdd_buf_release(&url);
}

static void probe_done(struct zdd_lab *lab, const char *key, size_t check,
                       const struct zdd_lab_probe_answer *answer)
{
    struct zdd_lab_instance *instance = zdd_lab_instance_find(lab, key);
    char cause[160];
    bool passed = answer->answered;

    if (!instance || instance->condition != ZDD_LAB_RUNNING || check >= instance->spec->check_count)
        return;
    snprintf(cause, sizeof(cause), "%s", answer->cause);
    if (passed && answer->status) {
        passed = answer->status >= 200 && answer->status < 400;
        snprintf(cause, sizeof(cause), "HTTP status %ld", answer->status);
    }
    zdd_lab_health_note(lab, instance, check, passed, cause);
}

static void tick(struct zdd_lab *lab, void *cls)
{
    struct zdd_lab_checker *checker = cls;
    const struct zdd_lab_check *check = &checker->spec->check[checker->check];

    zdd_lab_timer_set(lab, &checker->tick, zdd_lab_scaled(lab, check->interval_ms), tick, checker);
    for (struct zdd_lab_instance *i = zdd_lab_first(lab); i; i = zdd_lab_next(i))
        if (i->condition == ZDD_LAB_RUNNING && is_version_of(i->spec, checker->spec))
            zdd_lab_check_send(lab, i, check, checker->check, probe_done);
}

static bool is_registered(const struct zdd_lab *lab, const struct zdd_lab_spec *spec, size_t check)
{
    for (const struct zdd_lab_checker *c = lab->checkers; c; c = c->next)
        if (c->check == check && is_version_of(c->spec, spec))
            return true;
    return false;
}

static void publish_added(struct zdd_lab *lab, const struct zdd_lab_spec *spec, size_t check)
{
    char version[ZDD_TIME_SIZE];

    zdd_time_format(spec->version_ms, version);
    zdd_lab_event(lab, "add_health_check_event",
                  json_pack("{s:s, s:s, s:O}", "appId", spec->id, "version", version, "healthCheck",
                            spec->check[check].json));
}

void zdd_lab_health_register(struct zdd_lab *lab, struct zdd_lab_spec *spec)
{
    for (size_t i = 0; i < spec->check_count; i++) {
        const struct zdd_lab_check *check = &spec->check[i];
        struct zdd_lab_checker *checker;

        if (is_registered(lab, spec, i))
            continue;
        checker = calloc(1, sizeof(*checker));
        if (!checker)
            abort();
        checker->spec = zdd_lab_spec_ref(spec);
        checker->check = i;
        checker->next = lab->checkers;
        lab->checkers = checker;
        publish_added(lab, spec, i);
        if (!zdd_lab_check_is_mesos(check))
            zdd_lab_timer_set(lab, &checker->tick,
                              zdd_lab_scaled(lab, check->interval_ms < FIRST_TICK_MS
                                                      ? check->interval_ms
                                                      : FIRST_TICK_MS),
                              tick, checker);
    }
}

static void end_checkers(struct zdd_lab *lab,
                         bool (*is_over)(const struct zdd_lab *lab,
                                         const struct zdd_lab_checker *checker, const char *id),
                         const char *id, bool publish)
{
    struct zdd_lab_checker **at = &lab->checkers;

    while (*at) {
        struct zdd_lab_checker *checker = *at;

        if (!is_over(lab, checker, id)) {
            at = &checker->next;
            continue;
        }
        *at = checker->next;
        zdd_lab_timer_stop(lab, &checker->tick);
        if (publish)
            zdd_lab_event(lab, "remove_health_check_event",
                          json_pack("{s:s}", "appId", checker->spec->id));
        zdd_lab_spec_unref(checker->spec);
        free(checker);
    }
}

static bool is_of_app(const struct zdd_lab *lab, const struct zdd_lab_checker *checker,
                      const char *id)
{
    (void)lab;
    return strcmp(checker->spec->id, id) == 0;
}

static bool is_stale(const struct zdd_lab *lab, const struct zdd_lab_checker *checker,
                     const char *id)
{
    const struct zdd_lab_app *app = zdd_lab_app_find(lab, checker->spec->id);

    (void)id;
    if (app && is_version_of(app->spec, checker->spec))
        return false;
    for (const struct zdd_lab_instance *i = zdd_lab_first(lab); i; i = zdd_lab_next(i))
        if (is_version_of(i->spec, checker->spec))
            return false;
    return true;
}

static bool always(const struct zdd_lab *lab, const struct zdd_lab_checker *checker, const char *id)
{
    (void)lab;
    (void)checker;
    (void)id;
    return true;
}

void zdd_lab_health_remove(struct zdd_lab *lab, const char *id)
{
    end_checkers(lab, is_of_app, id, true);
}

void zdd_lab_health_purge(struct zdd_lab *lab)
{
    end_checkers(lab, is_stale, NULL, true);
}

void zdd_lab_health_release(struct zdd_lab *lab)
{
    end_checkers(lab, always, NULL, false);
    zdd_lab_health_commands_forget(lab);
}

void zdd_lab_health_forget(struct zdd_lab *lab)
{
    end_checkers(lab, always, NULL, false);
    for (struct zdd_lab_instance *i = zdd_lab_first(lab); i; i = zdd_lab_next(i)) {
        memset(i->result, 0, sizeof(i->result));
        i->health = ZDD_LAB_UNKNOWN;
        if (zdd_lab_is_active(i))
            zdd_lab_health_register(lab, i->spec);
    }
}
