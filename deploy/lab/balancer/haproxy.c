/**
 * @file deploy/lab/balancer/haproxy.c
 * @brief Life and death of one HAProxy.
 *
 * `haproxy -W` as in Marathon-LB's container. After the first start HAProxy itself fetches its
 * listening sockets through the stats socket at each reload (expose-fd listeners), so that no
 * connection is refused in between.
 */
#define _GNU_SOURCE /* pidfd_open */
#include "deploy/lab/balancer/haproxy.h"

#include "deploy/lab/balancer/config.h"
#include "deploy/lab/balancer/files.h"
#include "deploy/lab/balancer/runtime.h"
#include "deploy/lab/process.h"
#include "server/base/clock.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define CHECK_MS 10000 /* a check takes 50 ms on a machine at rest */
#define START_MS 10000
#define RELOAD_AGAIN_MS 2000
#define RELOAD_MS 10000 /* Marathon-LB's --reload-interval */
#define END_MS 1000     /* SIGTERM to SIGKILL */
#define PAUSE_NS 5000000L
#define COMPLAINT_MAX 16384

static void pause_shortly(void)
{
    nanosleep(&(struct timespec){.tv_nsec = PAUSE_NS}, NULL);
}

static int watch(pid_t pid)
{
    return (int)syscall(SYS_pidfd_open, pid, 0);
}

static bool has_ended(int pid_fd, int64_t wait_ms)
{
    struct pollfd polled = {.fd = pid_fd, .events = POLLIN};

    return poll(&polled, 1, (int)wait_ms) == 1;
}

static pid_t run(struct zdd_haproxy *haproxy, const char *dir, const char *mode)
{
    const char *const argv[] = {haproxy->program, mode, "-f", ZDD_MLB_CONFIG_FILE, NULL};
    /* exec wants `char *const *` for historic reasons and changes nothing */
    const struct zdd_lab_command command = {.argv = (char *const *)(uintptr_t)argv,
                                            .env = (char *const *)(uintptr_t)haproxy->env,
                                            .dir = dir};

    return zdd_lab_process_start(&command);
}

/* The first line with "[ALERT]" that says where and what; the others follow from it. */
static void read_complaint(int dir_fd, char ret_reason[static ZDD_HAPROXY_REASON_SIZE])
{
    ZDD_AUTO_BUF struct zdd_buf text = {0};
    const char *at;

    (void)zdd_file_read(dir_fd, "stderr", COMPLAINT_MAX, &text);
    at = text.size ? strstr(text.data, "[ALERT]") : NULL;
    at = at ? strstr(at, " : ") : NULL;
    at = at ? at + 3 : "HAProxy refuses it and does not say why";
    snprintf(ret_reason, ZDD_HAPROXY_REASON_SIZE, "%.*s", (int)strcspn(at, "\n"), at);
}

static void forget_complaints(int dir_fd)
{
    (void)unlinkat(dir_fd, "stderr", 0); /* it may not exist yet */
}

bool zdd_haproxy_check(struct zdd_haproxy *haproxy, const char *text,
                       char ret_reason[static ZDD_HAPROXY_REASON_SIZE])
{
    int status = -1;
    pid_t pid;
    int pid_fd;

    forget_complaints(haproxy->check_fd);
    if (!zdd_file_replace(haproxy->check_fd, ZDD_MLB_CONFIG_FILE, text, strlen(text))) {
        snprintf(ret_reason, ZDD_HAPROXY_REASON_SIZE, "%.200s: %s", haproxy->check_dir,
                 strerror(errno));
        return false;
    }
    pid = run(haproxy, haproxy->check_dir, "-c");
    if (pid < 0) {
        snprintf(ret_reason, ZDD_HAPROXY_REASON_SIZE, "fork: %s", strerror(errno));
        return false;
    }
    pid_fd = watch(pid);
    if (!has_ended(pid_fd, CHECK_MS))
        zdd_lab_process_signal(pid, SIGKILL);
    close(pid_fd);
    (void)waitpid(pid, &status, 0);
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
        return true;
    read_complaint(haproxy->check_fd, ret_reason);
    return false;
}

bool zdd_haproxy_write(struct zdd_haproxy *haproxy, const char *name, const char *text)
{
    return zdd_file_replace(haproxy->dir_fd, name, text, strlen(text));
}

static bool await_first_worker(struct zdd_haproxy *haproxy)
{
    const int64_t until_ms = zdd_mono_ms() + START_MS;

    while (!has_ended(haproxy->master_fd, 0) && zdd_mono_ms() < until_ms) {
        haproxy->worker = zdd_haproxy_worker(haproxy->dir_fd);
        if (haproxy->worker)
            return true;
        pause_shortly();
    }
    return false;
}

bool zdd_haproxy_start(struct zdd_haproxy *haproxy, char ret_reason[static ZDD_HAPROXY_REASON_SIZE])
{
    forget_complaints(haproxy->dir_fd);
    (void)unlinkat(haproxy->dir_fd, ZDD_MLB_SOCKET_FILE, 0); /* of one that has died */
    haproxy->master = run(haproxy, haproxy->dir, "-W");
    if (haproxy->master < 0) {
        haproxy->master = 0;
        snprintf(ret_reason, ZDD_HAPROXY_REASON_SIZE, "fork: %s", strerror(errno));
        return false;
    }
    haproxy->master_fd = watch(haproxy->master);
    if (await_first_worker(haproxy))
        return true;
    read_complaint(haproxy->dir_fd, ret_reason);
    zdd_haproxy_end(haproxy);
    return false;
}

/* As reload_haproxy.sh does: without this the new worker starts with the weights of the
 * configuration, and what an agent or an operator has set is lost. */
static bool dump_state(struct zdd_haproxy *haproxy)
{
    ZDD_AUTO_BUF struct zdd_buf state = {0};

    return zdd_haproxy_ask(haproxy->dir_fd, "show servers state", &state) && state.size > 0 &&
           zdd_file_replace(haproxy->dir_fd, ZDD_MLB_STATE_FILE, state.data, state.size);
}

bool zdd_haproxy_reload(struct zdd_haproxy *haproxy,
                        char ret_reason[static ZDD_HAPROXY_REASON_SIZE])
{
    const int64_t until_ms = zdd_mono_ms() + RELOAD_MS;
    const long before = zdd_haproxy_worker(haproxy->dir_fd);
    int64_t again_ms = 0;

    if (!dump_state(haproxy)) {
        snprintf(ret_reason, ZDD_HAPROXY_REASON_SIZE, "the state of the servers cannot be kept");
        return false;
    }
    while (!has_ended(haproxy->master_fd, 0) && zdd_mono_ms() < until_ms) {
        long worker;

        /* One that comes while the master starts itself anew, for the reload before, gets lost. */
        if (zdd_mono_ms() >= again_ms) {
            (void)kill(haproxy->master, SIGUSR2);
            again_ms = zdd_mono_ms() + RELOAD_AGAIN_MS;
        }
        worker = zdd_haproxy_worker(haproxy->dir_fd);
        if (worker && worker != before) {
            haproxy->worker = worker;
            return true;
        }
        pause_shortly();
    }
    snprintf(ret_reason, ZDD_HAPROXY_REASON_SIZE, "no new worker after %d s; see %.200s/stderr",
             RELOAD_MS / 1000, haproxy->dir);
    return false;
}

/* The group is killed before its leader is waited for: until then nobody else can get its number.
 */
void zdd_haproxy_end(struct zdd_haproxy *haproxy)
{
    if (!haproxy->master)
        return;
    if (!has_ended(haproxy->master_fd, 0)) {
        (void)kill(haproxy->master, SIGTERM); /* it ends its workers, old ones too */
        (void)has_ended(haproxy->master_fd, END_MS);
    }
    zdd_lab_process_signal(haproxy->master, SIGKILL);
    (void)waitpid(haproxy->master, NULL, 0);
    close(haproxy->master_fd);
    haproxy->master_fd = -1;
    haproxy->master = 0;
    haproxy->worker = 0;
}
