/**
 * @file server/router/algorithms.c
 * @brief How each backend of an HAProxy configuration spreads requests.
 */
#include "server/router/algorithms.h"

#include "server/base/cleanup.h"
#include "strategies/model/limits.h"

#include <string.h>

#define BLANKS " \t\r"
#define FIRST_BACKENDS 64
#define HAPROXY_DEFAULT "roundrobin"

static const char *const known[] = {"roundrobin", "static-rr", "leastconn", "first",  "source",
                                    "uri",        "url_param", "hdr",       "random", "rdp-cookie"};

/* One word of a line. */
struct word {
    const char *at;
    size_t size;
};

struct reader {
    struct zdd_algorithms found;
    size_t room;
    const char *fallback; /* of the last "defaults" */
    bool in_defaults, in_backend;
};

static struct word next_word(const char **line)
{
    struct word word;

    *line += strspn(*line, BLANKS);
    word = (struct word){*line, strcspn(*line, BLANKS "\n#")};
    *line += word.size;
    return word;
}

static bool is(struct word word, const char *text)
{
    return word.size == strlen(text) && memcmp(word.at, text, word.size) == 0;
}

/* "hdr(X-Key)" and "random(2)" are "hdr" and "random"; "balance" alone is the default. */
static const char *algorithm_of(struct word word)
{
    const char *open = memchr(word.at, '(', word.size);

    if (word.size == 0)
        return HAPROXY_DEFAULT;
    if (open)
        word.size = (size_t)(open - word.at);
    for (size_t i = 0; i < ZDD_COUNT(known); i++) {
        if (is(word, known[i]))
            return known[i];
    }
    return "other";
}

static enum zdd_err add(struct reader *r, struct word name)
{
    struct zdd_algorithms *found = &r->found;

    if (found->count == ZDD_STATS_ROW_MAX)
        return ZDD_ERR_ROUTER_DOWN;
    if (found->count == r->room) {
        const size_t room = r->room ? r->room * 2 : FIRST_BACKENDS;
        struct zdd_backend_algorithm *grown = realloc(found->list, room * sizeof(*grown));

        if (!grown)
            return ZDD_ERR_NO_MEMORY;
        found->list = grown;
        r->room = room;
    }
    found->list[found->count].name = r->fallback;
    found->list[found->count].backend = strndup(name.at, name.size);
    return found->list[found->count++].backend ? ZDD_ERR_NONE : ZDD_ERR_NO_MEMORY;
}

static bool begins_section(struct word word)
{
    static const char *const others[] = {"global",   "defaults", "frontend",   "listen",
                                         "backend",  "peers",    "resolvers",  "mailers",
                                         "userlist", "program",  "cache",      "http-errors",
                                         "ring",     "fcgi-app", "log-forward"};

    for (size_t i = 0; i < ZDD_COUNT(others); i++) {
        if (is(word, others[i]))
            return true;
    }
    return false;
}

static enum zdd_err read_line(struct reader *r, const char *line)
{
    const struct word first = next_word(&line), second = next_word(&line);

    if (begins_section(first)) {
        r->in_defaults = is(first, "defaults");
        r->in_backend = is(first, "backend") || is(first, "listen");
        if (r->in_defaults)
            r->fallback = HAPROXY_DEFAULT;
        return r->in_backend ? add(r, second) : ZDD_ERR_NONE;
    }
    if (is(first, "balance") && r->in_defaults)
        r->fallback = algorithm_of(second);
    if (is(first, "balance") && r->in_backend)
        r->found.list[r->found.count - 1].name = algorithm_of(second);
    return ZDD_ERR_NONE;
}

static int by_backend(const void *a, const void *b)
{
    return strcmp(((const struct zdd_backend_algorithm *)a)->backend,
                  ((const struct zdd_backend_algorithm *)b)->backend);
}

enum zdd_err zdd_algorithms_parse(const char *config, struct zdd_algorithms *ret_algorithms)
{
    struct reader r = {.fallback = HAPROXY_DEFAULT};
    enum zdd_err err = ZDD_ERR_NONE;

    for (const char *line = config; err == ZDD_ERR_NONE && *line;) {
        err = read_line(&r, line);
        line += strcspn(line, "\n");
        line += *line == '\n';
    }
    if (err != ZDD_ERR_NONE) {
        zdd_algorithms_release(&r.found);
        return err;
    }
    if (r.found.count > 0)
        qsort(r.found.list, r.found.count, sizeof(r.found.list[0]), by_backend);
    *ret_algorithms = r.found;
    return ZDD_ERR_NONE;
}

void zdd_algorithms_release(struct zdd_algorithms *algorithms)
{
    for (size_t i = 0; i < algorithms->count; i++)
        free(algorithms->list[i].backend);
    free(algorithms->list);
    *algorithms = (struct zdd_algorithms){0};
}

bool zdd_algorithms_told(const struct zdd_stats_table *table)
{
    for (size_t i = 0; i < table->count; i++) {
        if (!table->rows[i].server && *table->rows[i].algorithm)
            return true;
    }
    return false;
}

/* Both are sorted by the backend's name. */
void zdd_algorithms_apply(const struct zdd_algorithms *algorithms, struct zdd_stats_table *table)
{
    size_t at = 0;

    for (size_t i = 0; i < table->count; i++) {
        struct zdd_stats_row *row = &table->rows[i];

        while (at < algorithms->count && strcmp(algorithms->list[at].backend, row->backend) < 0)
            at++;
        if (at < algorithms->count && !row->server &&
            strcmp(algorithms->list[at].backend, row->backend) == 0)
            row->algorithm = algorithms->list[at].name;
    }
}
