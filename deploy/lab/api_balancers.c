/**
 * @file deploy/lab/api_balancers.c
 * @brief Switching a balancer off and on, as if its host went down; the lab's own.
 */
#include "deploy/lab/api.h"
#include "deploy/lab/balancer/balancers.h"

#include <stdlib.h>

enum zdd_err zdd_lab_put_balancer(struct zdd_call *call, struct zdd_lab *lab)
{
    const enum zdd_err err = zdd_call_json(call);
    int running;

    if (err != ZDD_ERR_NONE)
        return err;
    running = zdd_json_bool(call->json, "running", -1);
    if (running < 0)
        return zdd_lab_refuse(call, 422, NULL, "the body must be {\"running\": true or false}");
    if (!zdd_lab_balancer_switch(lab, (int)strtol(call->arg[0], NULL, 10), running))
        return zdd_lab_refuse(call, 404, NULL, "there is no balancer %s", call->arg[0]);
    return zdd_lab_answer(call, 200, json_pack("{s:o}", "balancers", zdd_lab_balancers_json(lab)));
}
