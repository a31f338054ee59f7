/**
 * @file server/engine/reach.c
 * @brief Whether Marathon answers.
 */
#include "server/engine/reach.h"

#include "server/base/crypto.h"
#include "server/engine/backoff.h"

#include <stdio.h>

#define PROBE_MIN_MS 250   /* first try again after this … */
#define PROBE_MAX_MS 15000 /* … and at the latest after this */
#define FAILURES_MAX 30    /* counted; far beyond the longest wait */

void zdd_reach_note(struct zdd_reach *reach, bool reached, const char *reason, int64_t now_ms)
{
    uint64_t random;

    if (reached) {
        *reach = (struct zdd_reach){0};
        return;
    }
    if (reach->failures < FAILURES_MAX)
        reach->failures++;
    zdd_random(&random, sizeof(random));
    reach->silent_until_ms =
        now_ms + zdd_backoff_ms(reach->failures, PROBE_MIN_MS, PROBE_MAX_MS, random);
    snprintf(reach->silence, sizeof(reach->silence), "%s", reason);
}
