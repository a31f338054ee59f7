/**
 * @file tests/fuzz/fuzz_stats.c
 * @brief Any bytes as a balancer's statistics, its configuration, the facts of its process, and a
 * server's name.
 */
#include "server/base/buf.h"
#include "server/router/algorithms.h"
#include "server/router/names.h"
#include "server/router/process.h"
#include "server/router/view.h"
#include "tests/fuzz/fuzz.h"

#include <stdlib.h>
#include <string.h>

static void quote(struct zdd_buf *page, const char *text)
{
    zdd_buf_text(page, "\"");
    for (; *text; text++)
        zdd_buf_append(page, *text == '"' ? "\"\"" : text, *text == '"' ? 2 : 1);
    zdd_buf_text(page, "\",");
}

/* The same rows in a page of our own: other columns, everything in quotes. */
static char *write_page(const struct zdd_stats_table *table)
{
    struct zdd_buf page = {0};

    zdd_buf_text(&page, "junk,type,addr,algo,status,svname,pxname,rtime,wredis,wretr,econ,eresp,"
                        "hrsp_5xx,hrsp_2xx,stot,qcur,scur,uweight,weight\n");
    for (size_t i = 0; i < table->count; i++) {
        const struct zdd_stats_row *row = &table->rows[i];
        const int64_t figures[] = {row->answer_ms,
                                   row->rerouted,
                                   row->retried,
                                   row->refused,
                                   row->broken,
                                   row->errors,
                                   row->answers - (row->answers < row->errors ? 0 : row->errors),
                                   row->requests,
                                   row->queue,
                                   row->sessions,
                                   row->user_weight};

        zdd_buf_text(&page, row->server ? "x,2," : "x,1,");
        quote(&page, row->address);
        quote(&page, row->algorithm);
        quote(&page, row->status);
        quote(&page, row->server ? row->server : "BACKEND");
        quote(&page, row->backend);
        for (size_t k = 0; k < ZDD_COUNT(figures); k++)
            zdd_buf_printf(&page, "%lld,", (long long)figures[k]);
        zdd_buf_printf(&page, "%lld\n", (long long)row->weight);
    }
    return zdd_buf_take(&page);
}

static void must_be_same(const struct zdd_stats_row *a, const struct zdd_stats_row *b)
{
    FUZZ_CHECK(strcmp(a->backend, b->backend) == 0 && !a->server == !b->server);
    FUZZ_CHECK(!a->server || strcmp(a->server, b->server) == 0);
    FUZZ_CHECK(strcmp(a->status, b->status) == 0 && strcmp(a->address, b->address) == 0);
    FUZZ_CHECK(a->weight == b->weight && a->user_weight == b->user_weight);
    FUZZ_CHECK(a->sessions == b->sessions && a->queue == b->queue && a->requests == b->requests);
    FUZZ_CHECK(a->answers == b->answers && a->errors == b->errors);
    FUZZ_CHECK(zdd_row_serving(a) == zdd_row_serving(b));
}

static bool holds(const struct zdd_stats_table *table, const struct zdd_stats_row *row)
{
    for (size_t i = 0; i < table->count; i++) {
        const struct zdd_stats_row *other = &table->rows[i];

        if (strcmp(other->backend, row->backend) == 0 && !other->server == !row->server &&
            (!row->server || strcmp(other->server, row->server) == 0))
            return true;
    }
    return false;
}

/* Rows of one backend may change places, so names are looked up and only sole rows compared. */
static void check_again(const struct zdd_stats_table *table)
{
    struct zdd_stats_table again = {0};
    char *page = write_page(table);

    FUZZ_CHECK(page != NULL);
    FUZZ_CHECK(zdd_stats_parse(page, &again) == ZDD_ERR_NONE);
    FUZZ_CHECK(again.count == table->count);
    for (size_t i = 0; i < table->count; i++) {
        const struct zdd_stats_row *first;

        FUZZ_CHECK(holds(&again, &table->rows[i]));
        if (zdd_stats_backend(&again, table->rows[i].backend, &first) == 1)
            must_be_same(&table->rows[i], first);
    }
    zdd_stats_table_release(&again);
}

static void check_rows(const struct zdd_stats_table *table)
{
    FUZZ_CHECK(table->requests >= 0);
    for (size_t i = 0; i < table->count; i++) {
        const struct zdd_stats_row *row = &table->rows[i];
        const struct zdd_stats_row *first;

        FUZZ_CHECK(i == 0 || strcmp(row[-1].backend, row->backend) <= 0);
        FUZZ_CHECK(*row->backend && row->status && row->address && row->algorithm);
        FUZZ_CHECK(!row->server || (*row->server && *row->status));
        FUZZ_CHECK(row->weight >= 0 && row->user_weight >= 0 && row->sessions >= 0);
        FUZZ_CHECK(row->queue >= 0 && row->requests >= 0 && row->answers >= 0);
        FUZZ_CHECK(row->answers >= row->errors);
        FUZZ_CHECK(zdd_stats_backend(table, row->backend, &first) >= 1);
        FUZZ_CHECK(first <= row);
    }
}

static int32_t servers_of(const struct zdd_stats_table *table, const char *backend)
{
    const struct zdd_stats_row *row;
    int32_t servers = 0;

    for (size_t count = zdd_stats_backend(table, backend, &row); count > 0; count--)
        servers += (row++)->server != NULL;
    return servers;
}

static void check_side(const struct zdd_side_traffic *side)
{
    FUZZ_CHECK(side->servers >= side->up && side->up >= 0);
    FUZZ_CHECK(side->servers >= side->stopped && side->stopped >= 0);
    FUZZ_CHECK(side->weight_min >= 0 && side->weight_min <= side->weight_max);
    FUZZ_CHECK(side->weight_sum >= 0 && side->sessions >= 0 && side->queue >= 0);
    FUZZ_CHECK(side->servers > 0 || side->weight_max == 0);
    FUZZ_CHECK(side->counters.requests >= 0 && side->counters.answer_ms >= 0);
}

/* Every server of a backend is on one side or a stranger. */
static void check_view(const struct zdd_stats_table *table, const char *address)
{
    struct zdd_endpoint old = {0}, new = {0};
    const struct zdd_router_ask ask = {
        .pair = "/pair", .endpoints = {&old, &new}, .endpoint_count = {1, 1}};
    struct zdd_balancer_view view = {0};
    const struct zdd_side_traffic *side = view.side;

    if (table->count == 0 || strlen(table->rows[0].backend) >= sizeof(old.backend) ||
        strlen(address) >= sizeof(old.address))
        return;
    memcpy(old.backend, table->rows[0].backend, strlen(table->rows[0].backend));
    memcpy(new.backend, old.backend, sizeof(new.backend));
    memcpy(old.address, address, strlen(address));
    memcpy(new.address, "127.0.0.1:22102", 16);
    zdd_view_fill(&view, table, &ask);
    FUZZ_CHECK(side[ZDD_SIDE_OLD].servers + side[ZDD_SIDE_NEW].servers + view.strangers ==
               servers_of(table, old.backend));
    check_side(&side[ZDD_SIDE_OLD]);
    check_side(&side[ZDD_SIDE_NEW]);
}

static void check_config(const char *text, struct zdd_stats_table *table)
{
    struct zdd_algorithms all = {0};

    FUZZ_CHECK(zdd_algorithms_parse(text, &all) == ZDD_ERR_NONE);
    for (size_t i = 0; i < all.count; i++) {
        FUZZ_CHECK(*all.list[i].name && strlen(all.list[i].backend) <= strlen(text));
        FUZZ_CHECK(i == 0 || strcmp(all.list[i - 1].backend, all.list[i].backend) <= 0);
    }
    zdd_algorithms_apply(&all, table);
    zdd_algorithms_release(&all);
    for (size_t i = 0; i < table->count; i++)
        FUZZ_CHECK(strlen(table->rows[i].algorithm) < 1000000);
}

static void check_start(const char *text)
{
    struct zdd_process process = {0};

    zdd_process_read(text, 1000000, &process);
    FUZZ_CHECK(process.start_ms >= 0 && process.pid >= 0);
    FUZZ_CHECK(!process.approximate || process.start_ms <= 1000000);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    FUZZ_AUTO_PARTS struct fuzz_parts parts = fuzz_split(data, size, 2);
    struct zdd_stats_table table = {0};
    char *copy = strdup(parts.text[0]);

    FUZZ_CHECK(copy != NULL);
    check_config(parts.text[0], &table);
    check_start(parts.text[0]);
    FUZZ_CHECK(!zdd_server_fits(parts.text[0], parts.text[1]) ||
               strlen(parts.text[0]) >= strlen(parts.text[1]));
    if (zdd_stats_parse(copy, &table) != ZDD_ERR_NONE)
        return 0;
    check_rows(&table);
    check_again(&table);
    check_config(parts.text[1], &table);
    check_view(&table, parts.text[1]);
    zdd_stats_table_release(&table);
    return 0;
}
