/**
 * @file deploy/lab/process.c
 * @brief Starting, signalling and sweeping processes. Linux only: prctl, pidfd, /proc.
 */
#define _GNU_SOURCE /* close_range, syscall */
#include "deploy/lab/process.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define ENVIRON_MAX (256u * 1024) /* bytes of an environment that are searched */
#define SWEEP_MAX 50 /* rounds; each kills all that are seen, new ones may have been forked */
#define SWEEP_PAUSE_US 2000
#define EXIT_NO_EXEC 127
#define OUTPUT_FLAGS (O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC)

/* Runs in the child: only async-signal-safe calls. */
static void redirect(const char *dir, const char *name, int fd)
{
    int file = -1;

    if (dir)
        file = open(name, OUTPUT_FLAGS, 0644);
    if (file < 0)
        file = open("/dev/null", O_RDWR | O_CLOEXEC);
    if (file >= 0)
        (void)dup2(file, fd);
}

__attribute__((noreturn)) static void become(const struct zdd_lab_command *command, pid_t parent)
{
    sigset_t none;

    (void)setpgid(0, 0);
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent) /* it died before the line above */
        _exit(EXIT_NO_EXEC);
    if (command->dir && chdir(command->dir) != 0)
        _exit(EXIT_NO_EXEC);
    redirect(NULL, NULL, STDIN_FILENO);
    redirect(command->dir, "stdout", STDOUT_FILENO);
    redirect(command->dir, "stderr", STDERR_FILENO);
    (void)close_range(STDERR_FILENO + 1, ~0u, 0);
    (void)signal(SIGPIPE, SIG_DFL);
    sigemptyset(&none);
    (void)sigprocmask(SIG_SETMASK, &none, NULL);
    execve(command->argv[0], command->argv, command->env);
    _exit(EXIT_NO_EXEC);
}

pid_t zdd_lab_process_start(const struct zdd_lab_command *command)
{
    const pid_t parent = getpid();
    const pid_t pid = fork();

    if (pid == 0)
        become(command, parent);
    if (pid > 0)
        (void)setpgid(pid, pid); /* here too: a signal may be sent before the child has run */
    return pid;
}

void zdd_lab_process_signal(pid_t pid, int signal)
{
    if (pid > 1)
        (void)kill(-pid, signal);
}

static bool has_mark(pid_t pid, const char *mark)
{
    static char text[ENVIRON_MAX];
    char path[64];
    size_t size = 0;
    int fd;

    snprintf(path, sizeof(path), "/proc/%ld/environ", (long)pid);
    fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return false;
    for (ssize_t n = 1; n > 0 && size<sizeof(text) - 1; size += n> 0 ? (size_t)n : 0)
        n = read(fd, text + size, sizeof(text) - 1 - size);
    close(fd);
    text[size] = '\0';
    for (size_t at = 0; at < size; at += strlen(text + at) + 1)
        if (strcmp(text + at, mark) == 0)
            return true;
    return false;
}

/* The pidfd is opened before the look, so that a reused pid is never hit. */
static bool kill_marked(pid_t pid, const char *mark)
{
    const int fd = (int)syscall(SYS_pidfd_open, pid, 0);
    bool hit;

    if (fd < 0)
        return false;
    hit = has_mark(pid, mark);
    if (hit)
        (void)syscall(SYS_pidfd_send_signal, fd, SIGKILL, NULL, 0);
    close(fd);
    return hit;
}

static int sweep_once(const char *mark)
{
    DIR *dir = opendir("/proc");
    int count = 0;

    if (!dir)
        return 0;
    for (struct dirent *entry = readdir(dir); entry; entry = readdir(dir)) {
        const long pid =
            isdigit((unsigned char)*entry->d_name) ? strtol(entry->d_name, NULL, 10) : 0;

        if (pid > 1 && pid != getpid() && kill_marked((pid_t)pid, mark))
            count++;
    }
    closedir(dir);
    return count;
}

int zdd_lab_process_sweep(const char *mark)
{
    int total = 0;

    for (int round = 0; round < SWEEP_MAX; round++) {
        const int count = sweep_once(mark);

        if (!count)
            break;
        total += count;
        usleep(SWEEP_PAUSE_US);
    }
    return total;
}

__attribute__((noreturn)) static void watch(int pipe_end, const char *mark)
{
    char byte;
    ssize_t n;

    (void)setsid(); /* Ctrl-C in the terminal is for the lab, not for the one who cleans up */
    for (int s = SIGHUP; s <= SIGTERM; s++)
        (void)signal(s, SIG_IGN);
    redirect(NULL, NULL, STDIN_FILENO);
    redirect(NULL, NULL, STDOUT_FILENO);
    redirect(NULL, NULL, STDERR_FILENO);
    do
        n = read(pipe_end, &byte, 1);
    while (n > 0 || (n < 0 && errno == EINTR));
    (void)zdd_lab_process_sweep(mark);
    _exit(0);
}

bool zdd_lab_warden_start(const char *mark)
{
    int ends[2];
    pid_t pid;

    if (pipe2(ends, O_CLOEXEC) != 0)
        return false;
    pid = fork();
    if (pid == 0) {
        close(ends[1]);
        watch(ends[0], mark);
    }
    close(ends[0]);
    return pid > 0; /* ends[1] stays open for as long as this process lives */
}
