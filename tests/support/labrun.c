/**
 * @file tests/support/labrun.c
 * @brief Starting and ending a zdd-lab for a test.
 */
#define _GNU_SOURCE /* nftw, prctl */
#include "tests/support/labrun.h"

#include "server/base/clock.h"
#include "tests/support/under.h"

#include <arpa/inet.h>
#include <ftw.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define RANGE_FIRST 20000 /* below the kernel's ephemeral ports */
#define RANGE_COUNT 180
#define START_MS 30000 /* ample: with balancers, under valgrind on a busy machine */
#define STOP_MS 10000

/* The first port of the range stays bound here: whoever holds it has the range. */
static bool reserve(struct labrun *run)
{
    const unsigned start = (unsigned)getpid();

    for (unsigned i = 0; i < RANGE_COUNT; i++) {
        const unsigned range = (start + i) % RANGE_COUNT;
        const uint16_t port = (uint16_t)(RANGE_FIRST + range * (LABRUN_PORT_COUNT + 1));
        const struct sockaddr_in address = {.sin_family = AF_INET,
                                            .sin_port = htons(port),
                                            .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
        const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

        if (bind(fd, (const struct sockaddr *)&address, sizeof(address)) == 0 &&
            listen(fd, 1) == 0) {
            run->reserved_fd = fd;
            run->port_from = (uint16_t)(port + 1);
            run->port_to = (uint16_t)(port + LABRUN_PORT_COUNT);
            return true;
        }
        close(fd);
    }
    return false;
}

__attribute__((noreturn)) static void become(const struct labrun *run, const char *const *options,
                                             int out)
{
    char ports[24];
    const char *argv[LABRUN_ARG_MAX] = {ZDD_LAB_PROGRAM, "--listen",     "127.0.0.1:0",
                                        "--state",       run->dir,       "--host-ports",
                                        ports,           "--kill-grace", "1000",
                                        "--no-balancer"}; /* until an option says --balancer */
    size_t argc = 10;

    snprintf(ports, sizeof(ports), "%u-%u", run->port_from, run->port_to);
    for (; options && *options && argc + 1 < LABRUN_ARG_MAX; options++)
        argv[argc++] = *options;
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    (void)dup2(out, STDOUT_FILENO);
    under_exec(argv);
}

/* "zdd-lab: Marathon classic on http://127.0.0.1:40123 (…)" */
static bool read_url(struct labrun *run, int in)
{
    const int64_t until_ms = zdd_mono_ms() + START_MS;
    char text[512] = "";
    size_t size = 0;
    const char *url;

    while (!strchr(text, '\n')) {
        struct pollfd polled = {.fd = in, .events = POLLIN};
        ssize_t n;

        if (poll(&polled, 1, (int)(until_ms - zdd_mono_ms())) <= 0)
            return false;
        n = read(in, text + size, sizeof(text) - 1 - size);
        if (n <= 0)
            return false;
        size += (size_t)n;
        text[size] = '\0';
    }
    url = strstr(text, "http://");
    if (!url)
        return false;
    snprintf(run->url, sizeof(run->url), "%.*s", (int)strcspn(url, " \n"), url);
    run->port = (uint16_t)strtol(strrchr(run->url, ':') + 1, NULL, 10);
    return true;
}

bool labrun_start(struct labrun *run, const char *const *options)
{
    int ends[2];
    bool ready;

    *run = (struct labrun){.reserved_fd = -1};
    snprintf(run->dir, sizeof(run->dir), "/tmp/zdd-labrun.XXXXXX");
    if (!reserve(run) || !mkdtemp(run->dir) || pipe(ends) != 0) {
        fputs("labrun: no free ports, no directory or no pipe\n", stderr);
        return false;
    }
    run->pid = fork();
    if (run->pid == 0)
        become(run, options, ends[1]);
    close(ends[1]);
    ready = run->pid > 0 && read_url(run, ends[0]);
    close(ends[0]);
    if (!ready)
        fputs("labrun: " ZDD_LAB_PROGRAM " did not say where it listens\n", stderr);
    return ready;
}

static int remove_one(const char *path, const struct stat *status, int kind, struct FTW *walk)
{
    (void)status;
    (void)kind;
    (void)walk;
    return remove(path);
}

static void clean_up(struct labrun *run)
{
    (void)nftw(run->dir, remove_one, 16, FTW_DEPTH | FTW_PHYS);
    close(run->reserved_fd);
    run->pid = 0;
}

int labrun_stop(struct labrun *run)
{
    const struct timespec pause = {.tv_nsec = 2000000};
    const int64_t until_ms = zdd_mono_ms() + STOP_MS;
    int status = 0;
    pid_t ended = 0;

    if (run->pid <= 0)
        return -1;
    (void)kill(run->pid, SIGTERM);
    while (!ended && zdd_mono_ms() < until_ms) {
        ended = waitpid(run->pid, &status, WNOHANG);
        if (!ended)
            nanosleep(&pause, NULL);
    }
    if (!ended) {
        (void)kill(run->pid, SIGKILL);
        (void)waitpid(run->pid, &status, 0);
    }
    clean_up(run);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

void labrun_crash(struct labrun *run)
{
    (void)kill(run->pid, SIGKILL);
    (void)waitpid(run->pid, NULL, 0);
    clean_up(run);
}
