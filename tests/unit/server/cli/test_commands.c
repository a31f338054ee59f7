/**
 * @file tests/unit/server/cli/test_commands.c
 * @brief zdd-server from the outside: exit codes, output, signals, two of them on one database.
 */
#include "server/base/clock.h"
#include "server/net/fetch.h"
#include "tests/support/spec.h"
#include "tests/unit/server/cli/program.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <netinet/in.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <unistd.h>

#define ARGS(...) ((const char *const[]){__VA_ARGS__, NULL})
#define RUN(dir, ...) program_run(dir, ARGS(__VA_ARGS__))
/* Nobody listens on port 1: Marathon is down. */
#define SERVE "serve", "--listen", "127.0.0.1:0", "--marathon", "http://127.0.0.1:1"
#define ALL_SCOPES "read,plan,deploy,promote,abort,admin"

static int make_dir(void **state)
{
    char name[] = "/tmp/zdd-cli-XXXXXX";

    if (!mkdtemp(name))
        return -1;
    *state = strdup(name);
    return *state ? 0 : -1;
}

static int remove_dir(void **state)
{
    char *name = *state;
    DIR *dir = opendir(name);

    for (struct dirent *entry = dir ? readdir(dir) : NULL; entry; entry = readdir(dir)) {
        char path[400];

        snprintf(path, sizeof(path), "%s/%s", name, entry->d_name);
        unlink(path);
    }
    if (dir)
        closedir(dir);
    rmdir(name);
    free(name);
    return 0;
}

static struct program start_server(const char *dir, const char *const *args)
{
    struct program program = program_start(dir, args);

    if (!program_wait_url(&program)) {
        const struct outcome outcome = program_end(&program);

        fail_msg("the server did not start: %s", outcome.err);
    }
    return program;
}

static int stop_server(struct program *program)
{
    assert_int_equal(kill(program->pid, SIGTERM), 0);
    return program_end(program).code;
}

static char *make_token(const char *dir, const char *name)
{
    struct outcome outcome = RUN(dir, "token", "create", "--name", name, "--scope", ALL_SCOPES);

    assert_int_equal(outcome.code, 0);
    outcome.out[strcspn(outcome.out, "\n")] = '\0';
    return strdup(outcome.out);
}

/* GET @p path of a server. @return the status, 0 without an answer */
static long get(const struct program *server, const char *path, const char *token,
                struct zdd_buf *ret_body)
{
    char url[200];
    char header[200];
    char reason[200];
    struct zdd_fetch *fetch;
    struct zdd_answer answer;
    long status = 0;

    snprintf(url, sizeof(url), "%s%s", server->url, path);
    snprintf(header, sizeof(header), "Authorization: Bearer %s", token ? token : "");
    fetch = zdd_fetch_new(&(struct zdd_fetch_auth){.header = token ? header : NULL});
    assert_non_null(fetch);
    if (zdd_fetch_send(fetch, &(struct zdd_request){.method = "GET", .url = url}, &answer,
                       reason) == ZDD_ERR_NONE)
        status = answer.status;
    if (ret_body)
        *ret_body = answer.body;
    else
        zdd_answer_release(&answer);
    zdd_fetch_free(fetch);
    return status;
}

static void every_command_explains_itself(void **state)
{
    static const char *const commands[][3] = {
        {"serve", NULL},           {"token", "create", NULL}, {"token", "list", NULL},
        {"token", "revoke", NULL}, {"check-config", NULL},    {"audit", "verify", NULL},
        {"backup", NULL},
    };
    struct outcome outcome = RUN(*state, "--help");

    assert_int_equal(outcome.code, 0);
    for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
        const char *second = commands[i][1];
        char name[40];
        char usage[80];

        snprintf(name, sizeof(name), "  %s%s%s ", commands[i][0], second ? " " : "",
                 second ? second : "");
        outcome = RUN(*state, "--help");
        assert_non_null(strstr(outcome.out, name));
        snprintf(usage, sizeof(usage), "Usage: zdd-server%.*s", (int)strlen(name) - 2, name + 1);
        outcome = second ? RUN(*state, commands[i][0], second, "--help")
                         : RUN(*state, commands[i][0], "--help");
        assert_int_equal(outcome.code, 0);
        assert_non_null(strstr(outcome.out, usage));
        assert_string_equal(outcome.err, "");
    }
    outcome = RUN(*state, "--version");
    assert_int_equal(outcome.code, 0);
    assert_int_equal(strncmp(outcome.out, "zdd-server ", 11), 0);
}

static void wrong_usage_ends_with_2_and_says_what_would_be_right(void **state)
{
    static const struct {
        const char *args[8];
        const char *words;
    } rows[] = {
        {{"serv", NULL}, "did you mean \"serve\"?"},
        {{"token", NULL}, "zdd-server token create"},
        {{"token", "creat", NULL}, "did you mean \"token create\"?"},
        {{"frobnicate", NULL}, "zdd-server --help lists them"},
        {{"serve", "--lisen", "x", NULL}, "did you mean --listen?"},
        {{"serve", "--workers", "0", NULL}, "--workers must be a whole number from 1 to 64"},
        {{"serve", "--workers", NULL}, "--workers wants a value: --workers N"},
        {{"serve", "--config", "/nowhere", NULL}, "/nowhere: cannot be read"},
        {{"serve", "--marathon-auth-file", "/nowhere", NULL}, "/nowhere cannot be opened"},
        {{"serve", "--db", "agent.db", "--agent-advertise", "no port", NULL},
         "agent-advertise must be an address and a port other than 0"},
        {{"token", "create", "--scope", "read", NULL}, "--name is needed"},
        {{"token", "create", "--name", "a b", "--scope", "read", NULL}, "--name is needed"},
        {{"token", "create", "--name", "a", "--scope", "reed", NULL}, "--scope must be some of"},
        {{"token", "create", "--name", "a", "--scope", "read", "--app=x", NULL}, "--app must be"},
        {{"token", "create", "--name", "a", "--scope", "read", "--expires-days=0", NULL},
         "--expires-days must be a whole number from 1 to 3650"},
        {{"token", "revoke", NULL}, "NAME is missing"},
        {{"backup", NULL}, "--to is needed"},
        {{"check-config", "--listen", "x", NULL}, "--listen must be an address"},
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const struct outcome outcome = program_run(*state, rows[i].args);

        if (outcome.code != 2 || !strstr(outcome.err, rows[i].words))
            fail_msg("row %zu: exit code %d, %s", i, outcome.code, outcome.err);
        assert_string_equal(outcome.out, "");
    }
}

/* Write @p text to @p name in directory @p dir. */
static void write_file(const char *dir, const char *name, const char *text)
{
    char path[400];
    FILE *file;

    snprintf(path, sizeof(path), "%s/%s", dir, name);
    file = fopen(path, "w");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

static void the_settings_are_shown_with_where_each_came_from(void **state)
{
    struct outcome outcome;

    write_file(*state, "zdd.conf", "# ours\nworkers = 3\nsweep = 30s\n");
    assert_int_equal(setenv("ZDD_HTTP_THREADS", "4", 1), 0);
    outcome = RUN(*state, "check-config", "--config", "zdd.conf", "--sweep", "90s");
    assert_int_equal(unsetenv("ZDD_HTTP_THREADS"), 0);
    assert_int_equal(outcome.code, 0);
    assert_non_null(strstr(outcome.out, "workers            = 3                                # "
                                        "zdd.conf:2\n"));
    assert_non_null(strstr(outcome.out, "http-threads       = 4                                # "
                                        "ZDD_HTTP_THREADS\n"));
    assert_non_null(strstr(outcome.out, "sweep              = 90s                              # "
                                        "command line\n"));
    assert_non_null(strstr(outcome.out, "drain              = 5s                               # "
                                        "default\n"));
    assert_int_equal(setenv("ZDD_CONFIG", "nowhere.conf", 1), 0);
    outcome = RUN(*state, "check-config");
    assert_int_equal(unsetenv("ZDD_CONFIG"), 0);
    assert_int_equal(outcome.code, 2);
    assert_non_null(strstr(outcome.err, "nowhere.conf"));
}

static void the_sample_of_settings_is_good_as_it_is(void **state)
{
    struct outcome sample = RUN(*state, "check-config", "--sample");
    struct outcome outcome;

    assert_int_equal(sample.code, 0);
    assert_non_null(strstr(sample.out, "\n#listen = 127.0.0.1:8090\n"));
    write_file(*state, "sample.conf", sample.out);
    outcome = RUN(*state, "check-config", "--config", "sample.conf");
    assert_int_equal(outcome.code, 0);
    assert_string_equal(outcome.err, "");
}

static void names_and_keys_of_secrets_are_looked_at_and_no_key_is_told(void **state)
{
    static const char key[] = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";
    char path[200];
    struct outcome outcome = RUN(*state, "check-config", "--secret-names", "*PASSWORD*,,X");

    assert_int_equal(outcome.code, 2);
    assert_non_null(strstr(outcome.err, "secret-names has a pattern without signs"));

    write_file(*state, "secrets.key", key);
    snprintf(path, sizeof(path), "%s/secrets.key", (const char *)*state);
    assert_int_equal(chmod(path, 0644), 0);
    outcome = RUN(*state, "check-config", "--secrets-key-file", "secrets.key");
    assert_int_equal(outcome.code, 2);
    assert_non_null(strstr(outcome.err, "secrets-key-file: secrets.key can be read"));
    assert_int_equal(chmod(path, 0600), 0);
    outcome = RUN(*state, "check-config", "--secrets-key-file", "secrets.key");
    assert_int_equal(outcome.code, 0);
    assert_non_null(strstr(outcome.out, "# Secrets are encrypted with the key "));
    assert_null(strstr(outcome.out, "000102"));
}

static void files_that_the_settings_name_are_looked_at_too(void **state)
{
    struct outcome outcome;

    write_file(*state, "marathon.auth", "zdd:hunter2\n");
    outcome = RUN(*state, "check-config", "--marathon-auth-file", "marathon.auth");
    assert_int_equal(outcome.code, 0);
    assert_non_null(strstr(outcome.out, "# Marathon's credentials are set: user and password\n"));
    assert_null(strstr(outcome.out, "hunter2"));

    write_file(*state, "marathon.auth", "token=abc\n");
    outcome = RUN(*state, "check-config", "--marathon-auth-file", "marathon.auth");
    assert_int_equal(outcome.code, 0);
    assert_non_null(
        strstr(outcome.out, "# Marathon's credentials are set: an Authorization header\n"));

    outcome = RUN(*state, "check-config", "--marathon-auth-file", "missing.auth");
    assert_int_equal(outcome.code, 2);
    assert_non_null(strstr(outcome.err, "missing.auth"));
    outcome = RUN(*state, "check-config", "--marathon-ca", "missing.pem");
    assert_int_equal(outcome.code, 2);
    assert_non_null(strstr(outcome.err, "marathon-ca: missing.pem cannot be read"));
    outcome = RUN(*state, "check-config", "--haproxy", "/nowhere/haproxy.sock,127.0.0.1:1");
    assert_int_equal(outcome.code, 2);
    assert_non_null(strstr(outcome.err, "haproxy: /nowhere/haproxy.sock: No such file"));
    assert_non_null(strstr(outcome.err, "haproxy: 127.0.0.1:1: Connection refused"));
    outcome = RUN(*state, "check-config", "--balancer", "http://127.0.0.1:1", "--vamp",
                  "http://127.0.0.1:2");
    assert_int_equal(outcome.code, 2);
    assert_non_null(strstr(outcome.err, "balancer: 127.0.0.1:1 does not answer: "));
    assert_non_null(strstr(outcome.err, "vamp: 127.0.0.1:2 does not answer: "));
    outcome = RUN(*state, "check-config", "--vamp-auth-file", "missing.auth");
    assert_int_equal(outcome.code, 2);
    assert_non_null(strstr(outcome.err, "missing.auth"));
    outcome = RUN(*state, "check-config", "--agent-advertise", "10.0.0.5:0");
    assert_int_equal(outcome.code, 2);
    assert_non_null(strstr(outcome.err, "agent-advertise must be an address"));
}

static void a_token_with_an_end_says_when(void **state)
{
    const int64_t day_ms = INT64_C(86400000);
    char tomorrow[ZDD_TIME_SIZE];
    char after[ZDD_TIME_SIZE];
    struct outcome outcome;

    zdd_time_format(zdd_now_ms() + day_ms, tomorrow);
    outcome =
        RUN(*state, "token", "create", "--name", "short", "--scope", "read", "--expires-days", "1");
    zdd_time_format(zdd_now_ms() + day_ms, after); /* midnight may have passed between the two */
    assert_int_equal(outcome.code, 0);
    tomorrow[10] = after[10] = '\0';
    assert_true(strstr(outcome.err, tomorrow) || strstr(outcome.err, after));
    outcome = RUN(*state, "token", "list");
    assert_int_equal(outcome.code, 0);
    assert_true(strstr(outcome.out, tomorrow) || strstr(outcome.out, after));
}

static void a_token_lives_from_create_to_revoke(void **state)
{
    struct outcome outcome =
        RUN(*state, "token", "create", "--name", "ci", "--scope", "read,plan", "--app", "/shop");

    assert_int_equal(outcome.code, 0);
    assert_int_equal(strlen(outcome.out), 4 + 43 + 1); /* the token and a line's end, alone */
    assert_int_equal(strncmp(outcome.out, "zdd_", 4), 0);
    outcome.out[strcspn(outcome.out, "\n")] = '\0';
    assert_null(strstr(outcome.err, outcome.out));

    outcome = RUN(*state, "token", "create", "--name", "ci", "--scope", "read");
    assert_int_equal(outcome.code, 1);
    assert_non_null(strstr(outcome.err, "a live token is called ci already"));

    outcome = RUN(*state, "token", "list");
    assert_int_equal(outcome.code, 0);
    assert_non_null(strstr(outcome.out, "\nci "));
    assert_non_null(strstr(outcome.out, " read,plan "));
    assert_non_null(strstr(outcome.out, " /shop "));
    assert_null(strstr(outcome.out, "zdd_"));

    assert_int_equal(RUN(*state, "token", "revoke", "ci").code, 0);
    outcome = RUN(*state, "token", "revoke", "ci");
    assert_int_equal(outcome.code, 1);
    assert_non_null(strstr(outcome.err, "no live token is called ci"));
    assert_null(strstr(RUN(*state, "token", "list").out, "\nci "));
    assert_non_null(strstr(RUN(*state, "token", "list", "--all").out, " revoked "));

    outcome = RUN(*state, "audit", "verify");
    assert_int_equal(outcome.code, 0);
    assert_int_equal(strncmp(outcome.out, "ok: 2 entries, head sha256:", 27), 0);
}

static void a_token_made_while_the_server_runs_works_at_once(void **state)
{
    struct program server = start_server(*state, ARGS(SERVE));
    char *token = make_token(*state, "late");

    assert_int_equal(get(&server, "/v1/strategies", NULL, NULL), 401);
    assert_int_equal(get(&server, "/v1/strategies", token, NULL), 200);
    assert_int_equal(get(&server, "/v1/audit/verify", token, NULL), 200);
    assert_int_equal(RUN(*state, "token", "revoke", "late").code, 0);
    assert_int_equal(get(&server, "/v1/strategies", token, NULL), 401);
    free(token);
    assert_int_equal(stop_server(&server), 0);
    assert_int_equal(RUN(*state, "audit", "verify").code, 0);
}

static void a_backup_is_whole_and_verifies(void **state)
{
    struct program server = start_server(*state, ARGS(SERVE));
    struct outcome outcome;

    free(make_token(*state, "ci"));
    outcome = RUN(*state, "backup", "--to", "copy.db");
    assert_int_equal(outcome.code, 0);
    outcome = RUN(*state, "audit", "verify", "--db", "copy.db");
    assert_int_equal(outcome.code, 0);
    assert_non_null(strstr(outcome.out, "ok: 1 entries"));
    outcome = RUN(*state, "backup", "--to", "copy.db");
    assert_int_equal(outcome.code, 1);
    assert_non_null(strstr(outcome.err, "already"));
    assert_int_equal(stop_server(&server), 0);
}

static void a_second_server_names_the_first_or_stands_by(void **state)
{
    struct program first = start_server(*state, ARGS(SERVE));
    struct outcome outcome = program_run(*state, ARGS(SERVE));
    struct program standby;
    char holder[40];

    assert_int_equal(outcome.code, 1);
    snprintf(holder, sizeof(holder), "zdd-server pid %ld", (long)first.pid);
    assert_non_null(strstr(outcome.err, holder));

    standby = program_start(*state, ARGS(SERVE, "--standby"));
    assert_true(program_wait_line(&standby, "event=server.standby"));
    assert_int_equal(stop_server(&first), 0);
    assert_true(program_wait_url(&standby));
    assert_int_equal(get(&standby, "/livez", NULL, NULL), 200);
    assert_int_equal(stop_server(&standby), 0);
}

static void a_server_that_stands_by_can_be_stopped(void **state)
{
    struct program first = start_server(*state, ARGS(SERVE));
    struct program standby = program_start(*state, ARGS(SERVE, "--standby"));

    assert_true(program_wait_line(&standby, "event=server.standby"));
    assert_int_equal(stop_server(&standby), 0);
    assert_int_equal(stop_server(&first), 0);
}

static void an_address_in_use_is_told(void **state)
{
    struct program first = start_server(*state, ARGS(SERVE));
    const char *address = strstr(first.url, "127.");
    const struct outcome outcome = RUN(*state, "serve", "--db", "other.db", "--listen", address,
                                       "--marathon", "http://127.0.0.1:1");

    assert_int_equal(outcome.code, 1);
    assert_non_null(strstr(outcome.err, "in use"));
    assert_int_equal(stop_server(&first), 0);
}

/* A Marathon that takes calls and never answers. */
static int listen_in_silence(char url[static 64])
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof(address);
    const struct timeval patience = {.tv_sec = 20};
    const int fd = socket(AF_INET, SOCK_STREAM, 0);

    assert_true(fd >= 0);
    assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience)), 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
    assert_int_equal(listen(fd, 16), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &size), 0);
    snprintf(url, 64, "http://127.0.0.1:%u", ntohs(address.sin_port));
    return fd;
}

struct slow_call {
    const struct program *server;
    const char *token;
};

static void *call_slowly(void *cls)
{
    const struct slow_call *call = cls;

    get(call->server, "/v1/apps", call->token, NULL);
    return NULL;
}

/* A server with a call under way that waits for a silent Marathon, and what it takes to stop it. */
static struct outcome stop_busy_server(const char *dir, const char *drain, bool twice,
                                       int64_t *ret_ms)
{
    char silent[64];
    const int fd = listen_in_silence(silent);
    struct program server = start_server(
        dir, ARGS("serve", "--listen", "127.0.0.1:0", "--marathon", silent, "--drain", drain));
    char *token = make_token(dir, "slow");
    struct slow_call call = {&server, token};
    struct outcome outcome;
    pthread_t thread;
    int64_t began_ms;
    int held[2];

    assert_int_equal(pthread_create(&thread, NULL, call_slowly, &call), 0);
    for (int i = 0; i < 2; i++) { /* the event stream, and the call */
        held[i] = accept(fd, NULL, NULL);
        assert_true(held[i] >= 0);
    }
    began_ms = zdd_mono_ms();
    assert_int_equal(kill(server.pid, SIGTERM), 0);
    if (twice) {
        assert_true(program_wait_line(&server, "event=server.drain"));
        assert_int_equal(kill(server.pid, SIGTERM), 0);
    }
    outcome = program_end(&server);
    *ret_ms = zdd_mono_ms() - began_ms;
    pthread_join(thread, NULL);
    free(token);
    close(held[0]);
    close(held[1]);
    close(fd);
    return outcome;
}

static void a_server_with_calls_under_way_still_ends_in_seconds(void **state)
{
    int64_t ms;

    assert_int_equal(stop_busy_server(*state, "1s", false, &ms).code, 0);
    assert_true(ms < 8000);
}

static void a_second_signal_ends_it_at_once(void **state)
{
    int64_t ms;

    assert_int_equal(stop_busy_server(*state, "60s", true, &ms).code, 128 + SIGTERM);
    assert_true(ms < 8000);
}

#define WITH_DIR(test) cmocka_unit_test_setup_teardown(test, make_dir, remove_dir)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_DIR(every_command_explains_itself),
        WITH_DIR(wrong_usage_ends_with_2_and_says_what_would_be_right),
        WITH_DIR(the_settings_are_shown_with_where_each_came_from),
        WITH_DIR(the_sample_of_settings_is_good_as_it_is),
        WITH_DIR(names_and_keys_of_secrets_are_looked_at_and_no_key_is_told),
        WITH_DIR(files_that_the_settings_name_are_looked_at_too),
        WITH_DIR(a_token_with_an_end_says_when),
        WITH_DIR(a_token_lives_from_create_to_revoke),
        WITH_DIR(a_token_made_while_the_server_runs_works_at_once),
        WITH_DIR(a_backup_is_whole_and_verifies),
        WITH_DIR(a_second_server_names_the_first_or_stands_by),
        WITH_DIR(a_server_that_stands_by_can_be_stopped),
        WITH_DIR(an_address_in_use_is_told),
        WITH_DIR(a_server_with_calls_under_way_still_ends_in_seconds),
        WITH_DIR(a_second_signal_ends_it_at_once),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
