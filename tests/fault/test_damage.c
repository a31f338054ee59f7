/**
 * @file tests/fault/test_damage.c
 * @brief zdd-server on a database that is damaged, too new, or not to be written: it refuses in
 * clear words, or answers rightly; it never answers wrongly.
 */
#include "tests/support/spec.h"

#include "tests/lab/e2e.h"

#include "server/base/clock.h"
#include "strategies/model/limits.h"

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PAGE_SIZE 4096
#define END_MS 10000

static const char *const fast[] = {"--speed", "50", NULL};

/* A database at rest, as bytes. */
struct image {
    char *bytes;
    size_t size;
};

/* What a caller sees. */
static const char *const paths[] = {
    "/v1/plans",
    "/v1/deployments",
    "/v1/deployments?appId=/shop",
    "/v1/events?limit=200",
    "/v1/audit?limit=200",
    "/v1/audit/verify",
    "/v1/apps/%2Fshop/revisions",
};

static struct image read_image(const char *path)
{
    struct image image = {NULL, 0};
    FILE *file = fopen(path, "re");
    long size;

    assert_non_null(file);
    assert_int_equal(fseek(file, 0, SEEK_END), 0);
    size = ftell(file);
    assert_true(size > 0 && size % PAGE_SIZE == 0);
    rewind(file);
    image.size = (size_t)size;
    image.bytes = malloc(image.size);
    assert_non_null(image.bytes);
    assert_int_equal(fread(image.bytes, 1, image.size, file), image.size);
    fclose(file);
    return image;
}

/* The image on the disk again, page @p page filled with @p byte; -1: none. */
static void write_image(const struct serverrun *run, const struct image *image, long page, int byte)
{
    FILE *file = fopen(run->db, "we");
    char beside[160];
    char filler[PAGE_SIZE];

    assert_non_null(file);
    assert_int_equal(fwrite(image->bytes, 1, image->size, file), image->size);
    memset(filler, byte, sizeof(filler));
    if (page >= 0) {
        assert_int_equal(fseek(file, page * PAGE_SIZE, SEEK_SET), 0);
        assert_int_equal(fwrite(filler, 1, sizeof(filler), file), sizeof(filler));
    }
    assert_int_equal(fclose(file), 0);
    snprintf(beside, sizeof(beside), "%s-wal", run->db);
    (void)unlink(beside); /* there is one only if the last server was killed */
    snprintf(beside, sizeof(beside), "%s-shm", run->db);
    (void)unlink(beside);
}

/* Start a server that must end by itself, and say @p words. */
static void refuses(struct serverrun *run, const char *words)
{
    assert_true(serverrun_spawn(run, NULL));
    assert_int_equal(serverrun_wait(run, END_MS), 1);
    if (!serverrun_log_has(run, words)) {
        serverrun_log_tail(run, 5, stderr);
        fail_msg("it does not say \"%s\"", words);
    }
    assert_int_equal(truncate(run->log, 0), 0);
}

static void tamper(const struct serverrun *run, const char *sql)
{
    sqlite3 *db = NULL;

    assert_int_equal(sqlite3_open(run->db, &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

static void a_newer_database_is_refused_and_left_alone(void **state)
{
    struct serverrun run;

    (void)state;
    assert_true(serverrun_open(&run, "http://127.0.0.1:1"));
    assert_true(serverrun_token(&run));
    tamper(&run, "PRAGMA user_version = 99");
    refuses(&run, "has schema 99, this program knows schemas up to");
    tamper(&run, "PRAGMA user_version = 1");
    assert_true(serverrun_spawn(&run, NULL));
    serverrun_close(&run);
}

/* A file that may be read and not written, in a directory that may be: a backup put back by another
 * user, say. */
static void a_file_that_may_not_be_written_is_refused_and_left_alone(void **state)
{
    struct serverrun run;
    struct image before;
    struct image after;

    (void)state;
    assert_true(serverrun_open(&run, "http://127.0.0.1:1"));
    assert_true(serverrun_token(&run));
    before = read_image(run.db);
    assert_int_equal(chmod(run.db, 0400), 0);
    refuses(&run, run.db);
    refuses(&run, "cannot be written");
    after = read_image(run.db);
    assert_int_equal(after.size, before.size);
    assert_memory_equal(after.bytes, before.bytes, before.size);
    free(before.bytes);
    free(after.bytes);
    assert_int_equal(chmod(run.db, 0600), 0);
    assert_true(serverrun_spawn(&run, NULL));
    serverrun_close(&run);
}

/* A history of two deployments, one of them under way. */
static void make_history(struct e2e *e)
{
    char gate[128];
    char id[E2E_ID_SIZE];

    e2e_deploy_well(
        e, e2e_rolling(e2e_app(&(struct e2e_app){.id = "/shop", .version = "0.9", .instances = 1}),
                       1, 1));
    e2e_gate(e, gate);
    e2e_deploy(e,
               e2e_rolling(e2e_app(&(struct e2e_app){.id = "/shop",
                                                     .version = "1.0",
                                                     .instances = 1,
                                                     .checks = E2E_HEALTH,
                                                     .gate = gate}),
                           1, 1),
               id);
    e2e_until(e, id, "/phase", "rolling");
    e2e_until(e, id, "/waitingFor/code", "tasks");
}

/* What of an answer stays while the deployment that is under way waits for Marathon. To be freed.
 */
static char *essence(const struct apiclient_answer *answer)
{
    static const char *const moving[] = {"waitingFor", "revision", "allowedCommands"};
    json_t *copy = json_deep_copy(answer->json);
    json_t *item;
    size_t i;
    char *text;

    json_array_foreach(json_object_get(copy, "items"), i, item)
    {
        for (size_t k = 0; k < ZDD_COUNT(moving); k++)
            json_object_del(item, moving[k]);
    }
    text = json_dumps(copy, JSON_SORT_KEYS);
    json_decref(copy);
    assert_non_null(text);
    return text;
}

/* Each answer is the right one, or an error that names the database. @return the right ones */
static int look_around(struct serverrun *run, char *right[static ZDD_COUNT(paths)])
{
    struct apiclient *api = apiclient_new(run->url, run->token);
    int good = 0;

    for (size_t i = 0; i < ZDD_COUNT(paths); i++) {
        struct apiclient_answer answer = apiclient_get(api, paths[i]);

        if (answer.status == 200) {
            char *text = essence(&answer);

            if (!right[i])
                right[i] = strdup(text);
            if (strcmp(text, right[i]) != 0) {
                fprintf(stderr, "%s\nis: %s\nright: %s\n", paths[i], text, right[i]);
                fail();
            }
            free(text);
            good++;
        } else {
            assert_int_equal(answer.status, 500);
            assert_string_equal(apiclient_text(&answer, "/code"), "store-corrupt");
        }
        apiclient_answer_release(&answer);
    }
    apiclient_free(api);
    return good;
}

struct tally {
    int refused, failed, unharmed;
};

static void serve_damaged(struct serverrun *run, char *right[static ZDD_COUNT(paths)],
                          struct tally *tally)
{
    assert_true(serverrun_spawn(run, NULL));
    if (serverrun_await(run)) {
        const int good = look_around(run, right);

        tally->failed += good < (int)ZDD_COUNT(paths);
        tally->unharmed += good == (int)ZDD_COUNT(paths);
        serverrun_kill(run);
    } else {
        assert_int_equal(serverrun_wait(run, END_MS), 1);
        if (!serverrun_log_has(run, "amaged") || !serverrun_log_has(run, "restore a backup"))
            fail_msg("it refuses without saying why");
        tally->refused++;
    }
    assert_int_equal(truncate(run->log, 0), 0);
}

static void no_damaged_page_is_taken_for_a_good_one(void **state)
{
    struct e2e *e = e2e_start(fast, NULL);
    char *right[ZDD_COUNT(paths)] = {NULL};
    struct tally tally = {0};
    struct image image;

    (void)state;
    make_history(e);
    assert_int_equal(e2e_drain(e), 0);
    lab_stop(e->lab); /* nothing moves the deployment any more */
    image = read_image(e->server.db);
    write_image(&e->server, &image, -1, 0);
    serve_damaged(&e->server, right, &tally);
    assert_int_equal(tally.unharmed, 1);
    for (long page = 0; page < (long)(image.size / PAGE_SIZE); page++) {
        write_image(&e->server, &image, page, page % 2 ? 0xA5 : 0);
        serve_damaged(&e->server, right, &tally);
    }
    print_message("%zu pages: %d refused, %d with errors, %d not needed\n", image.size / PAGE_SIZE,
                  tally.refused, tally.failed, tally.unharmed - 1);
    assert_true(tally.refused > 1 && tally.failed > 1);
    for (size_t i = 0; i < ZDD_COUNT(paths); i++)
        free(right[i]);
    free(image.bytes);
    serverrun_close(&e->server);
    free(e);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_newer_database_is_refused_and_left_alone),
        cmocka_unit_test(a_file_that_may_not_be_written_is_refused_and_left_alone),
        cmocka_unit_test(no_damaged_page_is_taken_for_a_good_one),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
