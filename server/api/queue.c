/**
 * @file server/api/queue.c
 * @brief What Marathon's launch queue says about an app.
 */
#include "server/api/queue.h"

#include "server/json/words.h"

#include <string.h>

static const struct {
    const char *reason;
    const char *text;
} reasons[] = {
    {"UnfulfilledRole", "no agent offers the role the app wants"},
    {"UnfulfilledConstraint", "no agent fulfils the app's constraints"},
    {"NoCorrespondingReservationFound", "no agent has the reservation the app needs"},
    {"AgentMaintenance", "agents are in maintenance"},
    {"InsufficientCpus", "no agent has enough free CPU"},
    {"InsufficientMemory", "no agent has enough free memory"},
    {"InsufficientDisk", "no agent has enough free disk space"},
    {"InsufficientGpus", "no agent has enough free GPUs"},
    {"InsufficientPorts", "no agent has the ports free that the app wants"},
    {"DeclinedScarceResources", "agents keep scarce resources for others"},
};

const char *zdd_queue_reason_text(const char *reason)
{
    for (size_t i = 0; i < ZDD_COUNT(reasons); i++) {
        if (strcmp(reasons[i].reason, reason) == 0)
            return reasons[i].text;
    }
    return "offers do not fit for other reasons";
}

/* Keep the list sorted, the most frequent first; Marathon's own order breaks ties. */
static void insert(struct zdd_queue_view *view, const struct zdd_rejection *rejection)
{
    size_t at = view->rejection_count;

    if (at == ZDD_REJECTION_MAX)
        return;
    while (at > 0 && view->rejection[at - 1].declined < rejection->declined) {
        view->rejection[at] = view->rejection[at - 1];
        at--;
    }
    view->rejection[at] = *rejection;
    view->rejection_count++;
}

static void read_item(const json_t *item, struct zdd_queue_view *view)
{
    const json_t *summary = json_object_get(item, "processedOffersSummary");
    size_t index;
    json_t *row;

    view->count = (int32_t)zdd_json_int(item, "count", 0);
    view->waits = view->count > 0;
    zdd_words_cut(zdd_json_text(item, "since", ""), view->since, sizeof(view->since));
    view->delay_s = zdd_json_real(json_object_get(item, "delay"), "timeLeftSeconds", 0);
    json_array_foreach(json_object_get(summary, "rejectSummaryLaunchAttempt"), index, row)
    {
        struct zdd_rejection rejection = {
            .declined = (int32_t)zdd_json_int(row, "declined", 0),
            .processed = (int32_t)zdd_json_int(row, "processed", 0),
        };

        zdd_words_cut(zdd_json_text(row, "reason", ""), rejection.reason, sizeof(rejection.reason));
        if (rejection.declined > 0)
            insert(view, &rejection);
    }
}

void zdd_queue_read(const json_t *answer, const char *app_id, struct zdd_queue_view *ret_view)
{
    size_t index;
    json_t *item;

    *ret_view = (struct zdd_queue_view){0};
    json_array_foreach(json_object_get(answer, "queue"), index, item)
    {
        if (strcmp(zdd_json_text(json_object_get(item, "app"), "id", ""), app_id) == 0) {
            read_item(item, ret_view);
            return;
        }
    }
}
