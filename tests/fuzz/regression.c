/**
 * @file tests/fuzz/regression.c
 * @brief Feeds every file of a corpus to a fuzz target, as a plain program: no libFuzzer needed.
 *
 *     fuzz_json_regression FOLDER     every file of a folder
 *     fuzz_json_regression FILE …     these
 */
#include "tests/fuzz/fuzz.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define INPUT_MAX ((size_t)4 * 1024 * 1024) /* bytes of one input; libFuzzer's are far smaller */
#define PATH_SIZE 1024

static _Noreturn void give_up(const char *name, const char *why)
{
    fprintf(stderr, "%s: %s\n", name, why);
    exit(2);
}

/* The name goes first: whoever aborts has said on which input. */
static void feed(const char *name)
{
    FILE *file = fopen(name, "rb");
    uint8_t *data = malloc(INPUT_MAX);
    uint8_t *exact;
    size_t size;

    if (!file || !data)
        give_up(name, "cannot be read");
    size = fread(data, 1, INPUT_MAX, file);
    if (ferror(file) || size == INPUT_MAX)
        give_up(name, "cannot be read, or is too large for a corpus");
    fclose(file);
    exact = realloc(data, size > 0 ? size : 1);
    if (!exact)
        give_up(name, "no memory");
    printf("%s (%zu bytes)\n", name, size);
    fflush(stdout);
    LLVMFuzzerTestOneInput(exact, size);
    free(exact);
}

/* @return how many files were fed; -1 when @p folder is none */
static int feed_folder(const char *folder)
{
    DIR *directory = opendir(folder);
    const struct dirent *entry;
    int count = 0;

    if (!directory)
        return -1;
    while ((entry = readdir(directory)) != NULL) {
        char path[PATH_SIZE];
        const int size = snprintf(path, sizeof(path), "%s/%s", folder, entry->d_name);

        if (entry->d_name[0] == '.')
            continue;
        if (size < 0 || size >= PATH_SIZE)
            give_up(entry->d_name, "the path is too long");
        feed(path);
        count++;
    }
    closedir(directory);
    return count;
}

int main(int argc, char **argv)
{
    int fed = 0;

    LLVMFuzzerTestOneInput((const uint8_t *)"", 0);
    for (int i = 1; i < argc; i++) {
        const int count = feed_folder(argv[i]);

        if (count < 0)
            feed(argv[i]);
        fed += count < 0 ? 1 : count;
    }
    if (fed == 0)
        give_up(argc > 1 ? argv[1] : argv[0], "there is no input: the corpus is lost");
    printf("%d inputs\n", fed);
    return 0;
}
