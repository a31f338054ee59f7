/**
 * @file tests/api/test_canary.c
 * @brief Canaries as callers see them: the steps of a plan, what is refused and where, gates and
 * who may decide there, commands that move a share.
 */
#include "server/base/cleanup.h"
#include "server/base/clock.h"
#include "server/json/json.h"
#include "storage/plans.h"
#include "tests/api/api_world.h"

#include <stdio.h>
#include <string.h>

#define APP(version)                                                                               \
    "{\"id\":\"/zdd/base\",\"instances\":3,\"cpus\":0.1,\"mem\":32,\"cmd\":\"./serve\","           \
    "\"env\":{\"VERSION\":\"" version "\"},\"healthChecks\":[{\"protocol\":\"HTTP\","              \
    "\"path\":\"/ping\"}],\"labels\":{\"HAPROXY_GROUP\":\"external\","                             \
    "\"HAPROXY_0_PORT\":\"10000\"}}"
#define OLD                                                                                        \
    "{\"id\":\"/zdd/base-blue\",\"instances\":3,\"cpus\":0.1,\"mem\":32,\"cmd\":\"./serve\","      \
    "\"env\":{\"VERSION\":\"1\"},\"healthChecks\":[{\"protocol\":\"HTTP\",\"path\":\"/ping\"}],"   \
    "\"labels\":{\"HAPROXY_GROUP\":\"external\",\"HAPROXY_0_PORT\":\"10000\"}}"
#define CANARY(options) "{\"strategy\":\"canary\",\"app\":" APP("2") ",\"options\":" options "}"
#define STEPS(steps) CANARY("{\"steps\":" steps "}")

static int setup(void **state)
{
    struct api_world *world = api_world_new(&(struct api_world_options){.agent = "10.0.0.9:8091"});

    fake_cluster_app(&world->cluster, OLD);
    *state = world;
    return 0;
}

static struct apiclient_answer plan(struct api_world *world, const char *body)
{
    return apiclient_post(world->client, "/v1/plans", body);
}

static void a_plan_shows_each_step_with_the_share_that_it_comes_to(void **state)
{
    APICLIENT_AUTO struct apiclient_answer answer =
        plan(*state, STEPS("[{\"weight\":20},{\"pauseSeconds\":60},{\"gate\":\"go\"}]"));
    static const char *const kinds[] = {"adopt", "shift", "start",  "join",  "weight",
                                        "pause", "gate",  "start",  "join",  "shift",
                                        "keep",  "drain", "retire", "settle"};

    assert_int_equal(answer.status, 201);
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        char pointer[32];

        snprintf(pointer, sizeof(pointer), "/steps/%zu/kind", i);
        assert_string_equal(apiclient_text(&answer, pointer), kinds[i]);
    }
    assert_int_equal(apiclient_int(&answer, "/steps/4/share/wanted"), 20);
    assert_int_equal(apiclient_int(&answer, "/steps/4/share/achievable"), 20);
    assert_int_equal(apiclient_int(&answer, "/steps/4/share/oldInstances"), 3);
    assert_int_equal(apiclient_int(&answer, "/steps/4/share/newInstances"), 1);
    assert_int_equal(apiclient_int(&answer, "/steps/4/share/oldWeight"), 256);
    assert_int_equal(apiclient_int(&answer, "/steps/4/share/newWeight"), 192);
    assert_string_equal(apiclient_text(&answer, "/steps/6/gate/name"), "go");
    assert_int_equal(apiclient_int(&answer, "/capacity/peakInstances"), 6);
    assert_string_equal(apiclient_text(&answer, "/rollback/mode"), "traffic");
}

static void a_plan_shows_the_checks_of_each_step(void **state)
{
    APICLIENT_AUTO struct apiclient_answer answer =
        plan(*state, STEPS("[{\"weight\":20},{\"verify\":{\"checks\":[{\"source\":\"http\",\"url\":"
                           "\"/ready\"}],\"count\":3,\"intervalSeconds\":5}},{\"weight\":50},"
                           "{\"verify\":{\"checks\":[{\"source\":\"http\",\"url\":\"/info\","
                           "\"pointer\":\"/errors\",\"max\":0.5,\"observeOnly\":true}],"
                           "\"failureLimit\":0,\"onInconclusive\":\"pass\"}}]"));

    assert_int_equal(answer.status, 201);
    assert_string_equal(apiclient_text(&answer, "/steps/5/kind"), "verify");
    assert_string_equal(apiclient_text(&answer, "/steps/5/text"),
                        "Check the new version, 3 rounds.");
    assert_string_equal(apiclient_text(&answer, "/steps/5/verify/checks/0/url"), "/ready");
    assert_int_equal(apiclient_int(&answer, "/steps/5/verify/intervalSeconds"), 5);
    assert_int_equal(apiclient_int(&answer, "/steps/5/verify/count"), 3);
    assert_int_equal(apiclient_int(&answer, "/steps/5/verify/failureLimit"), 1);
    assert_int_equal(apiclient_int(&answer, "/steps/5/verify/errorLimit"), 1);
    assert_string_equal(apiclient_text(&answer, "/steps/5/verify/onInconclusive"), "wait");
    assert_string_equal(apiclient_text(&answer, "/steps/7/verify/checks/0/pointer"), "/errors");
    assert_int_equal(apiclient_int(&answer, "/steps/7/verify/count"), 6);
    assert_string_equal(apiclient_text(&answer, "/steps/7/verify/onInconclusive"), "pass");
}

static void the_documented_example_can_be_planned(void **state)
{
    ZDD_AUTO_JSON json_t *request = json_load_file(ZDD_EXAMPLES "/canary.json", 0, NULL);
    ZDD_AUTO_FREE char *body = json_dumps(request, 0);
    APICLIENT_AUTO struct apiclient_answer answer = {0};

    assert_non_null(body);
    answer = plan(*state, body);
    assert_int_equal(answer.status, 201);
    assert_string_equal(apiclient_text(&answer, "/strategy"), "canary");
}

static bool is_warned(const struct apiclient_answer *answer, const char *code)
{
    size_t index;
    json_t *warning;

    json_array_foreach(json_object_get(answer->json, "warnings"), index, warning)
    {
        if (strcmp(zdd_json_text(warning, "code", ""), code) == 0)
            return true;
    }
    return false;
}

static void a_plan_warns_of_shares_that_cannot_be_had_or_are_too_much(void **state)
{
    APICLIENT_AUTO struct apiclient_answer small = plan(*state, STEPS("[{\"weight\":0.1}]"));
    APICLIENT_AUTO struct apiclient_answer large =
        plan(*state, STEPS("[{\"weight\":10},{\"weight\":50}]"));
    APICLIENT_AUTO struct apiclient_answer good = plan(*state, STEPS("[{\"weight\":20}]"));

    assert_true(is_warned(&small, "share-floor"));
    assert_false(is_warned(&small, "canary-overloaded"));
    assert_true(is_warned(&large, "canary-overloaded"));
    assert_false(is_warned(&large, "share-floor"));
    assert_false(is_warned(&good, "share-floor") || is_warned(&good, "canary-overloaded"));
}

static void presets_stand_in_the_plan_as_the_steps_that_they_are(void **state)
{
    APICLIENT_AUTO struct apiclient_answer answer =
        plan(*state, STEPS("{\"preset\":\"linear\",\"by\":50,\"everySeconds\":60}"));

    assert_int_equal(answer.status, 201);
    assert_string_equal(apiclient_text(&answer, "/steps/2/text"),
                        "Start 2 instances of the new version; healthy and ready.");
    assert_string_equal(apiclient_text(&answer, "/steps/4/text"),
                        "Give the new version 50 % of the requests, seen on every balancer.");
    assert_string_equal(apiclient_text(&answer, "/steps/5/text"), "Wait 60 s.");
}

static void what_is_wrong_is_named_by_its_place(void **state)
{
    static const struct {
        const char *body, *pointer;
    } rows[] = {
        {CANARY("{}"), "#/options/steps"},
        {STEPS("[]"), "#/options/steps"},
        {STEPS("[{\"weight\":1},{\"weight\":2},{\"weight\":101}]"), "#/options/steps/2/weight"},
        {STEPS("[{\"weight\":20},{\"scale\":4}]"), "#/options/steps/1/scale"},
        {STEPS("{\"preset\":\"linear\",\"by\":1,\"everySeconds\":60}"), "#/options/steps"},
        {CANARY("{\"steps\":[{\"weight\":20}],\"instances\":4}"), "#/options/instances"},
        {STEPS("[{\"verify\":{}}]"), "#/options/steps/0/verify/checks"},
        {STEPS("[{\"weight\":5},{\"verify\":{\"checks\":[{\"source\":\"http\",\"url\":"
               "\"http://10.0.0.1/\"}]}}]"),
         "#/options/steps/1/verify/checks/0/url"},
        {STEPS("[{\"verify\":{\"checks\":[{\"source\":\"haproxy\",\"measure\":\"errorRate\","
               "\"max\":7}]}}]"),
         "#/options/steps/0/verify/checks/0/max"},
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        APICLIENT_AUTO struct apiclient_answer answer = plan(*state, rows[i].body);

        if (answer.status != 422)
            print_error("%s: %ld\n", rows[i].body, answer.status);
        assert_int_equal(answer.status, 422);
        assert_string_equal(apiclient_text(&answer, "/errors/0/pointer"), rows[i].pointer);
    }
}

#define GATED                                                                                      \
    STEPS("[{\"weight\":20},{\"gate\":\"go\",\"approvers\":[\"alice\",\"bob\"],\"quorum\":2,"      \
          "\"expiresSeconds\":3600,\"onExpiry\":\"reject\"},{\"gate\":\"last\"}]")
#define GATE_STEP 5 /* adopt shift start join weight gate */

static void deploy(struct api_world *world, const char *body,
                   const struct api_world_standing *where, char ret_id[static ZDD_ID_SIZE])
{
    APICLIENT_AUTO struct apiclient_answer answer =
        apiclient_post(world->client, "/v1/deployments", body);
    struct api_world_standing s = *where;

    assert_int_equal(answer.status, 202);
    snprintf(ret_id, ZDD_ID_SIZE, "%s", apiclient_text(&answer, "/id"));
    s.id = ret_id;
    api_world_stand(world, &s);
}

static void open_gate(struct api_world *world, char ret_id[static ZDD_ID_SIZE])
{
    deploy(world, GATED,
           &(struct api_world_standing){
               .phase = ZDD_PHASE_GATED, .hold = ZDD_HOLD_GATE, .step = GATE_STEP},
           ret_id);
}

static struct apiclient_answer say(struct api_world *world, const char *token, const char *id,
                                   const char *what, const char *body)
{
    char path[160];

    snprintf(path, sizeof(path), "/v1/deployments/%s/%s", id, what);
    return apiclient_send(world->client,
                          &(struct apiclient_request){.path = path, .body = body, .token = token});
}

#define APPROVE "{\"decision\":\"approve\",\"reason\":\"graphs\"}"
#define REJECT "{\"decision\":\"reject\",\"reason\":\"errors\"}"
#define GO "gates/go/decisions"

static enum zdd_command command_of(struct api_world *world, const char *id, int32_t *ret_value)
{
    struct zdd_run run;

    assert_int_equal(zdd_run_load(world->store, id, &run, NULL), ZDD_ERR_NONE);
    if (ret_value)
        *ret_value = run.command_value;
    return run.command;
}

struct people {
    char alice[ZDD_TOKEN_SIZE], bob[ZDD_TOKEN_SIZE], carol[ZDD_TOKEN_SIZE];
};

static struct people people_of(struct api_world *world)
{
    struct people p;
    const unsigned scopes = ZDD_SCOPE_READ | ZDD_SCOPE_PROMOTE;

    api_world_token(world, "alice", scopes, "/", 0, p.alice);
    api_world_token(world, "bob", scopes, "/zdd", 0, p.bob);
    api_world_token(world, "carol", scopes, "/", 0, p.carol);
    return p;
}

static void two_approvals_of_those_who_may_let_it_go_on(void **state)
{
    struct api_world *world = *state;
    const struct people p = people_of(world);
    char id[ZDD_ID_SIZE], path[100];
    APICLIENT_AUTO struct apiclient_answer first = {0}, second = {0}, gates = {0}, audit = {0};

    open_gate(world, id);
    apiclient_expect(say(world, p.carol, id, GO, APPROVE), 403, "not-approver");
    first = say(world, p.alice, id, GO, APPROVE);
    assert_int_equal(first.status, 202);
    assert_string_equal(apiclient_text(&first, "/state"), "open");
    apiclient_expect(say(world, p.alice, id, GO, APPROVE), 202, NULL); /* said twice is once */
    assert_int_equal(command_of(world, id, NULL), ZDD_COMMAND_NONE);
    second = say(world, p.bob, id, GO, APPROVE);
    assert_int_equal(second.status, 202);
    assert_string_equal(apiclient_text(&second, "/state"), "approved");
    assert_int_equal(command_of(world, id, NULL), ZDD_COMMAND_PROMOTE);
    snprintf(path, sizeof(path), "/v1/deployments/%s/gates", id);
    gates = apiclient_get(world->client, path);
    assert_int_equal(gates.status, 200);
    assert_string_equal(apiclient_text(&gates, "/items/0/name"), "go");
    assert_string_equal(apiclient_text(&gates, "/items/0/state"), "approved");
    assert_int_equal(apiclient_int(&gates, "/items/0/approvals"), 2);
    assert_string_equal(apiclient_text(&gates, "/items/0/decisions/0/by"), "token:alice");
    assert_string_equal(apiclient_text(&gates, "/items/1/state"), "pending");
    audit = apiclient_get(world->client, "/v1/audit?action=gate.decide&limit=1");
    assert_string_equal(apiclient_text(&audit, "/items/0/actor"), "token:bob");
    assert_string_equal(apiclient_text(&audit, "/items/0/data/planDigest"),
                        apiclient_text(&gates, "/items/0/planDigest"));
}

/* The gate is still open then, so the deployment itself does not change. */
static void whoever_looks_on_hears_of_each_approval(void **state)
{
    struct api_world *world = *state;
    const struct people p = people_of(world);
    char id[ZDD_ID_SIZE], path[120];
    APICLIENT_AUTO struct apiclient_answer events = {0};

    open_gate(world, id);
    apiclient_expect(say(world, p.carol, id, GO, APPROVE), 403, "not-approver");
    apiclient_expect(say(world, p.alice, id, GO, APPROVE), 202, NULL);
    snprintf(path, sizeof(path), "/v1/deployments/%s/events?type=deployment.gate.voted", id);
    events = apiclient_get(world->client, path);
    assert_int_equal(events.status, 200);
    assert_int_equal(json_array_size(zdd_json_at(events.json, "/items")), 1);
    assert_string_equal(apiclient_text(&events, "/items/0/data/by"), "token:alice");
    assert_string_equal(apiclient_text(&events, "/items/0/data/decision"), "approve");
    assert_int_equal(apiclient_int(&events, "/items/0/data/approvals"), 1);
    assert_int_equal(apiclient_int(&events, "/items/0/data/quorum"), 2);
    assert_non_null(zdd_json_at(events.json, "/items/0/data/new/wantedWeight"));
}

static void one_rejection_goes_back(void **state)
{
    struct api_world *world = *state;
    const struct people p = people_of(world);
    char id[ZDD_ID_SIZE];
    int32_t value;

    open_gate(world, id);
    apiclient_expect(say(world, p.bob, id, GO, "{\"decision\":\"reject\"}"), 422, "body-invalid");
    apiclient_expect(say(world, p.bob, id, GO, APPROVE), 202, NULL);
    apiclient_expect(say(world, p.bob, id, GO, REJECT), 202, NULL); /* he has thought again */
    assert_int_equal(command_of(world, id, &value), ZDD_COMMAND_ROLLBACK);
    assert_int_equal(value, 1);
    apiclient_expect(say(world, p.bob, id, GO, REJECT), 202, NULL);
}

static void whoever_asked_is_never_the_only_one_of_two(void **state)
{
    struct api_world *world = *state;
    const struct people p = people_of(world);
    char id[ZDD_ID_SIZE];
    static const char both[] = STEPS("[{\"weight\":20},{\"gate\":\"go\",\"quorum\":2}]");

    deploy(world, both,
           &(struct api_world_standing){
               .phase = ZDD_PHASE_GATED, .hold = ZDD_HOLD_GATE, .step = GATE_STEP},
           id);
    apiclient_expect(say(world, NULL, id, GO, APPROVE), 202, NULL);
    apiclient_expect(say(world, NULL, id, "promote", "{}"), 202, NULL);
    assert_int_equal(command_of(world, id, NULL), ZDD_COMMAND_NONE);
    apiclient_expect(say(world, p.carol, id, "promote", "{\"full\":true}"), 202, NULL);
    assert_int_equal(command_of(world, id, NULL), ZDD_COMMAND_PROMOTE);
}

static void a_gate_that_is_not_open_takes_no_word(void **state)
{
    struct api_world *world = *state;
    const struct people p = people_of(world);
    char id[ZDD_ID_SIZE];

    open_gate(world, id);
    apiclient_expect(say(world, p.alice, id, "gates/last/decisions", APPROVE), 409, "gate-closed");
    apiclient_expect(say(world, p.alice, id, "gates/none/decisions", APPROVE), 404, "gate-unknown");
    apiclient_expect(say(world, p.alice, id, GO, "{\"decision\":\"maybe\"}"), 422, "body-invalid");
    apiclient_expect(say(world, p.alice, id, GO, APPROVE), 202, NULL);
    api_world_stand(world,
                    &(struct api_world_standing){.id = id, .phase = ZDD_PHASE_WEIGHING, .step = 4});
    apiclient_expect(say(world, p.alice, id, GO, APPROVE), 202, NULL); /* as said before */
    apiclient_expect(say(world, p.alice, id, GO, REJECT), 409, "gate-closed");
    apiclient_expect(say(world, p.bob, id, GO, APPROVE), 409, "gate-closed");
}

static void deciding_wants_the_scope_and_the_app(void **state)
{
    struct api_world *world = *state;
    char id[ZDD_ID_SIZE], reader[ZDD_TOKEN_SIZE], stranger[ZDD_TOKEN_SIZE];

    api_world_token(world, "alice", ZDD_SCOPE_READ | ZDD_SCOPE_DEPLOY, "/", 0, reader);
    api_world_token(world, "bob", ZDD_SCOPE_READ | ZDD_SCOPE_PROMOTE, "/shop", 0, stranger);
    open_gate(world, id);
    apiclient_expect(say(world, reader, id, GO, APPROVE), 403, "scope-missing");
    apiclient_expect(say(world, stranger, id, GO, APPROVE), 404, "deployment-unknown");
    apiclient_expect(say(world, stranger, id, "gates", NULL), 404, "deployment-unknown");
    assert_int_equal(command_of(world, id, NULL), ZDD_COMMAND_NONE);
}

static void assert_commands(const struct apiclient_answer *answer, const char *expected)
{
    char text[120] = "";
    size_t index;
    json_t *name;

    json_array_foreach(json_object_get(answer->json, "allowedCommands"), index, name)
    {
        const size_t used = strlen(text);

        snprintf(text + used, sizeof(text) - used, "%s ", json_string_value(name));
    }
    assert_string_equal(text, expected);
}

static void commands_are_offered_where_they_have_a_use(void **state)
{
    static const struct {
        enum zdd_phase phase;
        enum zdd_hold hold;
        int32_t step;
        const char *commands;
    } rows[] = {
        {ZDD_PHASE_JOINING, ZDD_HOLD_NONE, 3, "pause abort rollback "},
        {ZDD_PHASE_WEIGHING, ZDD_HOLD_NONE, 4, "pause abort rollback weight "},
        {ZDD_PHASE_PAUSING, ZDD_HOLD_NONE, 5, "pause promote abort rollback weight "},
        {ZDD_PHASE_PAUSING, ZDD_HOLD_OPERATOR, 5, "resume abort rollback retry "},
        {ZDD_PHASE_GATED, ZDD_HOLD_GATE, 6, "promote abort rollback weight "},
        {ZDD_PHASE_RETIRING, ZDD_HOLD_NONE, 10, "pause "},
    };
    struct api_world *world = *state;
    char id[ZDD_ID_SIZE], path[100];

    deploy(world, STEPS("[{\"weight\":20},{\"pauseSeconds\":60},{\"gate\":\"go\"}]"),
           &(struct api_world_standing){.phase = ZDD_PHASE_PENDING}, id);
    snprintf(path, sizeof(path), "/v1/deployments/%s", id);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct api_world_standing s = {id, rows[i].phase, rows[i].hold, rows[i].step};
        APICLIENT_AUTO struct apiclient_answer answer = {0};

        api_world_stand(world, &s);
        answer = apiclient_get(world->client, path);
        assert_commands(&answer, rows[i].commands);
    }
    apiclient_expect(say(world, NULL, id, "weight", "{\"weight\":5}"), 409, "command-refused");
}

static void weight_is_left_with_its_share(void **state)
{
    struct api_world *world = *state;
    char id[ZDD_ID_SIZE];
    int32_t value;

    deploy(world, STEPS("[{\"weight\":20},{\"pauseSeconds\":60}]"),
           &(struct api_world_standing){.phase = ZDD_PHASE_PAUSING, .step = 5}, id);
    apiclient_expect(say(world, NULL, id, "weight", "{\"weight\":100.5}"), 422, "body-invalid");
    apiclient_expect(say(world, NULL, id, "weight", "{\"weight\":7.25,\"reason\":\"slow\"}"), 202,
                     NULL);
    assert_int_equal(command_of(world, id, &value), ZDD_COMMAND_WEIGHT);
    assert_int_equal(value, 725);
}

static enum zdd_err measure(struct zdd_tx *tx, void *cls)
{
    const char *id = cls;
    struct zdd_run run;
    char next[ZDD_ID_SIZE];
    enum zdd_err err = zdd_run_load_tx(tx, id, &run);

    if (err != ZDD_ERR_NONE)
        return err;
    run.split = (struct zdd_split){.since_ms = 1, .until_ms = 2, 800, 200};
    run.new_side.healthy = 1;
    run.old_side.healthy = 3;
    run.traffic.side[ZDD_SIDE_OLD].weight = 256;
    run.traffic.side[ZDD_SIDE_NEW].weight = 192;
    return zdd_run_advance(tx, &run, run.revision, false, next);
}

static enum zdd_err condemn(struct zdd_tx *tx, void *cls)
{
    const char *id = cls;
    struct zdd_run run;
    char next[ZDD_ID_SIZE];
    enum zdd_err err = zdd_run_load_tx(tx, id, &run);

    if (err != ZDD_ERR_NONE)
        return err;
    run.cause = ZDD_CAUSE_VERIFY_FAILED;
    snprintf(run.measured, sizeof(run.measured), "5 %% of \"all\" requests failed");
    return zdd_run_advance(tx, &run, run.revision, false, next);
}

static void whoever_resumes_after_a_verdict_is_in_the_audit_with_it(void **state)
{
    struct api_world *world = *state;
    char id[ZDD_ID_SIZE], path[100];
    APICLIENT_AUTO struct apiclient_answer explained = {0}, audit = {0};

    deploy(world, STEPS("[{\"weight\":20},{\"pauseSeconds\":60}]"),
           &(struct api_world_standing){
               .phase = ZDD_PHASE_PAUSING, .hold = ZDD_HOLD_FAILURE, .step = 5},
           id);
    assert_int_equal(zdd_store_write(world->store, condemn, id), ZDD_ERR_NONE);
    snprintf(path, sizeof(path), "/v1/deployments/%s/explain", id);
    explained = apiclient_get(world->client, path);
    assert_non_null(
        strstr(apiclient_text(&explained, "/whoCanUnblock/0/how"), "the checks begin anew"));
    apiclient_expect(say(world, NULL, id, "resume", "{\"reason\":\"known bug\"}"), 202, NULL);
    audit = apiclient_get(world->client, "/v1/audit?action=deployment.resume&limit=1");
    assert_string_equal(apiclient_text(&audit, "/items/0/data/acknowledged"),
                        "5 % of \"all\" requests failed");
    assert_string_equal(apiclient_text(&audit, "/items/0/reason"), "known bug");
}

static double real_at(const struct apiclient_answer *answer, const char *pointer)
{
    return json_number_value(zdd_json_at(answer->json, pointer));
}

static void the_share_is_shown_as_wanted_as_given_and_as_measured(void **state)
{
    struct api_world *world = *state;
    char id[ZDD_ID_SIZE], path[100];
    APICLIENT_AUTO struct apiclient_answer before = {0}, after = {0}, explained = {0};

    deploy(world, STEPS("[{\"weight\":20},{\"pauseSeconds\":60}]"),
           &(struct api_world_standing){.phase = ZDD_PHASE_PAUSING, .step = 5}, id);
    snprintf(path, sizeof(path), "/v1/deployments/%s", id);
    before = apiclient_get(world->client, path);
    assert_true(json_is_null(zdd_json_at(before.json, "/new/measuredWeight")));
    assert_int_equal(zdd_store_write(world->store, measure, id), ZDD_ERR_NONE);
    after = apiclient_get(world->client, path);
    assert_true(real_at(&after, "/new/wantedWeight") == 20);
    assert_true(real_at(&after, "/new/weight") == 20);
    assert_true(real_at(&after, "/new/measuredWeight") == 20);
    assert_true(real_at(&after, "/new/measuredInterval/0") > 17.6 &&
                real_at(&after, "/new/measuredInterval/0") < 17.7);
    assert_true(real_at(&after, "/new/measuredInterval/1") > 22.5 &&
                real_at(&after, "/new/measuredInterval/1") < 22.7);
    assert_int_equal(apiclient_int(&after, "/new/measuredRequests"), 1000);
    assert_string_equal(apiclient_text(&after, "/new/weightOf"), "requests");
    snprintf(path, sizeof(path), "/v1/deployments/%s/explain", id);
    explained = apiclient_get(world->client, path);
    assert_non_null(strstr(apiclient_text(&explained, "/text"),
                           "is given 20 % of the requests, and got 20.00 % of the 1000 counted."));
}

int main(void)
{
#define CANARY_TEST(f) cmocka_unit_test_setup_teardown(f, setup, api_world_teardown)
    const struct CMUnitTest tests[] = {
        CANARY_TEST(a_plan_shows_each_step_with_the_share_that_it_comes_to),
        CANARY_TEST(a_plan_shows_the_checks_of_each_step),
        CANARY_TEST(the_documented_example_can_be_planned),
        CANARY_TEST(a_plan_warns_of_shares_that_cannot_be_had_or_are_too_much),
        CANARY_TEST(presets_stand_in_the_plan_as_the_steps_that_they_are),
        CANARY_TEST(what_is_wrong_is_named_by_its_place),
        CANARY_TEST(two_approvals_of_those_who_may_let_it_go_on),
        CANARY_TEST(whoever_looks_on_hears_of_each_approval),
        CANARY_TEST(one_rejection_goes_back),
        CANARY_TEST(whoever_asked_is_never_the_only_one_of_two),
        CANARY_TEST(a_gate_that_is_not_open_takes_no_word),
        CANARY_TEST(deciding_wants_the_scope_and_the_app),
        CANARY_TEST(commands_are_offered_where_they_have_a_use),
        CANARY_TEST(weight_is_left_with_its_share),
        CANARY_TEST(whoever_resumes_after_a_verdict_is_in_the_audit_with_it),
        CANARY_TEST(the_share_is_shown_as_wanted_as_given_and_as_measured),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
