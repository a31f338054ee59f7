/**
 * @file tests/lab/fleet.h
 * @brief The tasks of one app as Marathon's event stream tells them, and how they count.
 */
#pragma once

#include "server/json/json.h"

#define FLEET_MAX 96

enum fleet_state { FLEET_GONE, FLEET_WAITING, FLEET_STARTING, FLEET_RUNNING, FLEET_ENDING };

struct fleet_task {
    char id[200];
    enum fleet_state state;
    bool old, healthy;
};

struct fleet {
    bool checked; /* checks tell who serves; without them whoever runs */
    struct fleet_task task[FLEET_MAX];
    size_t count;
};

/** How many there are, as a moment of a plan's timeline counts them. */
struct fleet_moment {
    int old, new; /* not told to end; new ones also before they are started */
    int ending;
    int healthy_old, healthy_new;
    int waiting_old, waiting_new; /* wanted by Marathon, never started or ended by themselves */
    int starting;
};

/** Take an event of the app in. @return the task that it is about, or NULL */
struct fleet_task *fleet_take(struct fleet *fleet, const json_t *event);
/** Instance @p id, also as the id of its task, counts as healthy (ready). */
void fleet_serve(struct fleet *fleet, const char *id);
/** From now on all that are there are old ones; those that run serve. */
void fleet_age(struct fleet *fleet);
struct fleet_moment fleet_count(const struct fleet *fleet);
int fleet_existing(const struct fleet_moment *moment);
int fleet_serving(const struct fleet_moment *moment);
