/**
 * @file tests/fuzz/fuzz_lab.c
 * @brief Any requests to zdd-lab: definitions, groups, selectors, faults. Deployments are planned
 * and settled; no task is ever started.
 */
#include "deploy/lab/api.h"
#include "deploy/lab/deployments.h"
#include "deploy/lab/probe.h"
#include "server/base/clock.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/request.h"

#include <string.h>

static const struct zdd_lab_options options = {
    .host = "127.0.0.1",
    .speed = 1,
    .port_from = 31000,
    .port_to = 32000,
    .kill_grace_ms = 1000,
};

/* As zdd_lab_init() does, but for what belongs to a process: signals, folder, warden, timers. */
static void open_lab(struct zdd_lab *lab)
{
    FUZZ_CHECK(zdd_crypto_init());
    lab->options = &options;
    lab->signal_fd = -1;
    lab->core = pthread_self();
    pthread_mutex_init(&lab->lock, NULL);
    pthread_mutex_init(&lab->events.lock, NULL);
    lab->started_mono_ms = zdd_mono_ms();
    lab->started_utc_ms = lab->last_version_ms = lab->root_version_ms = zdd_now_ms();
    lab->next_port = options.port_from;
    lab->probes = zdd_lab_probes_new();
    FUZZ_CHECK(lab->probes != NULL);
}

static void note(const struct fuzz_request *request)
{
    FUZZ_CHECK(request->call.status != 507 && request->call.status != 503);
    FUZZ_CHECK(request->call.status != 500 || strstr(request->call.reply.data, "URI not found") ||
               strstr(request->call.reply.data, "cannot ") ||
               strstr(request->call.reply.data, "too big"));
}

/* A call of this kind is answered by the core's timers, which do not run here. */
static bool is_deferred(const struct fuzz_parts *parts)
{
    for (size_t i = 0; i < FUZZ_PART_MAX; i++) {
        if (strstr(parts->text[i], "faults"))
            return true;
    }
    return false;
}

static void play(struct zdd_lab *lab, const struct fuzz_parts *parts)
{
    const struct zdd_http_options http = {
        .routes = zdd_lab_routes,
        .route_count = zdd_lab_route_count,
        .fail = zdd_lab_call_failed,
        .app = lab,
    };

    for (size_t i = 0; i < FUZZ_PART_MAX; i++) {
        if (parts->size[i] == 0)
            continue;
        fuzz_request_play(&http, parts->text[i], parts->size[i], note);
        pthread_mutex_lock(&lab->lock);
        zdd_lab_deployments_settle(lab);
        pthread_mutex_unlock(&lab->lock);
    }
    fuzz_request_ask(&http, "GET /v2/apps?embed=apps.tasks&embed=apps.counts", note);
    fuzz_request_ask(&http, "GET /v2/groups", note);
    fuzz_request_ask(&http, "GET /v2/deployments", note);
    fuzz_request_ask(&http, "GET /v2/queue", note);
}

static void check_faults(const struct fuzz_parts *parts)
{
    struct zdd_lab_faults faults = {.random = 1};
    char reason[ZDD_LAB_FAULT_REASON_SIZE] = "";
    ZDD_AUTO_JSON json_t *json = fuzz_json(parts, 0);
    ZDD_AUTO_JSON json_t *shown = NULL;

    if (!json)
        return;
    FUZZ_CHECK(zdd_lab_faults_set(&faults, json, reason) || reason[0]);
    FUZZ_CHECK(faults.count <= ZDD_LAB_FAULT_MAX);
    for (int kind = 0; kind < ZDD_LAB_FAULT_COUNT; kind++)
        (void)zdd_lab_fault_strikes(&faults, (enum zdd_lab_fault_kind)kind, "PUT", "/v2/apps//a",
                                    NULL);
    shown = zdd_lab_faults_json(&faults);
    FUZZ_CHECK(shown != NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    FUZZ_AUTO_PARTS struct fuzz_parts parts = fuzz_split(data, size, FUZZ_PART_MAX);
    static struct zdd_lab lab;
    bool valid;

    (void)zdd_lab_labels_fit(NULL, parts.text[0], &valid);
    check_faults(&parts);
    if (is_deferred(&parts))
        return 0;
    memset(&lab, 0, sizeof(lab));
    open_lab(&lab);
    play(&lab, &parts);
    zdd_lab_release(&lab);
    return 0;
}
