/**
 * @file deploy/lab/probe.h
 * @brief Many small HTTP and TCP probes at once, on the core thread (libcurl's multi interface).
 */
#pragma once

#include "deploy/lab/model.h"

#define ZDD_LAB_PROBE_MAX 256 /* in flight at once, globally (marathon.md §5.1) */

struct zdd_lab_probe_answer {
    bool answered;            /* HTTP: any status; TCP: connected */
    long status;              /* HTTP only */
    char type[64], body[256]; /* cut to fit */
    char cause[120];          /* when not answered */
};

struct zdd_lab_probe {
    const char *url;   /* http://, https://, or telnet:// for a mere connection; copied */
    bool connect_only; /* TCP */
    int64_t timeout_ms;
    char key[ZDD_LAB_ID_SIZE]; /* the task asked; it may be gone when the answer comes */
    size_t check;
    void (*done)(struct zdd_lab *lab, const char *key, size_t check,
                 const struct zdd_lab_probe_answer *answer);
};

struct zdd_lab_probes *zdd_lab_probes_new(void);

/** Send a probe; `done` is called later, from zdd_lab_probes_collect(). */
void zdd_lab_probe_send(struct zdd_lab_probes *probes, const struct zdd_lab_probe *probe);

/** Wait for an answer, for @p fd to become readable, or for zdd_lab_probes_wake(). Without the
 * lab's lock. */
void zdd_lab_probes_wait(struct zdd_lab_probes *probes, int fd, int64_t timeout_ms);

/** Hand over the answers that have come. With the lab's lock. */
void zdd_lab_probes_collect(struct zdd_lab_probes *probes, struct zdd_lab *lab);

/** End zdd_lab_probes_wait(); from any thread. */
void zdd_lab_probes_wake(struct zdd_lab_probes *probes);

/** NULL is fine. @return NULL */
struct zdd_lab_probes *zdd_lab_probes_free(struct zdd_lab_probes *probes);
