/**
 * @file tests/fuzz/fuzz_marathon.c
 * @brief What Marathon answers: apps, tasks, deployments, info and errors become views whose counts
 * add up and texts that can be shown.
 */
#include "server/api/app_json.h"
#include "server/base/clock.h"
#include "server/cluster/marathon_error.h"
#include "server/cluster/marathon_read.h"
#include "server/cluster/marathon_tasks.h"
#include "tests/fuzz/fuzz.h"

#include <string.h>

static void check_side(const struct zdd_side *side)
{
    FUZZ_CHECK(side->ready >= 0 && side->ready <= side->healthy);
    FUZZ_CHECK(side->healthy <= side->running);
    FUZZ_CHECK(side->staged >= 0 && side->running + side->staged <= side->total);
}

static void check_version(const char *version)
{
    int64_t ms;

    FUZZ_CHECK(!*version || (zdd_time_parse(version, &ms) && ms >= 0));
}

static void check_locks(char lock[static ZDD_LOCK_MAX][ZDD_ID_SIZE], size_t count)
{
    for (size_t i = 0; i < count && i < ZDD_LOCK_MAX; i++)
        FUZZ_CHECK(memchr(lock[i], '\0', ZDD_ID_SIZE) != NULL && fuzz_is_utf8(lock[i]));
}

static void check_view(struct zdd_app_view *view)
{
    FUZZ_CHECK(view->exists && view->instances >= 0);
    check_side(&view->current);
    check_side(&view->outdated);
    check_version(view->version);
    check_version(view->config_version);
    check_version(view->outdated_version);
    check_locks(view->lock, view->lock_count);
    FUZZ_CHECK(fuzz_is_utf8(view->failure));
}

static void check_app(const json_t *app, const char *definition)
{
    const struct zdd_app_ask asks[] = {
        {.app_id = zdd_json_text(app, "id", "")},
        {.app_id = "/shop/cart", .target = definition, .previous = "{\"id\":\"/shop/cart\"}"},
        {.app_id = "/shop/cart", .target = "{\"id\":\"/shop/cart\"}", .previous = definition},
    };

    for (size_t i = 0; i < ZDD_COUNT(asks); i++) {
        struct zdd_app_view view;
        const enum zdd_err err = zdd_marathon_read_app(app, &asks[i], &view);

        if (err == ZDD_ERR_NONE)
            check_view(&view);
        else
            FUZZ_CHECK(err == ZDD_ERR_CLUSTER_NONSENSE || err == ZDD_ERR_INTERNAL);
    }
}

/* Where its tasks are: a host that is an address only, so that nobody asks the network. */
static void check_spots(const json_t *app)
{
    const json_t *tasks = json_object_get(app, "tasks");
    struct zdd_spots spots = {0};
    size_t index;
    json_t *task;

    json_array_foreach(tasks, index, task)
    {
        if (json_is_string(json_object_get(task, "host")))
            FUZZ_CHECK(json_object_set_new(task, "host", json_string("10.0.0.7")) == 0);
        if (json_object_get(task, "ipAddresses"))
            FUZZ_CHECK(json_object_set_new(task, "ipAddresses",
                                           json_pack("[{s:s}]", "ipAddress", "10.0.0.7")) == 0);
    }
    FUZZ_CHECK(zdd_marathon_read_spots(app, &spots) == ZDD_ERR_NONE);
    FUZZ_CHECK(spots.count <= json_array_size(tasks));
    for (size_t i = 0; i < spots.count; i++) {
        FUZZ_CHECK(spots.spot[i].port_count <= ZDD_APP_PORT_MAX);
        for (size_t port = 0; port < spots.spot[i].port_count; port++)
            FUZZ_CHECK(strncmp(spots.spot[i].address[port], "10.0.0.7:", 9) == 0);
    }
    zdd_spots_release(&spots);
}

/* The same app as callers of the API see it. */
static void check_shown(const json_t *app)
{
    static const struct zdd_app_history history = {.run_id = ""};
    struct zdd_app_version versions[ZDD_APP_VERSION_MAX];
    ZDD_AUTO_BUF struct zdd_buf buf = {0};
    struct zdd_writer w = {.buf = &buf};
    ZDD_AUTO_JSON json_t *shown = NULL;
    const size_t count = zdd_app_versions(app, versions);

    FUZZ_CHECK(count <= ZDD_APP_VERSION_MAX);
    for (size_t i = 0; i < count; i++)
        FUZZ_CHECK(versions[i].healthy <= versions[i].running &&
                   versions[i].running <= versions[i].instances);
    zdd_w_app(&w, app, &history, NULL, NULL);
    FUZZ_CHECK(buf.err == ZDD_ERR_NONE);
    shown = fuzz_must_json(buf.data, buf.size);
    FUZZ_CHECK(json_is_object(shown));
}

static void check_lists(const json_t *answer)
{
    struct zdd_app_view view = {.exists = true};
    char ids[ZDD_LOCK_MAX][ZDD_ID_SIZE] = {""};
    struct zdd_cluster_info info;
    ZDD_AUTO_JSON json_t *by_id = zdd_marathon_apps_by_id(answer);
    const json_t *app = json_object_get(by_id, "/shop/cart");

    zdd_marathon_read_removal(answer, "/shop/cart", &view);
    check_locks(view.lock, view.lock_count);
    check_locks(ids, zdd_marathon_read_ids(answer, ids));
    if (zdd_marathon_read_info(answer, &info))
        FUZZ_CHECK(fuzz_is_utf8(info.version) && fuzz_is_utf8(info.leader));
    if (app)
        FUZZ_CHECK(strcmp(zdd_json_text(app, "id", ""), "/shop/cart") == 0);
}

static void check_error_rows(const json_t *body, size_t size)
{
    char errors[2048];
    ZDD_AUTO_JSON json_t *rows = NULL;
    size_t index;
    json_t *row;

    zdd_marathon_errors(body, errors, size);
    FUZZ_CHECK(strlen(errors) < size);
    if (!errors[0])
        return;
    rows = fuzz_must_json(errors, strlen(errors));
    FUZZ_CHECK(json_array_size(rows) > 0);
    json_array_foreach(rows, index, row)
    {
        FUZZ_CHECK(fuzz_is_pointer(zdd_json_text(row, "pointer", "")));
        FUZZ_CHECK(json_is_string(json_object_get(row, "detail")));
    }
}

static void check_words(const json_t *body, const struct fuzz_parts *parts)
{
    static const long statuses[] = {200, 302, 401, 403, 404, 409, 422, 429, 500, 503};
    char words[ZDD_DETAIL_SIZE], narrow[40];

    for (size_t i = 0; i < ZDD_COUNT(statuses); i++) {
        struct zdd_answer answer = {.status = statuses[i], .type = "text/html"};
        enum zdd_err err;

        answer.body.data = parts->text[0];
        answer.body.size = parts->size[0];
        err = zdd_marathon_judge(ZDD_MARATHON_PUT, &answer, body);
        FUZZ_CHECK((err == ZDD_ERR_NONE) == (statuses[i] == 200 && body != NULL));
        (void)zdd_marathon_judge(ZDD_MARATHON_GET, &answer, body);
        zdd_marathon_words(&answer, body, words, sizeof(words));
        zdd_marathon_words(&answer, body, narrow, sizeof(narrow));
        FUZZ_CHECK(fuzz_is_utf8(words) && fuzz_is_utf8(narrow));
    }
}

static void check_pointer(const char *path)
{
    char pointer[256], narrow[16];

    if (!fuzz_is_utf8(path))
        return; /* paths come out of JSON */
    zdd_marathon_pointer(path, pointer, sizeof(pointer));
    FUZZ_CHECK(fuzz_is_pointer(pointer));
    zdd_marathon_pointer(path, narrow, sizeof(narrow));
    FUZZ_CHECK(fuzz_is_pointer(narrow));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    FUZZ_AUTO_PARTS struct fuzz_parts parts = fuzz_split(data, size, 2);
    ZDD_AUTO_JSON json_t *answer = fuzz_json(&parts, 0);

    check_pointer(parts.text[1]);
    (void)zdd_marathon_rule_of(parts.text[1]);
    check_words(answer, &parts);
    if (!answer)
        return 0;
    check_app(answer, parts.text[1]);
    check_shown(answer);
    check_lists(answer);
    check_spots(answer);
    check_error_rows(answer, 2048);
    check_error_rows(answer, 100);
    return 0;
}
