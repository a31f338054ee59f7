/**
 * @file tests/unit/server/cli/program.c
 * @brief Processes with their output in pipes.
 */
#include "tests/unit/server/cli/program.h"

#include "server/base/clock.h"
#include "tests/support/spec.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define WAIT_MS 20000 /* only a broken program takes that long */

static void run_child(const char *dir, const char *const *args, const int out[2], const int err[2])
{
    char *argv[PROGRAM_ARGS_MAX + 2] = {(char *)(uintptr_t) "zdd-server"};

    for (size_t i = 0; args[i] && i < PROGRAM_ARGS_MAX; i++)
        argv[i + 1] = (char *)(uintptr_t)args[i];
    if (chdir(dir) != 0 || dup2(out[1], STDOUT_FILENO) < 0 || dup2(err[1], STDERR_FILENO) < 0)
        _exit(99);
    execv(ZDD_SERVER, argv);
    _exit(98);
}

struct program program_start(const char *dir, const char *const *args)
{
    struct program program = {0};
    int out[2], err[2];

    assert_int_equal(pipe(out), 0);
    assert_int_equal(pipe(err), 0);
    program.pid = fork();
    assert_true(program.pid >= 0);
    if (program.pid == 0)
        run_child(dir, args, out, err);
    close(out[1]);
    close(err[1]);
    fcntl(out[0], F_SETFD, FD_CLOEXEC);
    fcntl(err[0], F_SETFD, FD_CLOEXEC);
    program.out = out[0];
    program.err = err[0];
    return program;
}

/* Read what is there into @p text. @return false at the end of the pipe */
static bool take(int fd, char *text)
{
    const size_t used = strlen(text);
    const ssize_t got = read(fd, text + used, PROGRAM_TEXT_SIZE - 1 - used);

    if (got > 0)
        text[used + (size_t)got] = '\0';
    return got > 0;
}

/* Read @p fd until @p text holds @p wanted. */
static bool read_until(int fd, char *text, const char *wanted)
{
    const int64_t until_ms = zdd_mono_ms() + WAIT_MS;

    while (!strstr(text, wanted)) {
        struct pollfd poller = {.fd = fd, .events = POLLIN};
        const int64_t left_ms = until_ms - zdd_mono_ms();

        if (left_ms <= 0 || poll(&poller, 1, (int)left_ms) <= 0 || !take(fd, text))
            return false;
    }
    return true;
}

bool program_wait_url(struct program *program)
{
    char text[PROGRAM_TEXT_SIZE] = "";
    const char *at;

    if (!read_until(program->out, text, ")\n"))
        return false;
    at = strstr(text, "serves http://");
    if (!at)
        return false;
    at += strlen("serves ");
    snprintf(program->url, sizeof(program->url), "%.*s", (int)strcspn(at, " "), at);
    return true;
}

bool program_wait_line(struct program *program, const char *text)
{
    char lines[PROGRAM_TEXT_SIZE] = "";

    return read_until(program->err, lines, text);
}

static int code_of(int status)
{
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

struct outcome program_end(struct program *program)
{
    const int64_t until_ms = zdd_mono_ms() + WAIT_MS;
    struct pollfd pollers[2] = {{.fd = program->out, .events = POLLIN},
                                {.fd = program->err, .events = POLLIN}};
    struct outcome outcome = {.code = -1};
    bool late = false;
    int status;

    while ((pollers[0].fd >= 0 || pollers[1].fd >= 0) && !late) {
        const int64_t left_ms = until_ms - zdd_mono_ms();

        late = left_ms <= 0 || poll(pollers, 2, (int)left_ms) <= 0;
        if (pollers[0].revents && !take(pollers[0].fd, outcome.out))
            pollers[0].fd = -1;
        if (pollers[1].revents && !take(pollers[1].fd, outcome.err))
            pollers[1].fd = -1;
    }
    if (late)
        kill(program->pid, SIGKILL);
    assert_int_equal(waitpid(program->pid, &status, 0), program->pid);
    if (!late)
        outcome.code = code_of(status);
    close(program->out);
    close(program->err);
    return outcome;
}

struct outcome program_run(const char *dir, const char *const *args)
{
    struct program program = program_start(dir, args);

    return program_end(&program);
}
