/**
 * @file tests/lab/proof/test_ways.c
 * @brief The ways a blue-green deployment can go, each under load: no request fails.
 */
#include "tests/support/spec.h"

#include "tests/lab/proof/proof.h"

#include <string.h>

#define SLOW_S 10   /* requests that take long */
#define TRIES_MAX 5 /* to catch a phase that is over before anybody has seen it */

static void at_once_all_requests_go_to_the_new_version(void **state)
{
    struct proof *proof = proof_open("cutover at once", 1, 0);

    (void)state;
    do {
        char id[E2E_ID_SIZE];

        proof_begin(proof, "{}", id);
        proof_ends(proof, id, "succeeded");
    } while (!proof_is_enough(proof));
    proof_close(proof);
}

static void step_by_step_the_new_version_takes_over(void **state)
{
    struct proof *proof = proof_open("cutover stepwise", 1, 0);

    (void)state;
    do {
        char id[E2E_ID_SIZE];

        proof_begin(proof, PROOF_STEPWISE, id);
        proof_ends(proof, id, "succeeded");
    } while (!proof_is_enough(proof));
    proof_close(proof);
}

static void after_the_cutover_all_requests_come_back(void **state)
{
    struct proof *proof = proof_open("rollback after the cutover", 1, 0);

    (void)state;
    do {
        char id[E2E_ID_SIZE];

        proof_begin(proof, "{\"keepOldSeconds\":300}", id);
        e2e_until(proof->site->e, id, "/phase", "keeping");
        site_serves(proof->site, proof_new(proof));
        proof_go_on(proof);
        e2e_command(proof->site->e, id, "rollback");
        proof_ends(proof, id, "rolled-back");
    } while (!proof_is_enough(proof));
    proof_close(proof);
}

/* Phases from which there is a way back, and how one comes to them. */
static const struct {
    const char *phase, *options;
} steps[] = {{"shifting", "{}"},
             {"applying", "{}"},
             {"rolling", "{}"},
             {"joining", "{}"},
             {"gated", "{\"promote\":\"manual\"}"},
             {"keeping", "{}"},
             {"draining", "{}"},
             {"leaving", PROOF_STEPWISE},
             {"shedding", PROOF_STEPWISE}};

/* @return true when the deployment was seen in that phase, and could still be aborted */
static bool abort_in(struct proof *proof, size_t step)
{
    char id[E2E_ID_SIZE];
    bool seen;
    bool aborted;

    proof_begin(proof, steps[step].options, id);
    seen = proof_next_phase(proof, id, &steps[step].phase, 0, 1) == 0;
    aborted = seen && e2e_try_command(proof->site->e, id, "abort");
    proof_ends(proof, id, aborted ? "canceled" : "succeeded");
    return aborted;
}

static void abort_in_each_step_leaves_the_old_version_whole(void **state)
{
    struct proof *proof = proof_open("abort in each step", 1, 0);

    (void)state;
    do {
        for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
            int tries = 0;

            while (!abort_in(proof, i) && ++tries < TRIES_MAX)
                ;
            assert_true(tries < TRIES_MAX);
        }
    } while (!proof_is_enough(proof));
    proof_close(proof);
}

static void slow_requests_end_before_the_old_version_goes(void **state)
{
    struct proof *proof = proof_open("slow requests across the drain", 1, SLOW_S);

    (void)state;
    do {
        char id[E2E_ID_SIZE];
        long before;

        proof_begin(proof, "{}", id);
        site_until_phase(proof->site, id, "draining");
        before = proof_answered_by(&proof->slow, proof_old(proof));
        site_until_phase(proof->site, id, "retiring");
        assert_true(proof_answered_by(&proof->slow, proof_old(proof)) > before);
        proof_ends(proof, id, "succeeded");
    } while (!proof_is_enough(proof));
    proof_close(proof);
}

static void requests_that_are_cut_are_counted(void **state)
{
    struct proof *proof = proof_open("requests cut on purpose", 1, SLOW_S / 2);
    char id[E2E_ID_SIZE];

    (void)state;
    proof_begin(proof, "{\"keepOldSeconds\":0,\"drainSeconds\":1,\"onDrainTimeout\":\"kill\"}", id);
    proof_ends(proof, id, "succeeded");
    assert_true(proof_close_counting(proof) > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(at_once_all_requests_go_to_the_new_version),
        cmocka_unit_test(step_by_step_the_new_version_takes_over),
        cmocka_unit_test(after_the_cutover_all_requests_come_back),
        cmocka_unit_test(abort_in_each_step_leaves_the_old_version_whole),
        cmocka_unit_test(slow_requests_end_before_the_old_version_goes),
        cmocka_unit_test(requests_that_are_cut_are_counted),
    };

    return cmocka_run_group_tests(tests, NULL, proof_print);
}
