/**
 * @file server/router/process.c
 * @brief Telling the processes of one balancer apart.
 */
#include "server/router/process.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

/* Two ages of one process, turned into starts, differ by less: whole seconds, and the way here. */
#define SAME_START_MS 2500

/* The number behind @p name at the beginning of a line. */
static bool find_number(const char *text, const char *name, int64_t *ret_number)
{
    const size_t size = strlen(name);

    for (const char *at = strstr(text, name); at; at = strstr(at + size, name)) {
        char *end;

        if (at > text && at[-1] != '\n')
            continue;
        *ret_number = strtoll(at + size, &end, 10);
        if (end > at + size && *ret_number >= 0 && *ret_number < INT64_MAX / 1000)
            return true;
    }
    return false;
}

void zdd_process_read(const char *text, int64_t now_ms, struct zdd_process *process)
{
    int64_t s;

    process->pid = find_number(text, "Pid: ", &s) ? s : 0;
    if (find_number(text, "haproxy_process_start_time_seconds ", &s) ||
        find_number(text, "Start_time_sec: ", &s)) {
        process->start_ms = s * 1000;
        process->approximate = false;
    } else if (find_number(text, "haproxy_process_uptime_seconds ", &s) ||
               find_number(text, "Uptime_sec: ", &s)) {
        process->start_ms = s * 1000 < now_ms ? now_ms - s * 1000 : 0;
        process->approximate = true;
    } else {
        process->start_ms = 0;
        process->approximate = false;
    }
}

static bool is_same_start(const struct zdd_process *a, const struct zdd_process *b)
{
    const int64_t apart_ms = a->start_ms - b->start_ms;

    if (!a->approximate || !b->approximate)
        return apart_ms == 0;
    return apart_ms < SAME_START_MS && apart_ms > -SAME_START_MS;
}

bool zdd_process_follow(struct zdd_process *last, const struct zdd_process *now)
{
    const struct zdd_process before = *last;
    const bool same_start = is_same_start(&before, now);
    const bool fell = now->requests < before.requests ||
                      (now->counts_itself && now->requests > 0 && now->requests == before.requests);

    *last = *now;
    last->known = true;
    return before.known && (!same_start || now->pid != before.pid || fell);
}
