/**
 * @file tests/tidy/checks.h
 * @brief The checks, each a function over the tree at @p root; what they find they complain about.
 */
#pragma once

/** Who may include what: the folder table of the design. */
void check_layers(const char *root);
/** Lines of a function and of a file, parameters, nesting. */
void check_sizes(const char *root);
/** Functions of libc that nobody may call, and what to call instead. */
void check_banned(const char *root);
/** Every row of marathon.md has a test that runs, and every such test a row. */
void check_rows(const char *root);
