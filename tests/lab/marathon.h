/**
 * @file tests/lab/marathon.h
 * @brief What the tests of marathon.md's rows share: each has a fresh lab and asks it one thing.
 *
 * A test is named after its row: "s1_2_…" for §1.2, then a sentence. tests/lab/marathon_rows.txt
 * lists all rows and their tests; tidy/rows fails when a row has no test or a test no row.
 */
#pragma once

#include "tests/lab/lab.h"

/** A test with a lab of its own (--speed 100) in *state. */
#define MARATHON_TEST(name) cmocka_unit_test_setup_teardown(name, marathon_up, marathon_down)
/** The same with --task-killing. */
#define MARATHON_TEST_KILLING(name)                                                                \
    cmocka_unit_test_setup_teardown(name, marathon_up_killing, marathon_down)

int marathon_up(void **state);
int marathon_up_killing(void **state);
int marathon_down(void **state);

/** Start another lab in place of *state. */
struct lab *marathon_other(void **state, const char *const *options);

/** A task that stays, without ports. */
#define SLEEPER "\"cmd\":\"exec sleep 1000\",\"portDefinitions\":[]"
/** The bundled service, which answers HTTP on PORT0. */
#define SERVICE                                                                                    \
    "\"container\":{\"type\":\"DOCKER\",\"docker\":{\"image\":\"mhausenblas/simpleservice:0.4.0\"" \
    "}}"
/** A task that lives for 4 s after SIGTERM; its deployment ends when it is armed. */
#define STUBBORN                                                                                   \
    "\"cmd\":\"trap '' TERM; touch armed; sleep 1000; sleep 1000\",\"portDefinitions\":[],"        \
    "\"taskKillGracePeriodSeconds\":4,\"healthChecks\":[{\"protocol\":\"COMMAND\",\"command\":"    \
    "{\"value\":\"test -e armed\"},\"delaySeconds\":1,\"intervalSeconds\":5,"                      \
    "\"gracePeriodSeconds\":86400}]"
/** A check that never passes and is never counted: its deployment stays where it is. */
#define STUCK                                                                                      \
    "\"healthChecks\":[{\"protocol\":\"TCP\",\"port\":1,\"gracePeriodSeconds\":86400,"             \
    "\"intervalSeconds\":5}]"

/**
 * Call and look.
 * @param pointer   where in the answer; NULL: do not look
 * @param expected  its JSON text; "*": anything; NULL: it is not there
 */
void marathon_says(struct lab *lab, const char *call, const char *body, long status,
                   const char *pointer, const char *expected);

/** Several of them. @p call is "GET /v2/apps". */
struct marathon_row {
    const char *call, *body;
    long status;
    const char *pointer, *expected;
};
void marathon_rows(struct lab *lab, const struct marathon_row *rows, size_t count);
#define MARATHON_ROWS(lab, rows) marathon_rows(lab, rows, sizeof(rows) / sizeof((rows)[0]))

/** Call, and return the JSON of an answer of @p status; new reference. */
json_t *marathon_get(struct lab *lab, const char *call, const char *body, long status);

/** The whole answer as bytes, to be freed. @param headers  lines ended by CRLF, or "" */
char *marathon_bytes(struct lab *lab, const char *call, const char *body, const char *headers);

/** Change, and wait for the deployment's success. */
void marathon_change(struct lab *lab, const char *call, const char *body, long status);

/** Change, and return the deployment's id: it is under way. */
void marathon_begin(struct lab *lab, const char *call, const char *body, long status,
                    char ret_id[static 64]);

/** PUT a new app at @p path ("/v2/apps/a") with these members, and wait for it. */
void marathon_create(struct lab *lab, const char *path, const char *members);

/** Assert that @p json at @p pointer has this JSON text; "*" and NULL as above. */
void marathon_at(const json_t *json, const char *pointer, const char *expected);

/** @return the text at @p pointer of @p json, "" when there is none */
const char *marathon_text(const json_t *json, const char *pointer);

/** Assert that the object has these members and no others: "a b c", in any order. */
void marathon_members(const json_t *object, const char *names);

/** Events since @p from, all that have been published; new reference. */
json_t *marathon_since(struct lab *lab, size_t from);

/** @return the first event of @p type with @p value in member @p key (NULL: any), borrowed; fails
 * the test when there is none */
const json_t *marathon_event(const json_t *events, const char *type, const char *key,
                             const char *value);

/** @return the place of the first instance_health_changed_event with healthy=true from place @p
 * from on. A service that is slow to start is told unhealthy before. */
size_t marathon_healthy(const json_t *events, size_t from);

/** Write the types of the events in order, "deployment_info deployment_success"; those of single
 * instances and streams are left out. */
void marathon_story(const json_t *events, char *ret, size_t size);

/** @return the place of the first event of @p type with @p value in @p key from place @p from on;
 * the test fails when there is none */
size_t marathon_place(const json_t *events, size_t from, const char *type, const char *key,
                      const char *value);
