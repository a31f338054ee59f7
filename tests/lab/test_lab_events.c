/**
 * @file tests/lab/test_lab_events.c
 * @brief The event stream: bytes on the wire, the recorded sequence, bad days (marathon.md §1.8,
 * §4.5, §6).
 */
#include "tests/support/spec.h"

#include "tests/lab/lab.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define READ_MS 5000

static const char *const fast[] = {"--speed", "100", NULL};

static int ask(const struct lab *lab, const char *target, const char *accept)
{
    const struct sockaddr_in address = {.sin_family = AF_INET,
                                        .sin_port = htons(lab->run.port),
                                        .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    const int fd = socket(AF_INET, SOCK_STREAM, 0);
    char request[300];
    const int size = snprintf(request, sizeof(request),
                              "GET %s HTTP/1.1\r\nHost: x\r\nAccept: %s\r\n\r\n", target, accept);

    assert_int_equal(connect(fd, (const struct sockaddr *)&address, sizeof(address)), 0);
    assert_int_equal(send(fd, request, (size_t)size, MSG_NOSIGNAL), size);
    return fd;
}

/* Read until @p end has come (then true) or the connection is over. */
static bool read_until(int fd, char *text, size_t size, const char *end)
{
    size_t at = strlen(text);

    while (!strstr(text, end)) {
        struct pollfd polled = {.fd = fd, .events = POLLIN};
        ssize_t n;

        assert_int_equal(poll(&polled, 1, READ_MS), 1);
        n = recv(fd, text + at, size - 1 - at, 0);
        if (n <= 0)
            return false;
        at += (size_t)n;
        text[at] = '\0';
    }
    return true;
}

static void frames_are_exactly_marathons(void **state)
{
    struct lab *lab = lab_start(fast);
    const int fd = ask(lab, "/v2/events", "text/event-stream");
    char text[8192] = "";
    const char *body;

    (void)state;
    assert_true(read_until(fd, text, sizeof(text), "\"event_stream_attached\""));
    assert_true(read_until(fd, text, sizeof(text), "}\r\n\r\n"));
    assert_int_equal(strncmp(text, "HTTP/1.1 200 ", 13), 0);
    assert_non_null(strstr(text, "Content-Type: text/event-stream;charset=utf-8\r\n"));
    assert_non_null(strstr(text, "Connection: close\r\n"));
    assert_null(strstr(text, "Transfer-Encoding"));
    assert_null(strstr(text, "Content-Length"));
    body = strstr(text, "\r\n\r\n") + 4;
    assert_int_equal(strncmp(body,
                             "event: event_stream_attached\r\ndata: {\"remoteAddress\":"
                             "\"127.0.0.1\",\"eventType\":\"event_stream_attached\",\"timestamp\":",
                             113),
                     0);
    close(fd);
    lab_stop(lab);
}

static void a_heartbeat_is_a_carriage_return_and_then_a_line_feed(void **state)
{
    struct lab *lab = lab_start(fast);
    const int fd = ask(lab, "/v2/events?event_type=nothing", "text/event-stream");
    char text[4096] = "";
    char *body;

    (void)state;
    /* The filter hides everything else, the greeting too; a heartbeat comes each 0.1 s. */
    assert_true(read_until(fd, text, sizeof(text), "\r\n\r\n\r\n\r\n"));
    body = strstr(text, "\r\n\r\n") + 4;
    assert_int_equal(strspn(body, "\r\n"), strlen(body));
    assert_int_equal(strncmp(body, "\r\n\r\n", 4), 0);
    close(fd);
    lab_stop(lab);
}

static void any_other_accept_is_405_in_html(void **state)
{
    struct lab *lab = lab_start(fast);
    const int fd = ask(lab, "/v2/events", "text/event-stream, */*");
    char text[4096] = "";

    (void)state;
    assert_true(read_until(fd, text, sizeof(text), "</html>"));
    assert_int_equal(strncmp(text, "HTTP/1.1 405 ", 13), 0);
    assert_non_null(strstr(text, "Content-Type: text/html"));
    close(fd);
    lab_stop(lab);
}

static void a_filter_lets_only_the_named_kinds_pass(void **state)
{
    struct lab *lab = lab_start(fast);
    const int fd = ask(lab, "/v2/events?event_type=api_post_event&event_type=deployment_success",
                       "text/event-stream");
    char text[65536] = "";
    char id[64];

    (void)state;
    assert_true(read_until(fd, text, sizeof(text), "\r\n\r\n"));
    assert_int_equal(lab_change(lab, "PUT", "/v2/apps/a",
                                "{\"cmd\":\"exec sleep 99\",\"portDefinitions\":[]}", id),
                     201);
    assert_true(read_until(fd, text, sizeof(text), "event: deployment_success"));
    assert_non_null(strstr(text, "event: api_post_event"));
    assert_null(strstr(text, "event: deployment_info"));
    assert_null(strstr(text, "event: event_stream_attached"));
    close(fd);
    lab_stop(lab);
}

/* One letter per event that the recording knows; the rest is newer than it. */
static char letter_of(const json_t *event)
{
    static const struct {
        const char *type, *status;
        char letter;
    } letters[] = {
        {"deployment_info", NULL, 'i'},
        {"add_health_check_event", NULL, 'a'},
        {"group_change_success", NULL, 'g'},
        {"api_post_event", NULL, 'p'},
        {"status_update_event", "TASK_KILLING", 'K'},
        {"status_update_event", "TASK_STAGING", 'S'},
        {"status_update_event", "TASK_RUNNING", 'R'},
        {"status_update_event", "TASK_KILLED", 'D'},
        {"health_status_changed_event", NULL, 'h'},
        {"deployment_step_success", NULL, 's'},
        {"deployment_success", NULL, 'e'},
    };

    for (size_t i = 0; i < sizeof(letters) / sizeof(letters[0]); i++)
        if (strcmp(zdd_json_text(event, "eventType", ""), letters[i].type) == 0 &&
            (!letters[i].status ||
             strcmp(zdd_json_text(event, "taskStatus", ""), letters[i].status) == 0))
            return letters[i].letter;
    return '\0';
}

static size_t count_letter(const char *text, char letter)
{
    size_t count = 0;

    for (; *text; text++)
        count += *text == letter;
    return count;
}

static void an_upgrade_of_base_min_over_sounds_like_the_recording(void **state)
{
    /* The stubborn service takes its time to end, as a container does: the first new task
     * is healthy before the old ones are gone. */
    static const char *const options[] = {
        "--speed",
        "100",
        "--task-killing",
        "--image",
        "stubborn:*=trap 'sleep 1; exit 137' TERM; ${LAB%/*}/simpleservice & wait",
        NULL};
    struct lab *lab = lab_start(options);
    ZDD_AUTO_JSON json_t *events = NULL;
    char heard[256] = "";
    size_t size = 0;
    char id[64];
    size_t from;

    (void)state;
    assert_int_equal(
        lab_change(lab, "PUT", "/v2/apps/zdd/base-min-over",
                   "{\"instances\":4,\"container\":{\"type\":\"DOCKER\",\"docker\":{\"image\":"
                   "\"stubborn:1\",\"network\":\"HOST\"}},\"env\":{\"LAB\":\"" LAB_PROGRAM
                   "\",\"SIMPLE_SERVICE_VERSION\":\"0.9\"},\"taskKillGracePeriodSeconds\":10,"
                   "\"upgradeStrategy\":{\"minimumHealthCapacity\":0.25,"
                   "\"maximumOverCapacity\":0.25},\"healthChecks\":[{\"protocol\":\"HTTP\","
                   "\"path\":\"/health\",\"gracePeriodSeconds\":300,\"intervalSeconds\":60}]}",
                   id),
        201);
    assert_true(lab_await(lab, id));
    from = lab_event_count(lab);
    assert_int_equal(lab_change(lab, "PUT", "/v2/apps/zdd/base-min-over",
                                "{\"env\":{\"LAB\":\"" LAB_PROGRAM
                                "\",\"SIMPLE_SERVICE_VERSION\":\"1.0\"}}",
                                id),
                     200);
    assert_true(lab_await(lab, id));
    events = lab_events(lab, from);
    for (size_t i = 0; i < json_array_size(events) && size + 1 < sizeof(heard); i++) {
        const char letter = letter_of(json_array_get(events, i));

        if (letter)
            heard[size++] = letter;
    }
    /* The counts of the recording, its beginning, its first health, and its end. */
    assert_int_equal(strncmp(heard, "iagpKKKSR", 9), 0);
    assert_int_equal(strncmp(strchr(heard, 'h'), "hK", 2), 0);
    assert_null(memchr(heard, 'D', (size_t)(strchr(heard, 'h') - heard)));
    assert_string_equal(heard + size - 3, "hse");
    assert_int_equal(count_letter(heard, 'K'), 4);
    assert_int_equal(count_letter(heard, 'D'), 4);
    assert_int_equal(count_letter(heard, 'S'), 4);
    assert_int_equal(count_letter(heard, 'R'), 4);
    assert_int_equal(count_letter(heard, 'h'), 4);
    lab_stop(lab);
}

static void the_stream_can_redirect_or_end_at_once(void **state)
{
    struct lab *lab = lab_start(fast);
    char text[4096] = "";
    int fd;

    (void)state;
    lab_faults(lab, "[{\"name\":\"events-302\",\"count\":1},"
                    "{\"name\":\"events-200-close\",\"count\":1}]");
    fd = ask(lab, "/v2/events", "text/event-stream");
    assert_true(read_until(fd, text, sizeof(text), "/v2/events\r\n"));
    assert_int_equal(strncmp(text, "HTTP/1.1 302 ", 13), 0);
    close(fd);
    memset(text, 0, sizeof(text));
    fd = ask(lab, "/v2/events", "text/event-stream");
    assert_false(read_until(fd, text, sizeof(text), "data:"));
    assert_int_equal(strncmp(text, "HTTP/1.1 200 ", 13), 0);
    close(fd);
    lab_stop(lab);
}

static bool has_pair(const json_t *events, const void *cls)
{
    (void)cls;
    return lab_count(events, "api_post_event", NULL, NULL) == 2;
}

static void events_can_be_doubled_and_dropped(void **state)
{
    struct lab *lab = lab_start(fast);
    ZDD_AUTO_JSON json_t *events = NULL;
    char id[64];

    (void)state;
    lab_faults(lab, "[{\"name\":\"duplicate-events\",\"path\":\"api_post_event\"},"
                    "{\"name\":\"drop-events\",\"path\":\"group_change_success\"}]");
    assert_int_equal(lab_change(lab, "PUT", "/v2/apps/a",
                                "{\"cmd\":\"exec sleep 99\",\"portDefinitions\":[]}", id),
                     201);
    assert_true(lab_await(lab, id));
    lab_until(lab, has_pair, NULL);
    events = lab_events(lab, 0);
    assert_int_equal(lab_count(events, "group_change_success", NULL, NULL), 0);
    lab_stop(lab);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(frames_are_exactly_marathons),
        cmocka_unit_test(a_heartbeat_is_a_carriage_return_and_then_a_line_feed),
        cmocka_unit_test(any_other_accept_is_405_in_html),
        cmocka_unit_test(a_filter_lets_only_the_named_kinds_pass),
        cmocka_unit_test(an_upgrade_of_base_min_over_sounds_like_the_recording),
        cmocka_unit_test(the_stream_can_redirect_or_end_at_once),
        cmocka_unit_test(events_can_be_doubled_and_dropped),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
