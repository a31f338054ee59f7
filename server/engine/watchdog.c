/**
 * @file server/engine/watchdog.c
 * @brief The watchdog over the promised floors.
 */
#include "server/engine/watchdog.h"

#include "server/base/cleanup.h"
#include "server/base/clock.h"
#include "server/base/log.h"
#include "server/base/ticker.h"
#include "server/engine/tell.h"
#include "storage/events.h"
#include "storage/runs.h"

#include <stdio.h>

/* Figures of the engine's own looks are as good: two looks in a row are still two. */
#define LOOK_AGE_MS (ZDD_WATCH_MS / 2)

/* One event to be written. */
struct record {
    const struct zdd_ward *ward;
    struct zdd_ward_note note;
    int64_t now_ms;
};

static enum zdd_err write_record(struct zdd_tx *tx, void *cls)
{
    const struct record *r = cls;
    ZDD_AUTO_BUF struct zdd_buf data = {0};
    struct zdd_run run;
    enum zdd_err err = zdd_run_load_tx(tx, r->ward->run_id, &run);
    struct zdd_event event = {.time_ms = r->now_ms,
                              .type = r->note.news == ZDD_FLOOR_VIOLATED
                                          ? "deployment.floor.violated"
                                          : "deployment.floor.restored",
                              .run_id = r->ward->run_id,
                              .app_id = r->ward->pair};

    if (err != ZDD_ERR_NONE || zdd_phase_is_final(run.phase))
        return err; /* the last event of a deployment says how it ended */
    zdd_tell_floor(&data, &run, r->note.floor, r->note.look.sight.serving, r->note.look.weakest);
    if (data.err != ZDD_ERR_NONE)
        return data.err;
    event.data = data.data;
    return zdd_event_append(tx, &event);
}

static void record(const struct zdd_watch *watch, const struct zdd_ward *ward)
{
    struct record r = {ward, zdd_wards_unnoted(watch->wards, ward), watch->now_ms(watch->cls)};

    while (r.note.news != ZDD_FLOOR_NO_NEWS) {
        const enum zdd_err err = zdd_store_write(watch->store, write_record, &r);

        if (err != ZDD_ERR_NONE && err != ZDD_ERR_RUN_UNKNOWN)
            return;
        zdd_wards_noted(watch->wards, ward, r.note.news);
        r.note = zdd_wards_unnoted(watch->wards, ward);
    }
}

static void log_news(const struct zdd_ward *ward, enum zdd_floor_news news,
                     const struct zdd_ward_look *look)
{
    char figures[40];

    snprintf(figures, sizeof(figures), "%d of %d", (int)look->sight.serving, (int)ward->floor);
    zdd_log(news == ZDD_FLOOR_VIOLATED ? ZDD_LOG_WARN : ZDD_LOG_INFO,
            news == ZDD_FLOOR_VIOLATED ? "floor.violated" : "floor.restored", "run", ward->run_id,
            "app", ward->pair, "serving", figures, "balancer", look->weakest, NULL);
}

/* While it is broken they are told at each look: one that has started anew has forgotten it. */
static void help(const struct zdd_watch *watch, const struct zdd_ward *ward)
{
    char reason[ZDD_ROUTER_REASON_SIZE];
    const enum zdd_err err = zdd_wards_tell(watch->wards, &watch->router, ward->pair, reason);

    if (err != ZDD_ERR_NONE)
        zdd_log(ZDD_LOG_WARN, "floor.help", "run", ward->run_id, "error", zdd_err_slug(err), "text",
                reason, NULL);
}

static void judge(const struct zdd_watch *watch, const struct zdd_ward *ward,
                  const struct zdd_router_view *view)
{
    struct zdd_ward_look look = {{0}, ""};
    enum zdd_floor_news news;

    (void)zdd_wards_times(watch->wards, ward->pair, view, watch->now_ms(watch->cls));
    look.sight = zdd_balance_sight(view, &ward->traffic, look.weakest);
    news = zdd_wards_judge(watch->wards, ward, &look);
    if (news == ZDD_FLOOR_VIOLATED || (ward->broken && news != ZDD_FLOOR_RESTORED))
        help(watch, ward);
    if (news == ZDD_FLOOR_NO_NEWS)
        return;
    log_news(ward, news, &look);
    watch->wake(watch->cls, ward->run_id, ward->pair);
}

static enum zdd_err look_at(const struct zdd_watch *watch, const struct zdd_ward *list,
                            size_t count, struct zdd_router_view *views)
{
    ZDD_AUTO_FREE struct zdd_router_ask *asks = calloc(count, sizeof(*asks));
    char reason[ZDD_ROUTER_REASON_SIZE];

    if (!asks)
        return ZDD_ERR_NO_MEMORY;
    for (size_t i = 0; i < count; i++)
        asks[i] = zdd_balance_ask(list[i].pair, &list[i].fleet);
    return watch->router.ops->observe(watch->router.cls, asks, count, LOOK_AGE_MS, views, reason);
}

void zdd_watch_look(const struct zdd_watch *watch)
{
    struct zdd_ward *list;
    const size_t count = zdd_wards_watched(watch->wards, &list);
    ZDD_AUTO_FREE struct zdd_router_view *views = count > 0 ? calloc(count, sizeof(*views)) : NULL;
    const enum zdd_err err = views ? look_at(watch, list, count, views) : ZDD_ERR_NO_MEMORY;

    for (size_t i = 0; err != ZDD_ERR_NO_MEMORY && i < count; i++)
        judge(watch, &list[i], &views[i]);
    /* Last, for the disk may be slow. */
    for (size_t i = 0; i < count; i++)
        record(watch, &list[i]);
    zdd_wards_release(list, count);
}

struct zdd_watchdog {
    struct zdd_watch watch;
    struct zdd_ticker *ticker;
};

static int64_t keep_watch(void *cls)
{
    const struct zdd_watchdog *dog = cls;

    zdd_watch_look(&dog->watch);
    return ZDD_WATCH_MS;
}

struct zdd_watchdog *zdd_watchdog_start(const struct zdd_watch *watch)
{
    struct zdd_watchdog *dog = calloc(1, sizeof(*dog));

    if (!dog)
        return NULL;
    dog->watch = *watch;
    dog->ticker = zdd_ticker_start(keep_watch, dog, ZDD_WATCH_MS);
    if (dog->ticker)
        return dog;
    free(dog);
    return NULL;
}

struct zdd_watchdog *zdd_watchdog_free(struct zdd_watchdog *watchdog)
{
    if (!watchdog)
        return NULL;
    zdd_ticker_free(watchdog->ticker);
    free(watchdog);
    return NULL;
}
