/**
 * @file deploy/lab/reap.c
 * @brief Ended processes become ended tasks; at the end of the lab, all of them.
 */
#include "deploy/lab/health.h"
#include "deploy/lab/process.h"
#include "deploy/lab/tasks.h"
#include "server/base/clock.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>

#define POLL_NS 5000000L

/* Message texts of Mesos' command executor (marathon.md §2.4). */
static void describe(int status, char ret[static 120])
{
    if (WIFEXITED(status))
        snprintf(ret, 120, "Command exited with status %d", WEXITSTATUS(status));
    else
        snprintf(ret, 120, "Command terminated with signal %s", strsignal(WTERMSIG(status)));
}

static void ended(struct zdd_lab *lab, pid_t pid, int status)
{
    char message[120];

    if (zdd_lab_health_command_ended(lab, pid, status))
        return;
    for (struct zdd_lab_instance *i = lab->first; i; i = i->next) {
        if (i->pid != pid)
            continue;
        zdd_lab_process_signal(pid, SIGKILL); /* whoever of its group is left */
        if (i->expunged) {
            i->pid = 0;
            return;
        }
        if (zdd_lab_is_lost(i)) { /* nobody sees it until the agent is back */
            i->pid = 0;
            i->ended_unseen = true;
            return;
        }
        describe(status, message);
        zdd_lab_task_ended(lab, i,
                           WIFEXITED(status) && WEXITSTATUS(status) == 0 ? ZDD_LAB_FINISHED
                                                                         : ZDD_LAB_FAILED,
                           message);
        return;
    }
}

/* Only what this thread has started: the balancers' threads wait for theirs. */
static pid_t next_ended(int *ret_status)
{
    return waitpid(-1, ret_status, WNOHANG | __WNOTHREAD);
}

void zdd_lab_reap(struct zdd_lab *lab)
{
    int status = 0;

    for (pid_t pid = next_ended(&status); pid > 0; pid = next_ended(&status))
        ended(lab, pid, status);
}

static bool signal_all(const struct zdd_lab *lab, int signal)
{
    bool any = false;

    for (const struct zdd_lab_instance *i = lab->first; i; i = i->next) {
        if (!i->pid)
            continue;
        any = true;
        zdd_lab_process_signal(i->pid, signal);
    }
    return any;
}

static bool forget_ended(struct zdd_lab *lab)
{
    bool any = false;
    int status = 0;

    for (pid_t pid = next_ended(&status); pid > 0; pid = next_ended(&status))
        for (struct zdd_lab_instance *i = lab->first; i; i = i->next)
            if (i->pid == pid) {
                zdd_lab_process_signal(pid, SIGKILL);
                i->pid = 0;
            }
    for (const struct zdd_lab_instance *i = lab->first; i; i = i->next)
        any = any || i->pid != 0;
    return any;
}

void zdd_lab_tasks_end(struct zdd_lab *lab, int64_t grace_ms)
{
    const int64_t until_ms = zdd_mono_ms() + grace_ms;
    const struct timespec pause = {.tv_nsec = POLL_NS};

    if (signal_all(lab, SIGTERM))
        while (forget_ended(lab) && zdd_mono_ms() < until_ms)
            nanosleep(&pause, NULL);
    (void)signal_all(lab, SIGKILL);
    (void)zdd_lab_process_sweep(lab->mark);
}
