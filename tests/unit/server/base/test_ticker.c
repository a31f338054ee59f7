/**
 * @file tests/unit/server/base/test_ticker.c
 * @brief One tick after the other, and an end that waits for no later one.
 */
#include "server/base/clock.h"
#include "server/base/ticker.h"
#include "tests/support/spec.h"

#include <pthread.h>

#define NEVER_MS (INT64_C(1000) * 3600 * 24 * 365)

struct counter {
    pthread_mutex_t lock;
    pthread_cond_t ticked;
    int count, until; /* what follows tick number `until` lies a year ahead */
    int64_t last_ms;
};

static int64_t count_up(void *cls)
{
    struct counter *counter = cls;
    int count;

    pthread_mutex_lock(&counter->lock);
    count = ++counter->count;
    counter->last_ms = zdd_mono_ms();
    pthread_cond_signal(&counter->ticked);
    pthread_mutex_unlock(&counter->lock);
    return count < counter->until ? 1 : NEVER_MS;
}

static void wait_for(struct counter *counter, int count)
{
    pthread_mutex_lock(&counter->lock);
    while (counter->count < count)
        pthread_cond_wait(&counter->ticked, &counter->lock);
    pthread_mutex_unlock(&counter->lock);
}

static void it_ticks_as_often_as_the_tick_says(void **state)
{
    struct counter counter = {PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, 0, 3, 0};
    struct zdd_ticker *ticker = zdd_ticker_start(count_up, &counter, 0);

    (void)state;
    assert_non_null(ticker);
    wait_for(&counter, 3);
    assert_null(zdd_ticker_free(ticker)); /* the year is not waited for */
    assert_int_equal(counter.count, 3);
}

static void the_first_tick_waits_too(void **state)
{
    struct counter counter = {PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, 0, 1, 0};
    struct zdd_ticker *ticker = zdd_ticker_start(count_up, &counter, NEVER_MS);

    (void)state;
    assert_null(zdd_ticker_free(ticker));
    assert_int_equal(counter.count, 0);
}

static void it_never_ticks_early(void **state)
{
    struct counter counter = {PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, 0, 1, 0};
    const int64_t begun_ms = zdd_mono_ms();
    struct zdd_ticker *ticker = zdd_ticker_start(count_up, &counter, 30);

    (void)state;
    wait_for(&counter, 1);
    zdd_ticker_free(ticker);
    assert_true(counter.last_ms >= begun_ms + 30);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_ticks_as_often_as_the_tick_says),
        cmocka_unit_test(the_first_tick_waits_too),
        cmocka_unit_test(it_never_ticks_early),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
