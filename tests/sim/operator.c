/**
 * @file tests/sim/operator.c
 * @brief People who say something to a deployment, at any moment.
 */
#include "server/base/crypto.h"
#include "tests/sim/play.h"

#include <string.h>

#define GATE_MS 5000 /* how long a gate waits for its operator */

struct saying {
    struct sim *sim;
    enum zdd_command command;
    struct zdd_run successor; /* of a superseding */
};

static enum zdd_err leave_command(struct zdd_tx *tx, void *cls)
{
    struct saying *saying = cls;
    struct zdd_run run;

    return zdd_run_command(tx, saying->sim->run.id, -1, saying->command, saying->sim->world.now_ms,
                           &run);
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
        !s->store_failed)
        violate(s, "a command gave error %s", zdd_err_slug(err));
    s->store_failed = failed_before;
    return after.bodies != before.bodies;
}

static void say(struct sim *s, enum zdd_command command)
{
    struct saying saying = {.sim = s, .command = command};

    if (!write(s, leave_command, &saying))
        return;
    world_tell(&s->world, "an operator says %s", zdd_command_name(command));
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

static void say_anything(struct sim *s)
{
    static const enum zdd_command any[] = {ZDD_COMMAND_PAUSE, ZDD_COMMAND_RESUME, ZDD_COMMAND_ABORT,
                                           ZDD_COMMAND_ROLLBACK, ZDD_COMMAND_RETRY};
    const uint64_t choice = world_draw(&s->world) % (ZDD_COUNT(any) + 1);

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
        say(s, ZDD_COMMAND_PROMOTE);
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
