/**
 * @file tests/fuzz/fuzz_yaml.c
 * @brief Any bytes as YAML: refused with a place, or a bounded tree whose values stand in the text,
 * and whose JSON is YAML again for the same tree.
 */
#include "server/base/cleanup.h"
#include "server/yaml/yaml.h"
#include "tests/fuzz/fuzz.h"

#include <stdio.h>
#include <string.h>

#define POINTER_SIZE 8192

struct walk {
    const struct zdd_yaml *yaml;
    int lines;
    size_t count;
    char pointer[POINTER_SIZE];
};

static int lines_of(const char *text, size_t size)
{
    int lines = 1;

    for (size_t i = 0; i < size; i++)
        lines += text[i] == '\n' || text[i] == '\r' || (unsigned char)text[i] >= 0x80;
    return lines; /* at least; U+0085 and U+2028 end lines too */
}

static void check_place(struct walk *walk)
{
    const struct zdd_yaml_place place = zdd_yaml_place_of(walk->yaml, walk->pointer);

    FUZZ_CHECK(place.line >= 1 && place.line <= walk->lines + 1 && place.column >= 1);
    walk->count++;
}

static void visit(struct walk *walk, const json_t *value, size_t depth);

static void visit_below(struct walk *walk, const char *token, const json_t *value, size_t depth)
{
    const size_t used = strlen(walk->pointer);
    size_t at = used;

    walk->pointer[at++] = '/';
    for (; *token; token++) {
        FUZZ_CHECK(at + 3 < sizeof(walk->pointer)); /* depth and names are bounded */
        if (*token == '~' || *token == '/') {
            walk->pointer[at++] = '~';
            walk->pointer[at++] = *token == '~' ? '0' : '1';
        } else {
            walk->pointer[at++] = *token;
        }
    }
    walk->pointer[at] = '\0';
    visit(walk, value, depth + 1);
    walk->pointer[used] = '\0';
}

static void visit(struct walk *walk, const json_t *value, size_t depth)
{
    json_t *members = (json_t *)(uintptr_t)value; /* the walk changes nothing */
    const char *key;
    json_t *below;
    size_t index;

    FUZZ_CHECK(depth <= ZDD_YAML_DEPTH_MAX);
    check_place(walk);
    json_object_foreach(members, key, below)
    {
        FUZZ_CHECK(key[0] && strlen(key) <= ZDD_YAML_NAME_MAX);
        visit_below(walk, key, below, depth);
    }
    json_array_foreach(members, index, below)
    {
        char number[24];

        snprintf(number, sizeof(number), "%zu", index);
        visit_below(walk, number, below, depth);
    }
}

/* Some characters of a JSON text are line ends in YAML, or not allowed. */
static bool is_plain(const char *text)
{
    for (; *text; text++) {
        if ((unsigned char)*text >= 0x7F)
            return false;
    }
    return true;
}

static void check_again(const json_t *tree)
{
    ZDD_AUTO_FREE char *text = zdd_json_canonical(tree);
    struct zdd_json_error error;
    struct zdd_yaml *again = NULL;

    FUZZ_CHECK(text != NULL);
    if (!is_plain(text) || strlen(text) > ZDD_YAML_SIZE_MAX)
        return;
    FUZZ_CHECK(zdd_yaml_read(text, strlen(text), &again, &error) == ZDD_ERR_NONE);
    FUZZ_CHECK(zdd_json_same(tree, zdd_yaml_tree(again)));
    zdd_yaml_free(again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    FUZZ_AUTO_PARTS struct fuzz_parts parts = fuzz_split(data, size, 1);
    struct zdd_json_error error = {0};
    struct zdd_yaml *yaml = NULL;
    const enum zdd_err err = zdd_yaml_read(parts.text[0], parts.size[0], &yaml, &error);

    FUZZ_CHECK((err == ZDD_ERR_NONE) == (yaml != NULL));
    if (err == ZDD_ERR_NONE) {
        struct walk walk = {.yaml = yaml, .lines = lines_of(parts.text[0], parts.size[0])};

        visit(&walk, zdd_yaml_tree(yaml), 0);
        FUZZ_CHECK(walk.count <= ZDD_YAML_VALUE_MAX);
        check_again(zdd_yaml_tree(yaml));
    } else {
        FUZZ_CHECK(err == ZDD_ERR_BODY_MALFORMED || err == ZDD_ERR_BODY_TOO_BIG);
        FUZZ_CHECK(error.line >= 1 && error.column >= 1);
        FUZZ_CHECK(error.text[0] && fuzz_is_utf8(error.text));
    }
    zdd_yaml_free(yaml);
    return 0;
}
