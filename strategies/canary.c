/**
 * @file strategies/canary.c
 * @brief Canary: a small part of the requests goes to the new version, step by step more, and then
 * all of it.
 *
 *   adopt? shift 0, start n, join, (weight | pause | gate | verify | start, join)…,
 *   start all, join, shift 100, keep, drain, retire, settle
 *
 * How many instances the new version has and which share it gets are two things: weights see to the
 * share, whatever comes and goes. The old version is whole until all requests have gone over.
 */
#include "strategies/builtin.h"
#include "strategies/model/text.h"
#include "strategies/pair.h"
#include "strategies/pair_params.h"
#include "strategies/say.h"

#include <stddef.h>
#include <string.h>

#define LADDER_MAX 200 /* weights of one preset: more are refused long before */

enum { STEPS, INSTANCES, KEEP_OLD, DRAIN, ON_DRAIN_TIMEOUT, ROUTER, VERIFY };

static const struct zdd_param params[] = {
    [STEPS] = {.name = "steps",
               .kind = ZDD_PARAM_STEPS,
               .required = true,
               .min = 1,
               .max = ZDD_WISH_MAX,
               .text = "What happens between the start of the new version and its promotion, in "
                       "order; or one preset, which stands for such a list."},
    [INSTANCES] = {.name = "instances",
                   .kind = ZDD_PARAM_INT,
                   .min = 1,
                   .max = ZDD_INSTANCES_MAX,
                   .text = "Instances of the new version until a scale or the promotion; absent: "
                           "as many as the first weight needs for none of them to get more than "
                           "an old one, and with a preset as many as each of its weights needs."},
    [KEEP_OLD] = {.name = "keepOldSeconds",
                  .kind = ZDD_PARAM_INT,
                  .min = 0,
                  .max = ZDD_PAIR_SECONDS_MAX,
                  .fallback = ZDD_PAIR_KEEP_S,
                  .text = "How long the old instances stay after the new version has got all "
                          "requests, for an instant way back; absent: 300."},
    [DRAIN] = ZDD_PAIR_DRAIN_PARAM,
    [ON_DRAIN_TIMEOUT] = ZDD_PAIR_DRAIN_TIMEOUT_PARAM,
    [ROUTER] = ZDD_PAIR_ROUTER_PARAM,
    [VERIFY] = {.name = "verify",
                .kind = ZDD_PARAM_WATCH,
                .text = "Checks during all steps in which both versions get requests, beside those "
                        "that steps make."},
};

static bool is_given(const union zdd_option_value *options, size_t index)
{
    return zdd_option_is_given(&options[index]);
}

static int32_t ms_of(const union zdd_option_value *options, size_t index)
{
    return zdd_option_ms(&params[index], &options[index]);
}

/* So many that none of them gets more requests than an old one does now. */
static int32_t needed(const struct zdd_plan *plan, int32_t share)
{
    const int64_t parts = (int64_t)share * plan->old.instances;
    const int64_t count = (parts + ZDD_SHARE_ALL - 1) / ZDD_SHARE_ALL;

    if (count >= plan->target.instances)
        return plan->target.instances;
    return count < 1 ? 1 : (int32_t)count;
}

/* The first share that the new version gets; all when there is none but the promotion's. */
static int32_t first_share(const struct zdd_wishes *wishes)
{
    for (size_t i = 0; i < wishes->count; i++) {
        const struct zdd_wish *wish = &wishes->wish[i];

        if (wish->kind == ZDD_WISH_WEIGHT || wish->kind == ZDD_WISH_LINEAR ||
            wish->kind == ZDD_WISH_EXPONENTIAL)
            return wish->value;
    }
    return ZDD_SHARE_ALL;
}

static int32_t first_size(const union zdd_option_value *options, const struct zdd_plan *plan)
{
    return is_given(options, INSTANCES) ? zdd_option_number(&params[INSTANCES], &options[INSTANCES])
                                        : needed(plan, first_share(options[STEPS].wishes));
}

/* A program being written, or, without one, only counted. */
struct writing {
    const union zdd_option_value *options;
    const struct zdd_plan *plan;
    struct zdd_program *program;
    int32_t count;
    int32_t started;               /* instances of the new version so far */
    int32_t share;                 /* that it has so far */
    int32_t sets;                  /* of checks so far */
    int32_t asked, gate_count;     /* gates that were asked for, and all, so far */
    struct zdd_gates *gates;       /* being written; NULL: they are only counted */
    struct zdd_verifies *verifies; /* the same */
    size_t complaint_count;
    struct zdd_complaint *complaint; /* room for ZDD_COMPLAINT_MAX, while they are only counted */
};

static void complain(struct writing *w, struct zdd_complaint complaint, const char *pattern,
                     int32_t a, int32_t b)
{
    if (!w->complaint || w->complaint_count == ZDD_COMPLAINT_MAX)
        return;
    zdd_say(complaint.text, sizeof(complaint.text), pattern, a, b);
    w->complaint[w->complaint_count++] = complaint;
}

static void add(struct writing *w, enum zdd_step_kind kind, int32_t value)
{
    w->count++;
    if (w->program)
        zdd_program_add(w->program, kind, value);
}

static void grow(struct writing *w, int32_t size)
{
    if (size == w->started)
        return;
    add(w, ZDD_STEP_START, size);
    add(w, ZDD_STEP_JOIN, 0);
    w->started = size;
}

/* One weight of a preset, with the instances that it needs unless their number is given. */
static void add_rung(struct writing *w, int32_t share, int32_t every_ms)
{
    const int32_t size = needed(w->plan, share);

    if (!is_given(w->options, INSTANCES) && size > w->started)
        grow(w, size);
    add(w, ZDD_STEP_WEIGHT, share);
    w->share = share;
    if (every_ms > 0)
        add(w, ZDD_STEP_PAUSE, every_ms);
}

static void add_ladder(struct writing *w, const struct zdd_wish *wish)
{
    int32_t share = wish->value;

    for (int i = 0; i < LADDER_MAX && share < ZDD_SHARE_ALL; i++) {
        add_rung(w, share, wish->every_ms);
        share += wish->kind == ZDD_WISH_LINEAR ? wish->value : share;
    }
}

static void complain_of(struct writing *w, const struct zdd_wish *wish, const char *member,
                        const char *pattern)
{
    const ptrdiff_t index = wish - w->options[STEPS].wishes->wish;

    complain(w,
             (struct zdd_complaint){
                 .name = params[STEPS].name, .index = (int32_t)index, .member = member},
             pattern, w->started, w->plan->target.instances);
}

/* What serves is never taken away half-way: the new version only grows. */
static void add_scale(struct writing *w, const struct zdd_wish *wish)
{
    if (wish->value < w->started || wish->value > w->plan->target.instances)
        complain_of(w, wish, "scale", "must be from %1, which run then, to %2, all of the app");
    grow(w, wish->value);
}

static void add_weight(struct writing *w, const struct zdd_wish *wish)
{
    if (wish->value == ZDD_SHARE_ALL && w->started < w->plan->target.instances)
        complain_of(w, wish, "weight",
                    "must be below 100 while %1 of %2 instances run: what comes after the last "
                    "step gives all of them all requests");
    add(w, ZDD_STEP_WEIGHT, wish->value);
    w->share = wish->value;
}

static bool compares(const struct zdd_verify *verify)
{
    for (int32_t i = 0; i < verify->counted_count; i++) {
        if (verify->counted[i].worse_than_old)
            return true;
    }
    return false;
}

static void add_gate(struct writing *w, const struct zdd_gate *gate)
{
    w->gate_count++;
    if (w->gates)
        zdd_gates_add(w->gates, gate);
    add(w, ZDD_STEP_GATE, 0);
}

static bool is_asked_for(const struct zdd_gates *gates, const char *name)
{
    for (int32_t i = 0; i < gates->count; i++) {
        if (strcmp(gates->gate[i].name, name) == 0)
            return true;
    }
    return false;
}

/* @param wish  NULL: it is about the checks beside the steps */
static void complain_of_gate(struct writing *w, const struct zdd_wish *wish, const char *pattern)
{
    if (wish)
        complain_of(w, wish, "verify", pattern);
    else
        complain(w, (struct zdd_complaint){.name = params[VERIFY].name}, pattern, 0, 0);
}

/* The gate at which somebody decides when the n-th set of checks says too little: "verify-n". */
static void add_own_gate(struct writing *w, const struct zdd_wish *wish)
{
    struct zdd_gate gate = zdd_gate_plain();
    char *at = zdd_text_append(gate.name, "verify-");

    *zdd_text_append_number(at, w->sets) = '\0';
    if (is_asked_for(&w->options[STEPS].wishes->gates, gate.name))
        complain_of_gate(w, wish,
                         "asks at a gate of its own, verify-n for the n-th such step: no other "
                         "gate may be called so");
    else if (w->gate_count == ZDD_GATE_MAX)
        complain_of_gate(w, wish, "asks at a gate of its own, and there are 8 already");
    else
        add_gate(w, &gate);
}

/* Nobody is promoted of whom the checks beside the steps have never had enough requests: the last
 * thing before is a round of theirs, as a step. */
static void add_last_look(struct writing *w)
{
    const struct zdd_verify *beside = w->options[VERIFY].verify;
    struct zdd_verify last;

    if (!beside || beside->counted_count == 0 || w->share == 0 || w->share == ZDD_SHARE_ALL ||
        beside->on_inconclusive == ZDD_INCONCLUSIVE_PASSES)
        return;
    if (w->sets == ZDD_VERIFY_STEP_MAX) {
        complain_of_gate(w, NULL, "ends with a step that verifies, and there are 8 already");
        return;
    }
    last = *beside;
    last.rounds = 1;
    last.failure_limit = 0;
    w->sets++;
    if (w->verifies)
        zdd_verifies_add(w->verifies, &last);
    add(w, ZDD_STEP_VERIFY, last.rounds);
    if (last.on_inconclusive == ZDD_INCONCLUSIVE_GATES)
        add_own_gate(w, NULL);
}

/* Where a version gets no requests, there is nothing to count and nothing to compare with. */
static void add_verify(struct writing *w, const struct zdd_wish *wish)
{
    const struct zdd_verify *verify = &w->options[STEPS].wishes->verifies.step[w->sets++];

    if (verify->counted_count > 0 && w->share == 0)
        complain_of(w, wish, "verify",
                    "must come behind a weight above 0: haproxy measures requests, and the new "
                    "version gets none before");
    else if (compares(verify) && w->share == ZDD_SHARE_ALL)
        complain_of(w, wish, "verify",
                    "must come before the weight of 100: worseThanOld compares with an old version "
                    "that gets requests");
    add(w, ZDD_STEP_VERIFY, verify->rounds);
    if (verify->on_inconclusive == ZDD_INCONCLUSIVE_GATES)
        add_own_gate(w, wish);
}

static void add_wish(struct writing *w, const struct zdd_wish *wish)
{
    switch (wish->kind) {
    case ZDD_WISH_WEIGHT:
        add_weight(w, wish);
        break;
    case ZDD_WISH_PAUSE:
        add(w, ZDD_STEP_PAUSE, wish->value);
        break;
    case ZDD_WISH_GATE:
        add_gate(w, &w->options[STEPS].wishes->gates.gate[w->asked++]);
        break;
    case ZDD_WISH_VERIFY:
        add_verify(w, wish);
        break;
    case ZDD_WISH_SCALE:
        add_scale(w, wish);
        break;
    case ZDD_WISH_LINEAR:
    case ZDD_WISH_EXPONENTIAL:
        add_ladder(w, wish);
        break;
    case ZDD_WISH_KIND_COUNT:
        break;
    }
}

/* Without an old version there is nobody to share with: all of the new one starts. */
static void write_steps(struct writing *w)
{
    const struct zdd_wishes *wishes = w->options[STEPS].wishes;
    const bool has_old = *w->plan->pair.old_id != '\0';
    const int32_t keep_ms = ms_of(w->options, KEEP_OLD);

    if (w->plan->pair.must_adopt)
        add(w, ZDD_STEP_ADOPT, 0);
    if (has_old) {
        add(w, ZDD_STEP_SHIFT, 0);
        grow(w, first_size(w->options, w->plan));
        for (size_t i = 0; i < wishes->count; i++)
            add_wish(w, &wishes->wish[i]);
        add_last_look(w);
    }
    grow(w, w->plan->target.instances);
    if (has_old) {
        add(w, ZDD_STEP_SHIFT, ZDD_SHARE_ALL);
        if (keep_ms > 0)
            add(w, ZDD_STEP_KEEP, keep_ms);
        add(w, ZDD_STEP_DRAIN, 0);
        add(w, ZDD_STEP_RETIRE, 0);
    }
    add(w, ZDD_STEP_SETTLE, 0);
}

static size_t check(const union zdd_option_value *options, const struct zdd_plan *plan,
                    struct zdd_complaint ret_complaints[static ZDD_COMPLAINT_MAX])
{
    struct writing w = {.options = options, .plan = plan, .complaint = ret_complaints};

    if (!*plan->pair.old_id)
        return 0;
    if (first_size(options, plan) > plan->target.instances)
        complain(&w, (struct zdd_complaint){.name = params[INSTANCES].name},
                 "must be at most %1, the instances of the app", plan->target.instances, 0);
    write_steps(&w);
    if (w.complaint_count == 0 && w.count > ZDD_PROGRAM_MAX)
        complain(
            &w, (struct zdd_complaint){.name = params[STEPS].name},
            "must be fewer: with what is around them they come to %1 steps, and %2 is the most",
            w.count, ZDD_PROGRAM_MAX);
    return w.complaint_count;
}

static void write_program(const union zdd_option_value *options, struct zdd_plan *plan)
{
    struct writing w = {.options = options, .plan = plan, .program = &plan->program};

    plan->pair.drain_ms = ms_of(options, DRAIN);
    plan->pair.kill_undrained = options[ON_DRAIN_TIMEOUT].choice == 1;
    if (*plan->pair.old_id) {
        w.gates = &plan->gates;
        plan->verifies = options[STEPS].wishes->verifies;
        w.verifies = &plan->verifies;
        if (options[VERIFY].verify)
            plan->verifies.beside = *options[VERIFY].verify;
    }
    write_steps(&w);
}

const struct zdd_strategy zdd_canary = {
    .name = "canary",
    .text = "Give the new version a small share of the requests, wait, ask, give it more, and all "
            "in the end; the old one is whole until then.",
    .source = ZDD_TARGET_FROM_REQUEST,
    .params = params,
    .param_count = ZDD_COUNT(params),
    .rules = zdd_pair_rules,
    .rule_count = ZDD_PAIR_RULES,
    .check = check,
    .write_program = write_program,
};
