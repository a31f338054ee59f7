/**
 * @file server/router/choice.h
 * @brief Several routers as one: each pair is moved by the one that its plan names.
 */
#pragma once

#include "server/engine/router.h"

#define ZDD_CHOICE_MAX 3 /* marathon-lb, haproxy and vamp */

/** The routers that there are. Zero is none of them. */
struct zdd_choice {
    size_t count;
    struct zdd_router router[ZDD_CHOICE_MAX]; /* owned */
};

/**
 * A router that asks the one named by each order and question. ZDD_ERR_ROUTER_DOWN with a reason
 * where there is none of that name. A look at pairs of several routers asks each of them once; when
 * one of them fails, its error is returned and the others' views are good.
 * @param choice  borrowed while the router is used
 */
struct zdd_router zdd_choice_router(struct zdd_choice *choice);

/** Close all of them. Nobody may be calling any more. */
void zdd_choice_close(struct zdd_choice *choice);
