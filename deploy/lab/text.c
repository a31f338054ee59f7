/**
 * @file deploy/lab/text.c
 * @brief JSON as Marathon writes it: members in their order, numbers as they were given.
 */
#include "deploy/lab/model.h"
#include "server/json/writer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DIGITS_FEW 15  /* 0.1 stays 0.1 */
#define DIGITS_MOST 17 /* reads back as the same double, whatever it is: 1/3 of 3 must stay 1 */

static void write_real(struct zdd_writer *w, const char *key, double value)
{
    char text[40];
    int digits = DIGITS_FEW;

    do
        snprintf(text, sizeof(text) - 2, "%.*g", digits, value);
    while (strtod(text, NULL) != value && digits++ < DIGITS_MOST);
    if (!strpbrk(text, ".e"))
        memcpy(text + strlen(text), ".0", sizeof(".0")); /* or it would read back as an integer */
    zdd_w_raw(w, key, text);
}

/* By hand, as the list of hundreds of apps with their tasks is asked for under the lab's lock. Its
 * depth is bounded: it was read so. */
static void write_tree(struct zdd_writer *w, const char *key, json_t *json)
{
    const char *name;
    json_t *value;
    size_t i;

    if (json_is_real(json)) {
        write_real(w, key, json_real_value(json));
    } else if (json_is_object(json)) {
        zdd_w_object(w, key);
        json_object_foreach(json, name, value) write_tree(w, name, value);
        zdd_w_end_object(w);
    } else if (json_is_array(json)) {
        zdd_w_array(w, key);
        json_array_foreach(json, i, value) write_tree(w, NULL, value);
        zdd_w_end_array(w);
    } else {
        zdd_w_json(w, key, json);
    }
}

char *zdd_lab_text(json_t *json)
{
    struct zdd_buf text = {0};
    struct zdd_writer w = {.buf = &text};

    if (!json)
        return NULL;
    write_tree(&w, NULL, json);
    return zdd_buf_take(&text);
}
