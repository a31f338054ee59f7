/**
 * @file server/cli/serve.c
 * @brief serve: the one place that knows all parts of the server and wires them together.
 */
#include "server/api/api.h"
#include "server/base/cleanup.h"
#include "server/base/log.h"
#include "server/cli/balancers.h"
#include "server/cli/cli.h"
#include "server/cli/fate.h"
#include "server/cli/greet.h"
#include "server/cli/hurry.h"
#include "server/cli/secret_files.h"
#include "server/cli/settings.h"
#include "server/cli/signals.h"
#include "server/cli/tls_files.h"
#include "server/cluster/feed.h"
#include "server/cluster/marathon.h"
#include "server/config/credentials.h"
#include "server/net/url.h"
#include "server/probe/probe.h"
#include "server/router/routers.h"
#include "server/secrets/veil.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#define REASON_SIZE 300
#define CLIENTS_SPARE 2 /* connections to Marathon beyond the workers' own */
#define FILES_WANTED 65536

/* Everything that lives as long as the server, in the order of its start. */
struct server {
    struct zdd_config config;
    struct zdd_credentials credentials;
    const char *urls[ZDD_CONFIG_URL_MAX]; /* borrowed from config */
    struct zdd_balancers balancers;
    struct zdd_http_probe probe;
    struct zdd_store *store;
    struct zdd_secret_keys *keys; /* until the vault is open */
    struct zdd_secrets *secrets;
    struct zdd_metrics *metrics;
    struct zdd_marathon *marathon;
    struct zdd_marathon *hasty;       /* the same one, for explanations */
    struct zdd_veil veil, hasty_veil; /* before them: who is behind knows no secrets */
    struct zdd_engine *engine;
    struct zdd_api *api;
    struct zdd_feed *feed;
    struct zdd_tls *tls; /* NULL: plain HTTP */
    struct zdd_http *http;
    enum { STREAM_NEW, STREAM_LIVE, STREAM_LOST } stream; /* for the feed's thread alone */
    struct zdd_fate fate;                                 /* for tests */
};

static const char *or_null(const char *text)
{
    return *text ? text : NULL;
}

static struct zdd_fetch_auth auth_of(const struct server *server)
{
    const struct zdd_credentials *credentials = &server->credentials;
    const struct zdd_config *config = &server->config;

    return (struct zdd_fetch_auth){.basic = credentials->basic[0] ? credentials->basic : NULL,
                                   .header = credentials->header[0] ? credentials->header : NULL,
                                   .ca_file = or_null(config->marathon_ca),
                                   .cert_file = or_null(config->marathon_cert),
                                   .key_file = or_null(config->marathon_key)};
}

/* Descriptors are cheap and connections need them: take as many as the system lets us. */
static void raise_file_limit(void)
{
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= FILES_WANTED)
        return;
    limit.rlim_cur = limit.rlim_max < FILES_WANTED ? limit.rlim_max : FILES_WANTED;
    (void)setrlimit(RLIMIT_NOFILE, &limit); /* refused: fewer connections, and http says so */
}

static bool prepare(struct server *server)
{
    struct zdd_config *config = &server->config;
    char why[ZDD_CREDENTIALS_WHY_SIZE];

    zdd_log_format_set((enum zdd_log_format)config->log_format);
    zdd_log_level_set((enum zdd_log_level)config->log_level);
    raise_file_limit();
    for (size_t i = 0; i < config->marathon.count; i++)
        server->urls[i] = config->marathon.url[i];
    if (!zdd_balancers_check(config) || !zdd_cli_origins_check(config) ||
        !zdd_tls_files_check(config) || !zdd_tls_files_open(config, &server->tls))
        return false;
    server->keys = zdd_secret_files_read(config);
    if (!server->keys)
        return false;
    if (!config->marathon_auth_file[0])
        return true;
    if (!zdd_credentials_read(config->marathon_auth_file, &server->credentials, why)) {
        zdd_cli_say("%s", why);
        return false;
    }
    if (zdd_credentials_exposed(config->marathon_auth_file))
        zdd_cli_say("everybody on this machine may read %.200s; chmod o-r would help",
                    config->marathon_auth_file);
    return true;
}

static bool open_store(struct server *server)
{
    const struct zdd_config *config = &server->config;
    char reason[REASON_SIZE];
    char holder[120];
    struct zdd_store_options options = {
        .path = config->db,
        .holder = holder,
        .give_up = zdd_signals_flag(),
        .passes = zdd_fate_passes,
        .fate = &server->fate,
    };
    enum zdd_err err;

    snprintf(holder, sizeof(holder), "zdd-server pid %ld on %s:%u", (long)getpid(),
             config->listen.host, (unsigned)config->listen.port);
    err = zdd_store_open(&options, &server->store, reason);
    if (err == ZDD_ERR_STORE_HELD && config->standby) {
        zdd_log(ZDD_LOG_INFO, "server.standby", "db", config->db, "text", reason, NULL);
        options.standby = true;
        err = zdd_store_open(&options, &server->store, reason);
    }
    if (err != ZDD_ERR_NONE && !__atomic_load_n(zdd_signals_flag(), __ATOMIC_RELAXED))
        zdd_cli_say("%s", reason);
    return err == ZDD_ERR_NONE;
}

/* What reads the database at its start did not start. */
static void say_why(const struct server *server, const char *what)
{
    char trouble[ZDD_TROUBLE_SIZE];

    zdd_store_trouble(server->store, trouble);
    if (*trouble)
        zdd_cli_say("%s cannot start, for the database %.200s cannot be read (%s): if it is "
                    "damaged, keep a copy of it and restore a backup",
                    what, server->config.db, trouble);
    else
        zdd_cli_say("%s cannot start: no memory or no threads", what);
}

static bool start_metrics(struct server *server)
{
    server->metrics = zdd_metrics_new();
    if (!server->metrics)
        zdd_cli_say("%s", zdd_err_text(ZDD_ERR_NO_MEMORY));
    return server->metrics != NULL;
}

static bool start_router(struct server *server)
{
    return zdd_balancers_start(&server->config, server->metrics, &server->balancers);
}

static bool start_engine(struct server *server)
{
    const struct zdd_config *config = &server->config;
    struct zdd_marathon_options marathon = {
        .urls = server->urls,
        .url_count = config->marathon.count,
        .auth = auth_of(server),
        .client_max = (unsigned)config->workers + CLIENTS_SPARE,
        .timeout_ms = config->marathon_timeout_ms,
        .metrics = server->metrics,
        .conceal = zdd_secrets_conceal_app,
        .secrets = server->secrets,
    };

    server->probe.hosts = config->verify_hosts;
    server->marathon = zdd_marathon_open(&marathon);
    if (marathon.timeout_ms > ZDD_EXPLAIN_PATIENCE_MS)
        marathon.timeout_ms = ZDD_EXPLAIN_PATIENCE_MS;
    server->hasty = zdd_marathon_open(&marathon);
    if (!server->marathon || !server->hasty) {
        zdd_cli_say("%s", zdd_err_text(ZDD_ERR_NO_MEMORY));
        return false;
    }

    server->veil = (struct zdd_veil){server->secrets, zdd_marathon_cluster(server->marathon)};
    server->hasty_veil = (struct zdd_veil){server->secrets, zdd_marathon_cluster(server->hasty)};

    const struct zdd_engine_options engine = {
        .store = server->store,
        .cluster = zdd_veil_cluster(&server->veil),
        .router = zdd_choice_router(&server->balancers.routers),
        .probe = zdd_http_probe(&server->probe),
        .metrics = server->metrics,
        .worker_count = (unsigned)config->workers,
        .sweep_ms = config->sweep_ms,
        .blind_sweep_ms = config->blind_sweep_ms,
        .dies = zdd_fate_dies,
        .fate = &server->fate,
    };

    server->engine = zdd_engine_start(&engine);
    if (!server->engine)
        say_why(server, "the engine");
    return server->engine != NULL;
}

static void on_event(void *cls, const char *event, const char *data)
{
    const struct server *server = cls;

    zdd_engine_event(server->engine, event, data);
}

/* Logged when it changes, not at each attempt: Marathon may be away for hours. */
static void on_stream(void *cls, bool live, const char *reason)
{
    struct server *server = cls;
    const int now = live ? STREAM_LIVE : STREAM_LOST;

    zdd_engine_stream(server->engine, live);
    if (now == (int)server->stream)
        return;
    server->stream = live ? STREAM_LIVE : STREAM_LOST;
    zdd_log(live ? ZDD_LOG_INFO : ZDD_LOG_WARN, live ? "marathon.events" : "marathon.silence",
            "text", live ? "the event stream is live" : reason, NULL);
}

static bool start_feed(struct server *server)
{
    const struct zdd_feed_options options = {
        .urls = server->urls,
        .url_count = server->config.marathon.count,
        .auth = auth_of(server),
        .metrics = server->metrics,
        .on_event = on_event,
        .on_stream = on_stream,
        .cls = server,
    };

    server->feed = zdd_feed_start(&options);
    if (!server->feed)
        zdd_cli_say("the event stream cannot start: no memory or no threads");
    return server->feed != NULL;
}

static bool start_http(struct server *server)
{
    const struct zdd_config *config = &server->config;
    const struct zdd_api_options api = {
        .store = server->store,
        .secrets = server->secrets,
        .engine = server->engine,
        .cluster = zdd_veil_cluster(&server->veil),
        .hasty = zdd_veil_cluster(&server->hasty_veil),
        .agent = server->balancers.agent,
        .haproxy = server->balancers.haproxy,
        .vamp = server->balancers.vamp,
        .presence = server->balancers.presence,
        .verify_hosts = config->verify_hosts,
        .metrics = server->metrics,
        .version = zdd_cli_version(),
        .stream_max = (unsigned)config->max_connections,
        .rate_limit = (unsigned)config->rate_limit,
        .log_calls = (enum zdd_log_calls)config->access_log,
        .https = server->tls != NULL,
    };
    struct zdd_http_options http = {
        .host = config->listen.host,
        .port = config->listen.port,
        .thread_count = (unsigned)config->http_threads,
        .connection_max = (unsigned)config->max_connections,
        .cors_origins = config->cors_origins,
        .tls = server->tls,
        .squeezes = true,
    };
    char reason[REASON_SIZE];

    server->api = zdd_api_new(&api);
    if (!server->api) {
        say_why(server, "the API");
        return false;
    }
    zdd_api_serve(server->api, &http);
    server->http = zdd_http_start(&http, reason);
    if (!server->http)
        zdd_cli_say("%s", reason);
    return server->http != NULL;
}

static bool open_secrets(struct server *server)
{
    const bool good =
        zdd_secret_files_open(&server->config, server->keys, server->store, &server->secrets);

    server->keys = zdd_guarded_free(server->keys);
    return good;
}

static bool start(struct server *server)
{
    return open_store(server) && open_secrets(server) && start_metrics(server) &&
           start_router(server) && start_engine(server) && start_feed(server) && start_http(server);
}

/* Backwards: nobody asks any more, nothing new comes in, steps under way reach a safe point. */
static void stop(struct server *server)
{
    struct zdd_hurry *hurry = zdd_hurry_start(server->config.drain_ms);

    if (server->api)
        zdd_api_drain(server->api);
    server->http = zdd_http_free(server->http, server->config.drain_ms);
    server->feed = zdd_feed_free(server->feed);
    server->engine = zdd_engine_free(server->engine);
    server->api = zdd_api_free(server->api);
    server->hasty = zdd_marathon_free(server->hasty);
    server->marathon = zdd_marathon_free(server->marathon);
    zdd_balancers_close(&server->balancers);
    server->metrics = zdd_metrics_free(server->metrics);
    server->secrets = zdd_secrets_free(server->secrets);
    server->store = zdd_store_free(server->store);
    zdd_hurry_free(hurry);
}

static int run(struct server *server)
{
    int code = ZDD_EXIT_FAILED;
    int number;

    if (start(server)) {
        zdd_cli_greet(&server->config, server->store, zdd_http_port(server->http),
                      server->tls != NULL);
        while ((number = zdd_signals_wait()) == SIGHUP)
            zdd_tls_files_renew(&server->config, server->tls);
        zdd_log(ZDD_LOG_INFO, "server.drain", "signal", number == SIGINT ? "INT" : "TERM", NULL);
        code = ZDD_EXIT_OK;
    } else if (__atomic_load_n(zdd_signals_flag(), __ATOMIC_RELAXED)) {
        code = ZDD_EXIT_OK; /* told to stop while standing by */
    }
    stop(server);
    if (code == ZDD_EXIT_OK)
        zdd_log(ZDD_LOG_INFO, "server.stop", NULL);
    return code;
}

int zdd_cli_serve(int argc, char *const *argv)
{
    ZDD_AUTO_FREE struct server *server = calloc(1, sizeof(*server));
    struct zdd_settings_line line;
    int code;

    if (!server)
        return ZDD_EXIT_FAILED;
    if (!zdd_settings_parse("serve",
                            "Run the service until SIGTERM or SIGINT. Then it takes no new work, "
                            "brings steps under\nway to a safe point and ends within seconds; the "
                            "next start resumes. A second signal ends\nit at once, which is safe "
                            "too.",
                            NULL, argc, argv, &line))
        return line.exit;
    if (!zdd_cli_settings(line.value, line.file, &server->config) ||
        !zdd_fate_read(&server->fate) || !prepare(server)) {
        zdd_guarded_free(server->keys);
        zdd_tls_free(server->tls);
        return ZDD_EXIT_USAGE;
    }
    if (!zdd_signals_start(server->tls != NULL)) {
        zdd_cli_say("this system gives no threads");
        zdd_guarded_free(server->keys);
        zdd_tls_free(server->tls);
        return ZDD_EXIT_FAILED;
    }
    code = run(server);
    zdd_signals_stop();
    zdd_guarded_free(server->keys); /* left when the database did not open */
    zdd_tls_free(server->tls);
    return code;
}
