/**
 * @file deploy/lab/balancer/options.h
 * @brief The part of the command line that is about balancers.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#define ZDD_LAB_BALANCER_MAX 4
#define ZDD_LAB_ADDRESS_SIZE 16 /* "127.255.255.254" */

struct zdd_lab_balancer_options {
    bool off;
    char host[ZDD_LAB_ADDRESS_SIZE]; /* of the first; the n-th has the address n-1 above */
    uint16_t port;                   /* statistics; the next two follow it. 0: free ones */
    int count;
    int vhost_port; /* 0: a free one; -1: not given */
    bool admin;
    const char *groups;
};

struct zdd_lab_options;

/* Setters of the rows in deploy/lab/options.c: NULL, or what is wrong. */
const char *zdd_lab_set_balancer(struct zdd_lab_options *options, const char *value);
const char *zdd_lab_set_no_balancer(struct zdd_lab_options *options, const char *value);
const char *zdd_lab_set_balancers(struct zdd_lab_options *options, const char *value);
const char *zdd_lab_set_balancer_group(struct zdd_lab_options *options, const char *value);
const char *zdd_lab_set_balancer_admin(struct zdd_lab_options *options, const char *value);
const char *zdd_lab_set_vhost_port(struct zdd_lab_options *options, const char *value);

/** Write the address of balancer @p index, counted from 0. */
void zdd_lab_balancer_address(const struct zdd_lab_balancer_options *options, int index,
                              char ret[static ZDD_LAB_ADDRESS_SIZE]);
