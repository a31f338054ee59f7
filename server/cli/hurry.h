/**
 * @file server/cli/hurry.h
 * @brief When stopping takes too long, calls to Marathon are cut: what they ordered is in the
 * journal, and the next start looks what became of it. When not even that helps, the process ends.
 */
#pragma once

#include <stdint.h>

struct zdd_hurry;

/** Cut every call that is under way in @p after_ms, and all later ones; ten seconds later end the
 * process with exit code 1. @return NULL without memory
 * or threads: then at once */
struct zdd_hurry *zdd_hurry_start(int64_t after_ms);

/** Not needed any more. NULL is fine. @return NULL */
struct zdd_hurry *zdd_hurry_free(struct zdd_hurry *hurry);
