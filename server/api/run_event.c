/**
 * @file server/api/run_event.c
 * @brief Events that the API itself appends.
 */
#include "server/api/run_event.h"

#include "server/base/buf.h"
#include "server/engine/tell.h"

#include <assert.h>

enum zdd_err zdd_run_event(struct zdd_tx *tx, const struct zdd_plan *plan,
                           const struct zdd_run *run, const char *type, int64_t now_ms,
                           const char *more)
{
    ZDD_AUTO_BUF struct zdd_buf data = {0};
    struct zdd_event event = {
        .time_ms = now_ms, .type = type, .run_id = run->id, .app_id = run->app_id};

    zdd_tell_event(&data, plan, run, NULL);
    if (data.err != ZDD_ERR_NONE)
        return data.err;
    assert(data.data[data.size - 1] == '}');
    data.size--; /* open it again for what comes on top */
    zdd_buf_text(&data, more ? more : "");
    zdd_buf_text(&data, "}");
    if (data.err != ZDD_ERR_NONE)
        return data.err;
    event.data = data.data;
    return zdd_event_append(tx, &event);
}
