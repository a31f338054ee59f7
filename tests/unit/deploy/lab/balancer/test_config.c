/**
 * @file tests/unit/deploy/lab/balancer/test_config.c
 * @brief The text of the configuration: what a real Marathon-LB writes (marathon-lb.md §3.3), and
 * each label's part in it.
 */
#include "tests/support/spec.h"

#include "deploy/lab/balancer/config.h"
#include "deploy/lab/balancer/remember.h"
#include "server/base/buf.h"
#include "server/base/crypto.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct zdd_mlb_settings settings = {
    .host = "127.0.0.1",
    .stats_port = 29090,
    .app_id_port = 29091,
    .vhost_port = 29080,
    .connections_max = 4000,
    .groups = "*",
    .speed = 1.0,
    .is_first = true,
};

static const char *read_string(const json_t *json)
{
    return json_string_value(json);
}

static json_t *read_json(const char *text)
{
    json_error_t error;
    json_t *json = json_loads(text, 0, &error);

    if (!json)
        fail_msg("%s at %d: %s", error.text, error.position, text);
    return json;
}

/* Tasks at 127.0.0.1, all alive; '"' is written as ' in the texts below. */
static json_t *apps_of(const char *text)
{
    char *copy = strdup(text);
    json_t *apps;

    assert_non_null(copy);
    for (char *c = copy; *c; c++)
        if (*c == '\'')
            *c = '"';
    apps = read_json(copy);
    free(copy);
    return apps;
}

static struct zdd_mlb_config configure_for(const struct zdd_mlb_settings *own, const char *text,
                                           const json_t *avoid)
{
    ZDD_AUTO_JSON json_t *apps = apps_of(text);
    struct zdd_mlb_config config = {0};
    char reason[200] = "";

    if (!zdd_mlb_configure(own, apps, avoid, &config, reason))
        fail_msg("%s", reason);
    return config;
}

static struct zdd_mlb_config configure(const char *text)
{
    return configure_for(&settings, text, NULL);
}

/* @return the part of the text from @p begin up to the next empty line, to be freed */
static char *section(const char *text, const char *begin)
{
    const char *at = strstr(text, begin);
    const char *end;

    if (!at)
        fail_msg("no \"%s\" in:\n%s", begin, text);
    end = strstr(at, "\n\n");
    return end ? strndup(at, (size_t)(end + 1 - at)) : strdup(at);
}

static void assert_section(const struct zdd_mlb_config *config, const char *begin,
                           const char *wanted)
{
    char *found = section(config->text, begin);

    assert_string_equal(found, wanted);
    free(found);
}

static void assert_has(const struct zdd_mlb_config *config, const char *text)
{
    if (!strstr(config->text, text))
        fail_msg("no \"%s\" in:\n%s", text, config->text);
}

static void assert_has_not(const struct zdd_mlb_config *config, const char *text)
{
    if (strstr(config->text, text))
        fail_msg("\"%s\" is in:\n%s", text, config->text);
}

#define ALIVE "'healthCheckResults':[{'alive':true}],'state':'TASK_RUNNING','host':'127.0.0.1'"
#define TASK(id, port) "{'id':'" id "','ports':[" port "]," ALIVE "}"
#define HTTP_CHECK(interval, failures)                                                              \
    "'healthChecks':[{'protocol':'HTTP','path':'/health','portIndex':0,'intervalSeconds':" interval \
    ",'timeoutSeconds':2,'maxConsecutiveFailures':" failures "}]"

#define SHOP                                                                                       \
    "{'id':'/shop/web','instances':2,'ports':[21001],'labels':{'HAPROXY_GROUP':'external',"        \
    "'HAPROXY_0_VHOST':'Shop.local'}," HTTP_CHECK("3", "3") ",'tasks':[" TASK(                     \
        "w2", "22101") "," TASK("w1", "22100") "]}"
#define COLOUR(id, instances, started, scaled, tasks)                                              \
    "{'id':'" id "','instances':" instances ",'ports':[21010],'labels':{'HAPROXY_GROUP':'x',"      \
    "'HAPROXY_DEPLOYMENT_GROUP':'svc','HAPROXY_DEPLOYMENT_STARTED_AT':'" started "',"              \
    "'HAPROXY_DEPLOYMENT_TARGET_INSTANCES':'4','HAPROXY_DEPLOYMENT_NEW_INSTANCES':'1'},"           \
    "'versionInfo':{'lastScalingAt':'" scaled "'}," HTTP_CHECK("1", "2") ",'tasks':[" tasks "]}"
#define BLUE                                                                                       \
    COLOUR("/svc-blue", "4", "2024-05-01T09:00:00", "2024-05-01T09:00:00.000Z",                    \
           TASK("b1", "22106") "," TASK("b2", "22107") "," TASK("b3", "22108") "," TASK("b4",      \
                                                                                        "22109"))
#define GREEN                                                                                      \
    COLOUR("/svc-green", "1", "2024-05-01T09:30:00", "2024-05-01T09:30:00.000Z",                   \
           TASK("g1", "22110"))

static void a_plain_app_is_configured_as_by_the_real_one(void **state)
{
    struct zdd_mlb_config config = configure("[" SHOP "," BLUE "," GREEN "]");

    (void)state;
    assert_section(&config, "frontend marathon_http_appid_in",
                   "frontend marathon_http_appid_in\n"
                   "  bind 127.0.0.1:29091\n"
                   "  mode http\n"
                   "  acl app__shop_web hdr(x-marathon-app-id) -i /shop/web\n"
                   "  use_backend shop_web_21001 if app__shop_web\n"
                   "  acl app__svc hdr(x-marathon-app-id) -i /svc\n"
                   "  use_backend svc_21010 if app__svc\n");
    assert_section(&config, "frontend shop_web_21001",
                   "frontend shop_web_21001\n"
                   "  bind 127.0.0.1:21001\n"
                   "  mode http\n"
                   "  use_backend shop_web_21001\n");
    assert_section(&config, "backend shop_web_21001\n  balance",
                   "backend shop_web_21001\n"
                   "  balance roundrobin\n"
                   "  mode http\n"
                   "  option forwardfor\n"
                   "  http-request set-header X-Forwarded-Port %[dst_port]\n"
                   "  http-request add-header X-Forwarded-Proto https if { ssl_fc }\n"
                   "  option  httpchk GET /health\n"
                   "  timeout check 2s\n"
                   "  server 127_0_0_1_22100 127.0.0.1:22100 id 20423 check inter 3s fall 4\n"
                   "  server 127_0_0_1_22101 127.0.0.1:22101 id 29636 check inter 3s fall 4\n");
    assert_string_equal(config.app_map, "/shop/web shop_web_21001\n/svc svc_21010\n");
    zdd_mlb_config_release(&config);
}

static void two_colours_are_one_backend_as_by_the_real_one(void **state)
{
    struct zdd_mlb_config config = configure("[" SHOP "," BLUE "," GREEN "]");

    (void)state;
    assert_section(
        &config, "backend svc_21010\n  balance",
        "backend svc_21010\n"
        "  balance roundrobin\n"
        "  mode http\n"
        "  option forwardfor\n"
        "  http-request set-header X-Forwarded-Port %[dst_port]\n"
        "  http-request add-header X-Forwarded-Proto https if { ssl_fc }\n"
        "  option  httpchk GET /health\n"
        "  timeout check 2s\n"
        "  server 127_0_0_1_22106 127.0.0.1:22106 id 21469 check inter 1s fall 3 disabled\n"
        "  server 127_0_0_1_22107 127.0.0.1:22107 id 18923 check inter 1s fall 3\n"
        "  server 127_0_0_1_22108 127.0.0.1:22108 id 4448 check inter 1s fall 3\n"
        "  server 127_0_0_1_22109 127.0.0.1:22109 id 9401 check inter 1s fall 3\n"
        "  server 127_0_0_1_22110 127.0.0.1:22110 id 14484 check inter 1s fall 3\n");
    zdd_mlb_config_release(&config);
}

/* An app with one task and these further labels and members. */
static struct zdd_mlb_config one_app(const char *labels, const char *members)
{
    struct zdd_buf text = {0};
    struct zdd_mlb_config config;

    zdd_buf_printf(&text,
                   "[{'id':'/a/b','ports':[10080,10081],'labels':{'HAPROXY_GROUP':'external'%s%s}%s"
                   "%s,'tasks':[{'id':'t','ports':[31000,31001]," ALIVE "}]}]",
                   *labels ? "," : "", labels, *members ? "," : "", members);
    config = configure(text.data);
    zdd_buf_release(&text);
    return config;
}

static void assert_label(const char *labels, const char *members, const char *line)
{
    struct zdd_mlb_config config = one_app(labels, members);

    assert_has(&config, line);
    zdd_mlb_config_release(&config);
}

static void assert_label_not(const char *labels, const char *line)
{
    struct zdd_mlb_config config = one_app(labels, "");

    assert_has_not(&config, line);
    zdd_mlb_config_release(&config);
}

static void every_service_port_has_its_own_frontend_and_labels(void **state)
{
    struct zdd_mlb_config config = one_app("'HAPROXY_1_PORT':'8000','HAPROXY_1_BALANCE':"
                                           "'leastconn'",
                                           "");

    (void)state;
    assert_has(&config, "\nfrontend a_b_10080\n  bind 127.0.0.1:10080\n");
    assert_has(&config, "\nfrontend a_b_8000\n  bind 127.0.0.1:8000\n");
    assert_has(&config, "\nbackend a_b_8000\n  balance leastconn\n  mode tcp\n"
                        "  server 127_0_0_1_31001 127.0.0.1:31001 id ");
    assert_has(&config, "\nbackend a_b_10080\n  balance roundrobin\n  mode tcp\n"
                        "  server 127_0_0_1_31000 127.0.0.1:31000 id ");
    zdd_mlb_config_release(&config);
}

static void the_mode_follows_label_check_and_vhost_in_this_order(void **state)
{
    (void)state;
    assert_label("", "", "backend a_b_10080\n  balance roundrobin\n  mode tcp\n");
    assert_label("", HTTP_CHECK("5", "3"),
                 "backend a_b_10080\n  balance roundrobin\n  mode http\n");
    assert_label("'HAPROXY_0_VHOST':'x'", "",
                 "backend a_b_10080\n  balance roundrobin\n  mode http\n");
    assert_label("'HAPROXY_0_MODE':'TCP','HAPROXY_0_VHOST':'x'", HTTP_CHECK("5", "3"),
                 "backend a_b_10080\n  balance roundrobin\n  mode tcp\n");
    assert_label("'HAPROXY_0_MODE':'HTTP'", "",
                 "backend a_b_10080\n  balance roundrobin\n  mode http\n");
    assert_label("", "'healthChecks':[{'protocol':'MESOS_HTTP','portIndex':0}]",
                 "backend a_b_10080\n  balance roundrobin\n  mode tcp\n");
}

static void a_check_becomes_an_option_and_words_of_each_server(void **state)
{
    (void)state;
    assert_label("", HTTP_CHECK("10", "3"), "  option  httpchk GET /health\n  timeout check 2s\n");
    assert_label("", HTTP_CHECK("10", "3"), " id 18694 check inter 10s fall 4\n");
    assert_label("",
                 "'healthChecks':[{'protocol':'TCP','portIndex':0,'intervalSeconds':7,"
                 "'maxConsecutiveFailures':0}]",
                 "mode tcp\n  server 127_0_0_1_31000 127.0.0.1:31000 id 18694 check inter 7s "
                 "fall 1\n");
    assert_label("", "'healthChecks':[{'protocol':'HTTP','port':99,'intervalSeconds':5}]",
                 " check inter 5s fall 4 port 99\n");
}

static void a_check_of_another_port_says_nothing_of_this_one(void **state)
{
    struct zdd_mlb_config config =
        one_app("", "'healthChecks':[{'protocol':'HTTP','portIndex':1,'intervalSeconds':5}]");

    (void)state;
    assert_has(&config, "backend a_b_10080\n  balance roundrobin\n  mode tcp\n  server "
                        "127_0_0_1_31000 127.0.0.1:31000 id 18694\n");
    assert_has(&config, "backend a_b_10081\n  balance roundrobin\n  mode http\n");
    zdd_mlb_config_release(&config);
}

static void speed_divides_the_interval_and_not_the_timeout(void **state)
{
    struct zdd_mlb_settings fast = settings;
    struct zdd_mlb_config config;

    (void)state;
    fast.speed = 20;
    config = configure_for(&fast, "[" SHOP "]", NULL);
    assert_has(&config, " check inter 150ms fall 4\n");
    assert_has(&config, "  timeout check 2s\n");
    zdd_mlb_config_release(&config);
    fast.speed = 1000;
    config = configure_for(&fast, "[" SHOP "]", NULL);
    assert_has(&config, " check inter 20ms fall 4\n");
    zdd_mlb_config_release(&config);
}

/* @param written  what the template says @param read  what HAProxy gets at speed 20 */
static void assert_fast_template(const char *written, const char *read)
{
    struct zdd_mlb_settings fast = settings;
    struct zdd_mlb_config config;
    struct zdd_buf apps = {0};

    fast.speed = 20;
    zdd_buf_printf(&apps,
                   "[{'id':'/a','ports':[10080],'labels':{'HAPROXY_GROUP':'external',"
                   "'HAPROXY_0_BACKEND_SERVER_OPTIONS':'  server {serverName} x%s\\n'},"
                   "'tasks':[{'id':'t','ports':[31000]," ALIVE "}]}]",
                   written);
    config = configure_for(&fast, apps.data, NULL);
    assert_has(&config, read);
    zdd_mlb_config_release(&config);
    zdd_buf_release(&apps);
}

static void speed_divides_the_interval_of_checks_in_doubt_too(void **state)
{
    (void)state;
    assert_fast_template(" fastinter 1s agent-check", " x fastinter 50ms agent-check\n");
    assert_fast_template(" fastinter 40s", " x fastinter 2s\n");
    assert_fast_template(" fastinter 500ms", " x fastinter 500ms\n");
    assert_fast_template(" fastinter", " x fastinter\n");
}

static void a_sticky_app_has_cookies(void **state)
{
    (void)state;
    assert_label("'HAPROXY_0_STICKY':'True'", "",
                 "  cookie mesosphere_server_id insert indirect nocache\n");
    assert_label("'HAPROXY_0_STICKY':'yes'", "", " id 18694 check cookie 02ff1d3766\n");
    assert_label_not("'HAPROXY_0_STICKY':'1'", "cookie");
}

static void a_server_template_is_filled_in_for_each_server(void **state)
{
    (void)state;
    assert_label("'HAPROXY_0_BACKEND_SERVER_OPTIONS':'  server {serverName} {host_ipv4}:{port} id "
                 "{serverId}{cookieOptions}{healthCheckOptions}{otherOptions} weight 1 agent-check "
                 "agent-addr 127.0.0.1 agent-port 23000 agent-inter 200ms agent-send \\\"pay "
                 "{host_ipv4}:{port}\\\\n\\\"\\n'",
                 HTTP_CHECK("1", "2"),
                 "  server 127_0_0_1_31000 127.0.0.1:31000 id 18694 check inter 1s fall 3 weight 1 "
                 "agent-check agent-addr 127.0.0.1 agent-port 23000 agent-inter 200ms agent-send "
                 "\"pay 127.0.0.1:31000\\n\"\n");
}

static void only_apps_of_the_groups_that_are_served_are_in(void **state)
{
    static const struct {
        const char *served, *labels;
        bool first, second; /* which service ports are in */
    } rows[] = {
        {"*", "'HAPROXY_GROUP':'external'", true, true},
        {"*", "'X':'y'", false, false},
        {"*", "'HAPROXY_1_GROUP':'any'", false, true},
        {"external", "'HAPROXY_GROUP':'external'", true, true},
        {"external", "'HAPROXY_GROUP':'internal,external'", true, true},
        {"a,internal", "'HAPROXY_GROUP':'external,internal'", true, true},
        {"external", "'HAPROXY_GROUP':'internal'", false, false},
        {"external", "'HAPROXY_GROUP':'external2'", false, false},
        {"external", "'HAPROXY_GROUP':'external','HAPROXY_1_GROUP':'internal'", true, false},
        {"internal", "'HAPROXY_GROUP':'external','HAPROXY_1_GROUP':'internal'", false, true},
        {"*", "'HAPROXY_GROUP':'x','HAPROXY_0_ENABLED':'false'", false, true},
        {"*", "'HAPROXY_GROUP':'x','HAPROXY_0_ENABLED':'Yes'", true, true},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct zdd_mlb_settings own = settings;
        struct zdd_mlb_config config;
        char text[512];

        own.groups = rows[i].served;
        snprintf(text, sizeof(text),
                 "[{'id':'/a','ports':[1000,1001],'labels':{%s},'tasks':[{'id':'t','ports':[31000,"
                 "31001]," ALIVE "}]}]",
                 rows[i].labels);
        config = configure_for(&own, text, NULL);
        if ((strstr(config.text, "frontend a_1000\n") != NULL) != rows[i].first ||
            (strstr(config.text, "frontend a_1001\n") != NULL) != rows[i].second)
            fail_msg("%s by %s:\n%s", rows[i].labels, rows[i].served, config.text);
        zdd_mlb_config_release(&config);
    }
}

static void a_task_is_in_when_its_state_and_its_checks_allow(void **state)
{
    static const struct {
        const char *task;
        bool checked, in;
    } rows[] = {
        {"'state':'TASK_RUNNING','healthCheckResults':[{'alive':true}]", true, true},
        {"'state':'TASK_RUNNING','healthCheckResults':[{'alive':false},{'alive':true}]", true,
         true},
        {"'state':'TASK_RUNNING','healthCheckResults':[{'alive':false}]", true, false},
        {"'state':'TASK_RUNNING','healthCheckResults':[]", true, false},
        {"'state':'TASK_RUNNING'", true, false},
        {"'state':'TASK_RUNNING'", false, true},
        {"'state':'TASK_LOST'", false, true},
        {"'state':'TASK_UNREACHABLE'", false, true},
        {"'x':'no state at all'", false, true},
        {"'state':'TASK_STAGING'", false, false},
        {"'state':'TASK_STARTING'", false, false},
        {"'state':'TASK_KILLING','healthCheckResults':[{'alive':true}]", true, false},
        {"'state':'TASK_FINISHED'", false, false},
        {"'state':'TASK_FAILED'", false, false},
        {"'state':'TASK_KILLED'", false, false},
        {"'state':'TASK_ERROR'", false, false},
        {"'state':'TASK_DROPPED'", false, false},
        {"'state':'TASK_GONE'", false, false},
        {"'state':'TASK_GONE_BY_OPERATOR'", false, false},
        {"'state':'TASK_UNKNOWN'", false, false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct zdd_mlb_config config;
        char text[512];

        snprintf(text, sizeof(text),
                 "[{'id':'/a','ports':[1000],'labels':{'HAPROXY_GROUP':'x'}%s,'tasks':[{'id':'t',"
                 "'host':'127.0.0.1','ports':[31000],%s}]}]",
                 rows[i].checked ? ",'healthChecks':[{'protocol':'TCP'}]" : "", rows[i].task);
        config = configure(text);
        if ((strstr(config.text, "backend a_1000\n") != NULL) != rows[i].in)
            fail_msg("%s:\n%s", rows[i].task, config.text);
        zdd_mlb_config_release(&config);
    }
}

/* A new leader of Marathon shows no results at first: what was alive stays, what was not does not
 * get in, and who is gone is forgotten. */
static void without_results_the_last_known_one_counts(void **state)
{
    ZDD_AUTO_JSON json_t *memory = json_object();
    ZDD_AUTO_JSON json_t *before =
        apps_of("[{'tasks':[{'id':'well','healthCheckResults':[{'alive':true}]},{'id':'sick',"
                "'healthCheckResults':[{'alive':false}]},{'id':'gone','healthCheckResults':["
                "{'alive':true}]}]}]");
    ZDD_AUTO_JSON json_t *after = apps_of("[{'tasks':[{'id':'well','healthCheckResults':[]},"
                                          "{'id':'sick'},{'id':'new'}]}]");
    ZDD_AUTO_JSON json_t *later =
        apps_of("[{'tasks':[{'id':'gone'},{'id':'well','healthCheckResults':[{'alive':false}]}]}]");

    (void)state;
    zdd_mlb_remember(before, memory);
    zdd_mlb_remember(after, memory);
    assert_true(zdd_mlb_is_alive(zdd_json_at(after, "/0/tasks/0")));
    assert_false(zdd_mlb_is_alive(zdd_json_at(after, "/0/tasks/1")));
    assert_false(zdd_mlb_is_alive(zdd_json_at(after, "/0/tasks/2")));
    zdd_mlb_remember(later, memory);
    assert_false(zdd_mlb_is_alive(zdd_json_at(later, "/0/tasks/0")));
    assert_false(zdd_mlb_is_alive(zdd_json_at(later, "/0/tasks/1")));
    assert_int_equal(json_object_size(memory), 2);
}

static void a_vhost_leads_to_its_backend_and_a_url_counts_by_its_host(void **state)
{
    (void)state;
    assert_label("'HAPROXY_0_VHOST':'Shop.Local'", "",
                 "  acl host_shop_local_a_b hdr(host),field(1,:) -i shop.local\n"
                 "  use_backend a_b_10080 if host_shop_local_a_b\n");
    assert_label("'HAPROXY_0_VHOST':'http://ec2-52-25-126-14.example.com:80/x'", "",
                 "  acl host_ec2-52-25-126-14_example_com_a_b hdr(host),field(1,:) -i "
                 "ec2-52-25-126-14.example.com\n");
    assert_label("'HAPROXY_0_VHOST':'one.x, https://two.x/'", "",
                 "  acl host_one_x_a_b hdr(host),field(1,:) -i one.x\n"
                 "  acl host_one_x_a_b hdr(host),field(1,:) -i two.x\n"
                 "  use_backend a_b_10080 if host_one_x_a_b\n");
    assert_label("'HAPROXY_0_VHOST':'shop.local','HAPROXY_0_PATH':'/v2'", "",
                 "  acl host_shop_local_a_b hdr(host),field(1,:) -i shop.local\n"
                 "  acl path_a_b_10080 path_beg /v2\n"
                 "  use_backend a_b_10080 if host_shop_local_a_b path_a_b_10080\n");
}

static void a_path_goes_before_a_whole_host_and_a_weight_before_both(void **state)
{
    struct zdd_mlb_config config = configure(
        "[{'id':'/a','ports':[1],'labels':{'HAPROXY_GROUP':'x','HAPROXY_0_VHOST':'h'},"
        "'tasks':[" TASK(
            "t",
            "31000") "]},"
                     "{'id':'/b','ports':[2],'labels':{'HAPROXY_GROUP':'x','HAPROXY_0_VHOST':'h',"
                     "'HAPROXY_0_PATH':'/p','HAPROXY_0_BACKEND_WEIGHT':'5'},'tasks':[" TASK(
                         "t",
                         "31001") "]},"
                                  "{'id':'/c','ports':[3],'labels':{'HAPROXY_GROUP':'x','HAPROXY_0_VHOST':'h',"
                                  "'HAPROXY_0_PATH':'/q'},'tasks':[" TASK(
                                      "t",
                                      "31002") "]},"
                                               "{'id':'/d','ports':[4],'labels':{'HAPROXY_GROUP':'x','HAPROXY_0_VHOST':'h',"
                                               "'HAPROXY_0_PATH':'/r'},'tasks':[" TASK(
                                                   "t", "31003") "]}]");
    const char *at = config.text;
    static const char *const order[] = {"b_2", "c_3", "d_4", "a_1"};

    (void)state;
    for (size_t i = 0; i < sizeof(order) / sizeof(order[0]); i++) {
        char line[40];

        snprintf(line, sizeof(line), "use_backend %s if host_", order[i]);
        at = strstr(at, line);
        assert_non_null(at);
    }
    assert_string_equal(config.domain_map, "h b_2\nh c_3\nh d_4\nh a_1\n");
    zdd_mlb_config_release(&config);
}

static void an_app_id_leads_to_its_first_http_port(void **state)
{
    struct zdd_mlb_config config = one_app("'HAPROXY_0_MODE':'http','HAPROXY_1_MODE':'http'", "");

    (void)state;
    assert_string_equal(config.app_map, "/a/b a_b_10080\n");
    assert_has_not(&config, "use_backend a_b_10081 if app_");
    zdd_mlb_config_release(&config);
    config = one_app("'HAPROXY_1_MODE':'http'", "");
    assert_string_equal(config.app_map, "/a/b a_b_10081\n");
    zdd_mlb_config_release(&config);
}

static void a_tcp_backend_is_not_asked_over_http(void **state)
{
    struct zdd_mlb_config config = one_app("'HAPROXY_0_MODE':'tcp'", HTTP_CHECK("5", "3"));

    (void)state;
    assert_has_not(&config, "httpchk");
    assert_has(&config, " check inter 5s fall 4\n");
    zdd_mlb_config_release(&config);
}

static void everything_is_bound_to_loopback(void **state)
{
    struct zdd_mlb_settings second = settings;
    struct zdd_mlb_config config;

    (void)state;
    assert_label("'HAPROXY_0_BIND_ADDR':'*'", "", "frontend a_b_10080\n  bind 127.0.0.1:10080\n");
    assert_label("'HAPROXY_0_BIND_ADDR':'10.0.0.1'", "", "  bind 127.0.0.1:10080\n");
    assert_label("'HAPROXY_0_BIND_ADDR':'127.0.0.5'", "", "  bind 127.0.0.5:10080\n");
    second.host = "127.0.0.2";
    second.is_first = false;
    config = configure_for(&second,
                           "[{'id':'/a','ports':[1],'labels':{'HAPROXY_GROUP':'x',"
                           "'HAPROXY_0_BIND_ADDR':'127.0.0.5'},'tasks':[" TASK("t", "31000") "]}]",
                           NULL);
    assert_has(&config, "\nfrontend a_1\n  bind 127.0.0.2:1\n");
    assert_has(&config, "listen stats\n  bind 127.0.0.2:29090\n");
    assert_has_not(&config, "127.0.0.5");
    zdd_mlb_config_release(&config);
}

static void a_wrong_label_leaves_out_its_app_and_no_other(void **state)
{
    static const char *const wrong[] = {"'HAPROXY_0_PORT':'http'", "'HAPROXY_0_PORT':'65536'",
                                        "'HAPROXY_0_PORT':'0'", "'HAPROXY_0_BACKEND_WEIGHT':'x'",
                                        "'HAPROXY_0_BACKEND_SERVER_OPTIONS':'{backend}'"};

    (void)state;
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        struct zdd_mlb_config config;
        char text[1024];

        snprintf(text, sizeof(text),
                 "[{'id':'/bad','ports':[1],'labels':{'HAPROXY_GROUP':'x',%s},'tasks':[" TASK(
                     "t", "31000") "]}," SHOP "]",
                 wrong[i]);
        config = configure(text);
        assert_has(&config, "\nbackend shop_web_21001\n");
        assert_has_not(&config, "backend bad");
        assert_int_equal(json_object_size(config.left_out), 1);
        assert_non_null(read_string(json_object_get(config.left_out, "/bad")));
        zdd_mlb_config_release(&config);
    }
}

static void an_address_belongs_to_one_app(void **state)
{
    ZDD_AUTO_JSON json_t *avoid = read_json("{\"127.0.0.1:21001\": \"Address already in use\"}");
    struct zdd_mlb_config config =
        configure("[{'id':'/b','ports':[5000],'labels':{'HAPROXY_GROUP':'x'},'tasks':[" TASK(
            "t",
            "31000") "]},{'id':'/a','ports':[5000],'labels':{'HAPROXY_GROUP':'x'},'tasks':"
                     "[" TASK(
                         "t",
                         "31001") "]},"
                                  "{'id':'/s','ports':[29090],'labels':{'HAPROXY_GROUP':'x'},'tasks':"
                                  "[" TASK("t", "31001") "]}]");

    (void)state;
    assert_has(&config, "\nbackend a_5000\n");
    assert_has_not(&config, "backend b_5000");
    assert_string_equal(read_string(json_object_get(config.left_out, "/b")),
                        "127.0.0.1:5000 is already /a's");
    assert_string_equal(read_string(json_object_get(config.left_out, "/s")),
                        "127.0.0.1:29090 is already the balancer's");
    assert_int_equal(json_object_size(config.binds), 1);
    zdd_mlb_config_release(&config);

    config = configure_for(&settings, "[" SHOP "]", avoid);
    assert_string_equal(read_string(json_object_get(config.left_out, "/shop/web")),
                        "127.0.0.1:21001: Address already in use");
    zdd_mlb_config_release(&config);
}

static void an_app_without_a_server_has_no_backend(void **state)
{
    struct zdd_mlb_config config =
        configure("[{'id':'/a','ports':[1],'labels':{'HAPROXY_GROUP':'x'},'tasks':[]}]");

    (void)state;
    assert_has_not(&config, "a_1");
    assert_int_equal(json_object_size(config.left_out), 0);
    zdd_mlb_config_release(&config);
}

static void the_head_has_what_deployments_rest_on(void **state)
{
    struct zdd_mlb_settings admin = settings;
    struct zdd_mlb_config config = configure("[]");

    (void)state;
    assert_has(&config, "\n  server-state-file state\n");
    assert_has(&config, "\n  load-server-state-from-file global\n");
    assert_has(&config, " level operator expose-fd listeners\n");
    assert_has(&config, "\n  option            idle-close-on-response\n");
    assert_has(&config, "\n  hard-stop-after 60s\n");
    assert_has(&config, "\nlisten stats\n  bind 127.0.0.1:29090\n");
    assert_has_not(&config, "level admin");
    zdd_mlb_config_release(&config);
    admin.admin_port = 29092;
    config = configure_for(&admin, "[]", NULL);
    assert_has(&config, "\n  stats socket ipv4@127.0.0.1:29092 level admin\n");
    zdd_mlb_config_release(&config);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_plain_app_is_configured_as_by_the_real_one),
        cmocka_unit_test(two_colours_are_one_backend_as_by_the_real_one),
        cmocka_unit_test(every_service_port_has_its_own_frontend_and_labels),
        cmocka_unit_test(the_mode_follows_label_check_and_vhost_in_this_order),
        cmocka_unit_test(a_check_becomes_an_option_and_words_of_each_server),
        cmocka_unit_test(a_check_of_another_port_says_nothing_of_this_one),
        cmocka_unit_test(speed_divides_the_interval_and_not_the_timeout),
        cmocka_unit_test(speed_divides_the_interval_of_checks_in_doubt_too),
        cmocka_unit_test(a_sticky_app_has_cookies),
        cmocka_unit_test(a_server_template_is_filled_in_for_each_server),
        cmocka_unit_test(only_apps_of_the_groups_that_are_served_are_in),
        cmocka_unit_test(a_task_is_in_when_its_state_and_its_checks_allow),
        cmocka_unit_test(without_results_the_last_known_one_counts),
        cmocka_unit_test(a_vhost_leads_to_its_backend_and_a_url_counts_by_its_host),
        cmocka_unit_test(a_path_goes_before_a_whole_host_and_a_weight_before_both),
        cmocka_unit_test(an_app_id_leads_to_its_first_http_port),
        cmocka_unit_test(a_tcp_backend_is_not_asked_over_http),
        cmocka_unit_test(everything_is_bound_to_loopback),
        cmocka_unit_test(a_wrong_label_leaves_out_its_app_and_no_other),
        cmocka_unit_test(an_address_belongs_to_one_app),
        cmocka_unit_test(an_app_without_a_server_has_no_backend),
        cmocka_unit_test(the_head_has_what_deployments_rest_on),
    };

    return zdd_crypto_init() ? cmocka_run_group_tests(tests, NULL, NULL) : 1;
}
