/**
 * @file deploy/lab/api_misc.c
 * @brief Info, leader, ping, metrics, and the lab's own two paths.
 */
#include "deploy/lab/api.h"
#include "deploy/lab/apps.h"
#include "deploy/lab/balancer/balancers.h"
#include "deploy/lab/deployments.h"
#include "deploy/lab/health.h"
#include "deploy/lab/launch.h"
#include "deploy/lab/tasks.h"

#include <stdio.h>
#include <string.h>

/* The newest releases that follow each rule (marathon.md §4.6). */
#define VERSION_110 "1.10.17"
#define VERSION_CLASSIC "1.9.109"

enum zdd_err zdd_lab_get_info(struct zdd_call *call, struct zdd_lab *lab)
{
    const char *version = lab->options->marathon_110 ? VERSION_110 : VERSION_CLASSIC;

    return zdd_lab_answer(
        call, 200,
        json_pack("{s:s, s:s, s:s, s:b, s:s, s:s, s:{s:s, s:i, s:b, s:[s]}, s:{}, s:{s:i}}", "name",
                  "marathon", "version", version, "buildref", "zdd-lab", "elected", 1, "leader",
                  lab->authority, "frameworkId", "zdd-lab-0000", "marathon_config", "hostname",
                  ZDD_LAB_HOST, "task_launch_timeout", 300000, "checkpoint", 1, "features",
                  lab->options->task_killing ? "task_killing" : "zdd-lab", "zookeeper_config",
                  "http_config", "http_port", (int)lab->port));
}

enum zdd_err zdd_lab_get_leader(struct zdd_call *call, struct zdd_lab *lab)
{
    return zdd_lab_answer(call, 200, json_pack("{s:s}", "leader", lab->authority));
}

static void switch_later(struct zdd_lab *lab, void *cls)
{
    (void)cls;
    zdd_lab_leader_switch(lab);
}

enum zdd_err zdd_lab_delete_leader(struct zdd_call *call, struct zdd_lab *lab)
{
    zdd_lab_timer_set(lab, &lab->leader_switch, 500, switch_later,
                      NULL); /* as upstream: half a second later */
    return zdd_lab_answer(call, 200, json_pack("{s:s}", "message", "Leadership abdicated"));
}

void zdd_lab_leader_switch(struct zdd_lab *lab)
{
    zdd_lab_events_close(lab);
    zdd_lab_delay_reset(lab, NULL);
    zdd_lab_health_forget(lab);
    zdd_lab_deployments_restart(lab);
}

enum zdd_err zdd_lab_get_ping(struct zdd_call *call, struct zdd_lab *lab)
{
    const char *accept = zdd_call_header(call, "Accept");

    (void)lab;
    if (!accept || !*accept || strstr(accept, "*/*") || strstr(accept, "text/")) {
        call->type = "text/plain";
        zdd_buf_text(&call->reply, "pong");
    } else if (strstr(accept, "application/json")) {
        return zdd_lab_answer(call, 200, json_string("pong"));
    } else {
        call->status = 204;
    }
    return ZDD_ERR_NONE;
}

enum zdd_err zdd_lab_get_root(struct zdd_call *call, struct zdd_lab *lab)
{
    call->status = 302;
    zdd_call_add_header(call, "Location", "%s/ui/", lab->url);
    return ZDD_ERR_NONE;
}

enum zdd_err zdd_lab_get_plugins(struct zdd_call *call, struct zdd_lab *lab)
{
    (void)lab;
    return zdd_lab_answer(call, 200, json_pack("{s:[]}", "plugins"));
}

static int count_tasks(const struct zdd_lab *lab, bool active)
{
    int count = 0;

    for (const struct zdd_lab_instance *i = zdd_lab_first(lab); i; i = zdd_lab_next(i))
        count += zdd_lab_is_active(i) == active;
    return count;
}

enum zdd_err zdd_lab_get_metrics(struct zdd_call *call, struct zdd_lab *lab)
{
    return zdd_lab_answer(
        call, 200,
        json_pack("{s:{s:{s:I}, s:{s:I}, s:{s:I}}, s:{s:{s:I}, s:{s:I}}}", "gauges",
                  "marathon.deployments.active.gauge", "value",
                  (json_int_t)zdd_lab_deployment_count(lab), "marathon.instances.running.gauge",
                  "value", (json_int_t)count_tasks(lab, true),
                  "marathon.http.event-streams.active.gauge", "value",
                  (json_int_t)zdd_lab_events_count(lab), "counters",
                  "marathon.http.requests.counter", "count", (json_int_t)lab->call_count,
                  "marathon.tasks.launched.counter", "count", (json_int_t)lab->launch_count));
}

enum zdd_err zdd_lab_get_prometheus(struct zdd_call *call, struct zdd_lab *lab)
{
    call->type = "text/plain; version=0.0.4";
    zdd_buf_printf(&call->reply,
                   "# TYPE marathon_deployments_active_gauge gauge\n"
                   "marathon_deployments_active_gauge %zu\n"
                   "# TYPE marathon_instances_running_gauge gauge\n"
                   "marathon_instances_running_gauge %d\n",
                   zdd_lab_deployment_count(lab), count_tasks(lab, true));
    return ZDD_ERR_NONE;
}

enum zdd_err zdd_lab_get_lab(struct zdd_call *call, struct zdd_lab *lab)
{
    json_t *pids = json_array();

    for (const struct zdd_lab_instance *i = lab->first; i; i = i->next)
        if (i->pid)
            json_array_append_new(pids, json_integer(i->pid));
    return zdd_lab_answer(
        call, 200,
        json_pack("{s:s, s:f, s:s, s:s, s:o, s:o, s:i, s:i, s:I, s:I, s:I, s:b, s:o}", "rule",
                  lab->options->marathon_110 ? "1.10" : "classic", "speed", lab->options->speed,
                  "stateDir", lab->state_dir, "mark", lab->mark, "pids", pids, "faults",
                  zdd_lab_faults_json(&lab->faults), "active", count_tasks(lab, true), "waiting",
                  count_tasks(lab, false), "calls", (json_int_t)lab->call_count, "streams",
                  (json_int_t)zdd_lab_events_count(lab), "published",
                  (json_int_t)lab->events.published, "settled", !lab->dirty, "balancers",
                  zdd_lab_balancers_json(lab)));
}

enum zdd_err zdd_lab_post_faults(struct zdd_call *call, struct zdd_lab *lab)
{
    char reason[ZDD_LAB_FAULT_REASON_SIZE];
    const enum zdd_err err = zdd_call_json(call);

    if (err != ZDD_ERR_NONE)
        return err;
    if (!zdd_lab_faults_set(&lab->faults, call->json, reason))
        return zdd_lab_refuse(call, 422, NULL, "%s", reason);
    return zdd_lab_answer(call, 200,
                          json_pack("{s:o}", "faults", zdd_lab_faults_json(&lab->faults)));
}
