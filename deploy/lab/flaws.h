/**
 * @file deploy/lab/flaws.h
 * @brief What a bad version of simpleservice does wrong: told by its environment, for rehearsing
 * and testing how a deployment meets it.
 *
 * Parts of the requests are exact, not drawn: of a hundred, 5 % are the twentieth, the fortieth and
 * so on. Requests for /health are neither counted nor spoilt, but by SICK_AFTER.
 */
#pragma once

#include "deploy/lab/tinyhttp.h"

/** Their variables and what they do, a line each. */
extern const char zdd_flaws_help[];

struct zdd_flaws {
    int64_t error_percent, drop_percent; /* of the requests */
    int64_t delay_ms;                    /* before each answer */
    int64_t crash_after, sick_after;     /* so many requests; 0: never */
    int64_t requests;                    /* so far */
};

/** Read them from the environment; a bad number ends the program with a sentence. */
struct zdd_flaws zdd_flaws_read(void);

/** A request has come; @p answer is what a good version would say. May end the program. */
void zdd_flaws_spoil(struct zdd_flaws *flaws, struct zdd_tiny_answer *answer);

/** @return true when /health says that it is ill */
bool zdd_flaws_are_sick(const struct zdd_flaws *flaws);

/** The whole number in variable @p name, 0 to @p max; @p otherwise when it is not set. A bad one
 * ends the program with a sentence. */
int64_t zdd_flaws_number(const char *name, int64_t otherwise, int64_t max);
