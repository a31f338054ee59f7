/**
 * @file storage/trial_text.c
 * @brief One walk over the members, which writes them or reads them: so both have the same order.
 */
#include "storage/trial_text.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What is written begins with it. Before, a text began with its first figure: failures had one
 * stratum, and a round that told was one of all sets. */
#define EDITION "v2 "

/* A walk in either direction. */
struct walk {
    bool writes, bad;
    bool is_first; /* edition: some members have no figure */
    char *out;
    size_t size, used;
    const char *in;
};

__attribute__((format(printf, 2, 3))) static void put(struct walk *walk, const char *format, ...)
{
    va_list args;
    int size;

    va_start(args, format);
    size = vsnprintf(walk->out + walk->used, walk->size - walk->used, format, args);
    va_end(args);
    walk->bad = walk->bad || size < 0 || (size_t)size >= walk->size - walk->used;
    walk->used += walk->bad ? 0 : (size_t)size;
}

/* Behind each figure is a space. */
static void pass(struct walk *walk, const char *end)
{
    walk->bad = walk->bad || end == walk->in || *end != ' ' || errno != 0;
    walk->in = walk->bad ? walk->in : end + 1;
}

static void wide(struct walk *walk, int64_t *value)
{
    char *end;

    if (walk->writes) {
        put(walk, "%" PRId64 " ", *value);
        return;
    }
    errno = 0;
    *value = strtoll(walk->in, &end, 10);
    pass(walk, end);
}

/* The first edition had sums up to INT64_MAX. */
static void count(struct walk *walk, int64_t *value)
{
    wide(walk, value);
    walk->bad = walk->bad || *value < 0;
    if (*value > ZDD_COUNT_MAX)
        *value = ZDD_COUNT_MAX;
}

static void narrow(struct walk *walk, int32_t *value, int32_t max)
{
    int64_t number = *value;

    wide(walk, &number);
    walk->bad = walk->bad || number < 0 || number > max;
    *value = walk->bad ? 0 : (int32_t)number;
}

static void yes(struct walk *walk, bool *value)
{
    int32_t number = *value;

    narrow(walk, &number, 1);
    *value = number == 1;
}

static void real(struct walk *walk, double *value)
{
    char *end;

    if (walk->writes) {
        put(walk, "%.17g ", *value);
        return;
    }
    errno = 0;
    *value = strtod(walk->in, &end);
    if (errno == ERANGE && *value < 1 && *value > -1)
        errno = 0; /* a very small one is as good as none */
    pass(walk, end);
}

/* Letters of rounds; "-" for none. */
static void letters(struct walk *walk, char value[static ZDD_ROUND_MAX + 1])
{
    const size_t size = walk->writes ? 0 : strcspn(walk->in, " ");

    if (walk->writes) {
        put(walk, "%s ", *value ? value : "-");
        return;
    }
    walk->bad = walk->bad || size == 0 || size > ZDD_ROUND_MAX || walk->in[size] != ' ';
    if (walk->bad)
        return;
    snprintf(value, ZDD_ROUND_MAX + 1, "%.*s", (int)size, walk->in);
    if (strcmp(value, "-") == 0)
        *value = '\0';
    walk->in += size + 1;
}

static void window(struct walk *walk, struct zdd_window *w)
{
    int64_t *const members[] = {&w->requests, &w->chosen, &w->answers, &w->failures,
                                &w->refused,  &w->broken, &w->retried, &w->rerouted};

    for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++)
        count(walk, members[i]);
}

static void tried(struct walk *walk, struct zdd_tried *side)
{
    window(walk, &side->all);
    for (int kind = 0; kind < ZDD_ROUND_KIND_COUNT; kind++)
        window(walk, &side->round[kind]);
    count(walk, &side->answers);
    count(walk, &side->answer_us);
}

static void tries(struct walk *walk, struct zdd_tries *t)
{
    count(walk, &t->requests);
    count(walk, &t->failures);
    walk->bad = walk->bad || t->failures > t->requests;
}

static void strata(struct walk *walk, struct zdd_strata *s)
{
    count(walk, &s->requests);
    count(walk, &s->failures);
    count(walk, &s->new_failures);
    real(walk, &s->expected);
    walk->bad = walk->bad || s->new_failures > s->failures || !(s->expected >= 0);
}

static void suspicion(struct walk *walk, struct zdd_suspicion *s)
{
    tries(walk, &s->open.new_side);
    tries(walk, &s->open.old_side);
    if (!walk->is_first)
        strata(walk, &s->closed);
    for (int i = 0; i < ZDD_RIVAL_COUNT; i++)
        real(walk, &s->log_ratio[i]);
    narrow(walk, &s->looks, INT32_MAX);
    real(walk, &s->p);
    yes(walk, &s->condemned);
}

static void pace(struct walk *walk, struct zdd_pace *p)
{
    narrow(walk, &p->count, ZDD_PACE_VALUES - 1); /* so many at once have become half of them */
    for (int32_t i = 0; i < p->count; i++) {
        real(walk, &p->new_ms[i]);
        real(walk, &p->old_ms[i]);
    }
    narrow(walk, &p->looks, INT32_MAX);
    real(walk, &p->p);
    yes(walk, &p->condemned);
}

static void told(struct walk *walk, struct zdd_trial *w)
{
    yes(walk, &w->told[0]);
    for (int set = 1; set < ZDD_VERIFY_SET_MAX; set++) {
        if (walk->is_first)
            w->told[set] = w->told[0];
        else
            yes(walk, &w->told[set]);
    }
}

static void all(struct walk *walk, struct zdd_trial *w)
{
    wide(walk, &w->since_ms);
    wide(walk, &w->until_ms);
    if (!walk->is_first)
        wide(walk, &w->share_since_ms);
    narrow(walk, &w->edition, INT32_MAX);
    tried(walk, &w->new_side);
    tried(walk, &w->old_side);
    suspicion(walk, &w->errors);
    suspicion(walk, &w->refusals);
    pace(walk, &w->pace);
    told(walk, w);
    letters(walk, w->rounds);
    narrow(walk, &w->round_count, INT32_MAX);
    wide(walk, &w->measured_at_ms);
}

void zdd_trial_print(const struct zdd_trial *trial, char ret_text[static ZDD_TRIAL_TEXT_SIZE])
{
    struct zdd_trial copy = *trial;
    struct walk walk = {.writes = true, .out = ret_text, .size = ZDD_TRIAL_TEXT_SIZE};

    ret_text[0] = '\0';
    if (trial->since_ms == 0 && trial->edition == 0)
        return;
    put(&walk, EDITION);
    all(&walk, &copy);
}

bool zdd_trial_parse(const char *text, struct zdd_trial *ret_trial)
{
    struct zdd_trial trial = {0};
    struct walk walk = {.in = text, .is_first = strncmp(text, EDITION, strlen(EDITION)) != 0};

    if (*text) {
        walk.in += walk.is_first ? 0 : strlen(EDITION);
        all(&walk, &trial);
        if (walk.bad || *walk.in)
            return false;
    }
    *ret_trial = trial;
    return true;
}
