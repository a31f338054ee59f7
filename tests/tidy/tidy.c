/**
 * @file tests/tidy/tidy.c
 * @brief The style guide as a program: `tidy layers|sizes|banned|rows ROOT`. Exit 1 when something
 * is found.
 */
#include "tests/tidy/checks.h"
#include "tests/tidy/source.h"

#include <stdio.h>
#include <string.h>

static const struct {
    const char *name;
    void (*run)(const char *root);
} checks[] = {
    {"layers", check_layers},
    {"sizes", check_sizes},
    {"banned", check_banned},
    {"rows", check_rows},
};

int main(int argc, char **argv)
{
    for (size_t i = 0; argc == 3 && i < sizeof(checks) / sizeof(checks[0]); i++) {
        if (strcmp(checks[i].name, argv[1]) != 0)
            continue;
        checks[i].run(argv[2]);
        printf("%s: %zu found\n", argv[1], source_complaints());
        return source_complaints() > 0;
    }
    fprintf(stderr, "usage: tidy layers|sizes|banned|rows ROOT\n");
    return 2;
}
