/**
 * @file tests/unit/server/base/test_log.c
 * @brief One event is one line, whatever the values hold.
 */
#include "server/base/log.h"
#include "tests/support/spec.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define OUTPUT_MAX 1048576

static char output[OUTPUT_MAX];

struct capture {
    FILE *file;
    int saved;
};

static struct capture begin(void)
{
    struct capture capture = {.file = tmpfile(), .saved = dup(STDERR_FILENO)};

    assert_non_null(capture.file);
    assert_true(capture.saved >= 0);
    assert_true(dup2(fileno(capture.file), STDERR_FILENO) >= 0);
    return capture;
}

/* What was written to standard error since begin(). */
static const char *end(struct capture capture)
{
    size_t size;

    assert_true(dup2(capture.saved, STDERR_FILENO) >= 0);
    close(capture.saved);
    rewind(capture.file);
    size = fread(output, 1, sizeof(output) - 1, capture.file);
    output[size] = '\0';
    fclose(capture.file);
    return output;
}

/* The line without its time, which must be there. */
static const char *after_time(const char *line)
{
    assert_memory_equal(line, "time=20", 7);
    assert_memory_equal(line + 28, "Z ", 2);
    return line + 30;
}

static const char *logged(const char *value)
{
    const struct capture capture = begin();

    zdd_log(ZDD_LOG_WARN, "test", "key", value, NULL);
    return after_time(end(capture));
}

static void a_line_has_time_level_event_and_the_pairs_in_order(void **state)
{
    const struct capture capture = begin();

    (void)state;
    zdd_log(ZDD_LOG_INFO, "run.step", "run", "42", "rule", "rolling/start", NULL);
    assert_string_equal(after_time(end(capture)),
                        "level=info event=run.step run=42 rule=rolling/start\n");
}

static void a_hostile_value_cannot_forge_a_line_or_a_pair(void **state)
{
    (void)state;
    assert_string_equal(logged("a\nlevel=info"), "level=warn event=test key=\"a\\nlevel=info\"\n");
    assert_string_equal(logged("a\" b=\"c"), "level=warn event=test key=\"a\\\" b=\\\"c\"\n");
    assert_string_equal(logged("a=b"), "level=warn event=test key=\"a=b\"\n");
    assert_string_equal(logged("\\"), "level=warn event=test key=\"\\\\\"\n");
    assert_string_equal(logged("\x1b[31m\r\x7f"),
                        "level=warn event=test key=\"\\x1b[31m\\x0d\\x7f\"\n");
    assert_string_equal(logged("\xC2\x9B"
                               "31m"),
                        "level=warn event=test key=\"\\xc2\\x9b"
                        "31m\"\n");
    assert_string_equal(logged("\xFF"), "level=warn event=test key=\"\\xff\"\n");
}

static void plain_values_stay_bare_and_empty_ones_are_quoted(void **state)
{
    (void)state;
    assert_string_equal(logged("a/b-c.d_e:f"), "level=warn event=test key=a/b-c.d_e:f\n");
    assert_string_equal(logged(""), "level=warn event=test key=\"\"\n");
    assert_string_equal(logged("gr\xC3\xBC\xC3\x9F"),
                        "level=warn event=test key=\"gr\xC3\xBC\xC3\x9F\"\n");
    assert_string_equal(logged(NULL), "level=warn event=test\n");
}

static void a_value_is_cut_at_512_bytes_between_characters(void **state)
{
    char value[600] = "";
    const char *line;

    (void)state;
    memset(value, 'a', 512);
    line = logged(value);
    assert_int_equal(strspn(strstr(line, "key=") + 4, "a"), 512);
    value[512] = 'a';
    line = logged(value);
    assert_int_equal(strspn(strstr(line, "key=") + 4, "a"), 512);
    memcpy(value + 511, "\xC3\xBC", 3);
    line = logged(value);
    assert_int_equal(strspn(strstr(line, "key=") + 4, "a"), 511);
    assert_string_equal(strstr(line, "key=") + 4 + 511, "\n");
}

static void a_line_that_is_full_drops_whole_pairs_and_says_so(void **state)
{
    const struct capture capture = begin();
    const char *line;
    char v[513];

    (void)state;
    memset(v, '\n', 512); /* each byte becomes two */
    v[512] = '\0';
    zdd_log(ZDD_LOG_ERROR, "e", "a", v, "b", v, "c", v, "d", v, "e", v, "f", v, "g", v, "h", v,
            NULL);
    line = end(capture);
    assert_true(strlen(line) <= 8192);
    assert_non_null(strstr(line, " g=\""));
    assert_null(strstr(line, " h="));
    assert_string_equal(line + strlen(line) - 17, "\" truncated=true\n");
}

static void lines_below_the_level_are_dropped(void **state)
{
    struct capture capture = begin();

    (void)state;
    zdd_log(ZDD_LOG_DEBUG, "quiet", NULL);
    assert_string_equal(end(capture), "");
    zdd_log_level_set(ZDD_LOG_DEBUG);
    capture = begin();
    zdd_log(ZDD_LOG_DEBUG, "loud", NULL);
    assert_string_equal(after_time(end(capture)), "level=debug event=loud\n");
    zdd_log_level_set(ZDD_LOG_INFO);
}

static void *log_a_lot(void *cls)
{
    for (int i = 0; i < 500; i++)
        zdd_log(ZDD_LOG_INFO, "storm", "thread", cls, NULL);
    return NULL;
}

static void lines_of_many_threads_do_not_mix(void **state)
{
    static char names[4][2] = {"a", "b", "c", "d"};
    const struct capture capture = begin();
    pthread_t thread[4];
    size_t lines = 0;

    (void)state;
    for (int i = 0; i < 4; i++)
        assert_int_equal(pthread_create(&thread[i], NULL, log_a_lot, names[i]), 0);
    for (int i = 0; i < 4; i++)
        pthread_join(thread[i], NULL);
    for (const char *line = end(capture); *line; line = strchr(line, '\n') + 1, lines++)
        assert_memory_equal(after_time(line), "level=info event=storm thread=", 30);
    assert_int_equal(lines, 2000);
}

/* What follows the time, which is at the same place in each line. */
static const char *logged_json(const char *value)
{
    const struct capture capture = begin();
    const char *line;

    zdd_log_format_set(ZDD_LOG_JSON);
    zdd_log(ZDD_LOG_WARN, "test", "key", value, NULL);
    zdd_log_format_set(ZDD_LOG_LOGFMT);
    line = end(capture);
    assert_memory_equal(line, "{\"time\":\"20", 11);
    assert_memory_equal(line + 32, "Z\",", 3);
    return line + 35;
}

static void as_json_a_line_is_one_object(void **state)
{
    (void)state;
#define HEAD "\"level\":\"warn\",\"event\":\"test\",\"key\":"
    assert_string_equal(logged_json("plain"), HEAD "\"plain\"}\n");
    assert_string_equal(logged_json(""), HEAD "\"\"}\n");
    assert_string_equal(logged_json("a \"b\" \\ c"), HEAD "\"a \\\"b\\\" \\\\ c\"}\n");
    assert_string_equal(logged_json("1\n2\t\x1b"), HEAD "\"1\\n2\\u0009\\u001b\"}\n");
    assert_string_equal(logged_json("\xc3\xa4"), HEAD "\"\xc3\xa4\"}\n");
    assert_string_equal(logged_json("\xff!"), HEAD "\"\\ufffd!\"}\n");
    assert_string_equal(logged_json(NULL), "\"level\":\"warn\",\"event\":\"test\"}\n");
#undef HEAD
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_line_has_time_level_event_and_the_pairs_in_order),
        cmocka_unit_test(a_hostile_value_cannot_forge_a_line_or_a_pair),
        cmocka_unit_test(plain_values_stay_bare_and_empty_ones_are_quoted),
        cmocka_unit_test(a_value_is_cut_at_512_bytes_between_characters),
        cmocka_unit_test(a_line_that_is_full_drops_whole_pairs_and_says_so),
        cmocka_unit_test(lines_below_the_level_are_dropped),
        cmocka_unit_test(lines_of_many_threads_do_not_mix),
        cmocka_unit_test(as_json_a_line_is_one_object),
    };

    return cmocka_run_group_tests_name("server/base/log", tests, NULL, NULL);
}
