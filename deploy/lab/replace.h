/**
 * @file deploy/lab/replace.h
 * @brief The arithmetic of Marathon's rolling replace, to be read against marathon.md §4.
 */
#pragma once

#include <stdbool.h>

struct zdd_lab_replace {
    int instances;                        /* N, above 0 */
    double minimum_health, over_capacity; /* m and o */
    bool resident;
    int present;   /* R: classic, instances with goal Running; 1.10, those considered healthy */
    int known;     /* 1.10 only: all instances of the app, whatever their goal */
    bool rule_110; /* §4.6 */
};

struct zdd_lab_replace_start {
    int min_healthy, max_capacity;
    int kill_at_once; /* K0 */
};

/** §4.1: what to do when a replace begins. */
struct zdd_lab_replace_start zdd_lab_replace_begin(const struct zdd_lab_replace *in);

/** §4.2 rule 2: how many to launch now. */
int zdd_lab_replace_launch(int instances, int started, int max_capacity, int old_alive);

/** §4.2 rule 7. */
bool zdd_lab_replace_complete(int instances, int healthy, int ready, int old_alive);
