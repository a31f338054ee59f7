/**
 * @file tests/bench/bench_history.c
 * @brief A long history: starting on it, and reading it at any depth.
 *
 * Two real deployments, one that has ended and one in flight, are copied by SQL as often as asked:
 * past deployments with ten audit entries and two events each, and 10 000 in flight. Past
 * deployments share 20 000 plans, five times what the server keeps at hand. Then the real server
 * starts on that file, and pages are read over HTTP at random depths.
 */
#include "server/api/page.h"
#include "tests/bench/support/figures.h"
#include "tests/bench/support/load.h"
#include "tests/bench/support/service.h"
#include "tests/support/serverrun.h"

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define LIVE 10000
#define PLANS 20000
#define APPS 100000 /* that past deployments are of */
#define PAGES 400   /* read of each list, so many times: */
#define PASSES 5
#define FIRST 100 /* numbers below are the templates' */

struct bench {
    struct service service;
    sqlite3 *db;
    char folder[96], file[128];
    int64_t runs;
};

/* ---- making the history ---- */

static void sql(struct bench *bench, const char *text)
{
    char *why = NULL;

    if (sqlite3_exec(bench->db, text, NULL, NULL, &why) != SQLITE_OK)
        bench_fail("%s: %s", why, text);
}

/* What a column of a copy gets instead of the template's value; n counts from 1. */
struct instead {
    const char *column, *expression;
};

/* "INSERT INTO table SELECT … FROM numbers, table": @p count copies of the row @p where. */
static void copy_rows(struct bench *bench, const char *table, const char *where, int64_t count,
                      const struct instead *instead)
{
    ZDD_AUTO_BUF struct zdd_buf text = {0};
    char ask[200];
    sqlite3_stmt *columns;
    bool first = true;

    snprintf(ask, sizeof(ask), "SELECT name FROM pragma_table_info('%s')", table);
    if (sqlite3_prepare_v2(bench->db, ask, -1, &columns, NULL) != SQLITE_OK)
        bench_fail("%s", sqlite3_errmsg(bench->db));
    zdd_buf_printf(&text,
                   "WITH RECURSIVE numbers(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers "
                   "WHERE n < %lld) INSERT INTO %s SELECT ",
                   (long long)count, table);
    while (sqlite3_step(columns) == SQLITE_ROW) {
        const char *name = (const char *)sqlite3_column_text(columns, 0);
        const struct instead *other = instead;

        while (other->column && strcmp(other->column, name) != 0)
            other++;
        zdd_buf_printf(&text, "%s", first ? "" : ", ");
        if (other->column)
            zdd_buf_text(&text, other->expression);
        else
            zdd_buf_printf(&text, "t.\"%s\"", name);
        first = false;
    }
    sqlite3_finalize(columns);
    zdd_buf_printf(&text, " FROM numbers, (SELECT * FROM %s WHERE %s LIMIT 1) t", table, where);
    sql(bench, text.data);
}

#define ID(kind, number) "printf('01900000-0000-7000-800" kind "-%012x', " number ")"

static void copy_plans(struct bench *bench)
{
    copy_rows(bench, "plan", "no = 1", PLANS,
              (const struct instead[]){{"no", "n + 100"}, {"id", ID("0", "n")}, {NULL, NULL}});
    copy_rows(bench, "plan", "no = 2", LIVE,
              (const struct instead[]){{"no", "n + 1000000"},
                                       {"id", ID("1", "n")},
                                       {"app_id", "printf('/bench/app-%07d', n + 500000)"},
                                       {NULL, NULL}});
}

#define PAST_STATE(a, b, c)                                                                        \
    "CASE WHEN n % 20 = 0 THEN '" b "' WHEN n % 20 = 1 THEN '" c "' ELSE '" a "' END"

#define LIVE_TEMPLATE "run_id = (SELECT id FROM run WHERE active = 1 AND no < 100)"

static void copy_runs(struct bench *bench)
{
    const struct instead past[] = {
        {"no", "n + 100"},
        {"id", ID("2", "n")},
        {"plan_id", ID("0", "1 + n % 20000")},
        {"app_id", "printf('/bench/app-%07d', n * 7919 % 100000)"},
        {"state", PAST_STATE("succeeded", "failed", "rolled-back")},
        {"phase", PAST_STATE("succeeded", "failed", "rolled-back")},
        {"created_at_ms", "1600000000000 + n * 1000"},
        {"started_at_ms", "1600000000000 + n * 1000"},
        {"ended_at_ms", "1600000090000 + n * 1000"},
        {NULL, NULL},
    };
    const struct instead live[] = {
        {"no", "n + 20000000"},
        {"id", ID("3", "n")},
        {"plan_id", ID("1", "n")},
        {"app_id", "printf('/bench/app-%07d', n + 500000)"},
        {NULL, NULL},
    };

    const struct instead step[] = {{"run_id", ID("3", "n")}, {NULL, NULL}};

    /* Those in flight have their two steps; nobody asks for those of the past ones here. */
    copy_rows(bench, "step", LIVE_TEMPLATE " AND idx = 0", LIVE, step);
    copy_rows(bench, "step", LIVE_TEMPLATE " AND idx = 1", LIVE, step);
    copy_rows(bench, "run", "active = 0", bench->runs, past);
    copy_rows(bench, "run", "active = 1 AND no < 100", LIVE, live);
}

static void copy_logs(struct bench *bench)
{
    const struct instead events[] = {
        {"seq", "n + 100"},
        {"run_id", ID("2", "1 + n / 2")},
        {"app_id", "printf('/bench/app-%07d', (n / 2) * 7919 % 100000)"},
        {NULL, NULL},
    };
    const struct instead audit[] = {
        {"seq", "n + 100"},
        {"time_ms", "1600000000000 + n * 100"},
        {"actor", "CASE WHEN n % 10000 = 0 THEN 'token:rare' WHEN n % 10 = 0 THEN 'token:ci' ELSE "
                  "'engine' END"},
        {"action", "CASE WHEN n % 10 = 0 THEN 'deployment.create' WHEN n % 10 = 9 THEN "
                   "'deployment.end' ELSE 'order.put-target' END"},
        {"family", "CASE WHEN n % 10 IN (0, 9) THEN 'deployment.' ELSE 'order.' END"},
        {"app_id", "printf('/bench/app-%07d', (n / 10) * 7919 % 100000)"},
        {"run_id", ID("2", "1 + n / 10")},
        {NULL, NULL},
    };

    copy_rows(bench, "event", "run_id IS NOT NULL AND seq < 100", bench->runs * 2, events);
    copy_rows(bench, "audit", "seq < 100", bench->runs * 10, audit);
}

/* Indexes are made at the end: sorted once, not searched for each row. */
static void without_indexes(struct bench *bench, void (*fill)(struct bench *bench))
{
    static const char ask[] =
        "SELECT name, sql FROM sqlite_schema WHERE type = 'index' AND sql IS NOT NULL";
    ZDD_AUTO_BUF struct zdd_buf drop = {0};
    ZDD_AUTO_BUF struct zdd_buf make = {0};
    sqlite3_stmt *indexes;

    if (sqlite3_prepare_v2(bench->db, ask, -1, &indexes, NULL) != SQLITE_OK)
        bench_fail("%s", sqlite3_errmsg(bench->db));
    while (sqlite3_step(indexes) == SQLITE_ROW) {
        zdd_buf_printf(&drop, "DROP INDEX %s;", (const char *)sqlite3_column_text(indexes, 0));
        zdd_buf_printf(&make, "%s;", (const char *)sqlite3_column_text(indexes, 1));
    }
    sqlite3_finalize(indexes);
    sql(bench, drop.data);
    fill(bench);
    sql(bench, make.data);
}

static void fill(struct bench *bench)
{
    copy_plans(bench);
    copy_runs(bench);
    copy_logs(bench);
}

static void multiply(struct bench *bench)
{
    const int64_t begun_ns = bench_now_ns();
    struct stat is;

    if (sqlite3_open(bench->file, &bench->db) != SQLITE_OK)
        bench_fail("cannot open %s", bench->file);
    sql(bench, "PRAGMA journal_mode = OFF");
    sql(bench, "PRAGMA synchronous = OFF; PRAGMA cache_size = -1000000;"
               "PRAGMA foreign_keys = OFF; PRAGMA temp_store = MEMORY; BEGIN");
    without_indexes(bench, fill);
    /* The server goes on from the newest entry; whether old ones fit is not asked here. */
    sql(bench, "UPDATE audit_head SET entries = (SELECT max(seq) FROM audit), hash = (SELECT hash "
               "FROM audit ORDER BY seq DESC LIMIT 1); COMMIT; PRAGMA journal_mode = WAL");
    sqlite3_close(bench->db);
    fprintf(stderr, "%lld past deployments in %.0f s, %.1f GiB\n", (long long)bench->runs,
            (double)(bench_now_ns() - begun_ns) / 1e9,
            stat(bench->file, &is) == 0 ? (double)is.st_size / 1073741824 : 0);
}

static size_t make_post(void *cls, uint64_t number, char text[static LOAD_REQUEST_SIZE])
{
    const struct bench *bench = cls;

    return service_deploy_request(&bench->service, "/v1/deployments", number, "rolling", "", text);
}

/* One deployment that has ended and one that goes on. */
static void make_templates(struct bench *bench)
{
    struct fleet *fleet = fleet_new(2, FLEET_WHEN_TOLD);
    struct zdd_engine_stats stats = {.live = 2};
    struct load_result result;
    struct load_options options = {.connections = 1,
                                   .request_max = 2,
                                   .time_max_ms = 10000,
                                   .status = 202,
                                   .make = make_post,
                                   .cls = bench};

    service_start(&bench->service,
                  &(struct service_options){.fleet = fleet, .existing = bench->file});
    options.port = bench->service.port;
    if (!load_run(&options, &result))
        bench_fail("the templates cannot be made");
    for (int i = 0; i < 100 && stats.live > 1; i++) {
        bench_sleep_ms(100);
        fleet_finish(fleet, 0);
        zdd_engine_event(bench->service.engine, "deployment_success",
                         "{\"app\":\"/bench/app-0000000\"}");
        zdd_engine_stats(bench->service.engine, &stats);
    }
    if (stats.live != 1)
        bench_fail("the first template does not end");
    service_stop(&bench->service);
    fleet_free(fleet);
}

/* ---- starting on it ---- */

static void measure_start(struct bench *bench)
{
    struct serverrun run;
    double ms[3];
    char note[160];

    /* Nobody answers there, so each deployment in flight is looked at and told so. */
    if (!serverrun_open(&run, "http://127.0.0.1:9"))
        bench_fail("no room for a server");
    snprintf(run.db, sizeof(run.db), "%s", bench->file);
    for (size_t i = 0; i < ZDD_COUNT(ms); i++) {
        const int64_t begun_ns = bench_now_ns();

        if (!serverrun_start(&run, NULL))
            bench_fail("the server does not start");
        ms[i] = (double)(bench_now_ns() - begun_ns) / 1e6;
        serverrun_kill(&run);
    }
    snprintf(note, sizeof(note), "%d in flight, %lld past; the longest of 3: %.0f ms", LIVE,
             (long long)bench->runs, bench_percentile(ms, ZDD_COUNT(ms), 100));
    bench_say(&(struct bench_figure){6, "start to readyz, median", "ms",
                                     bench_median(ms, ZDD_COUNT(ms)), BENCH_AT_MOST, 2000, note});
    serverrun_close(&run);
}

/* ---- reading it ---- */

/* A list, and how its pages are entered anywhere. */
struct list {
    const char *what, *path, *filters; /* filters as the cursor's hash has them */
    const char *query;
    bool by_seq; /* the cursor is a number, else a deployment's id */
};

struct walk {
    struct bench *bench;
    const struct list *list;
    int64_t keys; /* that cursors are drawn from */
    uint64_t random;
    double from, to; /* share of the keys */
};

static void encode(const char *text, char *ret_cursor)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    const size_t size = strlen(text);

    for (size_t i = 0; i < size; i += 3) {
        uint32_t bits = 0;

        for (size_t k = 0; k < 3; k++)
            bits = bits << 8 | (i + k < size ? (unsigned char)text[i + k] : 0U);
        for (size_t k = 0; k <= (size - i < 3 ? size - i : 3); k++)
            *ret_cursor++ = digits[bits >> (18 - 6 * k) & 63];
    }
    *ret_cursor = '\0';
}

static size_t make_page(void *cls, uint64_t number, char text[static LOAD_REQUEST_SIZE])
{
    struct walk *walk = cls;
    const struct list *list = walk->list;
    char known[200], hex[ZDD_SHA256_HEX_SIZE], key[100], cursor[200], path[600];
    int64_t at;

    (void)number;
    walk->random = walk->random * 6364136223846793005U + 1442695040888963407U;
    at = 1 +
         (int64_t)((double)walk->keys * (walk->from + (walk->to - walk->from) *
                                                          (double)(walk->random >> 40) / 16777216));
    snprintf(known, sizeof(known), "%s%s%s", list->path, list->filters[0] ? "\n" : "",
             list->filters);
    zdd_sha256_hex(known, strlen(known), hex);
    if (list->by_seq)
        snprintf(key, sizeof(key), "%.*s%lld", ZDD_PAGE_HASH_SIZE - 1, hex, (long long)at + 100);
    else
        snprintf(key, sizeof(key), "%.*s01900000-0000-7000-8002-%012llx", ZDD_PAGE_HASH_SIZE - 1,
                 hex, (unsigned long long)at);
    encode(key, cursor);
    snprintf(path, sizeof(path), "%s?limit=50%s&cursor=%s", list->path, list->query, cursor);
    return load_get(text, path, walk->bench->service.token);
}

/* @return the p99 of one pass in milliseconds */
static double read_once(struct walk *walk, double from, double to, double *ret_p50_ms)
{
    const struct load_options options = {.port = walk->bench->service.port,
                                         .connections = 1,
                                         .request_max = PAGES,
                                         .time_max_ms = 60000,
                                         .status = 200,
                                         .make = make_page,
                                         .cls = walk};
    struct load_result result;

    walk->from = from;
    walk->to = to;
    if (!load_run(&options, &result))
        bench_fail("%s: status %u", walk->list->what, result.last_status);
    *ret_p50_ms = result.p50_ms;
    return result.p99_ms;
}

/* @return the median of several passes: one pass has four pages beyond its p99, and whatever else
 * the machine does falls on some of them */
static double read_pages(struct walk *walk, double from, double to, double *ret_p50_ms)
{
    double p99_ms[PASSES];

    for (size_t i = 0; i < PASSES; i++)
        p99_ms[i] = read_once(walk, from, to, ret_p50_ms);
    return bench_median(p99_ms, PASSES);
}

static void measure_list(struct bench *bench, const struct list *list)
{
    struct walk walk = {bench, list, bench->runs * (list->by_seq ? 10 : 1), 4711, 0, 1};
    double deep_p50_ms, new_p50_ms, deep_ms, new_ms;
    char note[160];

    (void)read_pages(&walk, 0, 1, &deep_p50_ms); /* the file's pages come into memory */
    new_ms = read_pages(&walk, 0.9, 1, &new_p50_ms);
    deep_ms = read_pages(&walk, 0, 0.1, &deep_p50_ms);
    snprintf(note, sizeof(note), "oldest tenth; newest tenth %.2f ms; p50 %.2f and %.2f ms", new_ms,
             deep_p50_ms, new_p50_ms);
    bench_say(&(struct bench_figure){7, list->what, "ms", deep_ms, BENCH_AT_MOST, 5, note});
}

static void measure_lists(struct bench *bench)
{
    static const struct list lists[] = {
        {"deployments, 50 a page, p99", "/v1/deployments", "", "", false},
        {"deployments that failed, p99", "/v1/deployments", "state=failed", "&state=failed", false},
        {"deployments of one app, p99", "/v1/deployments", "appId=/bench/app-0007919",
         "&appId=%2Fbench%2Fapp-0007919", false},
        {"deployments since a time, p99", "/v1/deployments", "since=2020-09-13T12:26:41.000Z",
         "&since=2020-09-13T12:26:41.000Z", false},
        {"audit, 50 a page, p99", "/v1/audit", "", "", true},
        {"audit of a rare actor, p99", "/v1/audit", "actor=token:rare", "&actor=token:rare", true},
        {"audit of a family of actions, p99", "/v1/audit", "action=deployment.",
         "&action=deployment.", true},
        {"audit of one app, p99", "/v1/audit", "appId=/bench/app-0007919",
         "&appId=%2Fbench%2Fapp-0007919", true},
    };
    struct fleet *fleet = fleet_new(600000, FLEET_WHEN_TOLD);

    service_start(&bench->service,
                  &(struct service_options){.fleet = fleet, .existing = bench->file});
    bench_sleep_ms(5000); /* the sweep after the start looks at everything in flight */
    for (size_t i = 0; i < ZDD_COUNT(lists); i++)
        measure_list(bench, &lists[i]);
    service_stop(&bench->service);
    fleet_free(fleet);
}

int main(int argc, char **argv)
{
    static struct bench bench;

    bench.runs = bench_option(argc, argv, "deployments", 100000);
    service_folder_make(bench.folder);
    snprintf(bench.file, sizeof(bench.file), "%s/zdd.db", bench.folder);
    make_templates(&bench);
    multiply(&bench);
    measure_start(&bench);
    measure_lists(&bench);
    service_folder_remove(bench.folder);
    return 0;
}
