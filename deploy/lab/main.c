/**
 * @file deploy/lab/main.c
 * @brief zdd-lab: Marathon on one machine.
 */
#include "deploy/lab/api.h"
#include "deploy/lab/balancer/balancers.h"
#include "deploy/lab/lab.h"

#include <curl/curl.h>
#include <stdio.h>
#include <string.h>

#define HTTP_THREADS 4
#define HTTP_GRACE_MS 1000
#define BODY_MAX (4u << 20) /* bytes; an app of a quarter of that is too big to be stored */

static struct zdd_http *listen_on(struct zdd_lab *lab)
{
    const struct zdd_http_options options = {.host = lab->options->host,
                                             .port = lab->options->port,
                                             .thread_count = HTTP_THREADS,
                                             .timeout_s = 60,
                                             .body_max = BODY_MAX,
                                             .routes = zdd_lab_routes,
                                             .route_count = zdd_lab_route_count,
                                             .app = lab,
                                             .fail = zdd_lab_call_failed};
    const bool v6 = strchr(lab->options->host, ':') != NULL;
    char reason[200] = "";
    struct zdd_http *http;

    pthread_mutex_lock(&lab->lock); /* the first call waits until the lab knows its own address */
    http = zdd_http_start(&options, reason);
    if (http) {
        lab->port = zdd_http_port(http);
        snprintf(lab->authority, sizeof(lab->authority), "%s%s%s:%u", v6 ? "[" : "",
                 lab->options->host, v6 ? "]" : "", lab->port);
        snprintf(lab->url, sizeof(lab->url), "http://%s", lab->authority);
    }
    pthread_mutex_unlock(&lab->lock);
    if (!http)
        fprintf(stderr, "zdd-lab: cannot listen: %s\n", reason);
    return http;
}

static int run(struct zdd_lab *lab)
{
    struct zdd_http *http = NULL;

    if (zdd_lab_balancers_start(lab))
        http = listen_on(lab);
    if (!http) {
        zdd_lab_balancers_stop(lab);
        return 1;
    }
    printf("zdd-lab: Marathon %s on %s (speed %g, task output in %s)\n",
           lab->options->marathon_110 ? "1.10" : "classic", lab->url, lab->options->speed,
           lab->state_dir);
    zdd_lab_balancers_print(lab);
    fflush(stdout);
    zdd_lab_run(lab);
    zdd_lab_api_end(lab); /* before: so that those who wait get their answer … */
    zdd_http_free(http, HTTP_GRACE_MS);
    zdd_lab_api_end(lab); /* … and after: for those who came meanwhile */
    return 0;
}

int main(int argc, char **argv)
{
    struct zdd_lab_options options;
    struct zdd_lab lab = {0};
    char reason[ZDD_LAB_FAULT_REASON_SIZE];
    int status = 1;

    switch (zdd_lab_options_read(argc, argv, &options)) {
    case ZDD_LAB_OPTIONS_DONE:
        return 0;
    case ZDD_LAB_OPTIONS_WRONG:
        return 2;
    case ZDD_LAB_OPTIONS_RUN:
        break;
    }
    if (!zdd_crypto_init() || curl_global_init(CURL_GLOBAL_DEFAULT) != 0)
        return 1;
    if (options.faults_file && !zdd_lab_faults_load(&lab.faults, options.faults_file, reason)) {
        fprintf(stderr, "zdd-lab: --faults: %s\n", reason);
        return 2;
    }
    if (zdd_lab_init(&lab, &options)) {
        status = run(&lab);
        zdd_lab_release(&lab);
    }
    curl_global_cleanup();
    return status;
}
