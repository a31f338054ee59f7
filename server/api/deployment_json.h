/**
 * @file server/api/deployment_json.h
 * @brief A deployment as callers see it.
 */
#pragma once

#include "server/api/notes.h"
#include "server/json/writer.h"
#include "storage/runs.h"

/** Everything a view shows; all borrowed. */
struct zdd_deployment_view {
    const struct zdd_run *run;
    const char *labels; /* JSON object text, or NULL */
    struct zdd_note note;
    const struct zdd_plan *plan; /* of a deployment over a pair; else not looked at */
};

void zdd_w_deployment(struct zdd_writer *w, const char *key,
                      const struct zdd_deployment_view *view);

/** The member waitingFor: what @p run waits for, or null. */
void zdd_w_waiting(struct zdd_writer *w, const struct zdd_run *run);

/** @return how far @p run is on the way to the end it heads for, 0 to 1 */
double zdd_deployment_progress(const struct zdd_run *run, const struct zdd_note *note);
