/**
 * @file tests/lab/test_marathon_s6.c
 * @brief Events, marathon.md §6: the members of each kind, the nine orders; the stream itself,
 * §1.8.
 */
#include "tests/support/spec.h"

#include "tests/lab/marathon.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define HEALTHY SERVICE ",\"healthChecks\":[{\"path\":\"/health\",\"intervalSeconds\":1}]"

/* --- the members of each kind -------------------------------------------------------------------
 */

static void s6_api_post_event(void **state)
{
    ZDD_AUTO_JSON json_t *events = NULL;
    const json_t *event;

    marathon_create(*state, "/v2/apps/a", SLEEPER);
    events = marathon_since(*state, 0);
    event = marathon_event(events, "api_post_event", NULL, NULL);
    marathon_members(event, "eventType timestamp clientIp uri appDefinition");
    marathon_at(event, "/clientIp", "\"127.0.0.1\"");
    marathon_at(event, "/uri", "\"/v2/apps/a\"");
    marathon_at(event, "/appDefinition/id", "\"/a\"");
}

static void s6_api_post_event_is_for_writes_of_a_single_app_only(void **state)
{
    struct lab *lab = *state;
    ZDD_AUTO_JSON json_t *made =
        marathon_get(lab, "POST /v2/apps", "{\"id\":\"/a\"," SLEEPER "}", 201);
    ZDD_AUTO_JSON json_t *events = NULL;
    size_t from;

    assert_true(lab_await(lab, marathon_text(made, "/deployments/0/id")));
    marathon_change(lab, "PATCH /v2/apps/a", "{\"labels\":{\"a\":\"b\"}}", 200);
    marathon_change(lab, "PUT /v2/apps/a", "{\"labels\":{\"a\":\"c\"}}", 200);
    events = marathon_since(lab, 0);
    assert_int_equal(lab_count(events, "api_post_event", NULL, NULL), 3);
    json_decref(events);
    from = lab_event_count(lab);
    marathon_change(lab, "POST /v2/apps/a/restart", NULL, 200);
    marathon_change(lab, "PUT /v2/apps", "[{\"id\":\"/a\",\"labels\":{}}]", 200);
    marathon_change(lab, "PATCH /v2/apps", "[{\"id\":\"/a\",\"labels\":{\"a\":\"d\"}}]", 200);
    marathon_change(lab, "DELETE /v2/apps/a", NULL, 200);
    events = marathon_since(lab, from);
    assert_int_equal(lab_count(events, "api_post_event", NULL, NULL), 0);
}

static void s6_status_update_event(void **state)
{
    ZDD_AUTO_JSON json_t *events = NULL;
    ZDD_AUTO_JSON json_t *app = NULL;
    const json_t *event;

    marathon_create(*state, "/v2/apps/a", SLEEPER);
    app = marathon_get(*state, "GET /v2/apps/a", NULL, 200);
    events = marathon_since(*state, 0);
    event = marathon_event(events, "status_update_event", "taskStatus", "TASK_RUNNING");
    marathon_members(event, "eventType timestamp slaveId taskId taskStatus message appId host "
                            "ipAddresses ports version");
    assert_string_equal(zdd_json_text(event, "taskId", ""), marathon_text(app, "/app/tasks/0/id"));
    assert_string_equal(zdd_json_text(event, "version", ""), marathon_text(app, "/app/version"));
}

static void s6_instance_changed_event(void **state)
{
    ZDD_AUTO_JSON json_t *events = NULL;
    const json_t *event;

    marathon_create(*state, "/v2/apps/a", SLEEPER);
    events = marathon_since(*state, 0);
    event = marathon_event(events, "instance_changed_event", "condition", "Scheduled");
    marathon_members(event, "eventType timestamp instanceId condition runSpecId agentId host "
                            "runSpecVersion");
    marathon_at(event, "/agentId", "null");
    marathon_at(event, "/host", "null");
    event = marathon_event(events, "instance_changed_event", "condition", "Provisioned");
    marathon_at(event, "/host", "\"127.0.0.1\"");
    (void)marathon_event(events, "instance_changed_event", "condition", "Starting");
    (void)marathon_event(events, "instance_changed_event", "condition", "Running");
}

static void s6_instance_changed_event_repeats_running_when_only_the_goal_changed(void **state)
{
    ZDD_AUTO_JSON json_t *events = NULL;
    size_t running;
    size_t again;

    marathon_create(*state, "/v2/apps/a", SLEEPER);
    marathon_change(*state, "PUT /v2/apps/a", "{\"instances\":0}", 200);
    events = marathon_since(*state, 0);
    running = marathon_place(events, 0, "instance_changed_event", "condition", "Running");
    again = marathon_place(events, running + 1, "instance_changed_event", "condition", "Running");
    (void)marathon_place(events, again, "instance_changed_event", "condition", "Killed");
}

static bool has_inactive(const json_t *events, const void *cls)
{
    (void)cls;
    return lab_count(events, "instance_changed_event", "condition", "UnreachableInactive") > 0;
}

static void s6_instance_changed_event_of_the_unreachable(void **state)
{
    ZDD_AUTO_JSON json_t *events = NULL;
    size_t lost;

    marathon_create(*state, "/v2/apps/a",
                    SLEEPER ",\"unreachableStrategy\":{\"inactiveAfterSeconds\":10,"
                            "\"expungeAfterSeconds\":86400}");
    lab_faults(*state, "[{\"name\":\"task-unreachable\",\"count\":1,\"ms\":600000}]");
    lab_until(*state, has_inactive, NULL);
    events = marathon_since(*state, 0);
    (void)marathon_event(events, "status_update_event", "taskStatus", "TASK_UNREACHABLE");
    lost = marathon_place(events, 0, "instance_changed_event", "condition", "Unreachable");
    (void)marathon_place(events, lost, "instance_changed_event", "condition",
                         "UnreachableInactive");
}

static void s6_instance_health_changed_event(void **state)
{
    ZDD_AUTO_JSON json_t *events = NULL;
    const json_t *event;

    marathon_create(*state, "/v2/apps/a", HEALTHY);
    events = marathon_since(*state, 0);
    event = json_array_get(events, marathon_healthy(events, 0));
    marathon_members(event, "eventType timestamp instanceId runSpecId runSpecVersion healthy");
}

static bool has_unknown(const json_t *events, const void *cls)
{
    (void)cls;
    return lab_count(events, "unknown_instance_terminated_event", NULL, NULL) > 0;
}

static void s6_unknown_instance_terminated_event(void **state)
{
    ZDD_AUTO_JSON json_t *events = NULL;

    /* Expunged at once, replaced, and then its agent comes back with it. */
    marathon_create(*state, "/v2/apps/a", SLEEPER);
    lab_faults(*state, "[{\"name\":\"task-unreachable\",\"count\":1,\"ms\":300}]");
    lab_until(*state, has_unknown, NULL);
    events = marathon_since(*state, 0);
    marathon_members(marathon_event(events, "unknown_instance_terminated_event", NULL, NULL),
                     "eventType timestamp instanceId runSpecId condition");
    lab_until_json(*state, "/v2/apps/a", "/app/tasksRunning", "1");
}

static void s6_health_status_changed_event(void **state)
{
    ZDD_AUTO_JSON json_t *events = NULL;

    marathon_create(*state, "/v2/apps/a", HEALTHY);
    events = marathon_since(*state, 0);
    marathon_members(marathon_event(events, "health_status_changed_event", NULL, NULL),
                     "eventType timestamp appId instanceId version alive");
}

static void s6_add_health_check_event(void **state)
{
    ZDD_AUTO_JSON json_t *events = NULL;
    const json_t *event;

    marathon_create(*state, "/v2/apps/a", HEALTHY);
    events = marathon_since(*state, 0);
    event = marathon_event(events, "add_health_check_event", NULL, NULL);
    marathon_members(event, "eventType timestamp appId version healthCheck");
    marathon_at(event, "/healthCheck/path", "\"/health\"");
}

static void s6_group_change_success_and_failed(void **state)
{
    ZDD_AUTO_JSON json_t *events = NULL;
    char id[64];

    marathon_create(*state, "/v2/apps/g/a", SLEEPER);
    marathon_begin(*state, "PUT /v2/apps/g/a", "{" STUCK "}", 200, id);
    marathon_says(*state, "PUT /v2/apps/g/a", "{\"instances\":2}", 409, NULL, NULL);
    marathon_says(*state, "PUT /v2/apps/g/b", "{\"cmd\":\"sleep 1\",\"cpus\":0}", 422, NULL, NULL);
    events = marathon_since(*state, 0);
    marathon_members(marathon_event(events, "group_change_success", "groupId", "/g"),
                     "eventType timestamp groupId version");
    marathon_members(marathon_event(events, "group_change_failed", "groupId", "/g"),
                     "eventType timestamp groupId version reason");
    assert_int_equal(lab_count(events, "group_change_failed", NULL, NULL), 2); /* 409 and 422 */
}

static void s6_deployment_info_once_per_step_without_original_and_target(void **state)
{
    ZDD_AUTO_JSON json_t *events = NULL;
    const json_t *event;

    marathon_create(*state, "/v2/apps/a", SLEEPER);
    events = marathon_since(*state, 0);
    assert_int_equal(lab_count(events, "deployment_info", NULL, NULL), 2);
    event = marathon_event(events, "deployment_info", NULL, NULL);
    marathon_members(event, "eventType timestamp plan currentStep");
    marathon_members(json_object_get(event, "plan"), "id steps version");
    marathon_at(event, "/currentStep/actions/0/action", "\"StartApplication\"");
}

static void s6_deployment_step_success(void **state)
{
    ZDD_AUTO_JSON json_t *events = NULL;
    const json_t *event;

    marathon_create(*state, "/v2/apps/a", SLEEPER);
    events = marathon_since(*state, 0);
    assert_int_equal(lab_count(events, "deployment_step_success", NULL, NULL), 2);
    event = marathon_event(events, "deployment_step_success", NULL, NULL);
    marathon_members(event, "eventType timestamp plan currentStep");
    marathon_at(event, "/currentStep/actions/0/action", "\"StartApplication\"");
}

static void s6_deployment_success_and_failed(void **state)
{
    ZDD_AUTO_JSON json_t *events = NULL;
    char call[120];
    char id[64];

    marathon_create(*state, "/v2/apps/a", SLEEPER);
    marathon_begin(*state, "PUT /v2/apps/a", "{" STUCK "}", 200, id);
    snprintf(call, sizeof(call), "DELETE /v2/deployments/%s?force=true", id);
    marathon_says(*state, call, NULL, 202, NULL, NULL);
    assert_false(lab_await(*state, id));
    events = marathon_since(*state, 0);
    marathon_members(marathon_event(events, "deployment_success", NULL, NULL),
                     "eventType timestamp id plan");
    marathon_members(marathon_event(events, "deployment_failed", "id", id),
                     "eventType timestamp id plan reason");
}

static void s6_app_terminated_event(void **state)
{
    ZDD_AUTO_JSON json_t *events = NULL;

    marathon_create(*state, "/v2/apps/a", SLEEPER);
    marathon_change(*state, "DELETE /v2/apps/a", NULL, 200);
    events = marathon_since(*state, 0);
    marathon_members(marathon_event(events, "app_terminated_event", "appId", "/a"),
                     "eventType timestamp appId");
}

/* --- the nine orders ----------------------------------------------------------------------------
 */

static void s6_order_1_create(void **state)
{
    ZDD_AUTO_JSON json_t *events = NULL;
    char story[1000];
    const size_t from = lab_event_count(*state);
    size_t at = 0;

    marathon_create(*state, "/v2/apps/g/a", HEALTHY ",\"instances\":2");
    events = marathon_since(*state, from);
    marathon_story(events, story, sizeof(story));
    assert_int_equal(strncmp(story,
                             "deployment_info deployment_step_success deployment_info "
                             "add_health_check_event group_change_success api_post_event "
                             "health_status_changed_event",
                             100),
                     0);
    assert_non_null(strstr(story, "deployment_step_success deployment_success"));
    at = marathon_place(events, at, "api_post_event", NULL, NULL);
    at = marathon_place(events, at, "instance_changed_event", "condition", "Scheduled");
    at = marathon_place(events, at, "instance_changed_event", "condition", "Scheduled");
    at = marathon_place(events, at, "instance_changed_event", "condition", "Provisioned");
    at = marathon_place(events, at, "status_update_event", "taskStatus", "TASK_RUNNING");
    at = marathon_place(events, at, "instance_changed_event", "condition", "Running");
    (void)marathon_healthy(events, at);
    assert_int_equal(lab_count(events, "instance_changed_event", "condition", "Scheduled"), 2);
}

/* Within one change of status the order is fixed. */
static void s6_within_a_status_change_the_status_comes_before_the_instance(void **state)
{
    ZDD_AUTO_JSON json_t *events = NULL;
    size_t status;
    size_t instance;

    marathon_create(*state, "/v2/apps/a", SLEEPER);
    events = marathon_since(*state, 0);
    status = marathon_place(events, 0, "status_update_event", "taskStatus", "TASK_RUNNING");
    instance = marathon_place(events, 0, "instance_changed_event", "condition", "Running");
    assert_int_equal(instance, status + 1);
}

static void s6_order_2_rolling_upgrade(void **state)
{
    ZDD_AUTO_JSON json_t *events = NULL;
    char story[1000];
    size_t from;
    size_t at;

    marathon_create(*state, "/v2/apps/g/a", HEALTHY);
    from = lab_event_count(*state);
    marathon_change(*state, "PUT /v2/apps/g/a", "{\"labels\":{\"a\":\"b\"}}", 200);
    events = marathon_since(*state, from);
    marathon_story(events, story, sizeof(story));
    assert_string_equal(story, "deployment_info add_health_check_event group_change_success "
                               "api_post_event health_status_changed_event deployment_step_success "
                               "deployment_success");
    at = marathon_place(events, 0, "instance_changed_event", "condition", "Scheduled");
    at = marathon_healthy(events, at);
    at = marathon_place(events, at, "instance_changed_event", "condition", "Running"); /* goal */
    at = marathon_place(events, at, "status_update_event", "taskStatus", "TASK_KILLING");
    at = marathon_place(events, at, "status_update_event", "taskStatus", "TASK_KILLED");
    at = marathon_place(events, at, "instance_changed_event", "condition", "Killed");
    (void)marathon_place(events, at, "deployment_step_success", NULL, NULL);
}

static void s6_order_3_scale_up_and_down(void **state)
{
    ZDD_AUTO_JSON json_t *up = NULL;
    ZDD_AUTO_JSON json_t *down = NULL;
    char story[1000];
    size_t from;
    size_t at;

    marathon_create(*state, "/v2/apps/a", SLEEPER);
    from = lab_event_count(*state);
    marathon_change(*state, "PUT /v2/apps/a", "{\"instances\":2}", 200);
    up = marathon_since(*state, from);
    marathon_story(up, story, sizeof(story));
    assert_string_equal(story, "deployment_info group_change_success api_post_event "
                               "deployment_step_success deployment_success");
    from = lab_event_count(*state);
    marathon_change(*state, "PUT /v2/apps/a", "{\"instances\":1}", 200);
    down = marathon_since(*state, from);
    at = marathon_place(down, 0, "deployment_info", NULL, NULL);
    at = marathon_place(down, at, "instance_changed_event", "condition", "Running");
    at = marathon_place(down, at, "instance_changed_event", "condition", "Killed");
    at = marathon_place(down, at, "deployment_step_success", NULL, NULL);
    (void)marathon_place(down, at, "deployment_success", NULL, NULL);
}

static void s6_order_4_kill_without_scale(void **state)
{
    ZDD_AUTO_JSON json_t *tasks = NULL;
    ZDD_AUTO_JSON json_t *events = NULL;
    char expected[300];
    char story[400];
    const char *task;
    size_t from;
    size_t at;

    marathon_create(*state, "/v2/apps/a", SLEEPER);
    tasks = marathon_get(*state, "GET /v2/apps/a/tasks", NULL, 200);
    task = marathon_text(tasks, "/tasks/0/id");
    from = lab_event_count(*state);
    marathon_says(*state, "DELETE /v2/apps/a/tasks", NULL, 200, NULL, NULL);
    snprintf(expected, sizeof(expected), "\"%.*s2\"", (int)strlen(task) - 1, task);
    lab_until_json(*state, "/v2/tasks?status=running", "/tasks/0/id", expected);
    events = marathon_since(*state, from);
    marathon_story(events, story, sizeof(story));
    assert_string_equal(story, ""); /* no deployment */
    assert_int_equal(lab_count(events, "instance_changed_event", "condition", "Scheduled"), 0);
    at = marathon_place(events, 0, "status_update_event", "taskStatus", "TASK_KILLED");
    at = marathon_place(events, at, "instance_changed_event", "condition", "Killed");
    at = marathon_place(events, at, "instance_changed_event", "condition", "Provisioned");
    (void)marathon_place(events, at, "instance_changed_event", "condition", "Running");
}

static void s6_order_5_destroy(void **state)
{
    ZDD_AUTO_JSON json_t *events = NULL;
    char story[1000];
    size_t from;

    marathon_create(*state, "/v2/apps/a", HEALTHY);
    from = lab_event_count(*state);
    marathon_change(*state, "DELETE /v2/apps/a", NULL, 200);
    events = marathon_since(*state, from);
    marathon_story(events, story, sizeof(story));
    assert_string_equal(story, "deployment_info remove_health_check_event group_change_success "
                               "app_terminated_event deployment_step_success deployment_success");
}

static void s6_order_6_rollback(void **state)
{
    ZDD_AUTO_JSON json_t *answer = NULL;
    ZDD_AUTO_JSON json_t *events = NULL;
    char call[120];
    char id[64];
    size_t from;
    size_t at;

    marathon_create(*state, "/v2/apps/g/a", SLEEPER);
    marathon_begin(*state, "PUT /v2/apps/g/a", "{" STUCK "}", 200, id);
    lab_until_json(*state, "/v2/deployments", "/0/currentStep", "1");
    from = lab_event_count(*state);
    snprintf(call, sizeof(call), "DELETE /v2/deployments/%s", id);
    answer = marathon_get(*state, call, NULL, 200);
    assert_true(lab_await(*state, marathon_text(answer, "/deploymentId")));
    events = marathon_since(*state, from);
    at = marathon_place(events, 0, "deployment_failed", "id", id);
    (void)marathon_place(events, 0, "group_change_success", "groupId", "/");
    at = marathon_place(events, at, "deployment_info", NULL, NULL);
    marathon_at(json_array_get(events, at), "/currentStep/actions/0/action",
                "\"RestartApplication\"");
    (void)marathon_place(events, at, "deployment_success", "id",
                         marathon_text(answer, "/deploymentId"));
}

static void s6_order_7_forced_cancel(void **state)
{
    ZDD_AUTO_JSON json_t *events = NULL;
    char call[120];
    char story[400];
    char id[64];
    size_t from;

    marathon_create(*state, "/v2/apps/a", SLEEPER);
    marathon_begin(*state, "PUT /v2/apps/a", "{" STUCK "}", 200, id);
    lab_until_json(*state, "/v2/apps/a", "/app/tasksUnhealthy", "1");
    from = lab_event_count(*state);
    snprintf(call, sizeof(call), "DELETE /v2/deployments/%s?force=true", id);
    marathon_says(*state, call, NULL, 202, NULL, NULL);
    assert_false(lab_await(*state, id));
    events = marathon_since(*state, from);
    marathon_story(events, story, sizeof(story));
    assert_string_equal(story, "deployment_failed");
}

static void s6_order_8_forced_update(void **state)
{
    ZDD_AUTO_JSON json_t *events = NULL;
    char old[64];
    size_t from;
    size_t info;

    marathon_create(*state, "/v2/apps/a", SLEEPER);
    marathon_begin(*state, "PUT /v2/apps/a", "{" STUCK "}", 200, old);
    lab_until_json(*state, "/v2/deployments", "/0/currentStep", "1");
    from = lab_event_count(*state);
    marathon_change(*state, "PUT /v2/apps/a?force=true", "{\"healthChecks\":[]}", 200);
    events = marathon_since(*state, from);
    info = marathon_place(events, 0, "deployment_info", NULL, NULL);
    assert_true(marathon_place(events, 0, "group_change_success", NULL, NULL) < info);
    assert_true(marathon_place(events, 0, "api_post_event", NULL, NULL) < info);
    assert_true(marathon_place(events, 0, "deployment_failed", "id", old) < info);
}

static void s6_order_9_no_op(void **state)
{
    ZDD_AUTO_JSON json_t *events = NULL;
    size_t from;
    size_t count;

    marathon_create(*state, "/v2/apps/a", SLEEPER);
    from = lab_event_count(*state);
    marathon_change(*state, "PUT /v2/apps/a", "{\"instances\":1}", 200);
    events = marathon_since(*state, from);
    count = json_array_size(events);
    assert_int_equal(count, 3);
    marathon_at(marathon_event(events, "deployment_success", NULL, NULL), "/plan/steps", "[]");
    (void)marathon_event(events, "group_change_success", NULL, NULL);
    (void)marathon_event(events, "api_post_event", NULL, NULL);
}

/* --- §1.8 ---------------------------------------------------------------------------------------
 */

/* @param receive_bytes  SO_RCVBUF, 0: as it is */
static int listen_to(const struct lab *lab, const char *target, const char *accept,
                     int receive_bytes)
{
    const struct sockaddr_in address = {.sin_family = AF_INET,
                                        .sin_port = htons(lab->run.port),
                                        .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    char request[300];
    const int size = snprintf(request, sizeof(request),
                              "GET %s HTTP/1.1\r\nHost: x\r\nAccept: %s\r\n\r\n", target, accept);

    if (receive_bytes)
        (void)setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &receive_bytes, sizeof(receive_bytes));
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

        assert_true(at + 1 < size);
        assert_int_equal(poll(&polled, 1, LAB_WAIT_MS), 1);
        n = recv(fd, text + at, size - 1 - at, 0);
        if (n <= 0)
            return false;
        at += (size_t)n;
        text[at] = '\0';
    }
    return true;
}

static void s1_8_the_stream_is_plain_and_ends_with_its_connection(void **state)
{
    const int fd = listen_to(*state, "/v2/events", "text/event-stream", 0);
    char text[8192] = "";

    assert_true(read_until(fd, text, sizeof(text), "\"event_stream_attached\""));
    assert_true(read_until(fd, text, sizeof(text), "}\r\n\r\n"));
    assert_int_equal(strncmp(text, "HTTP/1.1 200 ", 13), 0);
    assert_non_null(strstr(text, "Content-Type: text/event-stream;charset=utf-8\r\n"));
    assert_non_null(strstr(text, "Connection: close\r\n"));
    assert_null(strstr(text, "Transfer-Encoding"));
    assert_null(strstr(text, "Content-Length"));
    close(fd);
}

static void s1_8_a_frame_is_event_and_data_lines_and_nothing_else(void **state)
{
    const int fd = listen_to(*state, "/v2/events", "text/event-stream", 0);
    static const char expected[] = "event: event_stream_attached\r\ndata: {\"remoteAddress\":"
                                   "\"127.0.0.1\",\"eventType\":\"event_stream_attached\","
                                   "\"timestamp\":\"";
    char text[8192] = "";

    assert_true(read_until(fd, text, sizeof(text), "}\r\n\r\n"));
    assert_int_equal(strncmp(strstr(text, "\r\n\r\n") + 4, expected, sizeof(expected) - 1), 0);
    close(fd);
}

static void s1_8_a_heartbeat_is_a_carriage_return_and_then_a_line_feed(void **state)
{
    const int fd = listen_to(*state, "/v2/events?event_type=nothing", "text/event-stream", 0);
    char text[4096] = "";
    char *body;

    /* The filter hides everything else, the greeting too; a heartbeat comes each 0.1 s. */
    assert_true(read_until(fd, text, sizeof(text), "\r\n\r\n\r\n\r\n"));
    body = strstr(text, "\r\n\r\n") + 4;
    assert_int_equal(strspn(body, "\r\n"), strlen(body));
    assert_int_equal(strncmp(body, "\r\n\r\n", 4), 0);
    close(fd);
}

static void s1_8_any_other_accept_is_405_in_html(void **state)
{
    const int fd = listen_to(*state, "/v2/events", "text/event-stream, */*", 0);
    char text[4096] = "";

    assert_true(read_until(fd, text, sizeof(text), "</html>"));
    assert_int_equal(strncmp(text, "HTTP/1.1 405 ", 13), 0);
    assert_non_null(strstr(text, "Content-Type: text/html"));
    close(fd);
}

static void s1_8_a_filter_names_exact_types_and_may_repeat(void **state)
{
    const int fd =
        listen_to(*state, "/v2/events?event_type=api_post_event&event_type=deployment_success",
                  "text/event-stream", 0);
    char text[65536] = "";

    assert_true(read_until(fd, text, sizeof(text), "\r\n\r\n"));
    marathon_create(*state, "/v2/apps/a", SLEEPER);
    assert_true(read_until(fd, text, sizeof(text), "event: deployment_success"));
    assert_non_null(strstr(text, "event: api_post_event"));
    assert_null(strstr(text, "event: deployment_info"));
    assert_null(strstr(text, "event: event_stream_attached"));
    close(fd);
}

static bool has_detached(const json_t *events, const void *cls)
{
    (void)cls;
    return lab_count(events, "event_stream_detached", NULL, NULL) > 0;
}

static void s1_8_the_others_hear_who_comes_and_goes(void **state)
{
    const int fd = listen_to(*state, "/v2/events", "text/event-stream", 0);
    ZDD_AUTO_JSON json_t *events = NULL;
    char text[8192] = "";

    assert_true(read_until(fd, text, sizeof(text), "}\r\n\r\n"));
    close(fd);
    lab_until(*state, has_detached, NULL); /* noticed by the second heartbeat */
    events = lab_events(*state, 0);
    assert_int_equal(lab_count(events, "event_stream_attached", NULL, NULL), 2);
    marathon_members(marathon_event(events, "event_stream_detached", NULL, NULL),
                     "eventType timestamp remoteAddress");
}

/* Read to the end of the connection. @return how many frames came */
static size_t drain(int fd)
{
    static const char mark[] = "event: ";
    size_t fits = 0;
    size_t count = 0;
    char data[16384];
    ssize_t n;

    do {
        struct pollfd polled = {.fd = fd, .events = POLLIN};

        assert_int_equal(poll(&polled, 1, LAB_WAIT_MS), 1);
        n = recv(fd, data, sizeof(data), 0);
        for (ssize_t i = 0; i < n; i++) {
            fits = data[i] == mark[fits] ? fits + 1 : data[i] == mark[0];
            if (mark[fits])
                continue;
            count++;
            fits = 0;
        }
    } while (n > 0);
    return count;
}

static void s1_8_a_slow_reader_is_cut_off_after_1024_events(void **state)
{
    struct lab *lab = *state;
    const int fd = listen_to(lab, "/v2/events", "text/event-stream", 4096);
    const size_t size = 40000;
    ZDD_AUTO_JSON json_t *inside = NULL;
    char *body = malloc(size + 200);
    json_int_t published;
    int head;

    /* Changes that change nothing: three events each, one with the whole app in it. */
    assert_non_null(body);
    head = snprintf(body, 200, "{" SLEEPER ",\"instances\":0,\"env\":{\"BIG\":\"");
    memset(body + head, 'x', size);
    memcpy(body + (size_t)head + size, "\"}}", 4);
    marathon_change(lab, "PUT /v2/apps/a", body, 201);
    for (int i = 0; i < 600; i++)
        marathon_says(lab, "PUT /v2/apps/a", "{\"instances\":0}", 200, NULL, NULL);
    inside = marathon_get(lab, "GET /lab/state", NULL, 200);
    published = json_integer_value(json_object_get(inside, "published"));
    assert_true(published > 1800);
    assert_true((json_int_t)drain(fd) < published - 1000); /* what waited was given up */
    close(fd);
    free(body);
}

static void s1_8_a_change_of_leader_closes_the_streams(void **state)
{
    const int fd = listen_to(*state, "/v2/events", "text/event-stream", 0);
    char text[65536] = "";

    assert_true(read_until(fd, text, sizeof(text), "}\r\n\r\n"));
    lab_faults(*state, "[{\"name\":\"leader-switch\",\"count\":1}]");
    assert_false(read_until(fd, text, sizeof(text), "never"));
    close(fd);
}

static void s1_8_a_new_leader_may_answer_200_and_close(void **state)
{
    char text[4096] = "";
    int fd;

    lab_faults(*state, "[{\"name\":\"events-200-close\",\"count\":1}]");
    fd = listen_to(*state, "/v2/events", "text/event-stream", 0);
    assert_false(read_until(fd, text, sizeof(text), "data:"));
    assert_int_equal(strncmp(text, "HTTP/1.1 200 ", 13), 0);
    close(fd);
}

static void s1_8_a_standby_redirects_to_the_leader_with_the_same_query(void **state)
{
    char text[4096] = "";
    int fd;

    lab_faults(*state, "[{\"name\":\"events-302\",\"count\":1}]");
    fd = listen_to(*state, "/v2/events?event_type=a&event_type=b%20c", "text/event-stream", 0);
    assert_true(read_until(fd, text, sizeof(text), "\r\n\r\n"));
    assert_int_equal(strncmp(text, "HTTP/1.1 302 ", 13), 0);
    assert_non_null(strstr(text, "/v2/events?event_type=a&event_type=b%20c\r\n"));
    close(fd);
}

static bool has_pair(const json_t *events, const void *cls)
{
    (void)cls;
    return lab_count(events, "api_post_event", NULL, NULL) == 2;
}

static void s10_events_can_be_doubled_and_dropped(void **state)
{
    ZDD_AUTO_JSON json_t *events = NULL;

    lab_faults(*state, "[{\"name\":\"duplicate-events\",\"path\":\"api_post_event\"},"
                       "{\"name\":\"drop-events\",\"path\":\"group_change_success\"}]");
    marathon_create(*state, "/v2/apps/a", SLEEPER);
    lab_until(*state, has_pair, NULL);
    events = lab_events(*state, 0);
    assert_int_equal(lab_count(events, "group_change_success", NULL, NULL), 0);
}

static void s10_events_can_be_reordered(void **state)
{
    ZDD_AUTO_JSON json_t *events = NULL;
    size_t success;
    size_t step;

    /* The step's end is held back until the next event, the end of the deployment, is out. */
    marathon_create(*state, "/v2/apps/a", SLEEPER);
    lab_faults(*state, "[{\"name\":\"reorder-events\",\"count\":1,"
                       "\"path\":\"deployment_step_success\"}]");
    success = lab_event_count(*state);
    marathon_change(*state, "POST /v2/apps/a/restart", NULL, 200);
    events = marathon_since(*state, success);
    success = marathon_place(events, 0, "deployment_success", NULL, NULL);
    step = marathon_place(events, 0, "deployment_step_success", NULL, NULL);
    assert_int_equal(step, success + 1);
    marathon_says(*state, "GET /lab/state", NULL, 200, "/faults/0/struck", "1");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        MARATHON_TEST(s6_api_post_event),
        MARATHON_TEST(s6_api_post_event_is_for_writes_of_a_single_app_only),
        MARATHON_TEST(s6_status_update_event),
        MARATHON_TEST(s6_instance_changed_event),
        MARATHON_TEST(s6_instance_changed_event_repeats_running_when_only_the_goal_changed),
        MARATHON_TEST(s6_instance_changed_event_of_the_unreachable),
        MARATHON_TEST(s6_instance_health_changed_event),
        MARATHON_TEST(s6_unknown_instance_terminated_event),
        MARATHON_TEST(s6_health_status_changed_event),
        MARATHON_TEST(s6_add_health_check_event),
        MARATHON_TEST(s6_group_change_success_and_failed),
        MARATHON_TEST(s6_deployment_info_once_per_step_without_original_and_target),
        MARATHON_TEST(s6_deployment_step_success),
        MARATHON_TEST(s6_deployment_success_and_failed),
        MARATHON_TEST(s6_app_terminated_event),
        MARATHON_TEST(s6_order_1_create),
        MARATHON_TEST(s6_within_a_status_change_the_status_comes_before_the_instance),
        MARATHON_TEST_KILLING(s6_order_2_rolling_upgrade),
        MARATHON_TEST(s6_order_3_scale_up_and_down),
        MARATHON_TEST(s6_order_4_kill_without_scale),
        MARATHON_TEST(s6_order_5_destroy),
        MARATHON_TEST(s6_order_6_rollback),
        MARATHON_TEST(s6_order_7_forced_cancel),
        MARATHON_TEST(s6_order_8_forced_update),
        MARATHON_TEST(s6_order_9_no_op),
        MARATHON_TEST(s1_8_the_stream_is_plain_and_ends_with_its_connection),
        MARATHON_TEST(s1_8_a_frame_is_event_and_data_lines_and_nothing_else),
        MARATHON_TEST(s1_8_a_heartbeat_is_a_carriage_return_and_then_a_line_feed),
        MARATHON_TEST(s1_8_any_other_accept_is_405_in_html),
        MARATHON_TEST(s1_8_a_filter_names_exact_types_and_may_repeat),
        MARATHON_TEST(s1_8_the_others_hear_who_comes_and_goes),
        MARATHON_TEST(s1_8_a_slow_reader_is_cut_off_after_1024_events),
        MARATHON_TEST(s1_8_a_change_of_leader_closes_the_streams),
        MARATHON_TEST(s1_8_a_new_leader_may_answer_200_and_close),
        MARATHON_TEST(s1_8_a_standby_redirects_to_the_leader_with_the_same_query),
        MARATHON_TEST(s10_events_can_be_doubled_and_dropped),
        MARATHON_TEST(s10_events_can_be_reordered),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
