/**
 * @file server/router/agent.c
 * @brief The agent that balancers ask.
 */
#define _GNU_SOURCE /* accept4 */
#include "server/router/agent.h"

#include "server/base/cleanup.h"
#include "server/base/clock.h"
#include "server/router/listen.h"

#include <arpa/inet.h>
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#define BACKLOG 512   /* all servers of a balancer that starts may be asked for in one moment */
#define ACCEPT_MAX 64 /* at a time, so that those already there are served too */
#define EVENT_MAX 64
#define BREATH_MS 100   /* when there are no descriptors left */
#define PAYLOAD_SIZE 80 /* an address, CR, LF, and some room to be polite */

struct connection {
    struct connection *older, *younger; /* by age, which is also the order of their ends */
    int fd;
    bool answered; /* now it is for the other side to close */
    size_t size;
    int64_t end_ms;
    char payload[PAYLOAD_SIZE];
    char source[ZDD_SOURCE_SIZE];
};

struct zdd_agent {
    struct zdd_answers *answers;
    struct zdd_metrics *metrics; /* or NULL */
    int listener, poll_fd;
    int wake[2]; /* a pipe: closing [1] ends the thread */
    uint16_t port;
    pthread_t thread;
    bool threaded;
    bool resting; /* out of descriptors: the listener is not looked at until … */
    int64_t rest_end_ms;
    struct connection *oldest, *youngest, *free;
    struct connection connection[ZDD_AGENT_CONNECTION_MAX];
    atomic_uint_fast64_t answered, unknown, cut;
    atomic_uint open;
};

static void enlist(struct zdd_agent *agent, struct connection *c)
{
    c->older = agent->youngest;
    c->younger = NULL;
    if (agent->youngest)
        agent->youngest->younger = c;
    else
        agent->oldest = c;
    agent->youngest = c;
    atomic_fetch_add(&agent->open, 1);
}

/* Close the socket, which also takes it from epoll, and give the place back. */
static void end(struct zdd_agent *agent, struct connection *c)
{
    close(c->fd);
    c->fd = -1;
    *(c->older ? &c->older->younger : &agent->oldest) = c->younger;
    *(c->younger ? &c->younger->older : &agent->youngest) = c->older;
    c->younger = agent->free;
    agent->free = c;
    atomic_fetch_sub(&agent->open, 1);
}

/* End it by a reset: whoever closes first in the polite way keeps the address for a minute. */
static void reset(struct zdd_agent *agent, struct connection *c)
{
    const struct linger at_once = {.l_onoff = 1};

    (void)setsockopt(c->fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
    end(agent, c);
}

static void cut(struct zdd_agent *agent, struct connection *c)
{
    atomic_fetch_add(&agent->cut, 1);
    reset(agent, c);
}

/* "10.0.0.5", also where it came as "::ffff:10.0.0.5". */
static void name_source(const struct sockaddr_storage *from, char ret_name[static ZDD_SOURCE_SIZE])
{
    if (from->ss_family == AF_INET) {
        struct sockaddr_in v4;

        memcpy(&v4, from, sizeof(v4));
        inet_ntop(AF_INET, &v4.sin_addr, ret_name, ZDD_SOURCE_SIZE);
    } else {
        struct sockaddr_in6 v6;

        memcpy(&v6, from, sizeof(v6));
        if (IN6_IS_ADDR_V4MAPPED(&v6.sin6_addr))
            inet_ntop(AF_INET, &v6.sin6_addr.s6_addr[12], ret_name, ZDD_SOURCE_SIZE);
        else
            inet_ntop(AF_INET6, &v6.sin6_addr, ret_name, ZDD_SOURCE_SIZE);
    }
}

/* The payload is whole: answer it, or leave without a word. */
static void answer(struct zdd_agent *agent, struct connection *c)
{
    char text[ZDD_ANSWER_SIZE];
    size_t size;

    c->payload[strcspn(c->payload, "\r\n")] = '\0';
    size = zdd_answers_fetch(agent->answers, c->payload, c->source, zdd_now_ms(), text);
    if (size == 0) {
        atomic_fetch_add(&agent->unknown, 1);
        reset(agent, c);
        return;
    }
    /* The socket's buffer is empty, so the answer goes out whole. */
    if (send(c->fd, text, size, MSG_NOSIGNAL | MSG_DONTWAIT) != (ssize_t)size) {
        cut(agent, c);
        return;
    }
    c->answered = true;
    atomic_fetch_add(&agent->answered, 1);
    zdd_metrics_poll(agent->metrics, c->source);
}

static void receive(struct zdd_agent *agent, struct connection *c)
{
    const ssize_t got =
        recv(c->fd, c->payload + c->size, sizeof(c->payload) - 1 - c->size, MSG_DONTWAIT);

    if (got < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (got <= 0) { /* HAProxy often ends by a reset, which is as good */
        end(agent, c);
        return;
    }
    if (c->answered) {
        cut(agent, c); /* nothing is left to be said */
        return;
    }
    c->size += (size_t)got;
    c->payload[c->size] = '\0';
    if (memchr(c->payload, '\n', c->size))
        answer(agent, c);
    else if (c->size == sizeof(c->payload) - 1)
        cut(agent, c);
}

static void welcome(struct zdd_agent *agent, int fd, const struct sockaddr_storage *from)
{
    struct connection *c;
    struct epoll_event event = {.events = EPOLLIN};

    if (!agent->free)
        cut(agent, agent->oldest);
    c = agent->free;
    agent->free = c->younger;
    c->fd = fd;
    c->answered = false;
    c->size = 0;
    c->end_ms = zdd_mono_ms() + ZDD_AGENT_LIFE_MS;
    name_source(from, c->source);
    enlist(agent, c);
    event.data.ptr = c;
    if (epoll_ctl(agent->poll_fd, EPOLL_CTL_ADD, fd, &event) != 0)
        cut(agent, c);
    else
        receive(agent, c); /* the payload often is there already */
}

static void watch_listener(struct zdd_agent *agent, bool watch)
{
    struct epoll_event event = {.events = watch ? EPOLLIN : 0, .data.ptr = &agent->listener};

    (void)epoll_ctl(agent->poll_fd, EPOLL_CTL_MOD, agent->listener, &event);
    agent->resting = !watch;
    agent->rest_end_ms = zdd_mono_ms() + BREATH_MS;
}

static void accept_some(struct zdd_agent *agent)
{
    for (int i = 0; i < ACCEPT_MAX; i++) {
        struct sockaddr_storage from = {0};
        socklen_t size = sizeof(from);
        const int fd = accept4(agent->listener, (struct sockaddr *)&from, &size, SOCK_CLOEXEC);

        if (fd >= 0) {
            welcome(agent, fd, &from);
            continue;
        }
        if (errno == EMFILE || errno == ENFILE || errno == ENOMEM || errno == ENOBUFS)
            watch_listener(agent, false);
        if (errno != ECONNABORTED && errno != EINTR)
            return;
    }
}

/* End what is too old. @return milliseconds until the next one is; -1 when there is none */
static int expire(struct zdd_agent *agent)
{
    const int64_t now_ms = zdd_mono_ms();
    int64_t next_ms = INT64_MAX;

    while (agent->oldest && agent->oldest->end_ms <= now_ms)
        cut(agent, agent->oldest);
    if (agent->resting && agent->rest_end_ms <= now_ms)
        watch_listener(agent, true);
    if (agent->oldest)
        next_ms = agent->oldest->end_ms;
    if (agent->resting && agent->rest_end_ms < next_ms)
        next_ms = agent->rest_end_ms;
    return next_ms == INT64_MAX ? -1 : (int)(next_ms - now_ms);
}

static void *run(void *cls)
{
    struct zdd_agent *agent = cls;

    for (;;) {
        struct epoll_event event[EVENT_MAX];
        const int count = epoll_wait(agent->poll_fd, event, EVENT_MAX, expire(agent));
        bool knocked = false;

        for (int i = 0; i < count; i++) {
            struct connection *c = event[i].data.ptr;

            if (event[i].data.ptr == agent->wake)
                return NULL;
            if (event[i].data.ptr == &agent->listener)
                knocked = true;
            else if (c->fd >= 0)
                receive(agent, c);
        }
        if (knocked) /* at last: a place freed above may be taken again here, not before */
            accept_some(agent);
    }
}

static bool watch(struct zdd_agent *agent, int fd, void *mark)
{
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = mark};

    return epoll_ctl(agent->poll_fd, EPOLL_CTL_ADD, fd, &event) == 0;
}

static bool start_thread(struct zdd_agent *agent)
{
    sigset_t all, before;

    agent->poll_fd = epoll_create1(EPOLL_CLOEXEC);
    if (agent->poll_fd < 0 || pipe2(agent->wake, O_CLOEXEC) != 0 ||
        !watch(agent, agent->listener, &agent->listener) ||
        !watch(agent, agent->wake[0], agent->wake))
        return false;
    sigfillset(&all); /* signals are for the main thread */
    pthread_sigmask(SIG_SETMASK, &all, &before);
    agent->threaded = pthread_create(&agent->thread, NULL, run, agent) == 0;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return agent->threaded;
}

enum zdd_err zdd_agent_start(const char *listen, struct zdd_answers *answers,
                             struct zdd_metrics *metrics, struct zdd_agent **ret_agent,
                             char reason[static ZDD_ROUTER_REASON_SIZE])
{
    struct zdd_agent *agent = calloc(1, sizeof(*agent));
    const char *why = "no descriptors or no thread";

    if (!agent)
        return ZDD_ERR_NO_MEMORY;
    agent->answers = answers;
    agent->metrics = metrics;
    agent->poll_fd = agent->wake[0] = agent->wake[1] = -1;
    for (size_t i = 0; i < ZDD_AGENT_CONNECTION_MAX; i++) {
        agent->connection[i] = (struct connection){.fd = -1, .younger = agent->free};
        agent->free = &agent->connection[i];
    }
    agent->listener = zdd_listen(listen, BACKLOG, &why);
    if (agent->listener >= 0) {
        agent->port = zdd_listen_port(agent->listener);
        why = "no descriptors or no thread";
    }
    if (agent->listener < 0 || !start_thread(agent)) {
        snprintf(reason, ZDD_ROUTER_REASON_SIZE, "the agent cannot listen on %s: %s", listen, why);
        zdd_agent_free(agent);
        return ZDD_ERR_INTERNAL;
    }
    *ret_agent = agent;
    return ZDD_ERR_NONE;
}

uint16_t zdd_agent_port(const struct zdd_agent *agent)
{
    return agent->port;
}

void zdd_agent_stats(const struct zdd_agent *agent, struct zdd_agent_stats *ret_stats)
{
    ret_stats->answered = atomic_load(&agent->answered);
    ret_stats->unknown = atomic_load(&agent->unknown);
    ret_stats->cut = atomic_load(&agent->cut);
    ret_stats->open = atomic_load(&agent->open);
}

static void close_if_open(int fd)
{
    if (fd >= 0)
        close(fd);
}

struct zdd_agent *zdd_agent_free(struct zdd_agent *agent)
{
    if (!agent)
        return NULL;
    close_if_open(agent->wake[1]);
    if (agent->threaded)
        pthread_join(agent->thread, NULL);
    while (agent->oldest)
        reset(agent, agent->oldest);
    close_if_open(agent->listener);
    close_if_open(agent->poll_fd);
    close_if_open(agent->wake[0]);
    free(agent);
    return NULL;
}
