/**
 * @file tests/lab/proof/trouble.c
 * @brief What may happen beside a deployment: its server dies, a balancer does, neighbours deploy.
 */
#include "tests/support/spec.h"

#include "tests/lab/proof/proof.h"

#include "server/base/clock.h"
#include "server/net/fetch.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define PAUSE_NS 5000000L
#define NEIGHBOUR_PORT "10098" /* of a service that nobody asks */
#define BRIEF_RELOADS_MS 1000
#define FULL_RELOADS_MS 5000

/* Kill and start the server again in each of these phases that can be caught, to the end of the
 * deployment. */
static void kill_in(struct proof *proof, const char *id, const struct proof_phases *phases)
{
    size_t at = proof_next_phase(proof, id, phases->name, 0, phases->count);

    while (at < phases->count) {
        e2e_kill(proof->site->e);
        e2e_boot(proof->site->e);
        phases->was_killed[at] = true;
        at = proof_next_phase(proof, id, phases->name, at + 1, phases->count);
    }
}

void proof_kill_through(struct proof *proof, const char *more, const struct proof_phases *phases)
{
    char id[E2E_ID_SIZE];

    proof_begin(proof, more, id);
    kill_in(proof, id, phases);
    proof_ends(proof, id, "succeeded");
}

void proof_kill_back(struct proof *proof, const char *more, const char *from,
                     const struct proof_phases *phases)
{
    char id[E2E_ID_SIZE];

    proof_begin(proof, more, id);
    e2e_until(proof->site->e, id, "/phase", from);
    e2e_command(proof->site->e, id, "rollback");
    kill_in(proof, id, phases);
    proof_ends(proof, id, "rolled-back");
}

size_t proof_missing(const struct proof_phases *phases)
{
    size_t missing = 0;

    for (size_t i = 0; i < phases->count; i++)
        missing += !phases->was_killed[i];
    return missing;
}

static void turn_second(struct proof *proof, bool on)
{
    assert_int_equal(lab_call(proof->site->stage->lab, "PUT", "/lab/balancers/2",
                              on ? "{\"running\":true}" : "{\"running\":false}", NULL),
                     200);
}

void proof_lose_second_in(struct proof *proof, const char *more, const char *phase)
{
    char id[E2E_ID_SIZE];

    proof_begin(proof, more, id);
    site_until_phase(proof->site, id, phase);
    turn_second(proof, false);
    proof_go_on(proof);
    turn_second(proof, true);
    proof_ends(proof, id, "succeeded");
}

struct proof_neighbour {
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
             "\"labels\":{\"HAPROXY_GROUP\":\"external\",\"HAPROXY_0_PORT\":\"" NEIGHBOUR_PORT
             "\",\"HAPROXY_0_MODE\":\"http\"}}",
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
    struct proof_neighbour *n = cls;
    struct zdd_fetch *fetch = zdd_fetch_new(&(struct zdd_fetch_auth){0});
    int64_t next_ms = zdd_mono_ms();
    int instances = 1;

    while (fetch && !atomic_load(&n->quit)) {
        if (zdd_mono_ms() < next_ms) {
            nanosleep(&(struct timespec){.tv_nsec = PAUSE_NS}, NULL);
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

struct proof_neighbour *proof_neighbour_start(const struct proof *proof)
{
    struct proof_neighbour *n = calloc(1, sizeof(*n));

    assert_non_null(n);
    n->interval_ms = proof->full ? FULL_RELOADS_MS : BRIEF_RELOADS_MS;
    snprintf(n->url, sizeof(n->url), "%s/v2/apps//neighbour", proof->site->stage->lab->run.url);
    assert_int_equal(pthread_create(&n->thread, NULL, grow_and_shrink, n), 0);
    return n;
}

void proof_neighbour_stop(struct proof_neighbour *n)
{
    atomic_store(&n->quit, true);
    pthread_join(n->thread, NULL);
    assert_int_equal(atomic_load(&n->failed), 0);
    free(n);
}
