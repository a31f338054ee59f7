/**
 * @file server/cluster/marathon_error.c
 * @brief Statuses become our errors, Marathon's complaints become sentences with pointers.
 */
#define _GNU_SOURCE /* strcasestr */
#include "server/cluster/marathon_error.h"

#include "server/base/buf.h"
#include "server/json/words.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#define POINTER_SIZE 256
#define ROW_SIZE 700 /* one {"pointer","detail"} */

static const char *message_of(const json_t *body)
{
    return zdd_json_text(body, "message", NULL);
}

/* Marathon before 1.8 answers unknown routes with 404 as well; so does a wrong base path. */
static bool speaks_of_app(const json_t *body)
{
    const char *message = message_of(body);

    return message && strncasecmp(message, "URI not found", 13) != 0;
}

/* "Max number (100) of running deployments is achieved" against what authorizers say. Texts of
 * plugins are free, so only words that speak of the limit count. */
static bool speaks_of_limit(const json_t *body)
{
    const char *message = message_of(body);

    return message && strcasestr(message, "deployment") &&
           (strcasestr(message, "max") || strcasestr(message, "limit") ||
            strcasestr(message, "running"));
}

static enum zdd_err judge_client_error(enum zdd_marathon_verb verb, long status, const json_t *body)
{
    switch (status) {
    case 401:
    case 407:
        return ZDD_ERR_CLUSTER_FORBIDDEN;
    case 403:
        return verb != ZDD_MARATHON_GET && speaks_of_limit(body) ? ZDD_ERR_CLUSTER_LIMIT
                                                                 : ZDD_ERR_CLUSTER_FORBIDDEN;
    case 404:
        if (!speaks_of_app(body))
            return ZDD_ERR_CLUSTER_NONSENSE;
        return verb == ZDD_MARATHON_PUT ? ZDD_ERR_CLUSTER_REFUSED : ZDD_ERR_APP_UNKNOWN;
    case 408:
    case 429:
        return ZDD_ERR_CLUSTER_UNWELL; /* a proxy asks for patience */
    case 409:
        if (json_array_size(json_object_get(body, "deployments")) > 0)
            return ZDD_ERR_CLUSTER_LOCKED;
        break;
    default:
        break;
    }
    return message_of(body) ? ZDD_ERR_CLUSTER_REFUSED : ZDD_ERR_CLUSTER_NONSENSE;
}

enum zdd_err zdd_marathon_judge(enum zdd_marathon_verb verb, const struct zdd_answer *answer,
                                const json_t *body)
{
    const long status = answer->status;

    if (status >= 200 && status < 300) {
        /* An accepted order stays accepted when only its body was lost on the way. */
        if (verb != ZDD_MARATHON_GET && answer->deployment_id[0])
            return ZDD_ERR_NONE;
        return body ? ZDD_ERR_NONE : ZDD_ERR_CLUSTER_NONSENSE;
    }
    if (status >= 500)
        return ZDD_ERR_CLUSTER_UNWELL;
    if (status >= 400)
        return judge_client_error(verb, status, body);
    return ZDD_ERR_CLUSTER_NONSENSE;
}

/* One complaint at a time; the shapes of all ages walk through here. */
struct complaint {
    const char *path; /* Marathon's, NULL when it names none */
    const char *text;
};

typedef void visit_complaint(void *cls, const struct complaint *complaint);

static void visit_row(const json_t *row, visit_complaint *visit, void *cls)
{
    const char *path = zdd_json_text(row, "path", zdd_json_text(row, "attribute", NULL));
    const json_t *errors = json_object_get(row, "errors");
    const char *single = zdd_json_text(row, "error", NULL);
    size_t index;
    json_t *error;

    if (json_is_string(row))
        visit(cls, &(struct complaint){NULL, json_string_value(row)});
    if (single)
        visit(cls, &(struct complaint){path, single});
    json_array_foreach(errors, index, error)
    {
        if (json_is_string(error))
            visit(cls, &(struct complaint){path, json_string_value(error)});
    }
}

static void visit_complaints(const json_t *body, visit_complaint *visit, void *cls)
{
    const json_t *details = json_object_get(body, "details");
    size_t index;
    json_t *row;

    if (!details)
        details = json_object_get(body, "errors"); /* before 1.0 */
    if (json_is_string(details))
        visit(cls, &(struct complaint){NULL, json_string_value(details)});
    json_array_foreach(details, index, row)
    {
        visit_row(row, visit, cls);
    }
}

static void append(char *text, size_t size, const char *more)
{
    const size_t used = strlen(text);

    snprintf(text + used, size - used, "%s", more);
}

struct words {
    char *text;
    size_t size;
    size_t count;
};

static void add_words(void *cls, const struct complaint *complaint)
{
    struct words *words = cls;
    char pointer[POINTER_SIZE];

    append(words->text, words->size, words->count == 0 ? ": " : "; ");
    append(words->text, words->size, complaint->text);
    words->count++;
    if (!complaint->path)
        return;
    zdd_marathon_pointer(complaint->path, pointer, sizeof(pointer));
    append(words->text, words->size, " (");
    append(words->text, words->size, pointer);
    append(words->text, words->size, ")");
}

/* What a body without JSON is; its text is never shown, it may be a whole page. */
static const char *kind_of(const struct zdd_answer *answer)
{
    if (answer->body.size == 0)
        return "an empty body";
    if (strstr(answer->type, "html") || answer->body.data[0] == '<')
        return "an HTML page";
    if (strstr(answer->type, "json"))
        return "JSON that breaks off or is broken";
    return "a text that is no JSON";
}

void zdd_marathon_words(const struct zdd_answer *answer, const json_t *body, char *ret_words,
                        size_t size)
{
    const char *message = message_of(body);
    struct words words = {.text = ret_words, .size = size};

    ret_words[0] = '\0';
    if (!body)
        snprintf(ret_words, size, "answered %ld with %s", answer->status, kind_of(answer));
    else if (!message)
        snprintf(ret_words, size, "answered %ld without a message", answer->status);
    else
        snprintf(ret_words, size, "%s", message);
    visit_complaints(body, add_words, &words);
    zdd_words_trim(ret_words);
}

static void add_error(void *cls, const struct complaint *complaint)
{
    struct zdd_buf *list = cls;
    struct zdd_buf row = {.max = ROW_SIZE};
    char pointer[POINTER_SIZE];

    zdd_marathon_pointer(complaint->path ? complaint->path : "", pointer, sizeof(pointer));
    zdd_buf_text(&row, list->size > 0 ? ",{\"pointer\":" : "[{\"pointer\":");
    zdd_buf_json_string(&row, pointer);
    zdd_buf_text(&row, ",\"detail\":");
    zdd_buf_json_string(&row, complaint->text);
    zdd_buf_text(&row, "}");
    if (row.err == ZDD_ERR_NONE && list->size + row.size < list->max)
        zdd_buf_append(list, row.data, row.size);
    zdd_buf_release(&row);
}

void zdd_marathon_errors(const json_t *body, char *ret_errors, size_t size)
{
    ZDD_AUTO_BUF struct zdd_buf list = {.max = size - 1};

    visit_complaints(body, add_error, &list);
    if (list.size > 0)
        zdd_buf_text(&list, "]");
    snprintf(ret_errors, size, "%s", list.size > 0 && list.err == ZDD_ERR_NONE ? list.data : "");
}

/* One character of Marathon's path in the words of RFC 6901: "(0)" begins a new segment, and may
 * hold a slash of its own. */
static const char *pointer_piece(char c, bool inside, char plain[static 2])
{
    switch (c) {
    case '~':
        return "~0";
    case '(':
        return "/";
    case ')':
        return "";
    case '/':
        return inside ? "~1" : "/";
    default:
        plain[0] = c;
        plain[1] = '\0';
        return plain;
    }
}

void zdd_marathon_pointer(const char *path, char *ret_pointer, size_t size)
{
    bool inside = false;
    char plain[2];

    snprintf(ret_pointer, size, "#/app");
    if (strcmp(path, "/") == 0 || !*path)
        return;
    if (path[0] != '/')
        append(ret_pointer, size, "/");
    for (; *path; path++) {
        const char *piece = pointer_piece(*path, inside, plain);

        if (strlen(ret_pointer) + strlen(piece) >= size)
            break; /* half an escape would be no pointer */
        append(ret_pointer, size, piece);
        inside = *path == '(' || (inside && *path != ')');
    }
    zdd_words_trim(ret_pointer);
}
