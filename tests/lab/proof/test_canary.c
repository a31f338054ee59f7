/**
 * @file tests/lab/proof/test_canary.c
 * @brief Canaries under load, to the end, back from each step, and with trouble: no request fails.
 */
#include "tests/support/spec.h"

#include "tests/lab/proof/proof.h"

#define KILL_ROUNDS_MAX 2
#define MISSING_MAX 4 /* some steps take 10 ms */
#define TRIES_MAX 5   /* to catch a phase that is over before anybody has seen it */

/* All kinds of steps, quickly. The gate opens by itself. */
#define STEPS                                                                                      \
    "{\"steps\":[{\"weight\":10},{\"pauseSeconds\":1},{\"scale\":2},{\"weight\":50},"              \
    "{\"gate\":\"go\",\"expiresSeconds\":1,\"onExpiry\":\"approve\"}]}"
/* One that stands until somebody says something. */
#define STANDING "{\"steps\":[{\"weight\":20},{\"gate\":\"go\"}]}"

static const char *const phases[] = {"shifting", "applying", "rolling", "joining", "weighing",
                                     "pausing",  "gated",    "keeping", "draining"};
#define PHASES (sizeof(phases) / sizeof(phases[0]))

static void a_good_canary_takes_all(void **state)
{
    struct proof *proof = proof_open("canary to the end", 1, 0);

    (void)state;
    do {
        char id[E2E_ID_SIZE];

        proof_begin(proof, STEPS, id);
        proof_ends(proof, id, "succeeded");
    } while (!proof_is_enough(proof));
    proof_close(proof);
}

/* @return true when the deployment was seen in that phase, and could still turn back */
static bool turn_back_in(struct proof *proof, const char *const *phase, const char *command)
{
    char id[E2E_ID_SIZE];
    bool seen;
    bool turned;

    proof_begin(proof, STEPS, id);
    seen = proof_next_phase(proof, id, phase, 0, 1) == 0;
    turned = seen && e2e_try_command(proof->site->e, id, command);
    proof_ends(proof, id, !turned ? "succeeded" : command[0] == 'a' ? "canceled" : "rolled-back");
    return turned;
}

/* Each phase by one of the two commands; in the long version by the other one in the next round. */
static void who_turns_back_in_any_step_has_the_old_version_whole(void **state)
{
    static const char *const commands[] = {"rollback", "abort"};
    struct proof *proof = proof_open("canary: rollback or abort in each step", 1, 0);
    size_t round = 0;

    (void)state;
    do {
        for (size_t i = 0; i < PHASES; i++) {
            int tries = 0;

            while (!turn_back_in(proof, &phases[i], commands[(i + round) % 2]) &&
                   ++tries < TRIES_MAX)
                ;
            assert_true(tries < TRIES_MAX);
        }
        round++;
    } while (!proof_is_enough(proof) || (proof->full && round < 2));
    proof_close(proof);
}

static void a_server_killed_in_each_step_costs_no_request(void **state)
{
    static const char *const back[] = {"returning", "clearing", "undoing"};
    enum { ON = PHASES, BACK = 3, ALL = ON + BACK };
    bool was_killed[ALL] = {0};
    const struct proof_phases all = {NULL, was_killed, ALL};
    struct proof *proof = proof_open("canary: server kill -9 in each step", 1, 0);
    int rounds = 0;

    (void)state;
    do {
        proof_kill_through(proof, STEPS, &(struct proof_phases){phases, was_killed, ON});
        proof_kill_back(proof, STANDING, "gated",
                        &(struct proof_phases){back, was_killed + ON, BACK});
    } while (!proof_is_enough(proof) || (proof_missing(&all) > 0 && ++rounds < KILL_ROUNDS_MAX));
    print_message("             killed in %zu of %d steps\n", ALL - proof_missing(&all), ALL);
    assert_true(proof_missing(&all) <= MISSING_MAX);
    proof_close(proof);
}

static void while_the_balancer_reloads_again_and_again(void **state)
{
    struct proof *proof = proof_open("canary: reloads all the time", 1, 0);
    struct proof_neighbour *neighbour = proof_neighbour_start(proof);
    const int64_t before = stage_number(proof->site->stage, 0, "reloads");
    int64_t own = 0;

    (void)state;
    do {
        char id[E2E_ID_SIZE];

        proof_begin(proof, STEPS, id);
        e2e_await(proof->site->e, id, "succeeded");
        proof->taken_over++;
        site_serves(proof->site, proof_old(proof));
        own += 4; /* the new app comes, grows twice, the old one goes */
    } while (!proof_is_enough(proof));
    proof_neighbour_stop(neighbour);
    assert_true(stage_number(proof->site->stage, 0, "reloads") > before + own);
    proof_close(proof);
}

static void one_of_two_balancers_stops_and_starts(void **state)
{
    static const char *const in[] = {"pausing", "weighing", "keeping", "joining", "gated"};
    struct proof *proof = proof_open("canary: one of two balancers stops", 2, 0);
    size_t round = 0;

    (void)state;
    do {
        proof_lose_second_in(proof, STEPS, in[round++ % (sizeof(in) / sizeof(in[0]))]);
    } while (!proof_is_enough(proof) || round < 2);
    proof_close(proof);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_good_canary_takes_all),
        cmocka_unit_test(who_turns_back_in_any_step_has_the_old_version_whole),
        cmocka_unit_test(a_server_killed_in_each_step_costs_no_request),
        cmocka_unit_test(while_the_balancer_reloads_again_and_again),
        cmocka_unit_test(one_of_two_balancers_stops_and_starts),
    };

    return cmocka_run_group_tests(tests, NULL, proof_print);
}
