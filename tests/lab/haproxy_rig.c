/**
 * @file tests/lab/haproxy_rig.c
 * @brief A real HAProxy for a test.
 */
#define _GNU_SOURCE /* prctl, close_range, nftw */
#include "tests/lab/haproxy_rig.h"

#include "server/base/clock.h"
#include "server/router/label.h"
#include "server/router/runtime.h"
#include "tests/support/spec.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <ftw.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define HAPROXY "/usr/sbin/haproxy"
#define PATIENCE_MS 20000
#define ANSWER_MS 5000
#define RANGE_FIRST 14000 /* below the kernel's ephemeral ports, and below zdd-lab's */
#define RANGE_COUNT 1400
#define PORTS_EACH 4
#define AGENT_INTERVAL_MS 50

bool rig_possible(void)
{
    return access(HAPROXY, X_OK) == 0;
}

/* The first port of a group stays bound here: whoever holds it has the group. */
static void reserve(struct rig *rig)
{
    const unsigned start = (unsigned)getpid() * 7;

    for (unsigned i = 0; i < RANGE_COUNT; i++) {
        const uint16_t port = (uint16_t)(RANGE_FIRST + (start + i) % RANGE_COUNT * PORTS_EACH);
        const struct sockaddr_in address = {.sin_family = AF_INET,
                                            .sin_port = htons(port),
                                            .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
        const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

        assert_true(fd >= 0);
        if (bind(fd, (const struct sockaddr *)&address, sizeof(address)) == 0 &&
            listen(fd, 1) == 0) {
            rig->lock_fd = fd;
            rig->front_port = (uint16_t)(port + 1);
            rig->stats_port = (uint16_t)(port + 2);
            rig->cli_port = (uint16_t)(port + 3);
            return;
        }
        close(fd);
    }
    fail_msg("no free ports");
}

/* What Marathon-LB makes of its fields. */
static void write_server(FILE *file, const char *template, const struct rig_options *options,
                         size_t number)
{
    const unsigned port = options->port[number];

    for (const char *at = template; *at; at++) {
        const size_t size = strcspn(at, "}");

        if (*at != '{') {
            fputc(*at, file);
            continue;
        }
        if (strncmp(at, "{serverName}", size) == 0)
            fprintf(file, "127_0_0_1_%u", port);
        else if (strncmp(at, "{host_ipv4}", size) == 0)
            fprintf(file, "127.0.0.1");
        else if (strncmp(at, "{port}", size) == 0 || strncmp(at, "{serverId}", size) == 0)
            fprintf(file, "%u", port); /* an id stays over reloads, as Marathon-LB's do */
        else if (strncmp(at, "{otherOptions}", size) == 0)
            fprintf(file, "%s%s", options->extra ? " " : "", options->extra ? options->extra : "");
        at += size;
    }
}

static void write_servers(FILE *file, const struct rig_options *options)
{
    ZDD_AUTO_BUF struct zdd_buf label = {0};
    char advertise[32];

    if (options->agent_port) {
        snprintf(advertise, sizeof(advertise), "127.0.0.1:%u", options->agent_port);
        assert_int_equal(zdd_agent_label(&label, advertise,
                                         options->agent_interval_ms ? options->agent_interval_ms
                                                                    : AGENT_INTERVAL_MS),
                         ZDD_ERR_NONE);
    } else {
        zdd_buf_text(&label, "  server {serverName} {host_ipv4}:{port} id {serverId}{otherOptions}"
                             " weight 1\n");
    }
    for (size_t i = 0; i < options->server_count; i++)
        write_server(file, label.data, options, i);
}

static void write_config(const struct rig *rig)
{
    const struct rig_options *o = &rig->options;
    const char *level = o->operator_only ? "operator" : "admin";
    char path[64];
    FILE *file;

    snprintf(path, sizeof(path), "%s/haproxy.cfg", rig->dir);
    file = fopen(path, "w");
    assert_non_null(file);
    fprintf(file,
            "global\n  maxconn 2000\n  nbthread 2\n  stats socket %s level %s expose-fd listeners\n"
            "  stats socket ipv4@127.0.0.1:%u level %s\n  server-state-file %s/state\n"
            "defaults\n  mode http\n  timeout connect 5s\n  timeout client 60s\n"
            "  timeout server 60s\n  option idle-close-on-response\n",
            rig->cli_path, level, rig->cli_port, level, rig->dir);
    if (o->state_file)
        fprintf(file, "  load-server-state-from-file global\n");
    fprintf(file, "listen stats\n  bind 127.0.0.1:%u\n  stats enable\n%s", rig->stats_port,
            o->no_legends ? "" : "  stats show-legends\n");
    if (o->no_legends)
        fprintf(file,
                "  http-request return status 200 content-type text/plain file %s"
                " if { path /_haproxy_getconfig }\n",
                path);
    if (!o->no_metrics)
        fprintf(file, "  http-request use-service prometheus-exporter if { path /metrics }\n");
    fprintf(file,
            "frontend " RIG_BACKEND "\n  bind 127.0.0.1:%u\n  default_backend " RIG_BACKEND "\n"
            "backend " RIG_BACKEND "\n  balance %s\n",
            rig->front_port, o->balance ? o->balance : "roundrobin");
    if (o->source)
        fprintf(file, "  source %s\n", o->source);
    write_servers(file, o);
    if (o->other_count)
        fprintf(file, "backend other_80\n");
    for (size_t i = 0; i < o->other_count; i++)
        fprintf(file, "  server 127_0_0_1_%zu 127.0.0.1:9 weight 1\n", i);
    assert_int_equal(fclose(file), 0);
}

static const char *text_of(const struct rig *rig, const char *name)
{
    static char text[8192];
    char path[64];
    size_t size;
    FILE *file;

    snprintf(path, sizeof(path), "%s/%s", rig->dir, name);
    file = fopen(path, "r");
    if (!file)
        return "";
    size = fread(text, 1, sizeof(text) - 1, file);
    fclose(file);
    text[size] = '\0';
    return text;
}

static bool ask(const struct rig *rig, const char *socket_name, const char *line, char *ret_text,
                size_t max)
{
    struct zdd_place place = {.known = true};
    ZDD_AUTO_BUF struct zdd_buf text = {0};
    char reason[ZDD_ROUTER_REASON_SIZE];

    snprintf(place.name, sizeof(place.name), "%s/%s", rig->dir, socket_name);
    if (zdd_runtime_ask(&place, line, zdd_mono_ms() + ANSWER_MS, &text, reason) != ZDD_ERR_NONE)
        return false;
    snprintf(ret_text, max, "%s", text.size > 0 ? text.data : "");
    return true;
}

const char *rig_ask(struct rig *rig, const char *line)
{
    static char text[16384];

    if (!ask(rig, "cli", line, text, sizeof(text)))
        fail_msg("haproxy does not answer: %s", text_of(rig, "log"));
    return text;
}

/* The worker's process id; 0 when nobody answers. */
static long worker_of(const struct rig *rig)
{
    char text[4096];
    const char *at;

    if (!ask(rig, "cli", "show info", text, sizeof(text)))
        return 0;
    at = strstr(text, "\nPid: ");
    return at ? strtol(at + 6, NULL, 10) : 0;
}

/* The master of a worker executes itself anew to begin its watch; a signal before is lost. */
static bool is_watched(const struct rig *rig)
{
    char text[4096];

    return ask(rig, "master", "show proc;quit", text, sizeof(text)) && strstr(text, "worker");
}

static void await_worker(const struct rig *rig, long other_than)
{
    const struct timespec pause = {.tv_nsec = 5000000};
    const int64_t until_ms = zdd_mono_ms() + PATIENCE_MS;

    while (zdd_mono_ms() < until_ms) {
        const long now = worker_of(rig);

        if (now > 0 && now != other_than && is_watched(rig))
            return;
        nanosleep(&pause, NULL);
    }
    fail_msg("haproxy has no new worker: %s", text_of(rig, "log"));
}

static _Noreturn void become(const struct rig *rig)
{
    char config[64], log[64], master[64];
    int fd;

    snprintf(config, sizeof(config), "%s/haproxy.cfg", rig->dir);
    snprintf(log, sizeof(log), "%s/log", rig->dir);
    snprintf(master, sizeof(master), "%s/master", rig->dir);
    fd = open(log, O_CREAT | O_WRONLY | O_APPEND, 0600);
    (void)dup2(fd, STDOUT_FILENO);
    (void)dup2(fd, STDERR_FILENO);
    (void)close_range(3, ~0U, 0);
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL); /* workers end with their master */
    execl(HAPROXY, HAPROXY, "-W", "-S", master, "-f", config, (char *)NULL);
    _exit(127);
}

void rig_again(struct rig *rig)
{
    rig->pid = fork();
    if (rig->pid == 0)
        become(rig);
    assert_true(rig->pid > 0);
    await_worker(rig, 0);
}

void rig_start(struct rig *rig, const struct rig_options *options)
{
    *rig = (struct rig){.options = *options, .lock_fd = -1};
    snprintf(rig->dir, sizeof(rig->dir), "/tmp/zdd-rig.XXXXXX");
    assert_non_null(mkdtemp(rig->dir));
    reserve(rig);
    snprintf(rig->cli_path, sizeof(rig->cli_path), "%s/cli", rig->dir);
    snprintf(rig->stats_url, sizeof(rig->stats_url), "http://127.0.0.1:%u", rig->stats_port);
    snprintf(rig->cli_url, sizeof(rig->cli_url), "127.0.0.1:%u", rig->cli_port);
    write_config(rig);
    rig_again(rig);
}

void rig_change(struct rig *rig, const struct rig_options *options)
{
    rig->options = *options;
    write_config(rig);
}

static void dump_state(struct rig *rig)
{
    const char *state = rig_ask(rig, "show servers state");
    char path[64];
    FILE *file;

    snprintf(path, sizeof(path), "%s/state", rig->dir);
    file = fopen(path, "w");
    assert_non_null(file);
    fputs(state, file);
    assert_int_equal(fclose(file), 0);
}

void rig_reload(struct rig *rig)
{
    const long before = worker_of(rig);

    assert_true(before > 0);
    if (rig->options.state_file)
        dump_state(rig);
    assert_int_equal(kill(rig->pid, SIGUSR2), 0);
    await_worker(rig, before);
}

void rig_kill(struct rig *rig)
{
    if (rig->pid <= 0)
        return;
    (void)kill(rig->pid, SIGKILL);
    (void)waitpid(rig->pid, NULL, 0);
    rig->pid = 0;
    for (int i = 0; i < 2000 && worker_of(rig) > 0; i++) /* it notices that its master is gone */
        nanosleep(&(struct timespec){.tv_nsec = 5000000}, NULL);
}

static int remove_one(const char *path, const struct stat *status, int kind, struct FTW *walk)
{
    (void)status;
    (void)kind;
    (void)walk;
    return remove(path);
}

void rig_stop(struct rig *rig)
{
    if (!rig->dir[0])
        return;
    rig_kill(rig);
    close(rig->lock_fd);
    (void)nftw(rig->dir, remove_one, 16, FTW_DEPTH | FTW_PHYS);
    *rig = (struct rig){0};
}
