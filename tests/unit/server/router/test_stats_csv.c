/**
 * @file tests/unit/server/router/test_stats_csv.c
 * @brief HAProxy's statistics, and what they say of a pair.
 */
#include "server/router/algorithms.h"
#include "server/router/stats_csv.h"
#include "server/router/view.h"
#include "tests/support/spec.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The columns of 2.6 that matter, with some that do not, among them the one named "-". */
#define HEADER                                                                                     \
    "# pxname,svname,qcur,scur,smax,stot,eresp,econ,wretr,wredis,status,weight,type,hrsp_1xx,"     \
    "hrsp_2xx,hrsp_3xx,hrsp_4xx,hrsp_5xx,hrsp_other,last_chk,rtime,addr,algo,uweight,-,ssl_sess,\n"

/* backend, server, qcur, scur, stot, status, weight, 2xx, 5xx, rtime */
#define SERVER(backend, server, qcur, scur, stot, status, weight, ok, bad, rtime)                  \
    backend "," server "," #qcur "," #scur ",9," #stot ",1,2,3,4," status "," #weight ",2,0," #ok  \
            ",0,0," #bad ",0,," #rtime ",,," #weight ",-,0,\n"
#define BACKEND(backend, algo)                                                                     \
    backend ",BACKEND,0,0,0,77,0,0,0,0,UP,9,1,0,0,0,0,0,0,,0,," algo ",9,-,0,\n"
#define FRONTEND(name, stot) name ",FRONTEND,,1,1," #stot ",,,,,OPEN,,0,0,2,0,0,0,0,,,,,,-,0,\n"

static struct zdd_stats_table parse(const char *text)
{
    struct zdd_stats_table table = {0};

    assert_int_equal(zdd_stats_parse(strdup(text), &table), ZDD_ERR_NONE);
    return table;
}

/* Of a server that answers users with cookies. */
static void requests_that_a_cookie_sent_there_are_told_apart(void **state)
{
    struct zdd_stats_table t = parse("# pxname,svname,qcur,scur,stot,status,weight,type,lbtot\n"
                                     "svc_80,a,0,0,700,UP,1,2,9\nsvc_80,b,0,0,70,UP,1,2,\n");
    struct zdd_endpoint both[] = {{.backend = "svc_80", .address = "a"},
                                  {.backend = "svc_80", .address = "b"}};
    const struct zdd_router_ask ask = {.endpoints = {both}, .endpoint_count = {2}};
    struct zdd_balancer_view view = {0};

    (void)state;
    assert_int_equal(t.rows[0].chosen, 9);
    assert_int_equal(t.rows[1].chosen, 70); /* where it is not told, all are taken for chosen */
    zdd_view_fill(&view, &t, &ask);
    assert_int_equal(view.side[ZDD_SIDE_OLD].counters.requests, 770);
    assert_int_equal(view.side[ZDD_SIDE_OLD].counters.chosen, 79);
    zdd_stats_table_release(&t);
}

static void assert_refused(const char *text)
{
    struct zdd_stats_table table = {.count = 17};

    if (zdd_stats_parse(strdup(text), &table) != ZDD_ERR_ROUTER_DOWN)
        fail_msg("taken: %s", text);
    assert_int_equal(table.count, 17);
}

static void a_row_is_read_by_the_names_of_its_columns(void **state)
{
    struct zdd_stats_table t = parse(HEADER FRONTEND("svc_80", 5) FRONTEND("stats", 6) SERVER(
        "svc_80", "a", 3, 4, 10, "UP 1/3", 75, 7, 2, 12) BACKEND("svc_80", "roundrobin"));
    const struct zdd_stats_row *row;

    (void)state;
    assert_int_equal(t.requests, 11);
    assert_int_equal(t.count, 2);
    assert_int_equal(zdd_stats_backend(&t, "svc_80", &row), 2);
    row += row->server == NULL;
    assert_string_equal(row->server, "a");
    assert_string_equal(row->status, "UP 1/3");
    assert_int_equal(row->weight, 75);
    assert_int_equal(row->user_weight, 75);
    assert_int_equal(row->queue, 3);
    assert_int_equal(row->sessions, 4);
    assert_int_equal(row->requests, 10);
    assert_int_equal(row->answers, 9);
    assert_int_equal(row->errors, 2);
    assert_int_equal(row->broken, 1);
    assert_int_equal(row->refused, 2);
    assert_int_equal(row->retried, 3);
    assert_int_equal(row->rerouted, 4);
    assert_int_equal(row->answer_ms, 12);
    zdd_stats_table_release(&t);
}

static void columns_may_stand_in_any_order_and_be_missing(void **state)
{
    struct zdd_stats_table t = parse("stot,weight,status,scur,qcur,svname,pxname\r\n"
                                     "1,2,UP,3,4,a,svc_80\r\n"
                                     "\n"
                                     "9,,OPEN,1,,FRONTEND,svc_80\n"
                                     "9,5,UP,1,0,BACKEND,svc_80");

    (void)state;
    assert_int_equal(t.requests, 9);
    assert_int_equal(t.count, 2);
    assert_int_equal(t.rows[0].server ? t.rows[0].weight : t.rows[1].weight, 2);
    zdd_stats_table_release(&t);
}

static void a_quoted_field_may_hold_commas_quotes_and_line_feeds(void **state)
{
    struct zdd_stats_table t = parse("pxname,svname,junk,status,weight,scur,qcur,stot\n"
                                     "svc,a,\"x, \"\"y\"\"\nz\",UP,1,0,0,5\n"
                                     "svc,b,\"\",UP,2,0,0,6\n");

    (void)state;
    assert_int_equal(t.count, 2);
    assert_int_equal(t.rows[0].weight + t.rows[1].weight, 3);
    zdd_stats_table_release(&t);
}

static void what_is_no_statistics_page_is_refused(void **state)
{
    (void)state;
    assert_refused("");
    assert_refused("<html><body>503</body></html>\n");
    assert_refused("pxname,svname,status,weight,scur,qcur\na,b,UP,1,0,0\n"); /* no stot */
    assert_refused("pxname,svname,status,weight,scur,qcur\na,BACKEND,UP,1,0,0\n");
    assert_refused("pxname,svname,status,weight,scur,qcur\n");
    assert_refused("pxname,svname,status,weight,qcur,stot\na,b,UP,1,0,0\n"); /* no scur */
}

static void a_page_that_was_cut_off_is_refused(void **state)
{
    (void)state;
    assert_refused(HEADER SERVER("svc", "a", 0, 0, 1, "UP", 1, 1, 0, 0) "svc,b,0,0");
    assert_refused(HEADER "svc,b,0,0,9,5,1,2,3,4,UP");
    assert_refused(HEADER "svc,b,0,x,9,5,1,2,3,4,UP,1,2\n");
    assert_refused(HEADER "svc,b,0,-1,9,5,1,2,3,4,UP,1,2\n");
    assert_refused(HEADER "svc,b,0,99999999999999999999,9,5,1,2,3,4,UP,1,2\n");
}

static const struct zdd_endpoint blue[] = {{"svc_80", "10.0.0.1:1001"},
                                           {"svc_80", "10.0.0.1:1002"}};
static const struct zdd_endpoint green[] = {{"svc_80", "10.0.0.2:2001"}};

static struct zdd_balancer_view view_of(const char *text)
{
    const struct zdd_router_ask ask = {.pair = "/svc",
                                       .endpoints = {blue, green},
                                       .endpoint_count = {ZDD_COUNT(blue), ZDD_COUNT(green)}};
    struct zdd_stats_table t = parse(text);
    struct zdd_balancer_view view = {0};

    zdd_view_fill(&view, &t, &ask);
    zdd_stats_table_release(&t);
    return view;
}

static uint64_t mark_of_old(const char *rows)
{
    return view_of(rows).side[ZDD_SIDE_OLD].mark;
}

static void servers_are_known_by_their_names_in_whatever_order(void **state)
{
#define FIRST SERVER("svc_80", "10_0_0_1_1001", 0, 0, 1, "UP", 1, 0, 0, 0)
#define SECOND SERVER("svc_80", "10_0_0_1_1002", 0, 0, 2, "UP", 1, 0, 0, 0)
    const uint64_t both = mark_of_old(HEADER FIRST SECOND);

    (void)state;
    assert_true(mark_of_old(HEADER SECOND FIRST) == both);
    assert_true(mark_of_old(HEADER FIRST FIRST) != both);
    assert_true(mark_of_old(HEADER FIRST) != mark_of_old(HEADER SECOND));
    assert_true(mark_of_old(HEADER) == 0);
}

static void a_side_is_the_sum_of_its_servers(void **state)
{
    const struct zdd_balancer_view v =
        view_of(HEADER SERVER("svc_80", "10_0_0_1_1001", 1, 2, 10, "UP", 100, 7, 2, 10)
                    SERVER("svc_80", "node7_10_0_0_1_1002", 3, 4, 20, "no check", 75, 5, 0, 20)
                        SERVER("svc_80", "10_0_0_2_2001", 0, 0, 3, "DOWN", 50, 1, 1, 0)
                            SERVER("other_80", "10_0_0_1_1001", 9, 9, 9, "UP", 9, 9, 9, 9)
                                BACKEND("svc_80", "roundrobin"));
    const struct zdd_side_traffic *old = &v.side[ZDD_SIDE_OLD], *new = &v.side[ZDD_SIDE_NEW];

    (void)state;
    assert_int_equal(old->servers, 2);
    assert_int_equal(old->up, 2);
    assert_int_equal(old->stopped, 0);
    assert_int_equal(old->weight_min, 75);
    assert_int_equal(old->weight_max, 100);
    assert_int_equal(old->weight_sum, 175);
    assert_int_equal(old->queue, 4);
    assert_int_equal(old->sessions, 6);
    assert_int_equal(old->counters.requests, 30);
    assert_int_equal(old->counters.answers, 14);
    assert_int_equal(old->counters.errors, 2);
    assert_int_equal(old->counters.broken, 2);
    assert_int_equal(old->counters.refused, 4);
    assert_int_equal(old->counters.retried, 6);
    assert_int_equal(old->counters.rerouted, 8);
    assert_int_equal(old->counters.answer_ms, 10 * 9 + 20 * 5);
    assert_int_equal(new->servers, 1);
    assert_int_equal(new->up, 0);
    assert_int_equal(new->weight_min, 50);
    assert_int_equal(new->weight_sum, 0); /* it is down */
    assert_int_equal(v.strangers, 0);
    assert_true(v.weights_obeyed);
}

static void each_status_of_haproxy_is_understood(void **state)
{
    static const struct {
        const char *status;
        int up, stopped;
    } rows[] = {
        {"UP", 1, 0},
        {"UP 1/3", 1, 0},
        {"no check", 1, 0},
        {"DOWN", 0, 0},
        {"DOWN 1/2", 0, 0},
        {"DOWN (agent)", 0, 0},
        {"NOLB", 0, 0},
        {"NOLB 1/2", 0, 0},
        {"DRAIN", 1, 1},
        {"DRAIN 1/3", 1, 1},
        {"DRAIN (agent)", 1, 1},
        {"MAINT", 0, 1},
        {"MAINT (via a/b)", 0, 1},
        {"MAINT (resolution)", 0, 1},
        {"whatever", 0, 0},
    };

    (void)state;
    for (size_t i = 0; i < ZDD_COUNT(rows); i++) {
        char text[1024];
        struct zdd_balancer_view v;

        snprintf(text, sizeof(text), "%ssvc_80,10_0_0_1_1001,0,0,0,0,0,0,0,0,%s,60,2\n", HEADER,
                 rows[i].status);
        v = view_of(text);
        assert_int_equal(v.side[ZDD_SIDE_OLD].servers, 1);
        assert_int_equal(v.side[ZDD_SIDE_OLD].up, rows[i].up);
        assert_int_equal(v.side[ZDD_SIDE_OLD].stopped, rows[i].stopped);
        assert_int_equal(v.side[ZDD_SIDE_OLD].weight_sum, rows[i].up && !rows[i].stopped ? 60 : 0);
        assert_int_equal(v.serving, rows[i].up && !rows[i].stopped);
    }
}

static void without_weight_a_server_takes_nothing(void **state)
{
    const struct zdd_balancer_view v =
        view_of(HEADER SERVER("svc_80", "10_0_0_1_1001", 0, 0, 1, "UP", 0, 1, 0, 0)
                    SERVER("svc_80", "10_0_0_2_2001", 0, 0, 1, "UP", 1, 1, 0, 0));

    (void)state;
    assert_int_equal(v.side[ZDD_SIDE_OLD].up, 1);
    assert_int_equal(v.serving, 1);
}

static void a_server_of_neither_side_is_a_stranger(void **state)
{
    const struct zdd_balancer_view v =
        view_of(HEADER SERVER("svc_80", "10_0_0_1_1001", 0, 0, 1, "UP", 1, 1, 0, 0)
                    SERVER("svc_80", "10_0_0_9_9009", 0, 5, 1, "DOWN", 1, 1, 0, 0)
                        SERVER("svc_80", "web1", 0, 5, 1, "UP", 1, 1, 0, 0)
                            SERVER("svc_81", "web2", 0, 5, 1, "UP", 1, 1, 0, 0));

    (void)state;
    assert_int_equal(v.strangers, 2);
    assert_int_equal(v.serving, 2); /* who has come since Marathon was looked at serves too */
    assert_int_equal(v.side[ZDD_SIDE_OLD].servers, 1);
    assert_int_equal(v.side[ZDD_SIDE_OLD].sessions, 0);
}

static void where_the_address_is_told_the_name_may_be_any(void **state)
{
    const struct zdd_balancer_view v = view_of("pxname,svname,status,weight,scur,qcur,stot,addr\n"
                                               "svc_80,web1,UP,5,0,0,0,10.0.0.1:1001\n"
                                               "svc_80,web2,UP,6,0,0,0,10.0.0.2:2001\n");

    (void)state;
    assert_int_equal(v.side[ZDD_SIDE_OLD].weight_max, 5);
    assert_int_equal(v.side[ZDD_SIDE_NEW].weight_max, 6);
    assert_int_equal(v.strangers, 0);
}

static void algorithms_that_ignore_weights_are_told(void **state)
{
    static const struct {
        const char *algorithm;
        bool obeys;
    } rows[] = {
        {"roundrobin", true}, {"random", true}, {"", true},           {"leastconn", false},
        {"source", false},    {"uri", false},   {"static-rr", false}, {"first", false},
    };

    (void)state;
    for (size_t i = 0; i < ZDD_COUNT(rows); i++) {
        char text[1024];

        snprintf(text, sizeof(text),
                 "pxname,svname,status,weight,scur,qcur,stot,algo\n"
                 "svc_80,10_0_0_1_1001,UP,1,0,0,0,\nsvc_80,BACKEND,UP,1,0,0,0,%s\n",
                 rows[i].algorithm);
        assert_int_equal(view_of(text).weights_obeyed, rows[i].obeys);
    }
}

static const char *algorithm(const struct zdd_algorithms *all, const char *backend)
{
    for (size_t i = 0; i < all->count; i++) {
        if (strcmp(all->list[i].backend, backend) == 0)
            return all->list[i].name;
    }
    return NULL;
}

static void a_configuration_tells_the_algorithm_of_each_backend(void **state)
{
    static const char config[] = "global\n  maxconn 5\n  balance first\n"
                                 "backend before\n"
                                 "defaults\n  balance leastconn\n"
                                 "frontend f\n  bind *:1\n  balance source\n"
                                 "backend plain # of the defaults\n  mode http\n"
                                 "backend svc_80\r\n\tbalance\troundrobin\r\n"
                                 "listen stats\n  balance\n  stats enable\n"
                                 "backend keyed\n  balance hdr(X-Key) use_domain_only\n"
                                 "backend chance\n  balance random(2)\n"
                                 "  # balance source\n"
                                 "backend new\n  balance something-new\n"
                                 "defaults\n  mode tcp\n"
                                 "backend last";
    struct zdd_algorithms all = {0};

    (void)state;
    assert_int_equal(zdd_algorithms_parse(config, &all), ZDD_ERR_NONE);
    assert_int_equal(all.count, 8);
    assert_string_equal(algorithm(&all, "before"), "roundrobin");
    assert_string_equal(algorithm(&all, "plain"), "leastconn");
    assert_string_equal(algorithm(&all, "svc_80"), "roundrobin");
    assert_string_equal(algorithm(&all, "stats"), "roundrobin");
    assert_string_equal(algorithm(&all, "keyed"), "hdr");
    assert_string_equal(algorithm(&all, "chance"), "random");
    assert_string_equal(algorithm(&all, "new"), "other");
    assert_string_equal(algorithm(&all, "last"), "roundrobin");
    zdd_algorithms_release(&all);
    assert_int_equal(zdd_algorithms_parse("", &all), ZDD_ERR_NONE);
    assert_int_equal(all.count, 0);
    zdd_algorithms_release(&all);
}

static void what_is_learnt_goes_to_the_backends_alone(void **state)
{
    struct zdd_stats_table t = parse(HEADER BACKEND("b", "") BACKEND("a", "") SERVER(
        "a", "s", 0, 0, 0, "UP", 1, 0, 0, 0) BACKEND("c", ""));
    struct zdd_algorithms all = {0};

    (void)state;
    assert_false(zdd_algorithms_told(&t));
    assert_int_equal(zdd_algorithms_parse("backend c\n balance uri\nbackend a\nbackend 0\n", &all),
                     ZDD_ERR_NONE);
    zdd_algorithms_apply(&all, &t);
    assert_true(zdd_algorithms_told(&t));
    for (size_t i = 0; i < t.count; i++) {
        const struct zdd_stats_row *row = &t.rows[i];

        assert_string_equal(row->algorithm, row->server || *row->backend == 'b' ? ""
                                            : *row->backend == 'a'              ? "roundrobin"
                                                                                : "uri");
    }
    zdd_algorithms_release(&all);
    zdd_stats_table_release(&t);
}

static void the_port_with_the_fewest_servers_counts(void **state)
{
    static const struct zdd_endpoint two[] = {{"svc_80", "10.0.0.1:1001"},
                                              {"svc_81", "10.0.0.1:1002"},
                                              {"svc_80", "10.0.0.2:1001"},
                                              {"svc_81", "10.0.0.2:1002"}};
    const struct zdd_router_ask ask = {
        .pair = "/svc", .endpoints = {two}, .endpoint_count = {ZDD_COUNT(two)}};
    static const struct {
        const char *rows;
        int32_t servers, listed, up;
    } rows[] = {
        {SERVER("svc_80", "10_0_0_1_1001", 0, 0, 0, "UP", 1, 0, 0, 0)
             SERVER("svc_80", "10_0_0_2_1001", 0, 0, 0, "UP", 1, 0, 0, 0)
                 SERVER("svc_81", "10_0_0_1_1002", 0, 0, 0, "UP", 1, 0, 0, 0)
                     SERVER("svc_81", "10_0_0_2_1002", 0, 0, 0, "DOWN", 1, 0, 0, 0),
         4, 2, 1},
        {SERVER("svc_80", "10_0_0_1_1001", 0, 0, 0, "DOWN", 1, 0, 0, 0)
             SERVER("svc_80", "10_0_0_2_1001", 0, 0, 0, "DOWN", 1, 0, 0, 0)
                 SERVER("svc_81", "10_0_0_1_1002", 0, 0, 0, "UP", 1, 0, 0, 0),
         3, 1, 0},
        {SERVER("svc_80", "10_0_0_1_1001", 0, 0, 0, "UP", 1, 0, 0, 0)
             SERVER("svc_80", "10_0_0_2_1001", 0, 0, 0, "UP", 1, 0, 0, 0),
         2, 0, 0}, /* no balancer has the second port at all */
    };

    (void)state;
    for (size_t i = 0; i < ZDD_COUNT(rows); i++) {
        char text[2048];
        struct zdd_stats_table t;
        struct zdd_balancer_view v = {0};

        snprintf(text, sizeof(text), "%s%s", HEADER, rows[i].rows);
        t = parse(text);
        zdd_view_fill(&v, &t, &ask);
        assert_int_equal(v.side[ZDD_SIDE_OLD].servers, rows[i].servers);
        assert_int_equal(v.side[ZDD_SIDE_OLD].listed, rows[i].listed);
        assert_int_equal(v.side[ZDD_SIDE_OLD].up, rows[i].up);
        assert_int_equal(v.side[ZDD_SIDE_NEW].up, 0);
        zdd_stats_table_release(&t);
    }
}

static void both_service_ports_of_an_app_count(void **state)
{
    static const struct zdd_endpoint two[] = {{"svc_80", "10.0.0.1:1001"},
                                              {"svc_81", "10.0.0.1:1002"}};
    static const struct zdd_endpoint turned_two[] = {{"svc_81", "10.0.0.1:1002"},
                                                     {"svc_80", "10.0.0.1:1001"}};
    const struct zdd_router_ask ask = {
        .pair = "/svc", .endpoints = {two}, .endpoint_count = {ZDD_COUNT(two)}};
    const struct zdd_router_ask turned = {
        .pair = "/svc", .endpoints = {turned_two}, .endpoint_count = {ZDD_COUNT(two)}};
    struct zdd_stats_table t =
        parse(HEADER SERVER("svc_81", "10_0_0_1_1002", 0, 1, 1, "UP", 1, 1, 0, 0)
                  SERVER("svc_80", "10_0_0_1_1001", 0, 2, 1, "UP", 1, 1, 0, 0)
                      SERVER("svc_80", "10_0_0_1_1002", 0, 4, 1, "UP", 1, 1, 0, 0)
                          BACKEND("svc_80", "roundrobin") BACKEND("svc_81", "leastconn"));
    struct zdd_balancer_view v = {0};

    (void)state;
    zdd_view_fill(&v, &t, &ask);
    assert_int_equal(v.side[ZDD_SIDE_OLD].servers, 2);
    assert_int_equal(v.side[ZDD_SIDE_OLD].sessions, 3);
    assert_int_equal(v.strangers, 1); /* the right address in the wrong backend */
    assert_int_equal(v.serving, 1);   /* with both ports */
    zdd_view_fill(&v, &t, &turned);
    assert_int_equal(v.serving, 1);
    assert_false(v.weights_obeyed);
    zdd_stats_table_release(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(requests_that_a_cookie_sent_there_are_told_apart),
        cmocka_unit_test(a_row_is_read_by_the_names_of_its_columns),
        cmocka_unit_test(columns_may_stand_in_any_order_and_be_missing),
        cmocka_unit_test(a_quoted_field_may_hold_commas_quotes_and_line_feeds),
        cmocka_unit_test(what_is_no_statistics_page_is_refused),
        cmocka_unit_test(a_page_that_was_cut_off_is_refused),
        cmocka_unit_test(servers_are_known_by_their_names_in_whatever_order),
        cmocka_unit_test(a_side_is_the_sum_of_its_servers),
        cmocka_unit_test(each_status_of_haproxy_is_understood),
        cmocka_unit_test(without_weight_a_server_takes_nothing),
        cmocka_unit_test(a_server_of_neither_side_is_a_stranger),
        cmocka_unit_test(where_the_address_is_told_the_name_may_be_any),
        cmocka_unit_test(algorithms_that_ignore_weights_are_told),
        cmocka_unit_test(a_configuration_tells_the_algorithm_of_each_backend),
        cmocka_unit_test(what_is_learnt_goes_to_the_backends_alone),
        cmocka_unit_test(the_port_with_the_fewest_servers_counts),
        cmocka_unit_test(both_service_ports_of_an_app_count),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
