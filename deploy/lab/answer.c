/**
 * @file deploy/lab/answer.c
 * @brief Reading what a call asks, writing what Marathon would say (marathon.md §1.1, §1.3).
 */
#include "deploy/lab/api.h"
#include "server/base/clock.h"
#include "server/json/words.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MESSAGE_SIZE 600

enum zdd_err zdd_lab_answer(struct zdd_call *call, unsigned status, json_t *json)
{
    char *text = zdd_lab_text(json);

    json_decref(json);
    if (!text)
        return ZDD_ERR_NO_MEMORY;
    call->status = status;
    call->type = "application/json";
    zdd_buf_clear(&call->reply);
    zdd_buf_text(&call->reply, text);
    free(text);
    return call->reply.err;
}

enum zdd_err zdd_lab_refuse(struct zdd_call *call, unsigned status, json_t *details,
                            const char *format, ...)
{
    char message[MESSAGE_SIZE];
    json_t *body;
    va_list args;

    va_start(args, format);
    vsnprintf(message, sizeof(message), format, args);
    va_end(args);
    zdd_words_trim(message);
    zdd_words_plain(message); /* it may quote a path as it was sent: any bytes */
    body = json_pack("{s:s}", "message", message);
    if (details)
        json_object_set_new(body, "details", details);
    return zdd_lab_answer(call, status, body);
}

void zdd_lab_answer_html(struct zdd_call *call, unsigned status, const char *words)
{
    call->status = status;
    call->type = "text/html";
    zdd_buf_clear(&call->reply);
    zdd_buf_printf(&call->reply,
                   "<html><head><title>Error %u</title></head>"
                   "<body><h2>HTTP ERROR %u %s</h2></body></html>\n",
                   status, status, words);
}

enum zdd_err zdd_lab_answer_update(struct zdd_call *call, unsigned status,
                                   enum zdd_lab_update_end end, struct zdd_lab_update *update)
{
    const struct zdd_lab *lab = call->app;
    char version[ZDD_TIME_SIZE];

    switch (end) {
    case ZDD_LAB_LOCKED:
        return zdd_lab_answer(
            call, 409,
            json_pack("{s:s, s:o}", "message",
                      "App is locked by one or more deployments. Override with the option "
                      "'?force=true'. View details at '/v2/deployments/<DEPLOYMENT_ID>'.",
                      "deployments", update->ret_locks));
    case ZDD_LAB_LIMIT:
        return zdd_lab_refuse(call, 403, NULL, "Max number (%d) of running deployments reached.",
                              lab->options->deployment_max);
    case ZDD_LAB_UPDATED:
        break;
    }
    zdd_time_format(update->ret_version_ms, version);
    zdd_call_add_header(call, "Marathon-Deployment-Id", "%s", update->ret_id);
    return zdd_lab_answer(
        call, status, json_pack("{s:s, s:s}", "version", version, "deploymentId", update->ret_id));
}

/* "#/healthChecks/0/path" becomes "/healthChecks(0)/path"; the root is "/". */
static void make_path(const char *pointer, char ret[static ZDD_FIELD_POINTER_SIZE + 2])
{
    size_t at = 0;
    const char *c = *pointer == '#' ? pointer + 1 : pointer;

    while (*c && at + 3 < ZDD_FIELD_POINTER_SIZE) {
        size_t digits = 0;

        if (*c == '/')
            while (isdigit((unsigned char)c[1 + digits]))
                digits++;
        if (digits && (c[1 + digits] == '/' || !c[1 + digits])) {
            at += (size_t)snprintf(ret + at, ZDD_FIELD_POINTER_SIZE - at, "(%.*s)", (int)digits,
                                   c + 1);
            c += 1 + digits;
        } else {
            ret[at++] = *c++;
        }
    }
    if (!at)
        ret[at++] = '/';
    ret[at] = '\0';
}

enum zdd_err zdd_lab_answer_complaint(struct zdd_call *call,
                                      const struct zdd_lab_complaint *complaint)
{
    const struct zdd_field_errors *errors = &complaint->errors;
    json_t *details;
    char path[ZDD_FIELD_POINTER_SIZE + 2];

    if (complaint->crash)
        return zdd_lab_refuse(call, 500, NULL, "%s", complaint->crash);
    details = json_array();
    for (size_t i = 0; i < errors->count && i < ZDD_FIELD_ERROR_MAX; i++) {
        make_path(errors->error[i].pointer, path);
        json_array_append_new(
            details, json_pack("{s:s, s:[s]}", "path", path, "errors", errors->error[i].detail));
    }
    return zdd_lab_refuse(call, 422, details,
                          complaint->mistyped ? "Invalid JSON" : "Object is not valid");
}

enum zdd_err zdd_lab_answer_kind(struct zdd_call *call, const char *path, const char *expected)
{
    return zdd_lab_refuse(call, 422, json_pack("[{s:s, s:[s]}]", "path", path, "errors", expected),
                          "Invalid JSON");
}

bool zdd_lab_query_bool(const struct zdd_call *call, const char *name, bool otherwise)
{
    const char *value = zdd_call_query(call, name);

    return value ? strcmp(value, "true") == 0 : otherwise;
}

void zdd_lab_absolute_id(const char *text, const char *base, char *ret, size_t size)
{
    const bool relative = *text != '/' && strcmp(base, "/") != 0;
    size_t at = 0;

    if (relative)
        at = (size_t)snprintf(ret, size, "%.*s", (int)size - 1, base);
    for (const char *c = text; at + 2 < size; c++) {
        if (c == text && (at == 0 || relative) && *c != '/')
            ret[at++] = '/';
        if (!*c)
            break;
        if (*c != '/' || at == 0 || ret[at - 1] != '/')
            ret[at++] = *c;
    }
    while (at > 1 && ret[at - 1] == '/')
        at--;
    ret[at] = '\0';
}

/* Cut the last segment off @p id. @return it, or NULL */
static char *cut(char *id)
{
    char *slash = strrchr(id, '/');

    if (!slash || !slash[1])
        return NULL;
    *slash = '\0';
    return slash + 1;
}

static bool read_word(const char *word, struct zdd_lab_target *ret)
{
    if (strcmp(word, "tasks") == 0)
        ret->what = ZDD_LAB_OF_TASKS;
    else if (strcmp(word, "versions") == 0)
        ret->what = ZDD_LAB_OF_VERSIONS;
    else if (strcmp(word, "restart") == 0)
        ret->what = ZDD_LAB_OF_RESTART;
    else
        return false;
    return true;
}

void zdd_lab_target_read(const char *rest, struct zdd_lab_target *ret)
{
    char copy[ZDD_LAB_ID_SIZE];
    char *item;
    char *word;

    *ret = (struct zdd_lab_target){.what = ZDD_LAB_OF_APP};
    zdd_lab_absolute_id(rest, "/", ret->id, sizeof(ret->id));
    memcpy(copy, ret->id, sizeof(copy));
    item = cut(copy);
    if (item && read_word(item, ret)) {
        snprintf(ret->id, sizeof(ret->id), "%s", *copy ? copy : "/");
        return;
    }
    word = item ? cut(copy) : NULL;
    if (word && strcmp(word, "restart") != 0 && read_word(word, ret)) {
        snprintf(ret->item, sizeof(ret->item), "%s", item);
        snprintf(ret->id, sizeof(ret->id), "%s", *copy ? copy : "/");
    }
}

static void note_embed(void *cls, const char *name, const char *value)
{
    static const struct {
        const char *token;
        unsigned bits;
    } tokens[] = {
        {"tasks", ZDD_LAB_EMBED_TASKS | ZDD_LAB_EMBED_DEPLOYMENTS},
        {"deployments", ZDD_LAB_EMBED_DEPLOYMENTS},
        {"readiness", ZDD_LAB_EMBED_READINESS},
        {"lastTaskFailure", ZDD_LAB_EMBED_FAILURE},
        {"counts", ZDD_LAB_EMBED_COUNTS},
        {"taskStats", ZDD_LAB_EMBED_STATS},
        {"groups", ZDD_LAB_EMBED_GROUPS},
        {"apps", ZDD_LAB_EMBED_APPS},
        {"pods", ZDD_LAB_EMBED_PODS},
        {"failures", ZDD_LAB_EMBED_TASKS | ZDD_LAB_EMBED_FAILURE | ZDD_LAB_EMBED_DEPLOYMENTS},
    };
    unsigned *embed = cls;
    const char *token = strrchr(value, '.');

    if (strcmp(name, "embed") != 0)
        return;
    token = token ? token + 1 : value;
    for (size_t i = 0; i < sizeof(tokens) / sizeof(tokens[0]); i++)
        if (strcmp(tokens[i].token, token) == 0)
            *embed |= tokens[i].bits;
}

unsigned zdd_lab_query_embed(const struct zdd_call *call)
{
    unsigned embed = 0;

    zdd_call_queries(call, note_embed, &embed);
    return embed;
}
