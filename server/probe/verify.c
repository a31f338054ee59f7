/**
 * @file server/probe/verify.c
 * @brief What may stand in `verify`.
 */
#include "server/probe/verify.h"

#include "strategies/model/limits.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define INTERVAL_MAX_S 3600
#define MS_OF_S 1000
#define US_OF_MS 1000
#define REQUESTS_MAX 1000000000
#define REQUESTS_DEFAULT 100

/* The members of `verify` as they stand. */
struct verify_members {
    json_t *checks;
    int64_t interval_s, count, failure_limit, error_limit, min_requests;
    int on_inconclusive;
};

/* In the order of enum zdd_on_inconclusive. */
static const char *const choices[] = {"wait", "gate", "pass", "fail", NULL};
_Static_assert(ZDD_COUNT(choices) == ZDD_INCONCLUSIVE_COUNT + 1, "each needs its word");

#define AT(member) offsetof(struct verify_members, member)
#define MIN_REQUESTS 4 /* its row below: the one that needs requests */
static const struct zdd_field fields[] = {
    {.name = "checks",
     .kind = ZDD_FIELD_ARRAY,
     .offset = AT(checks),
     .required = true,
     .min = 1,
     .max = ZDD_CHECK_MAX,
     .text = "All of them have to pass in each round."},
    {.name = "intervalSeconds",
     .kind = ZDD_FIELD_INT,
     .offset = AT(interval_s),
     .min = 1,
     .max = INTERVAL_MAX_S,
     .text = "From one round to the next; absent: 10."},
    {.name = "count",
     .kind = ZDD_FIELD_INT,
     .offset = AT(count),
     .min = 1,
     .max = ZDD_ROUND_MAX,
     .text = "Rounds; beside the steps of a canary, where they go on: how many of the last ones "
             "are looked at. Absent: 6."},
    {.name = "failureLimit",
     .kind = ZDD_FIELD_INT,
     .offset = AT(failure_limit),
     .min = 0,
     .max = ZDD_ROUND_MAX - 1,
     .text = "Rounds that may fail, below count. Absent: 1, or 0 with one round."},
    [MIN_REQUESTS] = {.name = "minRequests",
                      .kind = ZDD_FIELD_INT,
                      .offset = AT(min_requests),
                      .min = 1,
                      .max = REQUESTS_MAX,
                      .text = "Requests that the new version must have had before haproxy's "
                              "counters say anything; absent: 100."},
    {.name = "onInconclusive",
     .kind = ZDD_FIELD_CHOICE,
     .offset = AT(on_inconclusive),
     .choices = choices,
     .text =
         "What becomes of rounds that say nothing, for want of requests or because another "
         "service has not told more often than errorLimit: wait makes more of them, gate lets "
         "somebody decide, pass and fail count them as that. Absent: wait; in blue-green fail."},
    {.name = "errorLimit",
     .kind = ZDD_FIELD_INT,
     .offset = AT(error_limit),
     .min = 0,
     .max = ZDD_ROUND_MAX - 1,
     .text = "Rounds in a row in which another service that is asked may not tell; that says "
             "nothing of the new version. Absent: as failureLimit."},
    {.kind = ZDD_FIELD_END},
};
#undef AT

static struct zdd_counted counted_of(const struct zdd_check *check, size_t place)
{
    const double unit = check->metric == ZDD_METRIC_RESPONSE_MS ? US_OF_MS : ZDD_MILLION;

    return (struct zdd_counted){
        .place = (int32_t)place,
        .metric = check->metric,
        .has_max = !isnan(check->max),
        .max = isnan(check->max) ? 0 : (int32_t)lround(check->max * unit),
        .worse_than_old = check->worse_than_old,
        .observe_only = check->observe_only,
    };
}

static void count_in(const struct zdd_checks *checks, struct zdd_verify *verify)
{
    for (size_t i = 0; i < checks->count; i++) {
        if (checks->check[i].source == ZDD_SOURCE_HAPROXY)
            verify->counted[verify->counted_count++] = counted_of(&checks->check[i], i);
    }
}

/* Nothing can be judged by requests that are not there. */
static void check_unseen(const struct verify_members *m, const char *pointer,
                         struct zdd_field_errors *errors)
{
    size_t index;
    json_t *check;

    if (m->min_requests > 0)
        zdd_check_complain(errors, pointer, "minRequests",
                           "must be left out: before the switch the new version gets no requests");
    /* Whether somebody decides after the checks is another option's word there. */
    if (m->on_inconclusive == ZDD_INCONCLUSIVE_GATES)
        zdd_check_complain(errors, pointer, "onInconclusive",
                           "must be wait, pass or fail; where somebody shall decide before the "
                           "switch, the option promote is manual");
    json_array_foreach(m->checks, index, check)
    {
        char place[ZDD_FIELD_POINTER_SIZE], name[48];

        if (strcmp(zdd_json_text(check, "source", ""), "haproxy") != 0)
            continue;
        snprintf(name, sizeof(name), "%zu", index);
        zdd_field_pointer(place, pointer, "checks");
        zdd_field_pointer(place, place, name);
        zdd_check_complain(errors, place, "source",
                           "must be http or prometheus: haproxy measures requests, and before the "
                           "switch the new version gets none");
    }
}

static void set_defaults(enum zdd_verify_kind kind, struct verify_members *m)
{
    if (m->failure_limit < 0)
        m->failure_limit = m->count > 1;
    if (m->error_limit < 0)
        m->error_limit = m->failure_limit;
    if (m->min_requests == 0 && kind == ZDD_VERIFY_SHARED)
        m->min_requests = REQUESTS_DEFAULT;
}

bool zdd_verify_read(const json_t *object, const char *pointer, enum zdd_verify_kind kind,
                     struct zdd_verify_options *ret_options, struct zdd_field_errors *errors)
{
    const size_t before = errors->count;
    struct verify_members m = {.interval_s = 10,
                               .count = 6,
                               .failure_limit = -1,
                               .error_limit = -1,
                               .on_inconclusive = kind == ZDD_VERIFY_UNSEEN
                                                      ? ZDD_INCONCLUSIVE_FAILS
                                                      : ZDD_INCONCLUSIVE_WAITS};
    char place[ZDD_FIELD_POINTER_SIZE];
    struct zdd_checks checks;

    *ret_options = (struct zdd_verify_options){0};
    if (!object)
        return true;
    zdd_fields_read(fields, object, pointer, &m, errors);
    if (kind == ZDD_VERIFY_UNSEEN)
        check_unseen(&m, pointer, errors);
    set_defaults(kind, &m);
    if (m.failure_limit >= m.count)
        zdd_check_complain(errors, pointer, "failureLimit",
                           "must be below count, or nothing is verified");
    zdd_field_pointer(place, pointer, "checks");
    zdd_checks_read(m.checks, place, &checks, errors);
    if (errors->count > before)
        return false;
    ret_options->checks = m.checks;
    ret_options->verify = (struct zdd_verify){
        .rounds = (int32_t)m.count,
        .interval_ms = (int32_t)m.interval_s * MS_OF_S,
        .failure_limit = (int32_t)m.failure_limit,
        .error_limit = (int32_t)m.error_limit,
        .min_requests = (int32_t)m.min_requests,
        .on_inconclusive = (enum zdd_on_inconclusive)m.on_inconclusive,
    };
    count_in(&checks, &ret_options->verify);
    return true;
}

json_t *zdd_verify_schema(enum zdd_verify_kind kind)
{
    const unsigned unseen = 1U << ZDD_SOURCE_HTTP | 1U << ZDD_SOURCE_PROMETHEUS;
    json_t *schema = zdd_fields_schema(fields);
    json_t *properties = json_object_get(schema, "properties");
    const bool shared = kind == ZDD_VERIFY_SHARED;

    if (!shared) {
        json_object_del(properties, fields[MIN_REQUESTS].name);
        json_array_remove(json_object_get(json_object_get(properties, "onInconclusive"), "enum"),
                          ZDD_INCONCLUSIVE_GATES);
    }
    json_object_set_new(json_object_get(properties, "checks"), "items",
                        zdd_check_schema(shared ? unseen | 1U << ZDD_SOURCE_HAPROXY : unseen));
    return schema;
}
