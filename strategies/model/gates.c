/**
 * @file strategies/model/gates.c
 * @brief Gates as text, and back.
 */
#include "strategies/model/gates.h"

#include "strategies/model/limits.h"
#include "strategies/model/plan.h"
#include "strategies/model/text.h"

#include <assert.h>
#include <string.h>

static const char *const defaults[] = {
    [ZDD_GATE_HOLDS] = "hold",
    [ZDD_GATE_APPROVES] = "approve",
    [ZDD_GATE_REJECTS] = "reject",
};
_Static_assert(ZDD_COUNT(defaults) == ZDD_GATE_DEFAULT_COUNT, "each default needs a name");

static const char lower[] = "abcdefghijklmnopqrstuvwxyz";
static const char upper[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
static const char digits[] = "0123456789";

const char *zdd_gate_default_name(enum zdd_gate_default on_expiry)
{
    return defaults[on_expiry];
}

void zdd_gates_add(struct zdd_gates *gates, const struct zdd_gate *gate)
{
    assert(gates->count < ZDD_GATE_MAX);
    assert(gate->quorum >= 1 && zdd_gate_name_valid(gate->name));
    gates->gate[gates->count++] = *gate;
}

struct zdd_gate zdd_gate_plain(void)
{
    return (struct zdd_gate){.name = ZDD_GATE_PROMOTE, .quorum = 1};
}

struct zdd_gate zdd_plan_gate(const struct zdd_plan *plan, int32_t step)
{
    const int32_t index = zdd_program_gate(&plan->program, step);

    /* Plans of earlier versions of this program say only that there is one. */
    return index < plan->gates.count ? plan->gates.gate[index] : zdd_gate_plain();
}

static bool is_one_of(char c, const char *set)
{
    const char one[] = {c, '\0'};

    return c != '\0' && set[strcspn(set, one)] != '\0';
}

bool zdd_gate_name_valid(const char *name)
{
    const size_t size = strlen(name);

    if (size == 0 || size >= ZDD_GATE_NAME_SIZE || name[0] == '-' || name[size - 1] == '-')
        return false;
    for (size_t i = 0; i < size; i++) {
        if (!is_one_of(name[i], lower) && !is_one_of(name[i], digits) && name[i] != '-')
            return false;
    }
    return true;
}

bool zdd_gate_approver_valid(const char *name)
{
    for (size_t i = 0; name[i]; i++) {
        if (!is_one_of(name[i], lower) && !is_one_of(name[i], upper) &&
            !is_one_of(name[i], digits) && !is_one_of(name[i], "._@-"))
            return false;
    }
    return name[0] != '\0';
}

bool zdd_gate_allows(const struct zdd_gate *gate, const char *name)
{
    const size_t size = strlen(name);
    const char *at = gate->approvers;

    if (!*at)
        return true;
    while (*at) {
        const size_t part = strcspn(at, ",");

        if (part == size && strncmp(at, name, size) == 0)
            return true;
        at += part;
        at += *at == ',';
    }
    return false;
}

void zdd_gates_print(const struct zdd_gates *gates, char ret_text[static ZDD_GATES_TEXT_SIZE])
{
    char *at = ret_text;

    for (int32_t i = 0; i < gates->count; i++) {
        const struct zdd_gate *gate = &gates->gate[i];

        if (i > 0)
            *at++ = ';';
        at = zdd_text_append(at, gate->name);
        *at++ = ' ';
        at = zdd_text_append_number(at, gate->quorum);
        *at++ = ' ';
        at = zdd_text_append_number(at, gate->expires_ms);
        *at++ = ' ';
        at = zdd_text_append(at, defaults[gate->on_expiry]);
        *at++ = ' ';
        at = zdd_text_append(at, gate->approvers);
    }
    *at = '\0';
}

/* The word before the next @p end (a character, or the end of the text for '\0'), which is passed.
 */
static bool read_word(const char **at, char end, char *ret_word, size_t size)
{
    const size_t length = strcspn(*at, end == ' ' ? " ;" : ";");

    if (length >= size || (end == ' ' && (*at)[length] != ' '))
        return false;
    memcpy(ret_word, *at, length);
    ret_word[length] = '\0';
    *at += length + (end == ' ');
    return true;
}

static bool read_number(const char **at, int32_t *ret_value)
{
    return zdd_text_read_number(at, ret_value) && *(*at)++ == ' ';
}

static bool read_default(const char **at, enum zdd_gate_default *ret_default)
{
    char word[ZDD_NAME_SIZE];

    if (!read_word(at, ' ', word, sizeof(word)))
        return false;
    for (size_t i = 0; i < ZDD_COUNT(defaults); i++) {
        if (strcmp(defaults[i], word) == 0) {
            *ret_default = (enum zdd_gate_default)i;
            return true;
        }
    }
    return false;
}

static bool read_gate(const char **at, struct zdd_gate *gate)
{
    return read_word(at, ' ', gate->name, sizeof(gate->name)) && zdd_gate_name_valid(gate->name) &&
           read_number(at, &gate->quorum) && gate->quorum >= 1 &&
           read_number(at, &gate->expires_ms) && read_default(at, &gate->on_expiry) &&
           read_word(at, '\0', gate->approvers, sizeof(gate->approvers));
}

bool zdd_gates_parse(const char *text, struct zdd_gates *ret_gates)
{
    struct zdd_gates gates = {0};
    const char *at = text;

    while (*at) {
        if (gates.count == ZDD_GATE_MAX || !read_gate(&at, &gates.gate[gates.count]))
            return false;
        gates.count++;
        if (*at == ';' && !*++at)
            return false; /* nothing follows the last ';' */
    }
    *ret_gates = gates;
    return true;
}

void zdd_gate_spell(const struct zdd_gate *gate, char *ret_text, size_t size)
{
    size_t used = 0;

    for (const char *c = gate->approvers; *c && used + 2 < size; c++) {
        ret_text[used++] = *c;
        if (*c == ',')
            ret_text[used++] = ' ';
    }
    ret_text[used] = '\0';
}
