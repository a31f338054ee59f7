/**
 * @file deploy/load/targets.h
 * @brief Which instances of an app may be asked now: a balancer's view, kept fresh by Marathon's
 * events.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#define TARGETS_MAX 256
#define TARGETS_TRIED_MAX 4
#define TARGETS_WORDS_SIZE 240
#define TARGET_SIZE 80 /* "http://127.0.0.1:31000" */

struct targets;

/** Follow app @p app_id of the Marathon at @p marathon ("http://127.0.0.1:8080"). @return NULL
 * without memory */
struct targets *targets_open(const char *marathon, const char *app_id);
struct targets *targets_free(struct targets *targets);

/** Instances that did not answer one request. */
struct targets_tried {
    size_t count;
    char url[TARGETS_TRIED_MAX][TARGET_SIZE];
};

/**
 * The next instance in turn: running and, if the app has health checks, alive. One that is in
 * @p tried only when there is no other.
 * @return false when there is none at all
 */
bool targets_next(struct targets *targets, const struct targets_tried *tried,
                  char ret_url[static TARGET_SIZE]);

/** Tell why the list could not be read the last time; "" when it could. */
void targets_trouble(struct targets *targets, char ret_words[static TARGETS_WORDS_SIZE]);

/** Read the list again now: an instance did not answer. */
void targets_refresh(struct targets *targets);
