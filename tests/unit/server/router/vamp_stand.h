/**
 * @file tests/unit/server/router/vamp_stand.h
 * @brief A stand-in for VAMP 0.9: keeps gateways, hands them out page by page, takes them back by
 * PUT, and is as strict about weights as VAMP is.
 */
#pragma once

#include "tests/unit/server/net/peer.h"

#include <jansson.h>

struct vamp_stand {
    struct peer peer;
    pthread_mutex_t lock;
    json_t *gateways; /* array */
    int puts, requests;
    bool mute;                                     /* takes requests and answers none */
    void (*discover)(void *cls, json_t *gateways); /* what VAMP does by itself before each list */
    void *cls;
    int status;          /* when set, every request is answered so */
    const char *garbage; /* when set, every GET answers this text */
    bool paged;          /* false: every page is the whole list, as from who knows no pages */
};

void vamp_stand_start(struct vamp_stand *stand);
void vamp_stand_stop(struct vamp_stand *stand);

/** Give it a gateway; @p json is its text. */
void vamp_stand_add(struct vamp_stand *stand, const char *json);

/** Throw all gateways away. */
void vamp_stand_clear(struct vamp_stand *stand);

/** From now on answer every request with @p status, unless it is 0, and every GET with @p garbage,
 * unless it is NULL. */
void vamp_stand_spoil(struct vamp_stand *stand, int status, const char *garbage);

/** From now on no request is answered, or all are again. */
void vamp_stand_mute(struct vamp_stand *stand, bool mute);

/** From now on @p discover may change the gateways before they are handed out. */
void vamp_stand_discover(struct vamp_stand *stand, void (*discover)(void *cls, json_t *gateways),
                         void *cls);

/** Set a weight as a person does who uses VAMP at the same time. */
void vamp_stand_set(struct vamp_stand *stand, const char *gateway, const char *route, int percent);

/** From now on every page is the whole list. */
void vamp_stand_unpage(struct vamp_stand *stand);

/** @return how many gateways were taken back */
int vamp_stand_puts(struct vamp_stand *stand);

/** @return gateway number @p index as it is kept; new reference */
json_t *vamp_stand_gateway(struct vamp_stand *stand, size_t index);

/** @return weight of @p route in @p gateway as it is kept, in percent; -1 when there is none */
int vamp_stand_weight(struct vamp_stand *stand, const char *gateway, const char *route);
