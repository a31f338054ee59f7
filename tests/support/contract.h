/**
 * @file tests/support/contract.h
 * @brief openapi/openapi.json as something answers are held against.
 */
#pragma once

#include <jansson.h>
#include <stdbool.h>

/** Read openapi/openapi.json; fails the test when it is none. @return new reference */
json_t *contract_load(void);

/** @return the operation of @p method and @p path (as sent, without the query), or NULL when the
 * contract has none; borrowed */
const json_t *contract_operation(const json_t *contract, const char *method, const char *path);

/** @return true when the operation says that it can answer the problem @p code */
bool contract_lists_problem(const json_t *operation, const char *code);

/** One answer, as far as the contract speaks of it. */
struct contract_answer {
    const char *method, *path; /* of the request */
    long status;
    const char *type;   /* Content-Type, NULL for none */
    const json_t *json; /* the body when it is JSON */
    size_t size;        /* of the body in bytes */
};

/**
 * Fail the test unless the contract allows this answer: its status, media type and body, and that
 * the operation has the problem. What the contract has no operation for must be answered 404 or 405
 * with a problem.
 */
void contract_check_answer(const json_t *contract, const struct contract_answer *answer);

/** Fail the test unless @p body, which was accepted, fits the schema of the operation's request. */
void contract_check_request(const json_t *contract, const char *method, const char *path,
                            const json_t *body);

/** Fail the test unless the operation's request may be of @p type. */
void contract_check_request_type(const json_t *contract, const char *method, const char *path,
                                 const char *type);

/** Fail the test unless @p value fits components/schemas/@p name. */
void contract_check_value(const json_t *contract, const char *name, const json_t *value);
