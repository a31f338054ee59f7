/**
 * @file strategies/model/limits.h
 * @brief Every bound of the shared nouns, with its reason.
 */
#pragma once

#define ZDD_COUNT(array) (sizeof(array) / sizeof((array)[0]))

#define ZDD_APP_ID_SIZE                                                                            \
    256                /* Marathon sets no limit; a DNS name made of the id must stay under 255 */
#define ZDD_ID_SIZE 37 /* UUID and NUL */
#define ZDD_VERSION_SIZE 25     /* Marathon's timestamp "2024-05-01T10:00:00.000Z" and NUL */
#define ZDD_NAME_SIZE 24        /* names of strategies, steps, waiting codes */
#define ZDD_DIGEST_SIZE 72      /* "sha256:" and 64 digits and NUL */
#define ZDD_ACTOR_SIZE 80       /* "token:<name>" */
#define ZDD_REASON_SIZE 512     /* what an operator says; longer is refused, not cut */
#define ZDD_DETAIL_SIZE 600     /* Marathon's words about an error; longer is cut */
#define ZDD_WAITING_SIZE 256    /* one sentence */
#define ZDD_INSTANCES_MAX 10000 /* more than one Marathon handles; keeps arithmetic in int32 */
#define ZDD_WEIGHT_MAX 256      /* HAProxy's highest for one server */
#define ZDD_APP_PORT_MAX 8      /* service ports of one app of a pair; more are refused */
#define ZDD_ORDER_MAX 4         /* a decision never needs more; asserted */
#define ZDD_STEP_MAX 16         /* steps of one plan */
#define ZDD_TIMELINE_MAX 64     /* points of a forecast; in between they are thinned out */
#define ZDD_WARNING_MAX 12      /* one of each code at most */
#define ZDD_LOCK_MAX 4          /* Marathon deployments that are remembered for one app */

/* Addresses of instances that callers are shown, and their text: a spot and a space for each. */
#define ZDD_ADDRESSES_MAX 16
#define ZDD_ADDRESSES_SIZE (ZDD_ADDRESSES_MAX * 56)
