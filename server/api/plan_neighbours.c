/**
 * @file server/api/plan_neighbours.c
 * @brief Other apps that would get in a pair's way at the balancers (marathon-lb.md §1.3, §1.4).
 */
#include "server/api/plan_neighbours.h"

#include "server/api/cluster_app.h"
#include "server/json/appdef.h"
#include "server/router/labels.h"

#include <string.h>

static const char all_path[] = "/apps?embed=apps.counts";

/* "/shop" and "shop" are one group. */
static const char *group_of(const json_t *app)
{
    const char *group = zdd_label_of(app, "HAPROXY_DEPLOYMENT_GROUP");

    return group ? group + (*group == '/') : "";
}

static enum zdd_err check_ports(struct zdd_call *call, const char *id, const json_t *other,
                                const json_t *target)
{
    for (size_t i = 0; i < zdd_ports_count(target); i++) {
        for (size_t k = 0; k < zdd_ports_count(other); k++) {
            if (!zdd_ports_is_routed(target, i) || !zdd_ports_is_routed(other, k) ||
                zdd_ports_public(target, i) != zdd_ports_public(other, k) ||
                !zdd_groups_share(zdd_ports_groups(target, i), zdd_ports_groups(other, k)))
                continue;
            return zdd_call_fail(call, ZDD_ERR_SERVICE_PORT_TAKEN,
                                 "the service port %d is %s's already: give one of them another "
                                 "HAPROXY_n_PORT",
                                 (int)zdd_ports_public(target, i), id);
        }
    }
    return ZDD_ERR_NONE;
}

static enum zdd_err check_one(struct zdd_call *call, const json_t *app, const json_t *target)
{
    ZDD_AUTO_JSON json_t *other = zdd_appdef_canonical(app);
    const char *id = zdd_json_text(app, "id", "");

    if (!other)
        return ZDD_ERR_NO_MEMORY;
    if (strcmp(group_of(other), group_of(target)) == 0)
        return zdd_call_fail(call, ZDD_ERR_PAIR_UNCLEAR,
                             "%s is in the deployment group %s too, and Marathon-LB would merge "
                             "three apps: take its label HAPROXY_DEPLOYMENT_GROUP away first",
                             id, group_of(target));
    return check_ports(call, id, other, target);
}

enum zdd_err zdd_pair_check_neighbours(struct zdd_call *call, const struct zdd_pair *pair,
                                       const json_t *target)
{
    ZDD_AUTO_JSON json_t *all = NULL;
    enum zdd_err err = zdd_cluster_json(call, all_path, &all);
    size_t i;
    json_t *app;

    json_array_foreach(json_object_get(all, "apps"), i, app)
    {
        const char *id = zdd_json_text(app, "id", "");

        if (err != ZDD_ERR_NONE)
            break;
        if (strcmp(id, pair->old_id) != 0 && strcmp(id, pair->new_id) != 0)
            err = check_one(call, app, target);
    }
    return err;
}
