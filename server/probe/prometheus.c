/**
 * @file server/probe/prometheus.c
 * @brief Instant queries of Prometheus's HTTP API, version 1.
 */
#include "server/probe/prometheus.h"

#include "server/base/cleanup.h"
#include "server/net/url.h"
#include "strategies/model/limits.h"

#include <math.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PATH "/api/v1/query?query="
#define PATIENCE "&timeout=5s" /* as long as a round takes; nobody waits for a later answer */

static const struct {
    const char *text;
    size_t offset; /* of an app id in struct zdd_plan */
} placeholders[] = {
    {"{{appId}}", offsetof(struct zdd_plan, app_id)},
    {"{{oldAppId}}", offsetof(struct zdd_plan, pair.old_id)},
    {"{{newAppId}}", offsetof(struct zdd_plan, pair.new_id)},
};

/* @return the one that @p at begins with; ZDD_COUNT(placeholders) for none */
static size_t placeholder_at(const char *at)
{
    size_t i = 0;

    while (i < ZDD_COUNT(placeholders) &&
           strncmp(at, placeholders[i].text, strlen(placeholders[i].text)) != 0)
        i++;
    return i;
}

bool zdd_prometheus_query_valid(const char *query)
{
    for (const char *at = strstr(query, "{{"); at; at = strstr(at + 1, "{{")) {
        if (placeholder_at(at) == ZDD_COUNT(placeholders))
            return false;
    }
    return true;
}

static void fill_in(struct zdd_buf *buf, const char *query, const struct zdd_plan *plan)
{
    while (*query) {
        const size_t found = placeholder_at(query);

        if (found == ZDD_COUNT(placeholders)) {
            zdd_buf_append(buf, query++, 1);
            continue;
        }
        zdd_buf_text(buf, (const char *)plan + placeholders[found].offset);
        query += strlen(placeholders[found].text);
    }
}

void zdd_prometheus_url(struct zdd_buf *buf, const struct zdd_check *check,
                        const struct zdd_plan *plan)
{
    ZDD_AUTO_BUF struct zdd_buf query = {0};
    size_t size = strlen(check->url);

    while (size > 0 && check->url[size - 1] == '/')
        size--;
    fill_in(&query, check->query, plan);
    zdd_buf_append(buf, check->url, size);
    zdd_buf_text(buf, PATH);
    if (query.err != ZDD_ERR_NONE)
        buf->err = query.err;
    else
        zdd_url_encode(buf, query.data, "");
    zdd_buf_text(buf, PATIENCE);
}

/* Numbers are texts there: "0.25", "1e+30", "NaN", "+Inf". */
static bool read_number(const json_t *sample, double *ret_number)
{
    const char *text = json_string_value(json_array_get(sample, 1));
    char *end;

    if (json_array_size(sample) != 2 || !text || !*text ||
        strspn(text, "0123456789+-.eENaIinf") < strlen(text))
        return false;
    *ret_number = strtod(text, &end);
    return *end == '\0';
}

/* @return why @p data is not exactly one sample; NULL when it is one, @p ret_sample, a pair of time
 * and value */
static const char *find_sample(const json_t *data, const json_t **ret_sample)
{
    const bool is_scalar = strcmp(zdd_json_text(data, "resultType", ""), "scalar") == 0;
    const json_t *result = json_object_get(data, "result");

    if (!is_scalar && strcmp(zdd_json_text(data, "resultType", ""), "vector") != 0)
        return "is neither a scalar nor a vector: it must come to one number";
    if (!is_scalar && json_array_size(result) == 0)
        return "has no data";
    if (!is_scalar && json_array_size(result) > 1)
        return "has several samples: it must come to one number";
    *ret_sample = is_scalar ? result : json_object_get(json_array_get(result, 0), "value");
    return *ret_sample ? NULL : "is no plain number";
}

static void judge_number(const struct zdd_check *check, double number,
                         struct zdd_probe_verdict *verdict)
{
    char shown[32];

    snprintf(shown, sizeof(shown), "%g", number);
    if (isinf(number))
        snprintf(shown, sizeof(shown), "%s", number > 0 ? "+Inf" : "-Inf");
    if (isinf(number))
        snprintf(verdict->value, sizeof(verdict->value), "\"%s\"", shown);
    else if (!isnan(number))
        snprintf(verdict->value, sizeof(verdict->value), "%.15g", number);
    if (isnan(number))
        zdd_probe_find(verdict, ZDD_FINDING_ERROR, "is NaN: that is no number");
    else if (!isnan(check->max) && number > check->max)
        zdd_probe_find(verdict, ZDD_FINDING_FAILED, "is %s, above %g", shown, check->max);
    else if (!isnan(check->min) && number < check->min)
        zdd_probe_find(verdict, ZDD_FINDING_FAILED, "is %s, below %g", shown, check->min);
}

static void judge_data(const struct zdd_check *check, const json_t *data,
                       struct zdd_probe_verdict *verdict)
{
    const json_t *sample = NULL;
    const char *trouble = find_sample(data, &sample);
    double number;

    verdict->is_about_query = true;
    if (trouble)
        zdd_probe_find(verdict, ZDD_FINDING_ERROR, "%s", trouble);
    else if (read_number(sample, &number))
        judge_number(check, number, verdict);
    else
        zdd_probe_find(verdict, ZDD_FINDING_ERROR, "is no plain number");
}

void zdd_prometheus_judge(const struct zdd_check *check, long status, const char *body, size_t size,
                          struct zdd_probe_verdict *ret_verdict)
{
    ZDD_AUTO_JSON json_t *json = NULL;
    const json_t *data;
    const char *error;

    *ret_verdict = (struct zdd_probe_verdict){.finding = ZDD_FINDING_PASSED};
    (void)(size > 0 && zdd_json_read(body, size, &json, NULL) == ZDD_ERR_NONE);
    error = zdd_json_text(json, "error", "");
    data = json_object_get(json, "data");
    if (*error)
        zdd_probe_find(ret_verdict, ZDD_FINDING_ERROR, "said %ld: %s", status, error);
    else if (status < 200 || status > 299)
        zdd_probe_find(ret_verdict, ZDD_FINDING_ERROR, "said %ld", status);
    else if (strcmp(zdd_json_text(json, "status", ""), "success") != 0 ||
             !*zdd_json_text(data, "resultType", ""))
        zdd_probe_find(ret_verdict, ZDD_FINDING_ERROR, "answered, but not as Prometheus does");
    else
        judge_data(check, data, ret_verdict);
}
