/**
 * @file tests/fuzz/fuzz.h
 * @brief What the fuzz targets share.
 *
 * A target is one function over bytes. libFuzzer calls it with inputs of its own making
 * (preset `fuzz`); regression.c calls it with every file of its corpus, built by any compiler.
 * Each file in corpus/<target>/ stays for ever: seeds, and inputs that once broke something.
 */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** The target. @return 0 */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/** What must hold for every input; says where it did not, and aborts. */
#define FUZZ_CHECK(condition) ((condition) ? (void)0 : fuzz_broken(__FILE__, __LINE__, #condition))
_Noreturn void fuzz_broken(const char *file, int line, const char *condition);

/* Stands between the documents of one input. */
#define FUZZ_SEPARATOR 0x1E

#define FUZZ_PART_MAX 4

/** An input in parts, each NUL-terminated in memory of its own size: a read behind it is noticed.
 * Parts that are not there are "". */
struct fuzz_parts {
    char *text[FUZZ_PART_MAX];
    size_t size[FUZZ_PART_MAX]; /* bytes without the NUL; there may be others inside */
};

#define FUZZ_AUTO_PARTS __attribute__((cleanup(fuzz_parts_release)))

/** Cut the input at its separators; what follows the last of @p count parts stays in it. */
struct fuzz_parts fuzz_split(const uint8_t *data, size_t size, size_t count);
void fuzz_parts_release(struct fuzz_parts *parts);

/** @return part @p index as JSON, new reference; NULL when it is none */
json_t *fuzz_json(const struct fuzz_parts *parts, size_t index);

/** Check that @p text is one JSON value. @return it, new reference */
json_t *fuzz_must_json(const char *text, size_t size);

/** @return true when @p text is UTF-8 */
bool fuzz_is_utf8(const char *text);

/** @return true when @p pointer is a JSON Pointer (RFC 6901) in a fragment: "#/a~1b" */
bool fuzz_is_pointer(const char *pointer);
