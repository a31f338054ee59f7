/**
 * @file deploy/lab/faults.h
 * @brief Bad days on demand: named faults with a probability, a count and a seed.
 *
 * {"seed": 7, "faults": [{"name": "answer-409", "probability": 0.5, "count": 3, "skip": 1,
 *                         "ms": 0, "method": "PUT", "path": "/v2/apps"}]}
 * Each time a fault could strike is an occasion. The first `skip` occasions pass, then it strikes
 * with `probability` (default 1), at most `count` times (default: for ever).
 */
#pragma once

#include "server/json/json.h"

#include <stdbool.h>
#include <stdint.h>

#define ZDD_LAB_FAULT_MAX 32
#define ZDD_LAB_FAULT_REASON_SIZE 400

enum zdd_lab_fault_kind {
    ZDD_LAB_FAULT_EVENTS_302,
    ZDD_LAB_FAULT_EVENTS_200_CLOSE,
    ZDD_LAB_FAULT_LEADER_SWITCH,
    ZDD_LAB_FAULT_ANSWER_409,
    ZDD_LAB_FAULT_ANSWER_500,
    ZDD_LAB_FAULT_ANSWER_502_HTML,
    ZDD_LAB_FAULT_ANSWER_503_HTML,
    ZDD_LAB_FAULT_ANSWER_503_JSON,
    ZDD_LAB_FAULT_LOST_ANSWER,
    ZDD_LAB_FAULT_SLOW_ANSWER,
    ZDD_LAB_FAULT_DUPLICATE_EVENTS,
    ZDD_LAB_FAULT_REORDER_EVENTS,
    ZDD_LAB_FAULT_DROP_EVENTS,
    ZDD_LAB_FAULT_LATE_VANISH,
    ZDD_LAB_FAULT_STUCK_QUEUE,
    ZDD_LAB_FAULT_TASK_START_FAIL,
    ZDD_LAB_FAULT_TASK_UNREACHABLE,
    ZDD_LAB_FAULT_TRUNCATED_JSON,
    ZDD_LAB_FAULT_COUNT
};

struct zdd_lab_fault {
    enum zdd_lab_fault_kind kind;
    double probability;
    int64_t count, skip; /* count -1: for ever */
    int64_t ms;
    char method[8], path[160]; /* "" fits all; path is a prefix */
    uint64_t struck;
};

struct zdd_lab_faults {
    uint64_t random; /* state of the generator */
    struct zdd_lab_fault fault[ZDD_LAB_FAULT_MAX];
    size_t count;
};

/** The value of a fault that has no ms of its own. */
#define ZDD_LAB_FAULT_MS 1000

/** Replace all faults by those of @p json. @return false, and nothing changed, when it is wrong */
bool zdd_lab_faults_set(struct zdd_lab_faults *faults, const json_t *json,
                        char ret_reason[static ZDD_LAB_FAULT_REASON_SIZE]);

/** Read @p path. @return false with the reason */
bool zdd_lab_faults_load(struct zdd_lab_faults *faults, const char *path,
                         char ret_reason[static ZDD_LAB_FAULT_REASON_SIZE]);

/**
 * An occasion for a fault of @p kind.
 * @param method, path  of the call, or NULL outside calls
 * @param[out] ret_ms   may be NULL; the fault's ms
 * @return true when it strikes
 */
bool zdd_lab_fault_strikes(struct zdd_lab_faults *faults, enum zdd_lab_fault_kind kind,
                           const char *method, const char *path, int64_t *ret_ms);

/** @return what is set and how often each struck; new reference */
json_t *zdd_lab_faults_json(const struct zdd_lab_faults *faults);
