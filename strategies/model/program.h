/**
 * @file strategies/model/program.h
 * @brief The steps of a deployment over a pair of apps, as data: blue-green and canary are two ways
 * of writing such a program.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ZDD_PROGRAM_MAX 48 /* steps; twenty weights with their pauses, and what is around them */
#define ZDD_PROGRAM_TEXT_SIZE (ZDD_PROGRAM_MAX * 24) /* "pause 86400000;" has 15 */

enum zdd_step_kind {
    ZDD_STEP_ADOPT, /* the old app gets the labels that a pair needs; Marathon replaces its tasks */
    ZDD_STEP_SHIFT, /* value: share of the new version, in hundredths of a percent */
    ZDD_STEP_START, /* value: instances of the new app */
    ZDD_STEP_JOIN,  /* wait until every balancer has all of them UP */
    ZDD_STEP_VERIFY, /* value: rounds of checks; the n-th one is that of the plan's sets */
    ZDD_STEP_GATE,   /* wait until somebody decides; the n-th one is that of the plan's gates */
    ZDD_STEP_KEEP,   /* value: milliseconds in which the old version stays hot */
    ZDD_STEP_DRAIN,  /* wait until no request is under way at the old version */
    ZDD_STEP_RETIRE, /* remove the old app */
    ZDD_STEP_SETTLE, /* back to the weight that a server has by itself */
    ZDD_STEP_SPREAD, /* every instance of both versions gets as many requests as any other */
    ZDD_STEP_SHED,   /* value: instances of the old version that stay; the others drain and go */
    ZDD_STEP_WEIGHT, /* value: share of the new version, as SHIFT, of instances that come and go */
    ZDD_STEP_PAUSE,  /* value: milliseconds in which nothing changes */
    ZDD_STEP_KIND_COUNT
};

struct zdd_program_step {
    enum zdd_step_kind kind;
    int32_t value; /* what it counts depends on the kind; 0 where it has none */
};

struct zdd_program {
    int32_t count; /* 0: not a deployment over a pair */
    struct zdd_program_step step[ZDD_PROGRAM_MAX];
};

/** Append a step. The caller knows that there is room; asserted. */
void zdd_program_add(struct zdd_program *program, enum zdd_step_kind kind, int32_t value);

/** The canonical text: "shift 0;start 4;join;shift 10000". */
void zdd_program_print(const struct zdd_program *program,
                       char ret_text[static ZDD_PROGRAM_TEXT_SIZE]);
/** @return false when @p text is no program; "" is the empty one */
bool zdd_program_parse(const char *text, struct zdd_program *ret_program);

/** @return how many instances the new version has once step @p index is done; 0: none was started
 */
int32_t zdd_program_started(const struct zdd_program *program, int32_t index);
/** @return how many instances of the old version stay once step @p index is done;
 * ZDD_INSTANCES_MAX: all */
int32_t zdd_program_stay(const struct zdd_program *program, int32_t index);
/** @return the share that the new version shall have during step @p index, in hundredths of a
 * percent: that of the last shift or weight up to there; all, when there is nobody to share with */
int32_t zdd_program_share(const struct zdd_program *program, int32_t index);
/** @return how many gates stand before step @p index: the number of the gate that stands there */
int32_t zdd_program_gate(const struct zdd_program *program, int32_t index);
/** @return the number of the set of checks of step @p index, or of the last one before it that
 * verifies; 0: there is none */
int32_t zdd_program_verify(const struct zdd_program *program, int32_t index);
/** @return true when a step of that kind is among them */
bool zdd_program_has(const struct zdd_program *program, enum zdd_step_kind kind);

const char *zdd_step_kind_name(enum zdd_step_kind kind); /* "start" */
