/**
 * @file tests/unit/storage/test_indexes.c
 * @brief Every list reads an index and sorts nothing: its cost does not grow with the table.
 */
#include "storage/inside.h"
#include "storage/intents.h"
#include "storage/revisions.h"
#include "storage/tokens.h"
#include "tests/unit/storage/fixture.h"

#include <stdio.h>
#include <string.h>

static bool skip_run(void *cls, const struct zdd_run_peek *peek)
{
    struct zdd_run run;

    (void)cls;
    assert_good(zdd_run_peek_load(peek, &run, NULL));
    return true;
}

static bool skip_live(void *cls, const char *id, const char *app_id, int64_t wake_at_ms)
{
    (void)cls;
    (void)id;
    (void)app_id;
    (void)wake_at_ms;
    return true;
}

static bool skip_event(void *cls, const struct zdd_event *event)
{
    (void)cls;
    (void)event;
    return true;
}

static bool skip_entry(void *cls, const struct zdd_audit *entry)
{
    (void)cls;
    (void)entry;
    return true;
}

static bool skip_plan(void *cls, const char *id, const char *body)
{
    (void)cls;
    (void)id;
    (void)body;
    return true;
}

static bool skip_step(void *cls, const struct zdd_step_row *step, const char *evidence)
{
    (void)cls;
    (void)step;
    (void)evidence;
    return true;
}

static bool skip_intent(void *cls, const struct zdd_intent_row *row, const char *detail)
{
    (void)cls;
    (void)row;
    (void)detail;
    return true;
}

static bool skip_revision(void *cls, const struct zdd_revision *revision)
{
    (void)cls;
    (void)revision;
    return true;
}

/* Each bit of a number chooses a filter: so all combinations come. */
static const char *pick(unsigned bits, unsigned bit, const char *value)
{
    return bits >> bit & 1U ? value : NULL;
}

static void list_runs(struct zdd_store *store)
{
    for (unsigned bits = 0; bits < 128; bits++) {
        const struct zdd_run_filter filter = {
            .app_id = pick(bits, 0, "/shop"),
            .app_prefix = pick(bits, 1, "/shop"),
            .state = pick(bits, 2, "") ? ZDD_STATE_RUNNING : -1,
            .strategy = pick(bits, 3, "rolling"),
            .since_ms = pick(bits, 4, "") ? 1 : 0,
            .before_id = pick(bits, 5, "run-1"),
            .unended = pick(bits, 6, "") != NULL,
            .limit = 50,
        };

        assert_good(zdd_run_list(store, &filter, skip_run, NULL));
    }
}

static void list_events(struct zdd_store *store)
{
    for (unsigned bits = 0; bits < 16; bits++) {
        const struct zdd_event_filter filter = {
            .run_id = pick(bits, 0, "run-1"),
            .app_id = pick(bits, 1, "/shop"),
            .type = pick(bits, 2, "deployment.started"),
            .app_prefix = pick(bits, 3, "/shop"),
            .limit = 50,
        };

        assert_good(zdd_event_list(store, &filter, skip_event, NULL));
    }
}

static void list_audit(struct zdd_store *store)
{
    for (unsigned bits = 0; bits < 128; bits++) {
        const char *action = pick(bits, 1, "deployment.") ? "deployment." : "deployment.create";
        const struct zdd_audit_filter filter = {
            .actor = pick(bits, 0, "token:ci"),
            .action = pick(bits, 2, action),
            .app_id = pick(bits, 3, "/shop"),
            .app_prefix = pick(bits, 4, "/shop"),
            .until_ms = pick(bits, 5, "") ? 5000 : 0,
            .oldest_first = pick(bits, 6, "") != NULL,
            .limit = 50,
        };

        assert_good(zdd_audit_list(store, &filter, skip_entry, NULL));
    }
}

static void list_plans(struct zdd_store *store)
{
    for (unsigned bits = 0; bits < 8; bits++) {
        const struct zdd_plan_filter filter = {
            .app_id = pick(bits, 0, "/shop"),
            .app_prefix = pick(bits, 1, "/shop"),
            .before_id = pick(bits, 2, "plan-1"),
            .limit = 50,
        };

        assert_good(zdd_plan_list(store, &filter, skip_plan, NULL));
    }
}

static void read_the_rest(struct zdd_store *store)
{
    char id[ZDD_ID_SIZE];
    int64_t number;
    int64_t other;
    int32_t count;
    struct zdd_step_row step;
    struct zdd_token token;
    struct zdd_audit_verdict verdict;
    struct zdd_run run = a_run(.id = "run-2");

    assert_good(zdd_run_live(store, skip_live, NULL));
    assert_good(zdd_run_of_app(store, "/shop", id));
    assert_good(zdd_run_count(store, "/shop", &number));
    assert_good(zdd_step_list(store, "run-1", skip_step, NULL));
    assert_err(ZDD_ERR_RUN_UNKNOWN, zdd_step_load(store, "run-1", 0, &step, &count));
    assert_good(zdd_intent_list(store, "run-1", skip_intent, NULL));
    assert_good(zdd_event_range(store, &number, &other));
    assert_good(zdd_revision_list(store, "/shop", 0, 50, skip_revision, NULL));
    assert_good(zdd_revision_count(store, "/shop", &number));
    assert_err(ZDD_ERR_TOKEN_UNKNOWN, zdd_token_find(store, "", 1, &token));
    assert_good(zdd_audit_verify(store, &verdict));
    assert_good(append_entry(store, a_new_entry(.time_ms = 1)));
    assert_good(append_event(store, a_new_event(.time_ms = 1)));
    assert_good(insert_run(store, &run, ZDD_WHEN_BUSY_SUPERSEDE, id));
    run = load_run(store, "run-1");
    run.phase = ZDD_PHASE_CANCELED;
    assert_good(advance_run(store, &run, run.revision, true, id));
    assert_string_equal(id, "run-2");
}

static void list_all(struct zdd_store *store)
{
    list_runs(store);
    list_events(store);
    list_audit(store);
    list_plans(store);
}

/* What SQLite would do for @p sql, one line a step. */
static void explain(sqlite3 *raw, const char *sql, char ret_plan[static 1000])
{
    char question[8192];
    sqlite3_stmt *stmt = NULL;
    size_t size = 0;

    assert_in_range(snprintf(question, sizeof(question), "EXPLAIN QUERY PLAN %s", sql), 1,
                    sizeof(question) - 1);
    assert_int_equal(sqlite3_prepare_v2(raw, question, -1, &stmt, NULL), SQLITE_OK);
    ret_plan[0] = '\0';
    while (sqlite3_step(stmt) == SQLITE_ROW) {
        size += (size_t)snprintf(ret_plan + size, 1000 - size, "%s\n",
                                 (const char *)sqlite3_column_text(stmt, 3));
        assert_true(size < 1000);
    }
    assert_int_equal(sqlite3_finalize(stmt), SQLITE_OK);
}

/* A SCAN is fine where the table has one row, where all rows are wanted, and of what was looked up
 * by an index. */
static bool may_scan(const char *line)
{
    return strncmp(line, "SCAN audit_head", 15) == 0 ||
           strncmp(line, "SCAN CONSTANT ROW", 17) == 0 ||
           strncmp(line, "SCAN run USING INDEX run_live", 29) == 0 ||
           strncmp(line, "SCAN (subquery", 14) == 0;
}

static void assert_cheap(const char *sql, const char *plan)
{
    if (strstr(plan, "TEMP B-TREE"))
        fail_msg("it sorts: %s\n%s", sql, plan);
    for (const char *line = plan; *line; line = strchr(line, '\n') + 1) {
        if (strncmp(line, "SCAN ", 5) == 0 && !may_scan(line))
            fail_msg("it scans: %s\n%s", sql, plan);
        if (strstr(line, "MULTI-INDEX OR"))
            fail_msg("it joins indexes: %s\n%s", sql, plan);
    }
}

static void every_statement_reads_an_index_and_sorts_nothing(void **state)
{
    struct zdd_store *store = open_memory();
    struct zdd_run run = a_run(.app_id = "/shop");
    char busy[ZDD_ID_SIZE];
    char plan[1000];
    int lists = 0;

    (void)state;
    assert_good(insert_run(store, &run, ZDD_WHEN_BUSY_REJECT, busy));
    assert_good(insert_plan(store, &a_plan(.app_id = "/shop"), "{}"));
    list_all(store);
    add_many(store, "/shop", 2001); /* more than are looked up one by one */
    list_all(store);
    read_the_rest(store);
    /* All that was used is still prepared in the one connection of a store in memory. */
    for (sqlite3_stmt *stmt = sqlite3_next_stmt(store->main.raw, NULL); stmt;
         stmt = sqlite3_next_stmt(store->main.raw, stmt)) {
        const char *sql = sqlite3_sql(stmt);

        if (sqlite3_stmt_isexplain(stmt) || strncmp(sql, "PRAGMA", 6) == 0)
            continue;
        explain(store->main.raw, sql, plan);
        assert_cheap(sql, plan);
        lists += strstr(sql, "LIMIT :limit") != NULL;
    }
    /* Each shape of each list is its own: deployments, events, audit, plans; revisions, the walk.
     */
    assert_int_equal(lists, 80 + 18 + 120 + 5 + 2);
    zdd_store_free(store);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_statement_reads_an_index_and_sorts_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
