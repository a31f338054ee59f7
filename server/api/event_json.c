/**
 * @file server/api/event_json.c
 * @brief An event as callers see it.
 */
#include "server/api/event_json.h"

#include "strategies/model/limits.h"

#include <inttypes.h>
#include <string.h>

void zdd_w_event(struct zdd_writer *w, const char *key, const struct zdd_event *event)
{
    zdd_w_object(w, key);
    zdd_w_int(w, "seq", event->seq);
    zdd_w_text(w, "type", event->type);
    zdd_w_time(w, "time", event->time_ms);
    zdd_w_text(w, "deploymentId", event->run_id);
    zdd_w_text(w, "appId", event->app_id);
    zdd_w_raw(w, "data", event->data && event->data[0] ? event->data : "{}");
    zdd_w_end_object(w);
}

void zdd_event_frame(struct zdd_buf *buf, const struct zdd_event *event)
{
    struct zdd_writer w = {.buf = buf};
    size_t start;

    zdd_buf_printf(buf, "id: %" PRId64 "\nevent: %s\ndata: ", event->seq, event->type);
    start = buf->size;
    zdd_w_event(&w, NULL, event);
    /* A line break between members would end the data line. Inside strings there is none. */
    for (size_t i = start; i < buf->size; i++) {
        if (buf->data[i] == '\n' || buf->data[i] == '\r')
            buf->data[i] = ' ';
    }
    zdd_buf_text(buf, "\n\n");
}

void zdd_event_reset_frame(struct zdd_buf *buf, int64_t after_seq, int64_t first, int64_t last)
{
    zdd_buf_printf(buf,
                   "id: %" PRId64 "\nevent: reset\ndata: {\"oldest\":%" PRId64
                   ",\"newest\":%" PRId64
                   ",\"text\":\"The event asked for is not kept. Read the resources anew; the "
                   "stream goes on from here.\"}\n\n",
                   after_seq, first, last);
}

const char *const zdd_event_types[] = {
    "deployment.queued",         "deployment.started",        "deployment.step.started",
    "deployment.step.finished",  "deployment.weight.changed", "deployment.instances.changed",
    "deployment.gate.opened",    "deployment.gate.voted",     "deployment.gate.decided",
    "deployment.paused",         "deployment.resumed",        "deployment.verify.measured",
    "deployment.rolling-back",   "deployment.succeeded",      "deployment.rolled-back",
    "deployment.failed",         "deployment.canceled",       "deployment.floor.violated",
    "deployment.floor.restored",
};
const size_t zdd_event_type_count = ZDD_COUNT(zdd_event_types);

bool zdd_event_ends_run(const char *type)
{
    static const char *const last[] = {"deployment.succeeded", "deployment.rolled-back",
                                       "deployment.failed", "deployment.canceled"};

    for (size_t i = 0; i < ZDD_COUNT(last); i++) {
        if (strcmp(type, last[i]) == 0)
            return true;
    }
    return false;
}
