/**
 * @file strategies/blue_green.c
 * @brief Blue-green: the new version starts beside the old one, and one switch moves all requests.
 *
 *   adopt? shift 0, start, join, verify?, gate?, shift 100, keep, drain, retire, settle
 *
 * The new servers get no share until all of them are UP on every balancer; the old
 * ones stay hot behind a weight of 0 for keepOldSeconds, so that going back is one weight.
 */
#include "strategies/builtin.h"
#include "strategies/pair.h"

#define MS_OF_S 1000
#define SECONDS_MAX 86400

/* marathon-lb is the default; which of them a server has, it knows itself. */
static const char *const routers[] = {"marathon-lb", "haproxy", "vamp", "instances", "none", NULL};
static const char *const promotes[] = {"auto", "manual", NULL};
static const char *const drain_timeouts[] = {"hold", "kill", NULL};

static const char *const takers[] = {"neither", "newer", "older", NULL};

enum { PROMOTE, KEEP_OLD, DRAIN, ON_DRAIN_TIMEOUT, ROUTER, TAKE_OVER, VERIFY };

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
                  .max = SECONDS_MAX,
                  .fallback = 300,
                  .text = "How long the old instances stay after the switch, for an instant way "
                          "back; absent: 300."},
    [DRAIN] = {.name = "drainSeconds",
               .kind = ZDD_PARAM_INT,
               .min = 1,
               .max = SECONDS_MAX,
               .fallback = 300,
               .text = "How long a request under way may take to end before its instance goes; "
                       "absent: 300."},
    [ON_DRAIN_TIMEOUT] = {.name = "onDrainTimeout",
                          .kind = ZDD_PARAM_CHOICE,
                          .choices = drain_timeouts,
                          .text = "When requests take longer: hold waits for an operator, kill "
                                  "removes the old instances all the same."},
    [ROUTER] = {.name = "router",
                .kind = ZDD_PARAM_CHOICE,
                .choices = routers,
                .text =
                    "Who moves the requests: marathon-lb, by the weights that its balancers ask "
                    "this server for. The others are refused with the reason."},
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
};

/* An option in seconds, which may be absent. */
static int32_t ms_of(const union zdd_option_value *options, size_t index)
{
    const int64_t given = options[index].integer;

    return (int32_t)(given == INT64_MIN ? params[index].fallback : given) * MS_OF_S;
}

static void write_program(const union zdd_option_value *options, struct zdd_plan *plan)
{
    struct zdd_program *program = &plan->program;
    const bool has_old = *plan->pair.old_id != '\0';

    const int32_t keep_ms = ms_of(options, KEEP_OLD);

    plan->pair.drain_ms = ms_of(options, DRAIN);
    plan->pair.kill_undrained = options[ON_DRAIN_TIMEOUT].choice == 1;
    if (plan->pair.must_adopt)
        zdd_program_add(program, ZDD_STEP_ADOPT, 0);
    if (has_old && !plan->seen.exists) /* who takes over serves already, and goes on */
        zdd_program_add(program, ZDD_STEP_SHIFT, 0);
    zdd_program_add(program, ZDD_STEP_START, plan->target.instances);
    zdd_program_add(program, ZDD_STEP_JOIN, 0);
    if (plan->verify.rounds > 0)
        zdd_program_add(program, ZDD_STEP_VERIFY, plan->verify.rounds);
    if (has_old && options[PROMOTE].choice == 1)
        zdd_program_add(program, ZDD_STEP_GATE, 0);
    if (has_old) {
        zdd_program_add(program, ZDD_STEP_SHIFT, ZDD_SHARE_ALL);
        if (keep_ms > 0)
            zdd_program_add(program, ZDD_STEP_KEEP, keep_ms);
        zdd_program_add(program, ZDD_STEP_DRAIN, 0);
        zdd_program_add(program, ZDD_STEP_RETIRE, 0);
    }
    zdd_program_add(program, ZDD_STEP_SETTLE, 0);
}

const struct zdd_strategy zdd_blue_green = {
    .name = "blue-green",
    .text = "Start the new version beside the old one, switch all requests at once, keep the old "
            "one hot for a while.",
    .source = ZDD_TARGET_FROM_REQUEST,
    .params = params,
    .param_count = ZDD_COUNT(params),
    .rules = zdd_pair_rules,
    .rule_count = ZDD_PAIR_RULES,
    .write_program = write_program,
};
