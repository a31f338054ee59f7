/**
 * @file deploy/lab/wipe.c
 * @brief wipe=true: the tasks end for good, and the answer waits until they have (marathon.md
 * §1.5).
 */
#include "deploy/lab/api.h"
#include "deploy/lab/tasks.h"

#include <stdio.h>
#include <stdlib.h>

struct zdd_lab_wipe {
    struct zdd_lab_wipe *next;
    struct zdd_call *call;
    size_t count;
    char id[][ZDD_LAB_ID_SIZE]; /* of the instances that are waited for */
};

static bool is_over(const struct zdd_lab *lab, const struct zdd_lab_wipe *wipe)
{
    for (size_t i = 0; i < wipe->count; i++)
        if (zdd_lab_instance_find(lab, wipe->id[i]))
            return false;
    return true;
}

enum zdd_err zdd_lab_wipe(struct zdd_call *call, struct zdd_lab *lab,
                          struct zdd_lab_instance *const *instances, size_t count)
{
    struct zdd_lab_wipe *wipe = calloc(1, sizeof(*wipe) + count * ZDD_LAB_ID_SIZE);

    if (!wipe)
        return ZDD_ERR_NO_MEMORY;
    wipe->call = call;
    wipe->count = count;
    for (size_t i = 0; i < count; i++)
        snprintf(wipe->id[i], ZDD_LAB_ID_SIZE, "%s", instances[i]->id);
    for (size_t i = 0; i < count; i++)
        zdd_lab_instance_kill(lab, instances[i], true);
    if (is_over(lab, wipe)) {
        free(wipe);
        return ZDD_ERR_NONE;
    }
    wipe->next = lab->wipes;
    lab->wipes = wipe;
    return ZDD_ERR_LATER;
}

void zdd_lab_wipes_settle(struct zdd_lab *lab, bool all)
{
    struct zdd_lab_wipe **at = &lab->wipes;

    while (*at) {
        struct zdd_lab_wipe *wipe = *at;

        if (!all && !is_over(lab, wipe)) {
            at = &wipe->next;
            continue;
        }
        *at = wipe->next;
        zdd_call_finish(wipe->call, ZDD_ERR_NONE);
        free(wipe);
    }
}
