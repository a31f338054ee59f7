/**
 * @file tests/unit/server/router/test_presence.c
 * @brief Which balancers answer is known without a deployment, and never by waiting for them.
 */
#include "server/router/presence.h"

#include "server/base/clock.h"
#include "tests/support/spec.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>

#define WAIT_MS 20000

/* A router whose balancers answer or not. */
struct fake {
    pthread_mutex_t lock;
    pthread_cond_t looked;
    int looks;
    size_t count;
    bool here[2];
    bool no_memory;
};

static enum zdd_err observe(void *cls, const struct zdd_router_ask *asks, size_t count,
                            int64_t max_age_ms, struct zdd_router_view *ret_views,
                            char reason[static ZDD_ROUTER_REASON_SIZE])
{
    struct fake *fake = cls;
    enum zdd_err err = ZDD_ERR_ROUTER_DOWN;

    (void)asks;
    (void)max_age_ms;
    pthread_mutex_lock(&fake->lock);
    memset(ret_views, 0, count * sizeof(*ret_views));
    ret_views[0].balancer_count = fake->count;
    for (size_t i = 0; i < fake->count; i++) {
        snprintf(ret_views[0].balancer[i].name, ZDD_BALANCER_NAME_SIZE, "b%zu", i);
        ret_views[0].balancer[i].reachable = fake->here[i];
        err = fake->here[i] ? ZDD_ERR_NONE : err;
    }
    snprintf(reason, ZDD_ROUTER_REASON_SIZE, "they are away");
    if (fake->no_memory)
        err = ZDD_ERR_NO_MEMORY;
    fake->looks++;
    pthread_cond_broadcast(&fake->looked);
    pthread_mutex_unlock(&fake->lock);
    return err;
}

static const struct zdd_router_ops ops = {.name = "fake", .observe = observe};

/* The look that is under way, and a whole one after it. */
static void until_seen_anew(struct fake *fake)
{
    pthread_mutex_lock(&fake->lock);
    for (const int until = fake->looks + 2; fake->looks < until;)
        pthread_cond_wait(&fake->looked, &fake->lock);
    pthread_mutex_unlock(&fake->lock);
}

static void become(struct fake *fake, bool first, bool second)
{
    pthread_mutex_lock(&fake->lock);
    fake->here[0] = first;
    fake->here[1] = second;
    pthread_mutex_unlock(&fake->lock);
    until_seen_anew(fake);
}

static void assert_row(struct zdd_presence *presence, size_t balancers, size_t silent)
{
    struct zdd_presence_row rows[ZDD_PRESENCE_ROUTER_MAX];

    assert_int_equal(zdd_presence_read(presence, rows), 1);
    assert_string_equal(rows[0].router, "fake");
    assert_int_equal(rows[0].balancers, balancers);
    assert_int_equal(rows[0].silent, silent);
}

static void who_falls_silent_and_who_comes_back_is_counted(void **state)
{
    struct fake fake = {PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, .count = 2};
    const struct zdd_router router = {&ops, &fake};
    struct zdd_presence *presence = zdd_presence_start(&router, 1, 1);

    (void)state;
    assert_non_null(presence);
    become(&fake, false, false);
    assert_row(presence, 2, 2);
    become(&fake, true, false);
    assert_row(presence, 2, 1);
    become(&fake, true, true);
    assert_row(presence, 2, 0);
    assert_null(zdd_presence_free(presence));
}

static void a_router_that_cannot_tell_its_balancers_is_silent_itself(void **state)
{
    struct fake fake = {PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, .count = 0};
    const struct zdd_router router = {&ops, &fake};
    struct zdd_presence *presence = zdd_presence_start(&router, 1, 1);

    (void)state;
    until_seen_anew(&fake);
    assert_row(presence, 1, 1);
    zdd_presence_free(presence);
}

static void a_look_without_memory_changes_nothing(void **state)
{
    struct fake fake = {PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, .count = 1};
    const struct zdd_router router = {&ops, &fake};
    struct zdd_presence *presence = zdd_presence_start(&router, 1, 1);

    (void)state;
    become(&fake, false, false);
    pthread_mutex_lock(&fake.lock);
    fake.no_memory = true;
    pthread_mutex_unlock(&fake.lock);
    become(&fake, true, true);
    assert_row(presence, 1, 1);
    zdd_presence_free(presence);
}

static void it_ends_at_once_however_long_it_would_rest(void **state)
{
    struct fake fake = {PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, .count = 1};
    const struct zdd_router router = {&ops, &fake};
    const int64_t since_ms = zdd_mono_ms();

    (void)state;
    zdd_presence_free(zdd_presence_start(&router, 1, INT64_C(3600000)));
    assert_true(zdd_mono_ms() - since_ms < WAIT_MS);
    assert_true(fake.looks <= 1);
}

static void without_routers_there_is_nothing_to_say(void **state)
{
    struct zdd_presence_row rows[ZDD_PRESENCE_ROUTER_MAX];

    (void)state;
    assert_int_equal(zdd_presence_read(NULL, rows), 0);
    assert_null(zdd_presence_free(NULL));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(who_falls_silent_and_who_comes_back_is_counted),
        cmocka_unit_test(a_router_that_cannot_tell_its_balancers_is_silent_itself),
        cmocka_unit_test(a_look_without_memory_changes_nothing),
        cmocka_unit_test(it_ends_at_once_however_long_it_would_rest),
        cmocka_unit_test(without_routers_there_is_nothing_to_say),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
