/**
 * @file server/http/mhd.c
 * @brief The daemon: what libmicrohttpd calls, starting and stopping.
 */
#include "server/http/exchange.h"

#include "server/base/clock.h"
#include "server/base/wait.h"
#include "server/http/tls_inside.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#define DEFAULT_CONNECTION_MAX 4096
#define DEFAULT_BODY_MAX ((size_t)1024 * 1024)
#define DEFAULT_TIMEOUT_S 30
#define THREAD_MAX 64
#define HEAD_PATIENCE 2     /* times timeout_s; libmicrohttpd's own only counts silence */
#define CONNECTION_SPARE 64 /* connections above the limit that still hear 503 */
#define FD_RESERVE 64       /* descriptors for the rest of the program */
#define MS_PER_S 1000
#define CONNECTION_MOST 1000000 /* keeps the sums below far from wrapping */
#define REPLY_HEAD_ROOM 1024    /* bytes for the reply's headers, beside the request's */

/* Above the limit and its spare: close at once. libmicrohttpd's own limit would let callers hang.
 */
static enum MHD_Result on_accept(void *cls, const struct sockaddr *address, socklen_t size)
{
    const struct zdd_http *http = cls;

    (void)address;
    (void)size;
    return atomic_load(&http->connection_count) < http->options.connection_max + CONNECTION_SPARE
               ? MHD_YES
               : MHD_NO;
}

static struct zdd_visit *begin_visit(struct zdd_http *http, int fd, bool over_limit)
{
    /* Without memory for a visit nobody tells when it ends: then they stay until the end. */
    void *certificates = http->options.tls ? zdd_tls_hold() : NULL;
    struct zdd_visit *visit = zdd_visit_begin(http->visits, fd, over_limit);

    if (visit)
        visit->certificates = certificates;
    return visit;
}

static void end_visit(struct zdd_http *http, struct zdd_visit *visit)
{
    void *certificates = visit ? visit->certificates : NULL;

    zdd_visit_end(http->visits, visit);
    zdd_tls_let_go(certificates);
}

static void on_connection(void *cls, struct MHD_Connection *connection, void **context,
                          enum MHD_ConnectionNotificationCode code)
{
    struct zdd_http *http = cls;
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);

    if (code == MHD_CONNECTION_NOTIFY_CLOSED) {
        atomic_fetch_sub(&http->connection_count, 1);
        end_visit(http, *context);
        *context = NULL;
    } else {
        const bool over_limit =
            atomic_fetch_add(&http->connection_count, 1) >= http->options.connection_max;

        *context = begin_visit(http, info->connect_fd, over_limit);
    }
}

static struct zdd_visit *visit_of(struct MHD_Connection *connection)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);

    return info ? info->socket_context : NULL;
}

/* The first sight of a request: the only moment in which its target is still as sent. */
static void *on_target(void *cls, const char *target, struct MHD_Connection *connection)
{
    return zdd_exchange_new(cls, connection, target);
}

/* libmicrohttpd calls this for the headers, for each piece of the body, at the end, and after a
 * deferred call was resumed. */
static enum MHD_Result on_request(void *cls, struct MHD_Connection *connection, const char *url,
                                  const char *method, const char *version, const char *data,
                                  size_t *data_size, void **request)
{
    struct zdd_exchange *exchange = *request;
    const struct zdd_http *http = cls;

    (void)url;
    if (!exchange)
        return MHD_NO; /* no memory for it */
    if (exchange->answered)
        return MHD_YES; /* while stopping, libmicrohttpd accepts responses and forgets them */
    if (!exchange->begun) {
        struct zdd_visit *visit = visit_of(connection);

        zdd_visit_wait(http->visits, visit, false);
        zdd_exchange_begin(exchange, method, version, !visit || visit->over_limit);
        exchange->lingers = exchange->verdict != ZDD_ERR_NONE && zdd_exchange_has_body(exchange);
        if (exchange->lingers)
            return zdd_exchange_answer(exchange);
        return MHD_YES; /* a refused call without a body is answered below: it can be kept alive */
    }
    if (*data_size > 0) {
        const bool taken = zdd_exchange_take(exchange, data, *data_size);

        *data_size = 0;
        return taken ? MHD_YES : MHD_NO;
    }
    switch (zdd_exchange_run(exchange)) {
    case ZDD_PROGRESS_WAIT:
        return MHD_YES;
    case ZDD_PROGRESS_CUT:
        return MHD_NO;
    case ZDD_PROGRESS_ANSWER:
        break;
    }
    return zdd_exchange_answer(exchange);
}

/* The reply is sent and libmicrohttpd closes next, but the caller may still be sending. */
static void linger(struct zdd_http *http, struct MHD_Connection *connection)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);

    if (info)
        zdd_linger_keep(http->linger, info->connect_fd);
}

static void on_done(void *cls, struct MHD_Connection *connection, void **request,
                    enum MHD_RequestTerminationCode why)
{
    struct zdd_exchange *exchange = *request;
    struct zdd_http *http = cls;

    *request = NULL;
    if (!exchange)
        return;
    zdd_visit_wait(http->visits, visit_of(connection), true);
    if (exchange->lingers && why == MHD_REQUEST_TERMINATED_COMPLETED_OK)
        linger(http, connection);
    zdd_exchange_end(exchange);
}

/* Leave descriptors for the rest of the program: running out of them stops accepting. */
static unsigned connection_max(unsigned wanted)
{
    struct rlimit limit = {0};
    const unsigned max = wanted ? wanted : DEFAULT_CONNECTION_MAX;
    rlim_t most = CONNECTION_MOST;

    if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < most)
        most = limit.rlim_cur;
    most = most > CONNECTION_SPARE + FD_RESERVE ? most - CONNECTION_SPARE - FD_RESERVE : 1;
    return max < most ? max : (unsigned)most;
}

static struct zdd_http *create(const struct zdd_http_options *options)
{
    struct zdd_http *http = calloc(1, sizeof(*http));

    if (!http)
        return NULL;
    http->quiesced_fd = -1;
    http->options = *options;
    http->options.connection_max = connection_max(options->connection_max);
    if (!options->head_max)
        http->options.head_max = ZDD_HTTP_HEAD_MAX;
    if (!options->body_max)
        http->options.body_max = DEFAULT_BODY_MAX;
    if (!options->timeout_s)
        http->options.timeout_s = DEFAULT_TIMEOUT_S;
    pthread_mutex_init(&http->lock, NULL);
    zdd_cond_init(&http->changed);
    return http;
}

void zdd_http_destroy(struct zdd_http *http)
{
    pthread_cond_destroy(&http->changed);
    pthread_mutex_destroy(&http->lock);
    free(http);
}

static struct MHD_Daemon *start_daemon(struct zdd_http *http, int fd)
{
    static char priorities[] = ZDD_TLS_PRIORITIES;
    /* C knows no way from a function to void *; POSIX says that they fit. */
    const union {
        gnutls_certificate_retrieve_function2 *function;
        void *pointer;
    } choose = {.function = zdd_tls_choose};
    const struct zdd_http_options *options = &http->options;
    /* Never reached: each thread has a share of it, and one thread may get all connections. */
    const unsigned limit =
        (options->connection_max + CONNECTION_SPARE + THREAD_MAX) * options->thread_count;

    struct MHD_OptionItem tls[] = {
        {MHD_OPTION_HTTPS_CERT_CALLBACK, 0, choose.pointer},
        {MHD_OPTION_HTTPS_PRIORITIES, 0, priorities},
        {MHD_OPTION_END, 0, NULL},
    };
    const unsigned flags =
        MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_POLL | MHD_ALLOW_SUSPEND_RESUME;

    return MHD_start_daemon(
        options->tls ? flags | MHD_USE_TLS : flags, 0, on_accept, http, on_request, http,
        MHD_OPTION_LISTEN_SOCKET, fd, MHD_OPTION_THREAD_POOL_SIZE, options->thread_count,
        MHD_OPTION_CONNECTION_LIMIT, limit, MHD_OPTION_CONNECTION_TIMEOUT, options->timeout_s,
        MHD_OPTION_CONNECTION_MEMORY_LIMIT, options->head_max + REPLY_HEAD_ROOM,
        MHD_OPTION_NOTIFY_COMPLETED, on_done, http, MHD_OPTION_NOTIFY_CONNECTION, on_connection,
        http, MHD_OPTION_URI_LOG_CALLBACK, on_target, http, MHD_OPTION_ARRAY,
        options->tls ? tls : &tls[2], MHD_OPTION_END);
}

struct zdd_http *zdd_http_start(const struct zdd_http_options *options, char ret_reason[static 200])
{
    uint16_t port = 0;
    const int fd = zdd_http_listen(options->host, options->port, &port, ret_reason);
    struct zdd_http *http;

    assert(options->thread_count >= 1 && options->thread_count <= THREAD_MAX);
    if (fd < 0)
        return NULL;
    http = create(options);
    if (http) {
        http->port = port;
        http->linger = zdd_linger_start();
        http->visits =
            zdd_visits_start((int64_t)http->options.timeout_s * MS_PER_S * HEAD_PATIENCE);
        http->daemon = http->linger && http->visits ? start_daemon(http, fd) : NULL;
        if (http->daemon)
            return http;
        zdd_visits_free(http->visits);
        zdd_linger_free(http->linger);
        zdd_http_destroy(http);
    }
    close(fd);
    snprintf(ret_reason, 200, "no memory or no threads for the HTTP server");
    return NULL;
}

uint16_t zdd_http_port(const struct zdd_http *http)
{
    return http->port;
}

unsigned zdd_http_connections(const struct zdd_http *http)
{
    return atomic_load(&http->connection_count);
}

void zdd_http_quiesce(struct zdd_http *http)
{
    if (http->quiesced_fd >= 0)
        return;
    http->quiesced_fd = MHD_quiesce_daemon(http->daemon);
    if (http->quiesced_fd >= 0)
        shutdown(http->quiesced_fd, SHUT_RDWR); /* callers hear "refused" instead of waiting */
}

/* Wait until no exchange is under way, at most @p grace_ms. Under the lock. */
static void wait_idle(struct zdd_http *http, int64_t grace_ms)
{
    const int64_t end_ms = zdd_mono_ms() + grace_ms;

    while (http->active_count > 0 && zdd_cond_wait(&http->changed, &http->lock, end_ms))
        ; /* somebody has ended, or nobody */
}

struct zdd_http *zdd_http_free(struct zdd_http *http, int64_t grace_ms)
{
    bool last;

    if (!http)
        return NULL;
    zdd_http_quiesce(http);
    pthread_mutex_lock(&http->lock);
    atomic_store(&http->draining, true);
    zdd_exchange_resume_all(http, false);
    wait_idle(http, grace_ms);
    http->stopping = true;
    zdd_exchange_resume_all(http, true);
    pthread_mutex_unlock(&http->lock);
    MHD_stop_daemon(http->daemon);
    http->linger = zdd_linger_free(http->linger);
    http->visits = zdd_visits_free(http->visits);
    if (http->quiesced_fd >= 0)
        close(http->quiesced_fd);

    pthread_mutex_lock(&http->lock);
    http->freed = true;
    last = http->orphan_count == 0;
    pthread_mutex_unlock(&http->lock);
    if (last)
        zdd_http_destroy(http);
    return NULL;
}
