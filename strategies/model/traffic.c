/**
 * @file strategies/model/traffic.c
 * @brief Settings of a pair as text, and back.
 */
#include "strategies/model/traffic.h"

#include "strategies/model/limits.h"

#include <string.h>

static const char *const servings[] = {
    [ZDD_SERVES] = "serves",
    [ZDD_DRAINS] = "drains",
    [ZDD_RESTS] = "rests",
};
_Static_assert(ZDD_COUNT(servings) == ZDD_SERVING_COUNT, "each way of serving needs a name");

const char *zdd_serving_name(enum zdd_serving serving)
{
    return servings[serving];
}

bool zdd_serving_parse(const char *name, enum zdd_serving *ret_serving)
{
    for (size_t i = 0; name && i < ZDD_COUNT(servings); i++) {
        if (strcmp(servings[i], name) == 0) {
            *ret_serving = (enum zdd_serving)i;
            return true;
        }
    }
    return false;
}

struct zdd_traffic zdd_traffic_base(void)
{
    struct zdd_traffic traffic;

    traffic.side[ZDD_SIDE_OLD] = traffic.side[ZDD_SIDE_NEW] =
        (struct zdd_side_setting){ZDD_SERVES, ZDD_WEIGHT_BASE};
    traffic.side[ZDD_SIDE_LEAVING] = (struct zdd_side_setting){ZDD_DRAINS, 0};
    traffic.old_stay = ZDD_INSTANCES_MAX;
    return traffic;
}

bool zdd_traffic_same(const struct zdd_traffic *a, const struct zdd_traffic *b)
{
    for (int i = 0; i < ZDD_SIDE_COUNT; i++) {
        if (a->side[i].serving != b->side[i].serving || a->side[i].weight != b->side[i].weight)
            return false;
    }
    return a->old_stay == b->old_stay;
}
