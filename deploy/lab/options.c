/**
 * @file deploy/lab/options.c
 * @brief The command line of zdd-lab: a row per option.
 */
#include "deploy/lab/options.h"

#include "server/base/cleanup.h"
#include "server/net/url.h"

#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SPEED_MAX 1000.0
#define MS_MAX 3600000L
#define DEPLOYMENT_MAX 100 /* Marathon's own limit (marathon.md §1.3) */

static const char help_head[] =
    "Usage: zdd-lab [OPTION]...\n"
    "\n"
    "Marathon on one machine, for trying out, rehearsing and testing deployments.\n"
    "It speaks Marathon's API, runs tasks as child processes, checks their health and\n"
    "rolls deployments by Marathon's own rules. It is no scheduler for production.\n"
    "\n";

static const char help_tail[] =
    "\n"
    "The image mhausenblas/simpleservice:* is built in: it is the program simpleservice\n"
    "next to zdd-lab. Other images are named with --image.\n"
    "\n"
    "Try it:\n"
    "  zdd-lab &\n"
    "  curl -H 'Content-Type: application/json' http://127.0.0.1:8080/v2/apps \\\n"
    "       -d '{\"id\":\"/hello\",\"cmd\":\"python3 -m http.server $PORT0\",\"instances\":2}'\n"
    "  curl http://127.0.0.1:8080/v2/apps/hello/tasks\n"
    "  curl -N -H 'Accept: text/event-stream' http://127.0.0.1:8080/v2/events\n"
    "\n"
    "Faults (--faults, or POST /lab/faults while it runs; GET /lab/state shows the inside):\n"
    "  {\"seed\": 7, \"faults\": [{\"name\": \"answer-409\", \"probability\": 0.2, \"count\": 3,\n"
    "    \"skip\": 0, \"ms\": 1000, \"method\": \"PUT\", \"path\": \"/v2/apps\"}]}\n"
    "  names: events-302 events-200-close leader-switch answer-409 answer-500 answer-502-html\n"
    "         answer-503-html answer-503-json lost-answer slow-answer truncated-json\n"
    "         duplicate-events reorder-events drop-events late-vanish stuck-queue\n"
    "         task-start-fail task-unreachable\n"
    "  path narrows stuck-queue to one app (\"/shop@\") or one version of it\n"
    "  (\"/shop@2024-05-01T10:00:00.000Z\").\n"
    "\n"
    "Nothing is left running when zdd-lab ends, however it ends.\n"
    "Exit status: 0 after SIGTERM or SIGINT, 1 when it cannot start, 2 for a wrong option.\n";

static bool read_long(const char *text, long min, long max, long *ret)
{
    char *end = NULL;
    long value;

    errno = 0;
    value = strtol(text, &end, 10);
    if (errno || end == text || *end || value < min || value > max)
        return false;
    *ret = value;
    return true;
}

static bool is_loopback(const char *host)
{
    return strncmp(host, "127.", 4) == 0 || strcmp(host, "::1") == 0;
}

static const char *set_listen(struct zdd_lab_options *o, const char *value)
{
    char host[64];
    uint16_t port;

    if (!zdd_hostport_parse(value, host, &port))
        return "must be an address and a port such as 127.0.0.1:8080";
    if (!is_loopback(host))
        return "must be a loopback address: whoever reaches the lab can run any command on this "
               "machine";
    memcpy(o->host, host, sizeof(o->host));
    o->port = port;
    return NULL;
}

static const char *set_marathon(struct zdd_lab_options *o, const char *value)
{
    o->marathon_110 = strcmp(value, "1.10") == 0;
    return o->marathon_110 || strcmp(value, "classic") == 0 ? NULL : "must be 1.10 or classic";
}

static const char *set_speed(struct zdd_lab_options *o, const char *value)
{
    char *end = NULL;
    const double speed = strtod(value, &end);

    if (end == value || *end || !(speed > 0.0 && speed <= SPEED_MAX))
        return "must be a number above 0 and at most 1000";
    o->speed = speed;
    return NULL;
}

static const char *set_ports(struct zdd_lab_options *o, const char *value)
{
    static const char wrong[] = "must be two ports such as 31000-32000, the first not above the "
                                "second";
    char *end = NULL;
    long from;
    long to;

    errno = 0;
    from = strtol(value, &end, 10);
    if (errno || end == value || *end != '-' || !read_long(end + 1, 1, 65535, &to))
        return wrong;
    if (from < 1 || from > to)
        return wrong;
    o->port_from = (uint16_t)from;
    o->port_to = (uint16_t)to;
    return NULL;
}

static const char *set_state(struct zdd_lab_options *o, const char *value)
{
    o->state_dir = value;
    return *value ? NULL : "must name a directory";
}

static const char *set_max(struct zdd_lab_options *o, const char *value)
{
    long n;

    if (!read_long(value, 1, 100000, &n))
        return "must be a whole number from 1 to 100000";
    o->instances_max = (int)n;
    return NULL;
}

static const char *set_deployments(struct zdd_lab_options *o, const char *value)
{
    long n;

    if (!read_long(value, 1, 100000, &n))
        return "must be a whole number from 1 to 100000";
    o->deployment_max = (int)n;
    return NULL;
}

static const char *set_ms(const char *value, int64_t *ret_ms)
{
    long n;

    if (!read_long(value, 0, MS_MAX, &n))
        return "must be milliseconds, a whole number from 0 to 3600000";
    *ret_ms = n;
    return NULL;
}

static const char *set_start_delay(struct zdd_lab_options *o, const char *value)
{
    return set_ms(value, &o->start_delay_ms);
}

static const char *set_kill_grace(struct zdd_lab_options *o, const char *value)
{
    return set_ms(value, &o->kill_grace_ms);
}

static const char *set_image(struct zdd_lab_options *o, const char *value)
{
    const char *equals = strchr(value, '=');

    if (!equals || equals == value || !equals[1])
        return "must be NAME=COMMAND, such as nginx:*='python3 -m http.server $PORT0'";
    if (o->image_count == ZDD_LAB_IMAGE_MAX)
        return "may be given 64 times at most";
    o->image[o->image_count].name = value;
    o->image[o->image_count].command = equals + 1;
    o->image_count++;
    return NULL;
}

static const char *set_faults(struct zdd_lab_options *o, const char *value)
{
    o->faults_file = value;
    return *value ? NULL : "must name a file";
}

static const char *set_offer(struct zdd_lab_options *o, const char *value)
{
    long n;

    if (!read_long(value, 0, 1000, &n))
        return "must be a whole number from 0 to 1000";
    o->offer_max = (int)n;
    return NULL;
}

static const char *set_credentials(struct zdd_lab_options *o, const char *value)
{
    const char *colon = strchr(value, ':');

    if (!colon || colon == value || strlen(value) > ZDD_LAB_CREDENTIALS_MAX)
        return "must be USER:PASSWORD, at most 120 bytes";
    o->credentials = value;
    return NULL;
}

static const char *set_task_killing(struct zdd_lab_options *o, const char *value)
{
    (void)value;
    o->task_killing = true;
    return NULL;
}

static const struct row {
    const char *name;
    const char *value; /* what it takes, NULL for nothing */
    const char *text;
    const char *(*set)(struct zdd_lab_options *o, const char *value); /* NULL or what is wrong */
} rows[] = {
    {"--listen", "HOST:PORT", "where to answer (127.0.0.1:8080); port 0 picks a free one",
     set_listen},
    {"--marathon", "1.10|classic", "whose rolling replace rule to follow (classic)", set_marathon},
    {"--speed", "N", "divide Marathon's timers by N (1); processes keep their own pace", set_speed},
    {"--host-ports", "FROM-TO", "ports given to tasks (31000-32000); used ones are skipped",
     set_ports},
    {"--state", "DIR", "where task output goes (a fresh directory under $TMPDIR)", set_state},
    {"--max-instances", "N", "a cluster with room for N tasks; more wait in /v2/queue", set_max},
    {"--max-running-deployments", "N", "deployments at the same time (100); one more gets 403",
     set_deployments},
    {"--tasks-per-offer", "N", "launch at most N tasks in 5 s of Marathon's time; 0: no limit (0)",
     set_offer},
    {"--start-delay", "MS", "time between the launch of a task and its process (0)",
     set_start_delay},
    {"--kill-grace", "MS", "SIGTERM to SIGKILL where the app does not say (3000)", set_kill_grace},
    {"--image", "NAME=COMMAND", "what a Docker image runs; NAME may end in :*; repeatable",
     set_image},
    {"--credentials", "USER:PASSWORD", "ask every caller for them (basic authentication)",
     set_credentials},
    {"--faults", "FILE", "bad days on demand, see below", set_faults},
    {"--balancer", "HOST:PORT",
     "a HAProxy as by Marathon-LB, its statistics there (127.0.0.1:9090)", zdd_lab_set_balancer},
    {"--no-balancer", NULL, "no HAProxy", zdd_lab_set_no_balancer},
    {"--balancers", "N", "so many, each on the next address (1; at most 4)", zdd_lab_set_balancers},
    {"--balancer-group", "NAMES", "serve apps with these HAPROXY_GROUPs (*: with any)",
     zdd_lab_set_balancer_group},
    {"--balancer-admin", NULL, "open the Runtime API over TCP, two ports above the statistics",
     zdd_lab_set_balancer_admin},
    {"--vhost-port", "PORT", "where HAPROXY_n_VHOST is served (9080; Marathon-LB: 80)",
     zdd_lab_set_vhost_port},
    {"--task-killing", NULL, "report TASK_KILLING, as with --enable_features task_killing",
     set_task_killing},
};

static void print_help(void)
{
    fputs(help_head, stdout);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        char left[48];

        snprintf(left, sizeof(left), "%s %s", rows[i].name, rows[i].value ? rows[i].value : "");
        printf("  %-28s %s\n", left, rows[i].text);
    }
    printf("  %-26s %s\n  %-26s %s\n", "--version", "print the version", "--help",
           "print this text");
    fputs(help_tail, stdout);
}

static enum zdd_lab_options_end wrong(const char *format, const char *a, const char *b)
{
    fputs("zdd-lab: ", stderr);
    fprintf(stderr, "%s%s%s", format, a, b);
    fputs("\nTry 'zdd-lab --help'.\n", stderr);
    return ZDD_LAB_OPTIONS_WRONG;
}

/* Both "--name value" and "--name=value". */
static const struct row *find(const char *arg, const char **ret_inline)
{
    const size_t size = strcspn(arg, "=");

    *ret_inline = arg[size] ? arg + size + 1 : NULL;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        if (strlen(rows[i].name) == size && strncmp(rows[i].name, arg, size) == 0)
            return &rows[i];
    return NULL;
}

static enum zdd_lab_options_end read_one(int argc, char **argv, int *at, struct zdd_lab_options *o)
{
    const char *value = NULL;
    const struct row *row = find(argv[*at], &value);
    const char *why;

    if (!row)
        return wrong("unknown option ", argv[*at], "");
    if (!row->value && value)
        return wrong(row->name, " takes no value", "");
    if (row->value && !value) {
        if (*at + 1 >= argc)
            return wrong(row->name, " needs a value: ", row->value);
        value = argv[++*at];
    }
    why = row->set(o, value);
    if (why)
        return wrong(row->name, " ", why);
    return ZDD_LAB_OPTIONS_RUN;
}

enum zdd_lab_options_end zdd_lab_options_read(int argc, char **argv,
                                              struct zdd_lab_options *ret_options)
{
    struct zdd_lab_options options = {
        .host = "127.0.0.1",
        .port = 8080,
        .speed = 1.0,
        .port_from = 31000,
        .port_to = 32000,
        .deployment_max = DEPLOYMENT_MAX,
        .kill_grace_ms = 3000,
        .balancer = {
            .host = "127.0.0.1", .port = 9090, .count = 1, .vhost_port = -1, .groups = "*"}};

    for (int i = 1; i < argc; i++) {
        enum zdd_lab_options_end end;

        if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0) {
            print_help();
            return ZDD_LAB_OPTIONS_DONE;
        }
        if (strcmp(argv[i], "--version") == 0) {
            printf("zdd-lab %s\n", zdd_lab_version());
            return ZDD_LAB_OPTIONS_DONE;
        }
        end = read_one(argc, argv, &i, &options);
        if (end != ZDD_LAB_OPTIONS_RUN)
            return end;
    }
    *ret_options = options;
    return ZDD_LAB_OPTIONS_RUN;
}
