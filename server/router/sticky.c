/**
 * @file server/router/sticky.c
 * @brief Which labels keep users at their server, and which do not.
 */
#include "server/router/sticky.h"

#include "server/router/labels.h"
#include "strategies/model/limits.h"

#include <string.h>

static bool has_label(const json_t *app, size_t index)
{
    return zdd_label_flag(app, index, "STICKY", false);
}

static bool keeps(const json_t *app, size_t index)
{
    return has_label(app, index) && zdd_ports_is_http(app, index);
}

static void name(struct zdd_buf *list, size_t index)
{
    zdd_buf_printf(list, "%sHAPROXY_%zu_STICKY", list->size > 0 ? ", " : "", index);
}

static void read_port(const json_t *target, const json_t *old, size_t index, struct zdd_sticky *s)
{
    const bool by_new = keeps(target, index);
    const bool by_old = keeps(old, index);

    s->any = s->any || has_label(target, index) || has_label(old, index);
    if ((has_label(target, index) && !by_new) || (has_label(old, index) && !by_old))
        name(&s->idle, index);
    if (by_old)
        name(&s->kept, index);
    else
        s->partly = true;
    if (by_old && !has_label(target, index))
        name(&s->by_old, index);
    if (old && by_new && !has_label(old, index))
        name(&s->by_new, index);
}

enum zdd_err zdd_sticky_read(const json_t *target, const json_t *old, struct zdd_sticky *ret_sticky)
{
    const struct zdd_buf *lists[] = {&ret_sticky->by_old, &ret_sticky->by_new, &ret_sticky->idle,
                                     &ret_sticky->kept};

    for (size_t i = 0; i < zdd_ports_count(target); i++) {
        if (zdd_ports_is_routed(target, i))
            read_port(target, old, i, ret_sticky);
    }
    ret_sticky->now = ret_sticky->kept.size > 0;
    ret_sticky->partly = ret_sticky->partly && ret_sticky->now;
    for (size_t i = 0; i < ZDD_COUNT(lists); i++) {
        if (lists[i]->err != ZDD_ERR_NONE)
            return lists[i]->err;
    }
    return ZDD_ERR_NONE;
}

void zdd_sticky_release(struct zdd_sticky *sticky)
{
    zdd_buf_release(&sticky->by_old);
    zdd_buf_release(&sticky->by_new);
    zdd_buf_release(&sticky->idle);
    zdd_buf_release(&sticky->kept);
}
