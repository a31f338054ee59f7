/**
 * @file server/api/trial_json.c
 * @brief Counts and rounds, for programs and for people.
 */
#include "server/api/trial_json.h"

#include "strategies/judge/suspicion.h"
#include "strategies/judge/trial.h"

#include <inttypes.h>
#include <math.h>

#define US_OF_MS 1000.0

static double failed_percent(const struct zdd_window *window)
{
    return window->requests > 0 ? 100.0 * (double)window->failures / (double)window->requests : 0;
}

/* The checks whose rounds are made now, or were made last. */
static int32_t set_of(const struct zdd_plan *plan, const struct zdd_run *run)
{
    return run->phase == ZDD_PHASE_VERIFYING || plan->verifies.beside.rounds == 0
               ? run->verify_set
               : ZDD_VERIFY_BESIDE;
}

static const char *record_of(const struct zdd_run *run, int32_t set)
{
    return set == ZDD_VERIFY_BESIDE ? run->trial.rounds : run->rounds;
}

static void write_side(struct zdd_writer *w, const char *key, const struct zdd_tried *side)
{
    zdd_w_object(w, key);
    zdd_w_int(w, "requests", side->all.requests);
    zdd_w_int(w, "failures", side->all.failures);
    zdd_w_int(w, "refused", side->all.refused);
    zdd_w_real(w, "failedPercent", round(1000 * failed_percent(&side->all)) / 1000);
    zdd_w_real(w, "responseMs", (double)side->answer_us / US_OF_MS);
    zdd_w_end_object(w);
}

static void write_rounds(struct zdd_writer *w, const struct zdd_plan *plan,
                         const struct zdd_run *run)
{
    const int32_t set = set_of(plan, run);
    const struct zdd_rounds sum = zdd_rounds_of(record_of(run, set));
    const struct zdd_verify *verify = zdd_verifies_set(&plan->verifies, set);

    zdd_w_object(w, "rounds");
    zdd_w_bool(w, "beside", set == ZDD_VERIFY_BESIDE);
    zdd_w_int(w, "made", set == ZDD_VERIFY_BESIDE ? run->trial.round_count : run->round_count);
    zdd_w_int(w, "passed", sum.passed);
    zdd_w_int(w, "failed", sum.failed);
    zdd_w_int(w, "inconclusive", sum.inconclusive);
    zdd_w_int(w, "wanted", verify->rounds);
    zdd_w_int(w, "sample", run->trial.new_side.round[zdd_trial_kind(set)].requests);
    zdd_w_int(w, "minRequests", verify->min_requests);
    zdd_w_text(w, "text", *run->measured ? run->measured : NULL);
    zdd_w_end_object(w);
}

void zdd_w_trial(struct zdd_writer *w, const struct zdd_plan *plan, const struct zdd_run *run)
{
    const struct zdd_trial *trial = &run->trial;

    if (trial->since_ms == 0) {
        zdd_w_null(w, "verify");
        return;
    }
    zdd_w_object(w, "verify");
    zdd_w_time(w, "since", trial->since_ms);
    zdd_w_time(w, "until", trial->until_ms);
    write_side(w, "new", &trial->new_side);
    write_side(w, "old", &trial->old_side);
    zdd_w_real(w, "odds",
               round(10 * fmin(zdd_suspicion_odds(&trial->errors), ZDD_ODDS_SHOWN_MAX)) / 10);
    write_rounds(w, plan, run);
    zdd_w_end_object(w);
}

static void say_side(struct zdd_buf *buf, const char *name, const struct zdd_tried *side)
{
    zdd_buf_printf(buf,
                   "the %s version %" PRId64 " requests, of which %" PRId64 " failed (%.2f %%)",
                   name, side->all.requests, side->all.failures, failed_percent(&side->all));
}

static void say_rounds(struct zdd_buf *buf, const struct zdd_plan *plan, const struct zdd_run *run)
{
    const int32_t set = set_of(plan, run);
    const struct zdd_verify *verify = zdd_verifies_set(&plan->verifies, set);
    const struct zdd_rounds sum = zdd_rounds_of(record_of(run, set));

    if (verify->rounds == 0)
        return;
    zdd_buf_printf(buf, "Of its last %d rounds of checks %d passed, %d failed and %d said nothing.",
                   (int)sum.done, (int)sum.passed, (int)sum.failed,
                   (int)(sum.done - sum.passed - sum.failed));
    if (verify->counted_count > 0)
        zdd_buf_printf(buf, " The present one has %" PRId64 " of %d requests.",
                       run->trial.new_side.round[zdd_trial_kind(set)].requests,
                       (int)verify->min_requests);
    if (*run->measured)
        zdd_buf_printf(buf, " Not well last: %s.", run->measured);
    zdd_buf_text(buf, "\n");
}

void zdd_trial_say(struct zdd_buf *buf, const struct zdd_plan *plan, const struct zdd_run *run)
{
    const struct zdd_trial *trial = &run->trial;

    if (trial->since_ms == 0)
        return;
    zdd_buf_text(buf, "Since both get requests the balancers have counted of ");
    say_side(buf, "new", &trial->new_side);
    zdd_buf_text(buf, ", of ");
    say_side(buf, "old", &trial->old_side);
    zdd_buf_text(buf, ".\n");
    say_rounds(buf, plan, run);
}
