/**
 * @file tests/sim/operator.c
 * @brief People who say something to a deployment, at any moment.
 */
#include "server/base/crypto.h"
#include "storage/decisions.h"
#include "tests/sim/play.h"

#include <string.h>

#define GATE_MS 5000 /* how long a gate waits for its operator */
#define REJECT_PCT 10

static const char *const people[] = {SIM_PEOPLE};

struct saying {
    struct sim *sim;
    enum zdd_command command;
    int32_t value;
    const char *actor; /* at a gate */
    bool approves, full;
    struct zdd_run successor; /* of a superseding */
};

static enum zdd_err leave_command(struct zdd_tx *tx, void *cls)
{
    struct saying *saying = cls;
    struct zdd_run run;

    enum zdd_err err = zdd_run_load_tx(tx, saying->sim->run.id, &run);

    return err == ZDD_ERR_NONE
               ? zdd_run_tell(tx, saying->command, saying->value, saying->sim->world.now_ms, &run)
               : err;
}

/* As the API does it: a word at the gate at which the deployment stands then. */
static enum zdd_err leave_word(struct zdd_tx *tx, void *cls)
{
    struct saying *saying = cls;
    struct zdd_run run;
    struct zdd_gate gate;
    struct zdd_gate_tally tally;
    struct zdd_word word = {.approves = saying->approves, .time_ms = saying->sim->world.now_ms};
    enum zdd_err err = zdd_run_load_tx(tx, saying->sim->run.id, &run);

    if (err != ZDD_ERR_NONE)
        return err;
    if (!zdd_run_is_at_gate(&run))
        return ZDD_ERR_GATE_CLOSED;
    gate = zdd_plan_gate(&saying->sim->plan, run.step);
    if (!zdd_gate_allows(&gate, saying->actor))
        return ZDD_ERR_NOT_APPROVER;
    word.step = run.step;
    snprintf(word.actor, sizeof(word.actor), "%s", saying->actor);
    return zdd_decision_take(tx, &gate, &word, saying->full, &run, &tally);
}

static enum zdd_err insert_successor(struct zdd_tx *tx, void *cls)
{
    struct saying *saying = cls;
    char busy[ZDD_ID_SIZE];

    return zdd_run_insert(tx, &saying->successor, NULL, ZDD_WHEN_BUSY_SUPERSEDE, busy);
}

/* Whoever speaks hears of an error of the store; what they said may have been noted all the same.
 */
static bool write(struct sim *s, zdd_tx_body *body, struct saying *saying)
{
    const bool failed_before = s->store_failed;
    struct zdd_store_stats before, after;
    enum zdd_err err;

    s->store_failed = false;
    zdd_store_stats(s->store, &before);
    err = zdd_store_write(s->store, body, saying);
    zdd_store_stats(s->store, &after);
    s->foreign_bodies += after.bodies - before.bodies;
    if (err != ZDD_ERR_NONE && err != ZDD_ERR_COMMAND_REFUSED && err != ZDD_ERR_RUN_FINISHED &&
        err != ZDD_ERR_GATE_CLOSED && err != ZDD_ERR_NOT_APPROVER && !s->store_failed)
        violate(s, "a command gave error %s", zdd_err_slug(err));
    s->store_failed = failed_before;
    return after.bodies != before.bodies;
}

static void say_value(struct sim *s, enum zdd_command command, int32_t value)
{
    struct saying saying = {.sim = s, .command = command, .value = value};

    if (!write(s, leave_command, &saying))
        return;
    s->pair.goes_far |= command == ZDD_COMMAND_PROMOTE && value > 0;
    world_tell(&s->world, "an operator says %s %d", zdd_command_name(command), (int)value);
    s->wake_at_ms = sim_now(s);
}

static void say(struct sim *s, enum zdd_command command)
{
    say_value(s, command, 0);
}

/* Somebody decides, or tries to. */
static void decide(struct sim *s)
{
    const struct zdd_gate gate = zdd_plan_gate(&s->plan, s->run.step);
    const bool plain = gate.quorum == 1 && !*gate.approvers;
    struct saying saying = {.sim = s, .actor = people[0], .approves = true};

    if (!plain) {
        saying.actor = people[world_draw(&s->world) % ZDD_COUNT(people)];
        saying.approves = s->world.calm || !world_chance(&s->world, REJECT_PCT);
        saying.full = world_chance(&s->world, 20);
    }
    if (!write(s, leave_word, &saying))
        return;
    s->pair.goes_far |= saying.full;
    world_tell(&s->world, "%s %s at gate %s", saying.actor,
               saying.approves ? "approves" : "rejects", gate.name);
    s->wake_at_ms = sim_now(s);
}

static void supersede(struct sim *s)
{
    struct saying saying = {.sim = s, .successor = s->run};
    struct zdd_run *next = &saying.successor;

    zdd_uuid7(s->world.now_ms, next->id);
    next->created_at_ms = next->wake_at_ms = s->world.now_ms;
    if (!write(s, insert_successor, &saying))
        return;
    world_tell(&s->world, "a newer deployment supersedes it");
    memcpy(s->queued_id, next->id, sizeof(s->queued_id));
    s->wake_at_ms = sim_now(s);
}

/* What only those who share requests can be told; as the API, only a whole version gets all. */
static bool say_of_share(struct sim *s)
{
    const bool whole =
        zdd_program_started(&s->plan.program, s->run.step) >= s->plan.target.instances;
    const int32_t most = whole ? ZDD_SHARE_ALL + 1 : ZDD_SHARE_ALL;

    if (!zdd_program_has(&s->plan.program, ZDD_STEP_WEIGHT) || world_chance(&s->world, 40))
        return false;
    if (zdd_run_is_at_gate(&s->run) && world_chance(&s->world, 50))
        decide(s);
    else if (s->run.phase == ZDD_PHASE_PAUSING && world_chance(&s->world, 50))
        say_value(s, ZDD_COMMAND_PROMOTE, world_chance(&s->world, 30));
    else
        say_value(s, ZDD_COMMAND_WEIGHT, (int32_t)(world_draw(&s->world) % (uint64_t)most));
    return true;
}

static void say_anything(struct sim *s)
{
    static const enum zdd_command any[] = {ZDD_COMMAND_PAUSE, ZDD_COMMAND_RESUME, ZDD_COMMAND_ABORT,
                                           ZDD_COMMAND_ROLLBACK, ZDD_COMMAND_RETRY};
    uint64_t choice;

    if (say_of_share(s))
        return;
    choice = world_draw(&s->world) % (ZDD_COUNT(any) + 1);
    if (choice < ZDD_COUNT(any))
        say(s, any[choice]);
    else if (!zdd_phase_is_final(s->run.phase))
        supersede(s);
}

void be_operator(struct sim *s)
{
    static const enum zdd_command ending[] = {ZDD_COMMAND_ROLLBACK, ZDD_COMMAND_ABORT,
                                              ZDD_COMMAND_RETRY, ZDD_COMMAND_RESUME};
    static const enum zdd_command onward[] = {ZDD_COMMAND_RESUME, ZDD_COMMAND_RETRY,
                                              ZDD_COMMAND_ABORT};

    if (world_fault(&s->world, s->world.faults.command))
        say_anything(s);
    if (s->run.hold == ZDD_HOLD_NONE) {
        s->held_at_ms = 0;
        return;
    }
    if (s->held_at_ms == 0)
        s->held_at_ms = s->world.now_ms;
    if (s->run.hold == ZDD_HOLD_GATE && s->run.command == ZDD_COMMAND_NONE &&
        s->world.now_ms >= s->held_at_ms + GATE_MS && world_chance(&s->world, 90)) {
        decide(s);
        return;
    }
    if (s->world.now_ms < s->held_at_ms + OPERATOR_MS || s->run.command != ZDD_COMMAND_NONE)
        return;
    s->held_at_ms = s->world.now_ms;
    /* Once the old app goes there is only forward, or leaving it to whoever changed it. */
    if (s->run.phase == ZDD_PHASE_RETIRING || s->run.phase == ZDD_PHASE_SETTLING) {
        say(s, onward[world_draw(&s->world) % ZDD_COUNT(onward)]);
        return;
    }
    /* Late in the day only what ends it helps. */
    say(s, ending[world_draw(&s->world) % (s->world.calm ? 2 : ZDD_COUNT(ending))]);
}
