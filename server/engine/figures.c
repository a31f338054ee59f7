/**
 * @file server/engine/figures.c
 * @brief What a committed decision adds to the metrics.
 */
#include "server/engine/figures.h"

void zdd_figures_note(struct zdd_metrics *metrics, const struct zdd_run *before,
                      const struct zdd_run *after, int64_t now_ms)
{
    if (before->phase == after->phase && before->step == after->step)
        return;
    if (before->started_at_ms > 0)
        zdd_metrics_left(metrics, before->phase, now_ms - before->phase_since_ms);
    if (before->phase == ZDD_PHASE_GATED)
        zdd_metrics_gate(metrics, now_ms - before->phase_since_ms);
    if (zdd_phase_is_undo(after->phase) && !zdd_phase_is_undo(before->phase))
        zdd_metrics_rollback(metrics, after->cause);
    if (zdd_phase_is_final(after->phase))
        zdd_metrics_ended(metrics, after->strategy, after->phase, after->started_at_ms, now_ms);
}
