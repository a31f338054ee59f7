/**
 * @file tests/api/test_tls.c
 * @brief The API by https: a certificate, another one by SIGHUP, and words for files that do not
 * work.
 */
#include "server/base/clock.h"
#include "server/base/crypto.h"
#include "server/http/server.h"
#include "server/http/tls.h"
#include "server/net/fetch.h"
#include "tests/support/certs.h"
#include "tests/support/spec.h"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define WAIT_MS 20000
#define PATH_SIZE 100

extern char **environ;

/* A folder with two certificates, and the server of the first. */
struct site {
    char folder[64];
    char cert[PATH_SIZE], key[PATH_SIZE];             /* what the server reads */
    char other_cert[PATH_SIZE], other_key[PATH_SIZE]; /* what it does not */
    char first_cert[PATH_SIZE];                       /* a copy */
    char db[PATH_SIZE];
    char url[80];
    pid_t pid;
};

static void name_in(const struct site *site, const char *name, char path[static PATH_SIZE])
{
    snprintf(path, PATH_SIZE, "%s/%s", site->folder, name);
}

static void copy_file(const char *from, const char *to)
{
    char text[8192];
    FILE *in = fopen(from, "r"), *out = fopen(to, "w");
    size_t size;

    assert_non_null(in);
    assert_non_null(out);
    size = fread(text, 1, sizeof(text), in);
    assert_int_equal(fwrite(text, 1, size, out), size);
    assert_int_equal(fclose(out), 0);
    assert_int_equal(fclose(in), 0);
}

static int site_setup(void **state)
{
    struct site *site = calloc(1, sizeof(*site));

    assert_non_null(site);
    snprintf(site->folder, sizeof(site->folder), "/tmp/zdd-tls-XXXXXX");
    assert_non_null(mkdtemp(site->folder));
    name_in(site, "cert.pem", site->cert);
    name_in(site, "key.pem", site->key);
    name_in(site, "other-cert.pem", site->other_cert);
    name_in(site, "other-key.pem", site->other_key);
    name_in(site, "first.pem", site->first_cert);
    name_in(site, "zdd.db", site->db);
    certs_make(site->cert, site->key);
    certs_make(site->other_cert, site->other_key);
    copy_file(site->cert, site->first_cert);
    *state = site;
    return 0;
}

static void remove_all(struct site *site)
{
    static const char *const names[] = {"cert.pem",      "key.pem",    "other-cert.pem",
                                        "other-key.pem", "first.pem",  "zdd.db",
                                        "zdd.db-wal",    "zdd.db-shm", "zdd.db.lock"};
    char path[PATH_SIZE];

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        name_in(site, names[i], path);
        (void)unlink(path); /* not all of them are there */
    }
    assert_int_equal(rmdir(site->folder), 0);
}

static int site_teardown(void **state)
{
    struct site *site = *state;
    int status;

    if (site->pid > 0) {
        kill(site->pid, SIGTERM);
        assert_int_equal(waitpid(site->pid, &status, 0), site->pid);
        assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    }
    remove_all(site);
    free(site);
    return 0;
}

/* Start the program and read where it serves. */
static void start(struct site *site)
{
    char program[] = ZDD_SERVER, serve[] = "serve", listen[] = "--listen=127.0.0.1:0",
         agent[] = "--agent-listen=127.0.0.1:0", db[PATH_SIZE + 8], cert[PATH_SIZE + 12],
         key[PATH_SIZE + 12];
    char *const argv[] = {program, serve, listen, agent, db, cert, key, NULL};
    char line[400] = "";
    const char *url;
    posix_spawn_file_actions_t files;
    FILE *said;
    int out[2];

    snprintf(db, sizeof(db), "--db=%s", site->db);
    snprintf(cert, sizeof(cert), "--tls-cert=%s", site->cert);
    snprintf(key, sizeof(key), "--tls-key=%s", site->key);
    assert_int_equal(pipe(out), 0);
    posix_spawn_file_actions_init(&files);
    posix_spawn_file_actions_adddup2(&files, out[1], 1);
    posix_spawn_file_actions_addopen(&files, 2, "/dev/null", O_WRONLY, 0);
    assert_int_equal(posix_spawn(&site->pid, program, &files, NULL, argv, environ), 0);
    posix_spawn_file_actions_destroy(&files);
    close(out[1]);
    said = fdopen(out[0], "r");
    assert_non_null(said);
    assert_non_null(fgets(line, sizeof(line), said));
    fclose(said);
    url = strstr(line, "https://");
    assert_non_null(url);
    snprintf(site->url, sizeof(site->url), "%.*s/version", (int)strcspn(url, " "), url);
}

/* @return the status of GET /version to somebody who trusts @p ca only; 0 when there is none */
static long ask(const struct site *site, const char *ca)
{
    const struct zdd_fetch_auth auth = {.ca_file = ca};
    struct zdd_fetch *fetch = zdd_fetch_new(&auth);
    struct zdd_answer answer = {0};
    const struct zdd_request request = {.method = "GET", .url = site->url};
    char why[200] = "";
    long status = 0;

    assert_non_null(fetch);
    if (zdd_fetch_send(fetch, &request, &answer, why) == ZDD_ERR_NONE)
        status = answer.status;
    zdd_answer_release(&answer);
    zdd_fetch_free(fetch);
    return status;
}

static void await(const struct site *site, const char *ca)
{
    const int64_t until_ms = zdd_mono_ms() + WAIT_MS;

    while (ask(site, ca) != 200)
        assert_true(zdd_mono_ms() < until_ms);
}

static void it_is_served_by_https_and_a_new_certificate_comes_with_a_signal(void **state)
{
    struct site *site = *state;

    start(site);
    assert_int_equal(ask(site, site->cert), 200);
    assert_int_equal(ask(site, site->other_cert), 0);

    /* A renewed pair. */
    copy_file(site->other_cert, site->cert);
    copy_file(site->other_key, site->key);
    assert_int_equal(ask(site, site->first_cert), 200); /* nobody has said anything yet */
    assert_int_equal(kill(site->pid, SIGHUP), 0);
    await(site, site->other_cert);
    assert_int_equal(ask(site, site->first_cert), 0);

    /* One that is broken changes nothing; the next one does. */
    copy_file(site->first_cert, site->cert);
    assert_int_equal(kill(site->pid, SIGHUP), 0);
    for (int i = 0; i < 5; i++)
        assert_int_equal(ask(site, site->other_cert), 200);
}

static void plain_http_gets_no_answer(void **state)
{
    struct site *site = *state;

    start(site);
    memmove(site->url + 4, site->url + 5, strlen(site->url) - 4); /* http:// */
    assert_int_equal(ask(site, NULL), 0);
}

static void expect_words(const char *cert, const char *key, const char *words)
{
    char reason[ZDD_TLS_REASON_SIZE] = "";

    assert_null(zdd_tls_new(cert, key, reason));
    if (!strstr(reason, words))
        fail_msg("\"%s\" does not say \"%s\"", reason, words);
}

static void what_is_wrong_with_the_files_is_said(void **state)
{
    const struct site *site = *state;
    char reason[ZDD_TLS_REASON_SIZE];
    struct zdd_tls *tls;

    expect_words("/no/such", site->key, "/no/such cannot be read");
    expect_words(site->cert, "/no/such", "/no/such cannot be read");
    expect_words(site->key, site->key, "key.pem is no chain of at most 8 certificates in PEM");
    expect_words(site->cert, site->cert, "cert.pem is no private key in PEM without a password");
    expect_words(site->cert, site->other_key, "other-key.pem does not belong to the certificate");

    tls = zdd_tls_new(site->cert, site->key, reason);
    assert_non_null(tls);
    expect_words(site->cert, site->key, "serves another certificate");
    assert_true(zdd_tls_reload(tls, reason)); /* the same again */
    copy_file(site->other_key, site->key);
    assert_false(zdd_tls_reload(tls, reason));
    assert_non_null(strstr(reason, "does not belong"));
    copy_file(site->other_cert, site->cert);
    assert_true(zdd_tls_reload(tls, reason));
    zdd_tls_free(tls);
}

/* Another pair in the place of the files. */
static void renew(struct site *site, struct zdd_tls *tls)
{
    char reason[ZDD_TLS_REASON_SIZE] = "";

    certs_make(site->cert, site->key);
    if (!zdd_tls_reload(tls, reason))
        fail_msg("%s", reason);
}

static const struct zdd_route no_routes[] = {{"GET", "/nothing", NULL, "nothing", 0}};

static struct zdd_http *serve_here(struct site *site, struct zdd_tls *tls)
{
    const struct zdd_http_options options = {
        .host = "127.0.0.1", .thread_count = 1, .tls = tls, .routes = no_routes, .route_count = 1};
    char reason[200] = "";
    struct zdd_http *http = zdd_http_start(&options, reason);

    if (!http)
        fail_msg("%s", reason);
    snprintf(site->url, sizeof(site->url), "https://127.0.0.1:%u/", (unsigned)zdd_http_port(http));
    return http;
}

/* An open connection, by whoever keeps one: curl between two requests. */
static struct zdd_fetch *visit(const struct site *site, struct zdd_fetch *fetch, const char *ca)
{
    const struct zdd_fetch_auth auth = {.ca_file = ca};
    const struct zdd_request request = {.method = "GET", .url = site->url};
    struct zdd_answer answer = {0};
    char why[200] = "";

    fetch = fetch ? fetch : zdd_fetch_new(&auth);
    assert_non_null(fetch);
    if (zdd_fetch_send(fetch, &request, &answer, why) != ZDD_ERR_NONE)
        fail_msg("%s", why);
    assert_int_equal(answer.status, 404);
    zdd_answer_release(&answer);
    return fetch;
}

static void await_kept(unsigned int count)
{
    const int64_t until_ms = zdd_mono_ms() + WAIT_MS;

    while (zdd_tls_kept() != count)
        assert_true(zdd_mono_ms() < until_ms);
}

static void an_old_certificate_goes_with_the_last_connection_that_may_use_it(void **state)
{
    struct site *site = *state;
    char reason[ZDD_TLS_REASON_SIZE] = "";
    struct zdd_tls *tls = zdd_tls_new(site->cert, site->key, reason);
    struct zdd_http *http;
    struct zdd_fetch *first, *second;

    assert_non_null(tls);
    http = serve_here(site, tls);
    for (int i = 0; i < 3; i++)
        renew(site, tls);
    assert_int_equal(zdd_tls_kept(), 1); /* nobody was here */

    copy_file(site->cert, site->first_cert);
    first = visit(site, NULL, site->first_cert);
    renew(site, tls);
    second = visit(site, NULL, site->cert);
    renew(site, tls);
    assert_int_equal(zdd_tls_kept(), 3);
    visit(site, first, site->first_cert); /* goes on with its own */
    zdd_fetch_free(second);
    assert_int_equal(zdd_tls_kept(), 3); /* the first may still use any of them */
    zdd_fetch_free(first);
    await_kept(1);
    zdd_http_free(http, 1000);
    zdd_tls_free(tls);
    assert_int_equal(zdd_tls_kept(), 0);
}

static int group_setup(void **state)
{
    (void)state;
    return zdd_crypto_init() ? 0 : -1;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, site_setup, site_teardown)
        TEST(it_is_served_by_https_and_a_new_certificate_comes_with_a_signal),
        TEST(plain_http_gets_no_answer),
        TEST(what_is_wrong_with_the_files_is_said),
        TEST(an_old_certificate_goes_with_the_last_connection_that_may_use_it),
#undef TEST
    };

    return cmocka_run_group_tests(tests, group_setup, NULL);
}
