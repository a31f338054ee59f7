/**
 * @file tests/lab/grid.c
 * @brief The corners by hand, the pairs by a greedy search that always finds the same ones.
 */
#include "tests/support/spec.h"

#include "tests/lab/grid.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define THIRD (1.0 / 3.0)
#define TRIES 60 /* candidates of which the best one is taken */

/* In every world. */
static const struct grid_row corners[] = {
    /* one instance */
    {1, 1, 0, 0, GRID_WHOLE, 0},
    {1, 1, 1, 0, GRID_WHOLE, 0},
    {1, 1, 0.5, 0, GRID_WHOLE, 0},
    {1, 1, 0, 1, GRID_WHOLE, 0},
    {1, 1, 1, 1, GRID_WHOLE, 0},
    /* the table of marathon.md §4.4, as far as it is not below */
    {4, 4, 0.25, 0.25, GRID_WHOLE, 0},
    {4, 4, 0.5, 0.1, GRID_WHOLE, 0},
    {4, 4, 0, 0, GRID_WHOLE, 0},
    /* lowest = highest: one more is allowed, unless there is room anyway */
    {4, 4, 1, 0, GRID_WHOLE, 0},
    {4, 4, 1, 0.24, GRID_WHOLE, 0},
    {4, 4, 1, 0.25, GRID_WHOLE, 0},
    {12, 12, 0.92, 0.08, GRID_WHOLE, 0},
    {2, 4, 1, 0, GRID_WHOLE, 0},
    {6, 4, 1, 0, GRID_WHOLE, 0},
    /* up, down, and numbers that a double does not hold exactly */
    {4, 4, 0.24, 0.49, GRID_WHOLE, 0},
    {4, 4, 0.26, 0.5, GRID_WHOLE, 0},
    {3, 3, 2 * THIRD, THIRD, GRID_WHOLE, 0},
    {9, 9, THIRD, THIRD, GRID_WHOLE, 0},
    {10, 10, 0.1 + 0.2, 0.1, GRID_WHOLE, 0}, /* 0.1 + 0.2 is more than 0.3: 4 of 10, not 3 */
    {10, 10, 0.7, 0.1 + 0.2, GRID_WHOLE, 0},
    /* nothing, everything, at full size */
    {12, 12, 0, 0, GRID_WHOLE, 0},
    {12, 12, 1, 1, GRID_WHOLE, 0},
    {12, 12, 0.5, 0, GRID_WHOLE, 0},
    /* from few to many, from many to few */
    {0, 3, 1, 0, GRID_WHOLE, 0},
    {1, 12, 1, 0, GRID_WHOLE, 0},
    {1, 12, 1, 1, GRID_WHOLE, 0},
    {12, 1, 1, 0, GRID_WHOLE, 0},
    {12, 1, 0, 1, GRID_WHOLE, 0},
    {10, 4, 0.5, 0.25, GRID_WHOLE, 0},
    /* some are missing, and count as capacity all the same */
    {4, 4, 0.5, 0.5, GRID_MISSING, 2},
    {4, 4, 1, 0, GRID_MISSING, 3},
    {4, 4, 1, 1, GRID_MISSING, 1},
    {6, 6, 0.5, 0, GRID_MISSING, 4},
    {8, 8, 0, 0.25, GRID_MISSING, 3},
    {5, 3, 0.34, 0.34, GRID_MISSING, 3},
    {3, 8, 0.5, 0.5, GRID_MISSING, 2},
};

/* Where there are checks. */
static const struct grid_row surpluses[] = {
    {1, 1, 1, 0, GRID_SURPLUS, 0},      {3, 3, 1, 1, GRID_SURPLUS, 0},
    {4, 4, 0.5, 0.25, GRID_SURPLUS, 0}, {4, 2, 0, 0, GRID_SURPLUS, 0},
    {3, 8, 1, 0.5, GRID_SURPLUS, 0},
};

/* Every value of each of these meets every value of every other one somewhere. */
static const double healths[] = {0, 0.1, 0.25, THIRD, 0.5, 2 * THIRD, 0.75, 0.9, 1};
static const double overs[] = {0, 0.08, 0.1, 0.25, THIRD, 0.5, 0.75, 0.9, 1};
enum factor { SIZE, HEALTH, OVER, BEFORE, WORLD, FACTORS };
static const size_t values[FACTORS] = {12, COUNT(healths), COUNT(overs), 3, GRID_WORLDS};
#define VALUES_MAX 12

struct search {
    bool met[FACTORS][FACTORS][VALUES_MAX][VALUES_MAX];
    size_t missing;
    uint64_t random;
};

static size_t draw(struct search *s, size_t count)
{
    s->random = s->random * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (size_t)(s->random >> 33) % count;
}

/* @return how many new pairs @p choice brings; with @p keep they are noted */
static size_t gain(struct search *s, const size_t choice[static FACTORS], bool keep)
{
    size_t sum = 0;

    for (size_t a = 0; a < FACTORS; a++) {
        for (size_t b = a + 1; b < FACTORS; b++) {
            bool *met = &s->met[a][b][choice[a]][choice[b]];

            sum += !*met;
            *met = *met || keep;
        }
    }
    s->missing -= keep ? sum : 0;
    return sum;
}

static void next_choice(struct search *s, size_t ret_best[static FACTORS])
{
    size_t best = 0;

    for (size_t i = 0; i < TRIES || best == 0; i++) { /* ends: every pair is drawn some day */
        size_t choice[FACTORS];
        size_t sum;

        for (size_t f = 0; f < FACTORS; f++)
            choice[f] = draw(s, values[f]);
        sum = gain(s, choice, false);
        if (sum > best) {
            best = sum;
            memcpy(ret_best, choice, sizeof(choice));
        }
    }
    (void)gain(s, ret_best, true);
}

/* Fewer than wanted, as many, more. */
static int before_of(int size, size_t which)
{
    const int fewer = size > 1 ? (size + 1) / 2 : 1;

    if (which == 0)
        return size;
    return which == 1 ? fewer : size + 2;
}

static struct grid_row row_of(const size_t choice[static FACTORS])
{
    const int size = (int)choice[SIZE] + 1;

    return (struct grid_row){.before = before_of(size, choice[BEFORE]),
                             .after = size,
                             .m = healths[choice[HEALTH]],
                             .o = overs[choice[OVER]]};
}

size_t grid_make(size_t world, bool has_checks, struct grid_row ret_rows[static GRID_MAX])
{
    struct search *s = calloc(1, sizeof(*s));
    size_t count = COUNT(corners);

    assert_non_null(s);
    memcpy(ret_rows, corners, sizeof(corners));
    if (has_checks) {
        memcpy(ret_rows + count, surpluses, sizeof(surpluses));
        count += COUNT(surpluses);
    }
    for (size_t a = 0; a < FACTORS; a++)
        for (size_t b = a + 1; b < FACTORS; b++)
            s->missing += values[a] * values[b];
    while (s->missing > 0) {
        size_t choice[FACTORS];

        next_choice(s, choice);
        if (choice[WORLD] != world)
            continue;
        assert_true(count < GRID_MAX);
        ret_rows[count++] = row_of(choice);
    }
    free(s);
    return count;
}
