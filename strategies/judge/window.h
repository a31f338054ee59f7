/**
 * @file strategies/judge/window.h
 * @brief What happened between two looks at a balancer's counters.
 *
 * Counters begin at 0 in each new worker of HAProxy, and what the worker before it still answers is
 * never shown (marathon-lb.md §5): what a new one shows is what has come since it started. A reload
 * costs about one request in a hundred of the sum, both sides alike. In one worker a sum falls when
 * a server is counted no more, as its task has ended: then nothing is known of that window.
 */
#pragma once

#include "strategies/model/trial.h"

/** What one balancer has counted of one version's servers since its worker began. */
struct zdd_counts {
    int64_t started_ms; /* of the worker: another value is another worker */
    int64_t requests;   /* stot */
    int64_t chosen;     /* lbtot: of these, that weights have sent there, and no cookie */
    int64_t answers;    /* all hrsp_* */
    int64_t errors;     /* hrsp_5xx */
    int64_t refused;    /* econ */
    int64_t broken;     /* eresp */
    int64_t retried;    /* wretr */
    int64_t rerouted;   /* wredis */
    int64_t answer_ms;  /* rtime × answers of each server, summed */
    int64_t running; /* scur: requests that have no answer yet, or not all of it; not a counter */
    int64_t lost;    /* that had no answer in the end, as known by then: see zdd_counts_lost() */
};

/**
 * Requests that are neither answered nor running are lost. But one whose answer has begun and goes
 * on is both: while it does it hides a lost one, and when it ends it is no new one.
 *
 * @param before  of the same balancer and side, with `lost`; NULL: nothing is known, or not of
 * these servers
 * @return how many @p now is known to have lost since its worker began
 */
int64_t zdd_counts_lost(const struct zdd_counts *before, const struct zdd_counts *now);

/**
 * What none can have counted (ZDD_COUNT_MAX) says nothing, as if a server had ended.
 *
 * @param before  of the same balancer and side at the beginning of the window
 * @param ended   requests that were running then may end in this window without having begun in it,
 *                so a window's failures may be some of the window before
 */
struct zdd_window zdd_window_between(const struct zdd_counts *before, const struct zdd_counts *now);

/** @return the sum of two counts from 0 to ZDD_COUNT_MAX, that at most */
int64_t zdd_count_sum(int64_t a, int64_t b);

/** Add the window of another balancer, or the next one. */
void zdd_window_add(struct zdd_window *sum, const struct zdd_window *more);
