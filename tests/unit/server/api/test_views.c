/**
 * @file tests/unit/server/api/test_views.c
 * @brief Kept texts of deployments: the same as new ones, and never old ones.
 */
#include "server/api/views.h"

#include "tests/unit/storage/fixture.h"

#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#define MANY 3000 /* more than are kept */

struct world {
    struct place place;
    struct zdd_store *store;
    struct zdd_notes *notes;
    struct zdd_views *views;
};

static int setup(void **state)
{
    struct world *world = calloc(1, sizeof(*world));

    assert_non_null(world);
    place_make(&world->place);
    world->store = open_file(world->place.path);
    world->notes = zdd_notes_new(world->store);
    world->views = zdd_views_new(world->store, world->notes);
    assert_non_null(world->views);
    *state = world;
    return 0;
}

static int teardown(void **state)
{
    struct world *world = *state;

    zdd_views_free(world->views);
    zdd_notes_free(world->notes);
    zdd_store_free(world->store);
    place_remove(&world->place);
    free(world);
    return 0;
}

static struct zdd_run add(struct world *world, const char *id, const char *app_id)
{
    struct zdd_run run = a_run(.phase = ZDD_PHASE_ROLLING);
    char busy[ZDD_ID_SIZE];

    (void)snprintf(run.id, sizeof(run.id), "%s", id);
    (void)snprintf(run.app_id, sizeof(run.app_id), "%s", app_id);
    assert_good(insert_run(world->store, &run, ZDD_WHEN_BUSY_REJECT, busy));
    return run;
}

static void advance(struct world *world, struct zdd_run *run)
{
    char next[ZDD_ID_SIZE];

    assert_good(advance_run(world->store, run, run->revision, false, next));
}

/* Expect the view of @p id in @p revision, and nothing but that in its text. */
static void assert_view(struct world *world, const char *id, int64_t revision)
{
    ZDD_AUTO_VIEW struct zdd_view *view = NULL;
    char mark[40];

    assert_good(zdd_view_get(world->views, id, &view));
    (void)snprintf(mark, sizeof(mark), "\"revision\":%d,", (int)revision);
    assert_int_equal(view->revision, revision);
    assert_string_equal(view->id, id);
    assert_int_equal(strlen(view->text), view->size);
    assert_non_null(strstr(view->text, mark));
}

static void a_view_is_written_once_and_served_again(void **state)
{
    struct world *world = *state;
    ZDD_AUTO_VIEW struct zdd_view *first = NULL, *second = NULL;

    add(world, "a", "/shop");
    assert_good(zdd_view_get(world->views, "a", &first));
    assert_good(zdd_view_get(world->views, "a", &second));
    assert_ptr_equal(first, second);
    assert_false(first->ended);
    assert_string_equal(first->app_id, "/shop");
}

static void no_view_is_older_than_the_last_commit(void **state)
{
    struct world *world = *state;
    struct zdd_run run = add(world, "a", "/shop");

    for (int64_t i = 0; i < 50; i++) {
        assert_view(world, "a", i);
        assert_view(world, "a", i);
        advance(world, &run);
    }
    run.phase = ZDD_PHASE_SUCCEEDED;
    advance(world, &run);

    ZDD_AUTO_VIEW struct zdd_view *view = NULL;

    assert_good(zdd_view_get(world->views, "a", &view));
    assert_true(view->ended);
    assert_non_null(strstr(view->text, "\"state\":\"succeeded\""));
}

static void a_view_stays_what_it_was_while_somebody_has_it(void **state)
{
    struct world *world = *state;
    struct zdd_run run = add(world, "a", "/shop");
    ZDD_AUTO_VIEW struct zdd_view *old = NULL;

    assert_good(zdd_view_get(world->views, "a", &old));
    advance(world, &run);
    assert_view(world, "a", 1);
    assert_non_null(strstr(old->text, "\"revision\":0,"));
}

static void what_does_not_exist_is_not_kept(void **state)
{
    struct world *world = *state;
    struct zdd_view *view = NULL;

    assert_err(ZDD_ERR_RUN_UNKNOWN, zdd_view_get(world->views, "a", &view));
    assert_null(view);
    add(world, "a", "/shop");
    assert_view(world, "a", 0);
}

static void more_deployments_than_places_are_all_told_apart(void **state)
{
    struct world *world = *state;

    add_many(world->store, "shop", MANY);
    for (int turn = 0; turn < 2; turn++) {
        for (int i = 0; i < MANY; i += 7) {
            char id[ZDD_ID_SIZE];

            (void)snprintf(id, sizeof(id), "shop/%d", i);
            assert_view(world, id, 0);
        }
    }
}

struct peeking {
    struct world *world;
    struct zdd_run *run; /* moved while the list is read */
    int64_t revision;    /* that the list must show */
    int seen;
};

static bool peek(void *cls, const struct zdd_run_peek *row)
{
    struct peeking *p = cls;
    ZDD_AUTO_VIEW struct zdd_view *view = NULL;
    char mark[40];

    if (p->run)
        advance(p->world, p->run);
    if (p->run) /* the table knows the new one by now */
        assert_view(p->world, row->id, p->run->revision);
    assert_good(zdd_view_peek(p->world->views, row, &view));
    (void)snprintf(mark, sizeof(mark), "\"revision\":%d,", (int)p->revision);
    assert_non_null(strstr(view->text, mark));
    p->seen++;
    return true;
}

static void list(struct world *world, struct zdd_run *run, int64_t revision)
{
    const struct zdd_run_filter filter = {.state = -1, .limit = 10};
    struct peeking p = {.world = world, .run = run, .revision = revision};

    assert_good(zdd_run_list(world->store, &filter, peek, &p));
    assert_int_equal(p.seen, 1);
}

static void a_list_shows_what_it_began_with_and_leaves_nothing_old_behind(void **state)
{
    struct world *world = *state;
    struct zdd_run run = add(world, "a", "/shop");

    list(world, NULL, 0);
    assert_view(world, "a", 0);
    list(world, &run, 0); /* moves on while it is read */
    assert_view(world, "a", 1);
    list(world, NULL, 1);
    advance(world, &run);
    list(world, NULL, 2);
    assert_view(world, "a", 2);
}

/* One thread moves a deployment, others look: never may they see what was before a commit that
 * had been answered when they began. */
struct race {
    struct world *world;
    struct zdd_run run;
    _Atomic int64_t committed;
    atomic_bool over;
    atomic_uint stale, looks;
};

static void *look_on(void *cls)
{
    struct race *race = cls;

    while (!atomic_load(&race->over)) {
        const int64_t least = atomic_load(&race->committed);
        ZDD_AUTO_VIEW struct zdd_view *view = NULL;

        if (zdd_view_get(race->world->views, race->run.id, &view) != ZDD_ERR_NONE ||
            view->revision < least)
            atomic_fetch_add(&race->stale, 1);
        atomic_fetch_add(&race->looks, 1);
    }
    return NULL;
}

static void nobody_is_served_what_was_before_an_answered_commit(void **state)
{
    struct race race = {.world = *state};
    pthread_t thread[3];

    race.run = add(race.world, "a", "/shop");
    for (size_t i = 0; i < ZDD_COUNT(thread); i++)
        assert_int_equal(pthread_create(&thread[i], NULL, look_on, &race), 0);
    for (int i = 0; i < 300; i++) {
        advance(race.world, &race.run);
        atomic_store(&race.committed, race.run.revision);
    }
    atomic_store(&race.over, true);
    for (size_t i = 0; i < ZDD_COUNT(thread); i++)
        pthread_join(thread[i], NULL);
    assert_true(atomic_load(&race.looks) > 0);
    assert_int_equal(atomic_load(&race.stale), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define CASE(test) cmocka_unit_test_setup_teardown(test, setup, teardown)
        CASE(a_view_is_written_once_and_served_again),
        CASE(no_view_is_older_than_the_last_commit),
        CASE(a_view_stays_what_it_was_while_somebody_has_it),
        CASE(what_does_not_exist_is_not_kept),
        CASE(more_deployments_than_places_are_all_told_apart),
        CASE(a_list_shows_what_it_began_with_and_leaves_nothing_old_behind),
        CASE(nobody_is_served_what_was_before_an_answered_commit),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
