/**
 * @file storage/columns.c
 * @brief Members to columns and back; enums go as their public text.
 */
#include "storage/columns.h"

#include "storage/trial_text.h"
#include "strategies/model/decision.h"
#include "strategies/model/names.h"
#include "strategies/model/plan.h"
#include "strategies/model/run.h"

#include <assert.h>
#include <string.h>

/* Each enum's name function with the one type that a table can hold. */
/* clang-format off */
#define WORDS(X)                                                                                   \
    X(PHASE,        phase,        ZDD_PHASE_COUNT)                                                 \
    X(HOLD,         hold,         ZDD_HOLD_COUNT)                                                  \
    X(COMMAND,      command,      ZDD_COMMAND_COUNT)                                               \
    X(CAUSE,        cause,        ZDD_CAUSE_COUNT)                                                 \
    X(OUTCOME,      outcome,      ZDD_OUTCOME_COUNT)                                               \
    X(ACTION,       action,       ZDD_ACTION_COUNT)                                                \
    X(ON_FAILURE,   on_failure,   ZDD_ON_FAILURE_COUNT)                                            \
    X(REPLACE_RULE, replace_rule, ZDD_REPLACE_COUNT)                                               \
    X(SERVING,      serving,      ZDD_SERVING_COUNT)
/* clang-format on */

#define WORD_FUNCTION(kind, noun, count)                                                           \
    static const char *noun##_word(int value)                                                      \
    {                                                                                              \
        return zdd_##noun##_name((enum zdd_##noun)value);                                          \
    }
WORDS(WORD_FUNCTION)

static const char *order_word(int value)
{
    return zdd_order_name((enum zdd_order_kind)value);
}

#define WORD_ROW(kind, noun, count) [ZDD_COLUMN_##kind] = {noun##_word, count},
static const struct {
    const char *(*name)(int value);
    int count;
} words[] = {WORDS(WORD_ROW)[ZDD_COLUMN_ORDER] = {order_word, ZDD_ORDER_KIND_COUNT}};

/* Read and written as int below. */
_Static_assert(sizeof(enum zdd_phase) == sizeof(int), "enums have the size of int");

static void bind_program(struct zdd_stmt *stmt, int place, const void *member)
{
    char text[ZDD_PROGRAM_TEXT_SIZE];

    zdd_program_print(member, text);
    zdd_place_copied_text(stmt, place, text);
}

static void read_program(struct zdd_stmt *stmt, int place, void *member)
{
    const char *text = zdd_column_text(stmt, place);

    if (!text || !zdd_program_parse(text, member))
        zdd_stmt_damaged(stmt, "a program that the program never writes");
}

static void bind_gates(struct zdd_stmt *stmt, int place, const void *member)
{
    char text[ZDD_GATES_TEXT_SIZE];

    zdd_gates_print(member, text);
    zdd_place_copied_text(stmt, place, text);
}

static void read_gates(struct zdd_stmt *stmt, int place, void *member)
{
    const char *text = zdd_column_text(stmt, place);

    if (!text || !zdd_gates_parse(text, member))
        zdd_stmt_damaged(stmt, "gates that the program never writes");
}

static void bind_verifies(struct zdd_stmt *stmt, int place, const void *member)
{
    char text[ZDD_VERIFIES_TEXT_SIZE];

    zdd_verifies_print(member, text);
    zdd_place_copied_text(stmt, place, text);
}

static void read_verifies(struct zdd_stmt *stmt, int place, void *member)
{
    const char *text = zdd_column_text(stmt, place);

    if (!text || !zdd_verifies_parse(text, member))
        zdd_stmt_damaged(stmt, "checks that the program never writes");
}

static void bind_trial(struct zdd_stmt *stmt, int place, const void *member)
{
    char text[ZDD_TRIAL_TEXT_SIZE];

    zdd_trial_print(member, text);
    zdd_place_copied_text(stmt, place, text);
}

static void read_trial(struct zdd_stmt *stmt, int place, void *member)
{
    const char *text = zdd_column_text(stmt, place);

    if (!text || !zdd_trial_parse(text, member))
        zdd_stmt_damaged(stmt, "counts that the program never writes");
}

static void bind(struct zdd_stmt *stmt, int place, const struct zdd_column *column,
                 const void *member)
{
    int32_t narrow;
    int64_t wide;
    double real;
    bool yes;

    switch ((int)column->kind) { /* the rest are words */
    case ZDD_COLUMN_TEXT:
        zdd_place_text(stmt, place, member);
        break;
    case ZDD_COLUMN_INT64:
        memcpy(&wide, member, sizeof(wide));
        zdd_place_int(stmt, place, wide);
        break;
    case ZDD_COLUMN_INT32:
        memcpy(&narrow, member, sizeof(narrow));
        zdd_place_int(stmt, place, narrow);
        break;
    case ZDD_COLUMN_BOOL:
        memcpy(&yes, member, sizeof(yes));
        zdd_place_int(stmt, place, yes);
        break;
    case ZDD_COLUMN_REAL:
        memcpy(&real, member, sizeof(real));
        zdd_place_real(stmt, place, real);
        break;
    case ZDD_COLUMN_PROGRAM:
        bind_program(stmt, place, member);
        break;
    case ZDD_COLUMN_GATES:
        bind_gates(stmt, place, member);
        break;
    case ZDD_COLUMN_VERIFIES:
        bind_verifies(stmt, place, member);
        break;
    case ZDD_COLUMN_TRIAL:
        bind_trial(stmt, place, member);
        break;
    default:
        memcpy(&narrow, member, sizeof(narrow));
        assert(narrow >= 0 && narrow < words[column->kind].count);
        zdd_place_text(stmt, place, words[column->kind].name(narrow));
    }
}

void zdd_columns_bind(struct zdd_stmt *stmt, int place, const struct zdd_column columns[],
                      size_t count, const void *object)
{
    for (size_t i = 0; i < count; i++)
        bind(stmt, place + (int)i, &columns[i], (const char *)object + columns[i].offset);
}

int zdd_column_word(struct zdd_stmt *stmt, int column, enum zdd_column_kind kind)
{
    const char *text = zdd_column_text(stmt, column);

    for (int i = 0; text && i < words[kind].count; i++) {
        if (strcmp(words[kind].name(i), text) == 0)
            return i;
    }
    zdd_stmt_damaged(stmt, "a word that the program never writes");
    return 0;
}

static void read(struct zdd_stmt *stmt, int place, const struct zdd_column *column, void *member)
{
    const int64_t wide = zdd_column_int(stmt, place);
    const int32_t narrow = (int32_t)wide;
    const double real = sqlite3_column_double(stmt->raw, place);
    const bool yes = wide != 0;
    int word;

    switch ((int)column->kind) { /* the rest are words */
    case ZDD_COLUMN_TEXT:
        zdd_column_copy(stmt, place, member, column->size);
        break;
    case ZDD_COLUMN_INT64:
        memcpy(member, &wide, sizeof(wide));
        break;
    case ZDD_COLUMN_INT32:
        if (narrow != wide)
            zdd_stmt_damaged(stmt, "a number that the program never writes");
        memcpy(member, &narrow, sizeof(narrow));
        break;
    case ZDD_COLUMN_BOOL:
        memcpy(member, &yes, sizeof(yes));
        break;
    case ZDD_COLUMN_REAL:
        memcpy(member, &real, sizeof(real));
        break;
    case ZDD_COLUMN_PROGRAM:
        read_program(stmt, place, member);
        break;
    case ZDD_COLUMN_GATES:
        read_gates(stmt, place, member);
        break;
    case ZDD_COLUMN_VERIFIES:
        read_verifies(stmt, place, member);
        break;
    case ZDD_COLUMN_TRIAL:
        read_trial(stmt, place, member);
        break;
    default:
        word = zdd_column_word(stmt, place, column->kind);
        memcpy(member, &word, sizeof(word));
    }
}

void zdd_columns_read(struct zdd_stmt *stmt, int first, const struct zdd_column columns[],
                      size_t count, void *object)
{
    for (size_t i = 0; i < count; i++)
        read(stmt, first + (int)i, &columns[i], (char *)object + columns[i].offset);
}
