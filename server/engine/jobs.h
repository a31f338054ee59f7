/**
 * @file server/engine/jobs.h
 * @brief Handlers' work that waits for a worker: a ring of bounded size. Not thread-safe; the
 * engine holds its lock.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#define ZDD_JOBS_MAX                                                                               \
    1024 /* each is a caller who waits; more would wait longer than they are willing to */

struct zdd_job {
    void (*work)(void *cls);
    void *cls;
};

struct zdd_jobs {
    struct zdd_job job[ZDD_JOBS_MAX];
    size_t first, count;
    unsigned busy; /* taken, not done yet */
    bool yields;   /* one was taken: a deployment that is due comes before the next */
};

/** Whether one more of @p workers may take a job. All jobs may hang on a slow Marathon, and
 * deployments have deadlines: a quarter of the workers is theirs alone. One that is alone takes
 * turns. */
static inline bool zdd_jobs_may_take(const struct zdd_jobs *jobs, unsigned workers)
{
    if (workers == 1)
        return jobs->count > 0 && !jobs->yields;
    return jobs->count > 0 && jobs->busy < workers - (workers + 3) / 4;
}

/** @return false when the ring is full */
static inline bool zdd_jobs_add(struct zdd_jobs *jobs, void (*work)(void *cls), void *cls)
{
    if (jobs->count == ZDD_JOBS_MAX)
        return false;
    jobs->job[(jobs->first + jobs->count) % ZDD_JOBS_MAX] = (struct zdd_job){work, cls};
    jobs->count++;
    return true;
}

/** @return the one that waits longest; there must be one */
static inline struct zdd_job zdd_jobs_take(struct zdd_jobs *jobs)
{
    const struct zdd_job job = jobs->job[jobs->first];

    jobs->first = (jobs->first + 1) % ZDD_JOBS_MAX;
    jobs->count--;
    jobs->yields = true;
    return job;
}
