/**
 * @file server/api/ask.c
 * @brief Reading what stands in the path and the query, always with a sentence when it is wrong.
 */
#include "server/api/inside.h"
#include "server/base/clock.h"
#include "server/base/crypto.h"
#include "server/json/appdef.h"
#include "server/json/words.h"
#include "storage/runs.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct query_check {
    struct zdd_call *call;
    const char *const *known;
    size_t count;
    unsigned seen; /* one bit a known name */
    enum zdd_err err;
};

static void check_query(void *cls, const char *name, const char *value)
{
    struct query_check *check = cls;
    const char *nearest;

    (void)value;
    if (check->err != ZDD_ERR_NONE)
        return;
    for (size_t i = 0; i < check->count; i++) {
        if (strcmp(check->known[i], name) != 0)
            continue;
        if (check->seen & (1U << i))
            check->err = zdd_call_fail(check->call, ZDD_ERR_QUERY_INVALID,
                                       "query parameter \"%s\" is given more than once", name);
        check->seen |= 1U << i;
        return;
    }
    nearest = zdd_words_nearest(name, check->known, check->count);
    check->err = nearest ? zdd_call_fail(check->call, ZDD_ERR_QUERY_INVALID,
                                         "unknown query parameter \"%.40s\"; did you mean \"%s\"?",
                                         name, nearest)
                         : zdd_call_fail(check->call, ZDD_ERR_QUERY_INVALID,
                                         "unknown query parameter \"%.40s\"", name);
}

enum zdd_err zdd_ask_known(struct zdd_call *call, const char *const known[], size_t count)
{
    struct query_check check = {.call = call, .known = known, .count = count};

    zdd_call_queries(call, check_query, &check);
    return check.err;
}

enum zdd_err zdd_ask_time(struct zdd_call *call, const char *name, int64_t *ret_ms)
{
    const char *text = zdd_call_query(call, name);

    *ret_ms = 0;
    if (!text || zdd_time_parse(text, ret_ms))
        return ZDD_ERR_NONE;
    return zdd_call_fail(call, ZDD_ERR_QUERY_INVALID,
                         "%s must be a time like 2024-05-01T10:00:00Z, not \"%.40s\"", name, text);
}

enum zdd_err zdd_ask_word(struct zdd_call *call, const char *name, const char *const words[],
                          size_t count, const char **ret_word)
{
    const char *word = zdd_call_query(call, name);
    char all[sizeof(call->detail) - 100] = "";
    size_t used = 0;

    *ret_word = word;
    for (size_t i = 0; i < count; i++) {
        if (!word || strcmp(word, words[i]) == 0)
            return ZDD_ERR_NONE;
    }
    for (size_t i = 0; i < count; i++) {
        const size_t size = strlen(words[i]);

        if (words[i][size - 1] != '.' && used < sizeof(all))
            used += (size_t)snprintf(all + used, sizeof(all) - used, "%s%s", used ? ", " : "",
                                     words[i]);
    }
    return zdd_call_fail(call, ZDD_ERR_QUERY_INVALID, "%s must be one of %s, not \"%.40s\"", name,
                         all, word);
}

enum zdd_err zdd_ask_id(struct zdd_call *call, size_t index, enum zdd_err unknown,
                        const char **ret_id)
{
    const char *id = call->arg[index];

    if (!zdd_uuid_valid(id))
        return zdd_call_fail(call, unknown, "\"%.60s\" is no id: ids are UUIDs in lower case", id);
    *ret_id = id;
    return ZDD_ERR_NONE;
}

enum zdd_err zdd_ask_app(struct zdd_call *call, size_t index, const char **ret_app_id)
{
    const char *id = call->arg[index];

    if (!zdd_appdef_id_valid(id) || strlen(id) >= ZDD_APP_ID_SIZE)
        return zdd_call_fail(call, ZDD_ERR_APP_UNKNOWN,
                             "\"%.100s\" is no app id: it begins with / (in the path %%2F) and has "
                             "parts of a-z, 0-9 and inner -",
                             id);
    if (!zdd_caller_reaches(zdd_caller_of(call), id))
        return ZDD_ERR_APP_UNKNOWN;
    *ret_app_id = id;
    return ZDD_ERR_NONE;
}

enum zdd_err zdd_ask_run(struct zdd_call *call, struct zdd_run *ret_run, char **ret_labels)
{
    const char *id = NULL;
    enum zdd_err err = zdd_ask_id(call, 0, ZDD_ERR_RUN_UNKNOWN, &id);

    if (err != ZDD_ERR_NONE)
        return err;
    err = zdd_run_load(zdd_store_of(call), id, ret_run, ret_labels);
    if (err != ZDD_ERR_NONE || zdd_caller_reaches(zdd_caller_of(call), ret_run->app_id))
        return err;
    if (ret_labels) {
        free(*ret_labels);
        *ret_labels = NULL;
    }
    return ZDD_ERR_RUN_UNKNOWN; /* what a token does not reach looks as if it did not exist */
}
