/**
 * @file strategies/blue_green.c
 * @brief Blue-green: the new version starts beside the old one and takes over by weights.
 *
 *   at once:   adopt? shift 0, start, join, verify?, gate?, shift 100, keep, drain, retire, settle
 *   stepwise:  adopt? shift 0, start, join, verify?, gate?, spread, shed, (start, spread, shed)…,
 *              start, join, shift 100, drain, retire, settle
 *   hybrid:    … start, spread, shed, settle: both versions stay and serve alike
 *
 * At once, the new servers get no share until all of them are UP on every balancer; the old ones
 * stay hot behind a weight of 0 for keepOldSeconds, so that going back is one weight. Stepwise
 * costs less room: for each size of the new version as large a part of the old one goes.
 */
#include "strategies/builtin.h"
#include "strategies/pair.h"
#include "strategies/pair_params.h"
#include "strategies/pair_sizes.h"
#include "strategies/say.h"

#include <assert.h>
#include <string.h>

#define GROWTH_DEFAULT 1.5 /* that of zdd.py */
#define GROWTH_MAX 100

static const char *const promotes[] = {"auto", "manual", NULL};
static const char *const cutovers[] = {"at-once", "stepwise", NULL};

static const char *const takers[] = {"neither", "newer", "older", NULL};

enum {
    PROMOTE,
    KEEP_OLD,
    DRAIN,
    ON_DRAIN_TIMEOUT,
    ROUTER,
    TAKE_OVER,
    VERIFY,
    CUTOVER,
    INITIAL,
    GROWTH,
    LINEAR,
    NEW_INSTANCES
};

static const struct zdd_param params[] = {
    [PROMOTE] = {.name = "promote",
                 .kind = ZDD_PARAM_CHOICE,
                 .choices = promotes,
                 .text =
                     "auto switches as soon as every balancer can; manual waits for the command "
                     "promote."},
    [KEEP_OLD] = {.name = "keepOldSeconds",
                  .kind = ZDD_PARAM_INT,
                  .min = 0,
                  .max = ZDD_PAIR_SECONDS_MAX,
                  .fallback = ZDD_PAIR_KEEP_S,
                  .text = "How long the old instances stay after the switch, for an instant way "
                          "back; absent: 300, and 0 where they go one by one."},
    [DRAIN] = ZDD_PAIR_DRAIN_PARAM,
    [ON_DRAIN_TIMEOUT] = ZDD_PAIR_DRAIN_TIMEOUT_PARAM,
    [ROUTER] = ZDD_PAIR_ROUTER_PARAM,
    [TAKE_OVER] = {.name = "takeOver",
                   .kind = ZDD_PARAM_CHOICE,
                   .choices = takers,
                   .text = "When both apps of the pair exist already: newer finishes what was "
                           "begun, older goes back; appId alone names the pair then. neither, the "
                           "default, refuses two apps."},
    [VERIFY] = {.name = "verify",
                .kind = ZDD_PARAM_VERIFY,
                .text = "Checks of the new instances before they get any request: a page of each "
                        "instance, or what another service says."},
    [CUTOVER] = {.name = "cutover",
                 .kind = ZDD_PARAM_CHOICE,
                 .choices = cutovers,
                 .text = "at-once starts all new instances and switches all requests together; "
                         "stepwise exchanges a few instances at a time, which takes less room."},
    [INITIAL] = {.name = "initialInstances",
                 .kind = ZDD_PARAM_INT,
                 .min = 1,
                 .max = ZDD_INSTANCES_MAX,
                 .fallback = 1,
                 .text = "Stepwise: new instances to begin with; absent: 1."},
    [GROWTH] = {.name = "growth",
                .kind = ZDD_PARAM_REAL,
                .min = 1,
                .max = GROWTH_MAX,
                .text = "Stepwise: the factor by which the new version grows, by one instance at "
                        "least; absent: 1.5, which gives 1, 2, 3, 5, 8, 12."},
    [LINEAR] = {.name = "linearIncrease",
                .kind = ZDD_PARAM_INT,
                .min = 1,
                .max = ZDD_INSTANCES_MAX,
                .text = "Stepwise: so many new instances more each time, instead of growth."},
    [NEW_INSTANCES] = {.name = "newInstances",
                       .kind = ZDD_PARAM_INT,
                       .min = 1,
                       .max = ZDD_INSTANCES_MAX - 1,
                       .text = "Stop at so many new instances: they and the rest of the old ones "
                               "stay and serve alike."},
};

static bool is_given(const union zdd_option_value *options, size_t index)
{
    return zdd_option_is_given(&options[index]);
}

static int32_t number_of(const union zdd_option_value *options, size_t index)
{
    return zdd_option_number(&params[index], &options[index]);
}

static int32_t ms_of(const union zdd_option_value *options, size_t index)
{
    return zdd_option_ms(&params[index], &options[index]);
}

static bool is_stepwise(const union zdd_option_value *options)
{
    return options[CUTOVER].choice == 1;
}

static bool has_growth(const union zdd_option_value *options)
{
    return options[GROWTH].real >= 1; /* not a number when absent */
}

/* New instances in the end: all that are wanted, or as many as shall stand beside old ones. */
static int32_t last_size(const union zdd_option_value *options, const struct zdd_plan *plan)
{
    return is_given(options, NEW_INSTANCES) ? number_of(options, NEW_INSTANCES)
                                            : plan->target.instances;
}

/* Without old instances there is nothing to exchange them for. */
static bool find_sizes(const union zdd_option_value *options, const struct zdd_plan *plan,
                       struct zdd_sizes *ret_sizes)
{
    const int32_t last = last_size(options, plan);
    struct zdd_growth growth = {.first = number_of(options, INITIAL),
                                .factor =
                                    has_growth(options) ? options[GROWTH].real : GROWTH_DEFAULT,
                                .linear = number_of(options, LINEAR)};

    if (!is_stepwise(options) || plan->old.instances == 0 || last == 0) {
        *ret_sizes = (struct zdd_sizes){.count = 1, .size = {last}};
        return true;
    }
    return zdd_sizes_of(&growth, last, ret_sizes);
}

struct complaints {
    size_t count;
    struct zdd_complaint *complaint;
};

static void complain(struct complaints *list, size_t index, const char *pattern, int32_t number)
{
    struct zdd_complaint *c = &list->complaint[list->count];

    assert(list->count < ZDD_COMPLAINT_MAX);
    *c = (struct zdd_complaint){.name = params[index].name};
    zdd_say(c->text, sizeof(c->text), pattern, number, ZDD_SIZES_MAX);
    list->count++;
}

static void check_growth(const union zdd_option_value *options, struct complaints *list)
{
    static const size_t of_stepwise[] = {INITIAL, LINEAR};

    for (size_t i = 0; i < ZDD_COUNT(of_stepwise) && !is_stepwise(options); i++) {
        if (is_given(options, of_stepwise[i]))
            complain(list, of_stepwise[i], "must be left out, or cutover must be stepwise", 0);
    }
    if (!is_stepwise(options) && has_growth(options))
        complain(list, GROWTH, "must be left out, or cutover must be stepwise", 0);
    else if (has_growth(options) && is_given(options, LINEAR))
        complain(list, GROWTH, "must be left out beside linearIncrease, which says the same", 0);
}

/* Where both apps exist there is nothing to begin with few of. */
static void check_taking_over(const union zdd_option_value *options, const struct zdd_plan *plan,
                              struct complaints *list)
{
    if (plan->seen.exists && is_stepwise(options))
        complain(list, CUTOVER, "must be at-once where takeOver names an app that is there", 0);
    if (plan->seen.exists && is_given(options, NEW_INSTANCES))
        complain(list, NEW_INSTANCES, "must be left out where takeOver names an app that is there",
                 0);
}

static void check_end(const union zdd_option_value *options, const struct zdd_plan *plan,
                      struct complaints *list)
{
    const bool hybrid = is_given(options, NEW_INSTANCES);

    if (hybrid && !*plan->pair.old_id)
        complain(list, NEW_INSTANCES, "must be left out: there is no old version to stay", 0);
    else if (hybrid && number_of(options, NEW_INSTANCES) >= plan->target.instances)
        complain(list, NEW_INSTANCES,
                 "must be below the %1 instances of the app; leave it out to replace all",
                 plan->target.instances);
    if ((hybrid || is_stepwise(options)) && is_given(options, KEEP_OLD) &&
        number_of(options, KEEP_OLD) > 0)
        complain(list, KEEP_OLD, "must be 0 or left out: the old instances go as the new ones come",
                 0);
}

static size_t check(const union zdd_option_value *options, const struct zdd_plan *plan,
                    struct zdd_complaint ret_complaints[static ZDD_COMPLAINT_MAX])
{
    struct complaints list = {.complaint = ret_complaints};
    struct zdd_sizes sizes;

    check_growth(options, &list);
    check_end(options, plan, &list);
    check_taking_over(options, plan, &list);
    if (list.count == 0 && !find_sizes(options, plan, &sizes))
        complain(&list, is_given(options, LINEAR) ? LINEAR : GROWTH,
                 "must be larger: it needs more than %2 sizes to come to %1 instances",
                 last_size(options, plan));
    return list.count;
}

static void begin_program(const union zdd_option_value *options, int32_t size,
                          struct zdd_plan *plan)
{
    const bool has_old = *plan->pair.old_id != '\0';

    if (plan->pair.must_adopt)
        zdd_program_add(&plan->program, ZDD_STEP_ADOPT, 0);
    if (has_old && !plan->seen.exists) /* who takes over serves already, and goes on */
        zdd_program_add(&plan->program, ZDD_STEP_SHIFT, 0);
    zdd_program_add(&plan->program, ZDD_STEP_START, size);
    zdd_program_add(&plan->program, ZDD_STEP_JOIN, 0);
    if (options[VERIFY].verify) {
        zdd_verifies_add(&plan->verifies, options[VERIFY].verify);
        zdd_program_add(&plan->program, ZDD_STEP_VERIFY, options[VERIFY].verify->rounds);
    }
    if (has_old && options[PROMOTE].choice == 1) {
        const struct zdd_gate gate = zdd_gate_plain();

        zdd_gates_add(&plan->gates, &gate);
        zdd_program_add(&plan->program, ZDD_STEP_GATE, 0);
    }
}

/* The instances that are there serve alike, and as large a part of the old ones goes. */
static void exchange(struct zdd_plan *plan, int32_t size)
{
    const int32_t last = plan->program.count;
    const int32_t now = zdd_program_stay(&plan->program, last);
    const int32_t stay = zdd_sizes_stay(plan->old.instances, size, plan->target.instances);

    zdd_program_add(&plan->program, ZDD_STEP_SPREAD, 0);
    if (stay < plan->old.instances && stay < now)
        zdd_program_add(&plan->program, ZDD_STEP_SHED, stay);
}

static void switch_over(struct zdd_program *program, int32_t keep_ms)
{
    zdd_program_add(program, ZDD_STEP_SHIFT, ZDD_SHARE_ALL);
    if (keep_ms > 0)
        zdd_program_add(program, ZDD_STEP_KEEP, keep_ms);
    zdd_program_add(program, ZDD_STEP_DRAIN, 0);
    zdd_program_add(program, ZDD_STEP_RETIRE, 0);
}

static void write_program(const union zdd_option_value *options, struct zdd_plan *plan)
{
    struct zdd_program *program = &plan->program;
    const bool hybrid = is_given(options, NEW_INSTANCES);
    const bool keeps_hot = !is_stepwise(options) && !hybrid;
    struct zdd_sizes sizes;
    const bool fits = find_sizes(options, plan, &sizes);

    assert(fits && "check() refuses what does not");
    plan->pair.drain_ms = ms_of(options, DRAIN);
    plan->pair.kill_undrained = options[ON_DRAIN_TIMEOUT].choice == 1;
    begin_program(options, sizes.size[0], plan);
    for (int32_t i = 0; i < sizes.count; i++) {
        const bool last = i + 1 == sizes.count;

        if (i > 0)
            zdd_program_add(program, ZDD_STEP_START, sizes.size[i]);
        if (!last || hybrid)
            exchange(plan, sizes.size[i]);
        else if (i > 0)
            zdd_program_add(program, ZDD_STEP_JOIN, 0);
    }
    if (*plan->pair.old_id && !hybrid)
        switch_over(program, keeps_hot ? ms_of(options, KEEP_OLD) : 0);
    zdd_program_add(program, ZDD_STEP_SETTLE, 0);
}

const struct zdd_strategy zdd_blue_green = {
    .name = "blue-green",
    .text = "Start the new version beside the old one; switch all requests at once and keep the "
            "old one hot for a while, or exchange the instances step by step.",
    .source = ZDD_TARGET_FROM_REQUEST,
    .params = params,
    .param_count = ZDD_COUNT(params),
    .rules = zdd_pair_rules,
    .rule_count = ZDD_PAIR_RULES,
    .check = check,
    .write_program = write_program,
};
