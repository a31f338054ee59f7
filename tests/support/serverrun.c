/**
 * @file tests/support/serverrun.c
 * @brief Starting, ending and killing a zdd-server for a test.
 */
#define _GNU_SOURCE /* nftw, prctl, pipe2 */
#include "tests/support/serverrun.h"

#include "server/base/clock.h"
#include "server/net/fetch.h"
#include "tests/support/under.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <linux/capability.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define START_MS                                                                                   \
    30000 /* ample: under AddressSanitizer it takes about one second, under valgrind ten */
#define STOP_MS 15000
#define COMMAND_MS 20000
#define PAUSE_NS 2000000L
#define LOG_MAX (1 << 20)

static void pause_shortly(void)
{
    nanosleep(&(struct timespec){.tv_nsec = PAUSE_NS}, NULL);
}

bool serverrun_open(struct serverrun *run, const char *marathon)
{
    *run = (struct serverrun){.out = -1};
    snprintf(run->dir, sizeof(run->dir), "/tmp/zdd-serverrun.XXXXXX");
    if (!mkdtemp(run->dir)) {
        fprintf(stderr, "serverrun: no directory: %s\n", strerror(errno));
        return false;
    }
    snprintf(run->db, sizeof(run->db), "%s/zdd.db", run->dir);
    snprintf(run->log, sizeof(run->log), "%s/server.log", run->dir);
    snprintf(run->marathon, sizeof(run->marathon), "%s", marathon);
    return true;
}

/* In the child: become zdd-server with these arguments, as an ordinary user would run it: modes of
 * files count for root too, and a file size limit is a failed write. */
__attribute__((noreturn)) static void become(const char *const *args, int out, int err)
{
    const char *argv[SERVERRUN_ARG_MAX] = {ZDD_SERVER_PROGRAM};

    for (size_t i = 0; args[i] && i + 2 < SERVERRUN_ARG_MAX; i++)
        argv[i + 1] = args[i];
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    (void)prctl(PR_CAPBSET_DROP, CAP_DAC_OVERRIDE);
    (void)signal(SIGXFSZ, SIG_IGN);
    (void)dup2(out, STDOUT_FILENO);
    (void)dup2(err, STDERR_FILENO);
    under_exec(argv);
}

static int exit_status(int status)
{
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

/* Wait for @p pid; kill it when it takes too long. */
static int reap(pid_t pid, int64_t limit_ms)
{
    const int64_t until_ms = zdd_mono_ms() + limit_ms;
    int status = 0;

    while (zdd_mono_ms() < until_ms) {
        if (waitpid(pid, &status, WNOHANG) == pid)
            return exit_status(status);
        pause_shortly();
    }
    (void)kill(pid, SIGKILL);
    (void)waitpid(pid, &status, 0);
    return -1;
}

int serverrun_command(const char *const *args, char *ret_out, size_t size)
{
    const int64_t until_ms = zdd_mono_ms() + COMMAND_MS;
    size_t used = 0;
    int ends[2];
    pid_t pid;

    ret_out[0] = '\0';
    if (pipe2(ends, O_CLOEXEC) != 0)
        return -1;
    pid = fork();
    if (pid == 0)
        become(args, ends[1], ends[1]);
    close(ends[1]);
    while (pid > 0) {
        struct pollfd polled = {.fd = ends[0], .events = POLLIN};
        char rest[256];
        ssize_t n;

        if (poll(&polled, 1, (int)(until_ms - zdd_mono_ms())) <= 0)
            break;
        n = used + 1 < size ? read(ends[0], ret_out + used, size - 1 - used)
                            : read(ends[0], rest, sizeof(rest));
        if (n <= 0)
            break;
        if (used + 1 < size)
            used += (size_t)n;
        ret_out[used] = '\0';
    }
    close(ends[0]);
    return pid > 0 ? reap(pid, until_ms - zdd_mono_ms() + 1) : -1;
}

bool serverrun_token(struct serverrun *run)
{
    const char *const args[] = {
        "token",  "create", "--db",    run->db,
        "--name", "test",   "--scope", "read,plan,deploy,promote,abort,admin",
        NULL};
    char text[1024];
    const int status = serverrun_command(args, text, sizeof(text));
    const char *token = strstr(text, "zdd_");

    if (status != 0 || !token) {
        fprintf(stderr, "serverrun: no token (exit %d): %s\n", status, text);
        return false;
    }
    snprintf(run->token, sizeof(run->token), "%.*s", (int)strcspn(token, " \n"), token);
    return true;
}

bool serverrun_spawn(struct serverrun *run, const char *const *options)
{
    /* Tests ask as fast as they can. */
    const char *args[SERVERRUN_ARG_MAX] = {"serve",       "--listen",     "127.0.0.1:0",
                                           "--db",        run->db,        "--marathon",
                                           run->marathon, "--rate-limit", "0"};
    const int log = open(run->log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    size_t count = 9;
    int ends[2];

    for (; options && *options && count + 1 < SERVERRUN_ARG_MAX; options++)
        args[count++] = *options;
    if (log < 0 || pipe2(ends, O_CLOEXEC) != 0) {
        fprintf(stderr, "serverrun: no log or no pipe: %s\n", strerror(errno));
        return false;
    }
    run->pid = fork();
    if (run->pid == 0)
        become(args, ends[1], log);
    close(ends[1]);
    close(log);
    run->out = ends[0];
    run->url[0] = '\0';
    return run->pid > 0;
}

/* "zdd-server 0.1.0 serves http://127.0.0.1:40123 (…)" */
static bool read_url(struct serverrun *run, int64_t until_ms)
{
    char text[512] = "";
    size_t size = 0;
    const char *url = NULL;

    while (!strchr(text, '\n')) {
        struct pollfd polled = {.fd = run->out, .events = POLLIN};
        ssize_t n;

        if (poll(&polled, 1, (int)(until_ms - zdd_mono_ms())) <= 0)
            return false;
        n = read(run->out, text + size, sizeof(text) - 1 - size);
        if (n <= 0)
            return false;
        size += (size_t)n;
        text[size] = '\0';
    }
    url = strstr(text, "http://");
    if (url)
        snprintf(run->url, sizeof(run->url), "%.*s", (int)strcspn(url, " \n"), url);
    return url != NULL;
}

static bool is_ready(struct zdd_fetch *fetch, const char *url)
{
    struct zdd_answer answer = {0};
    char reason[200];
    bool ready;

    ready = zdd_fetch_send(fetch,
                           &(struct zdd_request){.method = "GET", .url = url, .timeout_ms = 5000},
                           &answer, reason) == ZDD_ERR_NONE &&
            answer.status == 200;
    zdd_answer_release(&answer);
    return ready;
}

bool serverrun_await(struct serverrun *run)
{
    const int64_t until_ms = zdd_mono_ms() + START_MS;
    struct zdd_fetch *fetch = zdd_fetch_new(&(struct zdd_fetch_auth){0});
    bool ready = false;
    char url[128];

    if (fetch && read_url(run, until_ms)) {
        snprintf(url, sizeof(url), "%s/readyz", run->url);
        while (!(ready = is_ready(fetch, url)) && zdd_mono_ms() < until_ms)
            pause_shortly();
    }
    zdd_fetch_free(fetch);
    if (!ready) {
        fprintf(stderr, "serverrun: zdd-server is not ready at \"%s\"; its log:\n", run->url);
        serverrun_log_tail(run, 40, stderr);
    }
    return ready;
}

bool serverrun_start(struct serverrun *run, const char *const *options)
{
    return serverrun_spawn(run, options) && serverrun_await(run);
}

static void forget(struct serverrun *run)
{
    close(run->out);
    run->out = -1;
    run->pid = 0;
}

int serverrun_wait(struct serverrun *run, int64_t limit_ms)
{
    const int status = reap(run->pid, limit_ms);

    forget(run);
    return status;
}

int serverrun_stop(struct serverrun *run)
{
    (void)kill(run->pid, SIGTERM);
    return serverrun_wait(run, STOP_MS);
}

void serverrun_kill(struct serverrun *run)
{
    (void)kill(run->pid, SIGKILL);
    (void)waitpid(run->pid, NULL, 0);
    forget(run);
}

static int remove_one(const char *path, const struct stat *status, int kind, struct FTW *walk)
{
    (void)status;
    (void)kind;
    (void)walk;
    (void)remove(path); /* what cannot go, a mount, stays; the rest goes */
    return 0;
}

void serverrun_close(struct serverrun *run)
{
    if (run->pid > 0)
        serverrun_kill(run);
    (void)nftw(run->dir, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

/* The end of the log; the caller frees it. */
static char *read_log(const struct serverrun *run)
{
    FILE *file = fopen(run->log, "re");
    char *text = calloc(1, LOG_MAX + 1);
    size_t size = 0;

    if (file && text) {
        (void)fseek(file, 0, SEEK_END);
        (void)fseek(file, ftell(file) > LOG_MAX ? -LOG_MAX : -ftell(file), SEEK_CUR);
        size = fread(text, 1, LOG_MAX, file);
        text[size] = '\0';
    }
    if (file)
        fclose(file);
    return text;
}

void serverrun_log_tail(const struct serverrun *run, size_t lines, FILE *to)
{
    char *text = read_log(run);
    const char *at = text ? text + strlen(text) : NULL;

    while (at && at > text) {
        if (at[-1] == '\n' && *at && lines-- == 1)
            break;
        at--;
    }
    if (at)
        fputs(at, to);
    free(text);
}

bool serverrun_log_has(const struct serverrun *run, const char *text)
{
    char *log = read_log(run);
    const bool has = log && strstr(log, text);

    free(log);
    return has;
}
