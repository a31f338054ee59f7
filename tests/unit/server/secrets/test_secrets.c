/**
 * @file tests/unit/server/secrets/test_secrets.c
 * @brief In at one place, out at another: what a definition shows between, and what comes out.
 */
#include "tests/support/spec.h"

#include "server/base/cleanup.h"
#include "server/json/json.h"
#include "tests/support/secrets_open.h"
#include "tests/unit/storage/fixture.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct world {
    struct zdd_store *store;
    struct zdd_secrets *secrets;
};

static int setup(void **state)
{
    static struct world world;

    world.store = open_memory();
    world.secrets = secrets_open(world.store);
    *state = &world;
    return 0;
}

static int teardown(void **state)
{
    struct world *world = *state;

    zdd_secrets_free(world->secrets);
    zdd_store_free(world->store);
    return 0;
}

static json_t *json_of(const char *text)
{
    json_t *json = json_loads(text, 0, NULL);

    assert_non_null(json);
    return json;
}

static enum zdd_err write_kept(struct zdd_tx *tx, void *cls)
{
    return zdd_secrets_write(tx, cls);
}

/* As Marathon's definition, with the values written. @return what is left to see */
static char *conceal(const struct world *world, const char *app_id, const char *definition)
{
    ZDD_AUTO_SECRETS_KEPT struct zdd_secrets_kept kept = {0};
    ZDD_AUTO_JSON json_t *json = json_of(definition);
    const struct zdd_conceal how = {.app_id = app_id, .pointer = "#", .kept = &kept};

    assert_int_equal(zdd_secrets_conceal(world->secrets, &how, json), ZDD_ERR_NONE);
    assert_int_equal(zdd_store_write(world->store, write_kept, &kept), ZDD_ERR_NONE);
    return zdd_json_canonical(json);
}

/* In and out again: nothing of CANARY between, and all of it after. */
static void check_way(const struct world *world, const char *definition)
{
    ZDD_AUTO_FREE char *concealed = conceal(world, "/shop/web-blue", definition);
    ZDD_AUTO_REVEALED struct zdd_revealed revealed = {0};
    ZDD_AUTO_JSON json_t *before = json_of(definition);
    ZDD_AUTO_JSON json_t *after = NULL;

    if (strstr(concealed, "CANARY"))
        fail_msg("%s", concealed);
    assert_non_null(strstr(concealed, ZDD_MARKER_HEAD));
    assert_int_equal(zdd_secrets_reveal(world->secrets, "/shop/web-green", concealed, &revealed),
                     ZDD_ERR_NONE);
    assert_non_null(revealed.text);
    assert_true(revealed.count > 0);
    after = json_of(revealed.text);
    assert_true(zdd_json_same(before, after));
}

static void every_place_of_a_definition_that_holds_secrets_is_emptied_and_filled_again(void **state)
{
    static const char *const definitions[] = {
        "{\"env\":{\"DB_PASSWORD\":\"CANARY\"}}",
        "{\"env\":{\"db.token\":\"CANARY \xE2\x80\xB9\"}}",
        "{\"env\":{\"DB\":{\"secret\":\"CANARY\"}},\"secrets\":{\"CANARY\":{\"source\":"
        "\"/CANARY\"}}}",
        "{\"env\":{\"URL\":\"postgres://u:CANARY@h:1/db?x=1\"}}",
        "{\"env\":{\"URL\":\"https://CANARY@h\"}}",
        "{\"env\":{\"URL\":\"amqp://u:CANARY@a,amqp://u:CANARY2@b/x?token=CANARY3&y=2\"}}",
        "{\"env\":{\"URL\":\"jdbc:postgresql://h/db?user=u&password=CANARY;ssl=1\"}}",
        "{\"labels\":{\"HAPROXY_0_AUTH\":\"r:u:CANARY\",\"api-key\":\"CANARY\"}}",
        "{\"fetch\":[{\"uri\":\"https://u:CANARY@h/a.tgz\",\"extract\":true},"
        "{\"uri\":\"https://h/a?X-Amz-Signature=CANARY\"}]}",
        "{\"uris\":[\"https://u:CANARY@h/a.tgz\"]}",
        "{\"container\":{\"docker\":{\"parameters\":[{\"key\":\"env\",\"value\":"
        "\"MY_TOKEN=CANARY\"},{\"key\":\"label\",\"value\":\"KEY=CANARY=x\"}],"
        "\"pullConfig\":{\"secret\":\"CANARY\"},\"credential\":{\"principal\":\"p\","
        "\"secret\":\"CANARY\"}},\"volumes\":[{\"containerPath\":\"p\",\"secret\":\"CANARY\"}]}}",
    };

    for (size_t i = 0; i < sizeof(definitions) / sizeof(definitions[0]); i++)
        check_way(*state, definitions[i]);
}

static void what_is_no_secret_stays_readable(void **state)
{
    static const char *const definitions[] = {
        "{\"env\":{\"VERSION\":\"1.0\",\"URL\":\"http://h:80/x?y=1\"}}",
        "{\"env\":{\"DB_PASSWORD\":\"\",\"EMAIL\":\"a@b\",\"T\":\"12:30@5\"}}",
        "{\"labels\":{\"HAPROXY_GROUP\":\"external\",\"MARATHON_SINGLE_INSTANCE_APP\":\"true\"}}",
        "{\"container\":{\"docker\":{\"parameters\":[{\"key\":\"user\",\"value\":\"TOKEN=x\"},"
        "{\"key\":\"env\",\"value\":\"TOKEN\"}]}},\"cmd\":\"run\"}",
        "{\"env\":null,\"labels\":7,\"secrets\":[],\"container\":\"x\",\"fetch\":{},\"uris\":[1]}",
    };

    for (size_t i = 0; i < sizeof(definitions) / sizeof(definitions[0]); i++) {
        ZDD_AUTO_FREE char *concealed = conceal(*state, "/shop/web", definitions[i]);
        ZDD_AUTO_JSON json_t *before = json_of(definitions[i]);
        ZDD_AUTO_JSON json_t *after = json_of(concealed);

        assert_true(zdd_json_same(before, after));
    }
}

static void a_pattern_for_all_leaves_the_labels_of_balancers_readable(void **state)
{
    static const char text[] = "{\"labels\":{\"HAPROXY_0_PORT\":\"80\",\"HAPROXY_0_AUTH\":\"x\","
                               "\"owner\":\"me\"}}";
    const struct world *world = *state;
    const struct zdd_secrets_options options = {.store = world->store, .patterns = "*"};
    char reason[ZDD_SECRETS_REASON_SIZE];
    struct world wide = {.store = world->store};
    ZDD_AUTO_FREE char *concealed = NULL;

    assert_int_equal(zdd_secrets_open(&options, &wide.secrets, reason), ZDD_ERR_NONE);
    concealed = conceal(&wide, "/shop/web", text);
    zdd_secrets_free(wide.secrets);
    assert_non_null(strstr(concealed, "\"HAPROXY_0_PORT\":\"80\""));
    assert_null(strstr(concealed, "\"x\""));
    assert_null(strstr(concealed, "\"me\""));
}

static void the_same_value_has_the_same_marker_and_any_other_another(void **state)
{
    ZDD_AUTO_FREE char *one = conceal(*state, "/a", "{\"env\":{\"KEY\":\"1\"}}");
    ZDD_AUTO_FREE char *same = conceal(*state, "/a", "{\"env\":{\"KEY\":\"1\"}}");
    ZDD_AUTO_FREE char *pair = conceal(*state, "/a-blue", "{\"env\":{\"KEY\":\"1\"}}");
    ZDD_AUTO_FREE char *value = conceal(*state, "/a", "{\"env\":{\"KEY\":\"2\"}}");
    ZDD_AUTO_FREE char *app = conceal(*state, "/b", "{\"env\":{\"KEY\":\"1\"}}");
    ZDD_AUTO_FREE char *name = conceal(*state, "/a", "{\"env\":{\"KEX_KEY\":\"1\"}}");

    assert_string_equal(one, same);
    assert_string_equal(one, pair);
    assert_string_not_equal(one, value);
    assert_string_not_equal(one, app);
    assert_string_not_equal(strchr(name, ':') + 12, strchr(one, ':') + 8);
}

/* As a caller sends @p definition about @p app_id. @return what is wrong with it */
static struct zdd_field_errors send(const struct world *world, const char *app_id,
                                    const char *definition)
{
    ZDD_AUTO_SECRETS_KEPT struct zdd_secrets_kept kept = {0};
    ZDD_AUTO_JSON json_t *json = json_of(definition);
    struct zdd_field_errors errors = {0};
    const struct zdd_conceal how = {
        .app_id = app_id, .pointer = "#/app", .kept = &kept, .errors = &errors};
    enum zdd_err err = zdd_secrets_conceal(world->secrets, &how, json);

    if (err == ZDD_ERR_NONE)
        err = zdd_secrets_check(world->secrets, &how, json);
    assert_int_equal(err, errors.count > 0 ? ZDD_ERR_BODY_INVALID : ZDD_ERR_NONE);
    return errors;
}

static void a_marker_comes_back_for_its_own_app_and_name_only(void **state)
{
    const struct world *world = *state;
    ZDD_AUTO_FREE char *shown = conceal(world, "/a-blue", "{\"env\":{\"KEY\":\"1\"}}");
    struct zdd_field_errors errors;
    char moved[200];

    assert_int_equal(send(world, "/a", shown).count, 0);
    assert_int_equal(send(world, "/a-green", shown).count, 0);
    errors = send(world, "/b", shown);
    assert_int_equal(errors.count, 1);
    assert_string_equal(errors.error[0].pointer, "#/app/env/KEY");
    snprintf(moved, sizeof(moved), "{\"env\":{\"KEI\":%s", strchr(strchr(shown, ':') + 1, ':') + 1);
    errors = send(world, "/a", moved);
    assert_int_equal(errors.count, 1);
    assert_string_equal(errors.error[0].pointer, "#/app/env/KEI");
    snprintf(moved, sizeof(moved),
             "{\"env\":{\"KEY\":\"" ZDD_MARKER_HEAD "%032d" ZDD_MARKER_TAIL "\"}}", 0);
    assert_int_equal(send(world, "/a", moved).count, 1);
}

/* What Marathon runs may have any text; what begins like a marker is a value like all others. */
static void a_value_that_looks_like_a_marker_is_a_value(void **state)
{
    char definition[300];

    snprintf(definition, sizeof(definition),
             "{\"env\":{\"PLAIN\":\"" ZDD_MARKER_HEAD "%032d" ZDD_MARKER_TAIL
             "\",\"KEY\":\"" ZDD_MARKER_HEAD "CANARY\",\"KEY2\":\"CANARY\"}}",
             7);
    check_way(*state, definition);
    assert_int_equal(send(*state, "/a", "{\"env\":{\"KEY\":\"" ZDD_MARKER_HEAD "\"}}").count, 0);
}

/* Somebody has copied what a page showed into Marathon: that is what runs then. */
static void a_marker_that_marathon_runs_is_that_text_and_not_the_value(void **state)
{
    const struct world *world = *state;
    ZDD_AUTO_FREE char *shown = conceal(world, "/a", "{\"env\":{\"KEY\":\"1\"}}");
    ZDD_AUTO_FREE char *again = conceal(world, "/a", shown);
    ZDD_AUTO_REVEALED struct zdd_revealed revealed = {0};

    assert_string_not_equal(again, shown);
    assert_int_equal(zdd_secrets_reveal(world->secrets, "/a", again, &revealed), ZDD_ERR_NONE);
    assert_string_equal(revealed.text, shown);
}

static void a_secret_that_is_no_text_is_refused_and_not_quoted(void **state)
{
    static const char *const bodies[] = {"{\"env\":{\"KEY\":424242}}",
                                         "{\"labels\":{\"KEY\":true}}", "{\"env\":\"KEY=424242\"}"};

    for (size_t i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++) {
        const struct zdd_field_errors errors = send(*state, "/a", bodies[i]);

        assert_int_equal(errors.count, 1);
        assert_null(strstr(errors.error[0].detail, "424242"));
    }
}

static void a_value_that_is_lost_is_an_error_and_never_its_marker(void **state)
{
    const struct world *world = *state;
    ZDD_AUTO_FREE char *shown = conceal(world, "/a", "{\"env\":{\"KEY\":\"1\"}}");
    ZDD_AUTO_REVEALED struct zdd_revealed revealed = {0};

    assert_int_equal(zdd_secrets_reveal(world->secrets, "/b", shown, &revealed),
                     ZDD_ERR_STORE_CORRUPT);
    assert_null(revealed.text);
    assert_int_equal(zdd_secrets_reveal(world->secrets, "/a", NULL, &revealed), ZDD_ERR_NONE);
    assert_int_equal(zdd_secrets_reveal(world->secrets, "/a", "{\"cmd\":\"x\"}", &revealed),
                     ZDD_ERR_NONE);
    assert_null(revealed.text); /* nothing to do */
}

static void answers_of_marathon_lose_secrets_of_all_their_apps_and_what_quotes_them(void **state)
{
    const struct world *world = *state;
    ZDD_AUTO_JSON json_t *answer =
        json_of("{\"app\":{\"id\":\"/a\",\"env\":{\"KEY\":\"CANARY1\"},\"lastTaskFailure\":"
                "{\"message\":\"docker run -e KEY=CANARY1 failed\"}},"
                "\"apps\":[{\"id\":\"/b\",\"env\":{\"KEY\":\"CANARY2\"}}],"
                "\"queue\":[{\"app\":{\"id\":\"/c\",\"env\":{\"KEY\":\"CANARY3\"}}}]}");
    ZDD_AUTO_FREE char *text = NULL;

    assert_int_equal(zdd_secrets_conceal_answer(world->secrets, NULL, answer), ZDD_ERR_NONE);
    text = zdd_json_canonical(answer);
    assert_null(strstr(text, "CANARY"));
    assert_non_null(strstr(text, "docker run -e KEY=" ZDD_MARKER_HEAD));
    assert_int_equal(zdd_secrets_conceal_answer(world->secrets, NULL, NULL), ZDD_ERR_NONE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(
            every_place_of_a_definition_that_holds_secrets_is_emptied_and_filled_again),
        cmocka_unit_test(what_is_no_secret_stays_readable),
        cmocka_unit_test(a_pattern_for_all_leaves_the_labels_of_balancers_readable),
        cmocka_unit_test(the_same_value_has_the_same_marker_and_any_other_another),
        cmocka_unit_test(a_marker_comes_back_for_its_own_app_and_name_only),
        cmocka_unit_test(a_value_that_looks_like_a_marker_is_a_value),
        cmocka_unit_test(a_marker_that_marathon_runs_is_that_text_and_not_the_value),
        cmocka_unit_test(a_secret_that_is_no_text_is_refused_and_not_quoted),
        cmocka_unit_test(a_value_that_is_lost_is_an_error_and_never_its_marker),
        cmocka_unit_test(answers_of_marathon_lose_secrets_of_all_their_apps_and_what_quotes_them),
    };

    return zdd_crypto_init() ? cmocka_run_group_tests(tests, setup, teardown) : 1;
}
