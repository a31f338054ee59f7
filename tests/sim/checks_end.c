/**
 * @file tests/sim/checks_end.c
 * @brief What must hold when a play is over.
 */
#include "tests/sim/checks.h"

#include "storage/audit.h"
#include "storage/events.h"
#include "storage/intents.h"

#include <string.h>

#define PAGE 1000

static bool went_back(const struct sim *s)
{
    return s->run.phase == ZDD_PHASE_ROLLED_BACK ||
           (s->run.phase == ZDD_PHASE_CANCELED && s->undo_seen);
}

static void check_success(struct sim *s)
{
    const struct zdd_twin *t = &s->world.twin;
    struct zdd_side now, old;

    zdd_twin_sides(t, &now, &old);
    if (t->facts.instances != s->plan.target.instances || old.total > 0)
        violate(s, "it succeeded with %d instances wanted and %d old ones", (int)t->facts.instances,
                (int)old.total);
    if (s->plan.action == ZDD_ACTION_UPGRADE && t->definition != ZDD_DEFINITION_TARGET)
        violate(s, "it succeeded with definition %d", (int)t->definition);
    if (s->world.target_health == TARGET_WELL && s->world.troubles.tasks == 0 &&
        s->world.troubles.leaders == 0 && now.healthy < s->plan.target.instances)
        violate(s, "it succeeded with %d of %d healthy", (int)now.healthy,
                (int)s->plan.target.instances);
}

static void check_return(struct sim *s)
{
    const struct zdd_twin *t = &s->world.twin;

    if (!s->plan.seen.exists && t->exists)
        violate(s, "it went back and the new app is still there");
    if (!s->plan.seen.exists)
        return;
    if (t->facts.instances != s->plan.old.instances ||
        (s->plan.action == ZDD_ACTION_UPGRADE && t->definition != ZDD_DEFINITION_PREVIOUS))
        violate(s, "it went back to %d instances of definition %d", (int)t->facts.instances,
                (int)t->definition);
}

void check_queue(struct sim *s)
{
    char live_id[ZDD_ID_SIZE];
    struct zdd_step_report report;

    if (zdd_run_of_app(s->store, s->plan.app_id, live_id) != ZDD_ERR_NONE ||
        strcmp(live_id, s->queued_id) != 0)
        violate(s, "the next in the queue is not live after the end");
    if (!*s->queued_id || s->queued_is_told)
        return;
    /* The step that ended it died, or its commit was not heard of: whoever looks again is told. */
    if (zdd_step(&s->stepper, s->run.id, NULL, &report) != ZDD_ERR_NONE || !report.ended ||
        strcmp(report.next_id, s->queued_id) != 0)
        violate(s, "nobody is told that the next in the queue is live");
}

void check_end(struct sim *s)
{
    check_queue(s);
    if (s->world.late.pending || s->world.troubles.foreign)
        return; /* what the app is now is not our doing */
    if (s->world.late.at_ms > 0 && s->world.clock_jumps > 0)
        return; /* how long an order may still arrive is told by the wall clock */
    if (s->run.phase == ZDD_PHASE_SUCCEEDED && s->plan.action != ZDD_ACTION_NONE)
        check_success(s);
    if (went_back(s))
        check_return(s);
}

/* What the three records tell of one deployment. */
struct record {
    struct sim *sim;
    unsigned intents, answers;   /* in the journal */
    unsigned intended, answered; /* in the audit */
    unsigned ends, events, final_events;
    int64_t last_seq; /* of the events read so far */
    bool ends_last;   /* the final event is the newest */
    const char *contradiction;
};

static bool count_intent(void *cls, const struct zdd_intent_row *row, const char *detail)
{
    struct record *r = cls;

    (void)detail;
    r->intents++;
    r->answers += row->closed_at_ms != 0;
    return true;
}

static bool count_entry(void *cls, const struct zdd_audit *entry)
{
    struct record *r = cls;
    const struct zdd_run *run = &r->sim->run;

    if (strcmp(entry->run_id, run->id) != 0)
        return true;
    if (strncmp(entry->action, "order.", strlen("order.")) == 0) {
        if (strcmp(entry->result, "intended") == 0)
            r->intended++;
        else
            r->answered++;
        if (r->answered > r->intended)
            r->contradiction = "an answer stands before its order";
    } else if (strcmp(entry->action, "deployment.end") == 0) {
        r->ends++;
        if (strcmp(entry->result, zdd_phase_name(run->phase)) != 0)
            r->contradiction = "the audit has another end";
    }
    return true;
}

static bool count_event(void *cls, const struct zdd_event *event)
{
    static const char *const finals[] = {"deployment.succeeded", "deployment.rolled-back",
                                         "deployment.failed", "deployment.canceled"};
    struct record *r = cls;

    r->last_seq = event->seq;
    r->ends_last = false;
    r->events++;
    for (size_t i = 0; i < ZDD_COUNT(finals); i++) {
        if (strcmp(event->type, finals[i]) == 0) {
            r->final_events++;
            r->ends_last = true;
        }
    }
    return true;
}

static enum zdd_err read_events(struct record *r)
{
    struct zdd_event_filter page = {.run_id = r->sim->run.id, .limit = PAGE};
    enum zdd_err err;
    unsigned before;

    do {
        before = r->events;
        page.after_seq = r->last_seq;
        err = zdd_event_list(r->sim->store, &page, count_event, r);
    } while (err == ZDD_ERR_NONE && r->events == before + PAGE);
    return err;
}

static enum zdd_err read_record(struct record *r)
{
    struct sim *s = r->sim;
    const struct zdd_audit_filter audit = {
        .app_id = s->plan.app_id, .oldest_first = true, .limit = PAGE};
    enum zdd_err err = zdd_intent_list(s->store, s->run.id, count_intent, r);

    if (err == ZDD_ERR_NONE)
        err = zdd_audit_list(s->store, &audit, count_entry, r);
    if (err == ZDD_ERR_NONE)
        err = read_events(r);
    return err;
}

void check_record(struct sim *s)
{
    struct record r = {.sim = s};

    if (read_record(&r) != ZDD_ERR_NONE)
        violate(s, "the records cannot be read");
    if (r.contradiction)
        violate(s, "%s", r.contradiction);
    if (r.intents < s->world.orders_seen || (r.intents > 0) != s->run.ordered)
        violate(s, "%u orders went out, %u are in the journal", s->world.orders_seen, r.intents);
    if (r.intended != r.intents || r.answered != r.answers)
        violate(s, "the journal has %u orders and %u answers, the audit %u and %u", r.intents,
                r.answers, r.intended, r.answered);
    if (r.ends != 1 || r.final_events != 1 || !r.ends_last)
        violate(s, "its end stands %u times in the audit and %u times in %u events", r.ends,
                r.final_events, r.events);
}
