/**
 * @file tests/fault/test_secrets_killed.c
 * @brief kill -9 around each commit while secrets are moved, sealed and sealed anew: the next start
 * goes on, and nothing is lost.
 */
#include "tests/support/spec.h"

#include "server/base/cleanup.h"
#include "tests/unit/server/secrets/old_database.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define POINTS_MAX 400

static void die(void *cls, enum zdd_store_point point)
{
    int *left = cls;

    (void)point;
    if (--*left == 0)
        (void)raise(SIGKILL);
}

/* @return whether it was killed at the @p n-th point of the writer before it was done */
static bool start_and_die(const char *path, const char *keys, int n)
{
    const pid_t child = fork();
    int status = 0;

    if (child == 0) {
        const struct zdd_store_options options = {
            .path = path, .holder = "test", .passes = die, .fate = &n};
        struct zdd_settled settled;
        struct zdd_secrets *secrets;

        _exit(old_database_open(&options, keys, OLD_PATTERNS, &secrets, &settled) ? 0 : 1);
    }
    assert_true(child > 0);
    assert_int_equal(waitpid(child, &status, 0), child);
    if (WIFEXITED(status))
        assert_int_equal(WEXITSTATUS(status), 0);
    return WIFSIGNALED(status);
}

/* Start once more, to the end. */
static void check(const char *path, const char *keys)
{
    const struct zdd_store_options options = {.path = path, .holder = "test"};
    struct zdd_settled settled;
    struct zdd_secrets *secrets;
    struct zdd_store *store = old_database_open(&options, keys, OLD_PATTERNS, &secrets, &settled);

    assert_non_null(store);
    old_database_check(store, secrets);
    zdd_secrets_free(secrets);
    zdd_store_free(store);
}

/* Killed at a point, then at the next one, without ever starting anew. */
static void on_and_on(const char *path, const char *keys, int from)
{
    int n = from;

    while (n < POINTS_MAX && start_and_die(path, keys, n))
        n += 3; /* it gets further each time, for what is done is done */
    assert_true(n > from && n < POINTS_MAX);
    check(path, keys);
}

static void a_start_that_is_killed_goes_on_where_it_was(void **state)
{
    (void)state;
    for (int from = 1; from <= 3; from++) {
        struct place place;

        place_make(&place);
        old_database_make(place.path);
        on_and_on(place.path, NULL, from);
        on_and_on(place.path, OLD_KEY, from);
        on_and_on(place.path, NEW_KEY "\n" OLD_KEY, from);
        check(place.path, NEW_KEY);
        place_remove(&place);
    }
}

static void all_at_once_from_each_point_of_the_first_start(void **state)
{
    bool killed = true;
    int n = 0;

    (void)state;
    while (killed && n < POINTS_MAX) {
        struct place place;

        n += 5;
        place_make(&place);
        old_database_make(place.path);
        killed = start_and_die(place.path, OLD_KEY, n);
        check(place.path, OLD_KEY);
        place_remove(&place);
    }
    assert_false(killed);
    assert_true(n > 10);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_start_that_is_killed_goes_on_where_it_was),
        cmocka_unit_test(all_at_once_from_each_point_of_the_first_start),
    };

    return zdd_crypto_init() ? cmocka_run_group_tests(tests, NULL, NULL) : 1;
}
