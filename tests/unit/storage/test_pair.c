/**
 * @file tests/unit/storage/test_pair.c
 * @brief Deployments over a pair at rest: what a plan knows of it, and databases from before there
 * were any.
 */
#include "storage/inside.h"
#include "storage/migrate.h"
#include "tests/unit/storage/fixture.h"

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int setup(void **state)
{
    struct place *place = calloc(1, sizeof(*place));

    assert_non_null(place);
    place_make(place);
    *state = place;
    return 0;
}

static int teardown(void **state)
{
    place_remove(*state);
    free(*state);
    return 0;
}

/* Every member has a value of its own, so that two swapped columns show. */
static struct zdd_plan a_pair_plan(void)
{
    struct zdd_plan plan = a_plan(.strategy = "blue-green", .pair = {.router = "haproxy",
                                                                     .old_id = "/shop-blue",
                                                                     .new_id = "/shop-green",
                                                                     .old_version = "before",
                                                                     .old_serving = 3,
                                                                     .floor = 2,
                                                                     .drain_ms = 86400000,
                                                                     .must_adopt = true,
                                                                     .sticky = true,
                                                                     .by_users = true});

    zdd_program_add(&plan.program, ZDD_STEP_ADOPT, 0);
    zdd_program_add(&plan.program, ZDD_STEP_START, 4);
    zdd_program_add(&plan.program, ZDD_STEP_SHIFT, 10000);
    zdd_program_add(&plan.program, ZDD_STEP_VERIFY, 6);
    zdd_verifies_add(&plan.verifies,
                     &(struct zdd_verify){.rounds = 6, .interval_ms = 10000, .failure_limit = 1});
    plan.verifies.beside = (struct zdd_verify){.rounds = 5,
                                               .interval_ms = 4000,
                                               .failure_limit = 3,
                                               .error_limit = 2,
                                               .min_requests = 7,
                                               .on_inconclusive = ZDD_INCONCLUSIVE_GATES,
                                               .counted_count = 1,
                                               .counted = {{.place = 3,
                                                            .metric = ZDD_METRIC_RESPONSE_MS,
                                                            .has_max = true,
                                                            .max = 9,
                                                            .observe_only = true}}};
    return plan;
}

struct writing {
    const struct zdd_plan *plan;
    const struct zdd_plan_texts *texts;
};

static enum zdd_err write_plan(struct zdd_tx *tx, void *cls)
{
    const struct writing *writing = cls;

    return zdd_plan_insert(tx, writing->plan, writing->texts, "token:ci");
}

static void what_a_plan_knows_of_its_pair_comes_back(void **state)
{
    const struct place *place = *state;
    const struct zdd_plan plan = a_pair_plan();
    char body[] = "{}", adopted[] = "{\"labels\":{}}", backends[] = "shop_1 shop_2",
         survivor[] = "{\"s\":1}", checks[] = "[{}]";
    const struct zdd_plan_texts texts = {.body = {body},
                                         .request = {body},
                                         .adopted = {adopted},
                                         .survivor = {survivor},
                                         .backends = {backends},
                                         .checks = {checks}};
    struct zdd_store *store = open_file(place->path);
    ZDD_AUTO_PLAN_TEXTS struct zdd_plan_texts texts_back = {0};
    char text[ZDD_VERIFIES_TEXT_SIZE];
    struct zdd_plan back;

    assert_good(zdd_store_write(store, write_plan, &(struct writing){&plan, &texts}));
    assert_good(zdd_plan_load(store, "plan-1", &back, &texts_back));
    zdd_store_free(store);
    assert_string_equal(back.pair.old_id, "/shop-blue");
    assert_string_equal(back.pair.new_id, "/shop-green");
    assert_string_equal(back.pair.old_version, "before");
    assert_int_equal(back.pair.old_serving, 3);
    assert_int_equal(back.pair.floor, 2);
    assert_int_equal(back.pair.drain_ms, 86400000);
    assert_true(back.pair.must_adopt);
    assert_false(back.pair.kill_undrained);
    assert_true(back.pair.sticky);
    assert_true(back.pair.by_users);
    assert_string_equal(back.pair.router, "haproxy");
    assert_int_equal(back.program.count, 4);
    assert_int_equal(back.program.step[1].kind, ZDD_STEP_START);
    assert_int_equal(back.program.step[1].value, 4);
    assert_int_equal(back.program.step[2].value, 10000);
    assert_string_equal(texts_back.adopted.data, adopted);
    assert_string_equal(texts_back.survivor.data, survivor);
    assert_string_equal(texts_back.backends.data, backends);
    assert_string_equal(texts_back.checks.data, checks);
    zdd_verifies_print(&back.verifies, text);
    assert_string_equal(text, "5 4000 3 2 7 gate responseMs 3 5 9;6 10000 1 0 0 wait");
    assert_null(texts_back.target.data);
    assert_null(texts_back.previous.data);
}

static void a_pair_that_kills_what_does_not_drain_says_so(void **state)
{
    const struct place *place = *state;
    struct zdd_store *store = open_file(place->path);
    struct zdd_plan back;

    assert_good(insert_plan(store, &a_plan(.pair = {.kill_undrained = true}), "{}"));
    assert_good(zdd_plan_load(store, "plan-1", &back, NULL));
    zdd_store_free(store);
    assert_true(back.pair.kill_undrained);
    assert_false(back.pair.must_adopt);
    assert_false(back.pair.sticky);
    assert_int_equal(back.program.count, 0);
}

static void assert_damaged(const char *path, const char *sql, const char *words)
{
    char trouble[ZDD_TROUBLE_SIZE];
    struct zdd_plan plan;
    struct zdd_store *store;

    tamper(path, sql);
    store = open_file(path);
    assert_err(ZDD_ERR_STORE_CORRUPT, zdd_plan_load(store, "plan-1", &plan, NULL));
    zdd_store_trouble(store, trouble);
    zdd_store_free(store);
    assert_non_null(strstr(trouble, words));
}

static void a_program_that_nobody_wrote_is_damage(void **state)
{
    const struct place *place = *state;
    const struct zdd_plan plan = a_pair_plan();
    struct zdd_store *store = open_file(place->path);

    assert_good(insert_plan(store, &plan, "{}"));
    zdd_store_free(store);
    assert_damaged(place->path, "UPDATE plan SET program = 'start 4;dance'",
                   "a program that the program never writes");
    assert_damaged(place->path, "UPDATE plan SET program = 'start 4;'",
                   "a program that the program never writes");
    assert_damaged(place->path, "UPDATE plan SET program = '', verifies = '6 seconds'",
                   "checks that the program never writes");
    assert_damaged(place->path, "UPDATE plan SET verifies = '', pair_drain_ms = 1 << 40",
                   "a number that the program never writes");
}

static void a_word_for_serving_that_nobody_knows_is_never_written(void **state)
{
    const struct place *place = *state;
    struct zdd_run run = a_run();
    char busy[ZDD_ID_SIZE];
    struct zdd_store *store = open_file(place->path);

    assert_good(insert_run(store, &run, ZDD_WHEN_BUSY_REJECT, busy));
    zdd_store_free(store);
    /* The file itself refuses it; without that, reading does. */
    tamper(place->path,
           "PRAGMA ignore_check_constraints = 1; UPDATE run SET new_serving = 'sleeps'");
    store = open_file(place->path);
    assert_err(ZDD_ERR_STORE_CORRUPT, zdd_run_load(store, "run-1", &run, NULL));
    zdd_store_free(store);
}

/* One row of each table, and of steps as many as version 1 allowed. */
static const char version_1_rows[] =
    "INSERT INTO plan VALUES (1, 'plan-1', 'sha256:0', '/shop', 'rolling', 'upgrade', 'hold',"
    " 'classic', 5, 6, 1, 0.25, 0.5, 0.1, 32.5, 2, 1, 1, 0, 0, 1, 0, 1, 0,"
    " 2, 1.0, 0.75, 2.0, 64.0, 3, 0, 0, 1, 1, 0, 1, 0, 1,"
    " 1, 'v', 'c', 7, 8, 'token:ci', '{\"a\":1}', '{}', '{\"t\":1}', NULL);"
    "INSERT INTO run VALUES (1, 'run-1', 'plan-1', '/shop', 'rolling', 4, 'token:me', 'why',"
    " 'pause', '', 'running', 9, 1, 'rolling', 'none', 'none', 'acked', 1, 1, 2, 5, 0, 7, 8, 18,"
    " 0, 10, 11, 12, 'target', 'revert', 'marathon', 'old', 13, 14, 'new', 15, 16, 'tasks',"
    " 'waiting', 17, '', '', '{\"commit\":\"1\"}');"
    "WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 15)"
    " INSERT INTO step SELECT 'run-1', i, 'kind-' || i, 'text', 'succeeded', i, 2 * i, 3 * i,"
    " CASE WHEN i % 2 THEN '{}' END FROM n;"
    "INSERT INTO intent VALUES (1, 'run-1', 3, 'rolling/apply', 'put-target', 4, 0, 100, 200,"
    " 'acked', 'words');"
    "INSERT INTO event VALUES (1, 5, 'deployment.started', 'run-1', '/shop', '{}');"
    "INSERT INTO idempotency VALUES ('token:ci', 'k', 'deploy', printf('%064d', 0), 202,"
    " '/v1/deployments/run-1', 5, '{}');"
    "INSERT INTO token VALUES (1, 'token-1', 'ci', printf('%064d', 1), 3, '/shop', 5, 6, 0);"
    "INSERT INTO revision VALUES ('/shop', 1, 'run-1', 'sha256:0', 'v', 5, '{}');";

static const char *const tables[] = {"plan",  "run",         "step",  "intent",
                                     "event", "idempotency", "token", "revision"};

/* With the first @p count migrations. */
static void make_version(const char *path, size_t count)
{
    struct zdd_trouble trouble = {.lock = PTHREAD_MUTEX_INITIALIZER};
    static struct zdd_conn conn; /* large */
    int found = -1;

    assert_good(zdd_conn_open(&conn, path, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, &trouble));
    assert_good(zdd_schema_version(&conn, &found));
    assert_int_equal(found, 0);
    assert_good(zdd_migrate(&conn, zdd_migrations, 1, found));
    assert_good(zdd_conn_exec(&conn, version_1_rows));
    assert_good(zdd_migrate(&conn, zdd_migrations, count, 1));
    zdd_conn_close(&conn);
    assert_int_equal(ask(path, "PRAGMA user_version"), count);
}

static void make_version_1(const char *path)
{
    make_version(path, 1);
}

#define DUMP_SIZE 4000

static int add_text(void *cls, int count, char **values, char **names)
{
    char *text = cls;

    (void)names;
    for (int i = 0; i < count; i++) {
        const size_t used = strlen(text);
        const int size =
            snprintf(text + used, DUMP_SIZE - used, "%s|", values[i] ? values[i] : "(null)");

        assert_true(size > 0 && (size_t)size < DUMP_SIZE - used);
    }
    return 0;
}

static void dump(const char *path, const char *sql, char ret_text[static DUMP_SIZE])
{
    sqlite3 *raw = NULL;

    ret_text[0] = '\0';
    assert_int_equal(sqlite3_open(path, &raw), SQLITE_OK);
    assert_int_equal(sqlite3_exec(raw, sql, add_text, ret_text, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_close(raw), SQLITE_OK);
}

/* A query for all that @p table has now, in a fixed order. */
static void query_of(const char *path, const char *table, char ret_sql[static DUMP_SIZE])
{
    char columns[DUMP_SIZE], sql[200];

    (void)snprintf(
        sql, sizeof(sql),
        "SELECT group_concat('quote(' || name || ')', ', ') FROM pragma_table_info('%s')", table);
    dump(path, sql, columns);
    columns[strlen(columns) - 1] = '\0'; /* the last separator */
    assert_true(snprintf(ret_sql, DUMP_SIZE, "SELECT %s FROM %s ORDER BY 1, 2", columns, table) <
                DUMP_SIZE);
}

static void a_filled_database_of_version_1_keeps_every_row(void **state)
{
    const struct place *place = *state;
    char sql[ZDD_COUNT(tables)][DUMP_SIZE], before[ZDD_COUNT(tables)][DUMP_SIZE], after[DUMP_SIZE];

    make_version_1(place->path);
    for (size_t i = 0; i < ZDD_COUNT(tables); i++) {
        query_of(place->path, tables[i], sql[i]);
        dump(place->path, sql[i], before[i]);
        assert_true(strlen(before[i]) > 0);
    }
    zdd_store_free(open_file(place->path));
    assert_int_equal(ask(place->path, "PRAGMA user_version"), zdd_store_schema_newest());
    for (size_t i = 0; i < ZDD_COUNT(tables); i++) {
        dump(place->path, sql[i], after);
        assert_string_equal(after, before[i]);
    }
    assert_int_equal(ask(place->path, "SELECT count(*) FROM step"), 16);
    assert_int_equal(ask(place->path, "SELECT count(*) FROM run WHERE lock = '/shop'"), 1);
    assert_int_equal(ask(place->path, "SELECT count(*) FROM pragma_foreign_key_check"), 0);
    assert_int_equal(ask(place->path, "SELECT count(*) FROM pragma_integrity_check"
                                      " WHERE integrity_check = 'ok'"),
                     1);
}

static void what_version_1_did_not_know_is_as_if_there_were_no_pair(void **state)
{
    const struct place *place = *state;
    ZDD_AUTO_PLAN_TEXTS struct zdd_plan_texts texts = {0};
    const struct zdd_traffic base = zdd_traffic_base();
    struct zdd_store *store;
    struct zdd_plan plan;
    struct zdd_run run;

    make_version_1(place->path);
    store = open_file(place->path);
    assert_good(zdd_plan_load(store, "plan-1", &plan, &texts));
    run = load_run(store, "run-1");
    zdd_store_free(store);
    assert_int_equal(plan.program.count, 0);
    assert_string_equal(plan.pair.router, "marathon-lb"); /* there was no other one */
    assert_string_equal(plan.pair.old_id, "");
    assert_string_equal(plan.pair.new_id, "");
    assert_string_equal(plan.pair.old_version, "");
    assert_int_equal(plan.pair.old_serving, 0);
    assert_int_equal(plan.pair.floor, 0);
    assert_int_equal(plan.pair.drain_ms, 0);
    assert_false(plan.pair.must_adopt || plan.pair.kill_undrained || plan.pair.sticky);
    assert_null(texts.adopted.data);
    assert_null(texts.survivor.data);
    assert_null(texts.backends.data);
    assert_string_equal(texts.target.data, "{\"t\":1}");
    assert_true(zdd_traffic_same(&run.traffic, &base));
    assert_int_equal(run.traffic_seen_at_ms, 0);
    assert_int_equal(run.phase, ZDD_PHASE_ROLLING);
    assert_int_equal(run.wake_at_ms, 12);
    assert_int_equal(run.waiting_since_ms, 17);
}

static void checks_before_the_switch_stay_the_first_set_of_their_plan(void **state)
{
    const struct place *place = *state;
    ZDD_AUTO_PLAN_TEXTS struct zdd_plan_texts texts = {0};
    char text[ZDD_VERIFIES_TEXT_SIZE];
    struct zdd_store *store;
    struct zdd_plan plan;
    struct zdd_run run;

    make_version(place->path, 10); /* the last one with one set of checks */
    tamper(place->path, "UPDATE plan SET verify_rounds = 6, verify_interval_ms = 10000,"
                        " verify_failure_limit = 1, checks = '[{\"source\":\"http\"}]';"
                        "UPDATE run SET rounds = 'ppf'");
    store = open_file(place->path);
    assert_good(zdd_plan_load(store, "plan-1", &plan, &texts));
    run = load_run(store, "run-1");
    zdd_store_free(store);
    zdd_verifies_print(&plan.verifies, text);
    assert_string_equal(text, ";6 10000 1 1 0 fail");
    assert_string_equal(texts.checks.data, "[[],[{\"source\":\"http\"}]]");
    assert_int_equal(run.verify_set, 1);
    assert_int_equal(run.round_count, 3);
}

static void a_migrated_database_takes_the_steps_of_a_long_program(void **state)
{
    const struct place *place = *state;

    make_version_1(place->path);
    zdd_store_free(open_file(place->path));
    tamper(place->path, "INSERT INTO step VALUES ('run-1', 48, 'settle', '', 'pending', 0, 0, 0,"
                        " NULL, '')");
    assert_int_equal(ask(place->path, "SELECT max(idx) FROM step"), 48);
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        CASE(what_a_plan_knows_of_its_pair_comes_back),
        CASE(a_pair_that_kills_what_does_not_drain_says_so),
        CASE(a_program_that_nobody_wrote_is_damage),
        CASE(a_word_for_serving_that_nobody_knows_is_never_written),
        CASE(a_filled_database_of_version_1_keeps_every_row),
        CASE(what_version_1_did_not_know_is_as_if_there_were_no_pair),
        CASE(checks_before_the_switch_stay_the_first_set_of_their_plan),
        CASE(a_migrated_database_takes_the_steps_of_a_long_program),
    };

    return cmocka_run_group_tests_name("storage/pair", tests, NULL, NULL);
}
