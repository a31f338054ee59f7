/**
 * @file tests/unit/server/router/test_stats.c
 * @brief Looks at all balancers: side by side, one at a time, shared, bounded; places and restarts.
 */
#include "server/router/stats.h"

#include "server/base/clock.h"
#include "tests/support/spec.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define PATIENCE_MS 20000
#define LIMIT_MS 40 /* of one look at one balancer */
#define PAGE "pxname,svname,status,weight,scur,qcur,stot\n"

/* Balancers that the test speaks for. */
struct world {
    struct zdd_places *places;
    struct zdd_stats *stats;
    struct zdd_router_view view;
    char reason[ZDD_ROUTER_REASON_SIZE];

    pthread_mutex_t lock;
    pthread_cond_t changed;
    int looks; /* begun */
    int inside, most_inside;
    int held; /* looks do not end while this is not 0 */
    int64_t started_ms, requests, pid;
    bool approximate, counts_itself;
    const char *down; /* name of a balancer that cannot be reached; "*" for all */
    bool hangs;       /* … and takes all the time there is to say so */
    pthread_t caller; /* who has waited for it so often: */
    int waits;
    size_t address_count;
    char address[12][ZDD_SOURCE_SIZE]; /* of the host "lb" */
};

static const struct zdd_endpoint blue[] = {{"svc_80", "10.0.0.1:1001"}};
static const struct zdd_router_ask asked = {
    .pair = "/svc", .endpoints = {blue}, .endpoint_count = {ZDD_COUNT(blue)}};

static void pause_ms(long ms)
{
    nanosleep(&(struct timespec){.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000}, NULL);
}

static enum zdd_err look(void *cls, const struct zdd_place *place, int64_t limit_ms,
                         struct zdd_stats_answer *ret_answer,
                         char reason[static ZDD_ROUTER_REASON_SIZE])
{
    struct world *world = cls;
    char text[200];
    bool down;

    assert_true(limit_ms > 0);
    pthread_mutex_lock(&world->lock);
    world->looks++;
    world->inside++;
    world->most_inside = world->inside > world->most_inside ? world->inside : world->most_inside;
    pthread_cond_broadcast(&world->changed);
    while (world->held)
        pthread_cond_wait(&world->changed, &world->lock);
    world->inside--;
    down = world->down && (strcmp(world->down, place->name) == 0 || world->down[0] == '*');
    ret_answer->process = (struct zdd_process){.start_ms = world->started_ms,
                                               .approximate = world->approximate,
                                               .pid = world->pid,
                                               .requests = world->requests,
                                               .counts_itself = world->counts_itself};
    snprintf(text, sizeof(text),
             PAGE "svc_80,FRONTEND,OPEN,,0,,%lld\nsvc_80,10_0_0_1_1001,UP,%d,"
                  "0,0,0\n",
             (long long)world->requests, world->looks);
    if (down && world->hangs)
        world->waits += pthread_equal(pthread_self(), world->caller) != 0;
    pthread_mutex_unlock(&world->lock);
    if (down && world->hangs)
        pause_ms((long)limit_ms);
    if (!down)
        return zdd_stats_parse(strdup(text), &ret_answer->table);
    snprintf(reason, ZDD_ROUTER_REASON_SIZE, "%s is down", place->name);
    return ZDD_ERR_ROUTER_DOWN;
}

static size_t resolve(void *cls, const char *host, char (*ret_addresses)[ZDD_SOURCE_SIZE],
                      size_t max)
{
    struct world *world = cls;
    size_t count;

    assert_string_equal(host, "lb");
    pthread_mutex_lock(&world->lock);
    count = world->address_count;
    for (size_t i = 0; i < count && i < max; i++)
        memcpy(ret_addresses[i], world->address[i], ZDD_SOURCE_SIZE);
    pthread_mutex_unlock(&world->lock);
    return count;
}

static struct world *begin_limited(const char *const *targets, size_t count, int64_t limit_ms)
{
    struct world *world = calloc(1, sizeof(*world));
    const struct zdd_places_options places = {.targets = targets,
                                              .target_count = count,
                                              .resolve = resolve,
                                              .cls = world,
                                              .period_ms = 5};
    struct zdd_stats_options stats = {.look = look, .cls = world, .limit_ms = limit_ms};

    assert_non_null(world);
    world->caller = pthread_self();
    pthread_mutex_init(&world->lock, NULL);
    pthread_cond_init(&world->changed, NULL);
    world->started_ms = 1000000;
    world->address_count = 2;
    snprintf(world->address[0], ZDD_SOURCE_SIZE, "10.0.0.5");
    snprintf(world->address[1], ZDD_SOURCE_SIZE, "2001:db8::5");
    assert_int_equal(zdd_places_open(&places, &world->places, world->reason), ZDD_ERR_NONE);
    stats.places = world->places;
    world->stats = zdd_stats_open(&stats);
    assert_non_null(world->stats);
    return world;
}

static struct world *begin(const char *const *targets, size_t count)
{
    return begin_limited(targets, count, 0);
}

static void end(struct world *world)
{
    zdd_stats_close(world->stats);
    zdd_places_close(world->places);
    pthread_cond_destroy(&world->changed);
    pthread_mutex_destroy(&world->lock);
    free(world);
}

static struct world *begin_one(void)
{
    static const char *const targets[] = {"10.0.0.5:9090"};

    return begin(targets, 1);
}

static struct world *begin_three(void)
{
    static const char *const targets[] = {"http://10.0.0.5:9090", "http://10.0.0.6/haproxy?stats",
                                          "https://[2001:db8::7]"};

    return begin(targets, 3);
}

static enum zdd_err observe(struct world *world, int64_t max_age_ms)
{
    return zdd_stats_observe(world->stats, &asked, 1, max_age_ms, &world->view, world->reason);
}

static const struct zdd_balancer_view *see(struct world *world)
{
    assert_int_equal(observe(world, 0), ZDD_ERR_NONE);
    assert_true(world->view.balancer_count > 0);
    return &world->view.balancer[0];
}

static void each_target_is_a_balancer_with_a_name(void **state)
{
    struct world *world = begin_three();

    (void)state;
    (void)see(world);
    assert_int_equal(world->view.balancer_count, 3);
    assert_string_equal(world->view.balancer[0].name, "10.0.0.5:9090");
    assert_string_equal(world->view.balancer[1].name, "10.0.0.6:80");
    assert_string_equal(world->view.balancer[2].name, "[2001:db8::7]:443");
    assert_true(world->view.taken_at_ms > 0);
    end(world);
}

static void a_young_look_is_shared_an_old_one_is_not(void **state)
{
    struct world *world = begin_one();

    (void)state;
    assert_int_equal(observe(world, 60000), ZDD_ERR_NONE);
    assert_int_equal(observe(world, 60000), ZDD_ERR_NONE);
    assert_int_equal(world->looks, 1);
    assert_int_equal(world->view.balancer[0].side[ZDD_SIDE_OLD].weight_min, 1);
    pause_ms(5);
    assert_int_equal(observe(world, 1), ZDD_ERR_NONE);
    assert_int_equal(world->looks, 2);
    assert_int_equal(world->view.balancer[0].side[ZDD_SIDE_OLD].weight_min, 2);
    end(world);
}

static void what_was_before_an_order_is_never_shown_after_it(void **state)
{
    struct world *world = begin_one();

    (void)state;
    assert_int_equal(observe(world, 60000), ZDD_ERR_NONE);
    zdd_stats_expire(world->stats);
    pause_ms(5);
    assert_int_equal(observe(world, 60000), ZDD_ERR_NONE);
    assert_int_equal(world->looks, 2);
    assert_int_equal(observe(world, 60000), ZDD_ERR_NONE);
    assert_int_equal(world->looks, 2);
    end(world);
}

static void *observe_once(void *cls)
{
    struct world *world = cls;
    struct zdd_router_view view;
    char reason[ZDD_ROUTER_REASON_SIZE];

    assert_int_equal(zdd_stats_observe(world->stats, &asked, 1, 60000, &view, reason),
                     ZDD_ERR_NONE);
    return NULL;
}

static void hold(struct world *world, int held)
{
    pthread_mutex_lock(&world->lock);
    world->held = held;
    pthread_cond_broadcast(&world->changed);
    pthread_mutex_unlock(&world->lock);
}

/* Wait until so many looks are under way. */
static void await_inside(struct world *world, int count)
{
    pthread_mutex_lock(&world->lock);
    while (world->inside < count)
        pthread_cond_wait(&world->changed, &world->lock);
    pthread_mutex_unlock(&world->lock);
}

static void all_balancers_are_asked_at_once(void **state)
{
    struct world *world = begin_three();
    pthread_t thread;

    (void)state;
    hold(world, 1);
    pthread_create(&thread, NULL, observe_once, world);
    await_inside(world, 3);
    hold(world, 0);
    pthread_join(thread, NULL);
    assert_int_equal(world->most_inside, 3);
    end(world);
}

static void many_who_ask_at_once_share_one_look(void **state)
{
    struct world *world = begin_one();
    pthread_t thread[8];

    (void)state;
    hold(world, 1);
    for (size_t i = 0; i < ZDD_COUNT(thread); i++)
        pthread_create(&thread[i], NULL, observe_once, world);
    await_inside(world, 1);
    hold(world, 0);
    for (size_t i = 0; i < ZDD_COUNT(thread); i++)
        pthread_join(thread[i], NULL);
    assert_int_equal(world->most_inside, 1);
    assert_int_equal(world->looks, 1);
    end(world);
}

static void one_that_is_down_does_not_hide_the_others(void **state)
{
    struct world *world = begin_three();

    (void)state;
    world->down = "10.0.0.6:80";
    (void)see(world);
    assert_int_equal(world->view.balancer_count, 3);
    assert_true(world->view.balancer[0].reachable);
    assert_false(world->view.balancer[1].reachable);
    assert_int_equal(world->view.balancer[1].side[ZDD_SIDE_OLD].servers, 0);
    assert_true(world->view.balancer[2].reachable);
    end(world);
}

/* @p name hangs from now on; NULL: nobody does. */
static void let_hang(struct world *world, const char *name)
{
    pthread_mutex_lock(&world->lock);
    world->down = name;
    world->hangs = name != NULL;
    pthread_mutex_unlock(&world->lock);
}

static int looks_of(struct world *world)
{
    int looks;

    pthread_mutex_lock(&world->lock);
    looks = world->looks;
    pthread_mutex_unlock(&world->lock);
    return looks;
}

/* Whoever looks waits for it once; then it is asked in the background until it answers. */
static void one_that_hangs_is_waited_for_once(void **state)
{
    static const char *const targets[] = {"10.0.0.5:9090"};
    struct world *world = begin_limited(targets, 1, LIMIT_MS);
    const int64_t until_ms = zdd_mono_ms() + PATIENCE_MS;

    (void)state;
    let_hang(world, "10.0.0.5:9090");
    assert_int_equal(observe(world, 0), ZDD_ERR_ROUTER_DOWN);
    while (looks_of(world) < 3 && zdd_mono_ms() < until_ms) {
        assert_int_equal(observe(world, 0), ZDD_ERR_ROUTER_DOWN);
        assert_false(world->view.balancer[0].reachable);
        assert_string_equal(world->reason, "10.0.0.5:9090 is down");
        pause_ms(5);
    }
    assert_true(looks_of(world) >= 3);
    assert_int_equal(world->waits, 1);
    let_hang(world, NULL);
    while (observe(world, 0) != ZDD_ERR_NONE && zdd_mono_ms() < until_ms)
        pause_ms(5);
    assert_true(world->view.balancer[0].reachable);
    end(world);
}

/* The others are as new as ever. */
static void one_that_hangs_makes_nobody_old(void **state)
{
    static const char *const targets[] = {"10.0.0.5:9090", "10.0.0.6:9090"};
    struct world *world = begin_limited(targets, 2, LIMIT_MS);

    (void)state;
    let_hang(world, "10.0.0.6:9090"); /* the one that whoever looks asks himself */
    for (int i = 0; i < 20; i++) {
        (void)see(world);
        assert_true(world->view.balancer[0].reachable);
        assert_false(world->view.balancer[1].reachable);
    }
    assert_int_equal(world->waits, 1);
    end(world);
}

/* It may be back at any moment, and asking costs nothing. */
static void one_that_refuses_is_asked_each_time(void **state)
{
    struct world *world = begin_one();

    (void)state;
    world->down = "*";
    for (int i = 1; i <= 10; i++) {
        assert_int_equal(observe(world, 0), ZDD_ERR_ROUTER_DOWN);
        assert_int_equal(world->looks, i);
    }
    world->down = NULL;
    assert_int_equal(observe(world, 0), ZDD_ERR_NONE);
    end(world);
}

static void when_all_are_down_the_first_reason_is_told(void **state)
{
    struct world *world = begin_three();

    (void)state;
    world->down = "*";
    assert_int_equal(observe(world, 0), ZDD_ERR_ROUTER_DOWN);
    assert_string_equal(world->reason, "10.0.0.5:9090 is down");
    assert_int_equal(world->view.balancer_count, 3);
    assert_false(world->view.balancer[0].reachable);
    end(world);
}

static void another_process_has_another_start(void **state)
{
    struct world *world = begin_one();
    int64_t first;

    (void)state;
    world->requests = 50;
    first = see(world)->started_at_ms;
    assert_int_equal(first, 1000000);
    world->requests = 60;
    assert_int_equal(see(world)->started_at_ms, first);
    world->started_ms = 1007000;
    assert_int_equal(see(world)->started_at_ms, 1007000);
    end(world);
}

static void a_process_of_the_same_second_is_told_by_its_counters(void **state)
{
    struct world *world = begin_one();
    int64_t first, second;

    (void)state;
    world->requests = 50;
    first = see(world)->started_at_ms;
    world->requests = 3;
    second = see(world)->started_at_ms;
    assert_int_not_equal(first, second);
    world->requests = 4;
    assert_int_equal(see(world)->started_at_ms, second);
    end(world);
}

static void a_process_of_the_same_second_is_told_by_its_pid(void **state)
{
    struct world *world = begin_one();
    int64_t first, second;

    (void)state;
    world->pid = 700;
    first = see(world)->started_at_ms;
    assert_int_equal(see(world)->started_at_ms, first);
    world->pid = 701;
    second = see(world)->started_at_ms;
    assert_int_not_equal(first, second);
    assert_int_equal(see(world)->started_at_ms, second);
    end(world);
}

static void where_looks_count_an_unchanged_counter_is_another_process(void **state)
{
    struct world *world = begin_one();
    int64_t first, second;

    (void)state;
    world->counts_itself = true;
    world->requests = 1;
    first = see(world)->started_at_ms;
    second = see(world)->started_at_ms;
    assert_int_not_equal(first, second);
    world->requests = 2;
    assert_int_equal(see(world)->started_at_ms, second);
    end(world);
}

static void a_balancer_that_does_not_tell_its_start_is_watched_by_its_counters(void **state)
{
    struct world *world = begin_one();

    (void)state;
    world->started_ms = 0;
    world->requests = 50;
    assert_int_equal(see(world)->started_at_ms, 0);
    world->requests = 51;
    assert_int_equal(see(world)->started_at_ms, 0);
    world->requests = 1;
    assert_int_equal(see(world)->started_at_ms, 1);
    end(world);
}

static void a_start_made_of_an_age_may_waver(void **state)
{
    struct world *world = begin_one();
    int64_t first;

    (void)state;
    world->approximate = true;
    first = see(world)->started_at_ms;
    for (int64_t i = -3; i <= 3; i++) {
        world->started_ms = 1000000 + 300 * i;
        world->requests++;
        assert_int_equal(see(world)->started_at_ms, first);
    }
    world->started_ms = 1010000;
    assert_int_not_equal(see(world)->started_at_ms, first);
    end(world);
}

static void the_start_of_a_later_process_is_later_whatever_its_age_says(void **state)
{
    struct world *world = begin_one();
    int64_t first, second;

    (void)state;
    world->approximate = true;
    world->requests = 50;
    first = see(world)->started_at_ms;
    world->started_ms -= 300;
    world->requests = 60;
    assert_int_equal(see(world)->started_at_ms, first);
    world->started_ms += 300; /* as it was told first, and yet another process */
    world->requests = 1;
    second = see(world)->started_at_ms;
    assert_true(second > first);
    for (int i = 0; i < 20; i++) { /* clocks drift apart, slowly */
        world->started_ms += 1000;
        world->requests++;
        assert_int_equal(see(world)->started_at_ms, second);
    }
    end(world);
}

static void a_reload_while_it_was_unreachable_is_noticed_too(void **state)
{
    struct world *world = begin_one();
    int64_t first;

    (void)state;
    world->requests = 50;
    first = see(world)->started_at_ms;
    world->down = "*";
    assert_int_equal(observe(world, 0), ZDD_ERR_ROUTER_DOWN);
    assert_int_equal(observe(world, 0), ZDD_ERR_ROUTER_DOWN);
    world->down = NULL;
    world->requests = 60;
    assert_int_equal(see(world)->started_at_ms, first);
    world->down = "*";
    assert_int_equal(observe(world, 0), ZDD_ERR_ROUTER_DOWN);
    world->down = NULL;
    world->requests = 1; /* in the same second */
    assert_int_not_equal(see(world)->started_at_ms, first);
    end(world);
}

static void await_balancers(struct world *world, size_t count)
{
    const int64_t until_ms = zdd_mono_ms() + PATIENCE_MS;

    do {
        pause_ms(1);
        (void)observe(world, 0);
    } while (world->view.balancer_count != count && zdd_mono_ms() < until_ms);
    assert_int_equal(world->view.balancer_count, count);
}

static void resolve_to(struct world *world, size_t count)
{
    pthread_mutex_lock(&world->lock);
    world->address_count = count;
    for (size_t i = 2; i < count; i++)
        snprintf(world->address[i], ZDD_SOURCE_SIZE, "10.0.0.%zu", 100 + i);
    pthread_mutex_unlock(&world->lock);
}

static void a_host_name_stands_for_one_balancer_for_each_address(void **state)
{
    static const char *const targets[] = {"http://lb:9090"};
    struct world *world = begin(targets, 1);

    (void)state;
    (void)see(world);
    assert_int_equal(world->view.balancer_count, 2);
    assert_string_equal(world->view.balancer[0].name, "10.0.0.5:9090");
    assert_string_equal(world->view.balancer[1].name, "[2001:db8::5]:9090");
    resolve_to(world, 4);
    await_balancers(world, 4);
    resolve_to(world, 1);
    await_balancers(world, 1);
    resolve_to(world, 0); /* nobody answers: what was known stays */
    pause_ms(30);
    assert_int_equal(observe(world, 0), ZDD_ERR_NONE);
    assert_int_equal(world->view.balancer_count, 1);
    end(world);
}

static void more_addresses_than_can_be_watched_are_not_left_out_in_silence(void **state)
{
    static const char *const targets[] = {"http://lb:9090"};
    struct world *world = begin(targets, 1);
    const int64_t until_ms = zdd_mono_ms() + PATIENCE_MS;

    (void)state;
    resolve_to(world, ZDD_BALANCER_MAX + 1);
    while (observe(world, 0) == ZDD_ERR_NONE && zdd_mono_ms() < until_ms)
        pause_ms(1);
    assert_int_equal(observe(world, 0), ZDD_ERR_ROUTER_DOWN);
    assert_non_null(strstr(world->reason, "more than 8"));
    end(world);
}

static size_t resolve_nothing(void *cls, const char *host, char (*ret_addresses)[ZDD_SOURCE_SIZE],
                              size_t max)
{
    (void)cls;
    (void)host;
    (void)ret_addresses;
    (void)max;
    return 0;
}

static void a_host_name_that_nobody_knows_is_a_balancer_that_cannot_be_asked(void **state)
{
    static const char *const targets[] = {"http://lb:9090"};
    const struct zdd_places_options options = {
        .targets = targets, .target_count = 1, .resolve = resolve_nothing};
    struct zdd_place list[ZDD_BALANCER_MAX];
    struct zdd_places *places = NULL;
    char reason[ZDD_ROUTER_REASON_SIZE];

    (void)state;
    assert_int_equal(zdd_places_open(&options, &places, reason), ZDD_ERR_NONE);
    assert_int_equal(zdd_places_list(places, PATIENCE_MS, list), 1);
    assert_string_equal(list[0].name, "lb:9090");
    assert_false(list[0].known);
    zdd_places_close(places);
}

static void targets_that_are_none_are_named(void **state)
{
    static const char *const wrong[] = {
        "",       "lb", "lb:0", "http://", "http://lb:99999", "ftp://lb:80", "http://user@lb:80",
        "lb:80/x"};
    struct zdd_places_options options = {.target_count = 1};
    struct zdd_places *places = NULL;
    char reason[ZDD_ROUTER_REASON_SIZE];

    (void)state;
    for (size_t i = 0; i < ZDD_COUNT(wrong); i++) {
        options.targets = &wrong[i];
        if (zdd_places_open(&options, &places, reason) != ZDD_ERR_BODY_INVALID)
            fail_msg("taken: %s", wrong[i]);
        assert_non_null(strstr(reason, wrong[i]));
    }
    options.target_count = 0;
    assert_int_equal(zdd_places_open(&options, &places, reason), ZDD_ERR_BODY_INVALID);
    options.target_count = ZDD_BALANCER_MAX + 1;
    assert_int_equal(zdd_places_open(&options, &places, reason), ZDD_ERR_BODY_INVALID);
    assert_null(places);
}

static void the_start_of_a_process_is_found_in_each_form(void **state)
{
    static const struct {
        const char *text;
        int64_t start_ms;
        bool approximate;
    } rows[] = {
        {"# HELP haproxy_process_start_time_seconds Start\nhaproxy_process_start_time_seconds 17\n",
         17000, false},
        {"Name: HAProxy\nPid: 4711\nUptime_sec: 5\nStart_time_sec: 18\n", 18000, false},
        {"haproxy_process_uptime_seconds 5\n", 95000, true},
        {"Name: HAProxy\nUptime_sec: 5\n", 95000, true},
        {"Uptime_sec: 5000\n", 0, true},
        {"", 0, false},
        {"haproxy_process_start_time_seconds x\n", 0, false},
        {"haproxy_process_start_time_seconds 99999999999999999999\n", 0, false},
        {"xhaproxy_process_start_time_seconds 7\n", 0, false},
    };

    (void)state;
    for (size_t i = 0; i < ZDD_COUNT(rows); i++) {
        struct zdd_process process = {.start_ms = 3};

        zdd_process_read(rows[i].text, 100000, &process);
        assert_int_equal(process.start_ms, rows[i].start_ms);
        assert_int_equal(process.approximate, rows[i].approximate);
        assert_int_equal(process.pid, strstr(rows[i].text, "Pid") ? 4711 : 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_target_is_a_balancer_with_a_name),
        cmocka_unit_test(a_young_look_is_shared_an_old_one_is_not),
        cmocka_unit_test(what_was_before_an_order_is_never_shown_after_it),
        cmocka_unit_test(all_balancers_are_asked_at_once),
        cmocka_unit_test(many_who_ask_at_once_share_one_look),
        cmocka_unit_test(one_that_is_down_does_not_hide_the_others),
        cmocka_unit_test(one_that_hangs_is_waited_for_once),
        cmocka_unit_test(one_that_hangs_makes_nobody_old),
        cmocka_unit_test(one_that_refuses_is_asked_each_time),
        cmocka_unit_test(when_all_are_down_the_first_reason_is_told),
        cmocka_unit_test(another_process_has_another_start),
        cmocka_unit_test(a_process_of_the_same_second_is_told_by_its_counters),
        cmocka_unit_test(a_process_of_the_same_second_is_told_by_its_pid),
        cmocka_unit_test(where_looks_count_an_unchanged_counter_is_another_process),
        cmocka_unit_test(a_balancer_that_does_not_tell_its_start_is_watched_by_its_counters),
        cmocka_unit_test(a_start_made_of_an_age_may_waver),
        cmocka_unit_test(the_start_of_a_later_process_is_later_whatever_its_age_says),
        cmocka_unit_test(a_reload_while_it_was_unreachable_is_noticed_too),
        cmocka_unit_test(a_host_name_stands_for_one_balancer_for_each_address),
        cmocka_unit_test(more_addresses_than_can_be_watched_are_not_left_out_in_silence),
        cmocka_unit_test(a_host_name_that_nobody_knows_is_a_balancer_that_cannot_be_asked),
        cmocka_unit_test(targets_that_are_none_are_named),
        cmocka_unit_test(the_start_of_a_process_is_found_in_each_form),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
