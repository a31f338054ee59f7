/**
 * @file deploy/lab/launch.h
 * @brief Who may be launched when: delays after failures, and offers that do not fit (marathon.md
 * §7).
 */
#pragma once

#include "deploy/lab/lab.h"

/** @return the entry for the configuration of @p spec, created on demand */
struct zdd_lab_delay *zdd_lab_delay_of(struct zdd_lab *lab, const struct zdd_lab_spec *spec);

/** A task of @p spec failed or finished: the next launch waits longer. */
void zdd_lab_delay_failed(struct zdd_lab *lab, const struct zdd_lab_spec *spec);

/** @return milliseconds until @p delay lets a launch pass; negative or 0 when it does now */
int64_t zdd_lab_delay_left(struct zdd_lab *lab, struct zdd_lab_delay *delay);

/** Forget the delays of app @p id; NULL for those of all apps. */
void zdd_lab_delay_reset(struct zdd_lab *lab, const char *id);

/** Forget configurations that no instance runs any more. */
void zdd_lab_delays_purge(struct zdd_lab *lab);

void zdd_lab_delays_release(struct zdd_lab *lab);
