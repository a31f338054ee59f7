/**
 * @file deploy/lab/text.c
 * @brief JSON as Marathon writes it: members in their order, numbers as they were given.
 */
#include "deploy/lab/model.h"

#include <stdio.h>
#include <stdlib.h>

#define DIGITS_FEW 15  /* 0.1 stays 0.1 */
#define DIGITS_MOST 17 /* reads back as the same double, whatever it is: 1/3 of 3 must stay 1 */

static int digits_of_real(double value)
{
    char text[40];

    for (int digits = DIGITS_FEW; digits < DIGITS_MOST; digits++) {
        snprintf(text, sizeof(text), "%.*g", digits, value);
        if (strtod(text, NULL) == value)
            return digits;
    }
    return DIGITS_MOST;
}

/* The most digits that a number in @p json needs. Its depth is bounded: it was read so. */
static int digits_of(json_t *json)
{
    int most = DIGITS_FEW;
    const char *key;
    json_t *value;
    size_t i;

    if (json_is_real(json))
        return digits_of_real(json_real_value(json));
    json_object_foreach(json, key, value)
    {
        const int digits = digits_of(value);

        most = digits > most ? digits : most;
    }
    json_array_foreach(json, i, value)
    {
        const int digits = digits_of(value);

        most = digits > most ? digits : most;
    }
    return most;
}

char *zdd_lab_text(json_t *json)
{
    const size_t form = JSON_COMPACT | JSON_ENCODE_ANY;

    return json_dumps(json, form | JSON_REAL_PRECISION((size_t)digits_of(json)));
}
