/**
 * @file deploy/lab/faults.c
 * @brief Reading faults, and deciding when one strikes.
 */
#include "deploy/lab/faults.h"

#include "server/base/buf.h"
#include "server/json/fields.h"
#include "server/json/words.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define FILE_MAX (64u * 1024)

static const char *const names[ZDD_LAB_FAULT_COUNT] = {
    [ZDD_LAB_FAULT_EVENTS_302] = "events-302",
    [ZDD_LAB_FAULT_EVENTS_200_CLOSE] = "events-200-close",
    [ZDD_LAB_FAULT_LEADER_SWITCH] = "leader-switch",
    [ZDD_LAB_FAULT_ANSWER_409] = "answer-409",
    [ZDD_LAB_FAULT_ANSWER_500] = "answer-500",
    [ZDD_LAB_FAULT_ANSWER_502_HTML] = "answer-502-html",
    [ZDD_LAB_FAULT_ANSWER_503_HTML] = "answer-503-html",
    [ZDD_LAB_FAULT_ANSWER_503_JSON] = "answer-503-json",
    [ZDD_LAB_FAULT_LOST_ANSWER] = "lost-answer",
    [ZDD_LAB_FAULT_SLOW_ANSWER] = "slow-answer",
    [ZDD_LAB_FAULT_DUPLICATE_EVENTS] = "duplicate-events",
    [ZDD_LAB_FAULT_REORDER_EVENTS] = "reorder-events",
    [ZDD_LAB_FAULT_DROP_EVENTS] = "drop-events",
    [ZDD_LAB_FAULT_LATE_VANISH] = "late-vanish",
    [ZDD_LAB_FAULT_STUCK_QUEUE] = "stuck-queue",
    [ZDD_LAB_FAULT_TASK_START_FAIL] = "task-start-fail",
    [ZDD_LAB_FAULT_TASK_UNREACHABLE] = "task-unreachable",
    [ZDD_LAB_FAULT_TRUNCATED_JSON] = "truncated-json",
};

struct document {
    int64_t seed;
    json_t *faults;
};

struct entry {
    double probability;
    int64_t count, skip, ms;
    const char *name, *method, *path;
};

static const struct zdd_field document_fields[] = {
    {.name = "seed", .kind = ZDD_FIELD_INT, .offset = offsetof(struct document, seed), .max = 1e15},
    {.name = "faults",
     .kind = ZDD_FIELD_ARRAY,
     .offset = offsetof(struct document, faults),
     .required = true,
     .max = ZDD_LAB_FAULT_MAX},
    {.kind = ZDD_FIELD_END},
};

static const struct zdd_field entry_fields[] = {
    {.name = "name",
     .kind = ZDD_FIELD_TEXT,
     .offset = offsetof(struct entry, name),
     .required = true},
    {.name = "probability",
     .kind = ZDD_FIELD_REAL,
     .offset = offsetof(struct entry, probability),
     .max = 1},
    {.name = "count",
     .kind = ZDD_FIELD_INT,
     .offset = offsetof(struct entry, count),
     .min = -1,
     .max = 1e9},
    {.name = "skip", .kind = ZDD_FIELD_INT, .offset = offsetof(struct entry, skip), .max = 1e9},
    {.name = "ms", .kind = ZDD_FIELD_INT, .offset = offsetof(struct entry, ms), .max = 600000},
    {.name = "method", .kind = ZDD_FIELD_TEXT, .offset = offsetof(struct entry, method), .max = 7},
    {.name = "path", .kind = ZDD_FIELD_TEXT, .offset = offsetof(struct entry, path), .max = 159},
    {.kind = ZDD_FIELD_END},
};

/* @return the place of @p name in the list, ZDD_LAB_FAULT_COUNT when it is not there */
static enum zdd_lab_fault_kind find_kind(const char *name)
{
    int kind = 0;

    while (kind < ZDD_LAB_FAULT_COUNT && strcmp(names[kind], name) != 0)
        kind++;
    return (enum zdd_lab_fault_kind)kind;
}

/* There are more names than fit into one error. */
static void complain_name(const char *name, const char *pointer, struct zdd_field_errors *errors)
{
    const char *near = zdd_words_nearest(name, names, ZDD_LAB_FAULT_COUNT);
    char found[ZDD_WORDS_QUOTE_SIZE];
    char place[ZDD_FIELD_POINTER_SIZE];

    zdd_words_quote(name, found);
    zdd_field_pointer(place, pointer, "name");
    zdd_field_error_add(errors, place, "there is no fault %s%s%s%s; zdd-lab --help names them all",
                        found, near ? ", did you mean \"" : "", near ? near : "",
                        near ? "\"?" : "");
}

static void read_entry(const json_t *json, size_t index, struct zdd_lab_fault *fault,
                       struct zdd_field_errors *errors)
{
    struct entry e = {.probability = 1.0, .count = -1, .ms = ZDD_LAB_FAULT_MS};
    enum zdd_lab_fault_kind kind;
    char pointer[32];

    snprintf(pointer, sizeof(pointer), "#/faults/%zu", index);
    if (!zdd_fields_read(entry_fields, json, pointer, &e, errors))
        return;
    kind = find_kind(e.name);
    if (kind == ZDD_LAB_FAULT_COUNT) {
        complain_name(e.name, pointer, errors);
        return;
    }
    *fault = (struct zdd_lab_fault){
        .kind = kind, .probability = e.probability, .count = e.count, .skip = e.skip, .ms = e.ms};
    snprintf(fault->method, sizeof(fault->method), "%s", e.method ? e.method : "");
    snprintf(fault->path, sizeof(fault->path), "%s", e.path ? e.path : "");
}

bool zdd_lab_faults_set(struct zdd_lab_faults *faults, const json_t *json,
                        char ret_reason[static ZDD_LAB_FAULT_REASON_SIZE])
{
    struct document document = {.seed = 1};
    struct zdd_field_errors errors = {0};
    struct zdd_lab_faults fresh = {0};

    if (zdd_fields_read(document_fields, json, "#", &document, &errors)) {
        fresh.random = (uint64_t)document.seed * 2 + 1;
        fresh.count = json_array_size(document.faults);
        for (size_t i = 0; i < fresh.count; i++)
            read_entry(json_array_get(document.faults, i), i, &fresh.fault[i], &errors);
    }
    if (errors.count) {
        snprintf(ret_reason, ZDD_LAB_FAULT_REASON_SIZE, "%s %s", errors.error[0].pointer,
                 errors.error[0].detail);
        return false;
    }
    *faults = fresh;
    return true;
}

bool zdd_lab_faults_load(struct zdd_lab_faults *faults, const char *path,
                         char ret_reason[static ZDD_LAB_FAULT_REASON_SIZE])
{
    static char text[FILE_MAX]; /* once, at the start, before there is a second thread */
    struct zdd_json_error error = {0};
    FILE *file = fopen(path, "re");
    ZDD_AUTO_JSON json_t *json = NULL;
    size_t size;

    if (!file) {
        snprintf(ret_reason, ZDD_LAB_FAULT_REASON_SIZE, "%.200s: %s", path, strerror(errno));
        return false;
    }
    size = fread(text, 1, sizeof(text), file);
    fclose(file);
    if (zdd_json_read(text, size, &json, &error) != ZDD_ERR_NONE) {
        snprintf(ret_reason, ZDD_LAB_FAULT_REASON_SIZE, "line %d, column %d: %s", error.line,
                 error.column, error.text);
        return false;
    }
    return zdd_lab_faults_set(faults, json, ret_reason);
}

/* xorshift64*: the same seed gives the same bad day. */
static double draw(struct zdd_lab_faults *faults)
{
    uint64_t x = faults->random;

    x ^= x >> 12;
    x ^= x << 25;
    x ^= x >> 27;
    faults->random = x;
    return (double)((x * UINT64_C(2685821657736338717)) >> 11) / 9007199254740992.0;
}

static bool fits(const struct zdd_lab_fault *fault, const char *method, const char *path)
{
    if (*fault->method && (!method || strcmp(fault->method, method) != 0))
        return false;
    return !*fault->path || (path && strncmp(fault->path, path, strlen(fault->path)) == 0);
}

bool zdd_lab_fault_strikes(struct zdd_lab_faults *faults, enum zdd_lab_fault_kind kind,
                           const char *method, const char *path, int64_t *ret_ms)
{
    for (size_t i = 0; i < faults->count; i++) {
        struct zdd_lab_fault *fault = &faults->fault[i];

        if (fault->kind != kind || fault->count == 0 || !fits(fault, method, path))
            continue;
        if (fault->skip > 0) {
            fault->skip--;
            continue;
        }
        if (draw(faults) >= fault->probability)
            continue;
        if (fault->count > 0)
            fault->count--;
        fault->struck++;
        if (ret_ms)
            *ret_ms = fault->ms;
        return true;
    }
    return false;
}

json_t *zdd_lab_faults_json(const struct zdd_lab_faults *faults)
{
    json_t *list = json_array();

    for (size_t i = 0; i < faults->count; i++) {
        const struct zdd_lab_fault *fault = &faults->fault[i];

        json_array_append_new(list, json_pack("{s:s, s:f, s:I, s:I, s:I, s:I}", "name",
                                              names[fault->kind], "probability", fault->probability,
                                              "count", (json_int_t)fault->count, "skip",
                                              (json_int_t)fault->skip, "ms", (json_int_t)fault->ms,
                                              "struck", (json_int_t)fault->struck));
    }
    return list;
}
