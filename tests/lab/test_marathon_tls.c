/**
 * @file tests/lab/test_marathon_tls.c
 * @brief Marathon behind a real HAProxy that demands a client certificate: who is let in, and what
 * an operator reads when a certificate or a password is wrong.
 */
#define _GNU_SOURCE /* prctl */
#include "server/base/clock.h"
#include "server/cluster/feed.h"
#include "server/cluster/marathon.h"
#include "tests/lab/lab.h"
#include "tests/support/certs.h"
#include "tests/support/spec.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define HAPROXY "/usr/sbin/haproxy"
#define PATH_SIZE 100
#define FIRST_FD 20 /* HAProxy inherits its sockets from here on */

/* What HAProxy listens on. */
enum door { DEMANDING, ELSEWHERE, EXPIRED, SELF_MADE, DOOR_COUNT };

static const struct {
    const char *cert; /* file with certificate and key */
    bool demands;     /* a client certificate */
} doors[] = {
    [DEMANDING] = {"server", true},
    [ELSEWHERE] = {"elsewhere", false},
    [EXPIRED] = {"expired", false},
    [SELF_MADE] = {"stranger", false},
};

struct gate {
    char dir[64];
    struct lab *lab;
    pid_t pid;
    uint16_t port[DOOR_COUNT];
    int fd[DOOR_COUNT];
};

static const char *file_of(const struct gate *gate, const char *name, const char *end)
{
    static char paths[8][PATH_SIZE]; /* a few at once */
    static unsigned next;
    char *path = paths[next++ % 8];

    snprintf(path, PATH_SIZE, "%s/%s%s", gate->dir, name, end);
    return path;
}

/* The certificate, its key, and both in one file as HAProxy wants them. */
static void make_pair(const struct gate *gate, const char *name, const struct certs_wish *wish)
{
    const char *const parts[] = {file_of(gate, name, ".crt"), file_of(gate, name, ".key")};
    FILE *both = fopen(file_of(gate, name, ".pem"), "w");
    char text[8192];

    assert_non_null(both);
    certs_make_as(parts[0], parts[1], wish);
    for (size_t i = 0; i < 2; i++) {
        FILE *part = fopen(parts[i], "r");
        size_t size;

        assert_non_null(part);
        size = fread(text, 1, sizeof(text), part);
        assert_int_equal(fwrite(text, 1, size, both), size);
        fclose(part);
    }
    assert_int_equal(fclose(both), 0);
}

static void make_certificates(const struct gate *gate)
{
    struct certs_wish wish = {.host = "The CA"};
    char cert[PATH_SIZE], key[PATH_SIZE];

    make_pair(gate, "ca", &wish);
    snprintf(cert, sizeof(cert), "%s/ca.crt", gate->dir);
    snprintf(key, sizeof(key), "%s/ca.key", gate->dir);
    wish.ca_cert = cert;
    wish.ca_key = key;
    wish.host = NULL;
    make_pair(gate, "server", &wish);
    wish.host = "client";
    make_pair(gate, "client", &wish);
    wish.host = "elsewhere.example";
    make_pair(gate, "elsewhere", &wish);
    wish.host = NULL;
    wish.expired = true;
    make_pair(gate, "expired", &wish);
    make_pair(gate, "stranger", &(struct certs_wish){0});
}

static void open_port(struct gate *gate, enum door door)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof(address);
    const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    assert_true(fd >= 0);
    assert_int_equal(bind(fd, (const struct sockaddr *)&address, size), 0);
    assert_int_equal(listen(fd, 64), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &size), 0);
    gate->fd[door] = fd;
    gate->port[door] = ntohs(address.sin_port);
}

static void write_config(const struct gate *gate)
{
    FILE *file = fopen(file_of(gate, "haproxy", ".cfg"), "w");

    assert_non_null(file);
    fprintf(file, "global\n  maxconn 100\n  nbthread 1\ndefaults\n  mode http\n"
                  "  timeout connect 5s\n  timeout client 60s\n  timeout server 60s\n"
                  "frontend doors\n");
    for (int door = 0; door < DOOR_COUNT; door++) {
        fprintf(file, "  bind fd@%d ssl crt %s", FIRST_FD + door,
                file_of(gate, doors[door].cert, ".pem"));
        if (doors[door].demands)
            fprintf(file, " ca-file %s verify required", file_of(gate, "ca", ".crt"));
        fprintf(file, "\n");
    }
    fprintf(file,
            "  http-request set-header X-Forwarded-Proto https\n  default_backend marathon\n"
            "backend marathon\n  server lab 127.0.0.1:%u\n",
            gate->lab->run.port);
    assert_int_equal(fclose(file), 0);
}

static _Noreturn void become(const struct gate *gate)
{
    const int log = open(file_of(gate, "log", ""), O_CREAT | O_WRONLY, 0600);

    (void)dup2(log, STDOUT_FILENO);
    (void)dup2(log, STDERR_FILENO);
    for (int door = 0; door < DOOR_COUNT; door++)
        (void)dup2(gate->fd[door], FIRST_FD + door);
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    execl(HAPROXY, HAPROXY, "-db", "-f", file_of(gate, "haproxy", ".cfg"), (char *)NULL);
    _exit(127);
}

/* Callers queue at the sockets until it is up: nobody has to wait for it. */
static void start_haproxy(struct gate *gate)
{
    for (int door = 0; door < DOOR_COUNT; door++)
        open_port(gate, (enum door)door);
    write_config(gate);
    gate->pid = fork();
    if (gate->pid == 0)
        become(gate);
    assert_true(gate->pid > 0);
    for (int door = 0; door < DOOR_COUNT; door++)
        close(gate->fd[door]);
}

static void remove_files(const struct gate *gate)
{
    static const char *const names[] = {"ca",      "server",   "client",  "elsewhere",
                                        "expired", "stranger", "haproxy", "log"};
    static const char *const ends[] = {".crt", ".key", ".pem", ".cfg", ""};

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        for (size_t k = 0; k < sizeof(ends) / sizeof(ends[0]); k++)
            (void)unlink(file_of(gate, names[i], ends[k])); /* not all of them are there */
    }
    assert_int_equal(rmdir(gate->dir), 0);
}

static int setup(void **state)
{
    static const char *const options[] = {"--credentials", "ops:secret", NULL};
    struct gate *gate = calloc(1, sizeof(*gate));

    assert_non_null(gate);
    snprintf(gate->dir, sizeof(gate->dir), "/tmp/zdd-gate-XXXXXX");
    assert_non_null(mkdtemp(gate->dir));
    gate->lab = calloc(1, sizeof(*gate->lab));
    assert_non_null(gate->lab);
    assert_true(labrun_start(&gate->lab->run, options));
    make_certificates(gate);
    start_haproxy(gate);
    *state = gate;
    return 0;
}

static int teardown(void **state)
{
    struct gate *gate = *state;

    kill(gate->pid, SIGKILL);
    assert_int_equal(waitpid(gate->pid, NULL, 0), gate->pid);
    assert_int_equal(labrun_stop(&gate->lab->run), 0);
    remove_files(gate);
    free(gate->lab);
    free(gate);
    return 0;
}

/* Who calls, and whom they trust; by names of certificates. */
struct caller {
    const char *client; /* certificate; NULL: none */
    const char *key;    /* NULL: the certificate's own */
    const char *ca;
    const char *basic, *header;
    const char *host; /* in the URL; NULL: 127.0.0.1 */
};

static struct zdd_fetch_auth auth_of(const struct gate *gate, const struct caller *caller)
{
    const char *key = caller->key ? caller->key : caller->client;

    return (struct zdd_fetch_auth){
        .basic = caller->basic,
        .header = caller->header,
        .ca_file = file_of(gate, caller->ca, ".crt"),
        .cert_file = caller->client ? file_of(gate, caller->client, ".crt") : NULL,
        .key_file = key ? file_of(gate, key, ".key") : NULL,
    };
}

static void url_of(const struct gate *gate, enum door door, char ret_url[static PATH_SIZE])
{
    snprintf(ret_url, PATH_SIZE, "https://127.0.0.1:%u", gate->port[door]);
}

static enum zdd_err call(const struct gate *gate, enum door door, const struct caller *caller,
                         char reason[static ZDD_CLUSTER_REASON_SIZE])
{
    char url[PATH_SIZE];
    const char *const urls[] = {url};
    const struct zdd_marathon_options options = {
        .urls = urls, .url_count = 1, .auth = auth_of(gate, caller), .timeout_ms = LAB_WAIT_MS};
    struct zdd_marathon *marathon;
    struct zdd_cluster cluster;
    struct zdd_cluster_info info;
    enum zdd_err err;

    url_of(gate, door, url);
    marathon = zdd_marathon_open(&options);
    assert_non_null(marathon);
    cluster = zdd_marathon_cluster(marathon);
    reason[0] = '\0';
    err = cluster.ops->info(cluster.cls, &info, reason);
    zdd_marathon_free(marathon);
    return err;
}

static void says(const struct gate *gate, enum door door, const struct caller *caller,
                 enum zdd_err wanted, const char *words)
{
    char reason[ZDD_CLUSTER_REASON_SIZE];
    const enum zdd_err err = call(gate, door, caller, reason);

    if (err != wanted || (words && !strstr(reason, words)))
        fail_msg("%s: \"%s\" does not say \"%s\"", zdd_err_slug(err), reason,
                 words ? words : "(nothing)");
}

static void who_shows_a_good_certificate_is_let_in(void **state)
{
    says(*state, DEMANDING, &(struct caller){.client = "client", .ca = "ca", .basic = "ops:secret"},
         ZDD_ERR_NONE, NULL);
}

static void on_event(void *cls, const char *event, const char *data)
{
    (void)cls;
    (void)event;
    (void)data;
}

struct heard {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    bool live;
    char reason[400];
};

static void on_stream(void *cls, bool live, const char *reason)
{
    struct heard *heard = cls;

    pthread_mutex_lock(&heard->lock);
    heard->live = live;
    snprintf(heard->reason, sizeof(heard->reason), "%s", reason ? reason : "");
    pthread_cond_signal(&heard->changed);
    pthread_mutex_unlock(&heard->lock);
}

/* Connect to the events and hear what becomes of it first. */
static void hear(const struct gate *gate, const struct caller *caller, struct heard *heard)
{
    char url[PATH_SIZE];
    const char *const urls[] = {url};
    struct zdd_feed_options options = {.urls = urls,
                                       .url_count = 1,
                                       .auth = auth_of(gate, caller),
                                       .on_event = on_event,
                                       .on_stream = on_stream,
                                       .cls = heard};
    struct zdd_feed *feed;
    struct timespec until;

    url_of(gate, DEMANDING, url);
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += LAB_WAIT_MS / 1000;
    pthread_mutex_init(&heard->lock, NULL);
    pthread_cond_init(&heard->changed, NULL);
    feed = zdd_feed_start(&options);
    assert_non_null(feed);
    pthread_mutex_lock(&heard->lock);
    while (!heard->live && !heard->reason[0])
        assert_int_equal(pthread_cond_timedwait(&heard->changed, &heard->lock, &until), 0);
    pthread_mutex_unlock(&heard->lock);
    zdd_feed_free(feed);
    pthread_cond_destroy(&heard->changed);
    pthread_mutex_destroy(&heard->lock);
}

static void the_event_stream_shows_it_too(void **state)
{
    struct heard heard = {0};

    hear(*state, &(struct caller){.client = "client", .ca = "ca", .basic = "ops:secret"}, &heard);
    if (!heard.live)
        fail_msg("%s", heard.reason);
}

static void the_event_stream_says_what_is_wrong(void **state)
{
    struct heard heard = {0};

    hear(*state, &(struct caller){.ca = "ca", .basic = "ops:secret"}, &heard);
    assert_false(heard.live);
    assert_non_null(strstr(heard.reason, "demands a client certificate, and none is configured"));
}

static void what_is_wrong_with_the_client_certificate_is_said(void **state)
{
    static const struct {
        struct caller caller;
        const char *words;
    } rows[] = {
        {{.ca = "ca"}, "/v2/info: the server demands a client certificate, and none is configured"},
        {{.client = "expired", .ca = "ca"}, "/expired.crt: it has expired"},
        {{.client = "stranger", .ca = "ca"}, "/stranger.crt: it does not trust the CA that signed"},
        {{.client = "client", .key = "server", .ca = "ca"}, "/server.key cannot be used together"},
        {{.client = "no-such", .ca = "ca"}, "/no-such.key cannot be used together"},
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        says(*state, DEMANDING, &rows[i].caller, ZDD_ERR_CLUSTER_DOWN, rows[i].words);
}

static void what_is_wrong_with_the_server_s_certificate_is_said(void **state)
{
    static const struct {
        enum door door;
        struct caller caller;
        const char *words;
    } rows[] = {
        {ELSEWHERE, {.ca = "ca"}, "certificate is for another host: "},
        {EXPIRED, {.ca = "ca"}, "the server's certificate has expired"},
        {SELF_MADE, {.ca = "ca"}, "/ca.crt): self-signed certificate"},
        {DEMANDING, {.client = "client", .ca = "stranger"}, "certificate is not trusted (by /tmp/"},
        {DEMANDING, {.client = "client", .ca = "no-such"}, "no-such.crt holds no certificates"},
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        says(*state, rows[i].door, &rows[i].caller, ZDD_ERR_CLUSTER_DOWN, rows[i].words);
}

static void refused_credentials_are_said(void **state)
{
    static const struct {
        struct caller caller;
        const char *words;
    } rows[] = {
        {{.client = "client", .ca = "ca", .basic = "ops:wrong"},
         "answered 401 with an HTML page: it does not accept our credentials"},
        {{.client = "client", .ca = "ca", .header = "Authorization: token=eyJhbGciOi"},
         "answered 401 with an HTML page: it does not accept our credentials"},
        {{.client = "client", .ca = "ca"},
         "answered 401 with an HTML page: it wants credentials, and none are configured"},
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        says(*state, DEMANDING, &rows[i].caller, ZDD_ERR_CLUSTER_FORBIDDEN, rows[i].words);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(who_shows_a_good_certificate_is_let_in),
        cmocka_unit_test(the_event_stream_shows_it_too),
        cmocka_unit_test(the_event_stream_says_what_is_wrong),
        cmocka_unit_test(what_is_wrong_with_the_client_certificate_is_said),
        cmocka_unit_test(what_is_wrong_with_the_server_s_certificate_is_said),
        cmocka_unit_test(refused_credentials_are_said),
    };

    if (access(HAPROXY, X_OK) != 0) {
        printf("no HAProxy here\n");
        return 77;
    }
    return cmocka_run_group_tests(tests, setup, teardown);
}
