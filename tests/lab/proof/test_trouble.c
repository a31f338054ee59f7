/**
 * @file tests/lab/proof/test_trouble.c
 * @brief What may happen beside a blue-green deployment, under load: no request fails.
 */
#include "tests/support/spec.h"

#include "tests/lab/proof/proof.h"

#define KILL_ROUNDS_MAX 2
#define MISSING_MAX 3 /* some steps take 10 ms: tests/fault has them all */

static void a_server_killed_in_each_step_costs_no_request(void **state)
{
    static const char *const at_once[] = {"shifting", "applying", "rolling",  "joining",
                                          "keeping",  "draining", "retiring", "settling"};
    static const char *const stepwise[] = {"leaving", "shedding"};
    static const char *const back[] = {"returning", "clearing", "undoing"};
    enum { AT_ONCE = 8, STEPWISE = 2, BACK = 3, ALL = AT_ONCE + STEPWISE + BACK };
    bool was_killed[ALL] = {0};
    const struct proof_phases all = {NULL, was_killed, ALL};
    struct proof *proof = proof_open("server kill -9 in each step", 1, 0);
    int rounds = 0;

    (void)state;
    do {
        proof_kill_through(proof, "{}", &(struct proof_phases){at_once, was_killed, AT_ONCE});
        proof_kill_through(proof, PROOF_STEPWISE,
                           &(struct proof_phases){stepwise, was_killed + AT_ONCE, STEPWISE});
        proof_kill_back(proof, "{\"keepOldSeconds\":300}", "keeping",
                        &(struct proof_phases){back, was_killed + AT_ONCE + STEPWISE, BACK});
    } while (!proof_is_enough(proof) || (proof_missing(&all) > 0 && ++rounds < KILL_ROUNDS_MAX));
    print_message("             killed in %zu of %d steps\n", ALL - proof_missing(&all), ALL);
    assert_true(proof_missing(&all) <= MISSING_MAX);
    proof_close(proof);
}

static void while_the_balancer_reloads_again_and_again(void **state)
{
    struct proof *proof = proof_open("reloads all the time", 1, 0);
    struct proof_neighbour *neighbour;
    const int64_t before = stage_number(proof->site->stage, 0, "reloads");
    int64_t own = 0;

    (void)state;
    neighbour = proof_neighbour_start(proof);
    do {
        char id[E2E_ID_SIZE];

        proof_begin(proof, "{}", id);
        e2e_await(proof->site->e, id, "succeeded");
        proof->taken_over++;
        site_serves(proof->site, proof_old(proof));
        own += 2; /* the new app comes, the old one goes */
    } while (!proof_is_enough(proof));
    proof_neighbour_stop(neighbour);
    assert_true(stage_number(proof->site->stage, 0, "reloads") > before + own);
    proof_close(proof);
}

static void one_of_two_balancers_stops_and_starts(void **state)
{
    static const char *const phases[] = {"joining", "shifting", "keeping", "draining"};
    struct proof *proof = proof_open("one of two balancers stops and starts", 2, 0);
    size_t round = 0;

    (void)state;
    do {
        proof_lose_second_in(proof, "{}", phases[round++ % (sizeof(phases) / sizeof(phases[0]))]);
        proof_lose_second_in(proof, "{}", phases[round++ % (sizeof(phases) / sizeof(phases[0]))]);
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
