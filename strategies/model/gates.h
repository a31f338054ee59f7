/**
 * @file strategies/model/gates.h
 * @brief The gates of a program: where somebody has to decide, who may, and what happens when
 * nobody does.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ZDD_GATE_MAX 8             /* gates of one program */
#define ZDD_GATE_NAME_SIZE 32      /* "go-live" */
#define ZDD_APPROVERS_SIZE 256     /* of all names together */
#define ZDD_QUORUM_MAX 16          /* approvals that one gate may want */
#define ZDD_GATE_PROMOTE "promote" /* the gate of whoever only says that there shall be one */
#define ZDD_GATES_TEXT_SIZE                                                                        \
    (ZDD_GATE_MAX * (ZDD_GATE_NAME_SIZE + ZDD_APPROVERS_SIZE + 32)) /* two numbers and a word */

/** What an expired gate does. */
enum zdd_gate_default {
    ZDD_GATE_HOLDS,    /* waits on */
    ZDD_GATE_APPROVES, /* lets pass */
    ZDD_GATE_REJECTS,  /* the deployment goes back */
    ZDD_GATE_DEFAULT_COUNT
};

struct zdd_gate {
    char name[ZDD_GATE_NAME_SIZE];      /* a-z, 0-9 and inner -; one of each in a program */
    char approvers[ZDD_APPROVERS_SIZE]; /* names of tokens, with a comma between; "": whoever may
                                           promote */
    int32_t quorum;                     /* approvals by different tokens, at least 1 */
    int32_t expires_ms;                 /* after it was opened; 0: never */
    enum zdd_gate_default on_expiry;
};

/** The n-th one belongs to the n-th gate step. */
struct zdd_gates {
    int32_t count;
    struct zdd_gate gate[ZDD_GATE_MAX];
};

/** Append a gate. The caller knows that there is room; asserted. */
void zdd_gates_add(struct zdd_gates *gates, const struct zdd_gate *gate);
/** @return a gate without approvers and expiry, called ZDD_GATE_PROMOTE */
struct zdd_gate zdd_gate_plain(void);

/** @return true when @p name is one: a-z, 0-9 and inner - */
bool zdd_gate_name_valid(const char *name);
/** Write the approvers as people do, with a blank after each comma, cut to fit. */
void zdd_gate_spell(const struct zdd_gate *gate, char *ret_text, size_t size);

/** @return true when @p name may stand among approvers: letters, digits and . _ @ - */
bool zdd_gate_approver_valid(const char *name);
/** @return true when @p name may decide there */
bool zdd_gate_allows(const struct zdd_gate *gate, const char *name);

/** The canonical text: "go-live 2 3600000 rejects alice,bob;promote 1 0 holds ". */
void zdd_gates_print(const struct zdd_gates *gates, char ret_text[static ZDD_GATES_TEXT_SIZE]);
/** @return false when @p text is none; "" is no gate */
bool zdd_gates_parse(const char *text, struct zdd_gates *ret_gates);

const char *zdd_gate_default_name(enum zdd_gate_default on_expiry); /* "hold" */
