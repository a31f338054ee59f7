/**
 * @file server/router/stats_csv.c
 * @brief Reading HAProxy's statistics.
 */
#include "server/router/stats_csv.h"

#include "server/base/cleanup.h"
#include "strategies/model/limits.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

#define COLUMN_MAX 512 /* 2.6 has 128 */
#define FIRST_ROWS 64

/* The columns we read. */
enum column {
    PXNAME,
    SVNAME,
    STATUS,
    WEIGHT,
    SCUR,
    QCUR,
    STOT, /* up to here they must be there */
    TYPE,
    UWEIGHT,
    ALGO,
    ADDR,
    HRSP_1XX,
    HRSP_2XX,
    HRSP_3XX,
    HRSP_4XX,
    HRSP_5XX,
    HRSP_OTHER,
    ERESP,
    ECON,
    WRETR,
    WREDIS,
    RTIME,
    LBTOT,
    COLUMN_COUNT
};

#define REQUIRED_COUNT (STOT + 1)

static const char *const names[COLUMN_COUNT] = {
    [PXNAME] = "pxname",
    [SVNAME] = "svname",
    [STATUS] = "status",
    [WEIGHT] = "weight",
    [SCUR] = "scur",
    [QCUR] = "qcur",
    [STOT] = "stot",
    [TYPE] = "type",
    [UWEIGHT] = "uweight",
    [ALGO] = "algo",
    [ADDR] = "addr",
    [HRSP_1XX] = "hrsp_1xx",
    [HRSP_2XX] = "hrsp_2xx",
    [HRSP_3XX] = "hrsp_3xx",
    [HRSP_4XX] = "hrsp_4xx",
    [HRSP_5XX] = "hrsp_5xx",
    [HRSP_OTHER] = "hrsp_other",
    [ERESP] = "eresp",
    [ECON] = "econ",
    [WRETR] = "wretr",
    [WREDIS] = "wredis",
    [RTIME] = "rtime",
    [LBTOT] = "lbtot",
};

struct reader {
    char *at;
    enum column column[COLUMN_MAX]; /* what stands where; COLUMN_COUNT: nothing of ours */
    size_t column_count;
    size_t room; /* of the table's rows */
    struct zdd_stats_table table;
};

/*
 * Cut the next field out of its line, in place, quotes undone. @return it; *ret_last tells that the
 * line ends with it. A quoted field may hold commas and line feeds.
 */
static char *next_field(struct reader *r, bool *ret_last)
{
    char *field = r->at, *end = r->at;
    bool quoted = *r->at == '"';

    if (quoted)
        r->at++;
    while (*r->at) {
        if (quoted && *r->at == '"') {
            quoted = r->at[1] == '"';
            r->at++;
            if (!quoted)
                continue;
        } else if (!quoted && (*r->at == ',' || *r->at == '\n')) {
            break;
        }
        *end++ = *r->at++;
    }
    *ret_last = *r->at != ',';
    if (*r->at)
        r->at++;
    if (*ret_last && end > field && end[-1] == '\r')
        end--;
    *end = '\0';
    return field;
}

static enum column column_of(const char *name)
{
    enum column column = 0;

    while (column < COLUMN_COUNT && strcmp(names[column], name) != 0)
        column++;
    return column;
}

/* @return false when the header lacks a column that is needed */
static bool read_header(struct reader *r)
{
    bool found[COLUMN_COUNT + 1] = {false};
    bool last = false;

    r->at += strspn(r->at, " \n");
    while (!last && r->column_count < COLUMN_MAX) {
        const enum column column = column_of(next_field(r, &last));

        r->column[r->column_count++] = found[column] ? COLUMN_COUNT : column;
        found[column] = true;
    }
    for (size_t i = 0; i < REQUIRED_COUNT; i++) {
        if (!found[i])
            return false;
    }
    return last;
}

/* @return whether the field is a number; anything else, and a negative one, counts as 0 */
static bool number(const char *field, int64_t *ret_number)
{
    char *end;

    errno = 0;
    *ret_number = strtoll(field, &end, 10);
    if (*field >= '0' && *field <= '9' && *end == '\0' && errno == 0)
        return true;
    *ret_number = 0;
    return false;
}

static int64_t count(const char *field)
{
    int64_t value;

    (void)number(field, &value);
    return value;
}

/* @return false when a figure that must be known is not */
static bool read_figures(char *const field[static COLUMN_COUNT], struct zdd_stats_row *row)
{
    bool known = number(field[WEIGHT], &row->weight);

    known = number(field[SCUR], &row->sessions) && known;
    known = number(field[QCUR], &row->queue) && known;
    known = number(field[STOT], &row->requests) && known;
    if (!number(field[UWEIGHT], &row->user_weight))
        row->user_weight = row->weight;
    if (!number(field[LBTOT], &row->chosen))
        row->chosen = row->requests;
    for (enum column c = HRSP_1XX; c <= HRSP_OTHER; c++) {
        const int64_t more = count(field[c]);

        row->answers = more > INT64_MAX - row->answers ? INT64_MAX : row->answers + more;
    }
    row->errors = count(field[HRSP_5XX]);
    row->broken = count(field[ERESP]);
    row->refused = count(field[ECON]);
    row->retried = count(field[WRETR]);
    row->rerouted = count(field[WREDIS]);
    row->answer_ms = count(field[RTIME]);
    return known && *field[STATUS];
}

static enum zdd_err keep(struct reader *r, const struct zdd_stats_row *row)
{
    struct zdd_stats_table *table = &r->table;

    if (table->count == ZDD_STATS_ROW_MAX)
        return ZDD_ERR_ROUTER_DOWN;
    if (table->count == r->room) {
        const size_t room = r->room ? r->room * 2 : FIRST_ROWS;
        struct zdd_stats_row *grown = realloc(table->rows, room * sizeof(*grown));

        if (!grown)
            return ZDD_ERR_NO_MEMORY;
        table->rows = grown;
        r->room = room;
    }
    table->rows[table->count++] = *row;
    return ZDD_ERR_NONE;
}

/* The types are 0 frontend, 1 backend, 2 server, 3 socket; old pages tell the first two by name. */
static enum zdd_err take_row(struct reader *r, char *const field[static COLUMN_COUNT])
{
    const bool front = strcmp(field[TYPE], "0") == 0 || strcmp(field[SVNAME], "FRONTEND") == 0;
    const bool back = strcmp(field[TYPE], "1") == 0 || strcmp(field[SVNAME], "BACKEND") == 0;
    struct zdd_stats_row row = {.backend = field[PXNAME],
                                .server = back ? NULL : field[SVNAME],
                                .status = field[STATUS],
                                .algorithm = field[ALGO],
                                .address = field[ADDR]};
    const bool known = read_figures(field, &row);

    if (front) {
        r->table.requests += row.requests < INT64_MAX / 2 - r->table.requests ? row.requests : 0;
        return ZDD_ERR_NONE;
    }
    if (!back && *field[TYPE] && strcmp(field[TYPE], "2") != 0)
        return ZDD_ERR_NONE;
    if (!*field[PXNAME] || (!back && (!known || !*field[SVNAME])))
        return ZDD_ERR_ROUTER_DOWN;
    return keep(r, &row);
}

static enum zdd_err read_line(struct reader *r)
{
    static char nothing[] = "";
    char *field[COLUMN_COUNT + 1];
    bool last = false;

    for (size_t i = 0; i <= COLUMN_COUNT; i++)
        field[i] = nothing;
    for (size_t i = 0; !last; i++) {
        char *text = next_field(r, &last);

        if (i < r->column_count)
            field[r->column[i]] = text;
    }
    return take_row(r, field);
}

static int by_backend(const void *a, const void *b)
{
    return strcmp(((const struct zdd_stats_row *)a)->backend,
                  ((const struct zdd_stats_row *)b)->backend);
}

enum zdd_err zdd_stats_parse(char *text, struct zdd_stats_table *ret_table)
{
    struct reader r = {.at = text, .table.text = text};
    enum zdd_err err;

    if (*text == '#') /* the header is a comment to others */
        *text = ' ';
    err = read_header(&r) ? ZDD_ERR_NONE : ZDD_ERR_ROUTER_DOWN;
    while (err == ZDD_ERR_NONE && *r.at) {
        if (*r.at == '\n' || *r.at == '\r')
            r.at++; /* an empty line */
        else
            err = read_line(&r);
    }
    if (err != ZDD_ERR_NONE) {
        zdd_stats_table_release(&r.table);
        return err;
    }
    if (r.table.count > 0)
        qsort(r.table.rows, r.table.count, sizeof(r.table.rows[0]), by_backend);
    *ret_table = r.table;
    return ZDD_ERR_NONE;
}

void zdd_stats_table_release(struct zdd_stats_table *table)
{
    free(table->text);
    free(table->rows);
    *table = (struct zdd_stats_table){0};
}

size_t zdd_stats_backend(const struct zdd_stats_table *table, const char *backend,
                         const struct zdd_stats_row **ret_first)
{
    size_t low = 0, high = table->count, end;

    while (low < high) {
        const size_t middle = low + (high - low) / 2;

        if (strcmp(table->rows[middle].backend, backend) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    for (end = low; end < table->count && strcmp(table->rows[end].backend, backend) == 0; end++)
        continue;
    *ret_first = table->rows + low;
    return end - low;
}
