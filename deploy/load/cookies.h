/**
 * @file deploy/load/cookies.h
 * @brief What a browser keeps of its answers' cookies, as far as balancers need it (pure).
 */
#pragma once

#include <stddef.h>

#define COOKIES_SIZE 256 /* a balancer's cookie is 31 long; what does not fit is not kept */

/** A caller's cookies as the request has them: "a=1; b=2". All zero: none. */
struct cookies {
    char text[COOKIES_SIZE];
};

/** Take over what an answer sets: @p head is its text up to the empty line at least, ended. A
 * cookie of the same name is replaced, and one that is set to nothing is forgotten. */
void cookies_take(struct cookies *cookies, const char *head);
