/**
 * @file server/probe/probe.c
 * @brief One round of checks.
 */
#include "server/probe/probe.h"

#include "server/base/cleanup.h"
#include "server/base/clock.h"
#include "server/net/fetch.h"
#include "server/probe/hosts.h"
#include "server/probe/judge.h"
#include "server/probe/prometheus.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define THREAD_MAX 16 /* side by side; whoever does not answer holds up only one of them */
#define NAME_SIZE 81  /* of what was asked, as it is shown */

static const char no_memory[] = "was not asked, for want of memory";

/* One check at one place. */
struct item {
    const struct zdd_check *check;
    const char *address; /* of an instance; NULL: the URL says it */
    struct zdd_probe_verdict verdict;
};

/* One round under way. */
struct round {
    const struct zdd_http_probe *probe;
    const char *request_id;
    const struct zdd_plan *plan;
    struct zdd_checks checks;
    struct item *item;
    size_t count;
    atomic_size_t next;
    int64_t until_ms;
};

static bool is_query(const struct item *item)
{
    return item->check->source == ZDD_SOURCE_PROMETHEUS;
}

static void write_url(const struct round *round, const struct item *item, struct zdd_buf *buf)
{
    if (is_query(item))
        zdd_prometheus_url(buf, item->check, round->plan);
    else if (item->address)
        zdd_buf_printf(buf, "http://%s%s", item->address, item->check->url);
    else
        zdd_buf_text(buf, item->check->url);
}

static void judge(struct item *item, const struct zdd_answer *answer)
{
    if (is_query(item))
        zdd_prometheus_judge(item->check, answer->status, answer->body.data, answer->body.size,
                             &item->verdict);
    else
        zdd_probe_judge(item->check, answer->status, answer->body.data, answer->body.size,
                        &item->verdict);
}

static void ask(struct zdd_fetch *fetch, const struct round *round, struct item *item,
                int64_t left_ms)
{
    ZDD_AUTO_BUF struct zdd_buf url = {0};
    char reason[200];
    struct zdd_answer answer = {0};

    write_url(round, item, &url);
    if (url.err != ZDD_ERR_NONE) {
        zdd_probe_judge_silence(item->check, no_memory, &item->verdict);
        return;
    }
    const struct zdd_request request = {.method = "GET",
                                        .url = url.data,
                                        .accept = "application/json, */*",
                                        .request_id = round->request_id,
                                        .body_max = ZDD_PROBE_BODY_MAX,
                                        .connect_ms = left_ms,
                                        .timeout_ms = left_ms};
    const enum zdd_err err = zdd_fetch_send(fetch, &request, &answer, reason);

    if (err == ZDD_ERR_NONE)
        judge(item, &answer);
    else if (err == ZDD_ERR_CLUSTER_SLOW)
        zdd_probe_judge_silence(item->check, "did not answer in time", &item->verdict);
    else if (err == ZDD_ERR_CLUSTER_NONSENSE)
        zdd_probe_judge_silence(item->check, "said more than 64 KiB, or no HTTP", &item->verdict);
    else
        zdd_probe_judge_silence(item->check, "cannot be reached", &item->verdict);
    zdd_answer_release(&answer);
}

static void *work(void *cls)
{
    struct round *round = cls;
    const struct zdd_fetch_auth nobody = {0};
    struct zdd_fetch *fetch = zdd_fetch_new(&nobody);

    for (;;) { /* ends with the items */
        const size_t at = atomic_fetch_add(&round->next, 1);
        const int64_t left_ms = round->until_ms - zdd_mono_ms();

        if (at >= round->count)
            break;
        struct item *item = &round->item[at];

        if (!item->address && !zdd_check_host_allowed(item->check->url, round->probe->hosts))
            zdd_probe_judge_silence(item->check, "may not be asked (verify-hosts)", &item->verdict);
        else if (!fetch)
            zdd_probe_judge_silence(item->check, no_memory, &item->verdict);
        else if (left_ms <= 0)
            zdd_probe_judge_silence(item->check, "was not asked: the others took all the time",
                                    &item->verdict);
        else
            ask(fetch, round, item, left_ms);
    }
    zdd_fetch_free(fetch);
    return NULL;
}

/* All items are done when this returns; without a second thread this one does them. */
static void work_together(struct round *round)
{
    pthread_t thread[THREAD_MAX];
    size_t started = 0;

    while (started < THREAD_MAX && started + 1 < round->count &&
           pthread_create(&thread[started], NULL, work, round) == 0)
        started++;
    work(round);
    for (size_t i = 0; i < started; i++)
        pthread_join(thread[i], NULL);
}

static enum zdd_err lay_out(struct round *round, const struct zdd_spots *spots)
{
    round->item = calloc(round->checks.count * (spots->count + 1), sizeof(*round->item));
    if (!round->item)
        return ZDD_ERR_NO_MEMORY;
    for (size_t c = 0; c < round->checks.count; c++) {
        const struct zdd_check *check = &round->checks.check[c];

        for (size_t i = 0; zdd_check_asks_instances(check) && i < spots->count; i++) {
            if (spots->spot[i].port_count > 0)
                round->item[round->count++] =
                    (struct item){.check = check, .address = spots->spot[i].address[0]};
        }
        if (!zdd_check_asks_instances(check) && check->source != ZDD_SOURCE_HAPROXY)
            round->item[round->count++] = (struct item){.check = check};
    }
    return ZDD_ERR_NONE;
}

/* What one check came to at all its places. */
struct sum {
    size_t asked, passed;
    const struct item *worst; /* a failed one, else one in error, else the last */
};

static struct sum add_up(const struct round *round, const struct zdd_check *check)
{
    struct sum sum = {0};

    for (size_t i = 0; i < round->count; i++) {
        const struct item *item = &round->item[i];

        if (item->check != check)
            continue;
        sum.asked++;
        sum.passed += item->verdict.finding == ZDD_FINDING_PASSED;
        if (!sum.worst || sum.worst->verdict.finding == ZDD_FINDING_PASSED ||
            (sum.worst->verdict.finding == ZDD_FINDING_ERROR &&
             item->verdict.finding == ZDD_FINDING_FAILED))
            sum.worst = item;
    }
    return sum;
}

/* A query may hold a secret. */
static int shown_size(const char *url)
{
    return (int)strcspn(url, "?");
}

static void say(const struct item *item, char words[static ZDD_MEASURED_SIZE])
{
    const char *url = item->check->url;
    char all[ZDD_MEASURED_SIZE + ZDD_PROBE_SAID_SIZE], name[NAME_SIZE];

    zdd_probe_cut(name, sizeof(name), item->verdict.is_about_query ? item->check->query : "");
    if (item->verdict.is_about_query)
        snprintf(all, sizeof(all), "%s%s %s", name,
                 strlen(name) < strlen(item->check->query) ? "…" : "", item->verdict.said);
    else if (item->address)
        snprintf(all, sizeof(all), "%.*s of %s %s", shown_size(url) > 40 ? 40 : shown_size(url),
                 url, item->address, item->verdict.said);
    else
        snprintf(all, sizeof(all), "%.*s %s", shown_size(url) > 80 ? 80 : shown_size(url), url,
                 item->verdict.said);
    zdd_probe_cut(words, ZDD_MEASURED_SIZE, all);
}

/* Instances that have no port cannot be checked: that is no pass. */
static enum zdd_finding finding_of(const struct sum *sum)
{
    return sum->worst ? sum->worst->verdict.finding : ZDD_FINDING_FAILED;
}

static void tell_check(struct zdd_buf *buf, size_t index, bool observe_only, const struct sum *sum)
{
    const struct zdd_probe_verdict *verdict = sum->worst ? &sum->worst->verdict : NULL;
    char words[ZDD_MEASURED_SIZE] = "";

    if (verdict && verdict->finding != ZDD_FINDING_PASSED)
        say(sum->worst, words);
    zdd_buf_printf(buf,
                   "%s{\"check\":%zu,\"result\":\"%s\",\"asked\":%zu,\"passed\":%zu,\"value\":%s",
                   buf->size > strlen("[") ? "," : "", index, zdd_finding_name(finding_of(sum)),
                   sum->asked, sum->passed, verdict && *verdict->value ? verdict->value : "null");
    zdd_buf_text(buf, ",\"text\":");
    zdd_buf_json_string(buf, *words ? words : NULL);
    zdd_buf_text(buf, observe_only ? ",\"observeOnly\":true}" : "}");
}

/* The worst of all checks is that of the round, and the first of the worst speaks for it. */
static void weigh(const struct sum *sum, struct zdd_probe_report *report)
{
    const enum zdd_finding finding = finding_of(sum);
    const bool worse = finding == ZDD_FINDING_FAILED
                           ? report->result != ZDD_FINDING_FAILED
                           : finding == ZDD_FINDING_ERROR && report->result == ZDD_FINDING_PASSED;

    if (!worse)
        return;
    report->result = finding;
    if (sum->worst)
        say(sum->worst, report->words);
    else
        snprintf(report->words, sizeof(report->words), "no new instance has a port to ask at");
}

static enum zdd_err report(const struct round *round, struct zdd_probe_report *ret_report)
{
    ZDD_AUTO_BUF struct zdd_buf data = {0};

    *ret_report = (struct zdd_probe_report){.result = ZDD_FINDING_PASSED};
    zdd_buf_text(&data, "[");
    for (size_t c = 0; c < round->checks.count; c++) {
        const struct zdd_check *check = &round->checks.check[c];
        const struct sum sum = add_up(round, check);

        if (check->source == ZDD_SOURCE_HAPROXY)
            continue;
        tell_check(&data, c, check->observe_only, &sum);
        if (!check->observe_only)
            weigh(&sum, ret_report);
    }
    zdd_buf_text(&data, "]");
    if (data.err != ZDD_ERR_NONE)
        return data.err;
    if (data.size >= sizeof(ret_report->data)) { /* texts full of escapes */
        zdd_buf_clear(&data);
        zdd_buf_text(&data, "[]");
    }
    memcpy(ret_report->data, data.data, data.size + 1);
    return ZDD_ERR_NONE;
}

static enum zdd_err measure(void *cls, const struct zdd_probe_ask *what,
                            struct zdd_probe_report *ret_report)
{
    struct round round = {.probe = cls,
                          .request_id = what->request_id,
                          .plan = what->plan,
                          .until_ms = zdd_mono_ms() + ZDD_PROBE_TOTAL_MS};
    struct zdd_field_errors errors = {0};
    ZDD_AUTO_JSON json_t *sets = NULL;
    enum zdd_err err = zdd_json_read(what->checks, strlen(what->checks), &sets, NULL);
    const json_t *list = json_array_get(sets, (size_t)what->set);

    if (err != ZDD_ERR_NONE || !list)
        return err == ZDD_ERR_NO_MEMORY ? err : ZDD_ERR_INTERNAL;
    if (!zdd_checks_read(list, "#", &round.checks, &errors))
        return errors.no_memory ? ZDD_ERR_NO_MEMORY : ZDD_ERR_INTERNAL;
    err = lay_out(&round, what->spots);
    if (err != ZDD_ERR_NONE)
        return err;
    work_together(&round);
    err = report(&round, ret_report);
    free(round.item);
    return err;
}

static const struct zdd_probe_ops ops = {.measure = measure};

struct zdd_probe zdd_http_probe(const struct zdd_http_probe *probe)
{
    return (struct zdd_probe){&ops, (void *)(uintptr_t)probe};
}
