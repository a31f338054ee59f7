/**
 * @file server/api/metrics_runs.c
 * @brief The deployments that run, as gauges.
 */
#include "server/api/metrics_runs.h"

#include "server/api/inside.h"
#include "storage/plans.h"
#include "strategies/share.h"

#include <stdlib.h>
#include <string.h>

/* What is shown of one of them. */
struct row {
    char app_id[ZDD_APP_ID_SIZE];
    struct zdd_tally old_side, new_side;
    bool is_pair;
    double intended, measured; /* percent; measured below 0: nothing was counted */
    struct zdd_engine_floor floor;
};

struct rows {
    struct zdd_api *api;
    struct row *row;
    size_t count, room;
    enum zdd_err err;
};

static const enum zdd_state states[] = {ZDD_STATE_RUNNING, ZDD_STATE_PAUSED, ZDD_STATE_WAITING,
                                        ZDD_STATE_ROLLING_BACK};

static enum zdd_err read_pair(struct zdd_api *api, const struct zdd_run *run, struct row *row)
{
    const struct zdd_split *split = &run->split;
    const int64_t all = split->old_requests + split->new_requests;
    struct zdd_plan plan;
    enum zdd_err err = zdd_plan_load(api->options.store, run->plan_id, &plan, NULL);

    if (err != ZDD_ERR_NONE || plan.program.count == 0)
        return err;
    row->is_pair = true;
    row->intended = (double)zdd_share_now(&plan, run) / ZDD_SHARE_PERCENT;
    row->measured = all > 0 ? 100.0 * (double)split->new_requests / (double)all : -1;
    if (api->options.engine)
        zdd_engine_floor(api->options.engine, run->id, &row->floor);
    return err;
}

static struct row *add_row(struct rows *rows)
{
    if (rows->count == rows->room) {
        const size_t room = rows->room ? rows->room * 2 : 16;
        struct row *grown = realloc(rows->row, room * sizeof(*grown));

        if (!grown)
            return NULL;
        rows->row = grown;
        rows->room = room;
    }
    rows->row[rows->count] = (struct row){0};
    return &rows->row[rows->count++];
}

/* States are asked for one after the other, and one that changes meanwhile comes twice; a series
 * may not. */
static bool is_known(const struct rows *rows, const char *app_id)
{
    for (size_t i = 0; i < rows->count; i++) {
        if (strcmp(rows->row[i].app_id, app_id) == 0)
            return true;
    }
    return false;
}

static bool visit(void *cls, const struct zdd_run_peek *peek)
{
    struct rows *rows = cls;
    struct row *row;
    struct zdd_run run;

    rows->err = zdd_run_peek_load(peek, &run, NULL);
    if (rows->err != ZDD_ERR_NONE)
        return false;
    if (is_known(rows, run.app_id))
        return true;
    row = add_row(rows);
    if (!row) {
        rows->err = ZDD_ERR_NO_MEMORY;
        return false;
    }
    memcpy(row->app_id, run.app_id, sizeof(row->app_id));
    row->old_side = run.old_side;
    row->new_side = run.new_side;
    rows->err = read_pair(rows->api, &run, row);
    return rows->err == ZDD_ERR_NONE;
}

static enum zdd_err read_rows(struct zdd_call *call, struct rows *rows)
{
    struct zdd_run_filter filter = {.app_prefix = zdd_caller_prefix(zdd_caller_of(call)),
                                    .limit = ZDD_METRICS_RUN_MAX};
    enum zdd_err err = ZDD_ERR_NONE;

    rows->api = zdd_api_of(call);
    for (size_t i = 0; i < ZDD_COUNT(states) && err == ZDD_ERR_NONE; i++) {
        filter.state = (int)states[i];
        err = zdd_run_list(zdd_store_of(call), &filter, visit, rows);
        if (err == ZDD_ERR_NONE)
            err = rows->err;
    }
    return err;
}

static void head(struct zdd_buf *buf, const char *name, const char *help)
{
    zdd_buf_printf(buf, "# HELP %s %s\n# TYPE %s gauge\n", name, help, name);
}

/* Ids of apps hold nothing that would have to be escaped (marathon.md §2). */
static void sample(struct zdd_buf *buf, const char *name, const struct row *row, const char *more,
                   double value)
{
    zdd_buf_printf(buf, "%s{app=\"%s\"%s} %.17g\n", name, row->app_id, more, value);
}

static void write_instances(struct zdd_buf *buf, const struct rows *rows)
{
    static const char all[] = "zdd_deployment_instances", well[] = "zdd_deployment_healthy";

    head(buf, all, "Instances of apps that are being deployed, by version.");
    for (size_t i = 0; i < rows->count; i++) {
        sample(buf, all, &rows->row[i], ",side=\"old\"", rows->row[i].old_side.instances);
        sample(buf, all, &rows->row[i], ",side=\"new\"", rows->row[i].new_side.instances);
    }
    head(buf, well, "Of these, the healthy ones.");
    for (size_t i = 0; i < rows->count; i++) {
        sample(buf, well, &rows->row[i], ",side=\"old\"", rows->row[i].old_side.healthy);
        sample(buf, well, &rows->row[i], ",side=\"new\"", rows->row[i].new_side.healthy);
    }
}

static void write_shares(struct zdd_buf *buf, const struct rows *rows)
{
    static const char intended[] = "zdd_share_intended_percent";
    static const char measured[] = "zdd_share_measured_percent";

    head(buf, intended, "Share of the requests that the new version shall have.");
    for (size_t i = 0; i < rows->count; i++) {
        if (rows->row[i].is_pair)
            sample(buf, intended, &rows->row[i], "", rows->row[i].intended);
    }
    head(buf, measured, "Share that it has, as balancers count.");
    for (size_t i = 0; i < rows->count; i++) {
        if (rows->row[i].is_pair && rows->row[i].measured >= 0)
            sample(buf, measured, &rows->row[i], "", rows->row[i].measured);
    }
}

static void write_floors(struct zdd_buf *buf, const struct rows *rows)
{
    static const char promised[] = "zdd_floor_instances", serving[] = "zdd_serving_instances";

    head(buf, promised, "Instances of a pair that are promised to serve.");
    for (size_t i = 0; i < rows->count; i++) {
        if (rows->row[i].floor.watched)
            sample(buf, promised, &rows->row[i], "", rows->row[i].floor.promised);
    }
    head(buf, serving, "Instances that serve, at the balancer where they are fewest.");
    for (size_t i = 0; i < rows->count; i++) {
        if (rows->row[i].floor.watched)
            sample(buf, serving, &rows->row[i], "", rows->row[i].floor.serving);
    }
}

enum zdd_err zdd_metrics_write_runs(struct zdd_call *call)
{
    struct rows rows = {0};
    const enum zdd_err err = read_rows(call, &rows);

    if (err == ZDD_ERR_NONE) {
        write_instances(&call->reply, &rows);
        write_shares(&call->reply, &rows);
        write_floors(&call->reply, &rows);
    }
    free(rows.row);
    return err;
}
