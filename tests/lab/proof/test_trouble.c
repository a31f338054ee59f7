/**
 * @file tests/lab/proof/test_trouble.c
 * @brief What may happen beside a blue-green deployment, under load: no request fails.
 */
#include "tests/support/spec.h"

#include "tests/lab/proof/proof.h"

#include "server/base/clock.h"
#include "server/net/fetch.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#define PAUSE_NS 5000000L
#define KILL_ROUNDS_MAX 2
#define MISSING_MAX 3 /* some steps take 10 ms: tests/fault has them all */

static void pause_shortly(void)
{
    nanosleep(&(struct timespec){.tv_nsec = PAUSE_NS}, NULL);
}

/* Kill and start the server again in each of the phases that can be caught, and note which. */
static void kill_in_each(struct proof *proof, const char *id, const char *const *phases,
                         size_t count, bool *was_killed)
{
    size_t at = proof_next_phase(proof, id, phases, 0, count);

    while (at < count) {
        e2e_kill(proof->site->e);
        e2e_boot(proof->site->e);
        was_killed[at] = true;
        at = proof_next_phase(proof, id, phases, at + 1, count);
    }
}

static size_t missing(const bool *flags, size_t count)
{
    size_t set = 0;

    for (size_t i = 0; i < count; i++)
        set += flags[i];
    return count - set;
}

/* One deployment whose server is killed in each of these phases. */
static void kill_through(struct proof *proof, const char *options, const char *const *phases,
                         size_t count, bool *was_killed)
{
    char id[E2E_ID_SIZE];

    proof_begin(proof, options, id);
    kill_in_each(proof, id, phases, count, was_killed);
    proof_ends(proof, id, "succeeded");
}

static void kill_on_the_way_back(struct proof *proof, const char *const *phases, size_t count,
                                 bool *was_killed)
{
    char id[E2E_ID_SIZE];

    proof_begin(proof, "{\"keepOldSeconds\":300}", id);
    e2e_until(proof->site->e, id, "/phase", "keeping");
    e2e_command(proof->site->e, id, "rollback");
    kill_in_each(proof, id, phases, count, was_killed);
    proof_ends(proof, id, "rolled-back");
}

static void a_server_killed_in_each_step_costs_no_request(void **state)
{
    static const char *const at_once[] = {"shifting", "applying", "rolling",  "joining",
                                          "keeping",  "draining", "retiring", "settling"};
    static const char *const stepwise[] = {"leaving", "shedding"};
    static const char *const back[] = {"returning", "clearing", "undoing"};
    enum { AT_ONCE = 8, STEPWISE = 2, BACK = 3, ALL = AT_ONCE + STEPWISE + BACK };
    bool was_killed[ALL] = {0};
    struct proof *proof = proof_open("server kill -9 in each step", 1, 0);
    int rounds = 0;

    (void)state;
    do {
        kill_through(proof, "{}", at_once, AT_ONCE, was_killed);
        kill_through(proof, PROOF_STEPWISE, stepwise, STEPWISE, was_killed + AT_ONCE);
        kill_on_the_way_back(proof, back, BACK, was_killed + AT_ONCE + STEPWISE);
    } while (!proof_is_enough(proof) ||
             (missing(was_killed, ALL) > 0 && ++rounds < KILL_ROUNDS_MAX));
    print_message("             killed in %zu of %d steps\n", ALL - missing(was_killed, ALL), ALL);
    assert_true(missing(was_killed, ALL) <= MISSING_MAX);
    proof_close(proof);
}

/* Somebody else's deployments, each of which makes the balancers reload. */
struct neighbour {
    char url[200];
    int64_t interval_ms;
    pthread_t thread;
    atomic_bool quit;
    atomic_int failed; /* PUTs that Marathon did not take */
};

static bool resize(struct zdd_fetch *fetch, const char *url, int instances)
{
    struct zdd_answer answer = {0};
    char body[700];
    char reason[200];
    long status;

    snprintf(body, sizeof(body),
             "{\"instances\":%d,\"cpus\":0.1,\"mem\":32,\"container\":{\"type\":\"DOCKER\","
             "\"docker\":{\"image\":\"mhausenblas/simpleservice:0.4.0\"}},"
             "\"networks\":[{\"mode\":\"host\"}],\"portDefinitions\":[{\"port\":0}],"
             "\"labels\":{\"HAPROXY_GROUP\":\"external\",\"HAPROXY_0_PORT\":\"10099\","
             "\"HAPROXY_0_MODE\":\"http\"}}",
             instances);
    if (zdd_fetch_send(fetch,
                       &(struct zdd_request){
                           .method = "PUT", .url = url, .body = body, .timeout_ms = LAB_WAIT_MS},
                       &answer, reason) != ZDD_ERR_NONE)
        return false;
    status = answer.status;
    zdd_answer_release(&answer);
    return status / 100 == 2;
}

static void *grow_and_shrink(void *cls)
{
    struct neighbour *n = cls;
    struct zdd_fetch *fetch = zdd_fetch_new(&(struct zdd_fetch_auth){0});
    int64_t next_ms = zdd_mono_ms();
    int instances = 1;

    while (fetch && !atomic_load(&n->quit)) {
        if (zdd_mono_ms() < next_ms) {
            pause_shortly();
            continue;
        }
        next_ms += n->interval_ms;
        instances = 3 - instances;
        if (!resize(fetch, n->url, instances))
            atomic_fetch_add(&n->failed, 1);
    }
    zdd_fetch_free(fetch);
    return NULL;
}

static void while_the_balancer_reloads_again_and_again(void **state)
{
    struct proof *proof = proof_open("reloads all the time", 1, 0);
    struct neighbour neighbour = {.interval_ms = proof->full ? 5000 : 1000};
    const int64_t before = stage_number(proof->site->stage, 0, "reloads");
    int64_t own = 0;

    (void)state;
    snprintf(neighbour.url, sizeof(neighbour.url), "%s/v2/apps//neighbour",
             proof->site->stage->lab->run.url);
    assert_int_equal(pthread_create(&neighbour.thread, NULL, grow_and_shrink, &neighbour), 0);
    do {
        char id[E2E_ID_SIZE];

        proof_begin(proof, "{}", id);
        e2e_await(proof->site->e, id, "succeeded");
        proof->taken_over++;
        site_serves(proof->site, proof_old(proof));
        own += 2; /* the new app comes, the old one goes */
    } while (!proof_is_enough(proof));
    atomic_store(&neighbour.quit, true);
    pthread_join(neighbour.thread, NULL);
    assert_int_equal(atomic_load(&neighbour.failed), 0);
    assert_true(stage_number(proof->site->stage, 0, "reloads") > before + own);
    proof_close(proof);
}

static void turn_second(struct proof *proof, bool on)
{
    assert_int_equal(lab_call(proof->site->stage->lab, "PUT", "/lab/balancers/2",
                              on ? "{\"running\":true}" : "{\"running\":false}", NULL),
                     200);
}

/* One deployment in whose @p phase the second balancer's host goes down for a while. Until it is
 * back nothing goes on that all balancers have to agree to. */
static void lose_second_in(struct proof *proof, const char *phase)
{
    char id[E2E_ID_SIZE];

    proof_begin(proof, "{}", id);
    site_until_phase(proof->site, id, phase);
    turn_second(proof, false);
    proof_go_on(proof);
    turn_second(proof, true);
    proof_ends(proof, id, "succeeded");
}

static void one_of_two_balancers_stops_and_starts(void **state)
{
    static const char *const phases[] = {"joining", "shifting", "keeping", "draining"};
    struct proof *proof = proof_open("one of two balancers stops and starts", 2, 0);
    size_t round = 0;

    (void)state;
    do {
        lose_second_in(proof, phases[round++ % (sizeof(phases) / sizeof(phases[0]))]);
        lose_second_in(proof, phases[round++ % (sizeof(phases) / sizeof(phases[0]))]);
    } while (!proof_is_enough(proof));
    proof_close(proof);
}

static void a_sick_version_never_answers_anybody(void **state)
{
    struct proof *proof = proof_open("an unhealthy green", 1, 0);

    (void)state;
    do {
        json_t *request = site_blue_green(site_app(proof_new(proof), "/no-such-path"), SITE_QUICK);
        char id[E2E_ID_SIZE];

        json_object_set_new(request, "deadlineSeconds", json_integer(4));
        e2e_deploy(proof->site->e, request, id);
        proof_ends(proof, id, "rolled-back");
        assert_int_equal(proof_answered_by(&proof->kept, proof_new(proof)), 0);
        assert_int_equal(proof_answered_by(&proof->fresh, proof_new(proof)), 0);
        assert_int_equal(proof_answered_by(&proof->slow, proof_new(proof)), 0);
    } while (!proof_is_enough(proof));
    proof_close(proof);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_server_killed_in_each_step_costs_no_request),
        cmocka_unit_test(while_the_balancer_reloads_again_and_again),
        cmocka_unit_test(a_sick_version_never_answers_anybody),
        cmocka_unit_test(one_of_two_balancers_stops_and_starts),
    };

    return cmocka_run_group_tests(tests, NULL, proof_print);
}
