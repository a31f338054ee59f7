/**
 * @file tests/unit/storage/fixture.c
 * @brief Stores to test with, and each write as one call.
 */
#include "tests/unit/storage/fixture.h"

#include <dirent.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void place_make(struct place *place)
{
    (void)snprintf(place->dir, sizeof(place->dir), "/tmp/zdd-storage-XXXXXX");
    assert_non_null(mkdtemp(place->dir));
    (void)snprintf(place->path, sizeof(place->path), "%s/zdd.db", place->dir);
}

void place_remove(struct place *place)
{
    DIR *dir = opendir(place->dir);

    assert_non_null(dir);
    for (struct dirent *entry = readdir(dir); entry; entry = readdir(dir)) {
        char path[400];

        (void)snprintf(path, sizeof(path), "%s/%s", place->dir, entry->d_name);
        if (entry->d_name[0] != '.')
            assert_int_equal(unlink(path), 0);
    }
    closedir(dir);
    assert_int_equal(rmdir(place->dir), 0);
}

struct zdd_store *open_with(const struct zdd_store_options *options)
{
    struct zdd_store *store = NULL;
    char reason[300] = "";

    if (zdd_store_open(options, &store, reason) != ZDD_ERR_NONE)
        fail_msg("%s", reason);
    assert_non_null(store);
    return store;
}

struct zdd_store *open_memory(void)
{
    return open_with(&(struct zdd_store_options){.path = ":memory:", .inline_writer = true});
}

struct zdd_store *open_file(const char *path)
{
    return open_with(&(struct zdd_store_options){.path = path, .holder = "test"});
}

enum zdd_err open_fails(const struct zdd_store_options *options, char ret_reason[static 300])
{
    struct zdd_store *store = NULL;
    const enum zdd_err err = zdd_store_open(options, &store, ret_reason);

    assert_int_not_equal(err, ZDD_ERR_NONE);
    assert_null(store);
    return err;
}

void tamper(const char *path, const char *sql)
{
    sqlite3 *raw = NULL;

    assert_int_equal(sqlite3_open(path, &raw), SQLITE_OK);
    assert_int_equal(sqlite3_exec(raw, sql, NULL, NULL, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_close(raw), SQLITE_OK);
}

int64_t ask(const char *path, const char *sql)
{
    sqlite3 *raw = NULL;
    sqlite3_stmt *stmt = NULL;
    int64_t number;

    assert_int_equal(sqlite3_open(path, &raw), SQLITE_OK);
    assert_int_equal(sqlite3_prepare_v2(raw, sql, -1, &stmt, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_step(stmt), SQLITE_ROW);
    number = sqlite3_column_int64(stmt, 0);
    assert_int_equal(sqlite3_finalize(stmt), SQLITE_OK);
    assert_int_equal(sqlite3_close(raw), SQLITE_OK);
    return number;
}

struct run_call {
    struct zdd_run *run;
    enum zdd_when_busy when_busy;
    int64_t revision;
    bool take_command;
    char *ret_id;
};

static enum zdd_err insert_run_body(struct zdd_tx *tx, void *cls)
{
    struct run_call *call = cls;

    return zdd_run_insert(tx, call->run, "{\"commit\":\"4f0c6c1\"}", call->when_busy, call->ret_id);
}

enum zdd_err insert_run(struct zdd_store *store, struct zdd_run *run, enum zdd_when_busy when_busy,
                        char ret_busy[static ZDD_ID_SIZE])
{
    struct run_call call = {.run = run, .when_busy = when_busy};

    call.ret_id = ret_busy;
    return zdd_store_write(store, insert_run_body, &call);
}

static enum zdd_err advance_run_body(struct zdd_tx *tx, void *cls)
{
    struct run_call *call = cls;

    return zdd_run_advance(tx, call->run, call->revision, call->take_command, call->ret_id);
}

enum zdd_err advance_run(struct zdd_store *store, struct zdd_run *run, int64_t revision,
                         bool take_command, char ret_next[static ZDD_ID_SIZE])
{
    struct run_call call = {.run = run, .revision = revision, .take_command = take_command};

    call.ret_id = ret_next;
    return zdd_store_write(store, advance_run_body, &call);
}

struct command_call {
    const char *id;
    int64_t revision;
    enum zdd_command command;
    int64_t now_ms;
    struct zdd_run *ret_run;
};

static enum zdd_err command_run_body(struct zdd_tx *tx, void *cls)
{
    const struct command_call *call = cls;

    return zdd_run_command(tx, call->id, call->revision, call->command, call->now_ms,
                           call->ret_run);
}

enum zdd_err command_run(struct zdd_store *store, const char *id, int64_t revision,
                         enum zdd_command command, int64_t now_ms, struct zdd_run *ret_run)
{
    struct command_call call = {
        .id = id, .revision = revision, .command = command, .now_ms = now_ms, .ret_run = ret_run};

    return zdd_store_write(store, command_run_body, &call);
}

static enum zdd_err append_event_body(struct zdd_tx *tx, void *cls)
{
    return zdd_event_append(tx, cls);
}

enum zdd_err append_event(struct zdd_store *store, struct zdd_event event)
{
    return zdd_store_write(store, append_event_body, &event);
}

static enum zdd_err append_entry_body(struct zdd_tx *tx, void *cls)
{
    return zdd_audit_append(tx, cls);
}

enum zdd_err append_entry(struct zdd_store *store, struct zdd_audit entry)
{
    return zdd_store_write(store, append_entry_body, &entry);
}

struct plan_call {
    const struct zdd_plan *plan;
    struct zdd_plan_texts texts;
};

static enum zdd_err insert_plan_body(struct zdd_tx *tx, void *cls)
{
    const struct plan_call *call = cls;

    return zdd_plan_insert(tx, call->plan, &call->texts, "token:ci");
}

enum zdd_err insert_plan(struct zdd_store *store, const struct zdd_plan *plan, const char *body)
{
    char request[] = "{\"strategy\":\"rolling\"}";
    struct plan_call call = {.plan = plan, .texts = {.request = {request}}};
    enum zdd_err err;

    call.texts.body.data = strdup(body);
    assert_non_null(call.texts.body.data);
    err = zdd_store_write(store, insert_plan_body, &call);
    free(call.texts.body.data);
    return err;
}

struct zdd_run load_run(struct zdd_store *store, const char *id)
{
    struct zdd_run run;

    assert_good(zdd_run_load(store, id, &run, NULL));
    return run;
}

struct many {
    const char *below;
    int count;
};

static enum zdd_err add_one_of_each(struct zdd_tx *tx, const char *below, int number)
{
    char text[] = "{}";
    const struct zdd_plan_texts texts = {.body = {text}, .request = {text}};
    struct zdd_plan plan = a_plan(.created_at_ms = 1);
    struct zdd_run run = a_run(.created_at_ms = 1);
    char busy[ZDD_ID_SIZE];
    enum zdd_err err;

    (void)snprintf(run.app_id, sizeof(run.app_id), "%s/%d", below, number);
    (void)snprintf(run.id, sizeof(run.id), "%.30s", run.app_id);
    memcpy(plan.id, run.id, sizeof(plan.id));
    memcpy(plan.app_id, run.app_id, sizeof(plan.app_id));

    struct zdd_event event = a_new_event(.app_id = run.app_id);
    const struct zdd_audit entry = a_new_entry(.app_id = run.app_id);

    err = zdd_plan_insert(tx, &plan, &texts, "token:ci");
    if (err == ZDD_ERR_NONE)
        err = zdd_run_insert(tx, &run, NULL, ZDD_WHEN_BUSY_REJECT, busy);
    if (err == ZDD_ERR_NONE)
        err = zdd_event_append(tx, &event);
    return err == ZDD_ERR_NONE ? zdd_audit_append(tx, &entry) : err;
}

static enum zdd_err add_many_body(struct zdd_tx *tx, void *cls)
{
    const struct many *many = cls;
    enum zdd_err err = ZDD_ERR_NONE;

    for (int i = 0; i < many->count && err == ZDD_ERR_NONE; i++)
        err = add_one_of_each(tx, many->below, i);
    return err;
}

void add_many(struct zdd_store *store, const char *below, int count)
{
    struct many many = {.below = below, .count = count};

    assert_good(zdd_store_write(store, add_many_body, &many));
}

void gate_init(struct gate *gate)
{
    *gate = (struct gate){.entered = false};
    assert_int_equal(pthread_mutex_init(&gate->lock, NULL), 0);
    assert_int_equal(pthread_cond_init(&gate->moved, NULL), 0);
}

void gate_destroy(struct gate *gate)
{
    pthread_mutex_destroy(&gate->lock);
    pthread_cond_destroy(&gate->moved);
}

static enum zdd_err hold_writer(struct zdd_tx *tx, void *cls)
{
    struct gate *gate = cls;

    (void)tx;
    pthread_mutex_lock(&gate->lock);
    gate->entered = true;
    pthread_cond_broadcast(&gate->moved);
    while (!gate->open)
        pthread_cond_wait(&gate->moved, &gate->lock);
    pthread_mutex_unlock(&gate->lock);
    return ZDD_ERR_NONE;
}

static void ignore(void *cls, enum zdd_err err)
{
    (void)cls;
    (void)err;
}

void gate_close(struct zdd_store *store, struct gate *gate)
{
    assert_good(zdd_store_submit(store, hold_writer, gate, ignore));
    pthread_mutex_lock(&gate->lock);
    while (!gate->entered)
        pthread_cond_wait(&gate->moved, &gate->lock);
    pthread_mutex_unlock(&gate->lock);
}

void gate_open(struct gate *gate)
{
    pthread_mutex_lock(&gate->lock);
    gate->open = true;
    pthread_cond_broadcast(&gate->moved);
    pthread_mutex_unlock(&gate->lock);
}
