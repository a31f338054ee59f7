/**
 * @file server/probe/judge.c
 * @brief What one answer says about a check.
 */
#include "server/probe/judge.h"

#include "server/base/cleanup.h"
#include "server/base/utf8.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define WORDS_SIZE 400 /* of others, before they are cut */

void zdd_probe_cut(char *to, size_t size, const char *text)
{
    const size_t length = strlen(text);
    size_t used = 0;

    for (size_t at = 0; at < length;) {
        const size_t step = zdd_utf8_step(text + at, length - at);

        if (step == 0 || used + step >= size)
            break;
        memcpy(to + used, text + at, step);
        if ((unsigned char)to[used] < ' ')
            to[used] = ' ';
        used += step;
        at += step;
    }
    to[used] = '\0';
}

void zdd_probe_find(struct zdd_probe_verdict *verdict, enum zdd_finding finding, const char *format,
                    ...)
{
    char words[WORDS_SIZE];
    va_list args;

    verdict->finding = finding;
    va_start(args, format);
    vsnprintf(words, sizeof(words), format, args);
    va_end(args);
    zdd_probe_cut(verdict->said, sizeof(verdict->said), words);
}

/* What it means when there is nothing to judge. */
static enum zdd_finding blame(const struct zdd_check *check)
{
    return zdd_check_asks_instances(check) ? ZDD_FINDING_FAILED : ZDD_FINDING_ERROR;
}

static void keep_value(const json_t *value, struct zdd_probe_verdict *verdict)
{
    ZDD_AUTO_FREE char *text = json_is_object(value) || json_is_array(value)
                                   ? NULL
                                   : json_dumps(value, JSON_ENCODE_ANY | JSON_ENSURE_ASCII);

    if (text && strlen(text) < sizeof(verdict->value))
        memcpy(verdict->value, text, strlen(text) + 1);
}

static void judge_value(const struct zdd_check *check, const json_t *value,
                        struct zdd_probe_verdict *verdict)
{
    const double number = json_number_value(value);
    const char *shown = *verdict->value ? verdict->value : "something else";

    if (check->equals && !zdd_json_same(value, check->equals))
        zdd_probe_find(verdict, ZDD_FINDING_FAILED, "has %s at %.40s", shown, check->pointer);
    else if (!check->equals && !json_is_number(value))
        zdd_probe_find(verdict, blame(check), "has no number at %.40s", check->pointer);
    else if (!check->equals && !isnan(check->max) && number > check->max)
        zdd_probe_find(verdict, ZDD_FINDING_FAILED, "has %s at %.40s, above %g", shown,
                       check->pointer, check->max);
    else if (!check->equals && !isnan(check->min) && number < check->min)
        zdd_probe_find(verdict, ZDD_FINDING_FAILED, "has %s at %.40s, below %g", shown,
                       check->pointer, check->min);
}

void zdd_probe_judge(const struct zdd_check *check, long status, const char *body, size_t size,
                     struct zdd_probe_verdict *ret_verdict)
{
    const bool good = status >= 200 && status <= 299;
    ZDD_AUTO_JSON json_t *json = NULL;
    const json_t *value;

    *ret_verdict = (struct zdd_probe_verdict){.finding = ZDD_FINDING_PASSED};
    if (!check->pointer) {
        snprintf(ret_verdict->value, sizeof(ret_verdict->value), "%ld", status);
        if (!good)
            zdd_probe_find(ret_verdict, ZDD_FINDING_FAILED, "said %ld", status);
        return;
    }
    if (!good) {
        zdd_probe_find(ret_verdict, blame(check), "said %ld", status);
        return;
    }
    if (size == 0 || zdd_json_read(body, size, &json, NULL) != ZDD_ERR_NONE) {
        zdd_probe_find(ret_verdict, blame(check), "said no JSON");
        return;
    }
    value = zdd_json_at(json, check->pointer);
    if (!value) {
        zdd_probe_find(ret_verdict, blame(check), "has nothing at %.40s", check->pointer);
        return;
    }
    keep_value(value, ret_verdict);
    judge_value(check, value, ret_verdict);
}

void zdd_probe_judge_silence(const struct zdd_check *check, const char *why,
                             struct zdd_probe_verdict *ret_verdict)
{
    *ret_verdict = (struct zdd_probe_verdict){0};
    zdd_probe_find(ret_verdict, blame(check), "%s", why);
}
