/**
 * @file strategies/model/program.c
 * @brief Programs as text, and back.
 */
#include "strategies/model/program.h"

#include "strategies/model/limits.h"
#include "strategies/model/text.h"
#include "strategies/model/traffic.h"

#include <assert.h>
#include <string.h>

static const struct {
    const char *name;
    bool has_value;
} kinds[] = {
    [ZDD_STEP_ADOPT] = {"adopt", false},   [ZDD_STEP_SHIFT] = {"shift", true},
    [ZDD_STEP_START] = {"start", true},    [ZDD_STEP_JOIN] = {"join", false},
    [ZDD_STEP_VERIFY] = {"verify", true},  [ZDD_STEP_GATE] = {"gate", false},
    [ZDD_STEP_KEEP] = {"keep", true},      [ZDD_STEP_DRAIN] = {"drain", false},
    [ZDD_STEP_RETIRE] = {"retire", false}, [ZDD_STEP_SETTLE] = {"settle", false},
    [ZDD_STEP_SPREAD] = {"spread", false}, [ZDD_STEP_SHED] = {"shed", true},
    [ZDD_STEP_WEIGHT] = {"weight", true},  [ZDD_STEP_PAUSE] = {"pause", true},
};
_Static_assert(ZDD_COUNT(kinds) == ZDD_STEP_KIND_COUNT, "each kind of step needs a name");

const char *zdd_step_kind_name(enum zdd_step_kind kind)
{
    return kinds[kind].name;
}

void zdd_program_add(struct zdd_program *program, enum zdd_step_kind kind, int32_t value)
{
    assert(program->count < ZDD_PROGRAM_MAX);
    assert(value >= 0 && (value == 0 || kinds[kind].has_value));
    program->step[program->count++] = (struct zdd_program_step){kind, value};
}

int32_t zdd_program_share(const struct zdd_program *program, int32_t index)
{
    bool shares = false;
    int32_t share = 0;

    for (int32_t i = 0; i < program->count; i++) {
        const struct zdd_program_step *step = &program->step[i];

        if (step->kind != ZDD_STEP_SHIFT && step->kind != ZDD_STEP_WEIGHT)
            continue;
        shares = true;
        if (i <= index)
            share = step->value;
    }
    return shares ? share : ZDD_SHARE_ALL;
}

/* The value of the last step of that kind up to @p index. */
static int32_t last_value(const struct zdd_program *program, enum zdd_step_kind kind, int32_t index,
                          int32_t fallback)
{
    int32_t value = fallback;

    for (int32_t i = 0; i <= index && i < program->count; i++) {
        if (program->step[i].kind == kind)
            value = program->step[i].value;
    }
    return value;
}

int32_t zdd_program_started(const struct zdd_program *program, int32_t index)
{
    return last_value(program, ZDD_STEP_START, index, 0);
}

int32_t zdd_program_stay(const struct zdd_program *program, int32_t index)
{
    return last_value(program, ZDD_STEP_SHED, index, ZDD_INSTANCES_MAX);
}

int32_t zdd_program_gate(const struct zdd_program *program, int32_t index)
{
    int32_t gate = 0;

    for (int32_t i = 0; i < index && i < program->count; i++)
        gate += program->step[i].kind == ZDD_STEP_GATE;
    return gate;
}

int32_t zdd_program_verify(const struct zdd_program *program, int32_t index)
{
    int32_t set = 0;

    for (int32_t i = 0; i <= index && i < program->count; i++)
        set += program->step[i].kind == ZDD_STEP_VERIFY;
    return set;
}

bool zdd_program_has(const struct zdd_program *program, enum zdd_step_kind kind)
{
    return last_value(program, kind, program->count, -1) >= 0;
}

void zdd_program_print(const struct zdd_program *program,
                       char ret_text[static ZDD_PROGRAM_TEXT_SIZE])
{
    char *at = ret_text;

    for (int32_t i = 0; i < program->count; i++) {
        const struct zdd_program_step *step = &program->step[i];

        if (i > 0)
            *at++ = ';';
        at = zdd_text_append(at, kinds[step->kind].name);
        if (kinds[step->kind].has_value) {
            *at++ = ' ';
            at = zdd_text_append_number(at, step->value);
        }
    }
    *at = '\0';
}

/* The kind whose name stands at @p *at; then @p *at is behind it. */
static bool read_kind(const char **at, enum zdd_step_kind *ret_kind)
{
    const size_t size = strcspn(*at, " ;");

    for (size_t i = 0; i < ZDD_COUNT(kinds); i++) {
        if (strlen(kinds[i].name) == size && strncmp(kinds[i].name, *at, size) == 0) {
            *ret_kind = (enum zdd_step_kind)i;
            *at += size;
            return true;
        }
    }
    return false;
}

static bool read_step(const char **at, struct zdd_program *program)
{
    struct zdd_program_step step = {0};

    if (program->count == ZDD_PROGRAM_MAX || !read_kind(at, &step.kind))
        return false;
    if (kinds[step.kind].has_value) {
        if (**at != ' ')
            return false;
        (*at)++;
        if (!zdd_text_read_number(at, &step.value))
            return false;
    }
    program->step[program->count++] = step;
    return true;
}

bool zdd_program_parse(const char *text, struct zdd_program *ret_program)
{
    struct zdd_program program = {0};
    const char *at = text;

    while (*at) {
        if (!read_step(&at, &program))
            return false;
        if (*at != ';' && *at)
            return false;
        if (*at && !*++at)
            return false; /* nothing follows the last ';' */
    }
    *ret_program = program;
    return true;
}
