/**
 * @file deploy/lab/simpleservice.c
 * @brief A service to be deployed: it tells its version and takes its time to be healthy.
 *
 * The paths and variables are those of mhausenblas/simpleservice, so that definitions made for
 * it run unchanged. PORT0 (9876), SIMPLE_SERVICE_VERSION (0.5.0), HEALTH_MIN and HEALTH_MAX
 * (0 and 0 ms): an answer of /health is delayed by a time drawn between the two. /slow/MS is ours:
 * an answer that takes so many milliseconds, 10000 at most. What a bad version does wrong: flaws.h.
 */
#include "deploy/lab/flaws.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <time.h>
#include <unistd.h>

#define DELAY_MAX_MS 600000
#define SLOW_PATH "/slow/"
#define SLOW_MAX_MS 10000

extern char **environ;

struct service {
    const char *version;
    int64_t health_min_ms, health_max_ms;
    struct zdd_flaws flaws;
};

static const char help[] =
    "Usage: simpleservice\n"
    "A service to be deployed. It serves /endpoint0, /info, /env, /health and /slow/MS on PORT0 and\n"
    "is told the rest by its environment:\n"
    "  PORT0                   port (9876)\n"
    "  SIMPLE_SERVICE_VERSION  version that it tells (0.5.0)\n"
    "  HEALTH_MIN, HEALTH_MAX  milliseconds that /health takes, between the two (0)\n"
    "A bad version does this, in answers other than those of /health:\n";

static int64_t draw(const struct service *service)
{
    const int64_t span = service->health_max_ms - service->health_min_ms;

    if (span <= 0)
        return service->health_min_ms;
    return service->health_min_ms + (int64_t)((double)random() / 2147483648.0 * (double)(span + 1));
}

static void member(struct zdd_buf *body, const char *name, const char *value)
{
    zdd_buf_text(body, body->size > 1 ? ", " : "");
    zdd_buf_json_string(body, name);
    zdd_buf_text(body, ": ");
    zdd_buf_json_string(body, value);
}

static void add_environment(struct zdd_buf *body)
{
    struct zdd_buf members = {0};
    char name[256];

    zdd_buf_text(&members, "{");
    for (char **at = environ; *at; at++) {
        const size_t size = strcspn(*at, "=");

        if (!(*at)[size])
            continue;
        snprintf(name, sizeof(name), "%.*s", (int)size, *at);
        member(&members, name, *at + size + 1);
    }
    zdd_buf_text(&members, "}");
    zdd_buf_text(body, ", \"env\": ");
    zdd_buf_text(body, members.data);
    zdd_buf_release(&members);
}

static bool is_slow(const char *path, int64_t *ret_ms)
{
    char *end;
    long ms;

    if (strncmp(path, SLOW_PATH, strlen(SLOW_PATH)) != 0)
        return false;
    path += strlen(SLOW_PATH);
    ms = strtol(path, &end, 10);
    if (end == path || *end || ms < 0 || ms > SLOW_MAX_MS)
        return false;
    *ret_ms = ms;
    return true;
}

static void answer_health(const struct service *service, struct zdd_tiny_answer *reply)
{
    const bool sick = zdd_flaws_are_sick(&service->flaws);

    reply->status = sick ? 503 : 200;
    zdd_buf_text(&reply->body, sick ? "\"healthy\": false" : "\"healthy\": true");
    reply->delay_ms = draw(service);
}

static void answer(void *cls, const struct zdd_tiny_request *request, struct zdd_tiny_answer *reply)
{
    struct service *service = cls;
    const bool health = strcmp(request->path, "/health") == 0;

    reply->status = 200;
    zdd_buf_text(&reply->body, "{");
    if (strcmp(request->path, "/endpoint0") == 0) {
        member(&reply->body, "host", request->host);
        member(&reply->body, "version", service->version);
        member(&reply->body, "result", "all is well");
    } else if (health) {
        answer_health(service, reply);
    } else if (strcmp(request->path, "/info") == 0) {
        member(&reply->body, "host", request->host);
        member(&reply->body, "version", service->version);
        member(&reply->body, "from", request->remote);
    } else if (strcmp(request->path, "/env") == 0) {
        member(&reply->body, "version", service->version);
        add_environment(&reply->body);
    } else if (is_slow(request->path, &reply->delay_ms)) {
        member(&reply->body, "version", service->version);
    } else {
        reply->status = 404;
        member(&reply->body, "error", "no such path");
    }
    zdd_buf_text(&reply->body, "}\n");
    if (!health)
        zdd_flaws_spoil(&service->flaws, reply);
}

int main(int argc, char **argv)
{
    const char *version = getenv("SIMPLE_SERVICE_VERSION");
    struct service service = {.version = version && *version ? version : "0.5.0",
                              .health_min_ms = zdd_flaws_number("HEALTH_MIN", 0, DELAY_MAX_MS),
                              .health_max_ms = zdd_flaws_number("HEALTH_MAX", 0, DELAY_MAX_MS),
                              .flaws = zdd_flaws_read()};
    const uint16_t port = (uint16_t)zdd_flaws_number("PORT0", 9876, 65535);
    struct timespec now;
    sigset_t set;
    int stop_fd;
    int status;

    /* Like the image it stands for, it knows no arguments: an app definition may have any. */
    if (argc == 2 && strcmp(argv[1], "--help") == 0) {
        printf("%s%s", help, zdd_flaws_help);
        return 0;
    }
    clock_gettime(CLOCK_REALTIME, &now);
    srandom((unsigned)now.tv_nsec ^ (unsigned)getpid());
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    sigprocmask(SIG_BLOCK, &set, NULL);
    stop_fd = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
    if (stop_fd < 0)
        return 1;
    printf("simpleservice %s on port %u\n", service.version, port);
    fflush(stdout);
    status = zdd_tiny_serve(port, stop_fd, answer, &service);
    close(stop_fd);
    return status;
}
