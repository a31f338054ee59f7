/**
 * @file tests/unit/server/config/test_config.c
 * @brief Which of four places wins, and what a mistake is told.
 */
#include "server/base/log.h"
#include "server/config/config.h"
#include "server/config/config_print.h"
#include "server/config/credentials.h"
#include "strategies/model/limits.h"
#include "tests/support/spec.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* A settings file of this test, and what was read. */
struct desk {
    char file[64];
    struct zdd_config config;
    struct zdd_buf problems, warnings;
};

static int open_desk(void **state)
{
    struct desk *desk = calloc(1, sizeof(*desk));
    int fd;

    if (!desk)
        return -1;
    snprintf(desk->file, sizeof(desk->file), "/tmp/zdd-config-XXXXXX");
    fd = mkstemp(desk->file);
    if (fd < 0)
        return -1;
    close(fd);
    *state = desk;
    return 0;
}

static int close_desk(void **state)
{
    struct desk *desk = *state;

    unlink(desk->file);
    zdd_buf_release(&desk->problems);
    zdd_buf_release(&desk->warnings);
    free(desk);
    return 0;
}

static void write_file(struct desk *desk, const char *text)
{
    FILE *file = fopen(desk->file, "w");

    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

static bool load(struct desk *desk, const char *text, char *const *environment,
                 const char *const *command_line)
{
    const struct zdd_config_sources sources = {
        .command_line = command_line, .environment = environment, .file = text ? desk->file : NULL};

    if (text)
        write_file(desk, text);
    zdd_buf_clear(&desk->problems);
    zdd_buf_clear(&desk->warnings);
    return zdd_config_load(&sources, &desk->config, &desk->problems, &desk->warnings);
}

/* The file @p text has exactly this one problem, behind the file's name. */
static void assert_problem(struct desk *desk, const char *text, const char *problem)
{
    char whole[700];

    assert_false(load(desk, text, NULL, NULL));
    snprintf(whole, sizeof(whole), "%s%s\n", desk->file, problem);
    assert_string_equal(desk->problems.data, whole);
}

static void without_anything_the_defaults_hold(void **state)
{
    struct desk *desk = *state;
    const struct zdd_config *config = &desk->config;

    assert_true(load(desk, NULL, NULL, NULL));
    assert_string_equal(config->listen.host, "127.0.0.1");
    assert_int_equal(config->listen.port, 8090);
    assert_string_equal(config->db, "./zdd.db");
    assert_int_equal(config->marathon.count, 1);
    assert_string_equal(config->marathon.url[0], "http://127.0.0.1:8080");
    assert_string_equal(config->marathon_auth_file, "");
    assert_int_equal(config->marathon_timeout_ms, 30000);
    assert_int_equal(config->workers, 8);
    assert_int_equal(config->http_threads, 2);
    assert_int_equal(config->max_connections, 4096);
    assert_int_equal(config->sweep_ms, 45000);
    assert_false(config->standby);
    assert_int_equal(config->log_level, ZDD_LOG_INFO);
    assert_int_equal(config->access_log, ZDD_LOG_CALLS_CHANGES);
}

static void the_place_nearest_to_the_user_wins(void **state)
{
    static char name[] = "ZDD_WORKERS=3", threads[] = "ZDD_HTTP_THREADS=3", home[] = "HOME=/";
    char *const environment[] = {home, name, threads, NULL};
    const char *const command_line[ZDD_SETTING_COUNT] = {[ZDD_SETTING_WORKERS] = "4"};
    struct desk *desk = *state;

    assert_true(load(desk, "workers = 2\nhttp-threads = 2\nmax-connections = 64\n", environment,
                     command_line));
    assert_int_equal(desk->config.workers, 4);
    assert_int_equal(desk->config.http_threads, 3);
    assert_int_equal(desk->config.max_connections, 64);
    assert_int_equal(desk->config.origin[ZDD_SETTING_WORKERS].source, ZDD_SOURCE_COMMAND_LINE);
    assert_int_equal(desk->config.origin[ZDD_SETTING_HTTP_THREADS].source, ZDD_SOURCE_ENVIRONMENT);
    assert_int_equal(desk->config.origin[ZDD_SETTING_MAX_CONNECTIONS].source, ZDD_SOURCE_FILE);
    assert_int_equal(desk->config.origin[ZDD_SETTING_MAX_CONNECTIONS].line, 3);
    assert_int_equal(desk->config.origin[ZDD_SETTING_DB].source, ZDD_SOURCE_DEFAULT);
}

static void a_file_may_have_comments_blanks_and_quotes(void **state)
{
    struct desk *desk = *state;

    assert_true(load(desk,
                     "# a comment\n"
                     "\n"
                     "   \t \r\n"
                     "  db=/var/lib/a#b.db   # a trailing one\r\n"
                     "marathon = \"http://a:8080, https://b/service/marathon\"\n"
                     "standby = yes\n"
                     "access-log = all\n"
                     "log-level = warn",
                     NULL, NULL));
    assert_string_equal(desk->config.db, "/var/lib/a#b.db");
    assert_int_equal(desk->config.marathon.count, 2);
    assert_string_equal(desk->config.marathon.url[1], "https://b/service/marathon");
    assert_true(desk->config.standby);
    assert_int_equal(desk->config.log_level, ZDD_LOG_WARN);
    assert_int_equal(desk->config.access_log, ZDD_LOG_CALLS_ALL);
}

static void a_mistyped_key_is_told_with_its_line_and_the_right_word(void **state)
{
    struct desk *desk = *state;

    assert_problem(desk, "\nworkres = 3\n",
                   ":2: unknown setting \"workres\", did you mean workers?");
    assert_problem(desk, "colour = red\n", ":1: unknown setting \"colour\"");
    assert_problem(desk, "workers 3\n", ":1: expected \"key = value\", not \"workers 3\"");
    assert_problem(desk, "workers = 3\nworkers = 4\n", ":2: workers was set in line 1 already");
}

static void every_problem_is_reported_not_only_the_first(void **state)
{
    static char bad[] = "ZDD_HTTP_THREADS=many";
    char *const environment[] = {bad, NULL};
    const char *const command_line[ZDD_SETTING_COUNT] = {[ZDD_SETTING_LISTEN] = "localhost"};
    struct desk *desk = *state;
    char expected[900];

    assert_false(load(desk, "workers = 0\nnonsense\n", environment, command_line));
    snprintf(expected, sizeof(expected),
             "%s:2: expected \"key = value\", not \"nonsense\"\n"
             "--listen must be an address and a port, like 127.0.0.1:8090 or [::1]:8090, not "
             "\"localhost\"\n"
             "%s:1: workers must be a whole number from 1 to 64, not \"0\"\n"
             "environment: ZDD_HTTP_THREADS must be a whole number from 1 to 64, not \"many\"\n",
             desk->file, desk->file);
    assert_string_equal(desk->problems.data, expected);
}

static void an_unknown_variable_is_worth_a_warning_only(void **state)
{
    static char typo[] = "ZDD_WORKER=3", token[] = "ZDD_TOKEN=x", config[] = "ZDD_CONFIG=y",
                key[] = "ZDD_SECRETS_KEY=z";
    char *const environment[] = {typo, token, config, key, NULL};
    struct desk *desk = *state;

    assert_true(load(desk, NULL, environment, NULL));
    assert_string_equal(desk->warnings.data,
                        "environment: ZDD_WORKER is no setting, did you mean ZDD_WORKERS?\n");
}

static void values_outside_their_bounds_are_refused(void **state)
{
    static const struct {
        const char *line;
        bool good;
    } rows[] = {
        {"workers = 1", true},
        {"workers = 64", true},
        {"workers = 0", false},
        {"workers = 65", false},
        {"workers = -1", false},
        {"workers = +5", false},
        {"workers = 8x", false},
        {"workers = 8.0", false},
        {"workers =", false},
        {"workers = 99999999999999999999", false},
        {"sweep = 1s", true},
        {"sweep = 999ms", false},
        {"sweep = 60m", true},
        {"sweep = 1h", true},
        {"sweep = 61m", false},
        {"sweep = 5", true},
        {"sweep = 5 s", false},
        {"sweep = 5d", false},
        {"sweep = 9223372036854775807h", false},
        {"drain = 0s", true},
        {"standby = maybe", false},
        {"standby = OFF", true},
        {"log-level = loud", false},
        {"access-log = reads", false},
        {"listen = [::1]:0", true},
        {"listen = 127.0.0.1", false},
        {"listen = 127.0.0.1:65536", false},
        {"db =", false},
        {"marathon =", false},
        {"marathon = ftp://a", false},
        {"marathon = http://user:password@a", false},
        {"marathon = http://a?x=1", false},
        {"marathon = http://a,", false},
        {"marathon = http://a http://b", false},
        {"marathon = http://1,http://2,http://3,http://4,http://5,http://6,http://7,http://8",
         true},
        {"marathon = http://1,http://2,http://3,http://4,http://5,http://6,http://7,http://8,http://9",
         false},
        {"haproxy =", true},
        {"haproxy = 10.0.0.5:9999, [::1]:9999,lb.example:1,/run/haproxy/admin.sock", true},
        {"haproxy = http://a:9999", false},
        {"haproxy = 10.0.0.5", false},
        {"haproxy = 10.0.0.5:0", false},
        {"haproxy = run/haproxy.sock", false},
        {"haproxy = a:1,", false},
        {"haproxy = /23456789012345678901234567890123456789012345678901234567890123456789012345678"
         "90123456789012345678901234567",
         true}, /* 107 bytes */
        {"haproxy = /23456789012345678901234567890123456789012345678901234567890123456789012345678"
         "901234567890123456789012345678",
         false},
        {"vamp =", true},
        {"vamp = http://vamp.example:8080/service/vamp", true},
        {"vamp = http://a,http://b", false},
        {"vamp = vamp.example:8080", false},
        {"marathon-ca =", true},
    };
    struct desk *desk = *state;

    for (size_t i = 0; i < ZDD_COUNT(rows); i++) {
        if (load(desk, rows[i].line, NULL, NULL) != rows[i].good)
            fail_msg("%s: %s", rows[i].line, desk->problems.data ? desk->problems.data : "taken");
    }
}

static void an_address_with_a_password_is_not_repeated(void **state)
{
    struct desk *desk = *state;

    assert_false(load(desk, "marathon = http://user:s3cretword@a\n", NULL, NULL));
    assert_non_null(strstr(desk->problems.data, "without user, password or query"));
    assert_null(strstr(desk->problems.data, "s3cretword"));
}

static void durations_are_read_in_every_unit(void **state)
{
    struct desk *desk = *state;

    assert_true(load(desk, "sweep = 2m\nblind-sweep = 1500ms\ndrain = 7\n", NULL, NULL));
    assert_int_equal(desk->config.sweep_ms, 120000);
    assert_int_equal(desk->config.blind_sweep_ms, 1500);
    assert_int_equal(desk->config.drain_ms, 7000);
}

static void a_file_that_cannot_be_read_or_is_none_is_told(void **state)
{
    struct desk *desk = *state;
    struct zdd_config_sources sources = {.file = "/nowhere/zdd.conf"};
    char *line = malloc(6000);

    assert_false(zdd_config_load(&sources, &desk->config, &desk->problems, &desk->warnings));
    assert_string_equal(desk->problems.data,
                        "/nowhere/zdd.conf: cannot be read: No such file or directory\n");
    zdd_buf_clear(&desk->problems);
    sources.file = "/tmp";
    assert_false(zdd_config_load(&sources, &desk->config, &desk->problems, &desk->warnings));
    assert_string_equal(desk->problems.data, "/tmp: cannot be read: Is a directory\n");

    assert_non_null(line);
    memset(line, 'x', 5999);
    line[5999] = '\0';
    assert_false(load(desk, line, NULL, NULL));
    assert_non_null(strstr(desk->problems.data, ":1: the line is longer than 4094 bytes"));
    free(line);

    struct zdd_buf many = {0};

    for (int i = 0; i < ZDD_CONFIG_LINES_MAX + 1; i++)
        zdd_buf_text(&many, "#\n");
    assert_false(load(desk, many.data, NULL, NULL));
    assert_non_null(strstr(desk->problems.data, "more than 1000 lines"));
    zdd_buf_release(&many);
}

static void a_value_that_is_too_long_is_refused_not_cut(void **state)
{
    struct desk *desk = *state;
    struct zdd_buf text = {0};

    zdd_buf_text(&text, "db = ");
    for (int i = 0; i < ZDD_CONFIG_TEXT_SIZE; i++)
        zdd_buf_text(&text, "x");
    assert_false(load(desk, text.data, NULL, NULL));
    for (int i = 0; i < ZDD_CONFIG_TEXT_SIZE; i++)
        zdd_buf_text(&text, "x");
    assert_false(load(desk, text.data, NULL, NULL));
    assert_non_null(strstr(desk->problems.data, "must be shorter than 1024 bytes"));
    zdd_buf_release(&text);
}

static void a_value_that_is_too_long_is_refused_wherever_it_comes_from(void **state)
{
    struct desk *desk = *state;
    char value[ZDD_CONFIG_TEXT_SIZE * 2 + 1];
    char variable[sizeof(value) + sizeof("ZDD_DB=")];
    char *const environment[] = {variable, NULL};
    const char *const command_line[ZDD_SETTING_COUNT] = {[ZDD_SETTING_DB] = value};

    memset(value, 'x', sizeof(value) - 1);
    value[sizeof(value) - 1] = '\0';
    snprintf(variable, sizeof(variable), "ZDD_DB=%s", value);
    assert_false(load(desk, NULL, environment, NULL));
    assert_string_equal(desk->problems.data,
                        "environment: ZDD_DB: the value must be shorter than 1024 bytes\n");
    assert_false(load(desk, NULL, NULL, command_line));
    assert_string_equal(desk->problems.data, "--db: the value must be shorter than 1024 bytes\n");
}

static void a_file_with_a_nul_byte_is_no_settings_file(void **state)
{
    struct desk *desk = *state;
    const struct zdd_config_sources sources = {.file = desk->file};
    FILE *file = fopen(desk->file, "w");

    assert_non_null(file);
    assert_int_equal(fwrite("drain = 5s\0\n", 1, 12, file), 12);
    assert_int_equal(fclose(file), 0);
    assert_false(zdd_config_load(&sources, &desk->config, &desk->problems, &desk->warnings));
    assert_non_null(strstr(desk->problems.data, "the line has a NUL byte"));
}

static void the_sample_is_a_file_that_changes_nothing_and_names_every_setting(void **state)
{
    struct desk *desk = *state;
    struct zdd_buf sample = {0};
    struct zdd_buf filled = {0};

    zdd_config_print_sample(&sample);
    for (int i = 0; i < ZDD_SETTING_COUNT; i++) {
        char line[100];

        snprintf(line, sizeof(line), "\n#%s = ", zdd_setting_key((enum zdd_setting)i));
        assert_non_null(strstr(sample.data, line));
    }
    assert_true(load(desk, sample.data, NULL, NULL));
    assert_int_equal(desk->config.origin[ZDD_SETTING_DB].source, ZDD_SOURCE_DEFAULT);

    /* with every # of a setting taken away it still means the same */
    for (const char *at = sample.data; *at; at++) {
        if (at[0] == '#' && at[1] != ' ')
            continue;
        zdd_buf_append(&filled, at, 1);
    }
    assert_true(load(desk, filled.data, NULL, NULL));
    assert_int_equal(desk->config.origin[ZDD_SETTING_DB].source, ZDD_SOURCE_FILE);
    assert_int_equal(desk->config.workers, 8);
    zdd_buf_release(&sample);
    zdd_buf_release(&filled);
}

static void effective_settings_say_where_they_come_from(void **state)
{
    struct desk *desk = *state;
    struct zdd_buf text = {0};
    char expected[200];

    assert_true(load(desk, "workers = 3\n", NULL, NULL));
    zdd_config_print(&desk->config, desk->file, &text);
    snprintf(expected, sizeof(expected),
             "workers            = 3                                # "
             "%s:1\n",
             desk->file);
    assert_non_null(strstr(text.data, expected));
    assert_non_null(strstr(text.data, "http-threads       = 2                                # "
                                      "default\n"));
    zdd_buf_release(&text);
}

static void credentials_have_four_forms(void **state)
{
    static const struct {
        const char *text, *basic, *header; /* both NULL: refused */
    } rows[] = {
        {"user:pass:word\n", "user:pass:word", ""},
        {"\n# comment\r\nuser:password\r\nmore\n", "user:password", ""},
        {"token=abc", "", "Authorization: token=abc"},
        {"Bearer abc", "", "Authorization: Bearer abc"},
        {"Authorization: token=abc", "", "Authorization: token=abc"},
        {"", NULL, NULL},
        {"s3cretword\n", NULL, NULL},
        {":password\n", NULL, NULL},
        {"user:\x01\n", NULL, NULL},
    };
    struct desk *desk = *state;
    char why[ZDD_CREDENTIALS_WHY_SIZE];

    for (size_t i = 0; i < ZDD_COUNT(rows); i++) {
        struct zdd_credentials credentials;
        bool good;

        write_file(desk, rows[i].text);
        good = zdd_credentials_read(desk->file, &credentials, why);
        if (good != (rows[i].basic != NULL))
            fail_msg("row %zu", i);
        if (!good) {
            assert_non_null(strstr(why, "must hold one line"));
            assert_null(strstr(why, "s3cretword"));
            continue;
        }
        assert_string_equal(credentials.basic, rows[i].basic);
        assert_string_equal(credentials.header, rows[i].header);
    }
}

static void credentials_that_are_too_long_or_missing_are_told(void **state)
{
    struct desk *desk = *state;
    struct zdd_credentials credentials;
    char why[ZDD_CREDENTIALS_WHY_SIZE];
    struct zdd_buf text = {0};

    assert_false(zdd_credentials_read("/nowhere/secret", &credentials, why));
    assert_string_equal(why, "/nowhere/secret cannot be opened (there is no such file)");
    zdd_buf_text(&text, "token=");
    while (text.size < ZDD_CREDENTIALS_SIZE)
        zdd_buf_text(&text, "x");
    write_file(desk, text.data);
    assert_false(zdd_credentials_read(desk->file, &credentials, why));
    zdd_buf_release(&text);
}

static void a_secret_that_everybody_may_read_is_noticed(void **state)
{
    struct desk *desk = *state;

    assert_int_equal(chmod(desk->file, 0600), 0);
    assert_false(zdd_credentials_exposed(desk->file));
    assert_int_equal(chmod(desk->file, 0604), 0);
    assert_true(zdd_credentials_exposed(desk->file));
    assert_false(zdd_credentials_exposed("/nowhere/secret"));
}

#define DESK(test) cmocka_unit_test_setup_teardown(test, open_desk, close_desk)

int main(void)
{
    const struct CMUnitTest tests[] = {
        DESK(without_anything_the_defaults_hold),
        DESK(the_place_nearest_to_the_user_wins),
        DESK(a_file_may_have_comments_blanks_and_quotes),
        DESK(a_mistyped_key_is_told_with_its_line_and_the_right_word),
        DESK(every_problem_is_reported_not_only_the_first),
        DESK(an_unknown_variable_is_worth_a_warning_only),
        DESK(values_outside_their_bounds_are_refused),
        DESK(an_address_with_a_password_is_not_repeated),
        DESK(durations_are_read_in_every_unit),
        DESK(a_file_that_cannot_be_read_or_is_none_is_told),
        DESK(a_value_that_is_too_long_is_refused_not_cut),
        DESK(a_value_that_is_too_long_is_refused_wherever_it_comes_from),
        DESK(a_file_with_a_nul_byte_is_no_settings_file),
        DESK(the_sample_is_a_file_that_changes_nothing_and_names_every_setting),
        DESK(effective_settings_say_where_they_come_from),
        DESK(credentials_have_four_forms),
        DESK(credentials_that_are_too_long_or_missing_are_told),
        DESK(a_secret_that_everybody_may_read_is_noticed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
