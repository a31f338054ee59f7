/**
 * @file tests/fuzz/fuzz_program.c
 * @brief Texts of programs and of their checks: those that are read can be written and read again.
 */
#include "strategies/model/program.h"
#include "strategies/model/verifies.h"
#include "strategies/pair_steps.h"
#include "tests/fuzz/fuzz.h"

#include <string.h>

static void check_step(const struct zdd_program_step *step)
{
    char text[40];

    FUZZ_CHECK(step->kind >= 0 && step->kind < ZDD_STEP_KIND_COUNT && step->value >= 0);
    zdd_pair_step_say(step, text, sizeof(text));
    FUZZ_CHECK(strlen(text) > 0);
}

static void check_program(const struct zdd_program *program)
{
    char text[ZDD_PROGRAM_TEXT_SIZE];
    struct zdd_program again = {0};

    FUZZ_CHECK(program->count >= 0 && program->count <= ZDD_PROGRAM_MAX);
    for (int32_t i = 0; i < program->count; i++)
        check_step(&program->step[i]);
    zdd_program_print(program, text);
    FUZZ_CHECK(memchr(text, '\0', sizeof(text)) != NULL);
    FUZZ_CHECK(zdd_program_parse(text, &again) && again.count == program->count);
    for (int32_t i = 0; i < program->count; i++) {
        FUZZ_CHECK(again.step[i].kind == program->step[i].kind);
        FUZZ_CHECK(again.step[i].value == program->step[i].value);
    }
}

static void check_verifies(const char *text)
{
    char written[ZDD_VERIFIES_TEXT_SIZE], again[ZDD_VERIFIES_TEXT_SIZE];
    struct zdd_verifies verifies = {.count = -1};

    if (!zdd_verifies_parse(text, &verifies)) {
        FUZZ_CHECK(verifies.count == -1);
        return;
    }
    zdd_verifies_print(&verifies, written);
    FUZZ_CHECK(memchr(written, '\0', sizeof(written)) != NULL);
    FUZZ_CHECK(zdd_verifies_parse(written, &verifies));
    zdd_verifies_print(&verifies, again);
    FUZZ_CHECK(strcmp(written, again) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    FUZZ_AUTO_PARTS struct fuzz_parts parts = fuzz_split(data, size, 1);
    struct zdd_program program = {.count = -1};

    if (zdd_program_parse(parts.text[0], &program))
        check_program(&program);
    else
        FUZZ_CHECK(program.count == -1);
    check_verifies(parts.text[0]);
    return 0;
}
